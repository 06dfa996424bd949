import type { Clock, Log } from '../platform.ts';
import { authorizationRequest, isAnswerTo, readAnswer } from './authorize.ts';
import { joinScopes, type Challenge } from './challenge.ts';
import { clientInformation, clientProof } from './client-proof.ts';
import { discover, ping, type SignInPlace } from './discover.ts';
import { safeCode, signInFailed, TimedOut } from './errors.ts';
import { tokensOf, type Grant, type SignInClient, type TokenAnswer } from './grant.ts';
import { identify, type Identity } from './identity.ts';
import { listenForRedirect } from './listener.ts';
import { chooseClient } from './register.ts';
import { createSignInFetch } from './web.ts';

/** What a sign-in brought. Nothing of it is stored yet. */
export interface SignedIn {
  readonly grant: Grant;
  readonly identity: Identity | null;
  /** The scope that was asked for. */
  readonly asked: string | null;
}

/** A page that waits for a person, and how its answer may arrive beside the listener. */
export interface Waiting {
  readonly url: URL;
  readonly redirectUri: string;
  /** Takes an answer that somebody brought by hand or from a window of ours; false when it is not the one. */
  bring(answer: URL): boolean;
}

export interface FlowOptions {
  readonly profile: string;
  readonly server: URL;
  readonly challenge: Challenge | null;
  /** What is asked for beside what the server names. */
  readonly scope: string | null;
  readonly resource: string | null;
  readonly given: ((issuer: string) => SignInClient | null) | null;
  readonly documentUrl: string | null;
  readonly port: number | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Resolves when the person is done with it, or never; rejects where the page cannot be shown. */
  onWaiting(waiting: Waiting): Promise<void>;
}

/** Lets a person sign in for a server (MCP 2026-07-28, basic/authorization), from the question where to the tokens. */
export async function runFlow(options: FlowOptions): Promise<SignedIn> {
  const { profile, server, signal, clock } = options;
  const fetchFn = createSignInFetch({ clock, server, signal });
  const found = await discover(profile, server, options.challenge, fetchFn);
  const place = options.resource === null ? found : { ...found, resource: options.resource };
  try {
    return await signInAt(place, options, options.documentUrl);
  } catch (error) {
    // Some servers say that they take our metadata, and do not (reference/connectors.md: Notion).
    if (!(error instanceof DocumentRefused)) throw error;
    if (place.metadata.registration_endpoint === undefined) throw signInFailed(profile, error.message);
    options.log.info('metadata document refused, registering instead', { profile });
    return signInAt(place, options, null);
  }
}

class DocumentRefused extends Error {}

async function signInAt(
  place: SignInPlace,
  options: FlowOptions,
  documentUrl: string | null,
): Promise<SignedIn> {
  const { profile, server, signal, clock } = options;
  const { metadata } = place;
  const fetchFn = createSignInFetch({ clock, server, signal });
  const scope = scopeFor(place, options.scope);
  const arrived = Promise.withResolvers<URL>();
  let isAnswer = (_url: URL): boolean => false;
  const listener = await listenForRedirect({
    isAnswer: (url) => isAnswer(url),
    onAnswer: arrived.resolve,
    port: options.port,
  }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw signInFailed(
      profile,
      code === 'EADDRINUSE'
        ? `another program has port ${options.port}, the only one the service sends people back to; end it or wait for the other sign-in`
        : `no port of this machine could be opened (${code})`,
    );
  });
  const cancel = (): void => arrived.reject(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const { redirectUri } = listener;
    const given = options.given?.(metadata.issuer) ?? null;
    const client = await chooseClient({
      profile,
      metadata,
      redirectUri,
      scope,
      given,
      documentUrl,
      fetchFn,
    });
    const request = await authorizationRequest(place, client, redirectUri, scope);
    for (const [name, value] of Object.entries(options.params)) request.url.searchParams.set(name, value);
    isAnswer = (url) => isAnswerTo(request, redirectUri, url);
    signal.throwIfAborted();
    const shown = options.onWaiting({
      url: request.url,
      redirectUri,
      bring(url) {
        if (!isAnswer(url)) return false;
        arrived.resolve(url);
        return true;
      },
    });
    shown.catch(arrived.reject);
    const answer = await arrived.promise.catch((error: unknown) => {
      // Who does not take our metadata says so on a page of its own: it trusts no address to go back to.
      throw client.from === 'document' && error instanceof TimedOut ? error.with(documentHint) : error;
    });
    const refusal = answer.searchParams.get('error') ?? '';
    const { code, iss } = await readAnswer(profile, place, answer).catch((error: unknown) => {
      const isDocument = client.from === 'document' && documentRefusals.has(refusal);
      throw isDocument ? new DocumentRefused('the service does not take our metadata document') : error;
    });
    const tokens = await exchange({
      place,
      client,
      code,
      iss,
      redirectUri,
      verifier: request.verifier,
      options,
    });
    const grant: Grant = {
      ...grantOf(place, client, 'person'),
      ...tokensOf(tokens, clock.now()),
      scope: tokens.scope ?? scope,
    };
    await checkToken(profile, server, grant.access, fetchFn);
    const identity = await identify({
      metadata,
      idToken: tokens.id_token,
      clientId: client.id,
      nonce: request.nonce,
      accessToken: grant.access,
      scope: grant.scope,
      clock,
      fetchFn,
    }).catch(() => {
      throw signInFailed(profile, 'the service says who signed in, in a way that cannot be checked');
    });
    return { grant, identity, asked: scope };
  } finally {
    signal.removeEventListener('abort', cancel);
    arrived.promise.catch(() => {});
    listener.close();
  }
}

