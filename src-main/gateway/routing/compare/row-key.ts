import type { MatchedBy } from './comparison.ts';
import { compareLimits } from './limits.ts';
import { cellOf, identity, isScalar, type Row } from './value.ts';

/** How rows of two tables are matched, and the identity each row has by it. */
export interface RowKey {
  readonly matchedBy: MatchedBy;
  readonly of: (row: Row) => string;
}

interface Candidate {
  readonly columns: readonly string[];
  readonly shared: number;
}

/** Names of what makes a row the row it is, the likeliest first. */
const exactNames = ['id', '_id', 'uuid', 'guid', 'name', 'key', 'slug'];
const idEnding = /[_-](id|uuid|guid|key)$|[a-z\d](Id|ID|Uuid|UUID|Guid|Key)$/;
const otherNames =
  /^(.*[_-])?(name|slug|code|email|login|username|path|uri|url|sha|hash|ref|tag|schema|table|column|version|number|label|locale|date|day)$/i;

/**
 * The columns by which rows are recognised: present in every row of both tables, and unique in each. Of several the
 * likeliest name wins, unless another one finds more than twice as many rows in both: numbers that two databases gave
 * out on their own say nothing. The same whichever table comes first.
 */
export function findRowKey(base: readonly Row[], other: readonly Row[]): RowKey {
  const names = scalarColumns(base, other);
  const likely = names.filter((name) => rank(name) < unlikely).sort(byRank);
  const tried = likely.slice(0, compareLimits.keyColumns);
  const single = best(tried.map((name) => measure([name], base, other)));
  const found =
    single ??
    best(pairs(tried).map((columns) => measure(columns, base, other))) ??
    best([measure(tried, base, other)]) ??
    byText(names, base, other);
  if (!found)
    return {
      matchedBy: { columns: [], why: 'no column identifies a row, so whole rows are matched' },
      of: identity,
    };
  return { matchedBy: explain(found), of: (row) => keyText(row, found.columns) };
}

const unlikely = 1_000;

function rank(name: string): number {
  const exact = exactNames.indexOf(name.toLowerCase());
  if (exact >= 0) return exact;
  if (idEnding.test(name)) return 100;
  return otherNames.test(name) ? 200 : unlikely;
}

function byRank(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** Columns that hold a scalar, and not null, in every row. */
function scalarColumns(base: readonly Row[], other: readonly Row[]): string[] {
  const [first = {}] = base.length > 0 ? base : other;
  const isFilled = (name: string) => (row: Row) => {
    const cell = cellOf(row, name);
    return cell !== null && isScalar(cell);
  };
  return Object.keys(first).filter((name) => base.every(isFilled(name)) && other.every(isFilled(name)));
}

/** Null where the columns are not unique in one of the tables. */
function measure(columns: readonly string[], base: readonly Row[], other: readonly Row[]): Candidate | null {
  if (columns.length === 0) return null;
  const ours = uniqueKeys(base, columns);
  const theirs = ours && uniqueKeys(other, columns);
  if (!ours || !theirs) return null;
  let shared = 0;
  for (const key of ours) if (theirs.has(key)) shared++;
  return { columns, shared };
}

function uniqueKeys(rows: readonly Row[], columns: readonly string[]): Set<string> | null {
  const keys = new Set<string>();
  for (const row of rows) if (keys.size === keys.add(keyText(row, columns)).size) return null;
  return keys;
}

function keyText(row: Row, columns: readonly string[]): string {
  return columns.map((column) => identity(cellOf(row, column) ?? null)).join();
}

/** The first that finds at least half of what the best one finds. */
function best(candidates: readonly (Candidate | null)[]): Candidate | null {
  const found = candidates.filter((candidate) => candidate !== null);
  const most = Math.max(0, ...found.map(({ shared }) => shared));
  return found.find(({ shared }) => shared * 2 >= most) ?? null;
}

function pairs(names: readonly string[]): string[][] {
  return names.flatMap((name, at) => names.slice(at + 1).map((later) => [name, later]));
}

/** What groups a summary: a column of words that are unique, and of which at least half are in both tables. */
function byText(names: readonly string[], base: readonly Row[], other: readonly Row[]): Candidate | null {
  const isWords = (rows: readonly Row[], name: string): boolean =>
    rows.every((row) => {
      const cell = cellOf(row, name);
      return typeof cell === 'string' && !/^[-+\d.,eE\s]*$/.test(cell);
    });
  const found = names
    .filter((name) => isWords(base, name) && isWords(other, name))
    .sort()
    .slice(0, compareLimits.keyColumns)
    .map((name) => measure([name], base, other))
    .filter((candidate) => candidate !== null)
    .sort((a, b) => b.shared - a.shared);
  const [first] = found;
  return first && first.shared > 0 && first.shared * 2 >= Math.min(base.length, other.length) ? first : null;
}

function explain({ columns, shared }: Candidate): MatchedBy {
  const are = columns.length === 1 ? 'is' : 'are together';
  return {
    columns,
    why: `${columns.join(' and ')} ${are} unique in both, and ${shared} ${shared === 1 ? 'row has' : 'rows have'} the same in both`,
  };
}
