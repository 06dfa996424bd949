import { mkdirSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import {
  idleMemory,
  isolation,
  latency,
  listing,
  processorTime,
  throughput,
  type Effort,
  type Measure,
} from './measures.ts';
import { openStage, type Plan, type Stage } from './stage.ts';
import { openStubs } from './stubs.ts';
import { pairs, type Pair, type Subject } from './subject.ts';

/** The groups of metrics `--only` names, in the order they run. */
export const groups = ['memory', 'latency', 'cpu', 'throughput', 'isolation', 'list', 'cold'] as const;
export type Group = (typeof groups)[number];

/** One number as it was measured, in milliseconds, microseconds of processor time, MiB, or calls a second. */
export interface Value {
  readonly round: number;
  readonly pair: Pair;
  readonly subject: string;
  readonly metric: string;
  readonly value: number;
}

/** Something a subject could not do. */
export interface Failure {
  readonly round: number;
  readonly pair: Pair;
  readonly subject: string;
  readonly step: string;
  readonly message: string;
}

export interface Results {
  readonly at: string;
  readonly node: string;
  readonly cpus: number;
  /** Of the last minute, before and after. */
  readonly load: readonly [before: number, after: number];
  readonly rounds: number;
  readonly scale: number;
  readonly quick: boolean;
  readonly notes: readonly string[];
  readonly subjects: readonly { readonly name: string; readonly about: string }[];
  readonly values: readonly Value[];
  readonly failures: readonly Failure[];
}

export interface RunOptions {
  readonly subjects: readonly Subject[];
  readonly only: readonly Group[];
  readonly rounds: number;
  readonly scale: number;
  /** Sees that all works: few upstreams, few calls. */
  readonly quick: boolean;
  /** Scratch space, thrown away by whoever made it. */
  readonly folder: string;
  readonly notes: readonly string[];
  /** Told what is being done. */
  say(text: string): void;
}

const measuresOf: Readonly<Record<'memory' | 'latency' | 'cpu' | 'throughput' | 'isolation', Measure>> = {
  memory: idleMemory,
  latency,
  cpu: processorTime,
  throughput,
  isolation,
};
const toolsEach = 20;
const settleMs = 2_000;
const coldStarts = 2;
/** Over HTTP upstreams a list and a start cost the same, and are easier to lose in noise. */
const pairsOfStarts: readonly Pair[] = ['stdio<stdio', 'http<stdio'];

/** Runs all subjects of all pairs, a few times over. */
export async function run(options: RunOptions): Promise<Results> {
  const { subjects, quick, folder, say } = options;
  const before = loadavg()[0] ?? 0;
  const at = new Date().toISOString();
  const effort: Effort = quick
    ? { scale: 0.004, upstreams: 3, settleMs: 0 }
    : { scale: options.scale, upstreams: 12, settleMs };
  const values: Value[] = [];
  const failures: Failure[] = [];
  mkdirSync(folder, { recursive: true });
  const stubs = await openStubs(effort.upstreams, toolsEach);
  try {
    for (let round = 1; round <= options.rounds; round++)
      for (const pair of pairs) {
        const taking = subjects.filter((subject) => subject.pairs.includes(pair));
        if (taking.length > 1 || taking.length === subjects.length)
          await runPair(round, pair, rotate(taking, round - 1));
      }
  } finally {
    stubs.close();
  }
  return {
    at,
    node: process.version,
    cpus: cpus().length,
    load: [before, loadavg()[0] ?? 0],
    rounds: options.rounds,
    scale: effort.scale,
    quick,
    notes: options.notes,
    subjects: subjects.map(({ name, about }) => ({ name, about })),
    values,
    failures,
  };

  async function runPair(round: number, pair: Pair, taking: readonly Subject[]): Promise<void> {
    const plan = (upstreams: number, each: number): Plan => ({
      pair,
      upstreams,
      toolsEach: each,
      urls: pair.endsWith('http') ? stubs.urls : [],
    });
    const wanted = options.only.filter((group) => group in measuresOf);
    if (wanted.length > 0)
      await withStages(round, plan(effort.upstreams, toolsEach), taking, async (stages) => {
        for (const group of wanted)
          await measure(round, pair, stages, group, measuresOf[group as keyof typeof measuresOf]);
      });
    if (!pairsOfStarts.includes(pair)) return;
    if (options.only.includes('list'))
      for (const tools of quick ? [240] : [240, 1_000, 5_000]) {
        const showing = taking.filter(({ lists }) => lists);
        await withStages(
          round,
          plan(effort.upstreams, Math.ceil(tools / effort.upstreams)),
          showing,
          (stages) => measure(round, pair, stages, 'list', listing(tools)),
        );
      }
    if (options.only.includes('cold')) await startCold(round, plan, taking);
  }

  async function measure(
    round: number,
    pair: Pair,
    stages: readonly Stage[],
    step: Group,
    act: Measure,
  ): Promise<void> {
    say(`round ${round}, ${pair}: ${step}`);
    const failed = new Set<Stage>();
    let turn = 0;
    await act({
      effort,
      record: ({ subject: { name } }, metric, value) =>
        void values.push({ round, pair, subject: name, metric, value }),
      async each(work) {
        for (const stage of rotate(stages, turn++)) {
          if (failed.has(stage)) continue;
          try {
            await work(stage);
          } catch (error) {
            failed.add(stage);
            fail(round, pair, stage.subject, step, error);
          }
        }
      },
    });
  }

  async function startCold(
    round: number,
    plan: (upstreams: number, each: number) => Plan,
    taking: readonly Subject[],
  ): Promise<void> {
    for (const upstreams of quick ? [1] : [1, effort.upstreams])
      for (let start = 0; start < (quick ? 1 : coldStarts); start++)
        for (const subject of rotate(taking, start)) {
          const own = plan(upstreams, toolsEach);
          say(`round ${round}, ${own.pair}: cold start of ${subject.name}, ${upstreams} upstreams`);
          await withStages(round, own, [subject], async ([stage]) => {
            const record = (metric: string, value: number): number =>
              values.push({ round, pair: own.pair, subject: subject.name, metric, value });
            if (!stage) return;
            record(`cold list ${upstreams}`, stage.listedMs);
            record(`cold call ${upstreams}`, stage.calledMs);
          });
        }
  }

  async function withStages(
    round: number,
    own: Plan,
    taking: readonly Subject[],
    act: (stages: readonly Stage[]) => Promise<void>,
  ): Promise<void> {
    const stages: Stage[] = [];
    try {
      for (const subject of taking)
        try {
          stages.push(await openStage(join(folder, 'stages'), subject, own));
        } catch (error) {
          fail(round, own.pair, subject, 'start', error);
        }
      await act(stages);
    } finally {
      for (const stage of stages)
        await stage.close().catch((error: unknown) => fail(round, own.pair, stage.subject, 'close', error));
    }
  }

  function fail(round: number, pair: Pair, { name }: Subject, step: string, thrown: unknown): void {
    const { message } = thrown as Error;
    say(`${name} failed in ${step}: ${message}`);
    failures.push({ round, pair, subject: name, step, message: message.slice(0, 500) });
  }
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const from = by % Math.max(1, items.length);
  return [...items.slice(from), ...items.slice(0, from)];
}
