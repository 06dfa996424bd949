import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { acquireLock, waitForLock } from '../../../src-main/gateway/storage/lock.ts';
import type { Paths } from '../../../src-main/gateway/storage/paths.ts';
import { failsWith, fakeClock, temporaryPaths } from './support.ts';

const lockUrl = new URL('../../../src-main/gateway/storage/lock.ts', import.meta.url).href;
const pathsUrl = new URL('../../../src-main/gateway/storage/paths.ts', import.meta.url).href;

/** A process that tries for the lock at each line it is sent, says `yes` or `no`, and then keeps what it has. */
const contender = `
import { createInterface } from 'node:readline';
const { acquireLock } = await import(${JSON.stringify(lockUrl)});
const { createPaths } = await import(${JSON.stringify(pathsUrl)});
const paths = createPaths(process.env);
const locks = [];
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const lock = acquireLock(paths);
  if (lock) locks.push(lock);
  console.log(lock ? 'yes' : 'no');
}
`;

interface Contender {
  readonly child: ChildProcess;
  attempt(): Promise<string>;
}

async function startContender(t: TestContext, paths: Paths): Promise<Contender> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', contender], {
    env: { ...process.env, NUCLEUS_HOME: paths.home },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  assert.equal(await next(), 'ready');
  return {
    child,
    attempt: () => {
      child.stdin.write('go\n');
      return next();
    },
  };
}

test('the lock is free at first, taken after, and free again when released', (t) => {
  const paths = temporaryPaths(t);
  const lock = acquireLock(paths);
  assert.ok(lock);
  assert.equal(acquireLock(paths), null);
  lock.release();
  const again = acquireLock(paths);
  assert.ok(again);
  again.release();
});

test('releasing twice does not give away the lock of the next holder', (t) => {
  const paths = temporaryPaths(t);
  const first = acquireLock(paths);
  first?.release();
  const second = acquireLock(paths);
  first?.release();
  assert.ok(second);
  assert.equal(acquireLock(paths), null);
  second.release();
});

test('a refused attempt does not loosen the lock it was refused by', async (t) => {
  const paths = temporaryPaths(t);
  const lock = acquireLock(paths);
  for (let attempt = 0; attempt < 10; attempt++) assert.equal(acquireLock(paths), null);
  const other = await startContender(t, paths);
  assert.equal(await other.attempt(), 'no');
  lock?.release();
  assert.equal(await other.attempt(), 'yes');
});

test('the folders and the file of the lock are private', (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.home);
  chmodSync(paths.home, 0o777);
  acquireLock(paths)?.release();
  assert.equal(statSync(paths.home).mode & 0o777, 0o700);
  assert.equal(statSync(paths.run).mode & 0o777, 0o700);
  assert.equal(statSync(paths.lock).mode & 0o777, 0o600);
});

test('of 100 attempts, eight processes among them, exactly one wins', async (t) => {
  const paths = temporaryPaths(t);
  const processes = await Promise.all(Array.from({ length: 8 }, () => startContender(t, paths)));
  const outside = processes.map((process) => process.attempt());
  const inside = Array.from({ length: 92 }, () => acquireLock(paths));
  const answers = await Promise.all(outside);
  const winners = answers.filter((answer) => answer === 'yes').length + inside.filter(Boolean).length;
  assert.equal(winners, 1);
  inside.find(Boolean)?.release();
});

test('the lock is free again after its holder was killed', async (t) => {
  const paths = temporaryPaths(t);
  const holder = await startContender(t, paths);
  assert.equal(await holder.attempt(), 'yes');
  assert.equal(acquireLock(paths), null);
  holder.child.kill('SIGKILL');
  await once(holder.child, 'exit');
  const lock = acquireLock(paths);
  assert.ok(lock);
  lock.release();
});

test('a lock file that cannot be one is named', (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.lock, { recursive: true });
  assert.throws(() => acquireLock(paths), failsWith('STATE_UNUSABLE', paths.lock, 'not a regular file'));
});

test('a lock file full of something else is named with a fix', (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.run, { recursive: true });
  writeFileSync(paths.lock, 'not a database '.repeat(100));
  assert.throws(() => acquireLock(paths), failsWith('STATE_UNUSABLE', paths.lock, 'remove it'));
});

test('waiting ends when the holder lets go, and says once that it waits', async (t) => {
  const paths = temporaryPaths(t);
  const clock = fakeClock();
  const first = acquireLock(paths);
  let waits = 0;
  const waiting = waitForLock(paths, { timeoutMs: 5_000, clock, onWait: () => waits++ });
  for (let round = 0; round < 5; round++) {
    clock.advance(100);
    await new Promise(setImmediate);
  }
  first?.release();
  // The longest pause and a quarter: no two that wait look in step.
  clock.advance(125);
  const lock = await waiting;
  assert.ok(lock);
  assert.equal(waits, 1);
  lock.release();
});

test('waiting ends with null when the time is up', async (t) => {
  const paths = temporaryPaths(t);
  const clock = fakeClock();
  const holder = acquireLock(paths);
  const waiting = waitForLock(paths, { timeoutMs: 150, clock });
  for (let round = 0; round < 10; round++) {
    clock.advance(50);
    await new Promise(setImmediate);
  }
  assert.equal(await waiting, null);
  holder?.release();
});

test('waiting starts near 20 ms and grows to about 100 ms between looks', async (t) => {
  const paths = temporaryPaths(t);
  const clock = fakeClock();
  const pauses: number[] = [];
  const holder = acquireLock(paths);
  const noting = {
    ...clock,
    after: (milliseconds: number, act: () => void) => {
      pauses.push(milliseconds);
      return clock.after(milliseconds, act);
    },
  };
  const waiting = waitForLock(paths, { timeoutMs: 1_000, clock: noting });
  while (clock.now() < 1_002_000) {
    clock.advance(100);
    await new Promise(setImmediate);
  }
  assert.equal(await waiting, null);
  // A quarter of jitter either way.
  const [first = 0] = pauses;
  assert(first >= 15 && first <= 25, `${first}`);
  assert(Math.max(...pauses) > 75 && Math.max(...pauses) <= 125, pauses.join());
  holder?.release();
});

test('an aborted wait ends at once with null and without the lock', async (t) => {
  const paths = temporaryPaths(t);
  const holder = acquireLock(paths);
  const abort = new AbortController();
  const waiting = waitForLock(paths, { timeoutMs: 60_000, signal: abort.signal });
  abort.abort();
  assert.equal(await waiting, null);
  holder?.release();
  assert.equal(await waitForLock(paths, { timeoutMs: 0, signal: abort.signal }), null);
});

test('waiting for a free lock does not wait', async (t) => {
  const lock = await waitForLock(temporaryPaths(t), {
    timeoutMs: 0,
    onWait: () => assert.fail('there was nothing to wait for'),
  });
  assert.ok(lock);
  lock.release();
});