const documentHint =
  '; if its page said that it does not know this client, take sign_in.client_metadata_url out of config.toml';

const documentRefusals = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_request',
  'invalid_client_metadata',
]);

async function exchange({
  place: { metadata, resource },
  client,
  code,
  iss,
  redirectUri,
  verifier,
  options: { profile, server, signal, clock },
}: {
  readonly place: SignInPlace;
  readonly client: SignInClient;
  readonly code: string;
  readonly iss: string | undefined;
  readonly redirectUri: string;
  readonly verifier: string;
  readonly options: FlowOptions;
}): Promise<TokenAnswer> {
  const sdk = await import('@modelcontextprotocol/client');
  const proof = await clientProof(client, metadata.issuer);
  try {
    return await sdk.exchangeAuthorization(metadata.issuer, {
      metadata,
      clientInformation: clientInformation(client),
      authorizationCode: code,
      ...(iss !== undefined && { iss }),
      codeVerifier: verifier,
      redirectUri,
      ...(resource !== null && { resource }),
      ...(proof && { addClientAuthentication: proof }),
      fetchFn: createSignInFetch({ clock, server, signal }),
    });
  } catch (error) {
    signal.throwIfAborted();
    const host = new URL(metadata.token_endpoint).host;
    if (error instanceof sdk.OAuthError && client.from === 'document' && documentRefusals.has(error.code))
      throw new DocumentRefused('the service does not take our metadata document');
    const why =
      error instanceof sdk.OAuthError ? `${host} answered ${safeCode(error.code)}` : `${host} gave no tokens`;
    throw signInFailed(profile, why);
  }
}

/** The parts of a grant that are known before there are tokens. */
export function grantOf(
  { server, metadata, resource }: SignInPlace,
  client: SignInClient,
  kind: Grant['kind'],
): Grant {
  const { revocation_endpoint: revocation } = metadata as { revocation_endpoint?: string };
  return {
    issuer: metadata.issuer,
    server: `${server.origin}${server.pathname}`,
    resource,
    tokenEndpoint: metadata.token_endpoint,
    revocationEndpoint: revocation ?? null,
    authMethods: metadata.token_endpoint_auth_methods_supported ?? [],
    client,
    kind,
    access: '',
    refresh: null,
    expiresAt: null,
    lifetime: null,
    scope: null,
    rotates: null,
  };
}

/**
 * What is asked for: what the server names, what calls were refused for, who it is (`openid`), and to be asked again as
 * seldom as can be (`offline_access`); the last two only where the authorization server offers them.
 */
function scopeFor(
  { scope, metadata }: Pick<SignInPlace, 'scope' | 'metadata'>,
  more: string | null,
): string | null {
  const offered = new Set(metadata.scopes_supported ?? []);
  const own = ['openid', 'offline_access'].filter((name) => offered.has(name)).join(' ');
  return joinScopes(scope, more, own);
}

/** A token the server does not take is no sign-in, and the one there was before stays. */
async function checkToken(
  profile: string,
  server: URL,
  token: string,
  fetchFn: Parameters<typeof ping>[1],
): Promise<void> {
  const answer = await ping(server, fetchFn, token).catch(() => null);
  if (answer?.status === 401)
    throw signInFailed(profile, `its server at ${server.origin} does not take the new token`);
}
