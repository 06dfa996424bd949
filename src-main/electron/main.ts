import { join, resolve } from 'node:path';
import { app, dialog, Menu, protocol } from 'electron';
import { toNucleusError } from '../../src-shared/errors.ts';
import type { Log } from '../gateway/platform.ts';
import type { SettableLog } from '../gateway/log.ts';
import { ensurePrivateFolder } from '../gateway/storage/files.ts';
import { createPaths, type Paths } from '../gateway/storage/paths.ts';
import { harden } from './harden.ts';
import { refuseLaunch } from './launch.ts';
import { hiddenFlag, isTest, resources } from './places.ts';
import type { Waiting } from './run-app.ts';
import { openShellLog } from './shell-log.ts';
import { createTray } from './tray.ts';

/*
 * What has to come first, and an icon in the tray. The gateway and all else that is seen is another file, loaded when the
 * icon is there: with it the icon came half as late again.
 */

boot();

function boot(): void {
  process.umask(0o077);
  // Node would open its debugger for it, to any program of the user.
  process.on('SIGUSR1', () => {});
  const refusal = refuseLaunch({
    platform: process.platform,
    env: process.env,
    uid: process.getuid?.() ?? null,
    isPackaged: app.isPackaged,
    hasSwitch: (name) => app.commandLine.hasSwitch(name),
  });
  if (refusal !== null) return leave(refusal);
  try {
    const home = process.env['NUCLEUS_HOME'];
    // Absolute, because the working directory is about to change.
    if (home) process.env['NUCLEUS_HOME'] = resolve(home);
    const paths = createPaths(process.env);
    const folder = join(paths.home, 'app');
    ensurePrivateFolder(paths.home);
    ensurePrivateFolder(folder);
    // Before the lock, which is one per folder: two state folders are two apps.
    app.setPath('userData', folder);
    if (!app.requestSingleInstanceLock()) return app.exit(0);
    protocol.registerSchemesAsPrivileged([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
    ]);
    harden(app);
    const log = openShellLog(paths);
    process.on('uncaughtException', (error) => {
      log.error('the app failed', { reason: error.message, stack: error.stack });
      app.exit(1);
    });
    process.on('unhandledRejection', (reason) => {
      log.error('something failed unnoticed', { reason: toNucleusError(reason).message });
    });
    start(paths, folder, log).catch((error: unknown) => fail(error, log));
  } catch (error) {
    leave(toNucleusError(error).message);
  }
}

async function start(paths: Paths, folder: string, log: SettableLog): Promise<void> {
  // Listened to from the beginning: a second start must not be lost while this one still waits for the lock.
  const waiting: Waiting = {
    isWanted: !process.argv.includes(hiddenFlag),
    open: () => void (waiting.isWanted = true),
    // A signal is the session's end, or somebody who knows: nothing is asked.
    end: () => app.exit(0),
  };
  app.on('second-instance', () => waiting.open());
  app.on('activate', () => waiting.open());
  app.on('window-all-closed', () => {
    // It lives in the tray.
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => waiting.end());

  await app.whenReady();
  // Without it Windows shows no notification of ours.
  app.setAppUserModelId('dev.nucleus.app');
  Menu.setApplicationMenu(process.platform === 'darwin' ? editMenu() : null);
  app.dock?.hide();
  const tray = createTray({ icons: join(resources, 'tray'), log });
  tray.show();
  const { runApp } = await import('./run-app.ts');
  await runApp({ paths, folder, log, tray, waiting });
}

/** Without it a text field on macOS knows neither copy nor paste. */
function editMenu(): Menu {
  return Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }]);
}

/** The start did not succeed: the sentence goes to a box of the system's, there may be no page to show it. */
async function fail(error: unknown, log: Log): Promise<void> {
  const { code, message } = toNucleusError(error);
  log.error('the app could not start', { code, reason: message });
  process.stderr.write(`Error: ${message}\n`);
  await app.whenReady();
  // The box waits for a click, and in a test nobody clicks.
  if (!isTest) dialog.showErrorBox('Nucleus cannot start', message);
  app.exit(1);
}

function leave(sentence: string): void {
  process.stderr.write(`Error: ${sentence}\n`);
  app.exit(1);
}
