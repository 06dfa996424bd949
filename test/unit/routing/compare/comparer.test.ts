import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test, { type TestContext } from 'node:test';
import { systemClock } from '../../../../src-main/gateway/clock.ts';
import { compareResults } from '../../../../src-main/gateway/routing/compare/compare.ts';
import { createComparer } from '../../../../src-main/gateway/routing/compare/comparer.ts';
import { createFakeClock } from '../../../helpers/fake-clock.ts';
import { longestTurn } from '../../../helpers/longest-turn.ts';
import { verifies } from '../../../helpers/requirements.ts';
import { until, withDeadline } from '../../../helpers/until.ts';
import { structured } from './support.ts';

const module = new URL('../../../../src-main/gateway/routing/compare/comparer.ts', import.meta.url).href;

/** As many rows as the requirement names; every tenth differs, and some are on one side only. */
function rows(side: number, count = 10_000): Buffer {
  const list = Array.from({ length: count }, (_, at) => ({
    id: at + side * 5,
    email: `user${at + side * 5}@example.com`,
    name: `User number ${at + side * 5}`,
    plan: (at + side * 5) % 10 === 0 ? `plan ${side}` : 'free',
    created_at: '2026-01-02T03:04:05.678901Z',
  }));
  return Buffer.from(`{"jsonrpc":"2.0","id":1,"result":${structured({ rows: list })}}`);
}

const two = (count?: number) => [
  { profile: 'db:prod', json: rows(0, count) },
  { profile: 'db:staging', json: rows(1, count) },
];

/** A comparer whose thread runs this program, on a clock whose hands the test turns. */
function comparerWith(t: TestContext, program: string) {
  const clock = createFakeClock();
  const workerFile = new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads';\n${program}`)}`,
  );
  const comparer = createComparer({ clock, workerFile });
  t.after(() => comparer.close());
  return { comparer, clock };
}

test('10,000 rows are compared within a second, and the event loop never waits 20 ms', async (t) => {
  verifies('NEW-005');
  const comparer = createComparer({ clock: systemClock });
  t.after(() => comparer.close());
  const sides = two();
  const expected = compareResults(sides);
  assert.deepEqual(expected.profiles[0]?.counts, { added: 5, removed: 5, changed: 999, unchanged: 8_996 });

  // The best of three: the machine may be busy, and is not what is measured. The first one starts the thread.
  const tries: { took: number; held: number }[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    const started = performance.now();
    const { value, milliseconds } = await longestTurn(() => comparer.compare(sides));
    const took = performance.now() - started;
    assert.deepEqual(value, expected);
    tries.push({ took, held: milliseconds });
  }
  const words = JSON.stringify(tries);
  assert.ok(Math.min(...tries.map(({ took }) => took)) <= 1_000, words);
  assert.ok(Math.min(...tries.map(({ held }) => held)) <= 20, words);
});

test('what is compared is copied: the reply goes on its way unharmed', async (t) => {
  const comparer = createComparer({ clock: systemClock });
  t.after(() => comparer.close());
  const sides = two(500);
  const before = sides.map(({ json }) => json.toString());
  const compared = await comparer.compare(sides, { base: 'db:staging' });
  assert.deepEqual(
    sides.map(({ json }) => json.toString()),
    before,
  );
  assert.deepEqual(compared, compareResults(sides, 'db:staging'));
});

test('small results need no thread', async (t) => {
  const { comparer } = comparerWith(t, 'process.exit(1)');
  const compared = await comparer.compare(two(5));
  assert.deepEqual(compared, compareResults(two(5)));
});

test('one thread serves all comparisons and ends when there was none for a while', async (t) => {
  const { comparer, clock } = comparerWith(
    t,
    `let count = 0; parentPort.on('message', () => parentPort.postMessage({ summary: String(++count) }));`,
  );
  const say = async () => comparer.compare(two(500));
  assert.deepEqual(await Promise.all([say(), say()]), [{ summary: '1' }, { summary: '2' }]);
  await clock.advance(29_999);
  assert.deepEqual(await say(), { summary: '3' });
  await clock.advance(30_000);
  assert.deepEqual(await say(), { summary: '1' });
});

