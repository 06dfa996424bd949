import { basename } from 'node:path';
import { type Executor, startExecutor } from './executor.ts';
import type { Question, Reply, Settings } from './protocol.ts';

/** Starting the process may take this long beside the statement itself. */
const maxStartMs = 15_000;
/** Statements that wait for their turn. */
const maxWaiting = 100;
/** From the last answer to the end of a server that can only end whole: enough for it to be written. */
const farewellMs = 100;

/** Runs one question after another where one can be ended when its statement does not end by itself. */
export interface Runner {
  /** Never rejects: what goes wrong is a sentence. An aborted question is stopped, and its answer reads so. */
  ask(question: Question, signal: AbortSignal): Promise<Reply>;
  /** Ends what runs, the whole server where nothing less does. */
  close(): void;
}

interface Job {
  readonly question: Question;
  readonly finish: (reply: Reply) => void;
}

/** The executor starts with the first question and anew after one that had to be stopped. */
export function createRunner(settings: Settings): Runner {
  const name = basename(settings.file);
  const isRestarting = `The server of ${name} is being started anew; try again in a moment.`;
  const waiting: Job[] = [];
  let executor: Executor | null = null;
  let isEnding = false;
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
    const stopped = executor;
    executor = null;
    if (stopped?.kill === null) endServer();
    stopped?.kill?.();
    finish({ error: reason });
  };

  /** Whoever started the server starts a fresh one; what waits is told so. */
  const endServer = (): void => {
    isEnding = true;
    for (const job of waiting.splice(0)) job.finish({ error: isRestarting });
    setTimeout(() => process.stdout.write('', killServer), farewellMs);
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

  const start = (): Executor => {
    const started = startExecutor(settings, {
      onMessage(message) {
        if (started !== executor || !running) return;
        if (!('begun' in message)) return finish(message);
        clearTimeout(running.timer);
        running.timer = limit(settings.timeoutMs);
      },
      onLost(what) {
        if (started !== executor) return;
        executor = null;
        finish({ error: `${name}: what runs its statements ${what}; try again.` });
      },
    });
    return started;
  };

  const next = (): void => {
    const job = running ? undefined : waiting.shift();
    if (!job) return;
    running = { job, timer: limit(settings.timeoutMs + maxStartMs) };
    executor ??= start();
    executor.send(job.question, () => {
      if (running?.job === job) stop(`${name}: the statement could not be handed on; try again.`);
    });
  };

  return {
    ask(question, signal) {
      if (isEnding) return Promise.resolve({ error: isRestarting });
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
      if (isEnding || (running && executor?.kill === null)) killServer();
      executor?.kill?.();
      executor = null;
    },
  };
}

/** Not exit(): it would wait for the thread, and that for the statement. */
function killServer(): void {
  process.kill(process.pid, 'SIGKILL');
}
