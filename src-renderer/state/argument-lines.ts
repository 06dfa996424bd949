import { lineDiff } from './line-diff.ts';
import { countHidden, splitHidden, type TextPart } from './hidden-characters.ts';
import { count } from './words.ts';

export interface ArgumentLine {
  /** The line's number in the JSON text; null where a long string goes on. */
  readonly number: number | null;
  readonly indent: string;
  readonly key: readonly TextPart[];
  readonly value: readonly TextPart[];
}

const keyed = /^(?<indent> *)(?<key>"(?:[^"\\]|\\.)*":)?(?<value>.*)$/s;
/** A line break inside a string, written `\n` in JSON: an odd number of backslashes and an n. */
const breaks = /(?<=(?<!\\)(?:\\\\)*\\n)(?=.)/s;

/**
 * The JSON text of arguments as lines to read. Every character of it is there: a `\n` in a string stays in sight and
 * only adds a new line after it, hidden characters are parts of their own.
 */
export function argumentLines(json: string): readonly ArgumentLine[] {
  return json.split('\n').flatMap((line, index) => {
    const { indent = '', key = '', value = '' } = keyed.exec(line)?.groups ?? {};
    return value.split(breaks).map((piece, nth) => ({
      number: nth === 0 ? index + 1 : null,
      indent: nth === 0 ? indent : `${indent}  `,
      key: nth === 0 ? splitHidden(key) : [],
      value: splitHidden(piece),
    }));
  });
}

/**
 * Which lines of the arguments are other ones than before, by their place among `argumentLines`, and how many more of
 * before are gone. A comma at the end of a line is no difference: it only says that another line follows.
 */
export function changedLines(
  before: string,
  now: string,
): { readonly changed: ReadonlySet<number>; readonly gone: number } {
  const diff = lineDiff(plainLines(before), plainLines(now));
  const there = diff.filter(({ kind }) => kind !== 'del');
  const changed = new Set(there.flatMap(({ kind }, index) => (kind === 'add' ? [index] : [])));
  return { changed, gone: Math.max(0, diff.length - there.length - changed.size) };
}

function plainLines(json: string): readonly string[] {
  return argumentLines(json).map(({ indent, key, value }) =>
    [indent, ...[...key, ...value].map(({ text }) => text)].join('').replace(/,$/, ''),
  );
}

/** `2 keys, 121 characters, 1 hidden character shown` */
export function argumentFacts(json: string): string {
  const hidden = countHidden(json.replaceAll('\n', ''));
  const keys = topLevelKeys(json);
  return [
    ...(keys === null ? [] : [count(keys, 'key')]),
    count([...json].length, 'character'),
    ...(hidden > 0 ? [`${count(hidden, 'hidden character')} shown`] : []),
  ].join(', ');
}

function topLevelKeys(json: string): number | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.keys(value).length
      : null;
  } catch {
    return null; // Not JSON: the text is shown as it is, only its keys cannot be counted.
  }
}
