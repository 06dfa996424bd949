import type { Value } from './value.ts';

/** What is to be compared: the result of one profile, as JSON of a CallToolResult or of the whole reply around it. */
export interface Side {
  readonly profile: string;
  readonly json: string | Uint8Array;
}

/** One whose result is not even read, and why. */
export interface RefusedSide {
  readonly profile: string;
  readonly problem: string;
}

/** What differs between the base and each other profile. Its JSON is what the model reads. */
export interface Comparison {
  /** The profile all others are compared with. */
  readonly base: string;
  readonly profiles: readonly ProfileComparison[];
  /** Profiles whose results could not be compared, and why. */
  readonly not_compared: readonly { readonly profile: string; readonly reason: string }[];
  /** The same in a few lines. */
  readonly summary: string;
}

export interface ProfileComparison {
  readonly profile: string;
  readonly same: boolean;
  /** Where the data was found, in the base and in this one. */
  readonly read_from: { readonly base: DataSource; readonly profile: DataSource };
  /** Of the whole: rows inside of tables, values outside of them, lines of a text. */
  readonly counts: Counts;
  readonly tables: readonly Table[];
  /** Only in this profile. */
  readonly added: readonly Only[];
  /** Only in the base. */
  readonly removed: readonly Only[];
  readonly changed: readonly (ChangedRow | ChangedValue)[];
  readonly truncated: Truncated;
}

export type DataSource =
  | 'structuredContent'
  | 'JSON'
  | 'JSON in a code fence'
  | 'JSON inside of tags'
  | 'JSON after other text'
  | 'JSON lines'
  | 'CSV'
  | 'TSV'
  | 'a Markdown table'
  | 'a drawn table'
  | 'text';

export interface Counts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly unchanged: number;
}

/** A list of objects. */
export interface Table extends Counts {
  readonly path: string;
  readonly rows: { readonly base: number; readonly profile: number };
  readonly matched_by: MatchedBy;
  readonly columns_added?: readonly string[];
  readonly columns_removed?: readonly string[];
  /** The rows that are in both came in another order; no difference by itself. */
  readonly reordered?: boolean;
}

/** How a row was recognised in the other table. No columns: by all its content. */
export interface MatchedBy {
  readonly columns: readonly string[];
  readonly why: string;
}

export type Key = Readonly<Record<string, Value>>;

/** What one side alone has. */
export interface Only {
  readonly path: string;
  readonly key?: Key;
  readonly value: Value;
}

export interface ChangedRow {
  readonly path: string;
  readonly key: Key;
  readonly cells: readonly Cell[];
}

/** `before` is the base's; absent on the side that has none. */
export interface Cell {
  readonly column: string;
  readonly before?: Value;
  readonly after?: Value;
}

export interface ChangedValue {
  readonly path: string;
  readonly before: Value;
  readonly after: Value;
}

export interface Truncated {
  /** A list ended at its cap: rows, cells, tables. */
  readonly entries: boolean;
  readonly bytes: boolean;
  readonly values: boolean;
  /** Something nested deeper was compared as a whole. */
  readonly depth: boolean;
}

/** What stands in the place of a comparison that did not come to be. */
export interface ComparisonFailure {
  readonly error: string;
}
