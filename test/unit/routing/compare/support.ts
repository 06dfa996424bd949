import { compareResults } from '../../../../src-main/gateway/routing/compare/compare.ts';
import type {
  Comparison,
  ProfileComparison,
} from '../../../../src-main/gateway/routing/compare/comparison.ts';

/** The JSON of a result with structured content. */
export function structured(value: unknown): string {
  return JSON.stringify({ content: [], structuredContent: value });
}

/** The JSON of a result with one block of text for each of these. */
export function said(...texts: readonly string[]): string {
  return JSON.stringify({ content: texts.map((text) => ({ type: 'text', text })) });
}

export function compareTwo(base: string, other: string): Comparison {
  return compareResults([
    { profile: 'db:prod', json: base },
    { profile: 'db:staging', json: other },
  ]);
}

/** What is said of the second of two. */
export function difference(base: string, other: string): ProfileComparison {
  const [only] = compareTwo(base, other).profiles;
  if (!only) throw new Error('nothing was compared');
  return only;
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
