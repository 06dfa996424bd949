import * as z from 'zod';

/** Who we are at an authorization server. */
export const SignInClient = z.object({
  id: z.string(),
  secret: z.string().optional(),
  /** A private key in PEM; its bearer proves who it is without sending a secret. */
  key: z.string().optional(),
  /** `given` by a person, `document`: the address of our metadata (CIMD), `registered` there by ourselves. */
  from: z.enum(['given', 'connector', 'document', 'registered']),
  /** How it proves itself, where its registration says so. */
  method: z.string().optional(),
});
export type SignInClient = z.infer<typeof SignInClient>;

/**
 * What a sign-in brought: tokens, whose they are, and where they may go. It is sealed as one record, so that no token
 * ever meets the client, the authorization server or the address of another sign-in.
 */
export const Grant = z.object({
  issuer: z.string(),
  /** Where the server is that the tokens are for. */
  server: z.string(),
  /** Its own name for itself, as the authorization server was told (RFC 8707); null where it has none. */
  resource: z.string().nullable(),
  tokenEndpoint: z.string(),
  revocationEndpoint: z.string().nullable(),
  authMethods: z.array(z.string()),
  client: SignInClient,
  /** `machine`: no person took part (client credentials). */
  kind: z.enum(['person', 'machine']),
  access: z.string(),
  refresh: z.string().nullable(),
  /** Unix milliseconds; null where the server does not say. */
  expiresAt: z.number().nullable(),
  /** Milliseconds from issue to expiry. */
  lifetime: z.number().nullable(),
  scope: z.string().nullable(),
  /** Whether a refresh brings another refresh token; null before the first one. */
  rotates: z.boolean().nullable(),
});
export type Grant = z.infer<typeof Grant>;

/** A token endpoint's answer, as the SDK checked it. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token?: string | undefined;
  readonly expires_in?: number | undefined;
  readonly scope?: string | undefined;
  readonly id_token?: string | undefined;
}

/** The part of a grant that a token endpoint's answer brings. */
export function tokensOf(
  answer: TokenAnswer,
  now: number,
): Pick<Grant, 'access' | 'refresh' | 'expiresAt' | 'lifetime' | 'scope'> {
  const lifetime = answer.expires_in === undefined ? null : Math.max(0, answer.expires_in) * 1_000;
  return {
    access: answer.access_token,
    refresh: answer.refresh_token ?? null,
    expiresAt: lifetime === null ? null : now + lifetime,
    lifetime,
    scope: answer.scope ?? null,
  };
}

/** Whether its tokens may be sent to a server: the one they are for, or a part of what it names as its own. */
export function isFor(grant: Grant, url: URL): boolean {
  if (samePlace(new URL(grant.server), url)) return true;
  if (grant.resource === null || !URL.canParse(grant.resource)) return false;
  const resource = new URL(grant.resource);
  const path = resource.pathname.endsWith('/') ? resource.pathname : `${resource.pathname}/`;
  return resource.origin === url.origin && `${url.pathname}/`.startsWith(path);
}

function samePlace(one: URL, other: URL): boolean {
  return one.origin === other.origin && one.pathname === other.pathname;
}
