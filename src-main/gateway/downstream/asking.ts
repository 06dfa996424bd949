import { NucleusError } from '../../../src-shared/errors.ts';
import { cancelledParams } from '../wire/cancelled.ts';
import { errorObject, isObject, type Id, type Params } from '../wire/frame.ts';
import { hasCapability, neededCapability, type PeerAnswer, type PeerRequest } from '../wire/peer.ts';

/** What upstreams ask a client of the legacy era: each question a request of ours, under an id and a token of ours. */
export interface Asking {
  /** Without `about` it goes out on its own: only where the client has a stream that is about nothing. */
  ask(request: PeerRequest, capabilities: Params, about?: Id): Promise<PeerAnswer>;
  /** A response of the client. */
  answered(id: Id | null, message: Params): void;
  /** Progress the client reports. */
  progressed(params: Params): void;
  close(): void;
}

interface Open {
  readonly request: PeerRequest;
  settle(answer: PeerAnswer): void;
}

export function createAsking(deps: {
  readonly client: { readonly name: string };
  /** Writes a request or notification on the stream of a call; false when nobody would hear it. */
  send(message: object, about: Id | undefined): boolean;
}): Asking {
  const open = new Map<string, Open>();
  let next = 1;

  function ask(request: PeerRequest, capabilities: Params, about?: Id): Promise<PeerAnswer> {
    const { method, params, signal } = request;
    const needed = neededCapability(method, params);
    if (needed && !hasCapability(capabilities, needed)) return Promise.resolve(cannot(method));
    const id = `nucleus-${next++}`;
    const { promise, resolve } = Promise.withResolvers<PeerAnswer>();
    const onAbort = (): void => {
      settle(cannot(method));
      const params = cancelledParams(id, signal, 'taken back');
      deps.send({ method: 'notifications/cancelled', params }, about);
    };
    const settle = (answer: PeerAnswer): void => {
      if (!open.delete(id)) return;
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
    };
    open.set(id, { request, settle });
    signal.addEventListener('abort', onAbort, { once: true });
    const body = params && { params: request.onProgress ? withToken(params, id) : params };
    if (!deps.send({ id, method, ...body }, about)) settle(cannot(method));
    return promise;
  }

  function cannot(method: string): PeerAnswer {
    return {
      error: errorObject(
        new NucleusError(
          'CLIENT_CANNOT',
          `${deps.client.name} cannot be asked ${method}; use a client that can`,
        ),
      ),
    };
  }

  return {
    ask,
    answered(id, message) {
      if (typeof id !== 'string') return;
      const { result, error } = message;
      open.get(id)?.settle(isObject(error) ? { error } : { result });
    },
    progressed(params) {
      const token = params['progressToken'];
      if (typeof token === 'string') open.get(token)?.request.onProgress?.(params);
    },
    close() {
      for (const { request, settle } of Array.from(open.values())) settle(cannot(request.method));
    },
  };
}

function withToken(params: Params, token: string): Params {
  return { ...params, _meta: { ...(params['_meta'] as object | undefined), progressToken: token } };
}
