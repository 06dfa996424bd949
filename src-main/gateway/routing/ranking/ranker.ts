import type { Params } from '../../wire/frame.ts';
import { accountNouns, prepositions, determiners } from './account-words.ts';
import type { Account } from './account.ts';
import { resolveAccounts, type Reading, type Resolved } from './accounts.ts';
import { accountReason, matchReasons } from './because.ts';
import { changes, effectOf, onlyAsks } from './effect.ts';
import { proposeFanOut, type FanOut } from './fan-out.ts';
import { readIntent, shorten } from './intent.ts';
import { createAccountNames, readTokens, type AccountNames, type Mention } from './mentions.ts';
import { accountTokens, findScopes } from './scope.ts';
import { createSearch } from './search.ts';
import { createTextIndex, termShift } from './text-index.ts';
import { readTool } from './tool-text.ts';

export interface Hit {
  readonly connector: string;
  /** The upstream's own name. */
  readonly tool: string;
  /** As the upstream of the first account sent it. */
  readonly definition: Params;
  /** Every account that has the tool, the meant ones first. */
  readonly accounts: readonly Account[];
  /** How many of them, from the first, the intent means. */
  readonly meant: number;
  readonly score: number;
  readonly because: readonly string[];
}

export interface Query {
  readonly intent: string;
  /** Only tools of this connector, in any case. */
  readonly connector?: string | undefined;
  readonly limit: number;
  readonly offset?: number | undefined;
  /** The account used last in this conversation, by connector. */
  readonly sticky?: ReadonlyMap<string, string> | undefined;
}

export interface Found {
  readonly hits: readonly Hit[];
  /** How many tools match at all. */
  readonly total: number;
  readonly fanOut: FanOut | null;
}

/** Finds tools by what somebody wants to do. One ranker belongs to one view. */
export interface Ranker {
  /** What an account offers; again for one that changed. */
  set(account: Account, tools: readonly Params[]): void;
  remove(profile: string): void;
  find(query: Query): Found;
}

interface Tool {
  readonly connector: string;
  readonly name: string;
  /** By profile, in the order they came; the first one's text is in the index. */
  readonly holders: Map<string, Params>;
  document: number;
  isChange: boolean;
}

/** What it adds to a tool that its connector has the accounts named, or paraphrased: others cannot be meant. */
const namedShare = 2;
const meantShare = 1;
/** What is left of the score of a tool that changes something when the intent only asks. */
const changeShare = 0.75;

