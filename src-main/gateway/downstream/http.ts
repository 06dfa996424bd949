import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../../../src-shared/config.ts';
import { httpStatus, NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import type { AskedView } from '../routing/views.ts';
import { encode, errorObject, parseFrame, type Frame } from '../wire/frame.ts';
import type { ListenAddress } from './http-address.ts';
import { callerOf, challenge, resourceMetadata, viewOf, type Place, type Verify } from './http-authorize.ts';
import { createExchange, type Accepts } from './http-exchange.ts';
import { createGuard } from './http-guard.ts';
import { acceptsOf, headerOf, isJson, readBody } from './http-request.ts';
import { openHttpServer } from './http-server.ts';
import { createHttpSessions } from './http-sessions.ts';
import { invalidFrame, type Caller, type Session, type SessionIo } from './session.ts';

/** How long a client may go on sending a body that was refused. */
const refusedMs = 5_000;
/** How long connections have to end when the front closes. */
const closeMs = 1_000;

/** The HTTP door of the gateway. */
export interface HttpFront {
  /** Where it listens, as `http://host:port`. */
  readonly url: string;
  /** Ends the sessions of a client whose token is no more. */
  endSessionsOf(principal: string): void;
  /** Takes nothing new; what was asked is still answered. */
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
  readonly clock: Clock;
  readonly log: Log;
  /** Looks a client token up; null lets everybody in, as `local`. */
  readonly verify: Verify | null;
  openSession(io: SessionIo, caller: Caller, view: AskedView | undefined): Session;
  openOneShot(io: SessionIo, caller: Caller, view: AskedView | undefined): Session;
  /** What `/health` says, more of it to a client that showed its token. */
  health(isKnown: boolean): object;
  /** Called when a client came or went; the number of sessions and requests there are. */
  onClients(count: number): void;
}

/**
 * Listens for MCP clients over HTTP, legacy era: sessions as MCP 2025-11-25 has them (basic/transports), and requests
 * without one. Throws ADDRESS_TAKEN.
 */
export async function listenOnHttp(deps: HttpDeps): Promise<HttpFront> {
  const { clock, log, config, verify } = deps;
  const guard = createGuard({
    bound: deps.address.host,
    allowedHosts: config.allowed_hosts,
    allowedOrigins: config.allowed_origins,
  });
  /** Requests not answered yet. */
  let working = 0;
  let isDraining = false;
  let onIdle: () => void = () => {};
  const count = (): void => deps.onClients(sessions.size + working);
  const sessions = createHttpSessions({
    clock,
    maxSessions: config.max_sessions,
    idleMs: config.session_idle,
    onCount: count,
  });

  function handle(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', ignore);
    try {
      route(request, response);
    } catch (error) {
      refuse(request, response, error);
    }
  }

  function route(request: IncomingMessage, response: ServerResponse): void {
    const refused = guard(request);
    if (refused) throw refused;
    const { method, url: target = '' } = request;
    const { origin } = request.headers;
    if (origin !== undefined) {
      allowOrigin(response, origin);
      if (method === 'OPTIONS') return void response.writeHead(204).end();
    }
    const query = target.indexOf('?');
    const path = query < 0 ? target : target.slice(0, query);
    if (method === 'GET') {
      const page = pageOf(path, request);
      if (page !== null) return endWith(response, 200, page.type, page.text);
    }
    const place = { path, caller: callerOf(request, verify), view: viewOf(path) };
    if (isDraining) throw new NucleusError('GATEWAY_CLOSING', 'Nucleus is closing; ask again in a moment');
    if (method === 'POST') return receive(place, request, response);
    if (method === 'GET' || method === 'DELETE') return attend(place, request, response, method);
    response.setHeader('allow', 'GET, POST, DELETE');
    throw new NucleusError('HTTP_METHOD_REFUSED', 'MCP messages are sent with POST, heard with GET');
  }

  /** What is read without a session. */
  function pageOf(path: string, request: IncomingMessage): { type: string; text: string } | null {
    if (path === '/healthz') return { type: 'text/plain', text: 'ok\n' };
    const body = path === '/health' ? deps.health(isKnown(request)) : resourceMetadata(url, path);
    return body && { type: 'application/json', text: `${JSON.stringify(body)}\n` };
  }

  function isKnown(request: IncomingMessage): boolean {
    try {
      return callerOf(request, verify).principal !== '';
    } catch {
      // Whoever shows no token, or a wrong one, may still know that all is well.
      return false;
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
    readBody(request, deps.bodyLimit, (body) => {
      try {
        if (!body) throw tooLarge(deps.bodyLimit);
        const frame = parseFrame(body);
        if (frame.kind === 'invalid') throw invalidFrame(frame.reason);
        take(place, request, response, frame, accepts);
      } catch (error) {
        refuse(request, response, error);
      }
    });
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
    if (frame.kind === 'request') begin(response);
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
    const exchange = createExchange(response, {
      clock,
      accepts,
      headers: {},
      onPending: () => {},
      onLost: () => session.close(),
    });
    const session = deps.openOneShot(
      {
        answer: (_id, message) => exchange.answer(message),
        notify: (message) => exchange.notify(message),
        backlog: () => response.writableLength,
        end: () => response.destroy(),
      },
      caller,
      view,
    );
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
    if (!acceptsOf(request).events)
      throw new NucleusError(
        'ACCEPT_REFUSED',
        'what a session says is an event stream: accept text/event-stream',
      );
    session.listen(response, headerOf(request, 'last-event-id'));
  }

  /** Counts a request until its response is gone. */
  function begin(response: ServerResponse): void {
    working += 1;
    count();
    response.once('close', () => {
      working -= 1;
      count();
      if (working === 0) onIdle();
    });
  }

  function refuse(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
    const error = toNucleusError(thrown);
    if (error.code === 'INTERNAL') log.error('an HTTP request failed', { reason: error.message });
    if (response.headersSent) return void response.destroy();
    const status = httpStatus(error.code);
    if (status === 401) response.setHeader('www-authenticate', challenge(url, pathOf(request), error));
    const isSending = !request.complete && hasBody(request);
    if (isDraining || isSending) response.setHeader('connection', 'close');
    if (isSending) {
      // What it still sends is read away for a while, so that it comes to read the answer.
      request.resume();
      const forget = clock.after(refusedMs, () => request.destroy());
      request.once('close', forget);
    }
    endWith(response, status, 'application/json', encode({ id: null, error: errorObject(error) }));
  }

  const { server, url } = await openHttpServer(deps.address, handle, deps.bodyLimit);
  server.on('error', (error) => log.warn('HTTP failed', { reason: error.message }));
  const closed = Promise.withResolvers<void>();
  server.once('close', () => closed.resolve());
  const stopListening = (): void => {
    if (isDraining) return;
    isDraining = true;
    server.close();
  };
  return {
    url,
    endSessionsOf: sessions.endOf,
    stopListening,
    finish: () =>
      new Promise((resolve) => {
        if (working === 0) resolve();
        else onIdle = resolve;
      }),
    async close() {
      stopListening();
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

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function endWith(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** Lets a web page that the guard let in read what it gets (Fetch standard, CORS protocol). */
function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-allow-methods', 'GET, POST, DELETE');
  response.setHeader(
    'access-control-allow-headers',
    'authorization, content-type, accept, mcp-session-id, mcp-protocol-version, last-event-id',
  );
  response.setHeader('access-control-expose-headers', 'mcp-session-id, www-authenticate');
}

function tooLarge(limit: number): NucleusError {
  const size = (limit / 1024 / 1024).toFixed(0);
  return new NucleusError(
    'BODY_TOO_LARGE',
    `the message is longer than the ${size} MiB that upstream.max_frame_mib in config.toml lets through; send less`,
  );
}
