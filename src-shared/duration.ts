import { NucleusError } from './errors.ts';

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** How a duration is written: a number and a unit, one or several; 0 needs no unit. */
export const durationPattern = /^\s*(0|(\d+(ms|s|m|h|d))+)\s*$/;

/** Milliseconds of a duration such as `250ms`, `30s`, `10m`, `2h`, `1d` or `1h30m`; `0` needs no unit. */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  if (!durationPattern.test(trimmed)) {
    throw new NucleusError(
      'USAGE',
      `"${text}" is not a duration; write a number and a unit, such as 30s, 10m or 1h30m`,
    );
  }
  return [...trimmed.matchAll(/(\d+)(ms|s|m|h|d)/g)].reduce(
    (total, [, amount, unit]) => total + Number(amount) * units[unit as keyof typeof units],
    0,
  );
}

/** The age of something as the original prints it: `12s`, `5m`, `3h`, `9d`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
