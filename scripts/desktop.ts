import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { accessSync, chmodSync, chownSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/*
 * A desktop that is thrown away: an ordinary user, a display and a session bus of their own. On Linux; other systems
 * use what is there.
 */

/** nobody and nogroup, whom every Linux has: Electron runs no sandbox for root. */
const ordinaryUser = 65_534;
const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';

/** What of the machine is missing for it. */
export function missingForDesktop(): string[] {
  return isLinux ? ['xvfb-run', 'dbus-run-session', ...(isRoot ? ['setpriv'] : [])].filter(isMissing) : [];
}

/** Whether a user who is not the owner can come as far as this folder. */
export function isOpenToAll(folder: string): boolean {
  if ((statSync(folder).mode & 0o005) !== 0o005) return false;
  return dirname(folder) === folder || isOpenToAll(dirname(folder));
}

/** A checkout below a private folder, seen from an open one: hard links cost next to nothing, else it is copied. */
export function copyForAll(root: string, target: string): string {
  mkdirSync(target);
  const copy = (how: string): boolean =>
    spawnSync('cp', [how, `${root}/.`, target], { stdio: 'ignore' }).status === 0;
  if (!copy('-al') && !copy('-a')) throw new Error(`the checkout could not be copied to ${target}`);
  return target;
}

/** Runs a command there; `home` is made. */
export function runOnDesktop(
  command: readonly string[],
  options: {
    readonly cwd: string;
    readonly home: string;
    readonly timeout: number;
    readonly env: Readonly<Record<string, string>>;
  },
): SpawnSyncReturns<Buffer> {
  const { home } = options;
  const runtime = join(home, 'run');
  const temporary = join(home, 'tmp');
  for (const folder of [home, runtime, temporary]) mkdirSync(folder, { mode: 0o700 });
  if (isRoot) for (const folder of [home, runtime, temporary]) chownSync(folder, ordinaryUser, ordinaryUser);
  chmodSync(home, 0o700);
  const asUser = ['setpriv', `--reuid=${ordinaryUser}`, `--regid=${ordinaryUser}`, '--clear-groups'];
  // The display is made by that user too, because its key is a file only its maker reads.
  const desktop = ['dbus-run-session', '--', 'xvfb-run', '-a', '-s', '-screen 0 1280x900x24'];
  const [program = '', ...args] = isLinux
    ? [...(isRoot ? asUser : []), ...desktop, ...command]
    : [...command];
  return spawnSync(program, args, {
    cwd: options.cwd,
    stdio: 'inherit',
    timeout: options.timeout,
    env: { ...(isLinux ? cleaned(home, runtime, temporary) : process.env), ...options.env },
  });
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
