import * as z from 'zod';
import { Effect, effects, GrantInfo, type EnvClass, type GrantAsked } from '../../../src-shared/policy.ts';
import type { Clock } from '../platform.ts';
import type { Facts } from './decision.ts';

/** Grants open at once; with more, somebody says yes to everything. */
const maxGrants = 200;

/** A person's yes for calls like one they saw, as it is kept. */
export const Grant = GrantInfo.extend({
  /** The most such a call may do: what the one did that was seen. */
  most: Effect,
  /** The policy it was given under; another one is another question. */
  version: z.string(),
});
export type Grant = z.infer<typeof Grant>;

/** Who may do what for how long without being asked again. */
export interface Grants {
  /** Uses one grant for a call; its id, or null where none fits. */
  use(facts: Facts, version: string): string | null;
  /** Whether one fits, without using it. */
  has(facts: Facts, version: string): boolean;
  add(facts: Facts, version: string, asked: GrantAsked): void;
  list(): GrantInfo[];
  revoke(id: string): boolean;
  /** Takes all of a profile back, or all there are. */
  revokeAll(profile?: string): void;
}

export function createGrants(deps: {
  readonly clock: Clock;
  /** Those that outlive a restart. */
  readonly kept: readonly Grant[];
  /** Keeps these for the next start. */
  keep(grants: readonly Grant[]): void;
  envOf(profile: string): EnvClass | null;
  onChange(): void;
}): Grants {
  const { clock } = deps;
  let open: readonly Grant[] = deps.kept;

  function alive(): readonly Grant[] {
    return open.filter(
      ({ endsAt, callsLeft }) =>
        (endsAt === null || endsAt > clock.now()) && (callsLeft === null || callsLeft > 0),
    );
  }

  function put(next: readonly Grant[]): void {
    const isKeptChanged = JSON.stringify(open.filter(isKept)) !== JSON.stringify(next.filter(isKept));
    open = next;
    if (isKeptChanged) deps.keep(next.filter(isKept));
    deps.onChange();
  }

  function find(facts: Facts, version: string): Grant | undefined {
    return alive().find((grant) => fits(grant, facts, version));
  }

  return {
    has: (facts, version) => find(facts, version) !== undefined,
    use(facts, version) {
      const grant = find(facts, version);
      if (!grant) return null;
      if (grant.callsLeft !== null) {
        const used = { ...grant, callsLeft: grant.callsLeft - 1 };
        put(alive().map((one) => (one === grant ? used : one)));
      }
      return grant.id;
    },
    add(
      { principal, client, profile, operation, effect },
      version,
      { scope, minutes, calls, isKept: keeps },
    ) {
      const createdAt = clock.now();
      const grant: Grant = {
        id: crypto.randomUUID(),
        profile,
        env: deps.envOf(profile),
        scope,
        tool: operation,
        client,
        principal,
        createdAt,
        // One without an end is for a number of calls, and nobody remembers it after a day.
        endsAt: createdAt + (minutes ?? 24 * 60) * 60_000,
        callsLeft: calls,
        isKept: keeps,
        most: effect.does,
        version,
      };
      put([...alive().slice(-(maxGrants - 1)), grant]);
    },
    list: () => alive().map(({ most: _most, version: _version, ...info }) => info),
    revoke(id) {
      const left = alive().filter((grant) => grant.id !== id);
      const isThere = left.length < alive().length;
      if (isThere) put(left);
      return isThere;
    },
    revokeAll(profile) {
      const left = profile === undefined ? [] : open.filter((grant) => grant.profile !== profile);
      if (left.length < open.length) put(left);
    },
  };
}

/** Who asks, on which account, with what: all of it is what the person saw, or less. */
function fits(grant: Grant, facts: Facts, version: string): boolean {
  const { principal, client, profile, operation, effect } = facts;
  if (grant.version !== version || grant.profile !== profile) return false;
  if (grant.principal !== principal || grant.client !== client) return false;
  if (grant.scope === 'writes') return effect.does !== 'destroys';
  return grant.tool === operation && effects.indexOf(effect.does) <= effects.indexOf(grant.most);
}

function isKept(grant: Grant): boolean {
  return grant.isKept;
}
