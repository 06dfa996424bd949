import type { Parameters, Value } from './protocol.ts';

/** A value as better-sqlite3 gives it with safe integers on. */
export type Stored = string | number | bigint | Uint8Array | null;

/** A stored value in JSON: bytes as {"$base64"}, integers that JavaScript would round as text. */
export function toJson(value: Stored): Value {
  if (typeof value === 'bigint') {
    const near = Number(value);
    return Number.isSafeInteger(near) ? near : value.toString();
  }
  // JSON has no word for infinity and would say null.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return { $base64: Buffer.from(value).toString('base64') };
  return value;
}

/** Parameters for better-sqlite3; a named one may be written with or without its sign (`:id`, `@id`, `$id`, `id`). */
export function toBindings(parameters: Parameters): readonly Stored[] | Readonly<Record<string, Stored>> {
  if (isList(parameters)) return parameters.map(toStored);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name.replace(/^[:@$]/, ''), toStored(value)]),
  );
}

function toStored(value: Value): Stored {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  // Without this every number is bound as REAL, and `7 / ?` with 2 would be 3.5.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value !== null && typeof value === 'object') return Buffer.from(value.$base64, 'base64');
  return value;
}

function isList(parameters: Parameters): parameters is readonly Value[] {
  return Array.isArray(parameters);
}
