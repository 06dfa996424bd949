import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { NucleusError, toNucleusError } from '../../../../src-shared/errors.ts';
import type { Clock } from '../../platform.ts';
import { compareResults } from './compare.ts';
import type { Comparison, ComparisonFailure, RefusedSide, Side } from './comparison.ts';
import { refuseLarge } from './refuse-large.ts';

/** Compares results of any size without holding up the gateway. */
export interface Comparer {
  /**
   * What differs, or one sentence why that could not be found out. Rejects only when the caller cancelled. `base` is
   * the profile that the others are compared with: the first, when none is named.
   */
  compare(
    sides: readonly Side[],
    options?: { readonly base?: string | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<Comparison | ComparisonFailure>;
  close(): Promise<void>;
}

/** What the thread is given. */
export interface Task {
  readonly sides: readonly (Side | RefusedSide)[];
  readonly base: string | undefined;
}

/** Up to so many bytes are compared here and now: starting a thread would take longer. */
const inlineBytes = 16 * 1024;
/** From when the thread has a task; the thread is ended then. */
const timeLimit = 10_000;
/** How long a thread without work is kept. */
const idleLimit = 30_000;
/** Large comparisons at once: one runs, the others wait. */
const openLimit = 8;
const threadMemoryMib = 512;

/** Bundled for the desktop app, the worker lies beside it as JavaScript. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './compare-worker.ts' : './compare-worker.js',
  import.meta.url,
);

interface Job {
  readonly task: Task;
  readonly transfer: readonly ArrayBuffer[];
  readonly end: (outcome: Comparison | ComparisonFailure) => void;
}

/** One thread for all, started for the first large comparison and ended when there was none for a while. */
export function createComparer(deps: {
  readonly clock: Clock;
  /** Another program for the thread, for tests of what happens when it fails. */
  readonly workerFile?: URL;
}): Comparer {
  const waiting: Job[] = [];
  let thread: Worker | null = null;
  let running: { readonly job: Job; readonly forgetLimit: () => void } | null = null;
  let forgetIdle = (): void => {};
  let open = 0;
  let isClosed = false;

  const startThread = (): Worker => {
    const started = new Worker(deps.workerFile ?? workerFile, {
      env: {},
      execArgv: [],
      // Its stdout must never reach ours, which may carry the protocol. It writes nothing, and reading it would keep
      // the process alive.
      stdout: true,
      resourceLimits: { maxOldGenerationSizeMb: threadMemoryMib },
    });
    const isCurrent = (): boolean => thread === started;
    started.on('message', (comparison: Comparison) => isCurrent() && finish(comparison));
    started.on('error', (error) => isCurrent() && lose(sentenceFor(error)));
    started.on(
      'exit',
      (code) => isCurrent() && lose(`the comparing thread ended unexpectedly (code ${code})`),
    );
    return started;
  };

  const next = (): void => {
    if (running) return;
    const job = waiting.shift();
    if (!job) {
      if (!thread) return;
      thread.unref();
      forgetIdle = deps.clock.after(idleLimit, () => void endThread());
      return;
    }
    forgetIdle();
    try {
      thread ??= startThread();
      thread.ref();
      running = { job, forgetLimit: deps.clock.after(timeLimit, () => lose(tooLong)) };
      thread.postMessage(job.task, [...job.transfer]);
    } catch (thrown) {
      running ??= { job, forgetLimit: () => {} };
      lose(sentenceFor(thrown));
    }
  };
  const finish = (outcome: Comparison | ComparisonFailure): void => {
    const ended = running;
    running = null;
    ended?.forgetLimit();
    ended?.job.end(outcome);
    next();
  };
  /** The thread is lost, and with it what it worked on; the next comparison gets another one. */
  const lose = (problem: string): void => {
    void endThread();
    finish({ error: `The results could not be compared: ${problem}.` });
  };
  const endThread = async (): Promise<void> => {
    const ended = thread;
    thread = null;
    await ended?.terminate();
  };

  const inThread = async (
    task: Task,
    signal: AbortSignal | undefined,
  ): Promise<Comparison | ComparisonFailure> => {
    const copied = await copy(task);
    if (isClosed) return closed;
    if (signal?.aborted) throw cancelled();
    const { promise, resolve, reject } = Promise.withResolvers<Comparison | ComparisonFailure>();
    const job: Job = { ...copied, end: resolve };
    const cancel = (): void => {
      reject(cancelled());
      const at = waiting.indexOf(job);
      if (at >= 0) waiting.splice(at, 1);
      if (running?.job === job) lose('the call was cancelled');
    };
    signal?.addEventListener('abort', cancel, { once: true });
    waiting.push(job);
    next();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };

  return {
    async compare(all, { base, signal } = {}) {
      if (signal?.aborted) throw cancelled();
      if (isClosed) return closed;
      const sides = refuseLarge(all);
      const bytes = sides.reduce((sum, side) => sum + ('json' in side ? side.json.length : 0), 0);
      if (bytes <= inlineBytes) return compareResults(sides, base);
      if (open >= openLimit) return busy;
      open++;
      try {
        return await inThread({ sides, base }, signal);
      } finally {
        open--;
      }
    },
    async close() {
      isClosed = true;
      forgetIdle();
      for (const job of waiting.splice(0)) job.end(closed);
      const ended = endThread();
      running?.forgetLimit();
      running?.job.end(closed);
      running = null;
      await ended;
    },
  };
}

const tooLong = `it took longer than ${timeLimit / 1_000} s; ask for fewer rows`;
const busy: ComparisonFailure = {
  error: 'The results were not compared: too many comparisons are waiting. Try again.',
};
const closed: ComparisonFailure = { error: 'The results were not compared: Nucleus is closing.' };

function cancelled(): NucleusError {
  return new NucleusError('CALL_CANCELLED', 'the comparison was cancelled');
}

/**
 * Copies that can be handed over for good: the bytes are the reply's, which goes on its way to the client. One result
 * a turn, as a copy of many MiB takes milliseconds.
 */
async function copy(task: Task): Promise<Pick<Job, 'task' | 'transfer'>> {
  const transfer: ArrayBuffer[] = [];
  const sides: (Side | RefusedSide)[] = [];
  for (const side of task.sides) {
    if ('problem' in side) {
      sides.push(side);
      continue;
    }
    const json =
      typeof side.json === 'string' ? new TextEncoder().encode(side.json) : new Uint8Array(side.json);
    transfer.push(json.buffer);
    sides.push({ profile: side.profile, json });
    await turn();
  }
  return { task: { sides, base: task.base }, transfer };
}

function sentenceFor(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return `they need more than ${threadMemoryMib} MiB of memory; ask for fewer rows`;
  return `the comparing thread failed (${toNucleusError(thrown).message})`;
}
