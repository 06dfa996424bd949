import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../../../src-shared/config.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import type { AskedView } from '../routing/views.ts';
import { parseFrame, type Frame, type Id } from '../wire/frame.ts';
import { classify } from '../wire/classify.ts';
import type { ListenAddress } from './http-address.ts';
import { createBodyReader } from './http-body.ts';
import { callerOf, challenge, resourceMetadata, viewOf, type Place, type Verify } from './http-authorize.ts';
import { createExchange, type Accepts } from './http-exchange.ts';
import { allowOrigin, createGuard } from './http-guard.ts';
import { createHttpModern, type AnswerOver } from './http-modern.ts';
import { refuse } from './http-refusal.ts';
import { acceptsOf, headerOf, isJson } from './http-request.ts';
import { openHttpServer, type ConnectionLimits } from './http-server.ts';
import { createHttpSessions } from './http-sessions.ts';
import { createUnread } from './http-unread.ts';
import { invalidFrame, type Caller, type Session, type SessionIo } from './session.ts';

/** How long connections have to end when the front closes. */
const closeMs = 1_000;

/** The HTTP door of the gateway. */
export interface HttpFront {
  /** Where it listens, as `http://host:port`. */
  readonly url: string;
  /** Ends the sessions of a client whose token is no more, and what it asked without one. */
  endSessionsOf(principal: string): void;
  /** Refuses what is new, with words; what was asked is still answered. */
  stopListening(): void;
  /** Resolves when everything asked was answered. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export interface HttpDeps {
  readonly address: ListenAddress;
  readonly config: Config['http'];
  /** Longest body, in bytes. */
  readonly bodyLimit: number;
  /** Bytes a client may leave unread, over all its connections. */
  readonly unreadLimit: number;
  /** Other than the usual limits of a connection, for tests. */
  readonly connections?: ConnectionLimits | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Looks a client token up; null lets everybody in, as `local`. */
  readonly verify: Verify | null;
  openSession(io: SessionIo, caller: Caller, view: AskedView | undefined): Session;
  openOneShot(io: SessionIo, caller: Caller, view: AskedView | undefined): Session;
  answerModern: AnswerOver;
  /** What `/health` says: to a client that showed its token also of what it may see, to others (null) less. */
  health(caller: Caller | null): object;
  /** Called when a client came or went; the number of sessions and requests there are. */
  onClients(count: number): void;
}

/**
 * Listens for MCP clients over HTTP. Of the legacy era: sessions as MCP 2025-11-25 has them (basic/transports), and
 * requests without one; of the modern era: requests that stand alone. Throws ADDRESS_TAKEN.
 */
