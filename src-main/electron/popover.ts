import { BrowserWindow, screen } from 'electron';
import type { Topic } from '../../src-shared/contract.ts';
import type { Log } from '../gateway/platform.ts';
import { appOrigin } from './app-protocol.ts';
import { changedChannel } from './ipc.ts';
import type { OwnPages } from './own-pages.ts';
import { type Area, popoverPlace, popoverSize } from './popover-place.ts';

/** A click on the icon takes the focus away before it is told: what closed so lately was closed by that click. */
const sameClickMs = 250;
/** So long it waits out of sight for the next click; then its page costs nothing any more. */
const idleMs = 10 * 60_000;

export interface PopoverDeps {
  readonly log: Log;
  readonly pages: OwnPages;
}

/** The small window at the tray's icon. */
export interface Popover {
  /** Makes its page, out of sight, so that the next click need not wait for it. */
  warm(): void;
  /** Opens it at the icon, or closes it; false where it has no place because nobody knows where the icon is. */
  toggle(icon: Area): boolean;
  /** Tells the page, when there is one, what it has to ask about again. */
  tell(topics: readonly Topic[]): void;
  current(): BrowserWindow | null;
  hide(): void;
  close(): void;
}

export function createPopover({ log, pages }: PopoverDeps): Popover {
  let popover: BrowserWindow | null = null;
  let closedAt = -Infinity;
  let isPainted = false;
  let isWanted = false;
  let idle: NodeJS.Timeout | undefined;

  const show = (): void => {
    clearTimeout(idle);
    isWanted = true;
    if (!popover || !isPainted) return;
    popover.show();
    popover.focus();
  };
  const hide = (): void => {
    isWanted = false;
    if (popover?.isVisible()) {
      closedAt = performance.now();
      popover.hide();
    }
    rest();
  };
  /** Out of sight it is kept for a while only. */
  const rest = (): void => {
    clearTimeout(idle);
    idle = setTimeout(() => popover?.destroy(), idleMs).unref();
  };
  const make = (): BrowserWindow => {
    const made = new BrowserWindow({
      ...popoverSize,
      ...pages.options(),
      title: 'Nucleus',
      frame: false,
      resizable: false,
      minimizable: false,
      maximizable: false,
      fullscreenable: false,
      skipTaskbar: true,
      alwaysOnTop: true,
    });
    pages.keepInside(made.webContents);
    // The icon is there over an app in full screen, too.
    if (process.platform === 'darwin')
      made.setVisibleOnAllWorkspaces(true, { visibleOnFullScreen: true, skipTransformProcessType: true });
    made.once('ready-to-show', () => {
      isPainted = true;
      if (isWanted) show();
    });
    made.on('blur', hide);
    // Closed it would be made anew each time; it only goes out of sight.
    made.on('close', (event) => {
      event.preventDefault();
      hide();
    });
    made.once('closed', () => {
      popover = null;
      isPainted = false;
    });
    made.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      log.error('the popover’s page is gone', { reason, exitCode });
      made.destroy();
    });
    made.loadURL(`${appOrigin}/popover.html`).catch((error: unknown) => {
      log.error('the popover’s page could not be loaded', { reason: (error as Error).message });
    });
    return made;
  };
  const warm = (): void => {
    popover ??= make();
    if (!popover.isVisible()) rest();
  };

  return {
    warm,
    toggle(icon) {
      const centre = { x: icon.x + icon.width / 2, y: icon.y + icon.height / 2 };
      const place = popoverPlace(icon, screen.getDisplayNearestPoint(centre).workArea);
      if (!place) return false;
      if (popover?.isVisible()) hide();
      else if (performance.now() - closedAt > sameClickMs) {
        warm();
        popover?.setBounds(place);
        show();
      }
      return true;
    },
    tell(topics) {
      if (popover && !popover.webContents.isDestroyed()) popover.webContents.send(changedChannel, topics);
    },
    current: () => popover,
    hide,
    close() {
      clearTimeout(idle);
      popover?.destroy();
    },
  };
}