/** Ranks each tool once however many accounts have it, and says apart from that which account is meant. */
export function createRanker(): Ranker {
  const index = createTextIndex();
  const search = createSearch(index);
  const accounts = new Map<string, Account>();
  const byKey = new Map<string, Tool>();
  const byDocument: (Tool | undefined)[] = [];
  let names: AccountNames | null = null;
  let connectorWords: ReadonlySet<string> = new Set();

  function put(tool: Tool): void {
    const [definition] = tool.holders.values();
    tool.document = index.add(readTool(tool.connector, tool.name, definition as Params), tool.connector);
    tool.isChange = changes(tool.name, definition as Params);
    byDocument[tool.document] = tool;
  }

  function remove(profile: string): void {
    const account = accounts.get(profile);
    if (!account) return;
    accounts.delete(profile);
    names = null;
    const gone: number[] = [];
    const renewed: Tool[] = [];
    for (const [key, tool] of byKey) {
      if (tool.connector !== account.connector || !tool.holders.has(profile)) continue;
      const [first] = tool.holders.keys();
      const old = tool.holders.get(profile);
      tool.holders.delete(profile);
      const [next] = tool.holders.values();
      if (next !== undefined && (first !== profile || isSame(next, old))) continue;
      gone.push(tool.document);
      if (next === undefined) byKey.delete(key);
      else renewed.push(tool);
    }
    for (const document of gone) byDocument[document] = undefined;
    index.remove(gone);
    for (const tool of renewed) put(tool);
  }

  function read(intent: string): { reading: Reading; wanted: string } {
    if (!names) {
      names = createAccountNames(accounts.values());
      connectorWords = new Set(
        [...accounts.values()].flatMap(({ connector }) => readTokens(connector).map(({ word }) => word)),
      );
    }
    const tokens = readTokens(intent);
    const mentions = names.find(intent, tokens);
    const scopes = findScopes(intent, tokens, connectorWords);
    const taken = accountTokens(intent, tokens, mentions, scopes, frame);
    let wanted = '';
    let from = 0;
    for (const at of [...taken].sort((a, b) => a - b)) {
      const token = tokens[at] as (typeof tokens)[number];
      wanted += `${intent.slice(from, token.from)} `;
      from = token.to;
    }
    return { reading: { tokens, mentions, scopes }, wanted: wanted + intent.slice(from) };
  }

  /** Somebody who only asks seldom means a tool that changes something, and it is the worse mistake. */
  function weightWhenAsked(document: number): number {
    return (byDocument[document] as Tool).isChange ? changeShare : 1;
  }

  function describe(
    document: number,
    reading: Reading,
    sticky: Query['sticky'],
  ): { tool: Tool; resolved: Resolved } {
    const tool = byDocument[document] as Tool;
    const held = [...tool.holders.keys()].map((profile) => accounts.get(profile) as Account);
    const has = (stem: string, fieldBits: number): boolean => {
      const term = index.term(stem);
      return (
        index
          .entry(document)
          ?.terms.some((packed) => packed >>> termShift === term && (packed & fieldBits) !== 0) === true
      );
    };
    const words = { has: (stem: string) => has(stem, 0b1011), inName: (stem: string) => has(stem, 1) };
    const resolved = resolveAccounts(held, reading, words, sticky?.get(tool.connector));
    return { tool, resolved };
  }

  return {
    set(account, tools) {
      remove(account.profile);
      accounts.set(account.profile, account);
      names = null;
      for (const definition of tools) {
        const name = String(definition['name']);
        const key = `${account.connector}\0${name}`;
        const known = byKey.get(key);
        if (known) {
          if (!known.holders.has(account.profile)) known.holders.set(account.profile, definition);
          continue;
        }
        const tool: Tool = {
          connector: account.connector,
          name,
          holders: new Map([[account.profile, definition]]),
          document: -1,
          isChange: false,
        };
        byKey.set(key, tool);
        put(tool);
      }
    },
    remove,
    find({ intent: whole, connector, limit, offset = 0, sticky }) {
      const intent = shorten(whole);
      const { reading, wanted } = read(intent);
      let what = readIntent(wanted);
      if (what.wanted.length === 0) what = readIntent(intent);
      const only = connector?.toLowerCase();
      const weights = weigh(reading.mentions);
      const groupWeight = (group: number): number => {
        const name = index.group(group);
        if (only !== undefined && name.toLowerCase() !== only) return 0;
        return weights.get(name) ?? 1;
      };
      const asks = onlyAsks(reading.tokens.map(({ word }) => word));
      const isWeighed = only !== undefined || weights.size > 0;
      const {
        hits: found,
        total,
        matches,
      } = search.search(what, offset + limit, {
        groupWeight: isWeighed ? groupWeight : undefined,
        weight: asks ? weightWhenAsked : undefined,
      });
      let fanOut: FanOut | null = null;
      const hits = found.slice(offset).map(({ document, score }, rank): Hit => {
        const { tool, resolved } = describe(document, reading, sticky);
        const [first] = resolved.accounts;
        const definition = tool.holders.get(first?.profile ?? '') as Params;
        if (rank === 0 && offset === 0)
          fanOut = proposeFanOut(
            tool.connector,
            tool.name,
            effectOf(tool.name, definition),
            resolved,
            reading.tokens.map(({ word }) => word),
          );
        const reason = accountReason(resolved);
        const entry = index.entry(document);
        return {
          connector: tool.connector,
          tool: tool.name,
          definition,
          accounts: resolved.accounts,
          meant: resolved.meant,
          score: Math.round(score * 1000) / 1000,
          because: [...(entry ? matchReasons(entry, matches) : []), ...(reason === null ? [] : [reason])],
        };
      });
      return { hits, total, fanOut };
    },
  };

  /** Weights of the connectors whose accounts an intent names; any other connector weighs 1. */
  function weigh(mentions: readonly Mention[]): Map<string, number> {
    const places = new Map<number, number>();
    const byConnector = new Map<string, Map<number, number>>();
    for (const { accounts: named, first, how, isPlain, isOrdinary } of mentions) {
      const isName = how === 'name' && (isPlain || !isOrdinary);
      if (!isName && !isPlain) continue;
      const share = isName ? namedShare : meantShare;
      places.set(first, Math.max(share, places.get(first) ?? 0));
      for (const { connector } of named) {
        const own = byConnector.get(connector) ?? new Map<number, number>();
        byConnector.set(connector, own);
        own.set(first, Math.max(share, own.get(first) ?? 0));
      }
    }
    const total = (shares: ReadonlyMap<number, number>): number =>
      [...shares.values()].reduce((sum, share) => sum + share, 0);
    return new Map(Array.from(byConnector, ([connector, own]) => [connector, 1 + total(own) / places.size]));
  }
}

function isSame(a: Params, b: Params | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

const frame = {
  leading: new Set([
    ...prepositions,
    ...determiners,
    ...'compare compares compared comparing comparison different what diff differ differs difference differences versus vs does do it is same both whether if each and or not but account profile'.split(
      ' ',
    ),
  ]),
  trailing: accountNouns,
};