export async function listenOnHttp(deps: HttpDeps): Promise<HttpFront> {
  const { clock, log, config, verify } = deps;
  const guard = createGuard({
    bound: deps.address.host,
    allowedHosts: config.allowed_hosts,
    allowedOrigins: config.allowed_origins,
  });
  const readBody = createBodyReader(deps.bodyLimit);
  /** Requests not answered yet. */
  let working = 0;
  let isDraining = false;
  const idle = new Set<() => void>();
  const oneShots = new Set<{ readonly principal: string; readonly session: Session }>();
  const unread = createUnread(deps.unreadLimit);
  const modern = createHttpModern({ clock, unread, answer: deps.answerModern });
  const count = (): void => deps.onClients(sessions.size + working);
  const sessions = createHttpSessions({
    clock,
    maxSessions: config.max_sessions,
    idleMs: config.session_idle,
    onUnread: unread.watch,
    onCount: count,
  });

  function handle(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', ignore);
    try {
      route(request, response);
    } catch (error) {
      fail(request, response, error);
    }
  }

  function route(request: IncomingMessage, response: ServerResponse): void {
    const refused = guard(request);
    if (refused) throw refused;
    const { method, url: target = '' } = request;
    const { origin } = request.headers;
    if (origin !== undefined) {
      allowOrigin(response, origin, request.headers['access-control-request-headers']);
      if (method === 'OPTIONS') return void response.writeHead(204).end();
    }
    const query = target.indexOf('?');
    const path = query < 0 ? target : target.slice(0, query);
    if (method === 'GET' || method === 'HEAD') {
      const page = pageOf(path, request);
      if (page !== null) return endWith(response, 200, page.type, page.text);
    }
    const place = { path, caller: callerOf(request, verify), view: viewOf(path) };
    if (method === 'POST') return receive(place, request, response);
    if (isDraining) throw closing();
    if (method === 'GET' || method === 'DELETE') return attend(place, request, response, method);
    response.setHeader('allow', 'GET, POST, DELETE');
    throw new NucleusError('HTTP_METHOD_REFUSED', 'MCP messages are sent with POST, heard with GET');
  }

  /** What is read without a session. */
  function pageOf(path: string, request: IncomingMessage): { type: string; text: string } | null {
    if (path === '/healthz') return { type: 'text/plain', text: 'ok\n' };
    const body =
      path === '/health' ? deps.health(knownCaller(request)) : resourceMetadata(baseOf(request), path);
    return body && { type: 'application/json', text: `${JSON.stringify(body)}\n` };
  }

  function knownCaller(request: IncomingMessage): Caller | null {
    try {
      return callerOf(request, verify);
    } catch {
      // Whoever shows no token, or a wrong one, may still know that all is well.
      return null;
    }
  }

  /** One message that was POSTed. */
  function receive(place: Place, request: IncomingMessage, response: ServerResponse): void {
    const accepts = acceptsOf(request);
    if (!accepts.json && !accepts.events)
      throw new NucleusError(
        'ACCEPT_REFUSED',
        'an answer is JSON or an event stream: accept application/json and text/event-stream',
      );
    if (!isJson(request))
      throw new NucleusError(
        'CONTENT_TYPE_REFUSED',
        'an MCP message is JSON: send it with content-type application/json',
      );
    readBody(place.caller.principal, request, (body) => {
      if (body instanceof NucleusError) return fail(request, response, body);
      const frame = parseFrame(body);
      try {
        if (frame.kind === 'invalid') throw invalidFrame(frame.reason);
        // Anew: while the body was on its way, the token may have been taken back, or what it opens changed.
        const caller = callerOf(request, verify);
        take({ ...place, caller }, request, response, frame, accepts);
      } catch (error) {
        fail(request, response, error, frame.kind === 'notification' ? null : frame.id);
      }
    });
    // Only now is it known that the body is wanted.
    if (request.headers.expect !== undefined && !response.headersSent) response.writeContinue();
  }

  function take(
    place: Place,
    request: IncomingMessage,
    response: ServerResponse,
    frame: Frame,
    accepts: Accepts,
  ): void {
    const { caller, path, view } = place;
    const id = headerOf(request, 'mcp-session-id');
    if (frame.kind === 'request') {
      if (isDraining) throw closing();
      begin(response);
      const verdict = classify(frame, request.headers);
      if (verdict.kind === 'refused') throw verdict.error;
      if (verdict.kind === 'modern') {
        const { envelope } = verdict;
        return modern.take(place, { frame, envelope, headers: request.headers }, response, accepts);
      }
    }
    if (id !== null) {
      sessions.find(id, caller.principal, path).post(frame, response, accepts);
    } else if (frame.kind !== 'request') {
      // Nothing is open that it could belong to.
      response.writeHead(202).end();
    } else if (frame.method === 'initialize') {
      const open = (io: SessionIo): Session => deps.openSession(io, caller, view);
      sessions.open(caller.principal, path, open).post(frame, response, accepts);
    } else {
      answerOnce(place, response, accepts).take(frame);
    }
  }

  /** A session for one request that came without: it ends with its answer, or with its connection. */
  function answerOnce({ caller, view }: Place, response: ServerResponse, accepts: Accepts): Session {
    const { principal } = caller;
    // Stays null when what is asked for may not be seen; its refusal closes the response too.
    let session: Session | null = null;
    const exchange = createExchange(response, {
      clock,
      accepts,
      headers: {},
      onPending: (pending) => unread.watch(principal, pending),
      onLost: () => session?.close(),
    });
    session = deps.openOneShot(
      {
        answer: (_id, message) => exchange.answer(message),
        notify: (message) => exchange.notify(message),
        isOneWay: true,
        backlog: () => response.writableLength,
        end: () => response.destroy(),
      },
      caller,
      view,
    );
    const oneShot = { principal, session };
    oneShots.add(oneShot);
    response.once('close', () => oneShots.delete(oneShot));
    return session;
  }

  /** GET: the stream of a session. DELETE: its end. */
  function attend(
    { caller, path }: Place,
    request: IncomingMessage,
    response: ServerResponse,
    method: 'GET' | 'DELETE',
  ): void {
    const id = headerOf(request, 'mcp-session-id');
    if (id === null)
      throw new NucleusError('REQUEST_INVALID', `${method} concerns a session: name it in Mcp-Session-Id`);
    const session = sessions.find(id, caller.principal, path);
    if (method === 'DELETE') {
      session.close();
      response.writeHead(200).end();
      return;
    }
    const accepts = acceptsOf(request);
    if (!accepts.events)
      throw new NucleusError(
        'ACCEPT_REFUSED',
        'what a session says is an event stream: accept text/event-stream',
      );
    session.listen(response, headerOf(request, 'last-event-id'), accepts);
  }

  /** Counts a request until its response is gone. */
  function begin(response: ServerResponse): void {
    working += 1;
    count();
    response.once('close', () => {
      working -= 1;
      count();
      if (working > 0) return;
      for (const tell of idle) tell();
      idle.clear();
    });
  }

  function fail(
    request: IncomingMessage,
    response: ServerResponse,
    thrown: unknown,
    id: Id | null = null,
  ): void {
    const error = toNucleusError(thrown);
    if (error.code === 'INTERNAL') log.error('an HTTP request failed', { reason: error.message });
    if (response.headersSent) return void response.destroy();
    if (error.code === 'TOKEN_REQUIRED' || error.code === 'TOKEN_INVALID')
      response.setHeader('www-authenticate', challenge(baseOf(request), pathOf(request), error));
    refuse(request, response, error, { clock, id, isLast: isDraining });
  }

  const { server, url } = await openHttpServer(deps.address, handle, deps.connections);
  server.on('error', (error) => log.warn('HTTP failed', { reason: error.message }));
  const closed = Promise.withResolvers<void>();
  server.once('close', () => closed.resolve());
  return {
    url,
    endSessionsOf(principal) {
      sessions.endOf(principal);
      modern.endOf(principal);
      for (const oneShot of oneShots) if (oneShot.principal === principal) oneShot.session.close();
    },
    stopListening() {
      isDraining = true;
      sessions.finish();
      modern.finish();
    },
    finish: () =>
      new Promise((resolve) => {
        if (working === 0) resolve();
        else idle.add(resolve);
      }),
    async close() {
      isDraining = true;
      server.close();
      sessions.close();
      const forget = clock.after(closeMs, () => server.closeAllConnections());
      server.closeIdleConnections();
      await closed.promise;
      forget();
    },
  };
}

/** A response whose client is gone fails; nobody is left to be told. */
function ignore(): void {}

/** Under which address its client knows this server; the guard has judged it. */
function baseOf({ headers }: IncomingMessage): string {
  return `http://${headers.host}`;
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function endWith(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

function closing(): NucleusError {
  return new NucleusError('GATEWAY_CLOSING', 'Nucleus is closing; ask again in a moment');
}
