import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Reply } from '../../../src-shared/bridge.ts';
import { httpStatus, NucleusError, toNucleusError, type ErrorCode } from '../../../src-shared/errors.ts';
import { contentSecurityPolicy, pageFile } from '../../../src-shared/page-files.ts';
import type { Clock } from '../../gateway/platform.ts';
import type { Access, UiSession } from './access.ts';
import { readJson } from './body.ts';
import { judge } from './guard.ts';
import type { News } from './news.ts';
import type { PutQuestion } from './questions.ts';
import { streamNews } from './stream.ts';

/** A browser keeps six connections to one address, and each open page holds one of them. */
const maxStreams = 20;
/** What pages ask at once, waits for a sign-in included. */
const maxQuestions = 100;

/** What every answer carries: nothing of it is kept, framed, sniffed or told on. */
const headers: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy("'self'"),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

export interface UiFrontDeps {
  readonly access: Access;
  /** Other commands of this kind have pages on other ports of the same host, and so share a store of cookies. */
  readonly cookieName: string;
  /** Folder of the built renderer. */
  readonly pages: string;
  readonly put: PutQuestion;
  readonly news: Pick<News, 'listen'>;
  readonly clock: Clock;
  isSameUser(request: IncomingMessage): boolean;
  /** Somebody came in by the link. */
  onOpened(): void;
}

/** Serves the window's contents to a browser of this machine, and answers what they ask. */
export function createUiFront(deps: UiFrontDeps): RequestListener {
  const { access, news, clock } = deps;
  let streams = 0;
  let questions = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const refused = judge(request);
    if (refused) throw refused;
    if (!deps.isSameUser(request))
      throw new NucleusError('ORIGIN_REFUSED', 'this page belongs to another user of this machine');
    // As it was sent: a URL that is read takes dots and double slashes for something else.
    const [pathname = '/'] = (request.url ?? '/').split('?');
    if (request.method === 'POST') return answer(pathname, request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new NucleusError('HTTP_METHOD_REFUSED', 'this page is read with GET and asks with POST');
    if (pathname.startsWith('/open/')) return open(pathname.slice('/open/'.length), request, response);
    return servePage(pathname, request, response);
  }

  /** Takes the token out of the address bar; what it opened stays in a cookie that scripts cannot read. */
  function open(token: string, request: IncomingMessage, response: ServerResponse): void {
    // A browser that loads ahead of a click would use the link up.
    const isAhead = /prefetch|prerender/.test(String(request.headers['sec-purpose'] ?? ''));
    const cookie = request.method === 'GET' && !isAhead ? access.open(token) : null;
    if (cookie === null) {
      response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' });
      return void response.end(
        'This link was opened already, or is older than two minutes. For another one press Enter in the terminal where nucleus ui runs, or run nucleus ui again.\n',
      );
    }
    deps.onOpened();
    response.writeHead(303, {
      location: '/',
      'set-cookie': `${deps.cookieName}=${cookie}; Path=/; HttpOnly; SameSite=Strict`,
    });
    response.end();
  }

  /** The files are the same for everybody; what they show has to be asked for. */
  async function servePage(
    pathname: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const file = pageFile(pathname);
    const body = file && (await readFile(join(deps.pages, ...file.parts)).catch(() => null));
    if (!file || !body) throw new NucleusError('PATH_UNKNOWN', 'there is no such page');
    response.writeHead(200, { 'content-type': file.type, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async function answer(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cookie = cookieOf(request, deps.cookieName);
    if (pathname === '/claim') {
      await readJson(request);
      return reply(response, 200, { ok: true, value: { key: access.claim(cookie) } });
    }
    const session = access.find(cookie, headerOf(request, 'x-nucleus-key'));
    if (!session) throw signedOut();
    if (pathname === '/sign-out') {
      await readJson(request);
      reply(response, 200, { ok: true, value: {} });
      return session.end();
    }
    if (pathname === '/events') return follow(session, request, response);
    if (!pathname.startsWith('/api/')) throw new NucleusError('PATH_UNKNOWN', 'there is nothing to ask here');
    return put(session, pathname.slice('/api/'.length), request, response);
  }

  async function follow(
    session: UiSession,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    await readJson(request);
    if (streams >= maxStreams)
      throw new NucleusError('SESSIONS_FULL', 'too many pages are open; close some of them');
    streams += 1;
    response.once('close', () => (streams -= 1));
    streamNews(response, { news, clock, ended: session.ended });
  }

  async function put(
    session: UiSession,
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (questions >= maxQuestions)
      throw new NucleusError('SESSIONS_FULL', 'too many questions are open; wait for some of them');
    questions += 1;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const input = await readJson(request);
      if (name === 'person.askWithPin' && !session.isFresh(headerOf(request, 'x-nucleus-once')))
        throw new NucleusError('PERSON_REQUIRED', 'this yes was given before and counts once; give it again');
      const signal = AbortSignal.any([gone.signal, session.ended]);
      reply(response, 200, await deps.put(name, input, signal));
    } finally {
      questions -= 1;
    }
  }

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      const { code, message, data } = toNucleusError(error);
      if (response.headersSent) {
        response.destroy();
        return;
      }
      // What is left of a body nobody read would be taken for the next request.
      if (!request.complete) response.setHeader('connection', 'close');
      reply(response, statusOf(code), { ok: false, error: { code, message, data } });
    });
  };
}

function reply(response: ServerResponse, status: number, value: Reply): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function statusOf(code: ErrorCode): number {
  return code === 'PERSON_REQUIRED' ? 403 : httpStatus(code);
}

function signedOut(): NucleusError {
  return new NucleusError(
    'TOKEN_INVALID',
    'this page is not signed in, or not any more; press Enter in the terminal where nucleus ui runs for a new link',
  );
}

function cookieOf({ headers: { cookie = '' } }: IncomingMessage, name: string): string {
  const pairs = cookie.split(/;\s*/).map((pair) => pair.split('='));
  return pairs.find(([key]) => key === name)?.[1] ?? '';
}

function headerOf({ headers: all }: IncomingMessage, name: string): string {
  const value = all[name];
  return typeof value === 'string' ? value : '';
}
