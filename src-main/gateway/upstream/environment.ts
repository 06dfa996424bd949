import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import type { Clock, Log } from '../platform.ts';
import { strangersEnvironment } from '../storage/session-env.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What every upstream may know of this machine. No session bus, no tokens, nothing of another account. */
const passed = ['HOME', 'LOGNAME', 'USER', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR', 'TERM'];
const passedOnWindows = [
  'APPDATA',
  'COMSPEC',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'PATHEXT',
  'PROCESSOR_ARCHITECTURE',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'USERNAME',
  'USERPROFILE',
  'WINDIR',
];

/** The environment of one upstream: the allow-list, what its manifest lets through, its own variables last. */
export function upstreamEnvironment(options: {
  readonly gateway: Environment;
  readonly path: string;
  readonly pass: readonly string[];
  readonly own: Readonly<Record<string, string>>;
}): Record<string, string> {
  const gateway = strangersEnvironment(options.gateway);
  const names = [
    ...passed,
    ...(process.platform === 'win32' ? passedOnWindows : []),
    ...Object.keys(gateway).filter((name) => name.startsWith('LC_')),
    ...options.pass,
  ];
  const env: Record<string, string> = {};
  for (const name of names) {
    const value = Object.hasOwn(gateway, name) ? gateway[name] : undefined;
    if (value !== undefined) env[name] = value;
  }
  return { ...env, PATH: options.path, ...options.own };
}

const limitMs = 3_000;
const marker = '__nucleus_path__';
/** Of a babbling shell no more than this is kept. */
const maxOutput = 65_536;

/**
 * Asks the login shell for its PATH, once. A gateway started by a desktop or by a client has a short one, and the
 * upstreams people use (npx, uvx, docker) often stand only on the long one. Answers the own PATH when it cannot.
 */
export function createLoginPath(deps: { env: Environment; clock: Clock; log: Log }): () => Promise<string> {
  let asked: Promise<string> | null = null;
  const own = deps.env['PATH'] ?? '';
  return () => {
    asked ??= ask(deps).then((path) => {
      if (path === null) return own;
      const known = new Set(path.split(delimiter));
      return [path, ...own.split(delimiter).filter((folder) => folder && !known.has(folder))].join(delimiter);
    });
    return asked;
  };
}

function ask(deps: { env: Environment; clock: Clock; log: Log }): Promise<string | null> {
  const shell = deps.env['SHELL'];
  if (process.platform === 'win32' || !shell) return Promise.resolve(null);
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const child = spawn(shell, ['-ilc', `printf ${marker}; printenv PATH`], {
    env: strangersEnvironment(deps.env),
    cwd: '/',
    // Its own session: an interactive shell would otherwise reach for our terminal.
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let isAnswered = false;
  let isGone = false;
  const done = (path: string | null): void => {
    isAnswered = true;
    if (isGone) forget();
    // Something the profile started may hold the pipe for good.
    child.stdout.destroy();
    resolve(path || null);
  };
  const forget = deps.clock.after(limitMs, () => {
    if (!isAnswered)
      deps.log.warn('the login shell did not answer; upstreams get the PATH of the gateway', { shell });
    done(null);
    endGroup(child.pid);
  });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    output = (output + chunk).slice(-maxOutput);
    const path = output.split(marker)[1];
    if (path?.includes('\n')) done(path.slice(0, path.indexOf('\n')));
  });
  child.once('exit', () => {
    isGone = true;
    if (isAnswered) forget();
  });
  child.once('error', () => {
    isGone = true;
    done(null);
  });
  child.once('close', () => done(null));
  return promise;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // The shell itself may be gone, and only what it started was left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
