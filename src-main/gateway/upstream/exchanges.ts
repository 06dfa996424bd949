import type { ClientRequest } from 'node:http';
import type { NucleusError } from '../../../src-shared/errors.ts';
import type { Transport } from './transport.ts';

/** One message on its way, and what is known of its answer. */
export interface Exchange {
  /** undefined: no answer is expected. */
  readonly id: number | undefined;
  readonly message: string;
  readonly isHarmless: boolean;
  /** What it says beside its body: header names and values in turn. */
  readonly headers: readonly string[];
  request: ClientRequest | null;
  /** How often no connection came to be. */
  misses: number;
  isRepeated: boolean;
  /** It was turned down for want of a good token. */
  isDenied: boolean;
  /** An answer began: what happens to its connection now shows there. */
  hasResponse: boolean;
  /** Answered, lost or given up: nothing that still happens to it matters. */
  isDone: boolean;
  /** Where its event stream can be taken up again; empty when it cannot. */
  lastEventId: string;
  retryMs: number | null;
}

export interface Exchanges {
  begin(id: number | undefined, message: string, isHarmless: boolean, headers?: readonly string[]): Exchange;
  /** One message of the server, on the stream of `via` or on none in particular; it may answer one that is open. */
  deliver(message: Buffer, via?: Exchange): void;
  /** It gets no answer any more. */
  lose(exchange: Exchange, error: NucleusError): void;
  /** It needs no answer, or somebody else sees to it. */
  pass(exchange: Exchange): void;
  /** Nobody waits for its answer any more. */
  abandon(id: number): void;
  /** Lets go of all of them without a word: the end of the transport says it. */
  close(): void;
}

/** What was said to a server over HTTP and is not answered, or not taken, yet. */
export function createExchanges(transport: () => Pick<Transport, 'onLine' | 'onLost'>): Exchanges {
  const open = new Map<number, Exchange>();
  const notifications = new Set<Exchange>();

  function finish(exchange: Exchange): void {
    exchange.isDone = true;
    if (exchange.id === undefined) notifications.delete(exchange);
    else open.delete(exchange.id);
  }

  return {
    begin(id, message, isHarmless, headers = []) {
      const exchange: Exchange = {
        id,
        message,
        isHarmless,
        headers,
        request: null,
        misses: 0,
        isRepeated: false,
        isDenied: false,
        hasResponse: false,
        isDone: false,
        lastEventId: '',
        retryMs: null,
      };
      if (id === undefined) notifications.add(exchange);
      else open.set(id, exchange);
      return exchange;
    },
    deliver(message, via) {
      // What we forward is framed by newlines; in JSON they stand between tokens only, where a space means the same.
      const line = message.includes(0x0a) ? message.map((byte) => (byte === 0x0a ? 0x20 : byte)) : message;
      const answered = transport().onLine(line as Buffer, via?.id);
      const exchange = answered === null ? undefined : open.get(answered);
      if (exchange) finish(exchange);
    },
    lose(exchange, error) {
      if (exchange.isDone) return;
      finish(exchange);
      if (exchange.id !== undefined) transport().onLost(exchange.id, error);
    },
    pass: finish,
    abandon(id) {
      const exchange = open.get(id);
      if (!exchange) return;
      finish(exchange);
      exchange.request?.destroy();
    },
    close() {
      for (const exchange of [...open.values(), ...notifications]) {
        finish(exchange);
        exchange.request?.destroy();
      }
    },
  };
}
