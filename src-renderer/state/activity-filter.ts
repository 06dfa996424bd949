import type { ActivityFilters } from '../../src-shared/audit.ts';
import { durationPattern, parseDuration } from '../../src-shared/duration.ts';
import { envClasses } from '../../src-shared/env-class.ts';
import type { EnvClass } from '../../src-shared/policy.ts';

/** What can stand before a colon in the filter. */
export const filterKeys = [
  'profile',
  'class',
  'tool',
  'client',
  'outcome',
  'decision',
  'via',
  'since',
  'until',
] as const;
export type FilterKey = (typeof filterKeys)[number];

/** Words for several outcomes at once, beside the record's own. */
export const outcomeGroups: Readonly<Record<string, readonly string[]>> = {
  failed: ['upstream-error', 'transport-error', 'unknown'],
  denied: ['blocked'],
};

export interface ReadFilter {
  readonly filters: ActivityFilters;
  /** The key whose time cannot be read; it is left out of the filters. */
  readonly badTime: 'since' | 'until' | null;
}

/** A word of the filter as it stands there: `key` is null for one that is looked for as it is. */
export interface FilterWord {
  readonly key: FilterKey | null;
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/** Reads what a person wrote: words, and `key:value` with quotes around a value of several words. */
export function readFilter(text: string, now: number): ReadFilter {
  const words = filterWords(text);
  const of = (key: FilterKey): readonly string[] =>
    words.filter((word) => word.key === key && word.value !== '').map(({ value }) => value);
  let badTime: ReadFilter['badTime'] = null;
  const timeOf = (key: 'since' | 'until'): number | null => {
    const written = of(key).at(-1);
    if (written === undefined) return null;
    const time = readTime(written, now);
    if (time === null) badTime = key;
    return time;
  };
  const filters: ActivityFilters = {
    words: words
      .filter(({ key }) => key === null)
      .map(({ value }) => value)
      .join(' ')
      .slice(0, 500),
    profile: [...of('profile')],
    env: of('class').flatMap(envsOf),
    tool: of('tool').at(-1) ?? null,
    client: of('client').at(-1) ?? null,
    outcome: of('outcome').flatMap((outcome) => outcomeGroups[outcome.toLowerCase()] ?? [outcome]),
    decision: [...of('decision')],
    via: [...of('via')],
    since: timeOf('since'),
    until: timeOf('until'),
  };
  return { filters, badTime };
}

/** Whether nothing is asked for. */
export function isEmptyFilter({ filters }: ReadFilter): boolean {
  return Object.values(filters).every(
    (value) => value === null || value === '' || (Array.isArray(value) && value.length === 0),
  );
}

export function filterWords(text: string): readonly FilterWord[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)].map((match) => {
    const [word] = match;
    const colon = word.indexOf(':');
    const key = filterKeys.find((one) => one === word.slice(0, colon).toLowerCase()) ?? null;
    const value = (key === null ? word : word.slice(colon + 1)).replaceAll('"', '');
    return { key, value, from: match.index, to: match.index + word.length };
  });
}

/** `key:value`, in quotes where it has to be. */
export function filterWord(key: FilterKey, value: string): string {
  return `${key}:${/\s/.test(value) ? `"${value}"` : value}`;
}

export interface Suggestion {
  /** What takes the place of the word. */
  readonly insert: string;
  readonly label: string;
  /** What it means; null for a value. */
  readonly key: FilterKey | null;
}

/** How many are offered at once. */
const maxSuggestions = 8;

/** What the word at the caret could become. */
export function suggest(
  text: string,
  caret: number,
  values: Readonly<Record<FilterKey, readonly string[]>>,
): { readonly from: number; readonly to: number; readonly offers: readonly Suggestion[] } {
  const word = filterWords(text).find(({ from, to }) => caret >= from && caret <= to);
  const [from, to] = word ? [word.from, word.to] : [caret, caret];
  if (word && word.key !== null) {
    const { key } = word;
    const begun = word.value.toLowerCase();
    const offers = values[key]
      .filter((value) => value.toLowerCase().includes(begun) && value.toLowerCase() !== begun)
      .slice(0, maxSuggestions)
      .map((value) => ({ insert: filterWord(key, value), label: value, key: null }));
    return { from, to, offers };
  }
  const begun = text.slice(from, caret).toLowerCase();
  const offers = filterKeys
    .filter((key) => key.startsWith(begun))
    .map((key) => ({ insert: `${key}:`, label: `${key}:`, key }));
  return { from, to, offers };
}

/** The text with the word replaced, and where the caret goes: ready for the value, or for the next word. */
export function complete(
  text: string,
  place: { readonly from: number; readonly to: number },
  { insert }: Suggestion,
): { readonly text: string; readonly caret: number } {
  const more = insert.endsWith(':') ? '' : ' ';
  const rest = text.slice(place.to).replace(/^\s+/, '');
  const before = text.slice(0, place.from) + insert + more;
  return { text: before + (more === '' && rest !== '' ? ` ${rest}` : rest), caret: before.length };
}

/** A class that nobody knows is still being typed, most of the time. */
function envsOf(written: string): readonly (EnvClass | null)[] {
  const word = written.toLowerCase();
  if (word === 'none') return [null];
  return envClasses.filter((env) => env === word);
}

/** `15m` ago, `14:05` of the last 24 hours, a day, or a moment. */
function readTime(written: string, now: number): number | null {
  if (durationPattern.test(written)) return now - parseDuration(written);
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(written);
  if (clock) {
    const [hours, minutes, seconds] = clock.slice(1).map((digits) => Number(digits ?? 0));
    const time = new Date(now).setHours(hours ?? 0, minutes ?? 0, seconds ?? 0, 0);
    return time > now ? time - 86_400_000 : time;
  }
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(written);
  if (day) return new Date(Number(day[1]), Number(day[2]) - 1, Number(day[3])).getTime();
  const moment = /^\d{4}-/.test(written) ? Date.parse(written) : NaN;
  return Number.isNaN(moment) ? null : moment;
}
