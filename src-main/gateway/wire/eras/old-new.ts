import type { Params } from '../frame.ts';
import type { Peer } from '../peer.ts';
import type { Reply } from '../reply.ts';

/** Sends a request once over the live connection of its upstream. */
export type Send = (params: Params) => Promise<Reply>;

/** A client of the legacy era before an upstream of the modern one (written by part B). */
export async function oldNew(send: Send, params: Params, _peer: Peer | undefined): Promise<Reply> {
  return send(params);
}
