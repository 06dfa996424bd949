import type { Binding } from '../routing/route.ts';
import type { TasksOfOne } from '../routing/tasks.ts';
import type { View } from '../routing/view.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { PeerAnswer, PeerRequest } from '../wire/peer.ts';

/** What is said between a client of the legacy era and upstreams of its tasks, each under the ids it knows. */
export interface SessionTasks {
  /** Params of an upstream, as the client knows what they are tied to. */
  shown<T extends Params | undefined>(params: T, binding: Binding): T;
  /** Puts a question to the client, and hands back what it says as the upstream knows it. */
  ask(
    request: PeerRequest,
    binding: Binding,
    put: (request: PeerRequest) => Promise<PeerAnswer>,
  ): Promise<PeerAnswer>;
  /** What an upstream tells of a task; null when it is none of this client's business. */
  heard(profile: string, params: Params | undefined): Params | undefined | null;
}

/** One upstream alone is talked to in its own ids. */
export function createSessionTasks(tasks: TasksOfOne, view: () => View): SessionTasks {
  const shown: SessionTasks['shown'] = (params, binding) =>
    view().isTransparent ? params : tasks.exposeRelated(params, binding);
  return {
    shown,
    async ask(request, binding, put) {
      const said = await put({ ...request, params: shown(request.params, binding) });
      if (view().isTransparent || !('result' in said) || !isObject(said.result)) return said;
      return { result: tasks.ownRelated(said.result, view()) };
    },
    heard: (profile, params) => (view().isTransparent ? params : tasks.heard(profile, params)),
  };
}
