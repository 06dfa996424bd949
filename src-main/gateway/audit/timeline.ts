import type { Timeline } from '../../../src-shared/audit.ts';
import type { EnvClass } from '../../../src-shared/policy.ts';
import { outcomeOf, profileOfKind, type Kind } from './kind.ts';

/** Counts calls by equal parts of a time. */
export function countTimeline(asked: {
  /** Unix milliseconds: the beginning, and what is too late. */
  readonly since: number;
  readonly until: number;
  readonly buckets: number;
  readonly envOf: (profile: string) => EnvClass | null;
}): {
  /** Time, kind and duration of some calls. */
  add(
    kinds: ReadonlyMap<number, Kind>,
    facts: readonly (readonly [at: number, kind: number, duration: number])[],
  ): void;
  result(): Omit<Timeline, 'isComplete'>;
} {
  const { since, until } = asked;
  const width = (until - since) / asked.buckets;
  const buckets = Array.from({ length: asked.buckets }, (_, index) => ({
    at: Math.floor(since + index * width),
    total: 0,
    failed: 0,
    blocked: 0,
    byEnv: {} as Record<string, number>,
  }));
  /** Milliseconds, and how many calls needed them. */
  const durations = new Map<number, number>();

  return {
    add(kinds, facts) {
      const described = new Map<number, { end: 'ok' | 'failed' | 'blocked'; env: string }>();
      for (const [at, kind, duration] of facts) {
        const bucket = buckets[Math.floor((at - since) / width)];
        if (!bucket) continue;
        let call = described.get(kind);
        if (!call) described.set(kind, (call = describe(kinds.get(kind))));
        bucket.total++;
        bucket.byEnv[call.env] = (bucket.byEnv[call.env] ?? 0) + 1;
        if (call.end === 'failed') bucket.failed++;
        if (call.end === 'blocked') bucket.blocked++;
        else durations.set(duration, (durations.get(duration) ?? 0) + 1);
      }
    },
    result: () => ({
      buckets,
      total: sum(buckets.map(({ total }) => total)),
      failed: sum(buckets.map(({ failed }) => failed)),
      blocked: sum(buckets.map(({ blocked }) => blocked)),
      p95: percentile(durations, 0.95),
    }),
  };

  function describe(kind: Kind | undefined): { end: 'ok' | 'failed' | 'blocked'; env: string } {
    if (!kind) return { end: 'failed', env: 'none' };
    const outcome = outcomeOf(kind).toLowerCase();
    const end = outcome === 'ok' || outcome === 'blocked' ? outcome : 'failed';
    return { end, env: asked.envOf(profileOfKind(kind)) ?? 'none' };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** The least of the values that so large a part of all do not pass. */
function percentile(counts: ReadonlyMap<number, number>, part: number): number | null {
  const total = sum([...counts.values()]);
  let seen = 0;
  for (const [value, count] of [...counts].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= total * part) return value;
  }
  return null;
}
