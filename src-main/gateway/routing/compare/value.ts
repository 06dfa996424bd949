import { isExact, exactDigits, type Exact } from './exact-json.ts';

/** Data as it is compared. */
export type Value = null | boolean | number | string | Exact | readonly Value[] | Row;
export type Row = { readonly [name: string]: Value };

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isRow(value: Value | undefined): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExact(value);
}

/** Neither list nor object. */
export function isScalar(value: Value | undefined): value is null | boolean | number | string | Exact {
  return value !== undefined && !isList(value) && !isRow(value);
}

/** A value of its own, not inherited: `constructor` is a name like any other. */
export function cellOf(row: Row, name: string): Value | undefined {
  return Object.hasOwn(row, name) ? row[name] : undefined;
}

export function isEqual(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a === null || b === null) return false;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (isExact(a) || isExact(b)) return isExact(a) && isExact(b) && exactDigits(a) === exactDigits(b);
  if (isList(a) || isList(b))
    return isList(a) && isList(b) && a.length === b.length && a.every((item, at) => isEqual(item, b[at]));
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length && names.every((name) => isEqual(cellOf(a, name), cellOf(b, name)))
  );
}

/** Equal values have the same text, others have not. Never shown. */
export function identity(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  // -0 is written as 0.
  if (value === null || typeof value !== 'object') return String(value);
  if (isExact(value)) return exactDigits(value);
  if (isList(value)) return `[${value.map(identity).join()}]`;
  return `{${Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${identity(value[name] as Value)}`)
    .join()}}`;
}

/** As JSON can hold it: an exact number becomes its digits as text. */
export function plain(value: Value): Value {
  if (isExact(value)) return value.text;
  if (isList(value)) return value.map(plain);
  if (isRow(value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
  return value;
}

/** An order in which numbers count as numbers; the same whichever side comes first. */
export function inOrder(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  // One order for all kinds at once would have circles: 9 < 10 < "1x" < 9.
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  const [left, right] = [orderText(a), orderText(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function orderText(value: Value): string {
  return typeof value === 'string' ? value : identity(value);
}
