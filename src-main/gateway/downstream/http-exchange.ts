import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../platform.ts';
import { encodeEvent } from './event-log.ts';
import type { Message } from './session.ts';

/** The forms a client takes an answer in, by its Accept header. */
export interface Accepts {
  readonly json: boolean;
  readonly events: boolean;
  /**
   * It knows events without data, which only tell where a stream may be taken up again (MCP 2025-11-25); older clients
   * try to read a message in them.
   */
  readonly primed: boolean;
}

/**
 * One POST that is being answered (MCP 2025-11-25, basic/transports): with one JSON document, or with an event stream
 * once something has to go before the answer.
 */
export interface Exchange {
  /** The status counts where nothing was sent before the answer. */
  answer(message: Message, status?: number): void;
  /** False when the client takes no event, so that it is not heard. */
  notify(message: Message): boolean;
  /** Goes on on another response of the same client, behind what it missed. */
  moveTo(response: ServerResponse, missed: readonly Buffer[]): void;
  /** Ends without an answer; the status counts where nothing was sent yet. */
  abort(status: number, body: string): void;
}

/** An answer that takes longer than this becomes a stream, which shows a sign of life as often. */
const beatMs = 15_000;
/** A finished answer that its client does not read is given up after this. */
const unreadMs = 30_000;

const eventHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const;

/** Opens an event stream. */
export function startEvents(response: ServerResponse, headers: OutgoingHttpHeaders): void {
  response.writeHead(200, { ...headers, ...eventHeaders });
  response.flushHeaders();
}

export function createExchange(
  first: ServerResponse,
  options: {
    readonly clock: Clock;
    readonly accepts: Accepts;
    /** Sent with every answer. */
    readonly headers: OutgoingHttpHeaders;
    /** Makes and keeps the event of a message; without it events have no id and a broken stream is lost. */
    readonly log?: ((message: Message) => Buffer) | undefined;
    /** The response may hold bytes that its client has not read. */
    onPending(response: ServerResponse): void;
    /** The connection went away before the answer. */
    onLost(): void;
  },
): Exchange {
  let response: ServerResponse | null = null;
  let isStreaming = false;
  let isAnswered = false;
  let forgetBeat = options.accepts.events ? options.clock.after(beatMs, beat) : (): void => {};

  /** While the answer takes long: nothing on the way is to give up on a silent connection. */
  function beat(): void {
    forgetBeat = options.clock.after(beatMs, beat);
    if (!response) return;
    startStream();
    response.write(': still at it\n\n');
  }

  function end(): void {
    isAnswered = true;
    forgetBeat();
  }

  function use(next: ServerResponse): void {
    response = next;
    next.once('close', () => {
      if (response !== next || isAnswered) return;
      response = null;
      // Without a log nobody can come back for it.
      if (!options.log) forgetBeat();
      options.onLost();
    });
  }

  function stream(message: Message): void {
    const event = options.log?.(message) ?? encodeEvent(message);
    response?.write(event);
  }

  function startStream(): void {
    if (isStreaming) return;
    isStreaming = true;
    if (!response) return;
    startEvents(response, options.headers);
    options.onPending(response);
    // Only tells its id, so that a stream that breaks in silence can be taken up again.
    if (options.log && options.accepts.primed) stream([]);
  }

  function waitUntilRead(ended: ServerResponse): void {
    options.onPending(ended);
    const forget = options.clock.after(unreadMs, () => ended.destroy());
    ended.once('close', forget);
  }

  use(first);
  return {
    answer(message, status = 200) {
      end();
      if (isStreaming || (!options.accepts.json && status === 200)) {
        startStream();
        stream(message);
        response?.end();
      } else if (response) {
        endJson(response, status, options.headers, message);
      }
      if (response && response.writableLength > 0) waitUntilRead(response);
    },
    notify(message) {
      if (!options.accepts.events) return false;
      startStream();
      stream(message);
      return true;
    },
    moveTo(next, missed) {
      const left = response;
      use(next);
      // Nobody hears it any more, even where its connection is still open.
      left?.end();
      for (const event of missed) next.write(event);
      if (isAnswered) next.end();
      else options.onPending(next);
    },
    abort(status, body) {
      end();
      if (!response) return;
      if (isStreaming) response.end();
      else if (body === '') response.writeHead(status).end();
      else response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    },
  };
}

/** Pieces up to this many bytes are joined: one write costs more than the copy. */
const joinedBytes = 65_536;

function endJson(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  message: Message,
): void {
  let length = 0;
  for (const part of message) length += typeof part === 'string' ? Buffer.byteLength(part) : part.length;
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': length });
  const [only] = message;
  if (message.length === 1) response.end(only);
  else if (length <= joinedBytes) response.end(join(message, length));
  else {
    for (const part of message) response.write(part);
    response.end();
  }
}

function join(message: Message, length: number): Buffer {
  const whole = Buffer.allocUnsafe(length);
  let at = 0;
  for (const part of message)
    if (typeof part === 'string') at += whole.write(part, at);
    else {
      whole.set(part, at);
      at += part.length;
    }
  return whole;
}
