import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Begun, Question, Reply, Settings } from './protocol.ts';

/** Where statements run, apart from the thread that speaks the protocol. */
export interface Executor {
  /** `onFailed` is called when the question could not be handed on. */
  send(question: Question, onFailed: () => void): void;
  /**
   * Stops it in the midst of a statement, alone; another one can take its place. Absent where only the end of the
   * whole server stops a statement.
   */
  readonly kill: (() => void) | null;
}

export interface ExecutorEvents {
  onMessage(message: Begun | Reply): void;
  /** It ended or failed by itself; a clause for a sentence. */
  onLost(what: string): void;
}

/** Bundled for the desktop app, the worker lies beside the server as JavaScript. */
const worker = new URL(
  import.meta.url.endsWith('.ts') ? './query-worker.ts' : './query-worker.js',
  import.meta.url,
);

/** A process of its own, or a thread inside an Electron utility process, which can start no other process of Node. */
export function startExecutor(settings: Settings, events: ExecutorEvents): Executor {
  const isUtility = (process as { readonly type?: string }).type === 'utility';
  return isUtility ? startThread(settings, events) : startProcess(settings, events);
}

function startProcess(settings: Settings, events: ExecutorEvents): Executor {
  const child = fork(fileURLToPath(worker), [JSON.stringify(settings)], {
    // Its stdout must never reach ours: that carries the protocol.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // The server ends with its stdin; a sleeping child must not keep it.
  child.unref();
  child.channel?.unref();
  child.on('message', events.onMessage);
  child.once('error', (error) => events.onLost(`failed (${error.message})`));
  child.once('exit', (code, signal) => events.onLost(`ended unexpectedly (${signal ?? `code ${code}`})`));
  return {
    send: (question, onFailed) => child.send(question, (error) => error && onFailed()),
    kill: () => child.kill('SIGKILL'),
  };
}

function startThread(settings: Settings, events: ExecutorEvents): Executor {
  const thread = new Worker(worker, { workerData: settings, stdout: true });
  thread.stdout.resume();
  thread.unref();
  thread.on('message', events.onMessage);
  thread.once('error', (error) => events.onLost(`failed (${(error as Error).message})`));
  thread.once('exit', (code) => events.onLost(`ended unexpectedly (code ${code})`));
  return {
    send: (question) => thread.postMessage(question),
    // SQLite runs natively: terminating the thread waits for the statement, which may never end.
    kill: null,
  };
}
