import { chmodSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from './build.ts';
import { copyForAll, isOpenToAll, missingForDesktop, runOnDesktop } from './desktop.ts';
import { ensureElectron } from './ensure-electron.ts';
import { packageApp } from './package-app.ts';

/*
 * npm run test:e2e [-- WORD…]: the tests that drive the real app, with its sandbox on: as an ordinary user, on a
 * display and a session bus of their own, in a home that is thrown away. On Linux; other systems use what is there.
 */

const root = join(import.meta.dirname, '..');
/** One test, and all of them, in milliseconds: what hangs fails. */
const testLimit = 120_000;
const runLimit = 15 * 60_000;
const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';

const words = process.argv.slice(2);
const files = globSync('test/e2e/**/*.test.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();

process.exitCode = await main();

async function main(): Promise<number> {
  if (files.length === 0) return complain('there is no such test in test/e2e');
  const missing = missingForDesktop();
  if (missing.length > 0)
    return complain(`missing: ${missing.join(', ')}; on Debian: apt-get install xvfb xauth dbus util-linux`);
  // Root's own cache is closed to the user the tests run as.
  if (isRoot) process.env['NUCLEUS_ELECTRON_CACHE'] ??= join(root, '.cache', 'nucleus-electron');
  const electron = await ensureElectron((sentence) => console.error(sentence));
  await buildApp();
  const packs = isLinux && files.some((file) => file.endsWith('package.test.ts'));
  if (packs && packageApp(electron, ['--linux', 'dir']) !== 0) return complain('the app could not be packed');
  const work = mkdtempSync(join(tmpdir(), 'nucleus-e2e-'));
  try {
    chmodSync(work, 0o755);
    const project = isRoot && !isOpenToAll(root) ? copyForAll(root, join(work, 'project')) : root;
    return run(project, join(work, 'home'), electron.folder.replace(root, project));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(project: string, home: string, electron: string): number {
  const flags = ['--test', '--test-concurrency=1', '--test-reporter=spec', `--test-timeout=${testLimit}`];
  const { status, error } = runOnDesktop([process.execPath.replace(root, project), ...flags, ...files], {
    cwd: project,
    home,
    timeout: runLimit,
    env: { ELECTRON_OVERRIDE_DIST_PATH: electron },
  });
  if (error) throw error;
  return status ?? 1;
}

function complain(sentence: string): number {
  console.error(`test:e2e: ${sentence}`);
  return 1;
}
