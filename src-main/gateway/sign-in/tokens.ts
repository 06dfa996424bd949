import { createHash } from 'node:crypto';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import type { SignInStore } from '../storage/sign-in-store.ts';
import type { Authorization, Refusal } from '../upstream/authorization.ts';
import { hasScopes, joinScopes, readChallenge, type Challenge } from './challenge.ts';
import { reasons, signInRequired, type Reason } from './errors.ts';
import { isFor, type Grant } from './grant.ts';
import type { Grants } from './grants.ts';
import type { Renewal } from './refresh.ts';

/** A token this close to its end is renewed beside the calls, one closer is waited for; of a short life, parts of it. */
const soonMs = 60_000;
const endMs = 3_000;
/** After a try that came to nothing the server is left alone for a while. */
const pauseMs = 5_000;
/** How long closing waits for renewals under way: one that is lost costs a sign-in. */
const closeMs = 5_000;

export interface Tokens {
  /** The authorization of the requests to a profile's server; `isNeeded` where its connector says that nothing goes without. */
  open(profile: string, server: URL, isNeeded: boolean): Promise<Authorization>;
  /** What the server of a profile said last about signing in. */
  challengeOf(profile: string): Challenge | null;
  /** Another sign-in took the place of the one there was, or it is gone. */
  changed(profile: string): void;
  close(): Promise<void>;
}

/**
 * Access tokens, renewed before they end. However many calls wait for it, a grant is renewed once at a time: a second
 * use of a refresh token would end every sign-in of the account (RFC 9700, section 4.14.2).
 */
