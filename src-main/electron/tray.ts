import { Menu, nativeImage, nativeTheme, Tray } from 'electron';
import type { Log } from '../gateway/platform.ts';
import type { Area } from './popover-place.ts';
import { trayIconFile } from './tray-icon.ts';
import { trayFace, trayMenu, type TrayActions, type TraySnapshot } from './tray-menu.ts';

export type { TrayActions, TraySnapshot } from './tray-menu.ts';

/** What the icon is for: what it shows, and what is done from it. */
export interface TrayDesk {
  snapshot(): Promise<TraySnapshot>;
  readonly act: TrayActions;
  /** A click on the icon itself, which lies there; an empty area where the system does not tell. */
  press(icon: Area): void;
  /** A click is likely soon: the pointer came to the icon, or a call waits for an answer. */
  near(): void;
}

/** The icon in the panel and its menu. */
export interface AppTray {
  /** Says what it is for; until then it says that the app starts, and what is chosen in its menu waits. */
  attach(desk: TrayDesk): void;
  show(): void;
  hide(): void;
  /** Asks for what to show anew; many calls at once ask once. */
  refresh(): void;
}

/** `icons` is the folder resources/tray. */
export function createTray({ icons, log }: { readonly icons: string; readonly log: Log }): AppTray {
  const { promise: attached, resolve: attach } = Promise.withResolvers<TrayDesk>();
  const act = whenAttached(attached);
  const near = (): void => void attached.then((desk) => desk.near());
  const isMac = process.platform === 'darwin';
  let tray: Tray | null = null;
  let menu = Menu.buildFromTemplate([]);
  let seen: TraySnapshot | null = null;
  /** What was last handed to the system; setting the same again would close a menu that is open. */
  let shown = { icon: '', tooltip: '', menu: '' };
  let asking: 'no' | 'yes' | 'again' = 'no';
  let host: { close(): void } | null = null;
  let isDark = isSystemDark();

  const iconFile = (): string =>
    trayIconFile(icons, trayFace(seen).state, {
      platform: process.platform,
      isDark,
      desktop: process.env['XDG_CURRENT_DESKTOP'] ?? '',
    });
  const show = (): void => {
    if (!tray) return;
    const { tooltip } = trayFace(seen);
    const items = trayMenu(seen, afterwards(act, forgetMenu));
    const next = { icon: iconFile(), tooltip, menu: JSON.stringify(items) };
    if (next.icon !== shown.icon) tray.setImage(nativeImage.createFromPath(next.icon));
    if (next.tooltip !== shown.tooltip) tray.setToolTip(tooltip);
    if (next.menu !== shown.menu) {
      menu = Menu.buildFromTemplate(items);
      // On macOS a menu that is set opens on left click too, and left click opens the window.
      if (!isMac) tray.setContextMenu(menu);
    }
    shown = next;
    if (seen && seen.approvals.length > 0 && tray.getBounds().width > 0) near();
  };
  /** A click has moved the menu's own marks; what the gateway says next is drawn even if it says the same as before. */
  const forgetMenu = (): void => {
    shown = { ...shown, menu: '' };
    refresh();
  };
  const make = (): void => {
    if (!host) return;
    tray?.destroy();
    const icon = iconFile();
    const made = new Tray(nativeImage.createFromPath(icon));
    tray = made;
    made.on('click', (event) =>
      isMac && event.ctrlKey
        ? made.popUpContextMenu(menu)
        : void attached.then((desk) => desk.press(made.getBounds())),
    );
    // Told on macOS and Windows only, where the popover is.
    made.on('mouse-enter', near);
    if (isMac) made.on('right-click', () => made.popUpContextMenu(menu));
    shown = { icon, tooltip: '', menu: '' };
    show();
    log.info('the icon is in the tray', {});
  };
  const ask = async (): Promise<void> => {
    try {
      const next = await (await attached).snapshot();
      if (!host) return;
      seen = next;
      show();
    } catch (error) {
      // The gateway is closing or restarting; what was true stays shown and the next change asks again.
      log.debug('tray not refreshed', { reason: error instanceof Error ? error.message : String(error) });
    }
  };
  const refresh = (): void => {
    if (!host) return;
    if (asking !== 'no') {
      asking = 'again';
      return;
    }
    asking = 'yes';
    // After this turn, so that a burst of changes is one question.
    setImmediate(() => {
      void ask().then(() => {
        const isStale = asking === 'again';
        asking = 'no';
        if (isStale) refresh();
      });
    });
  };

  const onTheme = (): void => {
    if (process.platform !== 'linux' || nativeTheme.themeSource === 'system') isDark = isSystemDark();
    show();
  };
  /** A panel that comes later, or comes again. Loaded after the icon is there: the bus takes its time. */
  const watchHost = async (): Promise<void> => {
    const own = host;
    const { watchTrayHost } = await import('./status-notifier.ts');
    // Unless it was hidden meanwhile.
    if (host !== null && host === own) host = watchTrayHost({ log, onMissing: make });
  };
  return {
    attach,
    show() {
      if (host) return;
      host = { close: () => {} };
      nativeTheme.on('updated', onTheme);
      make();
      if (process.platform === 'linux') void watchHost();
      refresh();
    },
    hide() {
      nativeTheme.off('updated', onTheme);
      host?.close();
      host = null;
      tray?.destroy();
      tray = null;
    },
    refresh,
  };
}

/**
 * The system's theme, whatever theme a person chose for the app: the panel belongs to the system. On Linux the property
 * that leaves the app's choice out does not exist, so the choice is lifted for a moment; once only, windows would flicker.
 */
function isSystemDark(): boolean {
  if (process.platform !== 'linux') return nativeTheme.shouldUseDarkColorsForSystemIntegratedUI;
  const { themeSource } = nativeTheme;
  if (themeSource === 'system') return nativeTheme.shouldUseDarkColors;
  nativeTheme.themeSource = 'system';
  const isDark = nativeTheme.shouldUseDarkColors;
  nativeTheme.themeSource = themeSource;
  return isDark;
}

/** The same actions, done as soon as there is somebody to do them. */
function whenAttached(attached: Promise<TrayDesk>): TrayActions {
  const later =
    <A extends unknown[]>(name: keyof TrayActions) =>
    (...args: A): void =>
      void attached.then(({ act }) => (act[name] as (...args: A) => void)(...args));
  return {
    open: later('open'),
    useProfile: later('useProfile'),
    denyApproval: later('denyApproval'),
    signIn: later('signIn'),
    show: later('show'),
    copy: later('copy'),
    addProfile: later('addProfile'),
    lock: later('lock'),
    quit: later('quit'),
  };
}

/** The same actions, with something to do after each. */
function afterwards(act: TrayActions, then: () => void): TrayActions {
  return {
    ...act,
    useProfile: (id) => {
      act.useProfile(id);
      then();
    },
  };
}
