import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorTable } from '../src-shared/errors.ts';
import { logLevels, logStyles } from '../src-shared/log-levels.ts';
import { modes } from '../src-shared/modes.ts';

/*
 * node scripts/run.mjs build-shim: the native `nucleus` of the packages, for the machine at hand, into .cache/shim.
 * What it shares with the rest of Nucleus (errors, modes, version) is written from the sources of that.
 */

const root = join(import.meta.dirname, '..');
const sources = join(root, 'resources', 'shim');

export type BuiltShim = { readonly path: string } | { readonly problem: string };

/** Compiles it; a machine without a compiler is told of, not thrown at. */
export function buildShim(folder: string = join(root, '.cache', 'shim')): BuiltShim {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'settings.h'), settings());
  const path = join(folder, 'nucleus');
  const compiler = process.env['CC'] || 'cc';
  const flags = [
    '-std=gnu11',
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-fstack-protector-strong',
    '-D_FORTIFY_SOURCE=2',
    '-D_GNU_SOURCE',
    // Without a loader it starts in half the time, and on every Linux.
    ...(process.platform === 'linux' ? ['-static'] : []),
    '-s',
    `-I${folder}`,
  ];
  const files = globSync('*.c', { cwd: sources }).sort();
  const { error, status, stderr } = spawnSync(compiler, [...flags, '-o', path, ...files], {
    cwd: sources,
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (error)
    return { problem: `no C compiler: ${compiler} ${'code' in error ? String(error.code) : error.message}` };
  if (status !== 0) return { problem: `the native shim does not compile:\n${stderr}` };
  return { path };
}

/** What the shim shares with the sources of the rest, as a header. */
function settings(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const rows = Object.entries(errorTable).map(
    ([code, { rpc, exit }]) => `  {"${code}", ${rpc}, ${exit}}, \\`,
  );
  return [
    '/* Written by scripts/build-shim.ts. */',
    `#define NUCLEUS_VERSION ${JSON.stringify(version)}`,
    `#define NUCLEUS_MODES ${listOf(modes)}`,
    `#define NUCLEUS_LOG_LEVELS ${listOf(logLevels)}`,
    `#define NUCLEUS_LOG_STYLES ${listOf(logStyles)}`,
    '#define NUCLEUS_ERRORS \\',
    ...rows,
    '',
    '',
  ].join('\n');
}

function listOf(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

/** Whether this file was started, by itself or through run.mjs. */
const isCommand = process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url;
if (isCommand) {
  const built = buildShim();
  console.log('path' in built ? built.path : built.problem);
  process.exitCode = 'path' in built ? 0 : 1;
}
