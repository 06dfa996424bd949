import { describe } from '../../../../src-shared/tool-name.ts';
import type { Params } from '../../wire/frame.ts';
import type { Account } from './account.ts';
import type { FanOut } from './fan-out.ts';
import type { Hit, Ranker } from './ranker.ts';

/*
 * The algorithm of the original Nucleus, for who relies on its order and scores: no stems, no rarity, each account's
 * tool for itself. Its fan-out fires on any of its words and may name a tool that destroys, so what it proposes is for
 * the caller to judge.
 */

interface Entry {
  readonly account: Account;
  readonly tool: string;
  readonly definition: Params;
  /** What it is exposed as; ties are broken by it. */
  readonly full: string;
  readonly words: Readonly<Record<'name' | 'alias' | 'connector' | 'description', ReadonlySet<string>>>;
  readonly text: { readonly name: string; readonly description: string };
}

const triggers = new Set(
  'compare comparison diff differ between across each every both all versus'.split(' '),
);
const minBytes = 3;
const maxIntent = 20_000;
/** Words that are looked for: each is set against every tool. */
const maxWords = 200;
const stickyBonus = 1.25;

export function createCompatRanker(): Ranker {
  const byProfile = new Map<string, Entry[]>();
  const accounts = new Map<string, Account>();

  function aliasesOf(connector: string): Set<string> {
    const own = [...accounts.values()].filter((account) => account.connector === connector);
    return new Set(own.map(({ alias }) => alias.toLowerCase()));
  }

  return {
    set(account, tools) {
      accounts.set(account.profile, account);
      byProfile.set(
        account.profile,
        tools.map((definition) => readEntry(account, definition)),
      );
    },
    remove(profile) {
      accounts.delete(profile);
      byProfile.delete(profile);
    },
    find({ intent, connector, limit, offset = 0, sticky }) {
      const words = tokenize(intent.slice(0, maxIntent)).slice(0, maxWords);
      const only = connector?.toLowerCase();
      const entries = [...byProfile.values()]
        .flat()
        .filter(({ account }) => !only || account.connector.toLowerCase() === only);
      const isNamed = (name: string): boolean => words.some((word) => aliasesOf(name).has(word));
      const free = new Set([...(sticky?.keys() ?? [])].filter((name) => !isNamed(name)));
      const hits = entries
        .map((entry) => {
          const { account } = entry;
          const isSticky = free.has(account.connector) && sticky?.get(account.connector) === account.profile;
          return { entry, ...scoreOf(entry, words, isSticky) };
        })
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || (a.entry.full < b.entry.full ? -1 : 1));
      const shown = hits.slice(offset, offset + limit).map(({ entry, score, because }): Hit => ({
        connector: entry.account.connector,
        tool: entry.tool,
        definition: entry.definition,
        accounts: [entry.account],
        meant: 1,
        score: Math.round(score * 1000) / 1000,
        because,
      }));
      const top = hits[0]?.entry;
      const fanOut =
        top && offset === 0 ? fanOutOf(top, entries, words, aliasesOf(top.account.connector)) : null;
      return { hits: shown, total: hits.length, fanOut };
    },
  };
}

function readEntry(account: Account, definition: Params): Entry {
  const tool = String(definition['name']);
  const own = definition['description'];
  const description = describe(account, typeof own === 'string' ? own : '');
  return {
    account,
    tool,
    definition,
    full: `${account.connector}_${account.alias}_${tool}`,
    words: {
      name: new Set(tokenize(tool)),
      alias: new Set(tokenize(account.alias)),
      connector: new Set(tokenize(account.connector)),
      description: new Set(tokenize(description)),
    },
    text: { name: tool.toLowerCase(), description: description.toLowerCase() },
  };
}

function tokenize(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => Buffer.byteLength(word) >= minBytes);
}

function scoreOf(
  entry: Entry,
  words: readonly string[],
  isSticky: boolean,
): { score: number; because: string[] } {
  const found = {
    name: new Set<string>(),
    alias: new Set<string>(),
    connector: new Set<string>(),
    description: new Set<string>(),
  };
  let score = 0;
  const take = (field: keyof typeof found, word: string, exact: number, part: number): void => {
    const isExact = entry.words[field].has(word);
    const isPart =
      part > 0 && (field === 'name' || field === 'description') && entry.text[field].includes(word);
    if (!isExact && !isPart) return;
    score += isExact ? exact : part;
    found[field].add(word);
  };
  for (const word of words) {
    take('name', word, 4, 2);
    take('alias', word, 2.5, 0);
    take('connector', word, 2, 0);
    take('description', word, 1, 0.5);
  }
  if (score > 0 && isSticky) score += stickyBonus;
  const because = (['name', 'alias', 'connector', 'description'] as const).flatMap((field) =>
    found[field].size === 0
      ? []
      : [
          `matched ${[...found[field]].map((word) => `"${word}"`).join(', ')} in ${field === 'name' ? 'tool name' : field}`,
        ],
  );
  return {
    score,
    because: score > 0 && isSticky ? [...because, `sticky: last used ${entry.account.alias}`] : because,
  };
}

function fanOutOf(
  top: Entry,
  entries: readonly Entry[],
  words: readonly string[],
  aliases: ReadonlySet<string>,
): FanOut | null {
  const named = new Set(words.filter((word) => aliases.has(word)));
  const isAsked = words.some((word) => triggers.has(word));
  if (!isAsked && named.size < 2) return null;
  const { connector } = top.account;
  const siblings = entries.filter(
    ({ account, tool }) => account.connector === connector && tool === top.tool,
  );
  const isOpen = named.size === 0 || named.has(top.account.alias.toLowerCase());
  const chosen = siblings.filter(
    ({ account }) => isOpen || account === top.account || named.has(account.alias.toLowerCase()),
  );
  if (chosen.length < 2) return null;
  return {
    connector,
    tool: top.tool,
    accounts: chosen.sort((a, b) => (a.full < b.full ? -1 : 1)).map(({ account }) => account),
    rationale:
      named.size >= 2 ? 'the intent names several profiles' : 'the wording asks for several profiles',
    effect: 'unknown',
    caution: null,
  };
}
