import type {
  ChangedRow,
  ChangedValue,
  Key,
  Only,
  ProfileComparison,
  Table,
  Truncated,
} from './comparison.ts';
import type { Findings } from './findings.ts';
import { compareLimits } from './limits.ts';
import type { TableDiff } from './rows.ts';
import { plain, type Value } from './value.ts';

type Shown = Pick<ProfileComparison, 'counts' | 'tables' | 'added' | 'removed' | 'changed' | 'truncated'>;
type Changed = ChangedRow | ChangedValue;

/** What is shown of the findings: the tables with the most differences first, and of all no more than `bytes`. */
export function cap(found: Findings, bytes: number): Shown {
  const tables = [...found.tables].sort(
    (a, b) => differences(b.table) - differences(a.table) || (a.table.path < b.table.path ? -1 : 1),
  );
  const all = {
    added: [...tables.flatMap(({ added }) => added), ...found.added],
    removed: [...tables.flatMap(({ removed }) => removed), ...found.removed],
    changed: [...tables.flatMap(({ changed }) => changed), ...found.changed] as Changed[],
  };
  const cut = { entries: false, bytes: false, values: false, depth: found.isDeep };
  const first = <T>(list: readonly T[], limit: number): readonly T[] => {
    if (list.length > limit) cut.entries = true;
    return list.slice(0, limit);
  };
  const clip = (value: Value): Value => {
    const [clipped, wasLong] = clipValue(value);
    if (wasLong) cut.values = true;
    return clipped;
  };

  const { entries, cells: maxCells, tables: maxTables } = compareLimits;
  const ready = {
    changed: first(all.changed, entries).map((entry) =>
      clipChanged(entry, clip, (cells) => first(cells, maxCells)),
    ),
    removed: first(all.removed, entries).map((entry) => clipOnly(entry, clip)),
    added: first(all.added, entries).map((entry) => clipOnly(entry, clip)),
  };
  const described = describeTables(first(tables, maxTables), bytes / 2);
  const shown = fill(ready, bytes - described.bytes);
  if (shown.isCut || described.tables.length < Math.min(tables.length, maxTables)) cut.bytes = true;
  const sum = (pick: (table: Table) => number): number =>
    tables.reduce((total, { table }) => total + pick(table), 0);
  return {
    counts: {
      added: all.added.length,
      removed: all.removed.length,
      changed: all.changed.length,
      unchanged: sum(({ unchanged }) => unchanged) + found.unchanged,
    },
    tables: described.tables,
    added: shown.added,
    removed: shown.removed,
    changed: shown.changed,
    truncated: cut satisfies Truncated,
  };
}

/** A name from outside, short enough for a list of names. */
function clipName(name: string): string {
  return clipText(name, compareLimits.nameLength);
}

/** The beginning of a text, never half a character; `…` says that it goes on. */
export function clipText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`;
}

function differences({ added, removed, changed, columns_added, columns_removed }: Table): number {
  return added + removed + changed + (columns_added?.length ?? 0) + (columns_removed?.length ?? 0);
}

function describeTables(diffs: readonly TableDiff[], most: number): { tables: Table[]; bytes: number } {
  const tables: Table[] = [];
  let bytes = 0;
  for (const { table } of diffs) {
    const clipped = clipTable(table);
    const size = Buffer.byteLength(JSON.stringify(clipped)) + 1;
    if (bytes + size > most) break;
    tables.push(clipped);
    bytes += size;
  }
  return { tables, bytes };
}

interface Lists {
  readonly changed: readonly Changed[];
  readonly removed: readonly Only[];
  readonly added: readonly Only[];
}

/** One of each list in turn, until the bytes are used up. */
function fill(lists: Lists, bytes: number): Lists & { readonly isCut: boolean } {
  let left = bytes;
  const taken = { changed: [] as Changed[], removed: [] as Only[], added: [] as Only[] };
  const take = <T>(from: readonly T[], into: T[], at: number): void => {
    const entry = from[at];
    if (entry === undefined || left < 0) return;
    left -= Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (left >= 0) into.push(entry);
  };
  const longest = Math.max(lists.changed.length, lists.removed.length, lists.added.length);
  for (let at = 0; at < longest; at++) {
    if (left < 0) break;
    take(lists.changed, taken.changed, at);
    take(lists.removed, taken.removed, at);
    take(lists.added, taken.added, at);
  }
  return { ...taken, isCut: left < 0 };
}

function clipTable(table: Table): Table {
  const { columns_added, columns_removed, matched_by } = table;
  const names = (list: readonly string[]): string[] => list.slice(0, compareLimits.cells).map(clipName);
  return {
    ...table,
    path: clipName(table.path),
    matched_by: {
      columns: names(matched_by.columns),
      why: clipText(matched_by.why, compareLimits.valueLength),
    },
    ...(columns_added && { columns_added: names(columns_added) }),
    ...(columns_removed && { columns_removed: names(columns_removed) }),
  };
}

function clipOnly(entry: Only, clip: (value: Value) => Value): Only {
  return {
    path: clipName(entry.path),
    ...(entry.key && { key: clipKey(entry.key, clip) }),
    value: clip(entry.value),
  };
}

function clipChanged(
  entry: Changed,
  clip: (value: Value) => Value,
  first: (cells: ChangedRow['cells']) => ChangedRow['cells'],
): Changed {
  const path = clipName(entry.path);
  if (!('cells' in entry)) return { path, before: clip(entry.before), after: clip(entry.after) };
  const cells = first(entry.cells).map(({ column, before, after }) => ({
    column: clipName(column),
    ...(before !== undefined && { before: clip(before) }),
    ...(after !== undefined && { after: clip(after) }),
  }));
  return { path, key: clipKey(entry.key, clip), cells };
}

function clipKey(key: Key, clip: (value: Value) => Value): Key {
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [clipName(name), clip(value)]));
}

/** A long value becomes the beginning of its text. */
function clipValue(value: Value): [clipped: Value, wasLong: boolean] {
  const limit = compareLimits.valueLength;
  const shown = plain(value);
  const text = typeof shown === 'string' ? shown : JSON.stringify(shown);
  if (text.length <= limit) return [shown, false];
  return [`${clipText(text, limit)} (${text.length} characters)`, true];
}
