import { findRowKey } from './row-key.ts';
import type { Cell } from './comparison.ts';
import { compareLimits } from './limits.ts';
import { cellOf, identity, isEqual, isList, isRow, type Row, type Value } from './value.ts';

/** What differs between two matched rows, columns of `except` aside. `onDeep` hears of what was compared as a whole. */
export function diffCells(
  base: Row,
  other: Row,
  except: ReadonlySet<string>,
  onDeep: () => void,
): readonly Cell[] {
  const cells: Cell[] = [];
  const only = (column: string, before: Value | undefined, after: Value | undefined): void =>
    void cells.push({
      column,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    });

  const visit = (column: string, before: Value, after: Value, depth: number): void => {
    if (before === after) return;
    const isOpen = (isRow(before) && isRow(after)) || (areRows(before) && areRows(after));
    if (!isOpen || depth >= compareLimits.depth) {
      if (isEqual(before, after)) return;
      if (isOpen) onDeep();
      only(column, before, after);
    } else if (isRow(before)) visitNames(`${column}.`, before, after as Row, depth + 1);
    else visitRows(column, before as readonly Row[], after as readonly Row[], depth + 1);
  };
  const visitNames = (prefix: string, before: Row, after: Row, depth: number): void => {
    for (const name of Object.keys({ ...before, ...after })) {
      if (prefix === '' && except.has(name)) continue;
      const [left, right] = [cellOf(before, name), cellOf(after, name)];
      if (left === undefined || right === undefined) only(prefix + name, left, right);
      else visit(prefix + name, left, right, depth);
    }
  };
  const visitRows = (column: string, before: readonly Row[], after: readonly Row[], depth: number): void => {
    const key = findRowKey(before, after);
    const { columns } = key.matchedBy;
    if (columns.length === 0) {
      if (!isEqual(before, after)) only(column, before, after);
      return;
    }
    const named = (row: Row): string => {
      const shown = columns.map((name) => `${name}=${shownKey(cellOf(row, name) ?? null)}`);
      return `${column}[${shown.join()}]`;
    };
    const right = new Map(after.map((row) => [key.of(row), row]));
    for (const row of before) {
      const id = key.of(row);
      const match = right.get(id);
      right.delete(id);
      if (match) visit(named(row), row, match, depth);
      else only(named(row), row, undefined);
    }
    for (const row of right.values()) only(named(row), undefined, row);
  };
  visitNames('', base, other, 0);
  return cells.sort((a, b) => (a.column < b.column ? -1 : a.column > b.column ? 1 : 0));
}

function areRows(value: Value): boolean {
  return isList(value) && value.length > 0 && value.every(isRow);
}

/** A key as it stands in a path: bare where it is a word. */
export function shownKey(value: Value): string {
  return typeof value === 'string' && /^[\w.:@/+-]+$/.test(value) ? value : identity(value);
}
