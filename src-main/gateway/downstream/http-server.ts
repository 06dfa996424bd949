import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NucleusError } from '../../../src-shared/errors.ts';
import { formatAddress, type ListenAddress } from './http-address.ts';

/** Limits on a connection: how long a request may take to arrive, how large its headers may be, how many there are. */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
} as const;
const maxConnections = 4_096;

/** Opens an HTTP server; resolves with the base URL it has. Throws ADDRESS_TAKEN. */
export async function openHttpServer(
  address: ListenAddress,
  handle: RequestListener,
  bodyLimit: number,
): Promise<{ server: Server; url: string }> {
  const server = createServer(limits, handle);
  server.maxConnections = maxConnections;
  server.on('checkContinue', (request, response) => {
    // A body that will be refused need not be sent.
    if (Number(request.headers['content-length'] ?? 0) <= bodyLimit) response.writeContinue();
    handle(request, response);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ port: address.port, ...(address.host !== '' && { host: address.host }) }, resolve);
  try {
    await promise;
  } catch (error) {
    throw cannotListen(address, error as NodeJS.ErrnoException);
  }
  server.off('error', reject);
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://${formatAddress({ host: address.host || '127.0.0.1', port })}` };
}

function cannotListen(address: ListenAddress, error: NodeJS.ErrnoException): NucleusError {
  const where = formatAddress(address);
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `another program listens on ${where}; end it, or set http.listen in config.toml to another port`,
    EACCES: `this user may not listen on ${where}; set http.listen in config.toml to a port above 1023`,
    EADDRNOTAVAIL: `this machine has no address ${address.host}; set http.listen in config.toml to one it has`,
  };
  return new NucleusError(
    'ADDRESS_TAKEN',
    sentences[error.code ?? ''] ?? `cannot listen on ${where}: ${error.message}`,
    { reason: error.code },
  );
}
