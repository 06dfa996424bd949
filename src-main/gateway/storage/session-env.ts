import { statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateFolder, readTextIfExists, writePrivateFile } from './files.ts';
import type { Paths } from './paths.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const sessionNames = [
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'SSH_AUTH_SOCK',
] as const;

/** An environment with one of these belongs to a login; others, such as an SDK's cleaned one, tell nothing. */
const loginNames = ['DBUS_SESSION_BUS_ADDRESS', 'DISPLAY', 'WAYLAND_DISPLAY'] as const;

const ownNames = new Set(
  'HOME USER LOGNAME SHELL PATH LANG TZ TMPDIR NODE_EXTRA_CA_CERTS CREDENTIALS_DIRECTORY'.split(' '),
);
const windowsNames = new Set(
  'SYSTEMROOT APPDATA LOCALAPPDATA USERPROFILE TEMP PATHEXT COMSPEC HOMEDRIVE HOMEPATH PROGRAMFILES'.split(
    ' ',
  ),
);

/** Keeps the login's variables for gateways that are started from outside of it. */
export function rememberSession(paths: Paths, env: Environment): void {
  if (!loginNames.some((name) => env[name])) return;
  // Taken as one set: half of an older login would not fit the display of this one.
  const lines = sessionNames.flatMap((name) => {
    const value = env[name];
    return value && !/[\r\n]/.test(value) ? [`${name}=${value}\n`] : [];
  });
  const text = lines.join('');
  ensurePrivateFolder(paths.run);
  if (readTextIfExists(paths.sessionEnv) === text) return;
  writePrivateFile(paths.sessionEnv, text);
}

/**
 * The environment a gateway process gets, whoever starts it: a fixed choice of the starter's and the login's. `auto`:
 * nobody asked for it by name, so of our own variables it gets where the state lies and what opens the vault, but none
 * that says how it works: those are the starter's, and the gateway will serve others as well.
 */
export function gatewayEnvironment(
  paths: Paths,
  starterEnv: Environment,
  uid: number,
  options: {
    readonly auto?: boolean;
    readonly runFolder?: string;
    readonly platform?: NodeJS.Platform;
  } = {},
): Record<string, string> {
  const platform = options.platform ?? process.platform;
  const env: Record<string, string> = { ...rememberedSession(paths) };
  for (const [name, value] of Object.entries(starterEnv)) {
    if (value === undefined) continue;
    const isAsked = options.auto !== true || !isSetting(name);
    if ((isOwn(name, platform) && isAsked) || (isSession(name) && value !== '')) env[name] = value;
  }
  if (platform === 'win32') return env;
  const runtime = join(options.runFolder ?? '/run/user', String(uid));
  if (!env['XDG_RUNTIME_DIR'] && isFolderOf(runtime, uid)) env['XDG_RUNTIME_DIR'] = runtime;
  const bus = env['XDG_RUNTIME_DIR'] ? join(env['XDG_RUNTIME_DIR'], 'bus') : null;
  if (!env['DBUS_SESSION_BUS_ADDRESS'] && bus !== null && isSocket(bus)) {
    env['DBUS_SESSION_BUS_ADDRESS'] = `unix:path=${bus}`;
  }
  return env;
}

/** The environment for a program that is none of ours, a browser for one: without what opens the vault. */
export function strangersEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !/^NUCLEUS_VAULT_/i.test(entry[0]),
    ),
  );
}

function rememberedSession(paths: Paths): Record<string, string> {
  const env: Record<string, string> = {};
  for (const line of (readTextIfExists(paths.sessionEnv) ?? '').split('\n')) {
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(0, equals));
    if (isSession(name) && equals + 1 < line.length) env[name] = line.slice(equals + 1);
  }
  return env;
}

function isSession(name: string): boolean {
  return (sessionNames as readonly string[]).includes(name);
}

/** Ours, and more than where the state lies and what opens the vault. */
function isSetting(name: string): boolean {
  return /^NUCLEUS/i.test(name) && !/^NUCLEUS_(HOME$|VAULT_)/i.test(name);
}

function isOwn(name: string, platform: NodeJS.Platform): boolean {
  // Windows does not tell `Path` from `PATH`.
  const key = platform === 'win32' ? name.toUpperCase() : name;
  if (ownNames.has(key) || key.startsWith('LC_') || key.startsWith('NUCLEUS')) return true;
  return platform === 'win32' && windowsNames.has(key);
}

function isFolderOf(path: string, uid: number): boolean {
  const stat = look(path);
  return stat !== null && stat.isDirectory() && stat.uid === uid;
}

function isSocket(path: string): boolean {
  return look(path)?.isSocket() ?? false;
}

function look(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    // What we may not even look at, such as another user's runtime folder after sudo, is of no use to us.
    return null;
  }
}
