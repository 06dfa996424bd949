import type { Session, WebContents } from 'electron';
import type { Log } from '../gateway/platform.ts';
import { mayShow } from '../../src-shared/page-address.ts';
import { isRedirect, parseUrl } from './sign-in-rules.ts';

export interface Guard {
  readonly redirectUri: URL;
  readonly log: Log;
  /** The authorization server answered. */
  arrive(url: URL): void;
  /** The sign-in cannot go on; half a sentence says why. */
  fail(why: string): void;
}

/** Keeps the page of a sign-in to encrypted pages in its one window, and catches the answer before it is sent. */
export function guardPage(contents: WebContents, { redirectUri, log, arrive, fail }: Guard): void {
  /** Whether the page may go there; what may not is stopped by the caller. */
  const mayGo = (address: string): boolean => {
    const url = parseUrl(address);
    if (url && isRedirect(url, redirectUri)) arrive(url);
    else if (url && mayShow(url)) return true;
    else if (url?.protocol === 'http:') fail(`it led to http://${url.host}, which is not encrypted`);
    // A mail address, a shop's app: not a page, and nothing that has to be opened to sign in.
    else log.debug('sign-in page left alone', { scheme: url?.protocol ?? 'none' });
    return false;
  };
  for (const event of ['will-navigate', 'will-redirect'] as const) {
    // Their overloads differ, what we use of them does not.
    contents.on(event as 'will-navigate', (details) => {
      if (details.isMainFrame && !mayGo(details.url)) details.preventDefault();
    });
  }
  contents.setWindowOpenHandler(({ url }) => {
    const wanted = parseUrl(url);
    // A second window would have no strip. What belongs to this sign-in goes on in this one.
    if (wanted && (isRedirect(wanted, redirectUri) || wanted.origin === originOf(contents)) && mayGo(url))
      contents.loadURL(url).catch(() => {}); // did-fail-load tells.
    return { action: 'deny' };
  });
  contents.on('certificate-error', (event, url, error, _certificate, trust, isMainFrame) => {
    event.preventDefault();
    trust(false);
    if (isMainFrame) fail(`the certificate of ${parseUrl(url)?.host ?? 'the page'} is not valid (${error})`);
  });
  // By default the first certificate of the person's store would be shown to any page that asks.
  contents.on('select-client-certificate', (event, _url, _certificates, choose) => {
    event.preventDefault();
    // Electron's own way to choose none; its types forgot it.
    (choose as (certificate?: Electron.Certificate) => void)();
  });
  contents.on('select-bluetooth-device', (event, _devices, choose) => {
    event.preventDefault();
    choose('');
  });
  contents.on('render-process-gone', (_event, { reason }) => fail(`its page ended (${reason})`));
}

/** A second lock on the same door: no frame, script or worker of this session gets a request to the redirect URI out. */
export function holdRedirect(own: Session, { redirectUri, arrive }: Guard): () => void {
  own.webRequest.onBeforeRequest(({ url, resourceType }, answer) => {
    const target = parseUrl(url);
    const cancel = target !== null && isRedirect(target, redirectUri);
    answer({ cancel });
    if (cancel && resourceType === 'mainFrame') arrive(target);
  });
  return () => own.webRequest.onBeforeRequest(null);
}

function originOf(contents: WebContents): string | null {
  return parseUrl(contents.getURL())?.origin ?? null;
}
