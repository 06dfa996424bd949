import { isReservedName } from '../../../src-shared/tool-name.ts';
import { isObject, type Params } from '../wire/frame.ts';

/** What `nucleus_call_plan` takes at most; above `parallelism` it is lowered, above all others it is an error. */
export const planLimits = {
  steps: 32,
  parallelism: 16,
  timeout: 600_000,
  /** Characters of what a caller wrote that are repeated in an error. */
  quoted: 120,
  /** Characters of what a tool called an error that are repeated beside its result. */
  error: 4_000,
} as const;

const defaultParallelism = 4;
const defaultTimeout = 60_000;

export interface Step {
  readonly index: number;
  /** The exposed name. */
  readonly name: string;
  /** The shared arguments and, before them, the step's own. */
  readonly arguments: Params;
  readonly profile: string;
}

/** A plan all of whose steps could be called. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly parallelism: number;
  /** Milliseconds for each step. */
  readonly timeout: number;
  readonly isDryRun: boolean;
  /** Null: nothing is compared. */
  readonly compare: { readonly base: string | undefined } | null;
}

/**
 * Where a step leads; what to say of a name that leads nowhere: the nearest names, what to call first; or what is wrong
 * with its arguments.
 */
export type LookUp = (
  step: Pick<Step, 'index' | 'name' | 'arguments'>,
) => { readonly profile: string } | { readonly help: string } | { readonly problem: string };

/**
 * The plan that the arguments of `nucleus_call_plan` ask for, or one sentence about what is wrong. Nothing is called
 * before the whole of it was looked at.
 */
export function readPlan(input: Params, lookUp: LookUp): Plan | { readonly error: string } {
  const given = input['steps'];
  const shared = input['shared_arguments'] ?? {};
  const flaws = [
    stepsFlaw(given),
    isObject(shared) ? null : 'shared_arguments must be an object',
    numberFlaw(input, 'parallelism', null),
    numberFlaw(input, 'timeout_ms', planLimits.timeout),
    ...['dry_run', 'compare'].map((name) => flagFlaw(input, name)),
  ];
  const flaw = flaws.find((each) => each !== null);
  if (flaw) return { error: flaw };

  const steps: Step[] = [];
  for (const [index, step] of (given as readonly unknown[]).entries()) {
    const read = readStep(index, step, shared as Params, lookUp);
    if ('error' in read) return read;
    steps.push(read);
  }
  const compare = readCompare(input, steps);
  if (compare && 'error' in compare) return compare;
  const parallelism = (input['parallelism'] ?? defaultParallelism) as number;
  return {
    steps,
    parallelism: Math.min(parallelism, planLimits.parallelism, steps.length),
    timeout: (input['timeout_ms'] ?? defaultTimeout) as number,
    isDryRun: input['dry_run'] === true,
    compare,
  };
}

function stepsFlaw(steps: unknown): string | null {
  if (!Array.isArray(steps) || steps.length === 0) return 'steps is required and must be a non-empty array';
  if (steps.length <= planLimits.steps) return null;
  return `too many steps: ${steps.length} > ${planLimits.steps}. Split the plan into several calls`;
}

/** Models write numbers as words, halves and worse; nothing that is no whole number is guessed at. */
function numberFlaw(input: Params, name: string, most: number | null): string | null {
  const value = input[name];
  if (value === undefined || value === null) return null;
  const isFine = typeof value === 'number' && Number.isInteger(value) && value >= 1;
  if (isFine && (most === null || value <= most)) return null;
  const range = most === null ? '1 or more' : `from 1 to ${most}`;
  return `${name} must be a whole number, ${range}; it was ${quote(value)}`;
}

function flagFlaw(input: Params, name: string): string | null {
  const value = input[name];
  return value === undefined || value === null || typeof value === 'boolean'
    ? null
    : `${name} must be true or false; it was ${quote(value)}`;
}

function readStep(
  index: number,
  step: unknown,
  shared: Params,
  lookUp: LookUp,
): Step | { readonly error: string } {
  const place = `steps[${index}]`;
  if (!isObject(step)) return { error: `${place} must be an object` };
  const { name } = step;
  if (typeof name !== 'string' || name === '') return { error: `${place}.name is required` };
  const own = step['arguments'] ?? {};
  // Taken for {}, as the original does, what the caller meant to restrict a call by would be lost.
  if (!isObject(own)) return { error: `${place}.arguments must be an object; it was ${quote(own)}` };
  if (isReservedName(name))
    return {
      error: `${place}: ${quote(name)} is a tool of Nucleus itself, and a plan calls tools of profiles only. Call it outside of the plan`,
    };
  const merged = { index, name, arguments: { ...shared, ...own } };
  const found = lookUp(merged);
  if ('problem' in found) return { error: `${place}: ${found.problem}` };
  if ('help' in found) return { error: `${place}: unknown tool ${quote(name)}. ${found.help}`.trimEnd() };
  return { ...merged, profile: found.profile };
}

function readCompare(input: Params, steps: readonly Step[]): Plan['compare'] | { readonly error: string } {
  const base = input['compare_base'] ?? undefined;
  if (input['compare'] !== true)
    return base === undefined
      ? null
      : { error: 'compare_base says what to compare with; it needs compare: true' };
  if (steps.length < 2) return { error: 'compare needs two steps or more' };
  const profiles = [...new Set(steps.map(({ profile }) => profile))];
  if (base === undefined) return { base };
  if (typeof base === 'string' && profiles.includes(base)) return { base };
  return {
    error: `compare_base must be the profile of a step: ${profiles.join(', ')}; it was ${quote(base)}`,
  };
}

function quote(value: unknown): string {
  // NaN and Infinity, which JSON cannot hold, may come from within the process.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > planLimits.quoted ? `${text.slice(0, planLimits.quoted)}…` : text;
}
