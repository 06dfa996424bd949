import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/*
 * npm test [-- WORD… --verbose]: runs the test files whose path holds one of the words, or all of them, each in a
 * process of its own. NUCLEUS_REQUIRE=all makes a skipped test a failed one, for machines that must have every tool.
 * A time over its limit, measured while two files shared the machine, is measured once more, alone; any other failure is
 * one, a wait in vain too.
 */

const root = join(import.meta.dirname, '..');
/** A file still running after this is killed and counts as one failure. */
const fileLimit = 180_000;
/** Tests start processes of their own; more files at once only make two cores wait for each other. */
const filesAtOnce = 2;
/** More late files than this are no accident. */
const secondLooks = 3;

interface TestEvent {
  readonly type: 'start' | 'passed' | 'failed' | 'skipped' | 'parent';
  readonly name: string;
  readonly depth: number;
  readonly milliseconds: number;
  readonly reason: string;
  readonly error: string;
}

interface FileReport {
  readonly file: string;
  readonly milliseconds: number;
  readonly events: readonly TestEvent[];
  /** What the file printed; shown when it failed. */
  readonly output: string;
  /** How the process ended when that alone is a failure. */
  readonly problem: string | null;
}

const args = process.argv.slice(2);
const isVerbose = args.includes('--verbose');
const mayNotSkip = process.env['NUCLEUS_REQUIRE'] === 'all';
const words = args.filter((arg) => !arg.startsWith('--'));

// The end-to-end tests need a display and more: npm run test:e2e.
const files = globSync('test/**/*.test.ts', { cwd: root, exclude: ['test/e2e/**'] })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`No test file has ${words.map((word) => `"${word}"`).join(' or ')} in its path.`);
  process.exit(1);
}

const started = performance.now();
const total = { passed: 0, failed: 0, skipped: 0 };
/** What failed, said once more at the end: of a long run often only the end is kept. */
const failedLines: string[] = [];
const late: FileReport[] = [];
const scratch = mkdtempSync(join(tmpdir(), 'nucleus-test-'));
try {
  const waiting = [...files];
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const report = await runFile(file);
      if (isOnlyLate(report) && late.length < secondLooks) late.push(report);
      else show(report);
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, work));
  for (const { file, events } of late) {
    for (const { name, error } of events.filter(({ type }) => type === 'failed'))
      console.log(`note: late, and so run again alone: ${file}: ${name}\n${indent(error)}`);
    show(await runFile(file));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(
  `\n${files.length} ${files.length === 1 ? 'file' : 'files'} in ${seconds(performance.now() - started)}`,
);
for (const line of failedLines) console.log(line);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function runFile(file: string): Promise<FileReport> {
  const began = performance.now();
  const eventFile = join(scratch, `${file.replaceAll('/', '-')}.jsonl`);
  const reporter = pathToFileURL(join(import.meta.dirname, 'test-events.mjs')).href;
  const child = spawn(
    process.execPath,
    [`--test-reporter=${reporter}`, `--test-reporter-destination=${eventFile}`, join(root, file)],
    // A group of its own, so that the limit ends what the file started too.
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32' },
  );
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));

  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    endGroup(child.pid);
  }, fileLimit);
  // Not 'close': a process the file forgot may hold the pipes for ever.
  const ending = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(`could not start: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? null : `ended with ${signal ?? `code ${code}`}`),
    );
  });
  clearTimeout(limit);

  const events = readEvents(eventFile);
  const hasFailed = events.some(({ type }) => type === 'failed');
  const ended = new Set(events.filter(({ type }) => type !== 'start').map(({ name }) => name));
  const open = events
    .filter(({ type, name }) => type === 'start' && !ended.has(name))
    .map(({ name }) => name);
  let problem = hasFailed ? null : ending;
  if (isLate) problem = `still running after ${seconds(fileLimit)}, in: ${open.join(', ') || 'no test'}`;
  else if (problem === null && ended.size === 0) problem = 'holds no test';
  return {
    file,
    milliseconds: performance.now() - began,
    events,
    output: Buffer.concat(output).toString(),
    problem,
  };
}

/** Whether all that failed is a time over its limit. A wait that was in vain is a failure: it may be one that never ends. */
function isOnlyLate({ events, problem }: FileReport): boolean {
  const failed = events.filter(({ type }) => type === 'failed');
  return (
    problem === null &&
    failed.length > 0 &&
    failed.every(({ error }) => /^AssertionError.*\d ms$/.test(error.split('\n', 1)[0] ?? ''))
  );
}

function show(report: FileReport): void {
  const of = (type: TestEvent['type']): TestEvent[] => report.events.filter((event) => event.type === type);
  const passed = of('passed');
  const skipped = of('skipped');
  const failed = of('failed');
  const failures = failed.length + (report.problem === null ? 0 : 1) + (mayNotSkip ? skipped.length : 0);
  total.passed += passed.length;
  total.failed += failures;
  total.skipped += mayNotSkip ? 0 : skipped.length;

  const counts = [
    `${passed.length} passed`,
    ...(failures > 0 ? [`${failures} failed`] : []),
    ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
  ].join(', ');
  console.log(`${failures > 0 ? '✖' : '✔'} ${report.file} (${counts}, ${seconds(report.milliseconds)})`);
  if (isVerbose)
    for (const { name, depth, milliseconds } of passed)
      console.log(`  ${'  '.repeat(depth)}✔ ${name} (${seconds(milliseconds)})`);
  for (const { name, reason } of skipped) {
    const line = `skipped: ${name}${reason === '' ? '' : ` (${reason})`}`;
    if (mayNotSkip) sayFailed(report.file, line);
    else console.log(`  - ${line}`);
  }
  for (const { name, error } of failed) {
    sayFailed(report.file, name, error);
    console.log(indent(error));
  }
  if (report.problem !== null) sayFailed(report.file, `the file ${report.problem}`);
  for (const line of report.output.split('\n')) if (line.startsWith('note: ')) console.log(`  ${line}`);
  if (failures > 0 && report.output.trim() !== '')
    console.log(indent(`it printed:\n${report.output.trimEnd()}`));
}

function sayFailed(file: string, line: string, error = ''): void {
  console.log(`  ✖ ${line}`);
  const reason = error.split('\n', 8).map((part) => part.slice(0, 300));
  failedLines.push(`✖ ${file}: ${line}`, ...(error === '' ? [] : [indent(reason.join('\n'))]));
}

function readEvents(file: string): TestEvent[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return []; // The process ended before it loaded the reporter; its exit code says so.
  }
  // The last line is cut when the process was killed.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TestEvent);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
