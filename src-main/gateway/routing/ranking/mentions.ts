import {
  auxiliaries,
  contractions,
  determiners,
  isOrdinary,
  joiners,
  negatingPairs,
  negators,
  nounsAfterName,
  prepositions,
  saidFor,
} from './account-words.ts';
import type { Account } from './account.ts';
import { stem } from './stem.ts';

/** One word of an intent, with its place in it. */
export interface Token {
  readonly word: string;
  readonly from: number;
  readonly to: number;
}

/** A place where an intent speaks of accounts. */
export interface Mention {
  readonly accounts: readonly Account[];
  /** Tokens from (inclusive) and to (exclusive). */
  readonly first: number;
  readonly last: number;
  /** `name`: its alias or an identifier; `part`: a part of its alias; `kind`: another word for it. */
  readonly how: 'name' | 'part' | 'kind';
  readonly isNegated: boolean;
  /** The sentence says that an account is meant: "on work", "work: …". Else the word alone does. */
  readonly isPlain: boolean;
  readonly isOrdinary: boolean;
}

interface Form {
  readonly words: readonly string[];
  readonly how: Mention['how'];
  readonly accounts: Account[];
  /** Words of the connectors these are accounts of. */
  readonly services: Set<string>;
}

/** Finds the names of accounts in intents. */
export interface AccountNames {
  find(text: string, tokens: readonly Token[]): Mention[];
}

const maxMetadataWords = 8;

/** The words of a text with their places; "don't" is dont, and "acme's" is acme. */
export function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}]+(?:['’]\p{L}+)?/gu)) {
    const from = match.index;
    const to = from + match[0].length;
    let word = match[0].toLowerCase();
    const mark = Math.max(word.indexOf("'"), word.indexOf('’'));
    if (mark > 0)
      word = word.slice(mark + 1) === 's' ? word.slice(0, mark) : word.slice(0, mark) + word.slice(mark + 1);
    tokens.push({ word, from, to });
  }
  return tokens;
}

/** Learns what the accounts may be called: their aliases, parts and other words of them, their identifiers. */
export function createAccountNames(accounts: Iterable<Account>): AccountNames {
  const forms = new Map<string, Form[]>();

  function learn(words: readonly string[], how: Form['how'], account: Account): void {
    const first = words[0];
    if (first === undefined || words.some((word) => word === '')) return;
    const list = forms.get(first) ?? [];
    forms.set(first, list);
    const same = list.find((form) => form.how === how && form.words.join(' ') === words.join(' '));
    const form = same ?? { words, how, accounts: [], services: new Set() };
    if (!same) list.push(form);
    if (!form.accounts.includes(account)) form.accounts.push(account);
    for (const { word } of readTokens(account.connector)) form.services.add(word);
  }

  for (const account of accounts) {
    const parts = partsOf(account.alias);
    learn(parts, 'name', account);
    if (parts.length > 1) {
      learn([parts.join('')], 'name', account);
      if (parts.length === 2) learn([...parts].reverse(), 'name', account);
      for (const part of parts) if (part.length > 1) learn([part], 'part', account);
    }
    const name = partsOf(account.profile.slice(account.profile.indexOf(':') + 1));
    if (name.join(' ') !== parts.join(' ')) learn(name, 'name', account);
    for (const part of [...parts, ...(account.environment ? [account.environment] : [])]) {
      for (const words of saidFor(part)) learn(words, 'kind', account);
      if (part.length > 3 && parts.length === 1 && stem(part) !== part) learn([stem(part)], 'kind', account);
    }
    if (account.environment) learn([account.environment], 'kind', account);
    for (const value of Object.values(account.metadata)) {
      const words = readTokens(value).map(({ word }) => word);
      if (words.length <= maxMetadataWords && isIdentifier(value)) learn(words, 'name', account);
    }
  }

  return {
    find(text, tokens) {
      const found: { form: Form; first: number; last: number }[] = [];
      tokens.forEach((token, first) => {
        for (const form of forms.get(token.word) ?? []) {
          if (form.words.every((word, offset) => tokens[first + offset]?.word === word))
            found.push({ form, first, last: first + form.words.length });
        }
        const plural = token.word.length > 4 ? forms.get(stem(token.word)) : undefined;
        if (plural && !forms.has(token.word)) {
          for (const form of plural)
            if (form.words.length === 1 && form.how !== 'part')
              found.push({ form: { ...form, how: 'kind' }, first, last: first + 1 });
        }
      });
      return found.map(({ form, first, last }) => {
        const ordinary = form.words.length === 1 && isOrdinary(form.words[0] as string);
        const negated = isNegated(text, tokens, first, found);
        return {
          accounts: form.accounts,
          first,
          last,
          how: form.how,
          isNegated: negated,
          isOrdinary: ordinary,
          isPlain: isPlain(text, tokens, first, last, found, form, negated),
        };
      });
    },
  };
}

function partsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '');
}

/** Values such as "true", "1" or "eu" say too little to name an account by themselves. */
function isIdentifier(value: string): boolean {
  return value.length >= 4 && !/^(?:true|false|null|none|yes|no|\d{1,4})$/i.test(value);
}

type Found = readonly { readonly form: Form; readonly first: number; readonly last: number }[];

const opening = /[([{"'`“‘@#<*]\s?$/;
const ending = /^\s*(?:[,;:.!?)\]}"'`”’>*/&+]|[-–—](?:\s|$)|\s[-–—])/;
const dash = /(?:[–—]\s?|\s-\s)$/;
const start = /^\s*[:,–—-]/;
/** So much of the text beside a name is looked at. */
const beside = 3;

/** Whether the words around a name say that it is one. */
function isPlain(
  text: string,
  tokens: readonly Token[],
  first: number,
  last: number,
  found: Found,
  form: Form,
  negated: boolean,
): boolean {
  const token = tokens[first] as Token;
  const end = (tokens[last - 1] as Token).to;
  const next = tokens[last];
  const rest = text.slice(end, end + beside);
  const isEnd = next === undefined || ending.test(rest);
  if (next && !ending.test(rest) && nounsAfterName.has(next.word)) return true;
  if (opening.test(text.slice(Math.max(0, token.from - beside), token.from)) && isEnd) return true;
  if (first === 0 && start.test(rest)) return true;
  // "… — work please" stands apart as well as "… (work)".
  const isLast = next === undefined || (next.word === 'please' && tokens[last + 1] === undefined);
  if (isLast && dash.test(text.slice(Math.max(0, token.from - beside), token.from))) return true;
  // A capital in the middle of a sentence tells the US from us.
  if (token.word.length <= 3 && /^[A-Z]{2,3}$/.test(text.slice(token.from, token.to)) && /[a-z]/.test(text))
    return true;
  let at = first - 1;
  while (at >= 0 && determiners.has((tokens[at] as Token).word)) at -= 1;
  const before = tokens[at]?.word;
  const leads = before !== undefined && prepositions.has(before);
  const follows = isEnd || joiners.has(next.word) || prepositions.has(next.word);
  if (leads && follows) return true;
  // "my work calendar", "github personal": beside the service that the account is one of.
  if (form.services.has(next?.word ?? '') || (follows && form.services.has(before ?? ''))) return true;
  if (tokens[first - 1]?.word === 'only' && isEnd) return true;
  if (next?.word === 'only') return true;
  if (before === undefined && first > 0 && follows) return true;
  if (negated && follows && !isNegatedVerb(tokens, first)) return true;
  return found.some(
    (other) =>
      other.form !== form &&
      other.form.accounts.some((account) =>
        form.accounts.some(({ connector }) => connector === account.connector),
      ) &&
      (isJoined(text, tokens, last, other.first) || isJoined(text, tokens, other.last, first)),
  );
}

/** "It does not work" rules nothing out. */
function isNegatedVerb(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.word ?? '';
  return contractions.has(before) || (before === 'not' && auxiliaries.has(tokens[at - 2]?.word ?? ''));
}

/** Whether nothing but joining words stands between two names. */
export function isJoined(text: string, tokens: readonly Token[], from: number, to: number): boolean {
  if (to < from || to - from > 3) return false;
  if (to === from) return /^\s*[,/&+|]\s*$/.test(text.slice(tokens[from - 1]?.to, tokens[to]?.from));
  for (let at = from; at < to; at += 1) {
    const { word } = tokens[at] as Token;
    if (!joiners.has(word) && !determiners.has(word) && !nounsAfterName.has(word)) return false;
  }
  return true;
}

const maxNegatedDistance = 5;

function isNegated(text: string, tokens: readonly Token[], first: number, found: Found): boolean {
  for (let at = first - 1; at >= 0 && at >= first - maxNegatedDistance; at -= 1) {
    const { word, to } = tokens[at] as Token;
    const gap = text.slice(to, (tokens[at + 1] as Token).from);
    if (/[.;:!?]/.test(gap)) return false;
    const pair = `${word} ${tokens[at + 1]?.word}`;
    if (at + 1 < first && negatingPairs.has(pair)) return true;
    if (at + 1 === first && negatingPairs.has(`${tokens[at - 1]?.word} ${word}`)) return true;
    if (negators.has(word)) return tokens[at + 1]?.word !== 'only';
    const isInner = [
      'and',
      'or',
      'on',
      'in',
      'use',
      'using',
      'touch',
      'touching',
      'do',
      'it',
      'this',
      'for',
      'from',
      'at',
      'to',
      'any',
      'of',
    ].includes(word);
    const isName = found.some((other) => at >= other.first && at < other.last);
    if (isName && /,/.test(gap)) return false;
    if (!isInner && !isName && !determiners.has(word) && !nounsAfterName.has(word)) return false;
  }
  return false;
}
