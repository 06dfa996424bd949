import type { Clock } from '../platform.ts';
import { abortable } from '../upstream/abortable.ts';
import type { Supervisor } from '../upstream/supervisor.ts';
import type { NewOld } from '../wire/eras/new-old.ts';
import { oldNew, type Send } from '../wire/eras/old-new.ts';
import type { Params } from '../wire/frame.ts';
import { hasCapability, type Peer } from '../wire/peer.ts';
import type { Reply } from '../wire/reply.ts';

/** One request on its way to an upstream, whatever era that speaks. */
export interface Carried {
  readonly profile: string;
  readonly principal: string;
  readonly method: string;
  /** A notification, which gets no answer. */
  readonly isNotification?: boolean;
  /** The upstream's own names in them. */
  readonly params: Params;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((params: Params) => void) | undefined;
  readonly peer: Peer | undefined;
}

export type Bridge = (carried: Carried) => Promise<Reply>;

/** Carries requests from the era of their client to that of their upstream: the same passes, the others are translated. */
export function createBridge(deps: {
  readonly supervisor: Pick<Supervisor, 'request' | 'eraOf' | 'notify'>;
  readonly newOld: NewOld;
  readonly clock: Pick<Clock, 'after'>;
  /** The output schema of a tool as its upstream listed it. */
  outputSchema?(profile: string, tool: string): unknown;
  /** The folders a profile may know of, as file URIs. */
  roots(profile: string): readonly Params[];
}): Bridge {
  const { supervisor, newOld } = deps;
  return async ({ profile, principal, method, isNotification, params, signal, onProgress, peer }) => {
    if (isNotification) {
      supervisor.notify(profile, method, params);
      return { kind: 'made', body: { result: {} } };
    }
    const era = supervisor.eraOf(profile, signal);
    const upstream = typeof era === 'string' ? era : await era;
    const client = peer?.era ?? 'legacy';
    const send =
      (asker: Peer | undefined): Send =>
      (asked, other = {}) =>
        supervisor.request(profile, other.method ?? method, asked, {
          peer: other.peer ?? asker,
          ...(!other.isLast && { signal, onProgress }),
        });
    if (client === upstream) return send(peer)(params);
    if (upstream === 'modern') {
      const asked = peer && withRoots(peer, deps.roots(profile));
      return oldNew(send(asked), params, {
        profile,
        peer: asked,
        signal,
        outputSchema: () =>
          method === 'tools/call' ? deps.outputSchema?.(profile, String(params['name'])) : undefined,
        wait: (milliseconds, ending) => pause(deps.clock, milliseconds, ending, profile),
      });
    }
    return newOld.carry({
      start: (asked, other, ending, relay) =>
        supervisor.request(profile, method, asked, { signal: ending, onProgress: relay, peer: other }),
      method,
      params,
      principal,
      profile,
      peer,
      signal,
      onProgress,
    });
  };
}

/** Some time, or less when nobody waits any more. */
function pause(
  clock: Pick<Clock, 'after'>,
  milliseconds: number,
  signal: AbortSignal | undefined,
  profile: string,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const forget = clock.after(milliseconds, resolve);
  return abortable(() => promise, signal, profile).finally(forget);
}

/** A client whose folders are those of the profile, where that has some or the client's are none of its business. */
function withRoots(peer: Peer, roots: readonly Params[]): Peer {
  if (roots.length === 0 && hasCapability(peer.capabilities, ['roots'])) return peer;
  return {
    ...peer,
    capabilities: { ...peer.capabilities, roots: {} },
    ask: (request) =>
      request.method === 'roots/list' ? Promise.resolve({ result: { roots } }) : peer.ask(request),
  };
}
