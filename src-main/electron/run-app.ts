import { join, resolve } from 'node:path';
import { userInfo } from 'node:os';
import { app, dialog, ipcMain, nativeTheme, powerMonitor } from 'electron';
import { popoverContract, windowContract } from '../../src-shared/contract.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import type { Host } from '../gateway/host.ts';
import { systemClock } from '../gateway/clock.ts';
import { loadConfig, type ConfigPlace } from '../gateway/config/load.ts';
import type { SettableLog } from '../gateway/log.ts';
import type { Log } from '../gateway/platform.ts';
import { removeIfExists } from '../gateway/storage/files.ts';
import type { Paths } from '../gateway/storage/paths.ts';
import { gatewayEnvironment, rememberSession } from '../gateway/storage/session-env.ts';
import { createAppHandlers, type Wishes } from './app-handlers.ts';
import { createAutostart, programAtLogin } from './autostart.ts';
import { createCommands } from './commands.ts';
import { createElectronPlatform } from './electron-platform.ts';
import { takeOver } from './hand-over.ts';
import { serveAsks } from './ipc.ts';
import { createOwnPages } from './own-pages.ts';
import { createPopover, type Popover } from './popover.ts';
import { popoverHandlers } from './popover-handlers.ts';
import { bundles, hiddenFlag, isTest, resources, root } from './places.ts';
import { createPreferences } from './preferences.ts';
import { createQuit, testAnswer, type QuitAnswer, type QuitQuestion } from './quit.ts';
import { createShell } from './shell.ts';
import { openSignInWindow } from './sign-in-window.ts';
import type { AppTray } from './tray.ts';
import { askReleases } from './update-request.ts';
import { createUpdates } from './updates.ts';
import { windowHandlers } from './window-handlers.ts';
import { createWindow } from './window.ts';

/** What a second start and the end of the session do; set anew when the app is there. */
export interface Waiting {
  isWanted: boolean;
  open(): void;
  end(): void;
}

