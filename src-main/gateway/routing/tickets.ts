import { randomBytes } from 'node:crypto';
import type { Clock } from '../platform.ts';
import type { Call } from './dispatch.ts';

/** As long as an answer is kept for the question (policy/approvals.ts). */
const ticketMs = 10 * 60_000;
const maxTickets = 1_000;

/** Calls whose clients were told to come back for them. They are gone after a restart. */
export interface Tickets {
  /** 128 bits nobody can guess; it is no yes all the same. */
  make(): string;
  keep(ticket: string, call: Call): void;
  /** The call, for the caller it is of; it is taken out. */
  take(ticket: string, principal: string): Call | null;
  drop(ticket: string): void;
}

export function createTickets({ clock }: { readonly clock: Clock }): Tickets {
  const kept = new Map<string, { readonly call: Call; readonly forget: () => void }>();

  function drop(ticket: string): void {
    kept.get(ticket)?.forget();
    kept.delete(ticket);
  }

  return {
    make: () => randomBytes(16).toString('base64url'),
    keep(ticket, call) {
      drop(ticket);
      // What belongs to the request that is over is not kept with it.
      const { signal: _signal, onProgress: _progress, peer: _peer, ...rest } = call;
      kept.set(ticket, { call: rest, forget: clock.after(ticketMs, () => void kept.delete(ticket)) });
      if (kept.size > maxTickets) drop(kept.keys().next().value as string);
    },
    take(ticket, principal) {
      const call = kept.get(ticket)?.call;
      if (call?.principal !== principal) return null;
      drop(ticket);
      return call;
    },
    drop,
  };
}
