import { effects, type Effect } from '../../../src-shared/policy.ts';

/** The worst of what parts of a call do; of no parts nothing is known, which is a write. */
export function strongest(all: readonly Effect[]): Effect {
  return effects[Math.max(...all.map((effect) => effects.indexOf(effect)))] ?? 'writes';
}
