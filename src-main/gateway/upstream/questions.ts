import { toNucleusError } from '../../../src-shared/errors.ts';
import { takenBack } from '../wire/cancelled.ts';
import { errorObject, isObject, isTooDeep, type Id, type Params } from '../wire/frame.ts';
import { hasCapability, type Peer, type PeerAnswer } from '../wire/peer.ts';

/** Questions of one upstream that may wait for a client at once. */
const maxOpen = 100;

export interface Question {
  readonly id: Id;
  readonly method: string;
  readonly params: Params | undefined;
}

/** What an upstream asks in return while calls to it are open. */
export interface Questions {
  /** `via`: the request on whose stream it came, where the transport tells. */
  take(question: Question, via: number | undefined): void;
  /** The upstream takes a question back, with these params. */
  withdraw(params: Params | undefined): void;
  /** A call is over: what was asked during it is of no use any more. */
  release(peer: Peer): void;
  close(): void;
}

/**
 * Puts each question to the client whose call it is about, and to no other: where nothing tells which call that is,
 * it is declined rather than guessed (docs/lifecycle.md, "What an upstream asks").
 */
export function createQuestions(deps: {
  readonly profile: string;
  /** The folders this profile may know of, as file URIs. */
  roots(): readonly Params[];
  /** The peer of the call a message belongs to: the only one it can be, none, or several it could be. */
  peerOf(via: number | undefined): Peer | 'none' | 'several';
  send(message: object): void;
  onAmbiguous(): void;
}): Questions {
  const open = new Map<Id, { readonly controller: AbortController; readonly peer: Peer }>();

  async function answer({ id, method, params }: Question, via: number | undefined): Promise<void> {
    if (method === 'ping') return deps.send({ id, result: {} });
    const peer = deps.peerOf(via);
    if (method === 'roots/list' && !hasRoots(peer)) return deps.send({ id, result: { roots: deps.roots() } });
    if (peer === 'several') deps.onAmbiguous();
    if (peer === 'none' || peer === 'several' || open.size >= maxOpen)
      return deps.send({ id, ...declined(method, deps.profile, peer === 'several') });
    const controller = new AbortController();
    open.set(id, { controller, peer });
    try {
      const body = await peer.ask({ method, params, signal: controller.signal, onProgress: relay(params) });
      // One that was taken back gets no answer (MCP 2025-11-25, basic/utilities/cancellation).
      if (!controller.signal.aborted) deps.send({ id, ...body });
    } catch (error) {
      if (!controller.signal.aborted) deps.send({ id, error: errorObject(toNucleusError(error)) });
    } finally {
      if (open.get(id)?.controller === controller) open.delete(id);
    }
  }

  /** The folders of a client count where the profile has none of its own, and it is sure whose they are. */
  function hasRoots(peer: Peer | 'none' | 'several'): boolean {
    return (
      typeof peer === 'object' && deps.roots().length === 0 && hasCapability(peer.capabilities, ['roots'])
    );
  }

  /** Progress on a question goes back under the token the upstream gave it. */
  function relay(params: Params | undefined): ((progress: Params) => void) | undefined {
    const meta = params?.['_meta'];
    const token = isObject(meta) ? meta['progressToken'] : undefined;
    if (typeof token !== 'string' && typeof token !== 'number') return undefined;
    return (progress) => {
      if (isTooDeep(progress)) return;
      deps.send({ method: 'notifications/progress', params: { ...progress, progressToken: token } });
    };
  }

  return {
    take(question, via) {
      void answer(question, via);
    },
    withdraw(params) {
      const id = params?.['requestId'];
      if (typeof id === 'string' || typeof id === 'number') open.get(id)?.controller.abort(takenBack(params));
    },
    release(peer) {
      for (const { controller, peer: asked } of open.values()) if (asked === peer) controller.abort();
    },
    close() {
      for (const { controller } of open.values()) controller.abort();
    },
  };
}

/** The answer of a client that may not be asked; a server that waits for a person takes it as a no. */
function declined(method: string, profile: string, isAmbiguous: boolean): PeerAnswer {
  if (method === 'elicitation/create' && !isAmbiguous) return { result: { action: 'decline' } };
  const why = isAmbiguous
    ? `several calls to ${profile} are open and nothing tells which one asks; call again`
    : `no client that could answer ${method} is waiting for ${profile}`;
  return { error: { code: isAmbiguous ? -32000 : -32601, message: why } };
}
