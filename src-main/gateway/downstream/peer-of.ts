import { NucleusError } from '../../../src-shared/errors.ts';
import type { View } from '../routing/view.ts';
import { errorObject, type Params } from '../wire/frame.ts';
import type { PeerAnswer } from '../wire/peer.ts';

/** What an upstream may ask a client: its folders only where it sees one account, not where it sees them all. */
export function askableOf(view: View, capabilities: Params): Params {
  if (view.isTransparent || !('roots' in capabilities)) return capabilities;
  const { roots: _roots, ...rest } = capabilities;
  return rest;
}

export function cannotAsk(client: string, method: string): PeerAnswer {
  const sentence = `${client} cannot be asked ${method}; use a client that can`;
  return { error: errorObject(new NucleusError('CLIENT_CANNOT', sentence)) };
}
