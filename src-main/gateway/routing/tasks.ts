import { randomBytes } from 'node:crypto';
import { isObject, type Params } from '../wire/frame.ts';
import { relatedTask } from '../wire/naming.ts';
import type { Era } from '../wire/peer.ts';
import type { Binding, Route } from './route.ts';
import type { View } from './view.ts';

/** Tasks remembered: the oldest is forgotten for a new one. */
const maxTasks = 10_000;
const maxTasksOfOne = 1_000;
/** A task nobody said the end of, or a far one. */
const maxAgeMs = 7 * 24 * 60 * 60 * 1_000;
/** Kept a while after its time, as its upstream may do. */
const graceMs = 60_000;
const maxMessage = 1_000;
/** A longer id is none a server made to be carried around. */
const maxOwn = 1_000;

/** One task of an upstream, as a client of a view with several upstreams knows it. */
export interface Task {
  /** Ours: it tells nothing, and means something to its principal only. */
  readonly id: string;
  /** The upstream's. */
  readonly own: string;
  readonly profile: string;
  readonly alias: string;
  /** As the upstream last described it, under our id. */
  readonly state: Params;
}

/** The tasks one principal started in one era. */
export interface TasksOfOne {
  readonly era: Era;
  /** Where a task leads in a view; null when it is not known, or its account is not of the view. */
  find(id: string, view: View): { readonly own: string; readonly route: Route } | null;
  /** Our id of a task its upstream names, which is remembered. */
  expose(own: string, binding: Binding): string;
  /** The upstream describes a task. */
  learn(own: string, binding: Binding, described: Params): void;
  /** All of a view, the oldest first. */
  list(view: View): readonly Task[];
  forget(id: string): void;
  /** Params or a result an upstream tied to a task, tied to ours. */
  exposeRelated<T extends Params | undefined>(message: T, binding: Binding): T;
  /** The same the other way. */
  ownRelated<T extends Params | undefined>(message: T, view: View): T;
  /** What an upstream tells of a task by itself, under our id; null when it is none of this principal's. */
  heard(profile: string, params: Params | undefined): Params | null;
}

export interface Tasks {
  of(principal: string, era: Era): TasksOfOne;
}

interface Known extends Omit<Task, 'state'> {
  readonly key: string;
  readonly principal: string;
  readonly era: Era;
  state: Params;
  endsAt: number;
}

/**
 * Which task of which account an id of ours stands for (MCP 2025-11-25, basic/utilities/tasks; the extension
 * io.modelcontextprotocol/tasks of 2026-07-28). They live as long as the process.
 */
export function createTasks(deps: {
  readonly clock: { now(): number };
  readonly random?: (bytes: number) => Buffer;
}): Tasks {
  const { clock, random = randomBytes } = deps;
  // In the order they came.
  const byId = new Map<string, Known>();
  const byKey = new Map<string, Known>();

  function drop(task: Known): void {
    byId.delete(task.id);
    byKey.delete(task.key);
  }

  function makeRoom(principal: string): void {
    const now = clock.now();
    for (const task of Array.from(byId.values())) if (task.endsAt <= now) drop(task);
    const all = [...byId.values()];
    const own = all.filter((task) => task.principal === principal);
    const tooMany = own.length >= maxTasksOfOne ? own : byId.size >= maxTasks ? all : [];
    // A server that makes up tasks without end must not take those of others away.
    const [[oldest] = []] = [...Map.groupBy(tooMany, ofOneAccount).values()].toSorted(
      (a, b) => b.length - a.length,
    );
    if (oldest) drop(oldest);
  }

  return {
    of(principal, era) {
      const keyOf = (profile: string, own: string): string => JSON.stringify([principal, era, profile, own]);

      function remember(own: string, { profile, alias }: Binding): Known {
        const key = keyOf(profile, own);
        const known = byKey.get(key);
        if (known && known.endsAt > clock.now()) return known;
        makeRoom(principal);
        const id = random(18).toString('base64url');
        const endsAt = clock.now() + maxAgeMs;
        const task: Known = { id, key, own, profile, alias, principal, era, endsAt, state: { taskId: id } };
        if (own.length > maxOwn) return task;
        byId.set(id, task);
        byKey.set(key, task);
        return task;
      }

      function lookUp(id: unknown): Known | null {
        const task = typeof id === 'string' ? byId.get(id) : undefined;
        if (!task || task.principal !== principal || task.era !== era) return null;
        return task.endsAt > clock.now() ? task : null;
      }

      function find(id: unknown, view: View): { own: string; route: Route } | null {
        const task = lookUp(id);
        const bindings = view.bindings.filter(({ profile }) => profile === task?.profile);
        const binding = bindings.find(({ alias }) => alias === task?.alias) ?? bindings[0];
        return task && binding ? { own: task.own, route: { binding, name: task.own } } : null;
      }

      function learn(task: Known, described: Params): void {
        task.state = stateOf(task.id, described);
        const ttl = described['ttl'] ?? described['ttlMs'];
        // Said of the whole life of a task; counted from now it is never too short.
        const left = typeof ttl === 'number' && ttl >= 0 ? ttl + graceMs : maxAgeMs;
        task.endsAt = clock.now() + Math.min(left, maxAgeMs);
      }

      return {
        era,
        find,
        expose: (own, binding) => remember(own, binding).id,
        learn: (own, binding, described) => learn(remember(own, binding), described),
        list: (view) => [...byId.values()].filter(({ id }) => lookUp(id) !== null && find(id, view) !== null),
        forget(id) {
          const task = lookUp(id);
          if (task) drop(task);
        },
        exposeRelated: (message, binding) => withRelated(message, (own) => remember(own, binding).id),
        ownRelated: (message, view) => withRelated(message, (id) => find(id, view)?.own ?? id),
        heard(profile, params) {
          const own = params?.['taskId'];
          const task = typeof own === 'string' ? byKey.get(keyOf(profile, own)) : undefined;
          if (!task || !params) return null;
          learn(task, params);
          return { ...params, taskId: task.id };
        },
      };
    },
  };
}

function ofOneAccount({ principal, profile }: Known): string {
  return `${principal}\n${profile}`;
}

/** What a list of tasks says of one, and no more: what came with it may be large. */
function stateOf(taskId: string, described: Params): Params {
  const { status, statusMessage, createdAt, lastUpdatedAt, ttl, pollInterval } = described;
  return {
    taskId,
    status: textIn(status),
    ...(typeof statusMessage === 'string' && { statusMessage: textIn(statusMessage) }),
    createdAt: textIn(createdAt),
    lastUpdatedAt: textIn(lastUpdatedAt),
    ttl: typeof ttl === 'number' ? ttl : null,
    ...(typeof pollInterval === 'number' && { pollInterval }),
  };
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, maxMessage) : undefined;
}

function withRelated<T extends Params | undefined>(message: T, rename: (id: string) => string): T {
  const meta = message?.['_meta'];
  const related = isObject(meta) ? meta[relatedTask] : undefined;
  if (!isObject(meta) || !isObject(related) || typeof related['taskId'] !== 'string') return message;
  const taskId = rename(related['taskId']);
  return { ...message, _meta: { ...meta, [relatedTask]: { ...related, taskId } } };
}
