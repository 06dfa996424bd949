import { percentile } from './percentile.ts';
import { warmUp, type AccountQuery, type Build, type PublicData, type Tool } from './public-data.ts';

/** Shares in per cent, by kind of query. */
export interface KindResult {
  readonly kind: string;
  readonly queries: number;
  /** The right tool first, the right tool on a right account first and among the first eight. */
  readonly tool1: number;
  readonly target1: number;
  readonly target8: number;
  /** Different tools among the first eight, at most 8. */
  readonly distinct: number;
}

export interface AccountsResult {
  readonly kinds: readonly KindResult[];
  /** Of the queries that mean one account and whose tool was found: how often it was that account. */
  readonly account: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Fan-outs that name exactly the right tool and accounts, of all that are due. */
  readonly exact: number;
  readonly p95: number;
}

const limit = 8;
const oneAccount = ['noneSticky', 'one', 'oneKeyword', 'oneParaphrase'];

interface Seen {
  readonly query: AccountQuery;
  readonly isTool: boolean;
  readonly isTarget: boolean;
  readonly isAmongEight: boolean;
  readonly distinct: number;
  readonly isProposed: boolean;
  readonly isExact: boolean;
}

/** What rankers make of servers that are there for two to four accounts; each query once on each of them. */
export function runAccounts(
  data: PublicData,
  builds: ReadonlyMap<string, Build>,
): ReadonlyMap<string, AccountsResult> {
  const tools = data.accountTools();
  const byId = new Map(tools.map((tool) => [tool.id ?? '', tool]));
  const queries = data.accountQueries();
  const results = Array.from(builds, ([name, build]) => {
    const ranker = build(tools);
    warmUp(ranker, tools);
    const times: number[] = [];
    const seen = queries.map((query) => {
      const started = performance.now();
      const found = ranker.find?.(query.text, { limit, sticky: query.sticky });
      times.push(performance.now() - started);
      const hits = (found?.hits ?? []).flatMap(({ id }) => byId.get(id) ?? []);
      const proposed = (found?.fanout ?? []).flatMap((id) => byId.get(id) ?? []);
      return look(query, hits, proposed);
    });
    return [name, { ...sumUp(seen), p95: percentile(times, 0.95) }] as const;
  });
  return new Map(results);
}

function look(query: AccountQuery, hits: readonly Tool[], proposed: readonly Tool[]): Seen {
  const isTool = (tool: Tool | undefined): boolean =>
    tool?.connector === query.connector && query.tools.includes(tool.name);
  const isTarget = (tool: Tool | undefined): boolean =>
    isTool(tool) && query.aliases.includes(tool?.alias ?? '');
  const aliases = new Set(proposed.map(({ alias }) => alias));
  return {
    query,
    isTool: isTool(hits[0]),
    isTarget: isTarget(hits[0]),
    isAmongEight: hits.some(isTarget),
    distinct: new Set(hits.map(({ connector, name }) => `${connector}/${name}`)).size,
    isProposed: proposed.length > 1,
    isExact: proposed.length > 1 && proposed.every(isTarget) && aliases.size === query.aliases.length,
  };
}

function sumUp(seen: readonly Seen[]): Omit<AccountsResult, 'p95'> {
  const kinds = [...Map.groupBy(seen, ({ query }) => query.kind)].map(([kind, own]): KindResult => ({
    kind,
    queries: own.length,
    tool1: share(own, ({ isTool }) => isTool),
    target1: share(own, ({ isTarget }) => isTarget),
    target8: share(own, ({ isAmongEight }) => isAmongEight),
    distinct: own.reduce((sum, { distinct }) => sum + distinct, 0) / own.length,
  }));
  const found = seen.filter(({ query, isTool }) => oneAccount.includes(query.kind) && isTool);
  const due = seen.filter(({ query }) => query.fanout);
  const proposed = seen.filter(({ isProposed }) => isProposed);
  const precision = share(proposed, ({ query }) => query.fanout);
  const recall = share(due, ({ isProposed }) => isProposed);
  return {
    kinds,
    account: share(found, ({ isTarget }) => isTarget),
    precision,
    recall,
    f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    exact: share(due, ({ isExact }) => isExact),
  };
}

function share<T>(values: readonly T[], is: (value: T) => boolean): number {
  return values.length === 0 ? 0 : (100 * values.filter(is).length) / values.length;
}
