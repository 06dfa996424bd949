import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from '../../../src-main/gateway/routing/ranking/account.ts';
import type { Found, Ranker } from '../../../src-main/gateway/routing/ranking/ranker.ts';
import type { Params } from '../../../src-main/gateway/wire/frame.ts';

/** One intent with what it should find. */
export interface Labelled {
  readonly intent: string;
  readonly connector: string;
  readonly tool: string;
  /** Aliases that are meant; empty when any is right. */
  readonly aliases: readonly string[];
  readonly isFanOut: boolean;
  /** By connector, the account used last. */
  readonly sticky: ReadonlyMap<string, string>;
}

export interface Golden {
  readonly offers: readonly { readonly account: Account; readonly tools: readonly Params[] }[];
  readonly intents: readonly Labelled[];
}

const hints: Readonly<Record<string, Params | undefined>> = {
  r: { readOnlyHint: true },
  w: { readOnlyHint: false, destructiveHint: false },
  d: { readOnlyHint: false, destructiveHint: true },
  '-': undefined,
};

/** The tools and intents that lie beside this file. */
export function readGolden(): Golden {
  const offers: { account: Account; tools: Params[] }[] = [];
  let open: typeof offers = [];
  for (const line of linesOf('golden-tools.txt')) {
    const server = /^== (.+?): (.+)$/.exec(line);
    if (server) {
      const [, connector = '', list = ''] = server;
      open = list.split(', ').map((text) => ({ account: readAccount(connector, text), tools: [] }));
      offers.push(...open);
      continue;
    }
    const tool = readTool(line);
    for (const offer of open) offer.tools.push(tool);
  }
  return { offers, intents: linesOf('golden-intents.txt').map(readIntent) };
}

/** A ranker that knows the tools of the set. */
export function fill(ranker: Ranker, { offers }: Golden): Ranker {
  for (const { account, tools } of offers) ranker.set(account, tools);
  return ranker;
}

/** What became of an intent. */
export interface Outcome {
  readonly labelled: Labelled;
  /** Place of the right tool, from 1; 0 when it is not among the first eight. */
  readonly place: number;
  /** Whether the right accounts stand first; null when none was asked for or another tool did. */
  readonly isRightAccount: boolean | null;
  readonly isRightFanOut: boolean;
  readonly found: Found;
}

export function judge(ranker: Ranker, labelled: Labelled): Outcome {
  const found = ranker.find({ intent: labelled.intent, limit: 8, sticky: labelled.sticky });
  const isIt = (hit: { connector: string; tool: string }): boolean =>
    hit.connector === labelled.connector && hit.tool === labelled.tool;
  const place = found.hits.findIndex(isIt) + 1;
  const [first] = found.hits;
  const meant = first?.accounts.slice(0, first.meant).map(({ alias }) => alias) ?? [];
  const proposed = found.fanOut?.accounts.map(({ alias }) => alias) ?? [];
  const isFanOutDue = labelled.isFanOut;
  return {
    labelled,
    place,
    isRightAccount: place !== 1 || labelled.aliases.length === 0 ? null : isSameSet(meant, labelled.aliases),
    isRightFanOut: isFanOutDue ? place === 1 && isSameSet(proposed, labelled.aliases) : proposed.length === 0,
    found,
  };
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value) => b.includes(value));
}

function linesOf(file: string): string[] {
  return readFileSync(join(import.meta.dirname, file), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('# '));
}

function readAccount(connector: string, text: string): Account {
  const [, alias = '', key, value] = /^(\S+)(?: \((\w+)=([^)]+)\))?$/.exec(text) ?? [];
  return {
    profile: `${connector}:${alias}`,
    connector,
    alias,
    metadata: key !== undefined && value !== undefined ? { [key]: value } : {},
  };
}

function readTool(line: string): Params {
  const [name = '', hint = '', description = '', parameters = ''] = line
    .split('|')
    .map((part) => part.trim());
  const properties = parameters
    .split('; ')
    .filter((parameter) => parameter !== '')
    .map((parameter) => {
      const [key = '', about] = parameter.split(': ');
      return [key, { type: 'string', ...(about === undefined ? {} : { description: about }) }];
    });
  const annotations = hints[hint];
  return {
    name,
    description,
    inputSchema: { type: 'object', properties: Object.fromEntries(properties) as Params },
    ...(annotations ? { annotations } : {}),
  };
}

function readIntent(line: string): Labelled {
  const [, intent = '', connector = '', tool = '', on = '', star, last] =
    /^(.+) => ([\w-]+)\/([\w-]+)(?: on ([\w-]+(?:, [\w-]+)*)(\*)?)?(?: last ([\w-]+))?$/.exec(line) ?? [];
  if (intent === '') throw new Error(`golden-intents.txt: cannot read "${line}"`);
  const aliases = on === '' ? [] : on.split(', ');
  return {
    intent,
    connector,
    tool,
    aliases,
    isFanOut: aliases.length > 1 && star === undefined,
    sticky: new Map(last === undefined ? [] : [[connector, `${connector}:${last}`]]),
  };
}
