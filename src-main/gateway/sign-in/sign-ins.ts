import { randomUUID } from 'node:crypto';
import type { Handlers } from '../../../src-shared/contract.ts';
import type { SignInSettings, SignInState } from '../../../src-shared/sign-in.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Platform } from '../platform.ts';
import type { SignInStore } from '../storage/sign-in-store.ts';
import { isOtherAccount, keptAccount, type Account } from './account.ts';
import { signInCancelled, signInFailed, TimedOut, type Reason } from './errors.ts';
import { runFlow, type SignedIn, type Waiting } from './flow.ts';
import type { Grant, SignInClient } from './grant.ts';
import type { Grants } from './grants.ts';
import { signInMachine } from './machine.ts';
import { revoke } from './revoke.ts';
import type { Tokens } from './tokens.ts';
import { createSignInFetch } from './web.ts';

/** Telling an authorization server that a grant is over must not hold anybody up. */
const revokeMs = 3_000;

/** Sign-ins whose end can still be asked for. */
const maxRecent = 200;

export interface SignIns {
  readonly handlers: Handlers['signIn'];
  /** The profile has another id from now on; runs in the transaction that renames it. */
  rename(from: string, to: string): void;
  /** The vault gave its grant up: it is used no more, and a person has to sign in again. */
  lose(profile: string): void;
  /** Before a profile is removed; the returned function ends its grant at the service, when it is gone here. */
  leave(profile: string): Promise<() => Promise<void>>;
  /** Cancels what is open, and waits until that is so. */
  close(): Promise<void>;
}

type Begin = Parameters<Handlers['signIn']['begin']>[0];

interface Flow {
  readonly input: Begin;
  readonly abort: AbortController;
  state: SignInState;
  waiting: Waiting | null;
  readonly ended: PromiseWithResolvers<void>;
}

