import { isObject, parseWhole, type Params } from '../wire/frame.ts';
import { namesResources, resourceChanges, taskChanges, uriMark } from '../wire/naming.ts';
import { changeReply, readReply, replyOutcome, type RawReply, type Reply } from '../wire/reply.ts';
import { change, type Change } from '../wire/splice.ts';
import { exposedUri, type Binding, type Route } from './route.ts';
import type { Row } from './rows.ts';
import type { TasksOfOne } from './tasks.ts';
import type { View } from './view.ts';

/** What was asked, as far as its answer depends on it. */
export interface Asked {
  readonly method: string;
  /** As the client named it. */
  readonly name: string;
  readonly params: Params;
  readonly route: Route;
}

/**
 * An answer as a client of a view with several upstreams has to read it: what it names can be asked for again under
 * that name. Every other byte stays; an answer that names nothing costs one search.
 */
export function exposeReply(reply: Reply, asked: Asked, view: View, tasks: TasksOfOne): Reply {
  if (view.isTransparent) return reply;
  const { method, route } = asked;
  // The result of a task is that of its call.
  const isTask = (method.startsWith('tasks/') && method !== 'tasks/result') || makesTask(reply);
  const isAboutTask = isTask || method === 'tasks/result' || asked.params['task'] !== undefined;
  if (reply.kind === 'raw') {
    const hasUri = namesResources(method) && reply.line.includes(uriMark);
    return hasUri || isAboutTask ? exposeRaw(reply, hasUri) : reply;
  }
  // Without a size it is an answer of ours.
  if (reply.size === undefined || replyOutcome(reply) === 'error') return reply;
  const line = Buffer.from(JSON.stringify(reply.body));
  const changes = changesOf(line, namesResources(method));
  if (changes.length === 0) return reply;
  return { ...reply, body: parseWhole(change(line, changes)) as { result: unknown } };

  function exposeRaw(raw: RawReply, hasUri: boolean): Reply {
    if (raw.outcome === 'error') return raw;
    const changes = changesOf(raw.line, hasUri);
    return changes.length === 0 ? raw : changeReply(raw, changes);
  }

  function changesOf(line: Buffer, hasUri: boolean): Change[] {
    const resources = hasUri ? resourceChanges(line, method, nameOf) : [];
    if (!isAboutTask) return inOrder(resources);
    const { result } = readReply(reply);
    const described = isTask ? result : result?.['task'];
    if (isObject(described) && typeof described['taskId'] === 'string')
      tasks.learn(described['taskId'], route.binding, described);
    const named = taskChanges(line, isTask, (own) => tasks.expose(own, route.binding));
    return inOrder([...resources, ...named]);
  }

  function nameOf(uri: string): string {
    // What was asked for is called as it was asked for.
    if (method === 'resources/read' && uri === route.name) return asked.name;
    return shownUri(uri, route.binding, view, method === 'resources/read');
  }
}

/** What a client can fetch by itself, wherever it read of it (docs/lifecycle.md, "Names and addresses"). */
const isForAll = /^(?:https?|data):/i;

function shownUri(uri: string, binding: Binding, view: View, isContent: boolean): string {
  const exposed = exposedUri(binding, uri);
  if (isContent || !isForAll.test(uri)) return exposed;
  return keysOf(view.rows('resource')).has(exposed) ? exposed : uri;
}

/** Rows never change. An answer may name as many addresses as it likes, so each is looked up and not searched for. */
const keys = new WeakMap<readonly Row[], ReadonlySet<string>>();

function keysOf(rows: readonly Row[]): ReadonlySet<string> {
  const known = keys.get(rows) ?? new Set(rows.map(({ key }) => key));
  keys.set(rows, known);
  return known;
}

/** Only in the modern era a call becomes a task without being asked to. */
function makesTask(reply: Reply): boolean {
  if (reply.kind === 'raw' && !reply.message) return false;
  return readReply(reply).result?.['resultType'] === 'task';
}

function inOrder(changes: Change[]): Change[] {
  return changes.sort((a, b) => a.start - b.start);
}
