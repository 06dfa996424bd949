import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Results, Value } from '../bench/run.ts';
import { judge, type Judgement } from '../bench/report.ts';

const runner = join(import.meta.dirname, '..', '..', 'scripts', 'run.mjs');
const isLinux = process.platform === 'linux';
const elsewhere = isLinux ? false : 'it reads /proc';

test('the bench runs every measure on the floor and on the product', { skip: elsewhere }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-test-bench-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const json = join(folder, 'bench.json');
  const args = ['bench', '--quick', '--subjects', 'floor-json,ours-standalone', '--json', json];
  const { stdout } = await promisify(execFile)(process.execPath, [runner, ...args], { timeout: 60_000 });

  const results = JSON.parse(readFileSync(json, 'utf8')) as Results & { goals: Judgement[] };
  assert.deepEqual(results.failures, []);
  assert.equal(results.node, process.version);
  assert.equal(results.rounds, 1);
  for (const pair of ['stdio<stdio', 'stdio<http'])
    for (const subject of ['floor-json', 'ours-standalone'])
      assert.deepEqual(
        metricsOf(results, pair, subject),
        pair === 'stdio<stdio' ? [...whileRunning, ...ofStarts] : whileRunning,
        `${subject} ${pair}`,
      );
  for (const { subject, metric, value } of results.values) assert(value > 0, `${subject} ${metric}`);
  assert(
    results.goals.every(({ isMet }) => isMet === null),
    'a quick run judges nothing',
  );
  assert.match(stdout, /^\| stdio<stdio \| ours-standalone +\| [\d.]+x/m);
});

const whileRunning = [
  'rss idle',
  'pss idle',
  'processes',
  'p50 100 B',
  'p99 100 B',
  'p50 10 KB',
  'p99 10 KB',
  'p50 1 MB',
  'p99 1 MB',
  'cpu',
  'rss after calls',
  'calls/s 1',
  'calls/s 8',
  'calls/s 64',
  'fast alone',
  'fast beside slow',
  'fan-out',
];
const ofStarts = ['list 240', 'cold list 1', 'cold call 1'];

function metricsOf({ values }: Results, pair: string, subject: string): string[] {
  return values
    .filter((value) => value.pair === pair && value.subject === subject)
    .map(({ metric }) => metric);
}

test('a goal is met by the median of the rounds, each beside the floor of its own round', () => {
  const value = (round: number, subject: string, metric: string, number: number): Value => ({
    round,
    pair: 'stdio<stdio',
    subject,
    metric,
    value: number,
  });
  const goals = judge({
    ...nothing,
    values: [
      ...[10, 20, 40].map((number, round) => value(round, 'floor-json', 'p50 100 B', number)),
      // 1.5, 1.7 and 1.6 times; the absolute medians would give 1.7.
      ...[15, 34, 64].map((number, round) => value(round, 'ours-standalone', 'p50 100 B', number)),
      value(0, 'floor-json', 'cpu', 10),
      value(0, 'ours-standalone', 'cpu', 18.1),
    ],
  });
  const measured = goals
    .filter(({ ratio }) => ratio !== null)
    .map(({ title, ratio, isMet }) => [title, ratio, isMet]);
  assert.deepEqual(measured, [
    ['round trip at 100 B, standalone', 1.6, true],
    ['processor time per call, stdio', 1.81, false],
  ]);
});

const nothing: Results = {
  at: '2026-11-20T08:00:00.000Z',
  node: 'v24.21.0',
  cpus: 2,
  load: [0, 0],
  rounds: 3,
  scale: 1,
  quick: false,
  notes: [],
  subjects: [],
  values: [],
  failures: [],
};
