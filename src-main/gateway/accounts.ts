import { toNucleusError } from '../../src-shared/errors.ts';
import type { Profile } from '../../src-shared/model.ts';
import type { Clock, Log } from './platform.ts';
import type { Asking } from './profiles/asking.ts';
import type { Connectors } from './profiles/connectors.ts';
import type { Manifest } from './profiles/manifest.ts';
import { readIdentity, type Identity } from './profiles/tool-answer.ts';
import { isOtherAccount, keptAccount, type Account } from './sign-in/account.ts';
import type { ProfileStore } from './storage/profile-store.ts';
import type { SignInStore } from './storage/sign-in-store.ts';

/** A server that is asked who is signed in is waited for so long. Who it is, is worth that and no more. */
const patienceMs = 20_000;

/** Finds out whose account a profile is where its own server says it, by the rules of its manifest. */
export interface Accounts {
  /** Of a sign-in that is not kept yet; null where nobody can tell. Rejects only with the reason of `signal`. */
  ofSignIn(profile: string, signIn: string, signal: AbortSignal): Promise<Account | null>;
  /** After another token was given: whoever it was before counts no more. */
  forget(profile: string): void;
  /** Of the token a profile has, which it keeps; answers what a person should know. */
  ofToken(profile: string): Promise<string[]>;
  /** Gives up what is being asked. */
  close(): Promise<void>;
}

export function createAccounts(deps: {
  readonly store: Pick<ProfileStore, 'get'>;
  readonly signIns: SignInStore;
  readonly connectors: Pick<Connectors, 'of'>;
  readonly asking: Asking;
  readonly clock: Clock;
  readonly log: Log;
  /** It is known now whose account a profile is. */
  onFound(profile: string): void;
}): Accounts {
  const { store, signIns, clock, log } = deps;
  const closing = new AbortController();
  const open = new Set<Promise<unknown>>();

  function manifestOf(profile: Profile): Manifest | null {
    return profile.launch ? null : deps.connectors.of(profile);
  }

  async function ask(
    profile: Profile,
    manifest: Manifest,
    signIn: string | null,
    outer: AbortSignal,
  ): Promise<Account | null> {
    const late = new AbortController();
    const forget = clock.after(patienceMs, () => late.abort(new Error('the server took too long')));
    const signal = AbortSignal.any([outer, closing.signal, late.signal]);
    const isNarrowed = manifest.narrowing.some((key) => profile.metadata[key]);
    try {
      for (const rule of manifest.identity) {
        if (rule.via !== 'tool' || rule.tool === null || signal.aborted) continue;
        const { tool, scope, arguments: args } = rule;
        const side = { isBase: scope === 'base' && isNarrowed, signIn };
        try {
          const found = await within(
            signal,
            deps.asking(profile, side, signal, async (one) => readIdentity(await one(tool, args), rule)),
          );
          if (found) return toAccount(found);
        } catch (error) {
          // Not to know who it is breaks nothing; the next rule may tell.
          log.info('a server did not say who is signed in', {
            profile: profile.id,
            reason: toNucleusError(error).message,
          });
        }
      }
    } finally {
      forget();
    }
    outer.throwIfAborted();
    return null;
  }

  /** What is asked is known to `close` until it is done. */
  function tracked<T>(work: Promise<T>): Promise<T> {
    open.add(work);
    return work.finally(() => open.delete(work));
  }

  async function findToken(id: string): Promise<string[]> {
    const profile = store.get(id);
    const manifest = profile && manifestOf(profile);
    if (!manifest || manifest.secrets.length === 0 || manifest.auth === 'oauth') return [];
    const found = await ask(profile, manifest, null, new AbortController().signal);
    if (found === null || store.get(id) === null) return [];
    const known = signIns.get(id);
    signIns.change(id, keptAccount(known, found, isOtherAccount(known, found, known.issuer)));
    deps.onFound(id);
    const twins = signIns.sameAccount(signIns.get(id));
    if (twins.length === 0) return [];
    const note = `${twins.join(', ')} is the same account`;
    log.warn('one account in several profiles', { profile: id, reason: note });
    return [note];
  }

  return {
    async ofSignIn(id, signIn, signal) {
      const profile = store.get(id);
      const manifest = profile && manifestOf(profile);
      return manifest ? tracked(ask(profile, manifest, signIn, signal)) : null;
    },
    forget(id) {
      const { subject, tenant, account } = signIns.get(id);
      if (subject !== null || tenant !== null || account !== null)
        signIns.change(id, { subject: null, tenant: null, account: null });
    },
    ofToken: (id) => tracked(findToken(id)),
    async close() {
      closing.abort(new Error('Nucleus is closing'));
      await Promise.allSettled(open);
    },
  };
}

/** A call may be held up where no signal reaches. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const gone = Promise.withResolvers<never>();
  const give = (): void => gone.reject(signal.reason);
  signal.addEventListener('abort', give, { once: true });
  if (signal.aborted) give();
  return Promise.race([work, gone.promise]).finally(() => signal.removeEventListener('abort', give));
}

function toAccount({ subject, tenant, label, email, what, tenants }: Identity): Account {
  const name = label ?? email ?? subject ?? tenant ?? '';
  return { subject, tenant, name: what === null ? name : `${what} ${name}`, by: 'server', tenants };
}
