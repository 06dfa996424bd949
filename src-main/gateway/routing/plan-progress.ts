import type { Params } from '../wire/frame.ts';

/** Fractions are told to so many places; less is no progress anybody sees. */
const precision = 1_000;

/**
 * Makes one progress of that of all steps: how many are done, and of those that run the fraction they tell. It only
 * rises, as the specification asks (2025-11-25, basic/utilities/progress); a step that tells no total counts once
 * it ended.
 */
export function mergeProgress(
  steps: number,
  tell: ((progress: Params) => void) | undefined,
): {
  readonly report: (step: number, progress: Params) => void;
  readonly end: (step: number) => void;
} {
  const parts = Array.from({ length: steps }, () => 0);
  let told = 0;

  const raise = (step: number, part: number, message: unknown): void => {
    parts[step] = Math.max(parts[step] ?? 0, part);
    const sum = parts.reduce((total, each) => total + each, 0);
    const progress = Math.floor(sum * precision + 1e-6) / precision;
    if (progress <= told) return;
    told = progress;
    tell?.({ progress, total: steps, ...(typeof message === 'string' && { message }) });
  };
  return {
    report(step, { progress, total, message }) {
      if (typeof progress !== 'number' || typeof total !== 'number' || !(total > 0)) return;
      // What came after the end, or after the time limit, changes nothing: the part is whole.
      raise(step, Math.min(1, Math.max(0, progress / total)) || 0, message);
    },
    end: (step) => raise(step, 1, undefined),
  };
}
