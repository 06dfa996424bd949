import type { Session } from 'electron';
import { isIP } from 'node:net';

/**
 * The part of a host name that somebody had to register, e.g. `example.co.uk` of `login.example.co.uk`. Chromium
 * knows the list of public suffixes and offers no way to ask; but it refuses a cookie for one.
 */
export async function registrableDomain(host: string, jar: Session): Promise<string> {
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0) return host;
  const labels = host.split('.');
  for (let start = labels.length - 2; start >= 0; start -= 1) {
    const candidate = labels.slice(start).join('.');
    if (await takesCookies(candidate, jar)) return candidate;
  }
  return host;
}

async function takesCookies(domain: string, jar: Session): Promise<boolean> {
  const url = `https://probe.${domain}/`;
  try {
    await jar.cookies.set({ url, domain, name: 'probe', secure: true });
    await jar.cookies.remove(url, 'probe');
    return true;
  } catch {
    return false; // Refused: a public suffix.
  }
}
