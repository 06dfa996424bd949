// The log while its writer is killed, while others read it, and while there is no room for it.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { linesOf, readSet, verdictOf } from '../../helpers/audit-log.ts';
import { needs } from '../../helpers/require.ts';
import { verifies } from '../../helpers/requirements.ts';
import { until, withDeadline } from '../../helpers/until.ts';
import { temporaryFolder } from '../storage/support.ts';

const writer = join(import.meta.dirname, '../../fixtures/audit-writer.ts');

interface Writer {
  readonly child: ChildProcess;
  /** Whole lines it said. */
  said(): string[];
  readonly ended: Promise<unknown>;
}

function startWriter(
  t: TestContext,
  folder: string,
  { first = 0, count = 1, rotateBytes = 10_000 },
  before: readonly string[] = [],
): Writer {
  const [command, ...args] = [...before, process.execPath, writer];
  const child = spawn(command, [...args, folder, String(first), String(count), String(rotateBytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  const ended = once(child, 'close');
  t.after(() => child.kill('SIGKILL'));
  return { child, said: () => text.split('\n').slice(0, -1), ended };
}

test('a writer killed at random moments, rotating all the time, loses no call and breaks no link', async (t) => {
  verifies('NUC-091');
  verifies('NUC-095');
  const folder = temporaryFolder(t);
  const begun = new Set<string>();
  const lines = new Map<string, string[]>();
  let first = 0;
  for (let round = 0; round < 10; round += 1) {
    const one = startWriter(t, folder, { first, count: 100_000, rotateBytes: 60_000 });
    await until('it writes', () => one.said().length > 20, 20_000);
    await wait(randomInt(60));
    one.child.kill('SIGKILL');
    await one.ended;
    for (const line of one.said()) begun.add(line.slice('begun '.length));
    first += 100_000;
    // Before files go, their lines are remembered.
    collect(folder, lines);
    const { state, problem } = await verdictOf(folder);
    assert.notEqual(state, 'broken', `round ${round}: ${JSON.stringify(problem)}`);
  }
  await startWriter(t, folder, { first, count: 1, rotateBytes: 60_000 }).ended;
  collect(folder, lines);
  assert.equal((await verdictOf(folder)).state, 'intact');
  for (const [client, outcomes] of lines)
    assert.equal(outcomes.length, 1, `${client}: ${outcomes.join(' ')}`);
  assert.ok(begun.size > 200);
  const missing = [...begun].filter((client) => !lines.has(client));
  assert.deepEqual(missing, []);
});

/** The outcomes of each call, one for each line it has. */
function collect(folder: string, lines: Map<string, string[]>): void {
  for (const { isNote, record } of linesOf(readSet(folder))) {
    if (isNote) continue;
    const client = String(record['client']);
    const known = lines.get(client) ?? [];
    const mark = `${String(record['outcome'])} ${String(record['seq'])}`;
    if (!known.includes(mark)) lines.set(client, [...known, mark]);
  }
}

test('three readers beside a writer that rotates see whole lines and an unbroken chain', async (t) => {
  verifies('NUC-095');
  const folder = temporaryFolder(t);
  const count = 12_000;
  const one = startWriter(t, folder, { count, rotateBytes: 1024 * 1024 });
  await until('it writes', () => one.said().length > 20, 20_000);
  let readings = 0;
  const read = async (): Promise<void> => {
    let before = 0;
    while (one.child.exitCode === null) {
      const { state, problem, to } = await verdictOf(folder);
      assert.equal(state, 'intact', JSON.stringify(problem));
      assert.ok((to ?? 0) >= before, 'what was read once is there');
      before = to ?? 0;
      readings += 1;
    }
  };
  await Promise.all([read(), read(), read()]);
  await one.ended;
  assert.equal(one.said().at(-1), 'done');
  assert.ok(readings > 10);
  const all = linesOf(readSet(folder));
  assert.ok(readSet(folder).size <= 6 && readSet(folder).size > 3);
  const calls = all.filter(({ isNote }) => !isNote).map(({ record }) => record['client']);
  assert.deepEqual(
    calls,
    Array.from({ length: count }, (_, n) => `c${n}`),
  );
  assert.equal((await verdictOf(folder)).state, 'intact');
});

test('lines there is no room for are written when there is, and the chain is unbroken', async (t) => {
  verifies('NUC-096');
  if (!needs(t, 'prlimit')) return;
  const folder = temporaryFolder(t);
  const limit = ['prlimit', '--fsize=100000:unlimited'];
  const one = startWriter(t, folder, { count: 2_000, rotateBytes: 10_000_000 }, limit);
  await until('it has no room', () => one.said().includes('problem'), 20_000);
  await until(
    'all calls began',
    () => one.said().at(-1) === 'begun c1999' || one.said().includes('begun c1999'),
    20_000,
  );
  const { status, stderr } = spawnSync('prlimit', [`--pid=${one.child.pid}`, '--fsize=unlimited:unlimited']);
  assert.equal(status, 0, String(stderr));
  await withDeadline('the end of the writer', one.ended, 20_000);
  assert.deepEqual(one.said().slice(-2), ['fine', 'done']);
  const calls = linesOf(readSet(folder)).filter(({ isNote }) => !isNote);
  assert.deepEqual(
    calls.map(({ record }) => record['client']),
    Array.from({ length: 2_000 }, (_, n) => `c${n}`),
  );
  const { state, lines } = await verdictOf(folder);
  assert.deepEqual([state, lines], ['intact', 2_001]);
});
