import type { RefusedSide, Side } from './comparison.ts';
import { compareLimits } from './limits.ts';

/** The sides without the results that are too many or too large to be compared. */
export function refuseLarge(sides: readonly (Side | RefusedSide)[]): readonly (Side | RefusedSide)[] {
  let total = 0;
  return sides.map((side, at) => {
    if ('problem' in side) return side;
    const problem = problemOf(side.json.length, at, total);
    if (problem !== null) return { profile: side.profile, problem };
    total += side.json.length;
    return side;
  });
}

function problemOf(size: number, at: number, before: number): string | null {
  const { profiles, inputBytes, totalBytes } = compareLimits;
  if (at >= profiles) return `no more than ${profiles} results are compared at once`;
  if (size > inputBytes)
    return `its result has ${mebibytes(size)} MiB, and no more than ${mebibytes(inputBytes)} are compared; ask for less`;
  if (before + size > totalBytes)
    return `all results together have more than ${mebibytes(totalBytes)} MiB; compare fewer profiles, or ask for less`;
  return null;
}

function mebibytes(bytes: number): string {
  return String(Math.round((bytes / 1024 / 1024) * 10) / 10);
}
