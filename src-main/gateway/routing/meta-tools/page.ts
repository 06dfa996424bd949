import { NucleusError } from '../../../../src-shared/errors.ts';
import type { Params } from '../../wire/frame.ts';

const maxOffset = 10_000;

/** Which part of the hits a caller asks for; an error that says what was expected. */
export function readPage(
  { limit, cursor }: Params,
  {
    most,
    otherwise,
    question,
  }: { readonly most: number; readonly otherwise: number; readonly question: string },
): { readonly limit: number; readonly offset: number } | NucleusError {
  const asked = limit === undefined ? otherwise : limit;
  if (typeof asked !== 'number' || !Number.isInteger(asked) || asked < 1)
    return new NucleusError('ARGUMENTS_INVALID', `limit must be a whole number from 1 to ${most}`);
  const offset = cursor === undefined ? 0 : offsetOf(cursor);
  if (offset === null)
    return new NucleusError(
      'ARGUMENTS_INVALID',
      `cursor must be the next_cursor of an answer to the same ${question}`,
    );
  return { limit: Math.min(asked, most), offset };
}

/** The cursor of the hits behind these; undefined where there are none, or too many went before. */
export function cursorAfter(offset: number, shown: number, total: number): string | undefined {
  const next = offset + shown;
  return shown > 0 && next < total && next <= maxOffset ? String(next) : undefined;
}

/** Where a page begins; null for what no answer gave. */
function offsetOf(cursor: unknown): number | null {
  if (typeof cursor !== 'string' || !/^[1-9]\d{0,4}$/.test(cursor)) return null;
  return Number(cursor) <= maxOffset ? Number(cursor) : null;
}