/** The app from the icon on: the gateway, and all of it that is seen. */
export async function runApp(first: {
  readonly paths: Paths;
  readonly folder: string;
  readonly log: SettableLog;
  readonly tray: AppTray;
  readonly waiting: Waiting;
}): Promise<void> {
  const { paths, folder, log, tray, waiting } = first;
  rememberSession(paths, process.env);
  const env = gatewayEnvironment(paths, process.env, userInfo().uid);
  const named = process.env['NUCLEUS_CONFIG'];
  const configPlace: ConfigPlace = {
    path: named ? resolve(named) : paths.config,
    sources: { env: process.env, namedBy: named && 'NUCLEUS_CONFIG' },
  };
  const config = loadConfig(configPlace.path, configPlace.sources);
  log.set(config.log);
  // Else the folder of whoever started the app could not be unmounted or removed.
  process.chdir(paths.home);

  const preferences = createPreferences(folder, log);
  nativeTheme.themeSource = preferences.get().theme;
  removeIfExists(paths.stopped);
  const host = await takeOver({
    platform: createElectronPlatform({ env, log, bundles }),
    paths,
    config,
    configPlace,
    version: app.getVersion(),
    resources,
    runCommand: createCommands({ bundles, resources, home: paths.home }),
  });
  const renderer = join(bundles, 'renderer');
  const pages = createOwnPages({ log, renderer, preload: join(bundles, 'preload', 'preload.cjs') });
  const popover = createPopover({ log, pages });
  const window = createWindow({
    log,
    pages,
    icon: join(resources, 'icon.png'),
    place: () => preferences.get().place,
    remember: (place) => preferences.set({ place }),
  });
  const askAndQuit = createQuit({
    clients: async () => (await host.handlers.gateway.status({}, never)).clients.map(({ name }) => name),
    ask: askToQuit,
    keep() {
      shell.hide();
      // Electron on Linux cannot bring an icon back that it took away. So the next start is an app of its own, which
      // takes over as it does from a gateway without a window.
      app.releaseSingleInstanceLock();
    },
    end: (byPerson) => void endWith(byPerson),
  });
  const quit = (): void => {
    askAndQuit().catch((error: unknown) => {
      log.error('nobody could be asked about quitting', { reason: toNucleusError(error).message });
      void endWith(false);
    });
  };
  const wishes: Wishes = { add: false, profile: null };
  const version = app.getVersion();
  const onSettings = (): void => shell.tell(['settings']);
  const updates = createUpdates({
    clock: systemClock,
    log,
    preferences,
    version,
    ask: askReleases(version),
    onChange: onSettings,
  });
  const shell = createShell({
    host,
    window,
    popover,
    tray,
    preferences,
    log,
    wishes,
    newVersion: updates.newVersion,
    quit,
  });
  let isEnding = false;
  const endWith = async (byPerson: boolean): Promise<void> => {
    // A terminal's Ctrl-C comes twice: to all its processes, and from the one that started us.
    if (isEnding) return;
    isEnding = true;
    // Who opens Nucleus meanwhile is its next start, not a window of this one.
    app.releaseSingleInstanceLock();
    updates.close();
    shell.close();
    try {
      // The gateway's own way leaves the mark that keeps clients from starting another one.
      if (byPerson) await host.handlers.gateway.stop({ byPerson }, never);
      else await host.close();
    } catch (error) {
      log.error('the gateway could not be stopped in order', { reason: toNucleusError(error).message });
      await host.close();
    }
  };
  // Whoever asked for it: a person here, a command, or another app that takes over.
  void host.closed.then(() => {
    updates.close();
    shell.close();
    // What was said to the desktop goes out first.
    setImmediate(() => app.exit(0));
  });
  const autostart = loginItem();
  if (app.isPackaged) renew(autostart, log);
  const appHandlers = createAppHandlers({
    preferences,
    autostart,
    updates,
    wishes,
    configFile: configPlace.path,
    window: () => window.current(),
    quit,
    onSettings,
  });
  const handlers = windowHandlers(host, appHandlers);
  const toWindow = { contract: windowContract, handlers };
  const toPopover = {
    contract: popoverContract,
    handlers: popoverHandlers({ popover, shell, wishes, handlers }),
  };
  serveAsks(ipcMain, {
    answersTo(sender) {
      if (sender === window.current()?.webContents) return toWindow;
      return sender === popover.current()?.webContents ? toPopover : null;
    },
    log,
  });
  if (isTest) exposeToTests({ host, log, popover });

  waiting.end = () => void endWith(false);
  app.on('before-quit', (event) => {
    event.preventDefault();
    quit();
  });
  powerMonitor.on('shutdown', () => waiting.end());
  waiting.open = () => shell.show({ window: true });
  shell.show({ window: waiting.isWanted });
  log.info('app started', {
    pid: process.pid,
    version: app.getVersion(),
    electron: process.versions.electron,
  });
}

const never = { signal: new AbortController().signal };

async function askToQuit({ message, detail, buttons, answers }: QuitQuestion): Promise<QuitAnswer> {
  const forced = isTest ? testAnswer(process.env) : null;
  if (forced !== null) return forced;
  const { response } = await dialog.showMessageBox({
    type: 'question',
    title: 'Quit Nucleus',
    message,
    detail,
    buttons: [...buttons],
    defaultId: answers.indexOf('keep'),
    cancelId: answers.indexOf('cancel'),
    noLink: true,
  });
  return answers[response] ?? 'cancel';
}

function loginItem(): ReturnType<typeof createAutostart> {
  const { env, platform } = process;
  const args = app.isPackaged ? [hiddenFlag] : [root, hiddenFlag];
  const path = programAtLogin(resources, env, process.execPath);
  return createAutostart({
    appName: 'Nucleus',
    execPath: path,
    args,
    configHome: env['XDG_CONFIG_HOME'] || join(app.getPath('home'), '.config'),
    platform,
    loginItems: {
      get: () => app.getLoginItemSettings({ path, args }).openAtLogin,
      set: (on) => app.setLoginItemSettings({ openAtLogin: on, path, args }),
    },
  });
}

/** A program that moved, as an AppImage does with each version, would no longer be found at the next login. */
function renew(autostart: ReturnType<typeof createAutostart>, log: Log): void {
  try {
    if (autostart.isOn()) autostart.set(true);
  } catch (error) {
    log.warn('the start at login could not be renewed', { reason: toNucleusError(error).message });
  }
}

/** What the end-to-end tests reach from outside; never in a package. */
function exposeToTests(parts: { host: Host; log: Log; popover: Popover }): void {
  Object.assign(globalThis, { nucleusTest: { ...parts, openSignInWindow } });
}
