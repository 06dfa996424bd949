import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nameOf, runs, type Run } from './pairing.ts';
import { startServerUnderTest } from './server-under-test.ts';
import { runSuite, type ScenarioResult } from './suite.ts';
import { judge, type Failure, type Verdict } from './verdict.ts';

/*
 * npm run conformance [-- WORD…]: the official suite against Nucleus. In the server role it has the fixture of
 * test/fixtures/conformance-server behind it, in each of its four forms; in the client role the suite's own servers.
 * Words choose runs: all of them have to begin a word of the run's name, "server 2026-07-28 stdio legacy gateway" or
 * "client 2026-07-28".
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
/** A client run starts all its scenarios at once, each with a gateway: two of them would wait for each other. */
let clientTurn: Promise<unknown> = Promise.resolve();
/** Failing scenarios of a run that are named without --verbose. */
const shownAtMost = 10;
const words = [...given.only, ...positionals].flatMap((part) => part.split(/[\s,]+/)).filter(Boolean);
const chosen = runs(given.direct).filter((run) => {
  const name = nameOf(run).split(' ');
  return words.every((word) => name.some((part) => part.startsWith(word)));
});
if (chosen.length === 0) {
  console.error(`No run is called ${words.join(' ')}; there are:`);
  for (const run of runs(given.direct)) console.error(`  ${nameOf(run)}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'nucleus-conformance-'));
// What was started ends with the runner: see server-under-test.ts.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const count = () => ({ passed: 0, failed: 0, impossible: 0, unscoredPassed: 0, unscoredFailed: 0 });
const totals = { server: count(), client: count() };
let broken = 0;
const began = performance.now();
try {
  const waiting = [...chosen];
  const work = async (): Promise<void> => {
    for (let run = waiting.shift(); run; run = waiting.shift()) await runOne(run);
  };
  await Promise.all(Array.from({ length: runsAtOnce }, work));
} finally {
  if (given.keep) console.log(`results kept in ${folder}`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
const roles = (['server', 'client'] as const).filter((role) => chosen.some((run) => run.role === role));
console.log(
  `conformance: ${chosen.length} runs in ${seconds(began)}: ${roles.map(summary).join('; ')}` +
    (broken > 0 ? `; ${broken} runs broke` : ''),
);
const all = Object.values(totals);
const ran = all.some((one) => one.passed + one.impossible + one.unscoredPassed + one.unscoredFailed > 0);
process.exitCode = all.some(({ failed }) => failed > 0) || broken > 0 || !ran ? 1 : 0;

function summary(role: Run['role']): string {
  const { passed, failed, impossible, unscoredPassed, unscoredFailed } = totals[role];
  return [
    `${role} role ${passed} scored passed, ${failed} failed`,
    ...(impossible > 0 ? [`${impossible} cannot exist`] : []),
    `unscored ${unscoredPassed} passed, ${unscoredFailed} failed`,
  ].join(', ');
}

async function runOne(run: Run): Promise<void> {
  const started = performance.now();
  const name = nameOf(run);
  const printed: string[] = [];
  try {
    const results = await resultsOf(run, join(folder, name.replaceAll(' ', '-')), printed);
    show(run, judge(run, results), started);
  } catch (error) {
    broken += 1;
    console.log(`✖ ${name}: ${(error as Error).message}`);
  } finally {
    if (given.verbose) console.log(printed.join(''));
  }
}

async function resultsOf(run: Run, own: string, printed: string[]): Promise<readonly ScenarioResult[]> {
  const common = {
    set: run.set,
    folder: join(own, 'results'),
    scenario: given.scenario,
    onOutput: (text: string) => void printed.push(text),
  };
  if (run.role === 'client') {
    const command = `${process.execPath} ${join(import.meta.dirname, 'client-driver.ts')}`;
    const turn = clientTurn.then(() => runSuite({ ...common, subject: { role: 'client', command } }));
    clientTurn = turn.catch(() => null);
    return turn;
  }
  const server = await startServerUnderTest(run, join(own, 'home'));
  try {
    return await runSuite({ ...common, subject: { role: 'server', url: server.url } });
  } finally {
    await server.close();
    printed.push('\n', server.output());
  }
}

function show(run: Run, verdict: Verdict, started: number): void {
  const { passed, failed, unscoredPassed, unscoredFailed } = verdict;
  const total = totals[run.role];
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
      `${failed.length > 0 ? '✖' : '✔'} ${nameOf(run)}: ${counts} (${seconds(started)})`,
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
