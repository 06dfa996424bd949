import { session, WebContentsView } from 'electron';
import { isLoopback } from '../../../src-shared/page-address.ts';
import { parseUrl } from '../sign-in-rules.ts';
import { registrableDomain } from './registrable-domain.ts';
import { browserUrl, reloadUrl, setStripText, stripPage, type StripText } from './strip-page.ts';

export interface Strip {
  readonly view: WebContentsView;
  /** Fulfilled when it can be shown. */
  readonly ready: Promise<void>;
  /** Names the page that is shown below. */
  show(address: string): Promise<void>;
  /** Says a sentence instead, while no page is shown. */
  say(note: string): void;
}

/**
 * The strip above a sign-in page: whose sign-in this is, and whose page. A view of its own with a process of its own,
 * so that no page can draw over it, read it or reach it.
 */
export function createStrip(
  profile: string,
  { onReload, onBrowser }: { onReload(): void; readonly onBrowser: (() => void) | null },
): Strip {
  // In memory, and shared by all strips: nothing of any sign-in is in it.
  const own = session.fromPartition('nucleus-strip');
  const view = new WebContentsView({
    webPreferences: {
      session: own,
      sandbox: true,
      contextIsolation: true,
      devTools: false,
      spellcheck: false,
    },
  });
  const contents = view.webContents;
  contents.on('will-navigate', (event) => {
    event.preventDefault();
    if (event.url.startsWith(reloadUrl)) onReload();
    if (event.url.startsWith(browserUrl)) onBrowser?.();
  });
  const ready = contents.loadURL(stripPage(profile, onBrowser !== null));

  let latest = 0;
  const set = async (text: StripText): Promise<void> => {
    await ready;
    if (!contents.isDestroyed()) await contents.executeJavaScript(setStripText(text));
  };
  const say = (note: string): void => {
    latest += 1;
    // The window may be closed at any moment, and then nothing is left to be said.
    set({ subdomain: '', domain: '', port: '', scheme: 'https://', note }).catch(() => {});
  };
  return {
    view,
    ready,
    say,
    show: async (address) => {
      const url = parseUrl(address);
      if (!url || url.host === '') return;
      latest += 1;
      const turn = latest;
      const { hostname } = url;
      const domain = isLoopback(hostname) ? hostname : await registrableDomain(hostname, own);
      if (turn !== latest) return;
      await set({
        subdomain: hostname.slice(0, hostname.length - domain.length),
        domain,
        port: url.port === '' ? '' : `:${url.port}`,
        scheme: url.protocol === 'https:' ? 'https://' : 'http://',
        note: '',
      });
    },
  };
}
