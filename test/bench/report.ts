import { median } from './machine.ts';
import { groups, type Group, type Results } from './run.ts';
import { pairs, type Pair } from './subject.ts';

/** What everything is compared with. */
const floor = 'floor-json';

interface Column {
  readonly metric: string;
  readonly unit: 'ms' | 'µs' | 'MiB' | '/s';
}

const columns = (unit: Column['unit'], ...metrics: readonly string[]): Column[] =>
  metrics.map((metric) => ({ metric, unit }));

const tables: Readonly<Record<Group, { readonly title: string; readonly columns: readonly Column[] }>> = {
  latency: {
    title: 'Round trip of one call after another',
    columns: columns('ms', 'p50 100 B', 'p99 100 B', 'p50 10 KB', 'p99 10 KB', 'p50 1 MB', 'p99 1 MB'),
  },
  cpu: { title: 'Processor time per call, 8 in flight', columns: columns('µs', 'cpu') },
  throughput: {
    title: 'Calls per second with 1, 8 and 64 in flight (more is better)',
    columns: columns('/s', 'calls/s 1', 'calls/s 8', 'calls/s 64'),
  },
  memory: {
    title: 'Memory',
    columns: columns('MiB', 'rss idle', 'pss idle', 'rss after calls'),
  },
  list: {
    title: 'A complete list of 240, 1,000 and 5,000 tools',
    columns: columns('ms', 'list 240', 'list 1000', 'list 5000'),
  },
  cold: {
    title: 'From nothing to a complete list, and to an answer of every upstream',
    columns: columns('ms', 'cold list 1', 'cold call 1', 'cold list 12', 'cold call 12'),
  },
  isolation: {
    title: 'A fast upstream alone and beside a slow one; 50 ms asked of all at once',
    columns: columns('ms', 'fast alone', 'fast beside slow', 'fan-out'),
  },
};

/** A promise of ours: at most so many times what the floor takes. */
interface Goal {
  readonly title: string;
  readonly subject: string;
  readonly pair: Pair;
  readonly metric: string;
  readonly atMost: number;
}

const standalone = { subject: 'ours-standalone', pair: 'stdio<stdio' } as const;
const overHttp = { subject: 'ours-http', pair: 'http<stdio' } as const;

const goals: readonly Goal[] = [
  { title: 'round trip at 100 B, standalone', ...standalone, metric: 'p50 100 B', atMost: 1.6 },
  { title: 'round trip at 100 B, HTTP front', ...overHttp, metric: 'p50 100 B', atMost: 1.6 },
  {
    title: 'round trip at 100 B, through the shim',
    subject: 'ours-shim',
    pair: 'stdio<stdio',
    metric: 'p50 100 B',
    atMost: 2,
  },
  { title: 'processor time per call, stdio', ...standalone, metric: 'cpu', atMost: 1.8 },
  { title: 'processor time per call, HTTP front', ...overHttp, metric: 'cpu', atMost: 2 },
  {
    title: 'processor time per call, HTTP upstreams',
    subject: 'ours-standalone',
    pair: 'stdio<http',
    metric: 'cpu',
    atMost: 2,
  },
  { title: '5,000 tools listed, standalone', ...standalone, metric: 'list 5000', atMost: 1.5 },
  { title: '5,000 tools listed, HTTP front', ...overHttp, metric: 'list 5000', atMost: 1.5 },
  { title: 'memory when idle, standalone', ...standalone, metric: 'rss idle', atMost: 1.7 },
  { title: 'memory when idle, HTTP front', ...overHttp, metric: 'rss idle', atMost: 1.7 },
];

/** A goal and how it went; null where it was not measured. */
export interface Judgement extends Goal {
  readonly ratio: number | null;
  readonly isMet: boolean | null;
}

/** Every goal against these results. Nothing is judged by a run that only sees that all works. */
export function judge(results: Results): Judgement[] {
  return goals.map((goal) => {
    const ratio = results.quick ? null : ratioOf(results, goal.pair, goal.subject, goal.metric);
    return { ...goal, ratio, isMet: ratio === null ? null : ratio <= goal.atMost };
  });
}

/** The results as people read them: a table per group, and the goals. */
export function report(results: Results): string {
  const shown = groups.map((group) => tableOf(results, tables[group])).filter((table) => table !== null);
  const [before, after] = results.load;
  return [
    `Node ${results.node}, ${results.cpus} cores, load ${before.toFixed(1)} before and ${after.toFixed(1)} after, ${results.at}; ${results.rounds} rounds, scale ${results.scale}.`,
    `Each figure is how many times that of ${floor} on the same path it is, the median of the rounds; the rows of ${floor} say what that was.`,
    ...results.notes,
    ...shown,
    ...(results.quick ? [] : [goalsOf(results)]),
    ...(results.failures.length === 0 ? [] : [failuresOf(results)]),
  ].join('\n\n');
}

function tableOf(
  results: Results,
  { title, columns }: { readonly title: string; readonly columns: readonly Column[] },
): string | null {
  const present = columns.filter(({ metric }) => results.values.some((value) => value.metric === metric));
  if (present.length === 0) return null;
  const rows = pairs.flatMap((pair) =>
    results.subjects
      .filter(({ name }) => present.some(({ metric }) => valuesOf(results, pair, name, metric).length > 0))
      .map(({ name }) => [
        pair,
        name,
        ...present.map(({ metric, unit }) => cell(results, pair, name, metric, unit)),
      ]),
  );
  return `## ${title}\n\n${markdown(['path', 'subject', ...present.map(({ metric }) => metric)], rows)}`;
}

function cell(results: Results, pair: Pair, subject: string, metric: string, unit: string): string {
  const values = valuesOf(results, pair, subject, metric);
  if (values.length === 0) return '';
  if (subject === floor) return `${figure(median(values.map(({ value }) => value)))} ${unit}`;
  const ratio = ratioOf(results, pair, subject, metric);
  return ratio === null ? '–' : `${figure(ratio)}x`;
}

/** The median over the rounds of value to floor, both of the same round and path. */
function ratioOf(results: Results, pair: Pair, subject: string, metric: string): number | null {
  const base = new Map(
    valuesOf(results, pair, floor, metric).map(({ round, value }) => [round, value] as const),
  );
  const ratios = valuesOf(results, pair, subject, metric)
    .map(({ round, value }) => value / (base.get(round) ?? Number.NaN))
    .filter(Number.isFinite);
  return ratios.length === 0 ? null : median(ratios);
}

function valuesOf({ values }: Results, pair: Pair, subject: string, metric: string): Results['values'] {
  return values.filter(
    (value) => value.pair === pair && value.subject === subject && value.metric === metric,
  );
}

function goalsOf(results: Results): string {
  const rows = judge(results).map(({ title, pair, ratio, atMost, isMet }) => [
    isMet === null ? '–' : isMet ? '✔' : '✖',
    title,
    pair,
    ratio === null ? 'not measured' : `${ratio.toFixed(2)}x`,
    `${atMost}x`,
  ]);
  return `## Goals\n\n${markdown(['', 'goal', 'path', 'measured', 'at most'], rows)}`;
}

function failuresOf({ failures }: Results): string {
  const lines = failures.map(
    ({ round, pair, subject, step, message }) => `- ${subject}, ${pair}, ${step}, round ${round}: ${message}`,
  );
  return `## What failed\n\n${lines.join('\n')}`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((text, index) =>
    Math.max(3, text.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, index) => text.padEnd(widths[index] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function figure(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en-US');
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}
