import { percentile } from './percentile.ts';
import { warmUp, type Build, type PublicData } from './public-data.ts';

export interface SetResult {
  readonly set: string;
  readonly queries: number;
  readonly tools: number;
  /** By ranker, recall in per cent and the 95th percentile of a search in milliseconds. */
  readonly by: ReadonlyMap<string, { readonly at1: number; readonly at5: number; readonly p95: number }>;
}

/** Each query once on each ranker; one ranker after the other, so that none pays for the garbage of another. */
export async function runSet(
  data: PublicData,
  set: string,
  builds: ReadonlyMap<string, Build>,
): Promise<SetResult> {
  const recall = await data.recall();
  const tools = data.tools(set);
  const queries = data.queries(set);
  const share = (sum: number): number => (100 * sum) / queries.length;
  const by = Array.from(builds, ([name, build]) => {
    const ranker = build(tools);
    warmUp(ranker, tools);
    const times: number[] = [];
    const ranked = queries.map(({ text }) => {
      const started = performance.now();
      const hits = ranker.search(text, { limit: 10 });
      times.push(performance.now() - started);
      return hits.map(({ id }) => id);
    });
    const recalls = queries.map((query, index) => recall(ranked[index] ?? [], query));
    const at1 = share(recalls.reduce((sum, one) => sum + one.at1, 0));
    const at5 = share(recalls.reduce((sum, one) => sum + one.at5, 0));
    return [name, { at1, at5, p95: percentile(times, 0.95) }] as const;
  });
  return { set, queries: queries.length, tools: tools.length, by: new Map(by) };
}
