import { durationPattern, parseDuration } from '../../src-shared/duration.ts';
import { NucleusError } from '../../src-shared/errors.ts';

/** Unix milliseconds of a time a person wrote: so long ago, or a date with or without a time of day where they are. */
export function momentBefore(flag: string, text: string, now: number): number {
  if (durationPattern.test(text)) return now - parseDuration(text);
  const date = /^(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}.*)?$/.exec(text.trim());
  // A date alone would be midnight in UTC.
  const moment = date ? Date.parse(`${date[1]}T${date[2]?.slice(1) ?? '00:00'}`) : NaN;
  if (!Number.isNaN(moment)) return moment;
  throw new NucleusError(
    'USAGE',
    `${flag} wants how long ago, such as 30s, 10m or 2h, or a time such as 2026-11-20T14:00; "${text}" is neither`,
  );
}
