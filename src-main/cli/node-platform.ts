import { spawn } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname, join } from 'node:path';
import { systemClock } from '../gateway/clock.ts';
import type { Log, Platform } from '../gateway/platform.ts';
import { polkitProof } from '../gateway/polkit.ts';
import { openBrowser } from './open-browser.ts';

/** What plain Node offers the gateway. */
export function createNodePlatform(options: {
  env: Readonly<Record<string, string | undefined>>;
  log: Log;
  resources: string;
}): Platform {
  const provePerson = polkitProof();
  return {
    clock: systemClock,
    log: options.log,
    env: options.env,
    spawnBuiltin: (server, { args, env, cwd }) =>
      spawn(
        process.execPath,
        [...nodeFlags(), join(options.resources, 'servers', server, 'server.ts'), ...args],
        {
          detached: process.platform !== 'win32',
          stdio: ['pipe', 'pipe', 'pipe'],
          env: { ...env, ...compileCache() },
          cwd,
        },
      ),
    openBrowser: (url) => openBrowser(url, options.env),
    ...(provePerson && { provePerson }),
    async loadKeychain() {
      // The native library looks for the session bus in the process, which may have been started outside the login.
      const bus = options.env['DBUS_SESSION_BUS_ADDRESS'];
      if (bus) process.env['DBUS_SESSION_BUS_ADDRESS'] ??= bus;
      return (await import('keytar')).default;
    },
  };
}

/** Lets another Node of ours use the translations this one keeps. */
function compileCache(): Record<string, string> {
  const folder = getCompileCacheDir();
  // It names the one of this version of Node, below the one to be set.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

/** The flags another Node running our sources needs: those this one was started with. */
export function nodeFlags(): string[] {
  const strip = '--experimental-strip-types';
  return ['--disable-warning=ExperimentalWarning', ...(process.execArgv.includes(strip) ? [strip] : [])];
}
