import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { NucleusError } from '../../../src-shared/errors.ts';
import { isLoopback } from './http-address.ts';

/** Judges a request by where it says it goes and comes from; null lets it pass. */
export type Guard = (request: Pick<IncomingMessage, 'url' | 'headers'>) => NucleusError | null;

const hostShape = /^(\[[0-9a-f:.]+\]|[^\s:[\]/@]+)(?::\d{1,5})?$/i;

/**
 * Keeps web pages out, by DNS rebinding (a name of theirs that resolves to this machine) or across origins: a Host
 * must be one of this machine's, and an Origin, which only browsers send, one that was allowed by name.
 */
export function createGuard(options: {
  /** The host the front is bound to. */
  readonly bound: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}): Guard {
  const hosts = new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(options.allowedOrigins.map((origin) => origin.toLowerCase()));
  const isLocal = isLoopback(options.bound);

  function isOurs(header: string): boolean {
    const name = hostShape.exec(header)?.[1]?.toLowerCase();
    if (name === undefined) return false;
    const host = name.startsWith('[') ? name.slice(1, -1) : name;
    if (isLoopback(host) || hosts.has(name) || hosts.has(header.toLowerCase())) return true;
    // Who is reached from elsewhere is reached by its address too; rebinding needs a name.
    return !isLocal && isIP(host) !== 0 && host !== '0.0.0.0' && host !== '::';
  }

  return ({ url = '', headers }) => {
    const { host = '', origin } = headers;
    // In the absolute form the Host header would not be what the request is for (RFC 9112, section 3.2.2).
    if (!url.startsWith('/') || !isOurs(host))
      return new NucleusError(
        'HOST_REFUSED',
        'this request is not meant for this machine, by its Host header; a name of your own goes into http.allowed_hosts in config.toml',
      );
    // A page of this very address would be ours, and there is none: only tools that mean us say so.
    const isOwn = origin !== undefined && origin.toLowerCase() === `http://${host.toLowerCase()}`;
    if (origin !== undefined && !isOwn && !origins.has(origin.toLowerCase()))
      return new NucleusError(
        'ORIGIN_REFUSED',
        'web pages may not call Nucleus; an origin you trust goes into http.allowed_origins in config.toml',
      );
    return null;
  };
}

/** Lets a web page that the guard let in read what it gets (Fetch standard, CORS protocol). */
export function allowOrigin(response: ServerResponse, origin: string, asked: string | undefined): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-allow-methods', 'GET, POST, DELETE');
  response.setHeader(
    'access-control-allow-headers',
    [allowedHeaders, ...paramHeadersIn(asked ?? '')].join(', '),
  );
  response.setHeader('access-control-expose-headers', 'mcp-session-id, www-authenticate');
}

const allowedHeaders =
  'authorization, content-type, accept, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name, last-event-id';

/** Which arguments are repeated in headers is the tools' to say, so that any name may come. */
function paramHeadersIn(asked: string): string[] {
  return asked
    .slice(0, 4_096)
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^mcp-param-[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name));
}
