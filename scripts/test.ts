import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';

/*
 * npm test [-- WORD…] [--verbose]: runs the test files whose path holds one of the words, or all of them.
 * NUCLEUS_REQUIRE=all makes a skipped test a failed one, for machines that must have every tool.
 */

const root = join(import.meta.dirname, '..');
/** A file that hangs ends here; the slowest ones start and kill a hundred gateways. */
const fileLimit = 180_000;
/** Tests start processes of their own, so two files at a time fill two cores. */
const filesAtOnce = 2;

const words = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const isVerbose = process.argv.includes('--verbose');
const mayNotSkip = process.env['NUCLEUS_REQUIRE'] === 'all';

interface FileReport {
  passed: number;
  failed: number;
  skipped: number;
  milliseconds: number;
  readonly lines: string[];
  readonly output: string[];
}

const files = globSync('test/**/*.test.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${words.join(' ')}`);
  process.exit(1);
}

const reports = new Map<string, FileReport>();
const started = performance.now();

for await (const event of run({
  files: files.map((file) => join(root, file)),
  cwd: root,
  concurrency: filesAtOnce,
  timeout: fileLimit,
})) {
  switch (event.type) {
    case 'test:pass':
    case 'test:fail':
      count(event);
      break;
    case 'test:stdout':
    case 'test:stderr':
      reportOf(event.data.file).output.push(event.data.message);
      break;
    case 'test:summary':
      if (event.data.file) finishFile(event.data.file, event.data.duration_ms);
      break;
    default:
  }
}

const total = [...reports.values()].reduce(
  (sum, report) => ({
    passed: sum.passed + report.passed,
    failed: sum.failed + report.failed,
    skipped: sum.skipped + report.skipped,
  }),
  { passed: 0, failed: 0, skipped: 0 },
);
console.log(`\n${files.length} files, ${((performance.now() - started) / 1000).toFixed(1)} s`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
