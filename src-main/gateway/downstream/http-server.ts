import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NucleusError } from '../../../src-shared/errors.ts';
import { formatAddress, type ListenAddress } from './http-address.ts';

/** Limits on a connection: how long a request may take to arrive, how large its headers may be, how many there are. */
export interface ConnectionLimits {
  /** Milliseconds, as the next three. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  readonly connectionsCheckingInterval: number;
  readonly maxHeaderSize: number;
  readonly maxConnections: number;
}

const usualLimits: ConnectionLimits = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
  maxConnections: 4_096,
};

/** Opens an HTTP server; resolves with the base URL it has. Throws ADDRESS_TAKEN. */
export async function openHttpServer(
  address: ListenAddress,
  handle: RequestListener,
  limits: ConnectionLimits = usualLimits,
): Promise<{ server: Server; url: string }> {
  // A header that stands twice is read as one that names nobody, not as either of the two.
  const server = createServer({ ...limits, joinDuplicateHeaders: true }, handle);
  server.maxConnections = limits.maxConnections;
  // Who asks before sending a body is told to go on once the request was judged.
  server.on('checkContinue', handle);
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
  return { server, url: `http://${formatAddress({ host: reachable(address.host), port })}` };
}

/** What a program of this machine calls an address that stands for all of them. */
function reachable(host: string): string {
  if (host === '::') return '::1';
  return host === '' || host === '0.0.0.0' ? '127.0.0.1' : host;
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
