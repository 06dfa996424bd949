import { accountNouns, determiners } from './account-words.ts';
import type { Mention, Token } from './mentions.ts';
import { stem } from './stem.ts';

/** A place where an intent asks for all accounts at once. */
export interface Scope {
  readonly first: number;
  readonly last: number;
  /** What it says "all" of, as a stem, when it says so in a word that may also mean a thing: "all projects". */
  readonly noun: string | null;
  /** "in all …" is about where; "list all …" may be about what. */
  readonly isPlace: boolean;
}

const quantifiers = new Set('all every each both across per everyone either'.split(' '));
const between = new Set(
  (
    'of my the our your these those them their single other connected existing available configured different separate ' +
    'various known registered signed linked two three four five six several all every each both one and'
  ).split(' '),
);
const places = new Set(
  'on in across for from against at under over inside within to with using per into between through'.split(
    ' ',
  ),
);
const maxModifiers = 5;

/** Finds where an intent says that all accounts are meant; `connectors` are words that may stand before the noun. */
export function findScopes(text: string, tokens: readonly Token[], connectors: ReadonlySet<string>): Scope[] {
  const scopes: Scope[] = [];
  const isEnd = (last: number): boolean => {
    const token = tokens[last - 1] as Token;
    return tokens[last] === undefined || /^\s*[,;:.!?)\]—–]/.test(text.slice(token.to, token.to + 3));
  };
  tokens.forEach(({ word }, first) => {
    const before = tokens[first - 1]?.word ?? '';
    const isPlace = places.has(before) || word === 'across' || word === 'per';
    if (
      word === 'everywhere' ||
      word === 'wherever' ||
      (word === 'anywhere' && /^i\b/.test(tokens[first + 1]?.word ?? ''))
    ) {
      scopes.push({ first, last: withClause(tokens, first + 1), noun: null, isPlace: true });
      return;
    }
    if (word === 'account' || word === 'profile') {
      // "account by account", "one account after another", "accounts: all"
      if (tokens[first + 1]?.word === 'by' && tokens[first + 2]?.word === word)
        scopes.push({ first, last: first + 3, noun: null, isPlace: true });
      return;
    }
    if (!quantifiers.has(word)) return;
    let last = first + 1;
    while (
      last - first <= maxModifiers &&
      (between.has(tokens[last]?.word ?? '') || connectors.has(tokens[last]?.word ?? '')) &&
      !/[.;:!?,]/.test(text.slice(tokens[last - 1]?.to, tokens[last]?.from))
    )
      last += 1;
    const noun = tokens[last]?.word;
    if (
      noun !== undefined &&
      accountNouns.has(noun) &&
      (word !== 'across' || noun.endsWith('s') || last > first + 1)
    ) {
      const isSure = /^(?:account|profile|login|connection|credential|identit)/.test(noun);
      scopes.push({
        first,
        last: withClause(tokens, last + 1),
        noun: isSure && isPlace ? null : stem(noun),
        isPlace,
      });
      return;
    }
    // "on both", "in each of them", "across all"
    const isBare =
      isEnd(last) && (last === first + 1 || tokens[last - 1]?.word === 'them' || word === 'across');
    if (
      isBare &&
      (['on', 'in', 'across', 'against', 'under'].includes(before) || (word === 'across' && last > first + 1))
    )
      scopes.push({ first, last, noun: null, isPlace: true });
  });
  return scopes;
}

/** The rest of "everywhere I am signed in", "all accounts I have". */
function withClause(tokens: readonly Token[], from: number): number {
  const words = new Set(
    'i am im we are have ive has that which where can see own logged signed in use connected to access got'.split(
      ' ',
    ),
  );
  const next = tokens[from]?.word ?? '';
  if (!['i', 'im', 'ive', 'we', 'that', 'where', 'which', 'you'].includes(next)) return from;
  let last = from + 1;
  while (last - from < 7 && words.has(tokens[last]?.word ?? '')) last += 1;
  return last;
}

const comparing = new Set(
  'compare compares comparing comparison diff differ differs difference differences'.split(' '),
);
const comparands = new Set('with to against and than from between or'.split(' '));
/** "get A and compare them" compares what was got. */
const results = new Set('them these those results result everything all it each both'.split(' '));
const coordinators = new Set('and then or also'.split(' '));

/**
 * Whether an intent compares without saying with what: then only the accounts can be what there is several of. `own`
 * are the stems of the tool that was found; a word it has itself ("git diff") says nothing about accounts.
 */
export function comparesUnnamed(tokens: readonly Token[], own: { has(stem: string): boolean }): boolean {
  return tokens.some(({ word }, at) => {
    if (!comparing.has(word) || own.has(stem(word))) return false;
    if (coordinators.has(tokens[at - 1]?.word ?? '')) return false;
    const next = tokens.slice(at + 1).map((other) => other.word);
    return (
      !results.has(next.find((other) => !determiners.has(other)) ?? '') &&
      !next.some((other) => comparands.has(other))
    );
  });
}

/** The tokens that speak of accounts and not of what is wanted: names with the words around them, and "all my accounts". */
export function accountTokens(
  text: string,
  tokens: readonly Token[],
  mentions: readonly Mention[],
  scopes: readonly Scope[],
  frame: { readonly leading: ReadonlySet<string>; readonly trailing: ReadonlySet<string> },
): ReadonlySet<number> {
  const taken = new Set<number>();
  const take = (first: number, last: number): void => {
    for (let at = first; at < last; at += 1) taken.add(at);
  };
  for (const { first, last } of scopes) take(first, last);
  for (const { first, last, isPlain, isOrdinary } of mentions) if (isPlain || !isOrdinary) take(first, last);
  for (const at of taken) {
    for (let next = at + 1; frame.trailing.has(tokens[next]?.word ?? '') && !taken.has(next); next += 1)
      taken.add(next);
  }
  for (const at of [...taken].sort((a, b) => a - b)) {
    for (
      let last = at - 1;
      last >= 0 && !taken.has(last) && frame.leading.has((tokens[last] as Token).word);
      last -= 1
    ) {
      if (/[.;!?]/.test(text.slice((tokens[last] as Token).to, (tokens[last + 1] as Token).from))) break;
      taken.add(last);
    }
  }
  return taken;
}
