import type { Run } from './pairing.ts';

export interface Impossible {
  readonly scenario: string;
  /** The one check of it that fails, and in these words; anything else that fails counts. */
  readonly check: string;
  readonly message: RegExp;
  readonly reason: string;
  where(run: Run): boolean;
}

/**
 * What no gateway can pass in a pairing, because the two revisions of the protocol do not allow it. They are run all
 * the same, and one that passes fails the run: it is to be taken out. What the specification leaves to the gateway,
 * however hard, has no place here.
 */
export const impossible: readonly Impossible[] = [
  {
    scenario: 'input-required-result-basic-elicitation',
    check: 'sep-2322-elicitation-incomplete',
    message: /^inputRequests missing expected key "user_name"$/,
    reason:
      'wants the upstream’s own key "user_name" in inputRequests; elicitation/create of 2025-11-25 carries no key, so the gateway has to make one up',
    where: isModernBeforeLegacy,
  },
];

function isModernBeforeLegacy(run: Run): boolean {
  return run.role === 'server' && !run.isDirect && run.set === '2026-07-28' && run.upstream.era === 'legacy';
}
