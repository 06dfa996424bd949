import type { IncomingMessage } from 'node:http';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { AskedView } from '../routing/views.ts';
import type { ClientTokens } from './client-tokens.ts';
import type { Caller } from './session.ts';

/** Looks a token up. */
export type Verify = ClientTokens['verify'];

/** Where a request goes and who sent it. */
export interface Place {
  readonly path: string;
  readonly caller: Caller;
  readonly view: AskedView | undefined;
}

/** Who sent a request, by its bearer token (RFC 6750, section 2.1); throws TOKEN_REQUIRED or TOKEN_INVALID. */
export function callerOf(request: Pick<IncomingMessage, 'headers'>, verify: Verify | null): Caller {
  if (!verify) return { principal: 'local' };
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined)
    throw new NucleusError(
      'TOKEN_REQUIRED',
      'a client token is needed: make one with nucleus clients add NAME, and send it as Authorization: Bearer TOKEN',
    );
  const verdict = verify(token);
  if (verdict.kind === 'known')
    return { principal: verdict.client.name, granted: verdict.client.view ?? undefined };
  throw new NucleusError(
    'TOKEN_INVALID',
    verdict.kind === 'expired'
      ? `the token of client ${verdict.name} has expired; make a new one with nucleus clients`
      : 'this client token is not known, or was taken back; nucleus clients lists those there are',
  );
}

/** Which accounts a path shows; throws PATH_UNKNOWN. */
export function viewOf(path: string): AskedView | undefined {
  if (path === '/mcp') return undefined;
  const workspace = /^\/w\/([a-z0-9_-]{1,64})\/mcp$/.exec(path)?.[1];
  if (workspace !== undefined) return { workspace };
  const profile = profileIn(path);
  if (profile === null)
    throw new NucleusError(
      'PATH_UNKNOWN',
      'nothing is here; MCP is at /mcp, /w/<workspace>/mcp and /p/<connector>:<name>/mcp',
    );
  return { transparent: true, profiles: [{ id: profile, alias: profile.slice(profile.indexOf(':') + 1) }] };
}

function profileIn(path: string): string | null {
  const part = /^\/p\/([^/]+)\/mcp$/.exec(path)?.[1];
  if (part === undefined) return null;
  try {
    return decodeURIComponent(part);
  } catch {
    // What does not decode names nothing.
    return null;
  }
}

/** Where a client reads what protects the endpoint at `path` (RFC 9728, section 3.1). */
const metadataPath = '/.well-known/oauth-protected-resource';

/** The metadata a path asks for, or null when it asks for none: tokens are made by a person, with the command line. */
export function resourceMetadata(base: string, path: string): object | null {
  if (path !== metadataPath && !path.startsWith(`${metadataPath}/`)) return null;
  return {
    resource: `${base}${path.slice(metadataPath.length) || '/mcp'}`,
    resource_name: 'Nucleus',
    bearer_methods_supported: ['header'],
  };
}

/** The WWW-Authenticate header of a refusal (RFC 6750, section 3; RFC 9728, section 5.1). */
export function challenge(base: string, path: string, error: NucleusError): string {
  const why = error.code === 'TOKEN_INVALID' ? ', error="invalid_token"' : '';
  return `Bearer realm="nucleus"${why}, resource_metadata="${base}${metadataPath}${path.replace(/["\\]/g, encodeURIComponent)}"`;
}
