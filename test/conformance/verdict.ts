import { impossible } from './impossible.ts';
import type { Pairing } from './pairing.ts';
import type { Check, ScenarioResult } from './suite.ts';

export interface Failure {
  readonly scenario: string;
  readonly checks: readonly Check[];
}

/** What one run of the suite came to. */
export interface Verdict {
  readonly passed: number;
  readonly failed: readonly Failure[];
  /** Failures that the specification makes unavoidable in this pairing. */
  readonly impossible: readonly (Failure & { readonly reason: string })[];
  readonly unscoredPassed: number;
  readonly unscoredFailed: readonly Failure[];
  readonly warnings: readonly Failure[];
}

export function judge(pairing: Pairing, results: readonly ScenarioResult[]): Verdict {
  const verdict = {
    passed: 0,
    failed: [] as Failure[],
    impossible: [] as (Failure & { reason: string })[],
    unscoredPassed: 0,
    unscoredFailed: [] as Failure[],
    warnings: [] as Failure[],
  };
  for (const { scenario, isScored, checks } of results) {
    const failure = { scenario, checks: checks.filter(({ status }) => status === 'FAILURE') };
    const warning = { scenario, checks: checks.filter(({ status }) => status === 'WARNING') };
    if (isScored && warning.checks.length > 0) verdict.warnings.push(warning);
    const hasFailed = failure.checks.length > 0;
    const reason = pairing.isDirect ? null : whyImpossible(pairing, failure);
    if (hasFailed && reason !== null) verdict.impossible.push({ ...failure, reason });
    else if (hasFailed) (isScored ? verdict.failed : verdict.unscoredFailed).push(failure);
    else if (isScored) verdict.passed += 1;
    else verdict.unscoredPassed += 1;
  }
  return verdict;
}

function whyImpossible(pairing: Pairing, { scenario, checks }: Failure): string | null {
  const entry = impossible.find((one) => one.scenario === scenario && one.where(pairing));
  return entry && checks.every(({ id }) => entry.checks.includes(id)) ? entry.reason : null;
}
