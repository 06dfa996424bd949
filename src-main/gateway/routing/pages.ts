import { createHash } from 'node:crypto';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Era } from '../wire/peer.ts';
import { createSeal, type Seal } from './seal.ts';
import type { Row } from './rows.ts';

/** Stock clients drop a connection at 10 MiB; a page stays far below. */
const pageBytes = 1_000_000;
/** Rows before the end of a page that are remembered: if the last one is gone, the list goes on behind one of these. */
const anchors = 8;

/**
 * Where a list goes on, by what stands there: it may change between two pages, and yet no row that stays is shown
 * twice or left out. Rows are named by a hash, so that a cursor stays short.
 */
interface Place {
  /** How many rows were shown, as long as the list is the same. */
  readonly at: number;
  /** The last rows that were shown, the last one first. */
  readonly after: readonly string[];
  /** The first one that was not. */
  readonly before: string;
}

export type Cursors = Seal<Place>;
export const createCursors = createSeal<Place>;

/** Rows of one list in pages. */
export interface Pages {
  /** One page, as rows separated by commas, and the cursor of the next one; throws CURSOR_INVALID. */
  page(cursor: unknown, era: Era): { readonly rows: string; readonly next: string | null };
}

/** Each page is serialised once, when it is first asked for; both eras share it unless a row in it differs. */
export function createPages(rows: readonly Row[], cursors: Cursors, binding: string): Pages {
  const starts = startsOf(rows);
  const texts = new Map<number, Partial<Record<Era, string>>>();
  let positions: ReadonlyMap<string, number> | null = null;

  const endOf = (page: number): number => starts[page + 1] ?? rows.length;

  function textOf(page: number, era: Era): string {
    const known = texts.get(page) ?? {};
    texts.set(page, known);
    const text = (known[era] ??= serialise(rows, starts[page] ?? 0, endOf(page), era));
    const other = era === 'modern' ? 'legacy' : 'modern';
    if (known[other] === text) known[other] = text;
    return text;
  }

  /** The row at which a list goes on; null when nothing of what was there is left. */
  function find({ at, after, before }: Place): number | null {
    const last = rows[at - 1];
    if (last && hashOf(last.key) === after[0]) return at;
    positions ??= new Map(rows.map(({ key }, index) => [hashOf(key), index]));
    for (const shown of after) {
      const index = positions.get(shown);
      if (index !== undefined) return index + 1;
    }
    return positions.get(before) ?? null;
  }

  function open(cursor: unknown): number {
    const place = cursors.open(cursor, binding);
    const start = place && find(place);
    if (start !== null) return start;
    throw new NucleusError(
      'CURSOR_INVALID',
      'this cursor is not one of ours or the list became another; list again without a cursor',
    );
  }

  function cursorAt(at: number): string {
    const after = rows.slice(Math.max(0, at - anchors), at).map(({ key }) => hashOf(key));
    return cursors.seal({ at, after: after.reverse(), before: hashOf(rows[at]?.key ?? '') }, binding);
  }

  return {
    page(cursor, era) {
      const start = cursor === undefined ? 0 : open(cursor);
      const page = starts.findLastIndex((first) => first <= start);
      const end = endOf(page);
      return {
        // The list changed since the cursor was given, so that it points into a page.
        rows: start === starts[page] ? textOf(page, era) : serialise(rows, start, end, era),
        next: end < rows.length ? cursorAt(end) : null,
      };
    },
  };
}

function serialise(rows: readonly Row[], start: number, end: number, era: Era): string {
  return rows
    .slice(start, end)
    .map((row) => jsonFor(row, era))
    .join(',');
}

function jsonFor({ json, translated }: Row, era: Era): string {
  return translated?.era === era ? translated.json : json;
}

/** The first row of each page: the same for both eras. */
function startsOf(rows: readonly Row[]): readonly number[] {
  const starts = [0];
  let size = 0;
  for (const [index, { json, translated }] of rows.entries()) {
    const bytes = Math.max(Buffer.byteLength(json), translated ? Buffer.byteLength(translated.json) : 0);
    if (size > 0 && size + bytes > pageBytes) {
      starts.push(index);
      size = 0;
    }
    size += bytes + 1;
  }
  return starts;
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest().toString('base64url', 0, 9);
}
