import type { Timeline } from '../../src-shared/audit.ts';
import { envName, envNames, type EnvName } from './env-words.ts';

/** One class's part of a bar, in the units of the drawing. */
export interface Bar {
  readonly env: EnvName;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export const barStep = 12;
export const barWidth = 9;
export const chartHeight = 56;
/** Room above the highest bar for the mark of a failure. */
const top = 10;
const base = 50;
const gap = 0.7;
const least = 1.4;

/** Bars of calls by class, the least risky at the bottom, and where a part has a failure. */
export function barsOf(buckets: Timeline['buckets']): {
  readonly bars: readonly Bar[];
  readonly failures: readonly { readonly x: number; readonly y: number }[];
} {
  const most = Math.max(1, ...buckets.map(({ total }) => total));
  const scale = (base - top) / most;
  const bars: Bar[] = [];
  const failures: { x: number; y: number }[] = [];
  for (const [index, bucket] of buckets.entries()) {
    const x = index * barStep + (barStep - barWidth) / 2;
    let y = base;
    for (const env of stackOrder) {
      const calls = bucket.byEnv[env === 'unset' ? 'none' : env] ?? 0;
      if (calls === 0) continue;
      const height = Math.max(least, calls * scale - gap);
      y -= height + gap;
      bars.push({ env, x, y, height });
    }
    if (bucket.failed > 0) failures.push({ x: x + 1, y: Math.max(1, y - 7) });
  }
  return { bars, failures };
}

const stackOrder: readonly EnvName[] = ['dev', 'staging', 'prod', 'personal', 'unset'];

/** Calls by class, riskiest first; classes without a call only where they are usual. */
export function legendOf(buckets: Timeline['buckets']): readonly { env: EnvName; calls: number }[] {
  return envNames
    .map((env) => ({
      env,
      calls: buckets.reduce((sum, { byEnv }) => sum + (byEnv[env === 'unset' ? 'none' : env] ?? 0), 0),
    }))
    .filter(({ env, calls }) => calls > 0 || env !== envName(null));
}

/** How many calls a time within has, as far as it ends where parts end. */
export function countWithin(
  buckets: Timeline['buckets'],
  { since, until }: { readonly since: number; readonly until: number },
): number {
  return buckets
    .filter(({ at }) => at >= Math.floor(since) && at < until - 1)
    .reduce((sum, { total }) => sum + total, 0);
}
