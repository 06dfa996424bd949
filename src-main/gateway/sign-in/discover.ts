import type { AuthorizationServerMetadata, OAuthServerInfo } from '@modelcontextprotocol/client';
import { readChallenge, type Challenge } from './challenge.ts';
import { signInFailed } from './errors.ts';
import { checkAddress, type Fetch } from './web.ts';

/** Where and how to sign in for a server. */
export interface SignInPlace {
  readonly server: URL;
  readonly metadata: AuthorizationServerMetadata;
  /** What the server calls itself (RFC 8707); null where it says nothing. */
  readonly resource: string | null;
  readonly scope: string | null;
}

/**
 * Finds the authorization server of an MCP server: the metadata its refusal names, else at the well-known places
 * (RFC 9728), then that of the authorization server (RFC 8414, OpenID Connect Discovery). One that does not bind codes
 * to who asked for them (PKCE with S256) is refused.
 */
export async function discover(
  profile: string,
  server: URL,
  known: Challenge | null,
  fetchFn: Fetch,
  /** Without a person no code is sent that could be stolen. */
  { isMachine } = { isMachine: false },
): Promise<SignInPlace> {
  const sdk = await import('@modelcontextprotocol/client');
  const challenge = known ?? (await provoke(server, fetchFn));
  if (challenge === 'open')
    throw signInFailed(profile, `its server at ${server.origin} answers without a sign-in`);
  const { resourceMetadata, scope } = challenge;
  if (resourceMetadata) checkAddress(resourceMetadata, server);
  let info: OAuthServerInfo;
  try {
    info = await sdk.discoverOAuthServerInfo(server, {
      ...(resourceMetadata && { resourceMetadataUrl: resourceMetadata }),
      fetchFn,
    });
  } catch (error) {
    if (error instanceof sdk.IssuerMismatchError)
      throw signInFailed(
        profile,
        'its authorization server gives itself another name than the one it was found by',
      );
    throw signInFailed(profile, `how to sign in at ${server.origin} could not be found out`);
  }
  const { authorizationServerMetadata: metadata, resourceMetadata: resource } = info;
  if (!metadata) throw signInFailed(profile, `the server at ${server.origin} does not say where to sign in`);
  if (!isMachine && !metadata.code_challenge_methods_supported?.includes('S256'))
    throw signInFailed(
      profile,
      `${new URL(metadata.issuer).host} does not protect sign-ins against theft (PKCE with S256)`,
    );
  if (
    resource &&
    !sdk.checkResourceAllowed({ requestedResource: server, configuredResource: resource.resource })
  )
    throw signInFailed(profile, `the server at ${server.origin} gives itself the name of another one`);
  for (const address of [
    metadata.authorization_endpoint,
    metadata.token_endpoint,
    metadata.registration_endpoint,
  ])
    if (address !== undefined) checkEndpoint(profile, address, server);
  return {
    server,
    metadata,
    resource: resource?.resource ?? null,
    scope: scope ?? (resource?.scopes_supported?.join(' ') || null),
  };
}

/** Only pages that are encrypted, or on this machine, are opened or asked. */
function checkEndpoint(profile: string, address: string, server: URL): void {
  try {
    checkAddress(new URL(address), server);
  } catch {
    throw signInFailed(profile, 'its authorization server names an address that is not encrypted');
  }
}

/** Asks without a token, to hear what the server says about signing in. `open`: it answers everybody. */
async function provoke(server: URL, fetchFn: Fetch): Promise<Challenge | 'open'> {
  const response = await ping(server, fetchFn, null);
  const found = readChallenge(response.headers.get('www-authenticate') ?? undefined);
  if (found) return found;
  const none = { resourceMetadata: null, scope: null, error: null };
  return response.status >= 200 && response.status < 300 ? 'open' : none;
}

/** A request that changes nothing; whoever checks tokens does so before he reads it. */
export function ping(server: URL, fetchFn: Fetch, token: string | null): Promise<Response> {
  return fetchFn(server, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'user-agent': 'nucleus',
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  });
}
