import { diffCells } from './cells.ts';
import type { ChangedRow, Key, Only, Table } from './comparison.ts';
import { findRowKey } from './row-key.ts';
import { cellOf, identity, inOrder, type Row, type Value } from './value.ts';

/** A table with all that differs in it. */
export interface TableDiff {
  readonly table: Table;
  readonly added: readonly Only[];
  readonly removed: readonly Only[];
  readonly changed: readonly ChangedRow[];
}

/** Compares two lists of objects, each row with the one that has the same key, or the same content. */
export function diffRows(
  path: string,
  base: readonly Row[],
  other: readonly Row[],
  onDeep: () => void,
): TableDiff {
  const [added, removed] = [columnsOnlyIn(other, base), columnsOnlyIn(base, other)];
  const except = new Set([...added, ...removed]);
  const { matchedBy, of } = findRowKey(base, other);
  const { columns } = matchedBy;
  const common = (row: Row): Row =>
    except.size === 0 ? row : Object.fromEntries(Object.entries(row).filter(([name]) => !except.has(name)));
  const idOf = columns.length > 0 ? of : (row: Row): string => identity(common(row));
  const { pairs, left, right, reordered } = match(base, other, idOf);

  const changed: ChangedRow[] = [];
  // Rows that were matched by all they hold are the same.
  if (columns.length > 0)
    for (const [before, after] of pairs) {
      const cells = diffCells(before, after, except, onDeep);
      if (cells.length > 0) changed.push({ path, key: keyOf(before, columns), cells });
    }
  const only = (row: Row): Only => ({
    path,
    ...(columns.length > 0 && { key: keyOf(row, columns) }),
    value: row,
  });
  return {
    table: {
      path,
      rows: { base: base.length, profile: other.length },
      matched_by: matchedBy,
      ...(added.length > 0 && { columns_added: added }),
      ...(removed.length > 0 && { columns_removed: removed }),
      ...(reordered && { reordered }),
      added: right.length,
      removed: left.length,
      changed: changed.length,
      unchanged: pairs.length - changed.length,
    },
    added: sorted(right.map(only)),
    removed: sorted(left.map(only)),
    changed: changed.sort((a, b) => b.cells.length - a.cells.length || byKey(a.key, b.key)),
  };
}

interface Matching {
  readonly pairs: readonly (readonly [Row, Row])[];
  readonly left: readonly Row[];
  readonly right: readonly Row[];
  readonly reordered: boolean;
}

/** Rows with the same id are paired in the order in which they come; an id may come several times. */
function match(base: readonly Row[], other: readonly Row[], idOf: (row: Row) => string): Matching {
  const places = new Map<string, number[]>();
  other.forEach((row, at) => {
    const id = idOf(row);
    const known = places.get(id);
    if (known) known.push(at);
    else places.set(id, [at]);
  });
  // A queue is read from its end.
  for (const queue of places.values()) queue.reverse();
  const pairs: [Row, Row][] = [];
  const left: Row[] = [];
  const taken = new Set<number>();
  let [last, reordered] = [-1, false];
  for (const row of base) {
    const at = places.get(idOf(row))?.pop();
    if (at === undefined) {
      left.push(row);
      continue;
    }
    taken.add(at);
    if (at < last) reordered = true;
    last = at;
    pairs.push([row, other[at] as Row]);
  }
  return { pairs, left, right: other.filter((_, at) => !taken.has(at)), reordered };
}

/** Columns that every row here has and no row there. */
function columnsOnlyIn(here: readonly Row[], there: readonly Row[]): string[] {
  const [first] = here;
  if (!first || there.length === 0) return [];
  return Object.keys(first)
    .filter(
      (name) =>
        here.every((row) => Object.hasOwn(row, name)) && !there.some((row) => Object.hasOwn(row, name)),
    )
    .sort();
}

function keyOf(row: Row, columns: readonly string[]): Key {
  return Object.fromEntries(columns.map((name) => [name, cellOf(row, name) as Value]));
}

function sorted(entries: readonly Only[]): readonly Only[] {
  const keyed = entries.map((entry) => ({ entry, text: entry.key ? '' : identity(entry.value) }));
  return keyed
    .sort((a, b) => (a.entry.key && b.entry.key ? byKey(a.entry.key, b.entry.key) : a.text < b.text ? -1 : 1))
    .map(({ entry }) => entry);
}

function byKey(a: Key, b: Key): number {
  for (const name of Object.keys(a)) {
    const order = inOrder(a[name] ?? null, b[name] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}
