import type { AuthorizationServerMetadata } from '@modelcontextprotocol/client';
import type { Clock } from '../platform.ts';
import type { Fetch } from './web.ts';

/** Whose account it is, as the authorization server says. */
export interface Identity {
  readonly subject: string;
  /** The organization it is used in. */
  readonly tenant: string | null;
  /** A name to show people. */
  readonly name: string;
}

/** Clocks of other machines may be off by so much, in seconds. */
const skew = 600;

/** What the endpoints of OpenID Connect are called, where there are some. */
interface OpenIdEndpoints {
  readonly jwks_uri?: string;
  readonly userinfo_endpoint?: string;
}

/** Reads who signed in: from the signed id_token, else from the userinfo endpoint; null where the server tells neither. */
export async function identify(options: {
  readonly metadata: AuthorizationServerMetadata;
  readonly idToken: string | undefined;
  readonly clientId: string;
  readonly nonce: string;
  readonly accessToken: string;
  readonly scope: string | null;
  readonly clock: Clock;
  readonly fetchFn: Fetch;
}): Promise<Identity | null> {
  const { metadata, idToken, fetchFn } = options;
  const { jwks_uri: keys, userinfo_endpoint: userinfo } = metadata as OpenIdEndpoints;
  if (idToken !== undefined && keys !== undefined) {
    const claims = await verified(idToken, keys, options);
    const first = identityOf(claims);
    // Many put no name into the token.
    if (first && first.name !== first.subject) return first;
    const more = await asked(userinfo, options);
    return first && more?.subject === first.subject
      ? { ...more, tenant: first.tenant ?? more.tenant }
      : first;
  }
  if (!(options.scope ?? '').split(' ').includes('openid')) return null;
  return asked(userinfo, { ...options, fetchFn });
}

async function verified(
  idToken: string,
  keys: string,
  { metadata, clientId, nonce, clock, fetchFn }: Parameters<typeof identify>[0],
): Promise<Record<string, unknown>> {
  const { createLocalJWKSet, jwtVerify } = await import('jose');
  const response = await fetchFn(keys, { headers: { accept: 'application/json' } });
  const keySet = createLocalJWKSet((await response.json()) as Parameters<typeof createLocalJWKSet>[0]);
  const { payload } = await jwtVerify(idToken, keySet, {
    issuer: metadata.issuer,
    audience: clientId,
    clockTolerance: skew,
    currentDate: new Date(clock.now()),
    requiredClaims: ['sub', 'exp', 'iat'],
    algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
  });
  if (payload['nonce'] !== undefined && payload['nonce'] !== nonce)
    throw new Error('id_token of another sign-in');
  return payload;
}

/** The token goes to nobody but who issued it. */
async function asked(
  userinfo: string | undefined,
  {
    metadata,
    accessToken,
    fetchFn,
  }: Pick<Parameters<typeof identify>[0], 'metadata' | 'accessToken' | 'fetchFn'>,
): Promise<Identity | null> {
  const isTheirs = [metadata.issuer, metadata.token_endpoint].some(
    (address) => userinfo !== undefined && new URL(address).origin === new URL(userinfo).origin,
  );
  if (userinfo === undefined || !isTheirs) return null;
  try {
    const response = await fetchFn(userinfo, {
      redirect: 'manual',
      headers: { accept: 'application/json', authorization: `Bearer ${accessToken}` },
    });
    return response.ok ? identityOf((await response.json()) as Record<string, unknown>) : null;
  } catch {
    // A name is worth having and no condition: the sign-in itself succeeded.
    return null;
  }
}

const tenantClaims = ['tid', 'org_id', 'organization_id', 'tenant_id', 'workspace_id', 'team_id', 'hd'];
const nameClaims = ['email', 'preferred_username', 'login', 'name', 'sub'];

function identityOf(claims: Record<string, unknown>): Identity | null {
  const text = (names: readonly string[]): string | null => {
    for (const name of names) {
      const value = claims[name];
      if (typeof value === 'string' && value !== '') return plain(value);
    }
    return null;
  };
  const subject = text(['sub']);
  return subject === null ? null : { subject, tenant: text(tenantClaims), name: text(nameClaims) ?? subject };
}

/** It is shown on terminals and to models: one line, and not a long one. */
function plain(value: string): string {
  return value
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
