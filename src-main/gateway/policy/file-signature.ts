import { realpathSync, statSync, type Stats } from 'node:fs';

/** Another one when the file was changed, or another one took its place. Under 2 µs. */
export function signatureOf(path: string): string {
  const stat = statOf(path);
  if (typeof stat === 'string') return stat;
  return `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
}

/** For how many milliseconds the file is as it is; `most` for one that is not there. */
export function ageOf(path: string, now: number, most: number): number {
  const stat = statOf(path);
  if (typeof stat === 'string') return most;
  return Math.min(most, Math.max(0, now - Math.max(stat.mtimeMs, stat.ctimeMs)));
}

/** Behind a link the file is written where it is. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // It is not there yet.
  }
}

/** Why it cannot be told counts as a state of the file too. */
function statOf(path: string): Stats | string {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? 'missing';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
