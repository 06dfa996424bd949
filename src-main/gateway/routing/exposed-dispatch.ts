import { isObject } from '../wire/frame.ts';
import type { Peer } from '../wire/peer.ts';
import { labelReply } from './account-label.ts';
import type { Dispatch } from './dispatch.ts';
import { exposeReply } from './exposing.ts';
import type { Binding } from './route.ts';
import type { TasksOfOne } from './tasks.ts';
import type { View } from './view.ts';

/** The road for the calls of a client in a view. */
export type ExposedDispatch = (view: () => View, tasks: TasksOfOne) => Dispatch;

/**
 * The one road as clients use it: what is named on the way back, and in what an upstream asks or tells on the way, is
 * named as the client knows it, and says which account it came from. Whatever a tool of our own calls goes down the
 * same road, each call under the names of its own account. In a view of one upstream alone all stays as it is.
 */
export function createExposedDispatch(
  dispatch: Dispatch,
  { account_line: hasLine }: { readonly account_line: boolean },
): ExposedDispatch {
  return (view, tasks) =>
    async function exposed(call) {
      const { route, method, params, peer } = call;
      if (route.own) return route.own(call, exposed);
      if (view().isTransparent) return dispatch(call);
      const { binding } = route;
      const reply = await dispatch({ ...call, peer: peer && inNamesOf(peer, binding, tasks, view) });
      const name = method === 'resources/read' ? String(params['uri']) : '';
      return labelReply(
        exposeReply(reply, { method, name, params, route }, view(), tasks),
        method,
        binding,
        hasLine,
      );
    };
}

/** A client that is asked and told of tasks under the ids it knows, and whose answers name those the upstream knows. */
function inNamesOf(peer: Peer, binding: Binding, tasks: TasksOfOne, view: () => View): Peer {
  return {
    ...peer,
    async ask(request) {
      const said = await peer.ask({ ...request, params: tasks.exposeRelated(request.params, binding) });
      if (!('result' in said) || !isObject(said.result)) return said;
      return { result: tasks.ownRelated(said.result, view()) };
    },
    tell: (method, params) => peer.tell(method, tasks.exposeRelated(params, binding)),
  };
}
