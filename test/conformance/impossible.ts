import type { Pairing } from './pairing.ts';

export interface Impossible {
  readonly scenario: string;
  /** Only these checks of it; any other that fails counts. */
  readonly checks: readonly string[];
  readonly reason: string;
  where(pairing: Pairing): boolean;
}

/**
 * What no gateway can pass in a pairing, because the two revisions of the protocol do not allow it. They are run all
 * the same. What the specification leaves to the gateway, however hard, has no place here.
 */
export const impossible: readonly Impossible[] = [
  {
    scenario: 'input-required-result-basic-elicitation',
    checks: ['sep-2322-elicitation-incomplete'],
    reason:
      'wants the upstream’s own key "user_name" in inputRequests; elicitation/create of 2025-11-25 carries no key, so the gateway has to make one up',
    where: isModernBeforeLegacy,
  },
];

function isModernBeforeLegacy({ set, upstream }: Pairing): boolean {
  return set === '2026-07-28' && upstream.era === 'legacy';
}
