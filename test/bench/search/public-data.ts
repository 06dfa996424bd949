import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/*
 * The public halves of the tool-search benchmark and the rankers that lie beside them. Neither is part of this project:
 * NUCLEUS_SEARCH_DATA says where they are, else ../shared/search is looked at.
 */

export interface Tool {
  readonly id?: string;
  readonly server: string;
  readonly connector?: string;
  readonly alias?: string;
  readonly name: string;
  readonly description?: string;
}

export interface Query {
  readonly text: string;
  readonly gold: readonly string[];
}

export interface AccountQuery {
  readonly kind: string;
  readonly text: string;
  readonly connector: string;
  readonly tools: readonly string[];
  readonly aliases: readonly string[];
  readonly sticky: Readonly<Record<string, string>>;
  readonly fanout: boolean;
}

export interface Ranked {
  readonly id: string;
}

/** What each ranker offers to the benchmark. */
export interface BenchRanker {
  search(text: string, options: { limit: number }): Ranked[];
  find?(
    text: string,
    options: { limit: number; sticky: Readonly<Record<string, string>> },
  ): { hits: Ranked[]; fanout: string[] | null };
}

export type Build = (tools: readonly Tool[]) => BenchRanker;

const warmUps = 200;

/** Lets the engine compile a ranker on texts that are no query, so that a query's time is not the compiler's. */
export function warmUp(ranker: BenchRanker, tools: readonly Tool[]): void {
  for (const { name, description } of tools.slice(0, warmUps)) {
    const text = (description ?? name).slice(0, 300);
    ranker.search(text, { limit: 10 });
    ranker.find?.(text, { limit: 10, sticky: {} });
  }
}

export interface PublicData {
  readonly folder: string;
  readonly sets: readonly string[];
  tools(set: string): Tool[];
  queries(set: string): Query[];
  accountTools(): Tool[];
  accountQueries(): AccountQuery[];
  /** A ranker that lies beside the data. */
  load(ranker: string): Promise<Build>;
  /** Recall by the benchmark's own reading of its labels. */
  recall(): Promise<(ranked: readonly string[], query: Query) => { at1: number; at5: number }>;
}

/** The data, or null where it is not. */
export function openPublicData(root: string): PublicData | null {
  const folder = process.env['NUCLEUS_SEARCH_DATA'] ?? join(root, '../shared/search');
  if (!existsSync(join(folder, 'data'))) return null;
  const read = <T>(file: string): T[] =>
    readFileSync(join(folder, 'data', file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as T);
  const load = async <T>(file: string): Promise<T> =>
    (await import(pathToFileURL(join(folder, file)).href)) as T;
  const isLarge = (set: string): boolean => set === 'livemcp_5k';
  const base = (set: string): string => (isLarge(set) ? 'livemcp' : set);
  return {
    folder,
    sets: ['livemcp', 'mcpproxy', 'toolbench', 'bfcl_live', 'sealtools', 'metatool', 'livemcp_5k'],
    tools: (set) => [
      ...read<Tool>(`${base(set)}.tools.jsonl`),
      ...(isLarge(set) ? read<Tool>('toucan-distractors.tools.jsonl') : []),
    ],
    queries: (set) => read(`${base(set)}.queries.public.jsonl`),
    accountTools: () => read('multiaccount.tools.public.jsonl'),
    accountQueries: () => read('multiaccount.queries.public.jsonl'),
    async load(ranker) {
      return (await load<{ build: Build }>(`rankers/${ranker}.mjs`)).build;
    },
    async recall() {
      const { score } = await load<{
        score: (ranked: readonly string[], query: Query) => Record<string, number>;
      }>('lib/metrics.mjs');
      return (ranked, query) => {
        const all = score(ranked, query);
        return { at1: all['recall@1'] ?? 0, at5: all['recall@5'] ?? 0 };
      };
    },
  };
}
