import type { AuthorizationServerMetadata } from '@modelcontextprotocol/client';
import type { Clock } from '../platform.ts';
import { clientInformation, clientProof } from './client-proof.ts';
import { safeCode } from './errors.ts';
import { tokensOf, type Grant, type TokenAnswer } from './grant.ts';
import { createSignInFetch, NotSent } from './web.ts';

/** What became of an attempt to renew. */
export type Renewal =
  | { readonly kind: 'renewed'; readonly grant: Grant }
  /** The authorization server says no, for good. */
  | { readonly kind: 'refused'; readonly code: string }
  /** It did not take the request, so the refresh token is as good as before. */
  | { readonly kind: 'unavailable'; readonly why: string }
  /** Nobody knows whether it took it: the refresh token may be used up. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Asks the authorization server of a grant for new tokens, once. */
export async function renew(grant: Grant, clock: Clock): Promise<Renewal> {
  const sdk = await import('@modelcontextprotocol/client');
  let status = 0;
  const plainFetch = createSignInFetch({ clock, server: new URL(grant.server) });
  const fetchFn = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const response = await plainFetch(url, init);
    ({ status } = response);
    return response;
  };
  const options = {
    metadata: metadataOf(grant),
    ...(grant.resource !== null && { resource: grant.resource }),
    fetchFn,
  };
  const proof = await clientProof(grant.client, grant.issuer);
  try {
    const answer: TokenAnswer =
      grant.kind === 'machine'
        ? await sdk.fetchToken(
            {
              redirectUrl: undefined,
              clientMetadata: { redirect_uris: [] },
              clientInformation: () => ({ ...clientInformation(grant.client), issuer: grant.issuer }),
              tokens: () => undefined,
              saveTokens: () => {},
              redirectToAuthorization: () => {},
              saveCodeVerifier: () => {},
              codeVerifier: () => '',
              prepareTokenRequest: () =>
                new URLSearchParams({
                  grant_type: 'client_credentials',
                  ...(grant.scope !== null && { scope: grant.scope }),
                }),
              ...(proof && { addClientAuthentication: proof }),
            },
            grant.issuer,
            options,
          )
        : await sdk.refreshAuthorization(grant.issuer, {
            ...options,
            clientInformation: clientInformation(grant.client),
            refreshToken: grant.refresh ?? '',
            ...(proof && { addClientAuthentication: proof }),
          });
    const tokens = tokensOf(answer, clock.now());
    // Without a new one the old one stays (RFC 6749, section 6); so does the scope.
    const refresh = tokens.refresh ?? grant.refresh;
    return {
      kind: 'renewed',
      grant: {
        ...grant,
        ...tokens,
        refresh,
        scope: tokens.scope ?? grant.scope,
        rotates: refresh !== grant.refresh,
      },
    };
  } catch (error) {
    return failure(error, status, error instanceof sdk.OAuthError ? error.code : null);
  }
}

function failure(error: unknown, status: number, code: string | null): Renewal {
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof NotSent) return { kind: 'unavailable', why };
  // An answer that says nothing of tokens leaves them as they were.
  if (status === 429 || status >= 500) return { kind: 'unavailable', why: `HTTP ${status}` };
  if (code !== null && status >= 400) return { kind: 'refused', code: safeCode(code) };
  return status >= 400
    ? { kind: 'unavailable', why: `HTTP ${status}` }
    : { kind: 'unknown', why: status > 0 ? 'an answer that is none' : 'no answer' };
}

/** As much of the server's metadata as a token request needs. */
function metadataOf(grant: Grant): AuthorizationServerMetadata {
  return {
    issuer: grant.issuer,
    authorization_endpoint: grant.tokenEndpoint,
    token_endpoint: grant.tokenEndpoint,
    response_types_supported: ['code'],
    token_endpoint_auth_methods_supported: grant.authMethods,
  };
}
