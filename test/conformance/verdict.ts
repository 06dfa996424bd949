import { impossible, type Impossible } from './impossible.ts';
import type { Run } from './pairing.ts';
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

export function judge(run: Run, results: readonly ScenarioResult[]): Verdict {
  const verdict = {
    passed: 0,
    failed: [] as Failure[],
    impossible: [] as (Failure & { reason: string })[],
    unscoredPassed: 0,
    unscoredFailed: [] as Failure[],
    warnings: [] as Failure[],
  };
  for (const { scenario, isScored, checks } of results) {
    const entry = impossible.find((one) => one.scenario === scenario && one.where(run));
    const failing = checks.filter(({ status }) => status === 'FAILURE');
    const warning = checks.filter(({ status }) => status === 'WARNING');
    if (isScored && warning.length > 0) verdict.warnings.push({ scenario, checks: warning });
    if (entry && failing.length === 0) verdict.failed.push({ scenario, checks: [stale] });
    else if (entry && failing.every((check) => isMeant(entry, check)))
      verdict.impossible.push({ scenario, checks: failing, reason: entry.reason });
    else if (failing.length > 0)
      (isScored ? verdict.failed : verdict.unscoredFailed).push({ scenario, checks: failing });
    else if (isScored) verdict.passed += 1;
    else verdict.unscoredPassed += 1;
  }
  return verdict;
}

const stale: Check = {
  id: 'impossible.ts',
  status: 'FAILURE',
  description: 'Only what cannot exist is excused',
  errorMessage: 'passes, and is to be taken out of test/conformance/impossible.ts',
};

function isMeant(entry: Impossible, { id, errorMessage = '' }: Check): boolean {
  return id === entry.check && entry.message.test(errorMessage);
}
