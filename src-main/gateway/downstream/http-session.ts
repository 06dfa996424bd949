import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { encode, errorObject, type Frame, type Id } from '../wire/frame.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { createEventLog } from './event-log.ts';
import { createExchange, startEvents, type Accepts, type Exchange } from './http-exchange.ts';
import { idInUse, type Message, type Session, type SessionIo } from './session.ts';

/** Events kept for clients whose stream broke, in bytes. */
const keptBytes = 256 * 1024;
/** The stream for what belongs to no request. */
const generalStream = 0;

/** One client's session over HTTP: requests come one a POST, and what belongs to none goes out on the stream a GET opened. */
export interface HttpSession {
  /** Unguessable; bound to who opened it. */
  readonly id: string;
  readonly principal: string;
  readonly path: string;
  /** Takes a message whose answer, if it is to have one, goes to `response`. */
  post(frame: Frame, response: ServerResponse, accepts: Accepts): void;
  /** Opens the stream of the session, or takes up the one that broke behind the event `lastEventId`. */
  listen(response: ServerResponse, lastEventId: string | null, accepts: Accepts): void;
  /** A sign of life on the stream a GET opened. */
  beat(): void;
  /** When a client was last seen, in milliseconds; Infinity while one is there. */
  lastSeen(): number;
  /** Ends the session when everything asked was answered; what was answered may still be read. */
  finish(): void;
  close(): void;
}

export function createHttpSession(deps: {
  readonly principal: string;
  readonly path: string;
  readonly clock: Clock;
  open(io: SessionIo): Session;
  /** A response may hold bytes that its client has not read. */
  onUnread(response: ServerResponse): void;
  /** The session ended, whoever ended it. */
  onEnd(id: string): void;
}): HttpSession {
  const { clock } = deps;
  const id = `mcp-session-${randomBytes(24).toString('base64url')}`;
  const headers = { 'mcp-session-id': id };
  const log = createEventLog(keptBytes);
  const exchanges = new Map<Id, { exchange: Exchange; stream: number }>();
  /** Responses that may hold bytes their client has not read. */
  const writing = new Set<ServerResponse>();
  let general: ServerResponse | null = null;
  /** Messages for the general stream that nobody was there to hear. */
  let missed: Buffer[] = [];
  let streams = generalStream;
  let seenAt = clock.now();
  let isClosed = false;
  let isFinishing = false;

  function watch(response: ServerResponse): void {
    deps.onUnread(response);
    if (writing.has(response)) return;
    writing.add(response);
    response.once('close', () => writing.delete(response));
  }

  const session = deps.open({
    answer(requestId, message) {
      const open = requestId === null ? undefined : exchanges.get(requestId);
      if (!open || requestId === null) return;
      exchanges.delete(requestId);
      open.exchange.answer(message);
    },
    notify(message, about) {
      if (about === undefined) return say(message);
      return exchanges.get(about)?.exchange.notify(message) ?? false;
    },
    withdraw(requestId) {
      exchanges.get(requestId)?.exchange.abort(202, '');
      exchanges.delete(requestId);
    },
    backlog() {
      let bytes = 0;
      for (const response of writing) bytes += response.writableLength;
      return bytes;
    },
    end() {
      isClosed = true;
      const body = encode({ id: null, error: errorObject(sessionUnknown()) });
      for (const { exchange } of exchanges.values()) exchange.abort(404, body);
      exchanges.clear();
      general?.end();
      if (!isFinishing) for (const response of writing) if (response.writableLength > 0) response.destroy();
      deps.onEnd(id);
    },
  });

  function say(message: Message): boolean {
    const event = log.add(generalStream, message);
    if (general) general.write(event);
    // A client that never listens is told of what changed last, not of everything.
    else missed = [...missed.slice(1 - maxMissed), event];
    return true;
  }

  function post(frame: Frame, response: ServerResponse, accepts: Accepts): void {
    seenAt = clock.now();
    if (frame.kind !== 'request') {
      session.take(frame);
      response.writeHead(202).end();
      return;
    }
    const stream = (streams += 1);
    const exchange = createExchange(response, {
      clock,
      accepts,
      headers,
      log: (message) => log.add(stream, message),
      onPending: watch,
      // Not a cancellation (MCP 2025-11-25, basic/transports): the client may take the stream up again.
      onLost: () => {},
    });
    if (exchanges.has(frame.id))
      return exchange.answer([encode({ id: frame.id, error: errorObject(idInUse(frame.id)) })]);
    exchanges.set(frame.id, { exchange, stream });
    session.take(frame);
  }

  return {
    id,
    principal: deps.principal,
    path: deps.path,
    post,
    listen(response, lastEventId, accepts) {
      seenAt = clock.now();
      const known = lastEventId === null ? null : log.after(lastEventId);
      if (!known && lastEventId !== null && !lastEventId.startsWith(`${generalStream}-`))
        throw eventUnknown();
      startEvents(response, headers);
      watch(response);
      if (known && known.stream !== generalStream) {
        const open = [...exchanges.values()].find(({ stream }) => stream === known.stream);
        if (open) return open.exchange.moveTo(response, known.events);
        for (const event of known.events) response.write(event);
        return void response.end();
      }
      // The client is the judge of which of its streams lives.
      general?.end();
      general = response;
      for (const event of known?.events ?? missed) response.write(event);
      missed = [];
      if (accepts.primed) response.write(log.add(generalStream, []));
      response.once('close', () => {
        seenAt = clock.now();
        if (general === response) general = null;
      });
    },
    beat: () => void general?.write(': still here\n\n'),
    lastSeen: () => (general !== null || exchanges.size > 0 ? Number.POSITIVE_INFINITY : seenAt),
    finish() {
      isFinishing = true;
      if (!isClosed) session.finish();
    },
    close() {
      isFinishing = false;
      if (!isClosed) session.close();
    },
  };
}

const maxMissed = 20;

function eventUnknown(): NucleusError {
  return new NucleusError(
    'REQUEST_INVALID',
    'what followed this event is not kept any more; ask again, without Last-Event-ID',
  );
}

/** What is said of a session that is no more, or that belongs to somebody else. */
export function sessionUnknown(): NucleusError {
  return new NucleusError(
    'SESSION_UNKNOWN',
    'there is no such session: it ended, or the gateway was started anew; initialize again',
  );
}