export function createTokens(deps: {
  readonly grants: Grants;
  readonly store: SignInStore;
  readonly clock: Clock;
  readonly log: Log;
  renew(grant: Grant): Promise<Renewal>;
  /** A person has to see to a profile, or need not any more. */
  onChange(profile: string): void;
}): Tokens {
  const { grants, store, clock, log } = deps;
  const flights = new Map<string, Promise<void>>();
  const challenges = new Map<string, Challenge>();
  const pauses = new Map<string, { readonly until: number; readonly error: NucleusError }>();

  /** A short life is not spent on renewing. */
  function isLeft(grant: Grant, milliseconds: number): boolean {
    if (grant.expiresAt === null) return true;
    return grant.expiresAt - clock.now() > Math.min(milliseconds, (grant.lifetime ?? Infinity) / 5);
  }

  function problem(profile: string, reason: Reason): NucleusError {
    if (store.get(profile).problem !== reason) {
      store.change(profile, { problem: reason });
      log.warn('a profile needs a sign-in', { profile, reason: reasons[reason] });
      deps.onChange(profile);
    }
    return signInRequired(profile, reason);
  }

  function knownProblem(profile: string): NucleusError | null {
    const reason = store.get(profile).problem;
    return reason !== null && Object.hasOwn(reasons, reason)
      ? signInRequired(profile, reason as Reason)
      : null;
  }

  function renewOnce(profile: string): Promise<void> {
    let flight = flights.get(profile);
    if (!flight) {
      flight = renewNow(profile).finally(() => flights.delete(profile));
      flights.set(profile, flight);
    }
    return flight;
  }

  async function renewNow(profile: string): Promise<void> {
    const grant = grants.held(profile);
    if (!grant) throw signInRequired(profile, 'signed-out');
    // Found out by the last one, while the answer to this request was on its way.
    const known = knownProblem(profile);
    if (known) throw known;
    const pause = pauses.get(profile);
    if (pause && pause.until > clock.now()) throw pause.error;
    const isMachine = grant.kind === 'machine';
    if (grant.refresh === null && !isMachine) throw problem(profile, 'expired');
    const mark = isMachine ? null : hash(grant.refresh ?? '');
    // Found before it was set: whoever used this token did not live to see the answer.
    if (mark !== null && grant.rotates !== false && store.get(profile).refreshing === mark)
      throw problem(profile, 'interrupted');
    store.change(profile, { refreshing: mark });
    const renewal = await deps.renew(grant);
    // Signed in anew, renamed or removed meanwhile.
    if (grants.held(profile) !== grant) return;
    if (renewal.kind === 'renewed') {
      pauses.delete(profile);
      await grants.save(
        profile,
        renewal.grant,
        { refreshing: null, problem: null },
        () => grants.held(profile) === grant,
      );
      log.debug('token renewed', { profile });
      return;
    }
    if (renewal.kind === 'refused') {
      store.change(profile, { refreshing: null });
      log.info('token not renewed', { profile, code: renewal.code });
      const isClient = renewal.code === 'invalid_client' || renewal.code === 'unauthorized_client';
      throw problem(profile, isClient ? 'client' : 'ended');
    }
    if (renewal.kind === 'unavailable') store.change(profile, { refreshing: null });
    log.warn('token could not be renewed', { profile, reason: renewal.why });
    const error = new NucleusError(
      'UPSTREAM_UNREACHABLE',
      `the sign-in of ${profile} could not be renewed: ${new URL(grant.issuer).host} did not answer as it should; call again in a moment`,
      { profile, outcome: 'not-run' },
    );
    pauses.set(profile, { until: clock.now() + pauseMs, error });
    throw error;
  }

  /** Begins to renew what ends soon; the calls go on with what there is. */
  function renewBeside(profile: string, grant: Grant): void {
    if (grant.refresh === null && grant.kind === 'person') return;
    if (flights.has(profile) || (pauses.get(profile)?.until ?? 0) > clock.now()) return;
    if (grant.rotates !== false && grant.refresh !== null && store.get(profile).refreshing !== null) return;
    renewOnce(profile).catch(() => {
      // Said in the log; the calls hear of it when the token has ended.
    });
  }

  function stepUp(profile: string, challenge: Challenge): NucleusError {
    const { scopeAsked } = store.get(profile);
    const grant = grants.held(profile);
    const named = challenge.scope === null ? '' : ` (${challenge.scope})`;
    // Asked for once and not given, or given and not enough: asking again would go on for ever.
    if (challenge.scope === null || hasScopes(scopeAsked, challenge.scope))
      return new NucleusError(
        'UPSTREAM_REFUSED',
        `the server of ${profile} wants more rights${named}, which its sign-in was asked for and does not have; ` +
          `give them to the account there, then run nucleus sign-in ${profile}`,
        { profile, outcome: 'not-run', scope: challenge.scope },
      );
    store.change(profile, { scopeWanted: joinScopes(scopeAsked, grant?.scope, challenge.scope) });
    deps.onChange(profile);
    return signInRequired(profile, 'scope', named);
  }

  return {
    challengeOf: (profile) => challenges.get(profile) ?? null,
    changed(profile) {
      challenges.delete(profile);
      pauses.delete(profile);
    },
    async close() {
      const late = Promise.withResolvers<void>();
      const forget = clock.after(closeMs, late.resolve);
      await Promise.race([Promise.allSettled(flights.values()), late.promise]);
      forget();
    },
    async open(profile, server, isNeeded) {
      const found = await grants.load(profile);
      if (found && !isFor(found, server)) throw signInRequired(profile, 'address');
      // There was a sign-in: without its token a server might answer as to anybody.
      if (!found && store.get(profile).issuer !== null) throw signInRequired(profile, 'lost');
      if (!found && isNeeded) throw signInRequired(profile, 'signed-out');
      const authorization = authorizationOf(profile, server);
      if (found) await authorization.fresh();
      return authorization;
    },
  };

  function authorizationOf(profile: string, server: URL): Authorization {
    const header = (grant: Grant): string => `Bearer ${grant.access}`;
    const grantNow = (): Grant | null => {
      const grant = grants.held(profile);
      return grant && isFor(grant, server) ? grant : null;
    };

    async function fresh(): Promise<string | null> {
      const grant = grantNow();
      const known = knownProblem(profile);
      if (known) throw known;
      if (!grant) return null;
      if (!isLeft(grant, endMs)) await renewOnce(profile);
      const now = grantNow();
      return now && header(now);
    }

    async function refused({ status, challenge, sent, isSecond }: Refusal): Promise<void> {
      const read = readChallenge(challenge);
      if (status === 403) throw stepUp(profile, read ?? { resourceMetadata: null, scope: null, error: null });
      if (read) challenges.set(profile, read);
      const grant = grantNow();
      if (!grant) throw knownProblem(profile) ?? signInRequired(profile, 'signed-out');
      // Somebody renewed it while the request was on its way.
      if (!isSecond && sent !== header(grant)) return;
      if (isSecond) throw problem(profile, 'refused');
      await renewOnce(profile);
    }

    return {
      current() {
        const grant = grantNow();
        if (!grant) return null;
        if (store.get(profile).problem !== null || !isLeft(grant, endMs)) return undefined;
        if (!isLeft(grant, soonMs)) renewBeside(profile, grant);
        return header(grant);
      },
      fresh,
      concerns: (status, challenge) =>
        status === 401 || (status === 403 && readChallenge(challenge)?.error === 'insufficient_scope'),
      refused,
      secrets() {
        const grant = grants.held(profile);
        return grant ? [grant.access, grant.refresh ?? ''] : [];
      },
    };
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
