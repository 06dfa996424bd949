import type { Effect } from '../../../src-shared/policy.ts';
import { isObject } from '../wire/frame.ts';

/**
 * What an aggregation of MongoDB does; null when it is none. It reads unless one of its stages puts the result
 * somewhere: `$out` in the place of a collection, `$merge` into one.
 */
export function judgePipeline(stages: unknown): Effect | null {
  if (!Array.isArray(stages) || !stages.every(isObject)) return null;
  let does: Effect = 'reads';
  const open: unknown[] = [...(stages as unknown[])];
  while (open.length > 0) {
    const at = open.pop();
    if (Array.isArray(at)) for (const item of at) open.push(item);
    if (!isObject(at)) continue;
    if (Object.hasOwn(at, '$out')) return 'destroys';
    if (Object.hasOwn(at, '$merge')) does = 'writes';
    for (const value of Object.values(at)) open.push(value);
  }
  return does;
}