test('a thread that fails says so, and the next comparison gets another', async (t) => {
  const { comparer } = comparerWith(
    t,
    `parentPort.on('message', ({ base }) => {
      if (base === 'throw') throw new TypeError('bad');
      if (base === 'exit') process.exit(3);
      parentPort.postMessage({ summary: 'fine' });
    });`,
  );
  const with_ = async (base: string) => comparer.compare(two(500), { base });
  assert.deepEqual(await Promise.all([with_('throw'), with_('exit'), with_('db:prod')]), [
    { error: 'The results could not be compared: the comparing thread failed (bad).' },
    { error: 'The results could not be compared: the comparing thread ended unexpectedly (code 3).' },
    { summary: 'fine' },
  ]);
});

test('a program that is not there is a failure, not a crash', async (t) => {
  const comparer = createComparer({ clock: systemClock, workerFile: new URL('./none.ts', import.meta.url) });
  t.after(() => comparer.close());
  const compared = await comparer.compare(two(500));
  assert.match('error' in compared ? compared.error : '', /^The results could not be compared: .*none\.ts/);
});

test('a comparison that takes too long is ended', async (t) => {
  const { comparer, clock } = comparerWith(t, `parentPort.on('message', () => { for (;;); });`);
  const compared = comparer.compare(two(500));
  await until('the thread has it', () => clock.waiting === 1);
  await clock.advance(10_000);
  assert.deepEqual(await compared, {
    error: 'The results could not be compared: it took longer than 10 s; ask for fewer rows.',
  });
});

test('a cancelled comparison ends its work, one that waits goes on', async (t) => {
  const { comparer, clock } = comparerWith(
    t,
    `parentPort.on('message', ({ base }) => {
      if (base === 'long') for (;;);
      parentPort.postMessage({ summary: 'fine' });
    });`,
  );
  const cancel = new AbortController();
  const long = comparer.compare(two(500), { base: 'long', signal: cancel.signal });
  await until('the thread has it', () => clock.waiting === 1);
  const next = comparer.compare(two(500));
  cancel.abort();
  await assert.rejects(long, { code: 'CALL_CANCELLED' });
  assert.deepEqual(await withDeadline('the next one', next), { summary: 'fine' });
});

test('no more than eight large comparisons are taken at once', async (t) => {
  const { comparer } = comparerWith(t, `parentPort.on('message', () => { for (;;); });`);
  const open = Array.from({ length: 8 }, async () => comparer.compare(two(500)));
  assert.deepEqual(await comparer.compare(two(500)), {
    error: 'The results were not compared: too many comparisons are waiting. Try again.',
  });
  await comparer.close();
  for (const each of await Promise.all(open))
    assert.deepEqual(each, { error: 'The results were not compared: Nucleus is closing.' });
});

test('a result that is too large is named, the others are compared', async (t) => {
  const comparer = createComparer({ clock: systemClock });
  t.after(() => comparer.close());
  const compared = await comparer.compare([
    ...two(5),
    { profile: 'db:big', json: Buffer.alloc(16 * 1024 * 1024 + 1, ' ') },
  ]);
  assert.ok(!('error' in compared));
  assert.deepEqual(compared.not_compared, [
    { profile: 'db:big', reason: 'its result has 16 MiB, and no more than 16 are compared; ask for less' },
  ]);
  assert.equal(compared.profiles.length, 1);
});

test('a sleeping thread keeps no process alive', async () => {
  const program = `
    const { createComparer } = await import(${JSON.stringify(module)});
    const clock = { now: Date.now, after: (ms, act) => { const t = setTimeout(act, ms).unref(); return () => clearTimeout(t); } };
    const json = JSON.stringify({ structuredContent: { text: 'x'.repeat(50_000) } });
    const compared = await createComparer({ clock }).compare([{ profile: 'a', json }, { profile: 'b', json }]);
    console.log(compared.summary);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = (await withDeadline('the end of the process', once(child, 'close'), 15_000)) as [number];
  assert.deepEqual([code, Buffer.concat(output).toString()], [0, 'b and a: the same\n']);
});
