import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import type { UtilityProcess } from 'electron';
import type { Child } from '../gateway/platform.ts';
import type { ToBuiltin } from './builtin-messages.ts';

/** A utility process as the gateway knows children: with a stdin, and events that say how it ended. */
export function asChild(
  process_: UtilityProcess,
  signal: (pid: number, name: NodeJS.Signals) => void,
): Child {
  const events = new EventEmitter();
  /** What waits for the server's word that it has room for more. */
  const waiting: ((error?: Error) => void)[] = [];
  let isRunning = true;

  const send = (message: ToBuiltin): void => {
    if (isRunning) process_.postMessage(message);
  };
  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      waiting.push(done);
      send({ stdin: new Uint8Array(chunk) });
    },
    final(done) {
      send({ stdin: null });
      done();
    },
  });
  process_.on('message', () => waiting.shift()?.());
  process_.once('spawn', () => events.emit('spawn'));
  process_.once('exit', (code) => {
    isRunning = false;
    stdin.destroy();
    events.emit('exit', code, null);
  });

  return {
    get pid() {
      return process_.pid;
    },
    stdin,
    stdout: process_.stdout as Readable | null,
    stderr: process_.stderr as Readable | null,
    on: (event: string, listener: (...args: never[]) => void) =>
      events.on(event, listener as (...args: unknown[]) => void),
    signalAll(name) {
      if (isRunning && process_.pid !== undefined) signal(process_.pid, name);
    },
  };
}
