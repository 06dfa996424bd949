import { BrowserWindow, screen } from 'electron';
import type { Topic } from '../../src-shared/contract.ts';
import type { Log } from '../gateway/platform.ts';
import { appOrigin } from './app-protocol.ts';
import { changedChannel } from './ipc.ts';
import type { OwnPages } from './own-pages.ts';
import type { Place } from './preferences.ts';

const usual = { width: 960, height: 640 } as const;
const least = { minWidth: 640, minHeight: 420 } as const;
/** A page that dies again within this time is not opened once more. */
const crashGapMs = 10_000;

export interface WindowDeps {
  readonly log: Log;
  readonly pages: OwnPages;
  readonly icon: string;
  place(): Place | null;
  remember(place: Place): void;
}

/** The one window: made when it is opened, destroyed when it is closed, so that a tray app costs no page. */
export interface AppWindow {
  open(): void;
  /** Tells the page, when there is one, what it has to ask about again. */
  tell(topics: readonly Topic[]): void;
  current(): BrowserWindow | null;
  close(): void;
}

export function createWindow(deps: WindowDeps): AppWindow {
  const { log, pages } = deps;
  let window: BrowserWindow | null = null;
  let lastCrash = -Infinity;

  const make = (): BrowserWindow => {
    const made = new BrowserWindow({
      ...usual,
      ...visible(deps.place()),
      ...least,
      show: false,
      title: 'Nucleus',
      icon: deps.icon,
      ...pages.options(),
    });
    pages.keepInside(made.webContents);
    made.once('ready-to-show', () => made.show());
    // Noted as it changes: a page that closes itself, and a window that is destroyed, tell only when it is too late.
    let place: Place | null = null;
    const note = (): void => {
      place = made.getNormalBounds();
    };
    made.on('resize', note);
    made.on('move', note);
    made.once('closed', () => {
      if (place) deps.remember(place);
      if (window === made) window = null;
    });
    made.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      log.error('the window’s page is gone', { reason, exitCode });
      made.destroy();
      const now = performance.now();
      const isAgain = now - lastCrash < crashGapMs;
      lastCrash = now;
      if (reason !== 'clean-exit' && !isAgain) open();
    });
    made.loadURL(`${appOrigin}/`).catch((error: unknown) => {
      log.error('the window’s page could not be loaded', { reason: (error as Error).message });
    });
    return made;
  };

  const open = (): void => {
    if (window && !window.isDestroyed()) {
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
      return;
    }
    window = make();
  };

  return {
    open,
    tell(topics) {
      if (window && !window.webContents.isDestroyed()) window.webContents.send(changedChannel, topics);
    },
    current: () => window,
    close: () => window?.destroy(),
  };
}

/** The place of last time, unless the screen it was on is gone. */
function visible(place: Place | null): { x: number; y: number } | object {
  if (!place) return {};
  const { x, y, width, height } = place;
  if (x === undefined || y === undefined) return { width, height };
  const isSeen = screen.getAllDisplays().some(({ workArea }) => {
    const isBeside = x + width <= workArea.x || x >= workArea.x + workArea.width;
    const isAbove = y < workArea.y || y >= workArea.y + workArea.height;
    return !isBeside && !isAbove;
  });
  return isSeen ? { x, y, width, height } : { width, height };
}
