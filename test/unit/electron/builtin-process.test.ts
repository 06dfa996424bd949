import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { asChild } from '../../../src-main/electron/builtin-process.ts';
import { systemClock } from '../../../src-main/gateway/clock.ts';
import { openStdio } from '../../../src-main/gateway/upstream/stdio.ts';

/** Electron's utility process as far as we use it. */
function prepare() {
  const said: unknown[] = [];
  const signals: string[] = [];
  const utility = Object.assign(new EventEmitter(), {
    pid: undefined as number | undefined,
    stdout: null,
    stderr: null,
    postMessage: (message: unknown) => said.push(message),
  });
  const child = asChild(utility as unknown as Parameters<typeof asChild>[0], (pid, name) =>
    signals.push(`${pid} ${name}`),
  );
  return { utility, child, said, signals };
}

const bytes = (text: string): { stdin: Uint8Array } => ({ stdin: new Uint8Array(Buffer.from(text)) });

test('what is written comes in order, the next when there is room, and then the end', async () => {
  const { utility, child, said } = prepare();
  child.stdin?.write('one');
  child.stdin?.write('two');
  child.stdin?.end();
  assert.deepEqual(said, [bytes('one')]);
  utility.emit('message', 'more');
  assert.deepEqual(said, [bytes('one'), bytes('two')]);
  utility.emit('message', 'more');
  await new Promise((resolve) => child.stdin?.once('finish', resolve));
  assert.deepEqual(said, [bytes('one'), bytes('two'), { stdin: null }]);
});

test('the transport over it has its id, is signalled by it alone and ends with it', async () => {
  const { utility, child, said, signals } = prepare();
  const opening = openStdio(child, { clock: systemClock, lineLimit: 1_000, stderr: 'null' });
  utility.pid = 4_321;
  utility.emit('spawn');
  const transport = await opening;
  assert.equal(transport.pid, 4_321);
  const ended = new Promise((resolve) => (transport.onEnd = resolve));
  child.signalAll?.('SIGTERM');
  const closing = transport.close();
  assert.deepEqual(said, [{ stdin: null }]);
  utility.emit('exit', 0);
  assert.deepEqual(await ended, { kind: 'asked', what: 'exited with code 0' });
  await closing;
  child.signalAll?.('SIGKILL');
  assert.deepEqual(signals, ['4321 SIGTERM']);
  assert.equal(transport.send('late', undefined, false), false);
});
