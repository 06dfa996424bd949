import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { isObject, parseJson, type Params } from '../wire/frame.ts';
import type { Comparison, ComparisonFailure, Side } from './compare/comparison.ts';
import { planLimits, type Plan, type Step } from './plan.ts';
import { mergeProgress } from './plan-progress.ts';

/** Calls the tool of one step, by the one road of every call. */
export type CallStep = (
  step: Step,
  options: { readonly signal: AbortSignal; readonly onProgress: (progress: Params) => void },
) => Promise<StepAnswer>;

export interface StepAnswer {
  /** The tool's whole result as JSON, as it came. */
  readonly result: Uint8Array;
  /** The tool called it an error. */
  readonly isError: boolean;
}

/** What one step came to; `planReply` writes it for the model. */
export interface StepOutcome {
  readonly index: number;
  readonly name: string;
  readonly profile: string;
  /** Beside an `error` where the tool called it one. */
  readonly result?: Uint8Array;
  readonly error?: string;
  readonly duration_ms: number;
}

export interface PlanOutcome {
  readonly steps: number;
  readonly successes: number;
  readonly failures: number;
  readonly parallelism: number;
  /** In the order of the steps. */
  readonly results: readonly StepOutcome[];
  readonly comparison?: Comparison | ComparisonFailure;
}

export interface PlanOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Params) => void) | undefined;
  /** Needed for plans that compare; see compare/comparer.ts. */
  readonly compare?: (
    sides: readonly Side[],
    options: { readonly base: string | undefined; readonly signal: AbortSignal | undefined },
  ) => Promise<Comparison | ComparisonFailure>;
}

/**
 * Runs all steps, so many at once; one that fails or takes too long leaves the others alone. Rejects only when the
 * caller cancels, which cancels every step.
 */
export async function runPlan(plan: Plan, callStep: CallStep, options: PlanOptions): Promise<PlanOutcome> {
  const { signal } = options;
  const progress = mergeProgress(plan.steps.length, options.onProgress);
  const results: StepOutcome[] = [];
  const { promise: cancelled, reject } = Promise.withResolvers<never>();
  // Where nobody cancels, nobody waits for it either.
  cancelled.catch(() => {});
  const cancel = (): void =>
    reject(new NucleusError('CALL_CANCELLED', 'the plan was cancelled; steps that had begun may have run'));
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });

  const waiting = [...plan.steps];
  const work = async (): Promise<void> => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      if (signal?.aborted) return;
      const { index } = step;
      results[index] = await runStep(step, plan, callStep, options, (each) => progress.report(index, each));
      progress.end(index);
    }
  };
  try {
    await Promise.race([Promise.all(Array.from({ length: plan.parallelism }, work)), cancelled]);
    const failures = results.filter(({ error }) => error !== undefined).length;
    const comparing =
      plan.compare && options.compare
        ? options.compare(sidesOf(results), { base: baseOf(plan, results), signal })
        : null;
    const comparison = comparing && (await Promise.race([comparing, cancelled]));
    return {
      steps: plan.steps.length,
      successes: results.length - failures,
      failures,
      parallelism: plan.parallelism,
      results,
      ...(comparison && { comparison }),
    };
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

async function runStep(
  step: Step,
  { timeout }: Plan,
  callStep: CallStep,
  { clock, signal }: PlanOptions,
  onProgress: (progress: Params) => void,
): Promise<StepOutcome> {
  const { index, name, profile } = step;
  const startedAt = clock.now();
  const end = (rest: Pick<StepOutcome, 'result' | 'error'>): StepOutcome => ({
    index,
    name,
    profile,
    ...rest,
    duration_ms: clock.now() - startedAt,
  });
  const limit = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const forgetLimit = clock.after(timeout, () => {
    const error = new NucleusError(
      'UPSTREAM_TIMEOUT',
      `no answer from ${profile} within ${timeout} ms; the call was cancelled and may have run. Raise timeout_ms, or call ${name} by itself`,
      { profile },
    );
    reject(error);
    limit.abort(error);
  });
  try {
    const both = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
    // Raced, because a step that does not hear the signal must not hold up the plan.
    const { result, isError } = await Promise.race([callStep(step, { signal: both, onProgress }), late]);
    return end({ result, ...(isError && { error: errorIn(result) }) });
  } catch (thrown) {
    return end({ error: toNucleusError(thrown).message });
  } finally {
    forgetLimit();
  }
}

/** What a result that is an error says: its first text. */
function errorIn(json: Uint8Array): string {
  const result = parseJson(json);
  const content: unknown = isObject(result) ? result['content'] : null;
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  const text = blocks.find((block) => isObject(block) && block['type'] === 'text');
  const said = isObject(text) ? text['text'] : null;
  if (typeof said !== 'string') return 'the tool called it an error, and gave no text';
  return said.length > planLimits.error ? `${said.slice(0, planLimits.error)}…` : said;
}

/** A step that has no result is compared as the error it is, and so named among what was not compared. */
function sidesOf(results: readonly StepOutcome[]): Side[] {
  return results.map(({ index, profile, result, error }) => ({
    profile: labelOf(index, profile, results),
    json: result ?? JSON.stringify({ isError: true, content: [{ type: 'text', text: error ?? 'failed' }] }),
  }));
}

/** Its profile says which step is meant, unless several steps have the same. */
function labelOf(index: number, profile: string, steps: readonly { readonly profile: string }[]): string {
  return steps.filter((step) => step.profile === profile).length === 1
    ? profile
    : `${profile} steps[${index}]`;
}

function baseOf(plan: Plan, results: readonly StepOutcome[]): string | undefined {
  const base = plan.compare?.base;
  const step = results.find(({ profile }) => profile === base);
  return step && labelOf(step.index, step.profile, results);
}
