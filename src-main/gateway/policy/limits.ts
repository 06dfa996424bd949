import type { Target } from './decision.ts';

/** Counts calls before they are sent; throws when one is too many. The returned function gives the place back. */
export interface Limits {
  take(target: Target): () => void;
}

export const noLimits: Limits = { take: () => () => {} };
