import { clipText } from './cap.ts';
import { shownKey } from './cells.ts';
import type { Cell, Comparison, Key, ProfileComparison } from './comparison.ts';
import { compareLimits } from './limits.ts';
import type { Value } from './value.ts';

/** Examples that are named for each profile. */
const examples = 3;
const shortValue = 60;

/** What a person or a model wants to know first, in a few lines. */
export function summarize(comparison: Omit<Comparison, 'summary'>): string {
  const { base, profiles, not_compared } = comparison;
  const short = shorten([base, ...profiles.map(({ profile }) => profile)]);
  const lines = [
    ...profiles.map(
      (each) =>
        `${short(each.profile)} and ${short(base)}: ${describe(each, short(base), short(each.profile))}`,
    ),
    ...not_compared.map(({ profile, reason }) => `${profile} was not compared: ${reason}`),
  ];
  if (lines.length === 0) return 'nothing was compared';
  return clipText(lines.join('\n'), compareLimits.summaryLength);
}

function describe(each: ProfileComparison, base: string, other: string): string {
  const { counts, tables, truncated } = each;
  if (each.same) return `the same${isReordered(each) ? ', in another order' : ''}`;
  const inTables = tables.filter((table) => table.added + table.removed + table.changed > 0);
  const parts = inTables.map((table) =>
    withExamples(
      `${table.path === '$' ? '' : `${table.path}: `}${count(table, 'row', base, other)}`,
      each,
      table.path,
    ),
  );
  for (const { path, columns_added, columns_removed } of tables) {
    const place = path === '$' ? '' : `${path}: `;
    if (columns_added) parts.push(`${place}columns only in ${other}: ${columns_added.join(', ')}`);
    if (columns_removed) parts.push(`${place}columns only in ${base}: ${columns_removed.join(', ')}`);
  }
  const paths = new Set(tables.map(({ path }) => path));
  const rest = {
    added: counts.added - inTables.reduce((sum, { added }) => sum + added, 0),
    removed: counts.removed - inTables.reduce((sum, { removed }) => sum + removed, 0),
    changed: counts.changed - inTables.reduce((sum, { changed }) => sum + changed, 0),
  };
  if (rest.added + rest.removed + rest.changed > 0) {
    const isText = each.read_from.base === 'text' || each.read_from.profile === 'text';
    parts.push(withExamples(count(rest, isText ? 'line' : 'value', base, other), each, null, paths));
  }
  const cut = truncated.entries || truncated.bytes ? ' (not all are listed)' : '';
  return `${parts.join('; ')}${cut}`;
}

function count(
  counts: { readonly added: number; readonly removed: number; readonly changed: number },
  noun: string,
  base: string,
  other: string,
): string {
  const many = (number: number): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
  return [
    ...(counts.removed > 0 ? [`${many(counts.removed)} only in ${base}`] : []),
    ...(counts.added > 0 ? [`${many(counts.added)} only in ${other}`] : []),
    ...(counts.changed > 0 ? [`${many(counts.changed)} changed`] : []),
  ].join(', ');
}

/** The changes of one table, or with null of what is outside of all tables. */
function withExamples(
  text: string,
  { changed }: ProfileComparison,
  path: string | null,
  paths: ReadonlySet<string> = new Set(),
): string {
  const mine = changed.filter((entry) => (path === null ? !paths.has(entry.path) : entry.path === path));
  const shown = mine
    .slice(0, examples)
    .map((entry) =>
      'cells' in entry
        ? `${keyWords(entry.key)} ${entry.cells.slice(0, examples).map(cellWords).join(', ')}`
        : `${oneLine(entry.path)} ${value(entry.before)} -> ${value(entry.after)}`,
    );
  return shown.length === 0 ? text : `${text}: ${shown.join('; ')}${mine.length > shown.length ? '; …' : ''}`;
}

function keyWords(key: Key): string {
  return Object.entries(key)
    .map(([name, each]) => `${oneLine(name)} ${value(each)}`)
    .join(' ');
}

function cellWords({ column, before, after }: Cell): string {
  const name = oneLine(column);
  if (before === undefined) return `${name} added ${value(after ?? null)}`;
  if (after === undefined) return `${name} ${value(before)} gone`;
  return `${name} ${value(before)} -> ${value(after)}`;
}

/** Values come from outside: on one line, and quoted unless they are one word, so that they cannot pass for ours. */
function value(each: Value): string {
  return clipText(shownKey(each), shortValue);
}

function oneLine(name: string): string {
  return clipText(name.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' '), shortValue);
}

function isReordered({ tables }: ProfileComparison): boolean {
  return tables.some(({ reordered }) => reordered);
}

/** `connector:name` as `name` where all are of one connector. */
function shorten(profiles: readonly string[]): (profile: string) => string {
  const connectors = new Set(profiles.map((profile) => profile.slice(0, profile.indexOf(':') + 1)));
  const [connector = ''] = connectors;
  const short = (profile: string): string => profile.slice(connector.length);
  const isPlain = connectors.size === 1 && profiles.every((profile) => short(profile) !== '');
  return isPlain ? short : (profile) => profile;
}
