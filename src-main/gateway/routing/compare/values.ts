import type { Findings } from './findings.ts';
import { compareLimits } from './limits.ts';
import { diffRows } from './rows.ts';
import { cellOf, identity, isEqual, isList, isRow, type Row, type Value } from './value.ts';

/** Compares two values name by name, lists of objects as tables; adds what it finds. `path` is '' at the top. */
export function diffValues(path: string, base: Value, other: Value, found: Findings, depth = 0): void {
  const shown = path === '' ? '$' : path;
  if (areTables(base, other)) {
    const onDeep = (): void => void (found.isDeep = true);
    found.tables.push(diffRows(shown, base as readonly Row[], other as readonly Row[], onDeep));
  } else if (isRow(base) && isRow(other) && depth < compareLimits.depth) {
    for (const name of Object.keys({ ...base, ...other })) {
      const inner = pathOf(path, name);
      const [left, right] = [cellOf(base, name), cellOf(other, name)];
      if (left === undefined) found.added.push({ path: inner, value: right as Value });
      else if (right === undefined) found.removed.push({ path: inner, value: left });
      else diffValues(inner, left, right, found, depth + 1);
    }
  } else if (isList(base) && isList(other)) diffLists(shown, base, other, found);
  else if (isEqual(base, other)) found.unchanged++;
  else {
    if (isRow(base) && isRow(other)) found.isDeep = true;
    found.changed.push({ path: shown, before: base, after: other });
  }
}

/** Lists of anything else: what is in one more often than in the other; the same in another order is a change. */
function diffLists(path: string, base: readonly Value[], other: readonly Value[], found: Findings): void {
  const extra = new Map<string, Value[]>();
  for (const item of other) {
    const id = identity(item);
    const known = extra.get(id);
    if (known) known.push(item);
    else extra.set(id, [item]);
  }
  const removed = base.filter((item) => extra.get(identity(item))?.pop() === undefined);
  const added = [...extra.values()].flat();
  if (removed.length + added.length === 0 && !isEqual(base, other)) {
    found.changed.push({ path, before: base, after: other });
    return;
  }
  // An empty list is one value.
  found.unchanged += base.length + other.length === 0 ? 1 : base.length - removed.length;
  found.removed.push(...inOrderOf(path, removed));
  found.added.push(...inOrderOf(path, added));
}

function* inOrderOf(path: string, items: readonly Value[]): Generator<{ path: string; value: Value }> {
  for (const value of items) yield { path: `${path}[]`, value };
}

function areTables(base: Value, other: Value): boolean {
  return (
    isList(base) && isList(other) && base.length + other.length > 0 && base.every(isRow) && other.every(isRow)
  );
}

function pathOf(path: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
