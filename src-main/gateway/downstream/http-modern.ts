import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../platform.ts';
import type { AskedView } from '../routing/views.ts';
import type { Envelope, RequestFrame } from '../wire/classify.ts';
import type { Place } from './http-authorize.ts';
import { createExchange, type Accepts } from './http-exchange.ts';
import type { Unread } from './http-unread.ts';
import type { Answering, ModernRequest } from './modern.ts';

/** Answers one request of a caller that asks for a view; throws what openSession does. */
export type AnswerOver = (request: Omit<ModernRequest, 'view'>, asked: AskedView | undefined) => Answering;

/** Requests of the modern era over HTTP: one POST each, which ends with its connection. */
export interface HttpModern {
  take(
    place: Place,
    request: {
      readonly frame: RequestFrame;
      readonly envelope: Envelope;
      readonly headers: IncomingHttpHeaders;
    },
    response: ServerResponse,
    accepts: Accepts,
  ): void;
  endOf(principal: string): void;
  /** Ends what would not end by itself. */
  finish(): void;
}

export function createHttpModern(deps: {
  readonly clock: Clock;
  readonly unread: Unread;
  answer: AnswerOver;
}): HttpModern {
  const { clock, unread } = deps;
  const open = new Map<Answering, { readonly principal: string; readonly response: ServerResponse }>();
  /** A token is given to one client, so that all that come with it are the same; without tokens nobody is told apart. */
  const clients = new Map<string, object>();

  function clientOf(principal: string): object {
    const known = clients.get(principal) ?? {};
    clients.delete(principal);
    clients.set(principal, known);
    const [oldest] = clients.keys();
    if (clients.size > maxClients && oldest !== undefined) clients.delete(oldest);
    return known;
  }

  return {
    take({ caller, view }, { frame, envelope, headers }, response, accepts) {
      const { principal } = caller;
      // Stays null when what is asked for may not be seen; its refusal closes the response too.
      let answering: Answering | null = null;
      const exchange = createExchange(response, {
        clock,
        accepts,
        headers: {},
        onPending: (pending) => unread.watch(principal, pending),
        onLost: () => answering?.cancel(),
      });
      const io = {
        answer: exchange.answer,
        notify(message: Parameters<typeof exchange.notify>[0]): boolean {
          const isHeard = exchange.notify(message);
          // A stream may go on for long: what nobody reads of it, and of all others, has an end.
          unread.watch(principal, response);
          return isHeard && !response.destroyed;
        },
      };
      answering = deps.answer({ frame, envelope, headers, caller, client: clientOf(principal), io }, view);
      open.set(answering, { principal, response });
      const whole = answering;
      response.once('close', () => open.delete(whole));
    },
    endOf(principal) {
      for (const [answering, one] of Array.from(open)) {
        if (one.principal !== principal) continue;
        answering.cancel();
        one.response.destroy();
      }
    },
    finish() {
      for (const answering of Array.from(open.keys())) answering.finish();
    },
  };
}

const maxClients = 1_000;
