import { styleText } from 'node:util';
import type {
  ChangedRow,
  ChangedValue,
  Comparison,
  ComparisonFailure,
  Key,
  Only,
  ProfileComparison,
  Table,
} from '../gateway/routing/compare/comparison.ts';
import { oneLine } from './output.ts';

type Style = 'green' | 'red' | 'yellow' | 'bold' | 'dim';
type Paint = (style: Style, text: string) => string;
type Changed = ChangedRow | ChangedValue;

/** Longer values would push the line out of sight. */
const valueWidth = 100;

/** A comparison for a terminal: under each profile its tables, then what is outside of them. */
export function renderComparison(
  comparison: Comparison | ComparisonFailure,
  { colour }: { readonly colour: boolean },
): string {
  const paint: Paint = (style, text) =>
    // Whether there is colour is decided by wantsColour, for the stream that is written to.
    colour ? styleText(style, text, { validateStream: false }) : text;
  if ('error' in comparison) return paint('red', oneLine(comparison.error));
  const { base, profiles, not_compared } = comparison;
  return [
    ...profiles.flatMap((each) => renderProfile(each, base, paint)),
    ...not_compared.map(({ profile, reason }) =>
      paint('yellow', `${oneLine(profile)} was not compared: ${oneLine(reason)}`),
    ),
    ...(profiles.length + not_compared.length === 0 ? ['Nothing was compared.'] : []),
  ].join('\n');
}

/** Whether a stream shows colours: a terminal does, unless NO_COLOR (https://no-color.org) or TERM says otherwise. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

function renderProfile(each: ProfileComparison, base: string, paint: Paint): string[] {
  const { profile, counts, tables, truncated } = each;
  const title = paint('bold', `${oneLine(profile)} compared with ${oneLine(base)}`);
  if (each.same) {
    const isReordered = tables.some(({ reordered }) => reordered);
    return [`${title}: the same${isReordered ? ', in another order' : ''} (${counts.unchanged} compared)`];
  }
  const paths = new Set(tables.map(({ path }) => path));
  const all = linesOf(each, paint);
  const outside = all.filter(({ path }) => !paths.has(path));
  const shown = each.added.length + each.removed.length + each.changed.length;
  const total = counts.added + counts.removed + counts.changed;
  return [
    `${title}: ${countWords(counts)}`,
    ...tables
      .filter(hasDifferences)
      .flatMap((table) => [
        `  ${tableWords(table, paint)}`,
        ...columnLines(table, paint),
        ...all.filter(({ path }) => path === table.path).map(({ line }) => `    ${line}`),
      ]),
    ...outside.map(({ line }) => `  ${line}`),
    ...(shown < total ? [paint('dim', `  ${shown} of ${total} differences are shown`)] : []),
    ...(truncated.depth ? [paint('dim', '  What is nested deeply was compared as a whole')] : []),
  ];
}

/** Removed, added and changed entries, in this order, as their lists come. */
function linesOf(each: ProfileComparison, paint: Paint): { readonly path: string; readonly line: string }[] {
  const isRow = (path: string): boolean => each.tables.some((table) => table.path === path);
  const only = (sign: '-' | '+', style: Style) => (entry: Only) => ({
    path: entry.path,
    line: paint(style, `${sign} ${isRow(entry.path) ? '' : `${oneLine(entry.path)} `}${show(entry.value)}`),
  });
  return [
    ...each.removed.map(only('-', 'red')),
    ...each.added.map(only('+', 'green')),
    ...each.changed.map((entry) => ({ path: entry.path, line: changeLine(entry, paint) })),
  ];
}

function changeLine(entry: Changed, paint: Paint): string {
  if ('cells' in entry) {
    const cells = entry.cells.map(
      ({ column, before, after }) => `${oneLine(column)} ${arrow(before, after, paint)}`,
    );
    return `${paint('yellow', '~')} ${keyWords(entry.key)}: ${cells.join(', ')}`;
  }
  return `${paint('yellow', '~')} ${oneLine(entry.path)} ${arrow(entry.before, entry.after, paint)}`;
}

function arrow(before: unknown, after: unknown, paint: Paint): string {
  const left = before === undefined ? paint('dim', '(none)') : paint('red', show(before));
  const right = after === undefined ? paint('dim', '(none)') : paint('green', show(after));
  return `${left} -> ${right}`;
}

function tableWords(table: Table, paint: Paint): string {
  const { columns } = table.matched_by;
  const by = columns.length === 0 ? 'whole rows matched' : `matched by ${oneLine(columns.join(', '))}`;
  const name = table.path === '$' ? 'rows' : oneLine(table.path);
  return `${name}: ${countWords(table)} ${paint('dim', `(${by})`)}`;
}

function columnLines({ columns_added = [], columns_removed = [] }: Table, paint: Paint): string[] {
  return [
    ...columns_removed.map((name) => `    ${paint('red', `- column ${oneLine(name)}`)}`),
    ...columns_added.map((name) => `    ${paint('green', `+ column ${oneLine(name)}`)}`),
  ];
}

function hasDifferences(table: Table): boolean {
  const { added, removed, changed, columns_added, columns_removed } = table;
  return added + removed + changed > 0 || columns_added !== undefined || columns_removed !== undefined;
}

function countWords(counts: {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly unchanged: number;
}): string {
  const { removed, added, changed, unchanged } = counts;
  return `${removed} removed, ${added} added, ${changed} changed, ${unchanged} the same`;
}

function keyWords(key: Key): string {
  return Object.entries(key)
    .map(([name, value]) => `${oneLine(name)} ${show(value)}`)
    .join(', ');
}

/** What comes from an upstream must not act on the terminal. */
function show(value: unknown): string {
  const text = oneLine(JSON.stringify(value));
  return text.length > valueWidth ? `${text.slice(0, valueWidth)}…` : text;
}
