import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createCompatRanker } from '../../../src-main/gateway/routing/ranking/compat.ts';
import { createRanker, type Ranker } from '../../../src-main/gateway/routing/ranking/ranker.ts';
import type { Params } from '../../../src-main/gateway/wire/frame.ts';
import { fill, judge, readGolden } from './golden.ts';
import { measureIndex, type Offer } from './index-cost.ts';
import { openPublicData, type Build, type PublicData } from './public-data.ts';
import { runAccounts } from './several-accounts.ts';
import { runSet, type SetResult } from './single-account.ts';

/* npm run bench:search: prints tables, judges nothing; the floors are in test/unit/routing/ranking/golden.test.ts. */

const root = join(import.meta.dirname, '../../..');
/** Not typed: it is what any ranker brings to the benchmark. */
const { build: ours } = (await import(pathToFileURL(join(root, 'test/bench/ranker.mjs')).href)) as {
  build: Build;
};

const data = openPublicData(root);
if (data) {
  await printSets(data);
  await printAccounts(data);
  printCost(data);
} else {
  print(
    'The public benchmark is not here (NUCLEUS_SEARCH_DATA, ../shared/search): only the golden set is run.',
  );
}
printGolden();

async function builds(names: readonly string[], from: PublicData): Promise<Map<string, Build>> {
  const loaded = await Promise.all(names.map(async (name) => [name, await from.load(name)] as const));
  return new Map([...loaded, ['ours', ours]]);
}

async function printSets(from: PublicData): Promise<void> {
  const names = ['seed', 'bm25', 'bm25f-clauses'];
  const all = await builds(names, from);
  const columns = [...all.keys()];
  print(
    'Tools of one account: recall in the first 1 and 5, in per cent; 95th percentile of a search, of ours and of seed',
  );
  print(row('', columns, 'p95 ms', 'seed / ours'));
  const results: SetResult[] = [];
  for (const set of from.sets) {
    const result = await runSet(from, set, all);
    results.push(result);
    const cells = columns.map((name) => recallOf([result], name));
    const [ours = 0, seed = 0] = ['ours', 'seed'].map((name) => result.by.get(name)?.p95);
    print(row(set, cells, ours.toFixed(3), (seed / ours).toFixed(0)));
  }
  // The large set has the same queries once more.
  const counted = results.filter(({ set }) => set !== 'livemcp_5k');
  print(
    row(
      'macro',
      columns.map((name) => recallOf(counted, name)),
    ),
  );
  print('');
}

function recallOf(results: readonly SetResult[], ranker: string): string {
  const mean = (of: 'at1' | 'at5'): string =>
    (results.reduce((sum, { by }) => sum + (by.get(ranker)?.[of] ?? 0), 0) / results.length).toFixed(1);
  return `${mean('at1')} ${mean('at5')}`;
}

async function printAccounts(from: PublicData): Promise<void> {
  const all = runAccounts(from, await builds(['seed', 'profiled'], from));
  const columns = [...all.keys()];
  const cells = (of: (result: NonNullable<ReturnType<typeof all.get>>) => string): string[] =>
    [...all.values()].map(of);
  print(
    'Tools of several accounts: right tool first, on a right account first / in eight; distinct tools in eight',
  );
  print(row('', columns));
  for (const { kind } of [...all.values()][0]?.kinds ?? []) {
    const of = cells(({ kinds }) => {
      const own = kinds.find((one) => one.kind === kind);
      return own
        ? `${fixed(own.tool1)} ${fixed(own.target1)}/${fixed(own.target8)} ${fixed(own.distinct)}`
        : '';
    });
    print(row(kind, of));
  }
  print(
    row(
      'right account',
      cells(({ account }) => fixed(account)),
    ),
  );
  print(
    row(
      'fan-out precision',
      cells(({ precision }) => fixed(precision)),
    ),
  );
  print(
    row(
      'fan-out recall',
      cells(({ recall }) => fixed(recall)),
    ),
  );
  print(
    row(
      'fan-out F1',
      cells(({ f1 }) => fixed(f1)),
    ),
  );
  print(
    row(
      'fan-out exact',
      cells(({ exact }) => fixed(exact)),
    ),
  );
  print(
    row(
      'p95 ms',
      cells(({ p95 }) => p95.toFixed(3)),
    ),
  );
  print('');
}

function printCost(from: PublicData): void {
  const offers = [...Map.groupBy(from.tools('livemcp_5k'), ({ server }) => server)].map(
    ([connector, tools]): Offer => ({
      account: { profile: `${connector}:default`, connector, alias: 'default', metadata: {} },
      tools: tools as unknown as readonly Params[],
    }),
  );
  const largest = offers.toSorted((a, b) => b.tools.length - a.tools.length)[0] as Offer;
  const extra: Offer = {
    account: { profile: 'extra:new', connector: 'extra', alias: 'new', metadata: {} },
    tools: largest.tools,
  };
  const { tools, build, added, removed } = measureIndex(offers, extra);
  print(
    `Index of ${tools} tools: ${build.toFixed(0)} ms; one profile of ${extra.tools.length} tools added ${added.toFixed(1)} ms, removed ${removed.toFixed(1)} ms, each with the search after it`,
  );
  print('');
}

function printGolden(): void {
  const golden = readGolden();
  print('Golden set of our own');
  print(row('', ['R@1', 'R@3', 'R@5', 'account', 'fan-out']));
  const rankers: readonly (readonly [string, Ranker])[] = [
    ['as the original', createCompatRanker()],
    ['ours', createRanker()],
  ];
  for (const [name, ranker] of rankers) {
    fill(ranker, golden);
    const outcomes = golden.intents.map((labelled) => judge(ranker, labelled));
    const share = (is: number): string => fixed((100 * is) / outcomes.length);
    const within = (rank: number): number =>
      outcomes.filter(({ place }) => place > 0 && place <= rank).length;
    const decided = outcomes.filter(({ isRightAccount }) => isRightAccount !== null);
    const right = decided.filter(({ isRightAccount }) => isRightAccount === true).length;
    print(
      row(name, [
        share(within(1)),
        share(within(3)),
        share(within(5)),
        fixed((100 * right) / decided.length),
        share(outcomes.filter(({ isRightFanOut }) => isRightFanOut).length),
      ]),
    );
  }
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function row(name: string, cells: readonly string[], ...more: readonly string[]): string {
  return [
    name.padEnd(18),
    ...cells.map((cell) => cell.padStart(24)),
    ...more.map((cell) => cell.padStart(12)),
  ].join('');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
