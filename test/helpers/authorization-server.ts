import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { Scope } from './home.ts';

export interface AuthorizationServer {
  readonly issuer: string;
  /** Registers a public client for these redirect URIs (RFC 7591) and answers its id. */
  register(redirectUris: readonly string[]): Promise<string>;
  /** An authorization request with PKCE and a state of its own. */
  request(client: string, redirectUri: string): AuthorizationRequest;
  /** Exchanges what came back, after checking state and issuer; answers who signed in. */
  exchange(
    request: AuthorizationRequest,
    arrived: URL,
  ): Promise<{ subject: string; hasRefreshToken: boolean }>;
}

export interface AuthorizationRequest {
  readonly url: URL;
  readonly client: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly verifier: string;
}

/**
 * A real authorization server on a loopback port: dynamic registration, PKCE demanded, refresh tokens, and a login
 * form that takes any name with any password.
 */
export async function startAuthorizationServer(scope: Scope): Promise<AuthorizationServer> {
  const http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [],
    features: { devInteractions: { enabled: true }, registration: { enabled: true } },
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access'],
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    cookies: { keys: ['a key for tests'] },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, RefreshToken: 600 },
  });
  http.on('request', provider.callback());
  scope.after(() => {
    http.closeAllConnections();
    http.close();
  });

  const post = async (path: string, type: string, body: string): Promise<Record<string, unknown>> => {
    const response = await fetch(issuer + path, { method: 'POST', headers: { 'content-type': type }, body });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    issuer,
    register: async (redirectUris) => {
      const metadata = {
        client_name: 'Nucleus',
        application_type: 'native',
        redirect_uris: redirectUris,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      };
      return String((await post('/reg', 'application/json', JSON.stringify(metadata)))['client_id']);
    },
    request: (client, redirectUri) => {
      const state = randomBytes(16).toString('base64url');
      const verifier = randomBytes(32).toString('base64url');
      const url = new URL('/auth', issuer);
      url.search = new URLSearchParams({
        client_id: client,
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: 'openid offline_access',
        prompt: 'consent',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        state,
      }).toString();
      return { url, client, redirectUri, state, verifier };
    },
    exchange: async ({ client, redirectUri, state, verifier }, arrived) => {
      const { searchParams } = arrived;
      if (searchParams.get('state') !== state) throw new Error('the answer has another state');
      if (searchParams.get('iss') !== issuer) throw new Error('the answer has another issuer');
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        code: searchParams.get('code') ?? '',
        client_id: client,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      });
      const tokens = await post('/token', 'application/x-www-form-urlencoded', form.toString());
      const payload = Buffer.from(String(tokens['id_token']).split('.')[1] ?? '', 'base64url').toString();
      const { sub } = JSON.parse(payload) as { sub: string };
      return { subject: sub, hasRefreshToken: typeof tokens['refresh_token'] === 'string' };
    },
  };
}
