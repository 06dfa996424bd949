import { NucleusError } from '../../../src-shared/errors.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { CallKind } from './dispatch.ts';
import type { Route } from './route.ts';
import type { TasksOfOne } from './tasks.ts';
import { unknownRoute } from './unknown.ts';
import type { View } from './view.ts';

/** A request of a client that concerns one account. */
export interface Addressed {
  readonly kind: CallKind;
  readonly method: string;
  /** As the client named it. */
  readonly name: string;
  readonly params: Params;
  /** Where it leads in the present view. */
  look(): Route | null;
}

const kinds: Readonly<Record<string, CallKind>> = {
  'tools/call': 'tool',
  'prompts/get': 'prompt',
  'resources/read': 'resource',
  'resources/subscribe': 'resource',
  'resources/unsubscribe': 'resource',
  'completion/complete': 'other',
};

const taskMethods = {
  legacy: new Set(['tasks/get', 'tasks/result', 'tasks/cancel']),
  modern: new Set(['tasks/get', 'tasks/update', 'tasks/cancel']),
} as const;

/**
 * Which account a request concerns; null for a method that concerns none, unless the view shows one upstream only and
 * takes everything. Throws ARGUMENTS_INVALID.
 */
export function addressOf(
  view: () => View,
  method: string,
  params: Params,
  tasks: TasksOfOne,
): Addressed | null {
  const kind = Object.hasOwn(kinds, method) ? kinds[method] : undefined;
  if (method === 'completion/complete') return completionOf(view, params);
  if (taskMethods[tasks.era].has(method) && !view().isTransparent)
    return taskAddress(view, method, params, tasks);
  if (kind === undefined)
    return view().isTransparent
      ? { kind: 'other', method, name: method, params, look: () => view().find('tool', method) }
      : null;
  const field = kind === 'resource' ? 'uri' : 'name';
  const name = params[field];
  if (typeof name !== 'string')
    throw new NucleusError('ARGUMENTS_INVALID', `${field} is required and must be a string`);
  const args = params['arguments'];
  if (kind !== 'resource' && args !== undefined && !isObject(args))
    throw new NucleusError('ARGUMENTS_INVALID', `arguments of ${name} must be an object`);
  const look = (): Route | null =>
    kind === 'resource' ? view().findResource(name) : view().find(kind as 'tool' | 'prompt', name);
  return { kind, method, name, params, look };
}

/** A task is asked for where it runs. */
function taskAddress(view: () => View, method: string, params: Params, tasks: TasksOfOne): Addressed {
  const id = params['taskId'];
  if (typeof id !== 'string')
    throw new NucleusError('ARGUMENTS_INVALID', 'taskId is required and must be a string');
  const found = tasks.find(id, view());
  if (!found)
    throw new NucleusError(
      'TASK_UNKNOWN',
      `no task "${id.slice(0, 60)}" of this client is known: it is over, or the gateway was restarted; call the tool again`,
    );
  const own = tasks.ownRelated({ ...params, taskId: found.own }, view());
  return { kind: 'other', method, name: id, params: own, look: () => tasks.find(id, view())?.route ?? null };
}

/** A completion is asked of whoever has the prompt or the template it is for. */
function completionOf(view: () => View, params: Params): Addressed {
  const ref = isObject(params['ref']) ? params['ref'] : {};
  const isPrompt = ref['type'] === 'ref/prompt';
  const name = isPrompt ? ref['name'] : ref['uri'];
  if (typeof name !== 'string')
    throw new NucleusError('ARGUMENTS_INVALID', 'ref is required and must name a prompt or a resource');
  const look = (): Route | null => (isPrompt ? view().find('prompt', name) : view().findResource(name));
  const own = look()?.name ?? name;
  return {
    kind: 'other',
    method: 'completion/complete',
    name,
    params: { ...params, ref: isPrompt ? { ...ref, name: own } : { ...ref, uri: own } },
    look,
  };
}

/** The route of a request, waiting for profiles that were never listed where it is not known yet. */
export async function routeOf(
  { kind, name, look }: Addressed,
  view: () => View,
  settle: (view: View) => Promise<void>,
): Promise<Route> {
  const known = look();
  if (known) return known;
  if (view().missing().length > 0) await settle(view());
  const route = look();
  if (route) return route;
  throw unknownRoute(kind === 'other' ? 'prompt' : kind, name, view());
}
