import type { Clock } from '../platform.ts';

/** How long one request of a sign-in may take, and how much it may answer. */
const requestMs = 20_000;
const maxBytes = 1024 * 1024;
const maxRedirects = 3;

export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** A request that was stopped before anything of it can have been read. */
export class NotSent extends Error {}

/**
 * Requests to the parties of a sign-in: encrypted or to this machine, with a limit on time and on what is read. What a
 * server far away names must not lead to this machine.
 */
export function createSignInFetch(deps: {
  readonly clock: Clock;
  /** The MCP server for which somebody signs in. */
  readonly server: URL;
  readonly signal?: AbortSignal;
}): Fetch {
  return async (address, init) => {
    const url = new URL(address);
    checkAddress(url, deps.server);
    const late = new AbortController();
    const forget = deps.clock.after(requestMs, () => late.abort(new Error('took too long')));
    const signals = [late.signal, deps.signal, init?.signal].filter((signal) => signal != null);
    try {
      const response = await follow(url, { ...init, signal: AbortSignal.any(signals) }, deps.server);
      const body = await readLimited(response);
      const { status, headers } = response;
      return new Response(noBody.has(status) ? null : body, { status, headers: plain(headers) });
    } catch (error) {
      throw wasNotSent(error) ? new NotSent((error as Error).message, { cause: error }) : error;
    } finally {
      forget();
    }
  };
}

/** Follows a redirect by hand, as what it names has to be looked at too; only of a request that carries nothing. */
async function follow(from: URL, init: RequestInit, server: URL): Promise<Response> {
  const mayFollow = init.redirect === undefined && (init.method ?? 'GET') === 'GET';
  let url = from;
  for (let left = mayFollow ? maxRedirects : 0; ; left -= 1) {
    const response = await fetch(url, { ...init, redirect: 'manual' });
    const location = response.headers.get('location');
    if (left === 0 || location === null || ![301, 302, 303, 307, 308].includes(response.status))
      return response;
    await response.body?.cancel();
    url = new URL(location, url);
    checkAddress(url, server);
  }
}

/** Throws for an address that nothing of a sign-in may go to. */
export function checkAddress(url: URL, server: URL): void {
  if (url.username !== '' || url.password !== '') throw new NotSent(`${url.origin} came with a user name`);
  if (url.protocol === 'https:' && (!isLoopback(url) || isLoopback(server))) return;
  if (url.protocol === 'http:' && isLoopback(url) && isLoopback(server)) return;
  throw new NotSent(`${url.protocol}//${url.host} is not encrypted, or is none that this server may name`);
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

async function readLimited(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

const noBody = new Set([101, 103, 204, 205, 304]);

/** The body was unpacked already. */
function plain(headers: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) kept.delete(name);
  return kept;
}

const unsent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function wasNotSent(error: unknown): boolean {
  const { code = '' } = ((error as Error).cause ?? {}) as { code?: string };
  return unsent.has(code) || /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_)/.test(code);
}
