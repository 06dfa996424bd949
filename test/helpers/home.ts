import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import type { Endpoint } from '../../src-shared/attach.ts';
import { socketPath } from '../../src-main/gateway/storage/endpoint.ts';
import { createPaths } from '../../src-main/gateway/storage/paths.ts';
import { gone, kill, processesWith } from './processes.ts';

/** Where cleanup is registered: a test's context, or the scope of a file. */
export interface Scope {
  after(clean: () => void | Promise<void>): void;
}

/** The scope of what the tests of a file, or of a `describe`, share. To be made outside of hooks and tests. */
export function createScope(): Scope {
  const cleanups: (() => void | Promise<void>)[] = [];
  after(async () => {
    for (const clean of cleanups) await clean();
  });
  return { after: (clean) => void cleanups.push(clean) };
}

export interface Home {
  /** Holds everything of this home. Every process started for it carries this path in its environment or arguments. */
  readonly root: string;
  /** NUCLEUS_HOME */
  readonly state: string;
  /** HOME */
  readonly user: string;
  /** What a terminal of this home's user would hand to a command. Nothing of the developer's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** A path below `root`, beside the state folder: for records, databases and other files of a test. */
  path(...parts: string[]): string;
  /** Writes a file below NUCLEUS_HOME, as a person would with an editor. */
  write(name: string, text: string): string;
  /** What the gateway of this home says about itself, null when none said so. */
  endpoint(): Endpoint | null;
}

/** A fresh NUCLEUS_HOME, called `name`, and HOME. Afterwards all that runs in it is killed and all of it deleted. */
export function createHome(scope: Scope, config = '', name = 'state'): Home {
  const root = mkdtempSync(join(tmpdir(), 'nucleus-test-'));
  const state = join(root, name);
  const user = join(root, 'user');
  mkdirSync(user);
  const home: Home = {
    root,
    state,
    user,
    env: {
      HOME: user,
      NUCLEUS_HOME: state,
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      SHELL: '/bin/sh',
      USER: 'tester',
      LOGNAME: 'tester',
      LANG: 'C.UTF-8',
      // A person's own keyring must never be found from here.
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(root, 'no-bus')}`,
    },
    path: (...parts) => join(root, ...parts),
    write: (name, text) => {
      const path = join(state, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    },
    endpoint: () => {
      const path = join(state, 'run', 'endpoint.json');
      return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Endpoint) : null;
    },
  };
  if (config !== '') home.write('config.toml', config);
  open.add(home);
  scope.after(() => removeHome(home));
  return home;
}

/** Homes not removed yet; what runs in them must not survive a test file that is interrupted. */
const open = new Set<Home>();
process.once('exit', () => {
  for (const home of open) {
    for (const { pid } of processesWith(home.root)) kill(pid);
    deleteFiles(home);
  }
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

async function removeHome(home: Home): Promise<void> {
  // A clean stop is for tests of it; here everything is killed, which is faster.
  const left = () => processesWith(home.root).map(({ pid }) => pid);
  for (let pids = left(); pids.length > 0; pids = left()) {
    for (const pid of pids) kill(pid);
    await gone(pids);
  }
  deleteFiles(home);
  open.delete(home);
}

function deleteFiles(home: Home): void {
  const socket = socketPath(createPaths(home.env), {}, process.getuid?.() ?? 0);
  rmSync(dirname(socket), { recursive: true, force: true });
  rmSync(home.root, { recursive: true, force: true, maxRetries: 3 });
}
