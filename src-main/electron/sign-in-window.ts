import { BaseWindow, WebContentsView, type Input } from 'electron';
import { NucleusError } from '../../src-shared/errors.ts';
import type { Log } from '../gateway/platform.ts';
import { guardPage, holdRedirect, type Guard } from './sign-in-guard.ts';
import { mayShow } from '../../src-shared/page-address.ts';
import { parseUrl, refusesWindows } from './sign-in-rules.ts';
import { clearSignIn, signInSession } from './sign-in-session.ts';
import { stripHeight } from './strip/strip-page.ts';
import { createStrip } from './strip/strip.ts';

export interface SignInOptions {
  /** `<connector>:<name>` */
  readonly profile: string;
  /** The authorization request. */
  readonly url: URL;
  /** Where the answer goes: loopback http, or a scheme of our own. Nothing has to listen there. */
  readonly redirectUri: string;
  /** Offers to go on in the person's own browser. */
  readonly mayUseBrowser: boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** How to end the sign-in that is open for a profile. */
const open = new Map<string, (error: NucleusError) => void>();

/** Chromium's ERR_ABORTED: we stopped a navigation ourselves, or another one took its place. */
const stoppedByUs = -3;

/**
 * Lets a person sign in for one profile, in a window with that profile's own cookies, and answers with the redirect
 * URI as the authorization server called it, query included, or with `browser` when the person wants to go on there. The
 * request to the redirect URI never leaves. Rejects with SIGN_IN_CANCELLED when the window is closed or the signal aborted, with SIGN_IN_FAILED when it cannot go on.
 */
export async function openSignInWindow(options: SignInOptions): Promise<URL | 'browser'> {
  const { profile, url, signal, log } = options;
  if (signal.aborted) throw cancelled(profile);
  if (!mayShow(url)) throw failed(profile, `${url.protocol}//${url.host} is not encrypted`);
  if (open.has(profile)) throw failed(profile, 'its sign-in window is open already');

  const own = signInSession(profile);
  const window = new BaseWindow({
    width: 480,
    height: 680,
    minWidth: 360,
    minHeight: 420,
    title: `Sign in: ${profile}`,
    show: false,
  });
  window.removeMenu();
  const page = new WebContentsView({ webPreferences: { ...safe, session: own } });
  const contents = page.webContents;
  const answer = Promise.withResolvers<URL | 'browser'>();
  const strip = createStrip(profile, {
    onReload: () => contents.reload(),
    onBrowser: options.mayUseBrowser ? () => answer.resolve('browser') : null,
  });
  const onAbort = (): void => answer.reject(cancelled(profile));
  const guard: Guard = {
    redirectUri: new URL(options.redirectUri),
    log,
    arrive: answer.resolve,
    fail: (why) => answer.reject(failed(profile, why)),
  };
  open.set(profile, answer.reject);
  signal.addEventListener('abort', onAbort);
  window.on('closed', onAbort);
  guardPage(contents, guard);
  const release = holdRedirect(own, guard);
  contents.on('did-navigate', (_event, address) => {
    const shown = parseUrl(address);
    if (options.mayUseBrowser && shown && refusesWindows(shown))
      strip.say('Google does not allow sign-in inside apps. Continue in your browser.');
    else strip.show(address).catch(() => {}); // The window was closed meanwhile.
  });
  contents.on('did-fail-load', (_event, code, reason, address, isMainFrame) => {
    if (isMainFrame && code !== stoppedByUs)
      strip.say(`${parseUrl(address)?.host ?? 'The page'} could not be reached (${reason}).`);
  });

  for (const view of [page, strip.view]) {
    // Pages are white where they do not say, and so must be what is behind them.
    if (view === page) view.setBackgroundColor('#ffffff');
    window.contentView.addChildView(view);
    view.webContents.on('before-input-event', (event, input) => {
      const act = keys[keyOf(input)];
      if (!act) return;
      event.preventDefault();
      act({ window, page, strip: strip.view });
    });
  }
  const arrange = (): void => {
    const { width, height } = window.contentView.getBounds();
    const top = stripHeight(options.mayUseBrowser);
    strip.view.setBounds({ x: 0, y: 0, width, height: top });
    page.setBounds({ x: 0, y: top, width, height: Math.max(0, height - top) });
  };
  window.contentView.on('bounds-changed', arrange);
  arrange();

  try {
    contents.loadURL(url.href).catch(() => {}); // did-fail-load says it, with the reason.
    log.info('sign-in window opened', { profile, origin: url.origin });
    strip.ready.then(
      () => {
        if (window.isDestroyed()) return;
        window.show();
        contents.focus();
      },
      () => {}, // Closed before it was shown.
    );
    const arrived = await answer.promise;
    log.info(arrived === 'browser' ? 'sign-in goes on in the browser' : 'sign-in window answered', {
      profile,
    });
    return arrived;
  } finally {
    open.delete(profile);
    signal.removeEventListener('abort', onAbort);
    release();
    if (!window.isDestroyed()) window.destroy();
    // A BaseWindow does not take the pages of its views with it.
    for (const { webContents } of [page, strip.view]) if (!webContents?.isDestroyed()) webContents?.close();
  }
}

/** Forgets who is signed in for the profile: all its pages stored is deleted. An open window of it is closed. */
export async function forgetSignIn(profile: string): Promise<void> {
  open.get(profile)?.(cancelled(profile));
  await clearSignIn(profile);
}

const safe = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  webSecurity: true,
  webviewTag: false,
  devTools: false,
  spellcheck: false,
  safeDialogs: true,
} as const;

interface Views {
  readonly window: BaseWindow;
  readonly page: WebContentsView;
  readonly strip: WebContentsView;
}

/** The keys a browser window has; there is no menu that would bring them. */
const keys: Readonly<Record<string, (views: Views) => void>> = {
  'mod w': ({ window }) => window.close(),
  'mod r': ({ page }) => page.webContents.reload(),
  f5: ({ page }) => page.webContents.reload(),
  f6: ({ page, strip }) => (page.webContents.isFocused() ? strip : page).webContents.focus(),
};

function keyOf({ type, key, control, meta }: Input): string {
  if (type !== 'keyDown') return '';
  const isModified = process.platform === 'darwin' ? meta : control;
  return `${isModified ? 'mod ' : ''}${key.toLowerCase()}`;
}

function cancelled(profile: string): NucleusError {
  return new NucleusError(
    'SIGN_IN_CANCELLED',
    `the sign-in of ${profile} was cancelled; nothing was changed`,
    {
      profile,
    },
  );
}

function failed(profile: string, why: string): NucleusError {
  return new NucleusError('SIGN_IN_FAILED', `the sign-in of ${profile} ended: ${why}; nothing was changed`, {
    profile,
  });
}
