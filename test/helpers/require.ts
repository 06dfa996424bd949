import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A tool of the machine a test may need, and a command that ends with 0 only where it really works. */
const probes = {
  keyring: [
    'dbus-run-session',
    '--',
    'sh',
    '-c',
    'printf probe | gnome-keyring-daemon --unlock --components=secrets >/dev/null && printf yes | secret-tool store --label=probe nucleus probe && test "$(secret-tool lookup nucleus probe)" = yes',
  ],
  bubblewrap: ['bwrap', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--unshare-pid', 'true'],
  strace: ['strace', '-f', '-o', '/dev/null', 'true'],
  /** util-linux's `script`, which gives a command a terminal. */
  script: ['script', '-qec', 'test -t 0', '/dev/null'],
  /** Gives a process less room for its files than the disk has, and more again. */
  prlimit: ['prlimit', '--fsize=100000:unlimited', 'true'],
  setpriv: ['setpriv', '--reuid=65534', '--clear-groups', 'true'],
  /** With a static library of C, as the native shim wants it. */
  compiler: [
    'sh',
    '-c',
    'echo "int main(void) { return 0; }" | cc -static -x c -o "$HOME/probe" - && "$HOME/probe"',
  ],
  git: ['git', '--version'],
  curl: ['curl', '--version'],
  chromium: [process.env['CHROMIUM'] ?? '/usr/bin/chromium', '--version'],
  /** A network of its own, in which addresses can be taken away. */
  netns: ['unshare', '--user', '--map-root-user', '--net', 'ip', 'link', 'set', 'lo', 'up'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export type Tool = keyof typeof probes;

const known = new Map<Tool, string | null>();

/**
 * True when the tool works here. Where it does not, the test is skipped with the reason, or failed when
 * NUCLEUS_REQUIRE=all says that this machine has everything.
 */
export function needs(t: TestContext, tool: Tool): boolean {
  const problem = problemWith(tool);
  if (problem !== null) t.skip(problem);
  return problem === null;
}

/** As `needs`, for a test that goes on without the tool. */
export function works(tool: Tool): boolean {
  return problemWith(tool) === null;
}

function problemWith(tool: Tool): string | null {
  const problem = known.has(tool) ? (known.get(tool) ?? null) : probe(tool);
  known.set(tool, problem);
  if (problem !== null && process.env['NUCLEUS_REQUIRE'] === 'all')
    throw new Error(`${tool} must work here: ${problem}`);
  return problem;
}

/** Runs the tool; null, or in a few words why it does not work. */
function probe(tool: Tool): string | null {
  const [command, ...args] = probes[tool];
  const home = mkdtempSync(join(tmpdir(), 'nucleus-probe-'));
  try {
    const { error, status, stderr } = spawnSync(command, args, {
      timeout: 10_000,
      encoding: 'utf8',
      env: { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_RUNTIME_DIR: home },
    });
    if (error) return `no ${tool}: ${command} ${'code' in error ? String(error.code) : error.message}`;
    if (status === 0) return null;
    return `no ${tool}: ${stderr.trim().split('\n').at(-1) || `${command} ended with code ${status}`}`;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
