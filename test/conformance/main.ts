import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nameOf, pairings, type Pairing } from './pairing.ts';
import { startServerUnderTest } from './server-under-test.ts';
import { runSuite } from './suite.ts';
import { judge, type Failure, type Verdict } from './verdict.ts';

/*
 * npm run conformance [-- WORD…]: the official suite in the server role against Nucleus, with the fixture of
 * test/fixtures/conformance-server behind it in each of its four forms. Words choose runs: all of them have to
 * begin a word of the run's name, "2026-07-28 stdio legacy gateway".
 */

const { values: given, positionals } = parseArgs({
  options: {
    /** The same as words without it. */
    only: { type: 'string', multiple: true, default: [] },
    /** The fixture without the gateway. */
    direct: { type: 'boolean', default: false },
    /** One scenario only. */
    scenario: { type: 'string' },
    /** All that the suite and the servers print, and every check that failed. */
    verbose: { type: 'boolean', default: false },
    /** Keeps the suite's output. */
    keep: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const runsAtOnce = 2;
/** Failing scenarios of a run that are named without --verbose. */
const shownAtMost = 10;
const words = [...given.only, ...positionals].flatMap((part) => part.split(/[\s,]+/)).filter(Boolean);
const chosen = pairings(given.direct).filter((pairing) => {
  const name = nameOf(pairing).split(' ');
  return words.every((word) => name.some((part) => part.startsWith(word)));
});
if (chosen.length === 0) {
  console.error(`No run is called ${words.join(' ')}; there are:`);
  for (const pairing of pairings(given.direct)) console.error(`  ${nameOf(pairing)}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'nucleus-conformance-'));
// What was started ends with the runner: see server-under-test.ts.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const total = { passed: 0, failed: 0, impossible: 0, unscoredPassed: 0, unscoredFailed: 0, broken: 0 };
const began = performance.now();
try {
  const waiting = [...chosen];
  const work = async (): Promise<void> => {
    for (let pairing = waiting.shift(); pairing; pairing = waiting.shift()) await runOne(pairing);
  };
  await Promise.all(Array.from({ length: runsAtOnce }, work));
} finally {
  if (given.keep) console.log(`results kept in ${folder}`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
console.log(
  `conformance: ${chosen.length} runs in ${seconds(began)}: ${total.passed} scored passed, ${total.failed} failed, ` +
    `${total.impossible} cannot exist; unscored ${total.unscoredPassed} passed, ${total.unscoredFailed} failed` +
    (total.broken > 0 ? `; ${total.broken} runs broke` : ''),
);
const ran = total.passed + total.impossible + total.unscoredPassed + total.unscoredFailed;
process.exitCode = total.failed > 0 || total.broken > 0 || ran === 0 ? 1 : 0;

async function runOne(pairing: Pairing): Promise<void> {
  const started = performance.now();
  const name = nameOf(pairing);
  const own = join(folder, name.replaceAll(' ', '-'));
  const printed: string[] = [];
  try {
    const server = await startServerUnderTest(pairing, join(own, 'home'));
    try {
      const results = await runSuite({
        set: pairing.set,
        url: server.url,
        folder: join(own, 'results'),
        scenario: given.scenario,
        onOutput: (text) => void printed.push(text),
      });
      show(name, judge(pairing, results), started);
    } finally {
      await server.close();
      if (given.verbose) console.log(`${printed.join('')}\n${server.output()}`);
    }
  } catch (error) {
    total.broken += 1;
    console.log(`✖ ${name}: ${(error as Error).message}`);
  }
}

function show(name: string, verdict: Verdict, started: number): void {
  const { passed, failed, unscoredPassed, unscoredFailed } = verdict;
  total.passed += passed;
  total.failed += failed.length;
  total.impossible += verdict.impossible.length;
  total.unscoredPassed += unscoredPassed;
  total.unscoredFailed += unscoredFailed.length;
  const counts = [
    `scored ${passed} passed, ${failed.length} failed`,
    ...(verdict.impossible.length > 0 ? [`${verdict.impossible.length} cannot exist`] : []),
    `unscored ${unscoredPassed} passed, ${unscoredFailed.length} failed`,
  ].join('; ');
  // In one piece: another run prints at the same time.
  console.log(
    [
      `${failed.length > 0 ? '✖' : '✔'} ${name}: ${counts} (${seconds(started)})`,
      ...shortened(failed).flatMap((failure) => lines('✖', failure)),
      ...(shortened(failed).length < failed.length
        ? [`  and ${failed.length - shownAtMost} more scenarios; --verbose shows them`]
        : []),
      ...verdict.impossible.map(({ scenario, reason }) => `  - ${scenario} cannot exist here: ${reason}`),
      ...verdict.warnings.flatMap((warning) => lines('! a SHOULD:', warning)),
      ...(given.verbose || given.scenario !== undefined
        ? unscoredFailed.flatMap((failure) => lines('unscored', failure))
        : []),
    ].join('\n'),
  );
}

function shortened(failures: readonly Failure[]): readonly Failure[] {
  return given.verbose ? failures : failures.slice(0, shownAtMost);
}

function lines(mark: string, { scenario, checks }: Failure): string[] {
  const shown = given.verbose || given.scenario !== undefined ? checks : checks.slice(0, 1);
  const rest = checks.length - shown.length;
  return shown.map(({ id, errorMessage = '' }, index) => {
    const more = rest > 0 && index === shown.length - 1 ? ` (and ${rest} more)` : '';
    const words = errorMessage.replaceAll(/\s+/g, ' ');
    return `  ${mark} ${scenario}: ${id}: ${given.verbose ? words : words.slice(0, 160)}${more}`;
  });
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
