import { median, quantile } from './machine.ts';
import type { Stage } from './stage.ts';
import { pause } from './subject.ts';

/** How much is done: 1 for figures, next to nothing to see that all works. */
export interface Effort {
  readonly scale: number;
  readonly upstreams: number;
  /** Between the last start and the look at what idle gateways hold. */
  readonly settleMs: number;
}

/** All subjects of one pair, running side by side. */
export interface Field {
  readonly effort: Effort;
  /** One number of one subject. */
  record(stage: Stage, metric: string, value: number): void;
  /** Each stage in turn, every time another one first; one that fails is left out from then on. */
  each(act: (stage: Stage) => Promise<unknown>): Promise<void>;
}

/** Measures a part of each stage at a time, so that noise hits all alike. */
export type Measure = (field: Field) => Promise<void>;

const slices = 10;
const inFlight = [1, 8, 64] as const;
const callsForCpu = 20_000;
const callsToWarmUp = 20_000;

const prose = 'Says "hello", naïvely:\n\tone line of text, with what JSON has to escape. ';
const sizes: readonly { metric: string; text: string; calls: number }[] = [
  { metric: '100 B', text: 'a'.repeat(100), calls: 1_500 },
  { metric: '10 KB', text: prose.repeat(130), calls: 500 },
  { metric: '1 MB', text: 'a'.repeat(1024 * 1024), calls: 30 },
];
const small = { text: 'a'.repeat(100) };

/** What gateways hold that have connected all upstreams and were asked nothing since. */
export const idleMemory: Measure = async ({ effort, record, each }) => {
  await pause(effort.settleMs);
  await each(async (stage) => {
    const { rssMib, pssMib, processes } = stage.usage();
    record(stage, 'rss idle', rssMib);
    record(stage, 'pss idle', pssMib);
    record(stage, 'processes', processes);
  });
};

/** One call after another. */
export const latency: Measure = async ({ effort, record, each }) => {
  await each((stage) => sequence(count(3_000, effort), () => stage.call(0, 'echo', small)));
  for (const { metric, text, calls } of sizes) {
    const times = createLists();
    await sliced(each, async (stage) =>
      times.add(stage, await sequence(count(calls / slices, effort), () => stage.call(0, 'echo', { text }))),
    );
    times.each((stage, taken) => {
      record(stage, `p50 ${metric}`, quantile(taken, 0.5));
      record(stage, `p99 ${metric}`, quantile(taken, 0.99));
    });
  }
};

/**
 * Processor time of the gateway's own processes per call, eight in flight over all upstreams, once V8 has compiled what
 * they run all the time; then what they hold.
 */
export const processorTime: Measure = async ({ effort, record, each }) => {
  const spent = createLists();
  const calls = count(callsForCpu / slices, effort);
  const callMany = async (stage: Stage, many: number): Promise<void> => {
    let left = many;
    await together(8, async () => {
      while (left-- > 0) await stage.call(left, 'echo', small);
    });
  };
  await each((stage) => callMany(stage, count(callsToWarmUp, effort)));
  await sliced(each, async (stage) => {
    const before = stage.usage().cpuMs;
    await callMany(stage, calls);
    spent.add(stage, [stage.usage().cpuMs - before]);
  });
  spent.each((stage, milliseconds) => {
    const sum = milliseconds.reduce((total, part) => total + part, 0);
    record(stage, 'cpu', (sum * 1_000) / (calls * milliseconds.length));
    record(stage, 'rss after calls', stage.usage().rssMib);
  });
};

/** Calls per second over all upstreams. */
export const throughput: Measure = async ({ effort, record, each }) => {
  const spanMs = 200 * effort.scale;
  for (const workers of inFlight) {
    const rates = createLists();
    await sliced(each, async (stage) => {
      const began = performance.now();
      let done = 0;
      await together(workers, async (worker) => {
        do {
          await stage.call(worker + done, 'echo', small);
          done += 1;
        } while (performance.now() - began < spanMs);
      });
      rates.add(stage, [(done / (performance.now() - began)) * 1_000]);
    });
    rates.each((stage, seen) => record(stage, `calls/s ${workers}`, median(seen)));
  }
};

/** A fast upstream while another one is slow, and one slow call to each upstream at once. */
export const isolation: Measure = async ({ effort, record, each }) => {
  await each(async (stage) => {
    const fast = (): Promise<number[]> => sequence(count(500, effort), () => stage.call(1, 'echo', small));
    record(stage, 'fast alone', quantile(await fast(), 0.5));
    const over = new AbortController();
    const slow = together(16, async () => {
      while (!over.signal.aborted) await stage.call(0, 'sleep', { ms: 300 });
    });
    try {
      record(stage, 'fast beside slow', quantile(await fast(), 0.5));
    } finally {
      over.abort();
      await slow;
    }
    const fan = (): Promise<void> =>
      together(effort.upstreams, (upstream) => stage.call(upstream, 'sleep', { ms: 50 }));
    record(stage, 'fan-out', quantile(await sequence(count(5, effort), fan), 0.5));
  });
};

/** A complete list of that many tools, warm. */
export const listing =
  (tools: number): Measure =>
  async ({ effort, record, each }) => {
    const times = createLists();
    const reads = count(3, effort);
    await each((stage) => stage.list());
    await sliced(each, async (stage) =>
      times.add(stage, await sequence(reads, async () => void (await stage.list()))),
    );
    times.each((stage, taken) => record(stage, `list ${tools}`, quantile(taken, 0.5)));
  };

async function sliced(each: Field['each'], act: (stage: Stage) => Promise<unknown>): Promise<void> {
  for (let slice = 0; slice < slices; slice++) await each(act);
}

/** Numbers by stage. */
function createLists(): {
  add(stage: Stage, values: readonly number[]): void;
  each(act: (stage: Stage, values: readonly number[]) => void): void;
} {
  const lists = new Map<Stage, number[]>();
  return {
    add: (stage, values) => void lists.set(stage, [...(lists.get(stage) ?? []), ...values]),
    each: (act) => lists.forEach((values, stage) => act(stage, values)),
  };
}

/** Milliseconds each of `times` runs took, one after the other. */
async function sequence(times: number, act: () => Promise<void>): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < times; index++) {
    const began = performance.now();
    await act();
    taken.push(performance.now() - began);
  }
  return taken;
}

async function together(workers: number, act: (worker: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: workers }, (_, worker) => act(worker)));
}

function count(full: number, { scale }: Effort): number {
  return Math.max(1, Math.round(full * scale));
}
