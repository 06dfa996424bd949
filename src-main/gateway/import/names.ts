import { maxNameLength } from '../../../src-shared/model.ts';

/** Words that say nothing about which service or account is meant. */
const filler = new Set(['mcp', 'server', 'servers', 'the', 'my', 'official']);

/** Words that tell accounts of one service apart; where a server stands alone, they name its profile. */
const accountWords = new Set([
  ...'work personal private home client company team main test testing staging stage prod production live'.split(
    ' ',
  ),
  ...'dev development local sandbox demo readonly ro rw admin eu us'.split(' '),
]);

/**
 * The name of the connector that servers with these names belong to: what all of them begin or end with; for one
 * alone, what is left without a word for an account. `otherwise` is taken where they have nothing in common.
 */
export function commonName(names: readonly string[], otherwise: string): string {
  const all = [...new Set(names)].map(wordsOf);
  const [first = []] = all;
  const words = all.length === 1 ? withoutAccount(first) : common(all);
  return nameOf(words) || nameOf(wordsOf(otherwise)) || nameOf(first) || 'server';
}

/** What a server's name says besides the connector: the name of its profile, `default` where it says no more. */
export function profileName(server: string, connector: readonly string[]): string {
  const known = new Set(connector.flatMap(wordsOf));
  return nameOf(wordsOf(server).filter((word) => !known.has(word))) || 'default';
}

/** The first of these names that is free, else the last one with a number. */
export function freeName(wanted: readonly string[], isTaken: (name: string) => boolean): string {
  const free = wanted.find((name) => !isTaken(name));
  if (free !== undefined) return free;
  const stem = (wanted.at(0) ?? 'server').slice(0, maxNameLength - 5);
  for (let number = 2; ; number += 1) if (!isTaken(`${stem}-${number}`)) return `${stem}-${number}`;
}

/** `github_work` and `GitHub (work)` are the words github and work, as far as a name can hold them. */
export function wordsOf(name: string): string[] {
  const words = name
    .replace(/^@[^/]*\//, '')
    .normalize('NFKD')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const telling = words.filter((word) => !filler.has(word));
  return telling.length > 0 ? telling : words;
}

function withoutAccount(words: readonly string[]): readonly string[] {
  if (words.length < 2) return words;
  if (accountWords.has(words.at(-1) ?? '')) return words.slice(0, -1);
  return accountWords.has(words[0] ?? '') ? words.slice(1) : words;
}

function common(all: readonly (readonly string[])[]): readonly string[] {
  const begin = shared(all);
  if (begin.length > 0) return begin;
  return shared(all.map((words) => words.toReversed())).toReversed();
}

function shared(all: readonly (readonly string[])[]): readonly string[] {
  const [first = []] = all;
  const end = first.findIndex((word, at) => all.some((words) => words[at] !== word));
  return end === -1 ? first : first.slice(0, end);
}

function nameOf(words: readonly string[]): string {
  return words.join('-').slice(0, maxNameLength - 8);
}
