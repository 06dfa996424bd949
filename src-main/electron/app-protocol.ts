import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Session } from 'electron';
import { contentSecurityPolicy as policyOf, pageFile, type PageFile } from '../../src-shared/page-files.ts';

/** The origin of every page of ours, and of nothing else. */
export const appOrigin = 'app://nucleus';

/** What a page of ours may load and do; it reaches the gateway by the preload alone. */
export const contentSecurityPolicy = policyOf("'none'");

/** Serves `app://nucleus/…` in one session out of the folder of the built renderer. */
export function serveApp(session: Session, folder: string): void {
  session.protocol.handle('app', (request) => answerRequest(request, folder));
}

/** The file below the folder, or 404: also for what lies outside of it, and for kinds of files we do not have. */
export async function answerRequest(request: Request, folder: string): Promise<Response> {
  const file = request.method === 'GET' ? pageOf(request.url) : null;
  if (file === null) return new Response('Not found', { status: 404, headers });
  try {
    const body = await readFile(join(folder, ...file.parts));
    return new Response(body, { headers: { ...headers, 'Content-Type': file.type } });
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
  return pageOf(url)?.parts.join(sep) ?? null;
}

function pageOf(url: string): PageFile | null {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}` === appOrigin ? pageFile(pathname) : null;
}
