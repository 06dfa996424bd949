import type { Params } from '../frame.ts';
import type { Peer } from '../peer.ts';
import type { Reply } from '../reply.ts';

/** Starts a request over the live connection of its upstream, with whoever is to be asked during it. */
export type Start = (
  params: Params,
  peer: Peer | undefined,
  signal: AbortSignal | undefined,
) => Promise<Reply>;

/** Clients of the modern era before upstreams of the legacy one (written by part C). */
export interface NewOld {
  carry(call: {
    readonly start: Start;
    readonly method: string;
    readonly params: Params;
    readonly principal: string;
    readonly profile: string;
    readonly peer: Peer | undefined;
    readonly signal: AbortSignal | undefined;
  }): Promise<Reply>;
  close(): void;
}

export function createNewOld(): NewOld {
  return { carry: ({ start, params, peer, signal }) => start(params, peer, signal), close: () => {} };
}
