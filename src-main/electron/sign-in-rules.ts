import { createHash } from 'node:crypto';

/* Which addresses a sign-in window may show, and which one ends it. Pure, so that every odd URL can be tested. */

/**
 * Whether this is the address the authorization server was told to come back to: scheme, host, port and path are
 * compared exactly (RFC 9700 section 4.1.3), the query is what it brings.
 */
export function isRedirect(url: URL, redirectUri: URL): boolean {
  return (
    url.protocol === redirectUri.protocol &&
    url.host === redirectUri.host &&
    url.pathname === redirectUri.pathname &&
    // `http://user@127.0.0.1/callback` is none of ours.
    url.username === '' &&
    url.password === ''
  );
}

/** A page that says no to windows inside an app, where a browser would be let in. */
export function refusesWindows({ hostname, pathname }: URL): boolean {
  return hostname === 'accounts.google.com' && /\/signin\/(oauth\/error|rejected)/.test(pathname);
}

/** Electron makes a folder of the name and lower-cases it, so two ids must not differ by punctuation only. */
export function partitionOf(profile: string): string {
  return `persist:profile-${createHash('sha256').update(profile).digest('hex').slice(0, 32)}`;
}

/** The URL, or null for what is none. */
export function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
