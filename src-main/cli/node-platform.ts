import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { systemClock } from '../gateway/clock.ts';
import type { Log, Platform } from '../gateway/platform.ts';
import { compileCache } from './compile-cache.ts';

/** What plain Node offers the gateway. */
export function createNodePlatform(options: {
  env: Readonly<Record<string, string | undefined>>;
  log: Log;
  resources: string;
}): Platform {
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
          env: { ...env, NODE_COMPILE_CACHE: compileCache },
          cwd,
        },
      ),
    async loadKeychain() {
      // The native library looks for the session bus in the process, which may have been started outside the login.
      const bus = options.env['DBUS_SESSION_BUS_ADDRESS'];
      if (bus) process.env['DBUS_SESSION_BUS_ADDRESS'] ??= bus;
      return (await import('keytar')).default;
    },
  };
}

/** The flags another Node running our sources needs: those this one was started with. */
export function nodeFlags(): string[] {
  const strip = '--experimental-strip-types';
  return ['--disable-warning=ExperimentalWarning', ...(process.execArgv.includes(strip) ? [strip] : [])];
}
