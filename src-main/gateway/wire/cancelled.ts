import { isObject, isTooDeep, type Id, type Params } from './frame.ts';

/** What somebody said in taking a request back, as the reason of the signal that ends it. */
export function takenBack(params: Params | undefined): object {
  return { takenBack: params };
}

/** The params of notifications/cancelled for the request that a signal ended: what was said, or else this reason. */
export function cancelledParams(requestId: Id, signal: AbortSignal | undefined, reason: string): Params {
  const said: unknown = isObject(signal?.reason) ? signal.reason['takenBack'] : undefined;
  return isObject(said) && !isTooDeep(said) ? { ...said, requestId } : { requestId, reason };
}