/** Signs people in: one flow per profile at a time, any number of profiles at once. */
export function createSignIns(deps: {
  readonly platform: Pick<Platform, 'clock' | 'log' | 'openBrowser' | 'openSignIn' | 'forgetSignIn'>;
  readonly grants: Grants;
  readonly store: SignInStore;
  readonly tokens: Tokens;
  readonly limitMs: number;
  /** Where our own metadata as a client is (CIMD); null for nowhere. */
  readonly documentUrl: string | null;
  /** Throws where a profile has no sign-in. */
  target(profile: string): Promise<{ readonly server: URL; readonly settings: SignInSettings }>;
  isThere(profile: string): boolean;
  /** Whose tokens these are, where the authorization server does not say it; rejects only with the reason of `signal`. */
  whose(profile: string, signIn: string, grant: Grant, signal: AbortSignal): Promise<Account | null>;
  /** A profile has another account or other tokens than before. */
  onSignedIn(profile: string, isSameAccount: boolean): Promise<void>;
  removeProfile(profile: string): Promise<void>;
  /** There is something new to show. */
  onState(): void;
}): SignIns {
  const { grants, store, tokens, platform } = deps;
  const { clock, log } = platform;
  /** The last one of each profile. */
  const flows = new Map<string, Flow>();
  /** By id, so that who waits hears the end of one whose profile is gone. */
  const recent = new Map<string, Flow>();

  function say(flow: Flow, news: Partial<SignInState>): void {
    flow.state = { ...flow.state, ...news };
    deps.onState();
  }

  const isOpen = ({ state: { phase } }: Flow): boolean => phase !== 'done' && phase !== 'failed';

  async function begin(input: Begin): Promise<SignInState> {
    const { profile } = input;
    const target = await deps.target(profile);
    flows.get(profile)?.abort.abort(signInCancelled(profile, 'another one took its place'));
    const state: SignInState = {
      id: randomUUID(),
      profile,
      phase: 'opening',
      how: doorFor(input.how, target.settings.door, platform.openSignIn !== undefined),
      url: null,
      endsAt: clock.now() + deps.limitMs,
      account: null,
      notes: [],
      problem: null,
    };
    const flow: Flow = {
      input,
      abort: new AbortController(),
      state,
      waiting: null,
      ended: Promise.withResolvers(),
    };
    flows.set(profile, flow);
    remember(flow);
    log.info('sign-in begins', { profile, origin: target.server.origin });
    const shown = Promise.withResolvers<void>();
    const forget = clock.after(deps.limitMs, () => flow.abort.abort(new TimedOut(profile, deps.limitMs)));
    void run(flow, target, shown.resolve)
      .catch((error: unknown) => {
        const { aborted, reason } = flow.abort.signal;
        return fail(flow, toNucleusError(aborted && !(error instanceof TimedOut) ? reason : error));
      })
      .finally(() => {
        forget();
        shown.resolve();
        flow.ended.resolve();
      });
    await shown.promise;
    return flow.state;
  }

  async function run(
    flow: Flow,
    { server, settings }: Awaited<ReturnType<typeof deps.target>>,
    onShown: () => void,
  ): Promise<void> {
    const { profile, client } = flow.input;
    const before = await grants.load(profile);
    const { scopeWanted } = store.get(profile);
    const given: SignInClient | null = client && { ...client, from: 'given' };
    const options = {
      profile,
      server,
      challenge: tokens.challengeOf(profile),
      scope: [...(settings.scopes ?? []), scopeWanted ?? ''].join(' ').trim() || null,
      resource: settings.resource ?? null,
      // A client that a person gave is one of the authorization server it was given for.
      given: (issuer: string) => given ?? clientAt(issuer, before, settings),
      documentUrl: deps.documentUrl,
      port: settings.port,
      params: settings.params ?? {},
      clock,
      log,
      signal: flow.abort.signal,
    };
    const signedIn = flow.input.isMachine
      ? await signInMachine(options)
      : await runFlow({ ...options, onWaiting: (waiting) => show(flow, settings, waiting, onShown) });
    say(flow, { phase: 'finishing', url: null });
    await keep(flow, signedIn, before);
  }

  /** Shows the page through the door that was asked for; a listener waits for its answer in any case. */
  async function show(
    flow: Flow,
    { door }: SignInSettings,
    waiting: Waiting,
    onShown: () => void,
  ): Promise<void> {
    const { profile, fresh } = flow.input;
    const { how } = flow.state;
    // Before anybody is told of the page: a window of the last sign-in is closed by it.
    if (how === 'window' && fresh) await platform.forgetSignIn?.(profile);
    flow.waiting = waiting;
    say(flow, { phase: 'waiting', url: waiting.url.href });
    onShown();
    if (how === 'browser') return openBrowser(profile, waiting.url);
    if (how === 'manual') return;
    if (!platform.openSignIn)
      throw signInFailed(profile, 'there is no window here; run nucleus sign-in, which uses your browser');
    const { url, redirectUri } = waiting;
    const { signal } = flow.abort;
    const mayUseBrowser = door !== 'window';
    const answer = await platform.openSignIn({ profile, url, redirectUri, mayUseBrowser, signal });
    if (answer === 'browser') {
      say(flow, { how: 'browser' });
      return openBrowser(profile, url);
    }
    if (!waiting.bring(answer)) throw signInFailed(profile, 'its answer does not belong to this sign-in');
  }

  async function openBrowser(profile: string, url: URL): Promise<void> {
    await platform.openBrowser(url).catch((error: unknown) => {
      throw signInFailed(profile, `no browser could be opened (${toNucleusError(error).message})`);
    });
  }

  async function keep(flow: Flow, signedIn: SignedIn, before: Grant | null): Promise<void> {
    const { profile, otherAccount } = flow.input;
    const { grant, asked } = signedIn;
    const found = await accountOf(flow, signedIn);
    const known = store.get(profile);
    const isOther = isOtherAccount(known, found, grant.issuer);
    if (found !== null && isOther && !otherAccount) {
      await revokeSoon(grant);
      say(flow, { account: found.name });
      throw new NucleusError(
        'OTHER_ACCOUNT',
        `${profile} belongs to ${known.account}, and ${found.name} signed in; nothing was changed. ` +
          `Sign in as ${known.account}, or say --other-account if it is to change hands`,
        { profile },
      );
    }
    const account = keptAccount(known, found, isOther);
    const mayWrite = (): boolean => !flow.abort.signal.aborted && deps.isThere(profile);
    await grants.save(
      profile,
      grant,
      {
        ...account,
        signedInAt: clock.now(),
        scopeAsked: asked,
        scopeWanted: null,
        refreshing: null,
        problem: null,
      },
      mayWrite,
    );
    if (grants.held(profile) !== grant) throw flow.abort.signal.reason ?? signInCancelled(profile);
    tokens.changed(profile);
    const twins = store.sameAccount(store.get(profile));
    const notes = twins.length === 0 ? [] : [`${twins.join(', ')} is the same account`];
    for (const note of notes) log.warn('one account in several profiles', { profile, reason: note });
    log.info('signed in', { profile, origin: new URL(grant.issuer).origin });
    const isKnown = known.subject !== null || known.tenant !== null;
    const isSame = before !== null && found !== null && !isOther && isKnown;
    await deps.onSignedIn(profile, isSame);
    say(flow, { phase: 'done', account: account.account, notes });
    // Only where it cannot take the new one along.
    if (before && before.client.id !== grant.client.id) void revokeSoon(before);
  }

  /** Before anything is kept, so that no call ever runs on the account of somebody else. */
  async function accountOf({ state, input, abort }: Flow, signedIn: SignedIn): Promise<Account | null> {
    const { grant, identity } = signedIn;
    if (identity) return { ...identity, by: 'issuer', tenants: [] };
    try {
      return await deps.whose(input.profile, state.id, grant, abort.signal);
    } catch (error) {
      await revokeSoon(grant);
      throw error;
    }
  }

  async function fail(flow: Flow, error: NucleusError): Promise<void> {
    const { profile, removeIfFailed } = flow.input;
    const { code, message } = error;
    log.warn('sign-in failed', { profile, code });
    const isLast = flows.get(profile) === flow;
    if (flow.waiting) rememberAsked(profile, code === 'SIGN_IN_FAILED');
    if (removeIfFailed && isLast && deps.isThere(profile) && store.get(profile).issuer === null)
      await deps.removeProfile(profile);
    say(flow, { phase: 'failed', url: null, problem: { code, message } });
  }

  /** What was asked for in vain is not asked for by the next call again, nor, where the service does not know it, by anybody. */
  function rememberAsked(profile: string, isUnknown: boolean): void {
    const { scopeWanted } = store.get(profile);
    if (scopeWanted === null || !deps.isThere(profile)) return;
    store.change(profile, { scopeAsked: scopeWanted, ...(isUnknown && { scopeWanted: null }) });
  }

  async function revokeSoon(grant: Grant): Promise<void> {
    const late = new AbortController();
    const forget = clock.after(revokeMs, () => late.abort(new Error('took too long')));
    const fetchFn = createSignInFetch({ clock, server: new URL(grant.server), signal: late.signal });
    await revoke(grant, fetchFn)
      .catch((error: unknown) =>
        log.info('a grant could not be revoked', { reason: toNucleusError(error).message }),
      )
      .finally(forget);
  }

  function remember(flow: Flow): void {
    recent.set(flow.state.id, flow);
    const [oldest] = recent.keys();
    if (recent.size > maxRecent && oldest !== undefined) recent.delete(oldest);
  }

  function flowOf(id: string): Flow {
    const flow = recent.get(id);
    if (flow) return flow;
    throw new NucleusError('SIGN_IN_FAILED', 'this sign-in is over; begin another one with nucleus sign-in');
  }

  function cancel(profile: string): boolean {
    const flow = flows.get(profile);
    if (!flow || !isOpen(flow)) return false;
    flow.abort.abort(signInCancelled(profile));
    return true;
  }

  return {
    handlers: {
      begin,
      list: () => [...flows.values()].map(({ state }) => state),
      async wait({ id }, { signal }) {
        const flow = flowOf(id);
        // Who waits is the person; without one there is nobody to sign in.
        const gone = (): void =>
          flow.abort.abort(signInCancelled(flow.input.profile, 'whoever began it is gone'));
        signal.addEventListener('abort', gone, { once: true });
        await flow.ended.promise;
        signal.removeEventListener('abort', gone);
        return flow.state;
      },
      finish({ id, redirect }) {
        const { waiting } = flowOf(id);
        const isTaken = URL.canParse(redirect) && (waiting?.bring(new URL(redirect)) ?? false);
        return { isTaken };
      },
      cancel: ({ profile }) => ({ cancelled: cancel(profile) }),
    },
    rename(from, to) {
      cancel(from);
      flows.delete(from);
      store.rename(from, to);
      grants.forget(from);
    },
    lose(profile) {
      grants.forget(profile);
      if (store.get(profile).issuer !== null) store.change(profile, { problem: 'lost' satisfies Reason });
    },
    async leave(profile) {
      cancel(profile);
      flows.delete(profile);
      // With a locked vault it cannot be told; removing it here is what was asked for.
      const grant = await grants.load(profile).catch(() => null);
      return async () => {
        grants.forget(profile);
        await platform.forgetSignIn?.(profile);
        if (grant) await revokeSoon(grant);
      };
    },
    async close() {
      const open = [...flows.values()].filter(isOpen);
      for (const { input } of open) cancel(input.profile);
      await Promise.all(open.map(({ ended }) => ended.promise));
    },
  };
}

/** The client known for an authorization server: what a person gave before, else what the connector names. */
function clientAt(
  issuer: string,
  before: Grant | null,
  { clientId, issuer: trusted }: SignInSettings,
): SignInClient | null {
  if (before?.issuer === issuer && before.client.from === 'given') return before.client;
  // Without a secret a client id is no secret either; still it is said to its own server only.
  const isThere = clientId !== undefined && (trusted === undefined || trusted === issuer);
  return isThere ? { id: clientId, from: 'connector' } : null;
}

/** Where the page is shown: where the connector says, when not everywhere, and as it was asked for. */
function doorFor(
  asked: SignInState['how'],
  door: SignInSettings['door'],
  hasWindows: boolean,
): SignInState['how'] {
  if (asked === 'window' && door === 'system') return 'browser';
  if (asked === 'browser' && door === 'window' && hasWindows) return 'window';
  return asked;
}
