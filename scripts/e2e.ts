import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildApp } from './build.ts';
import { ensureElectron } from './ensure-electron.ts';
import { packageApp } from './package-app.ts';

/*
 * npm run test:e2e [-- WORD…]: the tests that drive the real app, with its sandbox on: as an ordinary user, on a
 * display and a session bus of their own, in a home that is thrown away. On Linux; other systems use what is there.
 */

const root = join(import.meta.dirname, '..');
/** nobody and nogroup, whom every Linux has: Electron runs no sandbox for root. */
const ordinaryUser = 65_534;
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
  const missing = isLinux
    ? ['xvfb-run', 'dbus-run-session', ...(isRoot ? ['setpriv'] : [])].filter(isMissing)
    : [];
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
    const project = isRoot && !isOpenToAll(root) ? copyProject(join(work, 'project')) : root;
    const home = join(work, 'home');
    mkdirSync(home);
    return run(project, home, electron.folder.replace(root, project));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whether a user who is not the owner can come as far as this folder. */
function isOpenToAll(folder: string): boolean {
  if ((statSync(folder).mode & 0o005) !== 0o005) return false;
  return dirname(folder) === folder || isOpenToAll(dirname(folder));
}

/** A checkout below a private folder, seen from an open one: hard links cost next to nothing, else it is copied. */
function copyProject(target: string): string {
  mkdirSync(target);
  const copy = (how: string): boolean =>
    spawnSync('cp', [how, `${root}/.`, target], { stdio: 'ignore' }).status === 0;
  if (!copy('-al') && !copy('-a')) throw new Error(`the checkout could not be copied to ${target}`);
  return target;
}

function run(project: string, home: string, electron: string): number {
  const runtime = join(home, 'run');
  const temporary = join(home, 'tmp');
  for (const folder of [runtime, temporary]) mkdirSync(folder, { mode: 0o700 });
  if (isRoot) for (const folder of [home, runtime, temporary]) chownSync(folder, ordinaryUser, ordinaryUser);
  chmodSync(home, 0o700);
  const flags = ['--test', '--test-concurrency=1', '--test-reporter=spec', `--test-timeout=${testLimit}`];
  const tests = [process.execPath.replace(root, project), ...flags, ...files];
  const asUser = ['setpriv', `--reuid=${ordinaryUser}`, `--regid=${ordinaryUser}`, '--clear-groups'];
  // The display is made by that user too, because its key is a file only its maker reads.
  const desktop = ['dbus-run-session', '--', 'xvfb-run', '-a', '-s', '-screen 0 1280x900x24'];
  const command = isLinux ? [...(isRoot ? asUser : []), ...desktop, ...tests] : tests;
  const [program = '', ...args] = command;
  const { status, error } = spawnSync(program, args, {
    cwd: project,
    stdio: 'inherit',
    timeout: runLimit,
    env: {
      ...(isLinux ? cleaned(home, runtime, temporary) : process.env),
      ELECTRON_OVERRIDE_DIST_PATH: electron,
    },
  });
  if (error) throw error;
  return status ?? 1;
}

/** Nothing of the developer's own session: neither display, nor bus, nor keyring, nor state folder. */
function cleaned(home: string, runtime: string, temporary: string): Record<string, string> {
  const kept = ['PATH', 'LANG', 'NODE_OPTIONS', 'CI', 'NUCLEUS_REQUIRE', 'NUCLEUS_E2E_SHOTS'];
  const own = Object.entries(process.env).filter(([name]) => kept.includes(name));
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    HOME: home,
    USER: 'tester',
    LOGNAME: 'tester',
    SHELL: '/bin/sh',
    TMPDIR: temporary,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_RUNTIME_DIR: runtime,
  };
}

function isMissing(program: string): boolean {
  return !(process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // Not in this folder.
    }
  });
}

function complain(sentence: string): number {
  console.error(`test:e2e: ${sentence}`);
  return 1;
}
