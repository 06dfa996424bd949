import { spawn } from 'node:child_process';
import { join } from 'node:path';

/*
 * npm run check [-- --no-tests]: everything a commit must pass. One line per step; a failing one shows all it printed.
 * Without its tests where all of them run anyway, as in .ci/run.
 */

const root = join(import.meta.dirname, '..');
const stepsAtOnce = 2;

const bin = (name: string, ...args: string[]): string[] => [join(root, 'node_modules', name), ...args];
const script = (name: string, ...args: string[]): string[] => [join(root, 'scripts/run.mjs'), name, ...args];

/** Longest first, so that the two cores end together. */
const steps: readonly (readonly [title: string, args: readonly string[]])[] = [
  [
    'unit tests, layers, requirements, links',
    script('test', 'test/unit/', 'test/layers', 'test/requirements', 'test/docs/links'),
  ],
  ['types', bin('@typescript/native/bin/tsc', '--build')],
  ['prettier', bin('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.')],
  ['oxlint', bin('oxlint/bin/oxlint')],
  [
    'eslint (.svelte)',
    bin(
      'eslint/bin/eslint.js',
      '--no-error-on-unmatched-pattern',
      '--max-warnings=0',
      'src-renderer/**/*.svelte',
    ),
  ],
  [
    'svelte-check',
    bin('svelte-check/bin/svelte-check', '--tsconfig', 'src-renderer/tsconfig.json', '--fail-on-warnings'),
  ],
  ['docs fresh', script('docs', '--check')],
];

let failures = 0;
const started = performance.now();
/** The tests are the first step. */
const chosen = process.argv.includes('--no-tests') ? steps.slice(1) : steps;
const waiting = [...chosen];
const work = async (): Promise<void> => {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const [title, args] = step;
    const { isFine, output, milliseconds } = await runStep(args);
    console.log(`${isFine ? '✔' : '✖'} ${title} (${seconds(milliseconds)})`);
    if (isFine) continue;
    failures += 1;
    console.log(output);
  }
};
await Promise.all(Array.from({ length: stepsAtOnce }, work));

const all = seconds(performance.now() - started);
console.log(failures === 0 ? `all fine in ${all}` : `${failures} of ${chosen.length} steps failed, ${all}`);
process.exitCode = failures === 0 ? 0 : 1;

async function runStep(
  args: readonly string[],
): Promise<{ isFine: boolean; output: string; milliseconds: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      output.push(Buffer.from(error.message));
      resolve(null);
    });
    child.once('close', resolve);
  });
  return {
    isFine: code === 0,
    output: Buffer.concat(output).toString(),
    milliseconds: performance.now() - began,
  };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
