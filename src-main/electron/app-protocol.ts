import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { Session } from 'electron';

/** The origin of every page of ours, and of nothing else. */
export const appOrigin = 'app://nucleus';

/** What a page of ours may load and do: its own files, nothing from anywhere else. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html',
].join('; ');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
};

/** Serves `app://nucleus/…` in one session out of the folder of the built renderer. */
export function serveApp(session: Session, folder: string): void {
  session.protocol.handle('app', (request) => answerRequest(request, folder));
}

/** The file below the folder, or 404: also for what lies outside of it, and for kinds of files we do not have. */
export async function answerRequest(request: Request, folder: string): Promise<Response> {
  const path = request.method === 'GET' ? fileOf(request.url) : null;
  const type = types[extname(path ?? '')];
  if (path === null || type === undefined) return new Response('Not found', { status: 404, headers });
  try {
    const body = await readFile(join(folder, path));
    return new Response(body, { headers: { ...headers, 'Content-Type': type } });
  } catch {
    // Whatever keeps it from being read, for the page it is not there.
    return new Response('Not found', { status: 404, headers });
  }
}

const headers = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** The relative path a URL of ours names, with the system's separators; null when it names none of our files. */
export function fileOf(url: string): string | null {
  const { protocol, host, pathname } = new URL(url);
  if (`${protocol}//${host}` !== appOrigin) return null;
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (path === '/') return 'index.html';
  const parts = path.slice(1).split('/');
  // The names of our own files; with that, dots, drives, streams, NUL and separators of any system are out.
  if (!parts.every((part) => /^[\w-][\w.-]*$/.test(part))) return null;
  return parts.join(sep);
}
