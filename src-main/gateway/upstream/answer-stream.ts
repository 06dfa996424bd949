import type { ClientRequest, IncomingMessage } from 'node:http';
import type { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { readEvents } from '../wire/events.ts';
import type { Exchange } from './exchanges.ts';
import { answerKind, discard } from './http-answer.ts';
import type { HttpErrors } from './http-errors.ts';

/** The wait before a stream is taken up again, where the server does not say, and the bounds of what it may say. */
const usualMs = 1_000;
const leastMs = 100;
const longestMs = 30_000;
/** From the fourth time in a row that nobody can be reached, the answer is given up. */
const missesAllowed = 3;
/** A stream that brought its answer gets this long to end. */
const lingerMs = 5_000;

export interface AnswerStreams {
  /** Reads the events of an answer until it is whole, over as many connections as the server makes of it. */
  follow(exchange: Exchange, response: IncomingMessage): void;
}

/**
 * Answers that come as event streams. A stream that ends early is taken up where it broke when the server numbers its
 * events (MCP 2025-11-25, basic/transports, "Resumability and Redelivery"); the request itself is not sent again.
 */
export function createAnswerStreams(deps: {
  readonly clock: Clock;
  readonly limit: number;
  readonly errors: HttpErrors;
  /** Asks for what came after an event; absent where streams cannot be taken up again. */
  open?(lastEventId: string): ClientRequest;
  deliver(data: Buffer, via: Exchange): void;
  lose(exchange: Exchange, error: NucleusError): void;
}): AnswerStreams {
  const { clock, errors } = deps;
  /** Streams that brought their answer and have not ended. */
  const lingering = new Set<IncomingMessage>();
  let isLooking = false;

  function follow(exchange: Exchange, response: IncomingMessage): void {
    readEvents(response, {
      limit: deps.limit,
      onEvent(data, name) {
        if (name !== 'message') return;
        deps.deliver(data, exchange);
        if (exchange.isDone) linger(response);
      },
      onOverflow(_head, _tail, length) {
        deps.lose(exchange, errors.tooLarge(length));
        response.destroy();
      },
      onId: (id) => (exchange.lastEventId = id),
      onRetry: (milliseconds) => (exchange.retryMs = milliseconds),
    });
    response.once('end', () => ended(exchange));
    response.once('error', () => ended(exchange));
    response.once('close', () => lingering.delete(response));
  }

  function ended(exchange: Exchange): void {
    if (exchange.isDone) return;
    if (!deps.open || exchange.lastEventId === '') deps.lose(exchange, errors.cutOff());
    else resumeLater(exchange);
  }

  function resumeLater(exchange: Exchange): void {
    const wait = Math.min(longestMs, Math.max(leastMs, exchange.retryMs ?? usualMs));
    clock.after(wait, () => {
      if (!exchange.isDone) resume(exchange);
    });
  }

  function resume(exchange: Exchange): void {
    const request = deps.open?.(exchange.lastEventId);
    if (!request) return;
    exchange.request = request;
    let hasResponse = false;
    request.on('response', (response) => {
      hasResponse = true;
      const status = response.statusCode ?? 0;
      if (answerKind(status, response.headers) === 'events') {
        exchange.misses = 0;
        return follow(exchange, response);
      }
      discard(response);
      if (!exchange.isDone) deps.lose(exchange, errors.cutOff(`did not take it up again (HTTP ${status})`));
    });
    request.on('error', () => {
      if (exchange.isDone || hasResponse) return;
      exchange.misses += 1;
      if (exchange.misses > missesAllowed)
        return deps.lose(exchange, errors.cutOff('could not be reached to take it up again'));
      resumeLater(exchange);
    });
    request.end();
  }

  /** Most streams end with their answer; one look every few seconds finds those that do not. */
  function linger(response: IncomingMessage): void {
    lingering.add(response);
    if (!isLooking) look(new Set());
  }

  function look(before: ReadonlySet<IncomingMessage>): void {
    for (const response of before) if (lingering.has(response)) response.destroy();
    isLooking = lingering.size > 0;
    if (!isLooking) return;
    const seen = new Set(lingering);
    clock.after(lingerMs, () => look(seen));
  }

  return { follow };
}
