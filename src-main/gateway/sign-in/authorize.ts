import { randomBytes, timingSafeEqual } from 'node:crypto';
import { signInCancelled, signInFailed, safeCode } from './errors.ts';
import type { SignInPlace } from './discover.ts';
import type { SignInClient } from './grant.ts';

/** An authorization request, and what has to come back for it. */
export interface AuthorizationRequest {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}

/** Writes the address a person opens (RFC 6749, section 4.1.1), with PKCE, the resource and a state of its own. */
export async function authorizationRequest(
  place: SignInPlace,
  client: SignInClient,
  redirectUri: string,
  scope: string | null,
): Promise<AuthorizationRequest> {
  const sdk = await import('@modelcontextprotocol/client');
  const state = randomBytes(24).toString('base64url');
  const nonce = randomBytes(24).toString('base64url');
  const { authorizationUrl: url, codeVerifier: verifier } = await sdk.startAuthorization(
    place.metadata.issuer,
    {
      metadata: place.metadata,
      clientInformation: { client_id: client.id },
      redirectUrl: redirectUri,
      ...(scope !== null && { scope }),
      state,
      ...(place.resource !== null && { resource: place.resource }),
    },
  );
  if (scope?.split(' ').includes('openid')) url.searchParams.set('nonce', nonce);
  return { url, verifier, state, nonce };
}

/** Whether an address is the answer to a request: it came back where it was to, with the state that nobody else knows. */
export function isAnswerTo(
  { state }: Pick<AuthorizationRequest, 'state'>,
  redirectUri: string,
  url: URL,
): boolean {
  const redirect = new URL(redirectUri);
  const states = url.searchParams.getAll('state');
  return (
    url.protocol === redirect.protocol &&
    url.host === redirect.host &&
    url.pathname === redirect.pathname &&
    url.username === '' &&
    states.length === 1 &&
    isEqual(states[0] ?? '', state)
  );
}

/** The code of an answer. Who answers is checked first, on errors too: words of another server are not shown (RFC 9207). */
export async function readAnswer(
  profile: string,
  place: SignInPlace,
  url: URL,
): Promise<{ readonly code: string; readonly iss: string | undefined }> {
  const sdk = await import('@modelcontextprotocol/client');
  const { searchParams } = url;
  const iss = searchParams.get('iss') ?? undefined;
  const { issuer, authorization_response_iss_parameter_supported: isPromised } = place.metadata as {
    issuer: string;
    authorization_response_iss_parameter_supported?: boolean;
  };
  try {
    sdk.validateAuthorizationResponseIssuer({
      iss,
      expectedIssuer: issuer,
      issParameterSupported: isPromised === true,
    });
  } catch {
    throw signInFailed(
      profile,
      'the answer came from another authorization server than the one that was asked',
    );
  }
  const error = searchParams.get('error');
  if (error === 'access_denied') throw signInCancelled(profile, 'it was declined at the service');
  if (error !== null) throw signInFailed(profile, `the service answered ${safeCode(error)}`);
  const codes = searchParams.getAll('code');
  if (codes.length !== 1 || !codes[0]) throw signInFailed(profile, 'the answer holds no code');
  return { code: codes[0], iss };
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
