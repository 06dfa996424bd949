import { spawn } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Context } from '../context.ts';
import { nodeFlags } from '../node-platform.ts';
import { withProgress } from '../progress.ts';

const buildMs = 120_000;

/** The folder of the built renderer. A package brings it; in a checkout it is built where it is missing or older than its sources. */
export async function findPages(context: Context): Promise<string> {
  const { root } = context;
  const pages = join(root, 'out', 'renderer');
  const builtAt = timeOf(join(pages, 'index.html'));
  const script = join(root, 'scripts', 'run.mjs');
  const canBuild = existsSync(script) && existsSync(join(root, 'node_modules', 'vite'));
  if (builtAt !== null && !(canBuild && newestSource(root) > builtAt)) return pages;
  if (!canBuild) {
    if (builtAt !== null) return pages;
    throw new NucleusError(
      'STATE_UNUSABLE',
      `this copy of Nucleus has no built pages in ${pages}; run npm ci and npm run build in ${root}`,
    );
  }
  await withProgress(context, 'Building the pages …', build(context, script));
  return pages;
}

async function build({ root }: Context, script: string): Promise<void> {
  const child = spawn(process.execPath, [...nodeFlags(), script, 'build', 'pages'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: buildMs,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  const code = await promise;
  if (code !== 0)
    throw new NucleusError(
      'STATE_UNUSABLE',
      `the pages could not be built; run npm run build in ${root} to see why:\n${said.trim()}`,
    );
}

function newestSource(root: string): number {
  const files = globSync(['src-renderer/**/*.{ts,svelte,css,html}', 'src-shared/*.ts'], { cwd: root });
  return Math.max(...files.map((file) => timeOf(join(root, file)) ?? 0));
}

function timeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
