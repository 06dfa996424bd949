import {
  type BrowserWindowConstructorOptions,
  nativeTheme,
  session,
  type Session,
  type WebContents,
} from 'electron';
import type { Log } from '../gateway/platform.ts';
import { serveApp } from './app-protocol.ts';

export interface OwnPagesDeps {
  readonly log: Log;
  /** Folder of the built renderer. */
  readonly renderer: string;
  /** The bundled preload script. */
  readonly preload: string;
}

/** What every window with a page of ours has in common: the same session, the same sandbox, no way out. */
export interface OwnPages {
  options(): BrowserWindowConstructorOptions;
  /** Our page stays our page: no other place, no second window. */
  keepInside(contents: WebContents): void;
}

export function createOwnPages({ log, renderer, preload }: OwnPagesDeps): OwnPages {
  let ownSession: Session | null = null;
  return {
    options() {
      ownSession ??= openSession(renderer);
      return {
        show: false,
        // What is seen until the page has painted.
        backgroundColor: nativeTheme.shouldUseDarkColors ? '#131416' : '#f6f6f4',
        webPreferences: {
          session: ownSession,
          preload,
          sandbox: true,
          contextIsolation: true,
          nodeIntegration: false,
          webviewTag: false,
          devTools: false,
          spellcheck: false,
        },
      };
    },
    keepInside(contents) {
      contents.on('will-navigate', (event) => {
        event.preventDefault();
        log.warn('the window’s page tried to go elsewhere', { origin: originOf(event.url) });
      });
      contents.setWindowOpenHandler(({ url }) => {
        log.warn('the window’s page tried to open another', { origin: originOf(url) });
        return { action: 'deny' };
      });
    },
  };
}

/** A session of our pages' own that keeps nothing, so no page of a sign-in shares anything with it. */
function openSession(renderer: string): Session {
  const own = session.fromPartition('nucleus-window');
  serveApp(own, renderer);
  return own;
}

/** The rest of an address may hold what no log should: a sign-in's code, a token. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'none';
}
