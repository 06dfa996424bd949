import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Finding } from '../../../src-shared/doctor.ts';
import type { Clock } from '../platform.ts';
import { failBy, warn } from './finding.ts';

/** One look at one thing. */
export interface Check {
  /** What its findings are called; the first one also when it cannot be done. */
  readonly ids: readonly [string, ...string[]];
  /** How long it may take, where it is more than usual. */
  readonly limitMs?: number;
  /** What to do when it takes longer. */
  readonly lateFix?: string;
  look(signal: AbortSignal): readonly Finding[] | Promise<readonly Finding[]>;
}

/** A window that is opened waits no longer. */
export const usualLimitMs = 3_000;
/** Somebody at a terminal rather waits for an answer than for none. */
export const patientLimitMs = 15_000;
/** As many findings of one check are told. */
const maxFindings = 100;

const ranks = { fail: 0, warn: 1, ok: 2 } as const;

/** Does every check at once and tells what they found, worst first. One that fails or hangs is a finding itself. */
export async function examine(
  checks: readonly Check[],
  options: { readonly clock: Clock; readonly limitMs: number; readonly signal: AbortSignal },
): Promise<Finding[]> {
  const running: Promise<readonly Finding[]>[] = [];
  for (const check of checks) {
    // What they do at once adds up, and others want their turn.
    await nextTurn();
    running.push(lookWithin(check, options));
  }
  return worstFirst((await Promise.all(running)).flatMap((findings) => findings.slice(0, maxFindings)));
}

/** Failures, then warnings, then what is fine; nothing is told twice. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  const told = new Map(findings.map((finding) => [JSON.stringify(finding), finding]));
  return [...told.values()].toSorted((a, b) => ranks[a.level] - ranks[b.level]);
}

async function lookWithin(
  check: Check,
  { clock, limitMs: usual, signal }: Parameters<typeof examine>[1],
): Promise<readonly Finding[]> {
  const [id] = check.ids;
  const limitMs = Math.max(usual, check.limitMs ?? 0);
  const over = new AbortController();
  const late = Promise.withResolvers<readonly Finding[]>();
  const forget = clock.after(limitMs, () => {
    over.abort();
    late.resolve([
      // What was not seen may well be fine.
      warn(
        id,
        `the check "${id}" was not done after ${limitMs / 1_000} s`,
        check.lateFix ?? 'try it again when the machine is less busy',
      ),
    ]);
  });
  try {
    return await Promise.race([look(check, AbortSignal.any([signal, over.signal])), late.promise]);
  } catch (error) {
    return [failBy(id, error)];
  } finally {
    forget();
  }
}

/** What throws at once fails like what rejects. */
async function look(check: Check, signal: AbortSignal): Promise<readonly Finding[]> {
  return check.look(signal);
}
