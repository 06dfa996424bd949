import { cellOf, isList, isRow, type Row, type Value } from './value.ts';

const columnNames = ['columns', 'fields', 'headers', 'header'];
const rowNames = ['rows', 'data', 'values', 'records'];

/** The text inside of `"…"` or `{"result": "…"}`, as which some servers wrap what they have; null for anything else. */
export function unwrapText(value: Value): string | null {
  if (typeof value === 'string') return value;
  if (!isRow(value)) return null;
  const [only, ...more] = Object.values(value);
  return more.length === 0 && typeof only === 'string' ? only : null;
}

/** `{columns: [a, b], rows: [[1, 2]]}` as `{columns: [a, b], rows: [{a: 1, b: 2}]}`, so that cells have names. */
export function columnsToRows(value: Value): Value {
  if (!isRow(value)) return value;
  const names = columnNames.flatMap((name) => namesIn(cellOf(value, name)));
  if (names.length === 0 || new Set(names).size < names.length) return value;
  const at = rowNames.find((name) => isMatrix(cellOf(value, name), names.length));
  if (at === undefined) return value;
  const rows = (value[at] as readonly (readonly Value[])[]).map((cells): Row => {
    return Object.fromEntries(names.map((name, column) => [name, cells[column] as Value]));
  });
  return { ...value, [at]: rows };
}

function namesIn(value: Value | undefined): string[] {
  if (!isList(value)) return [];
  const names = value.map((item) => (isRow(item) ? cellOf(item, 'name') : item));
  return names.every((name) => typeof name === 'string') ? names : [];
}

function isMatrix(value: Value | undefined, width: number): boolean {
  return isList(value) && value.length > 0 && value.every((cells) => isList(cells) && cells.length === width);
}
