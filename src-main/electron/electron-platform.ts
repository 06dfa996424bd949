import { join } from 'node:path';
import { shell, systemPreferences, utilityProcess } from 'electron';
import { NucleusError } from '../../src-shared/errors.ts';
import { systemClock } from '../gateway/clock.ts';
import type { Log, Platform } from '../gateway/platform.ts';
import { polkitProof } from '../gateway/polkit.ts';
import { asChild } from './builtin-process.ts';
import { forgetSignIn, openSignInWindow } from './sign-in-window.ts';

/** What Electron's main process offers the gateway. */
export function createElectronPlatform(options: {
  env: Readonly<Record<string, string | undefined>>;
  log: Log;
  /** The folder of the bundles: out/. */
  bundles: string;
}): Platform {
  const provePerson = process.platform === 'darwin' ? touchId() : polkitProof();
  return {
    clock: systemClock,
    log: options.log,
    env: options.env,
    spawnBuiltin(server, { args, env, cwd }) {
      const file = join(options.bundles, 'servers', server, 'server.js');
      const child = utilityProcess.fork(
        join(options.bundles, 'main', 'builtin-host.js'),
        [file, ...args],
        // The name stands in the system's list of processes.
        { env: { ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'], serviceName: `Nucleus ${server}` },
      );
      return asChild(child, (pid, signal) => signalProcess(pid, signal));
    },
    async openBrowser(url) {
      // The system would start any program for its own kind of address.
      if (url.protocol !== 'https:' && url.protocol !== 'http:')
        throw new NucleusError('SIGN_IN_FAILED', `${url.protocol} is no address of a page`);
      await shell.openExternal(url.href);
    },
    openSignIn: (asked) => openSignInWindow({ ...asked, log: options.log }),
    forgetSignIn,
    ...(provePerson && { provePerson }),
    async loadKeychain() {
      // The native library looks for the session bus in the process, which may have been started outside the login.
      const bus = options.env['DBUS_SESSION_BUS_ADDRESS'];
      if (bus) process.env['DBUS_SESSION_BUS_ADDRESS'] ??= bus;
      return (await import('keytar')).default;
    },
  };
}

/** A finger, where this Mac reads one. Windows Hello has no door for Node without a library of its own. */
function touchId(): ((sentence: string, signal: AbortSignal) => Promise<boolean>) | null {
  if (!systemPreferences.canPromptTouchID()) return null;
  return async (sentence, signal) => {
    try {
      await systemPreferences.promptTouchID(sentence);
    } catch {
      // Cancelled, or not the finger: both are a no.
      return false;
    }
    // An answer nobody waits for any more is none.
    return !signal.aborted;
  };
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself in between.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
