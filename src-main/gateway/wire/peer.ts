import type { Params } from './frame.ts';
import type { LogLevel } from './log-level.ts';

/** The generation of the protocol one side speaks: `legacy` to 2025-11-25, with a handshake; `modern` from 2026-07-28, without. */
export type Era = 'legacy' | 'modern';

/** What a client says to a request of an upstream. */
export type PeerAnswer = { readonly result: unknown } | { readonly error: object };

/** A request of an upstream to the client at the far end of a call. */
export interface PeerRequest {
  readonly method: string;
  readonly params: Params | undefined;
  /** Aborted when the upstream takes it back, or its call ends. */
  readonly signal: AbortSignal;
  /** Progress the client reports on it. */
  readonly onProgress?: ((params: Params) => void) | undefined;
}

/** The client at the far end of one call, as far as the call's upstream may use it. */
export interface Peer {
  /** The same for all calls of one client. */
  readonly client: object;
  readonly era: Era;
  /** What the client declared it can be asked. */
  readonly capabilities: Params;
  /** The least severe log message it wants to hear of during the call; none without one. */
  readonly logLevel?: LogLevel | undefined;
  /** Puts a request to the client, on the stream of the call; never rejects. */
  ask(request: PeerRequest): Promise<PeerAnswer>;
  /** Passes a notification that belongs to the call, such as a log message. */
  tell(method: string, params: Params | undefined): void;
}

/** The capability a client must have declared before it is asked this; null where none is needed. */
export function neededCapability(method: string, params: Params | undefined): readonly string[] | null {
  if (method === 'sampling/createMessage') return ['sampling'];
  if (method === 'roots/list') return ['roots'];
  if (method !== 'elicitation/create') return null;
  return params?.['mode'] === 'url' ? ['elicitation', 'url'] : ['elicitation'];
}

/** Whether capabilities have what is needed, at any depth. */
export function hasCapability(capabilities: Params, path: readonly string[]): boolean {
  let node: unknown = capabilities;
  for (const key of path) {
    if (typeof node !== 'object' || node === null) return false;
    node = (node as Params)[key];
  }
  return node !== undefined && node !== null && node !== false;
}
