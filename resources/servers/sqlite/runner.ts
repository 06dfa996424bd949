import { type ChildProcess, fork } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Begun, Question, Reply, Settings } from './protocol.ts';

/** Starting the process may take this long beside the statement itself. */
const maxStartMs = 15_000;
/** Statements that wait for their turn. */
const maxWaiting = 100;

/** Runs one question after another in a process that can be ended when a statement does not end by itself. */
export interface Runner {
  /** Never rejects: what goes wrong is a sentence. An aborted question is stopped, and its answer reads so. */
  ask(question: Question, signal: AbortSignal): Promise<Reply>;
  /** Ends the process, whatever it does. */
  close(): void;
}

interface Job {
  readonly question: Question;
  readonly finish: (reply: Reply) => void;
}

/** The process starts with the first question and anew after one that had to be stopped. */
export function createRunner(settings: Settings): Runner {
  const name = basename(settings.file);
  const waiting: Job[] = [];
  let child: ChildProcess | null = null;
  let running: { readonly job: Job; timer: NodeJS.Timeout } | null = null;

  const finish = (reply: Reply): void => {
    if (!running) return;
    const { job, timer } = running;
    running = null;
    clearTimeout(timer);
    job.finish(reply);
    next();
  };

  const stop = (reason: string): void => {
    child?.kill('SIGKILL');
    child = null;
    finish({ error: reason });
  };

  const limit = (milliseconds: number): NodeJS.Timeout =>
    setTimeout(
      () =>
        stop(
          `The statement on ${name} ran longer than ${settings.timeoutMs / 1_000} seconds and was stopped; ` +
            'narrow it with WHERE or LIMIT, and check that a recursive WITH ends.',
        ),
      milliseconds,
    );

  const start = (): ChildProcess => {
    const started = fork(
      fileURLToPath(new URL('./query-worker.ts', import.meta.url)),
      [JSON.stringify(settings)],
      {
        // Its stdout must never reach ours: that carries the protocol.
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    // The server ends with its stdin; a sleeping child must not keep it.
    started.unref();
    started.channel?.unref();
    started.on('message', (message: Begun | Reply) => {
      if (started !== child || !running) return;
      if (!('begun' in message)) return finish(message);
      clearTimeout(running.timer);
      running.timer = limit(settings.timeoutMs);
    });
    const lost = (what: string): void => {
      if (started !== child) return;
      child = null;
      finish({ error: `${name}: the process that runs statements ${what}; try again.` });
    };
    started.once('error', (error) => lost(`failed (${error.message})`));
    started.once('exit', (code, signal) => lost(`ended unexpectedly (${signal ?? `code ${code}`})`));
    return started;
  };

  const next = (): void => {
    const job = running ? undefined : waiting.shift();
    if (!job) return;
    running = { job, timer: limit(settings.timeoutMs + maxStartMs) };
    child ??= start();
    child.send(job.question, (error) => {
      if (error && running?.job === job) stop(`${name}: the statement could not be handed on; try again.`);
    });
  };

  return {
    ask(question, signal) {
      if (waiting.length >= maxWaiting)
        return Promise.resolve({
          error: `${maxWaiting} statements already wait for ${name}; try again in a moment.`,
        });
      const { promise, resolve } = Promise.withResolvers<Reply>();
      const job: Job = {
        question,
        finish(reply) {
          signal.removeEventListener('abort', cancel);
          resolve(reply);
        },
      };
      const cancel = (): void => {
        const sentence = `The statement on ${name} was cancelled.`;
        if (running?.job === job) return stop(sentence);
        waiting.splice(waiting.indexOf(job), 1);
        job.finish({ error: sentence });
      };
      waiting.push(job);
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
      next();
      return promise;
    },
    close() {
      child?.kill('SIGKILL');
      child = null;
    },
  };
}
