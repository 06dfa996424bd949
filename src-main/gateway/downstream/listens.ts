import { NucleusError } from '../../../src-shared/errors.ts';
import type { Log } from '../platform.ts';
import type { Dispatch } from '../routing/dispatch.ts';
import { discovery } from '../routing/greeting.ts';
import type { Route } from '../routing/route.ts';
import type { Subscriptions } from '../routing/subscriptions.ts';
import type { View } from '../routing/view.ts';
import { encode, isObject, tryEncode, type Params } from '../wire/frame.ts';
import { metaKeys } from '../wire/modern.ts';
import { hasCapability } from '../wire/peer.ts';
import { createListNews, type ListChanges } from './list-news.ts';
import type { Answering, ModernRequest } from './modern.ts';

/** What clients of the modern era asked to be told of (MCP 2026-07-28, basic/patterns/subscriptions). */
export interface Listens {
  /** Answers a subscriptions/listen: tells what happens until its client goes, or we do. */
  open(request: ModernRequest, fail: (error: unknown) => void): Answering;
  listsChanged(changes: ListChanges): void;
  /** An upstream says that a resource changed. */
  updated(profile: string, params: Params): void;
  close(): void;
}

const maxOpen = 1_000;
const maxOpenOfOne = 100;
const maxUris = 500;

/** What a client may ask for, the notification that tells of it, and what the server must have declared. */
const kinds = [
  { field: 'toolsListChanged', method: 'notifications/tools/list_changed', needs: ['tools', 'listChanged'] },
  {
    field: 'promptsListChanged',
    method: 'notifications/prompts/list_changed',
    needs: ['prompts', 'listChanged'],
  },
  {
    field: 'resourcesListChanged',
    method: 'notifications/resources/list_changed',
    needs: ['resources', 'listChanged'],
  },
] as const;

interface Listener {
  readonly principal: string;
  listsChanged(changes: ListChanges): void;
  updated(profile: string, uri: string, params: Params): void;
  end(): void;
}

export function createListens(deps: {
  readonly log: Log;
  readonly version: string;
  readonly dispatch: Dispatch;
  readonly subscriptions: Subscriptions;
  settle(view: View): Promise<void>;
}): Listens {
  const listeners = new Set<Listener>();

  function open(
    { frame, io, view, caller, envelope }: ModernRequest,
    fail: (error: unknown) => void,
  ): Answering {
    const { id, params } = frame;
    const { principal } = caller;
    const done = Promise.withResolvers<void>();
    const stamp = { [metaKeys.subscriptionId]: id };
    const methods = new Set<string>();
    /** What the client calls the resources it wants to hear of, by profile and the upstream's own URI. */
    const named = new Map<string, { readonly uri: string; readonly route: Route }>();
    let isOver = false;
    let news: ReturnType<typeof createListNews> = () => new Set();

    function say(method: string, about: Params): boolean {
      const meta = isObject(about['_meta']) ? about['_meta'] : {};
      const line = tryEncode({ method, params: { ...about, _meta: { ...meta, ...stamp } } });
      return line === null || io.notify([line]);
    }

    function tell(method: string, about: Params): void {
      if (!isOver && !say(method, about)) leave();
    }

    const listener: Listener = {
      principal,
      listsChanged(changes) {
        for (const method of news(changes)) if (methods.has(method)) tell(method, {});
      },
      updated(profile, uri, about) {
        const own = named.get(keyOf(profile, uri));
        if (own && view().bindings.some((binding) => binding.profile === profile))
          tell('notifications/resources/updated', { ...about, uri: own.uri });
      },
      end() {
        if (isOver) return;
        const { _meta: about } = discovery(view(), deps.version);
        const result = { resultType: 'complete', _meta: { ...(about as Params), ...stamp } };
        leave(() => io.answer([encode({ id, result })], 200));
      },
    };

    function leave(lastWord?: () => void): void {
      if (isOver) return;
      isOver = true;
      listeners.delete(listener);
      for (const { route } of named.values()) release(route);
      lastWord?.();
      done.resolve();
    }

    async function begin(): Promise<void> {
      const wanted = params?.['notifications'];
      if (!isObject(wanted))
        throw new NucleusError('ARGUMENTS_INVALID', 'notifications is required and says what to tell of');
      const own = [...listeners].filter((other) => other.principal === principal).length;
      if (listeners.size >= maxOpen || own >= maxOpenOfOne)
        throw new NucleusError('GATEWAY_BUSY', `${own} subscriptions of this client are open; close some`);
      listeners.add(listener);
      if (view().missing().length > 0) await deps.settle(view());
      if (isOver) return;
      const honored = choose(wanted);
      news = createListNews(view);
      if (!say('notifications/subscriptions/acknowledged', { notifications: honored }))
        throw new NucleusError(
          'ACCEPT_REFUSED',
          'what a subscription tells is an event stream: accept text/event-stream',
        );
      if (Object.keys(honored).length === 0) return listener.end();
      for (const { uri, route } of named.values()) hold(uri, route);
    }

    function hold(uri: string, route: Route): void {
      if (deps.subscriptions.add(listener, route.binding.profile, route.name, uri) === 'first')
        ask('resources/subscribe', route, principal, clientOf(envelope.clientInfo));
    }

    function release(route: Route): void {
      if (deps.subscriptions.remove(listener, route.binding.profile, route.name))
        ask('resources/unsubscribe', route, principal, clientOf(envelope.clientInfo));
    }

    /** The part of what is wanted that there is. */
    function choose(wanted: Params): Params {
      const capabilities = discovery(view(), deps.version)['capabilities'] as Params;
      const honored: Params = {};
      for (const { field, method, needs } of kinds) {
        if (wanted[field] !== true || !hasCapability(capabilities, needs)) continue;
        honored[field] = true;
        methods.add(method);
      }
      const uris = wanted['resourceSubscriptions'];
      if (!Array.isArray(uris) || !hasCapability(capabilities, ['resources', 'subscribe'])) return honored;
      const known = uris.slice(0, maxUris).filter((uri): uri is string => {
        const route = typeof uri === 'string' ? view().findResource(uri) : null;
        if (route) named.set(keyOf(route.binding.profile, route.name), { uri: uri as string, route });
        return route !== null;
      });
      return known.length > 0 ? { ...honored, resourceSubscriptions: known } : honored;
    }

    begin().catch((error: unknown) => leave(() => fail(error)));
    return { done: done.promise, cancel: () => leave(), finish: listener.end };
  }

  /** On the road of every call, so that rules and the record see it too. */
  function ask(method: string, route: Route, principal: string, client: string): void {
    const { profile } = route.binding;
    deps
      .dispatch({
        kind: 'resource',
        method,
        route,
        params: { uri: route.name },
        via: 'direct',
        principal,
        client,
      })
      .catch((error: unknown) =>
        deps.log.warn(`${method} failed`, { profile, reason: (error as Error).message }),
      );
  }

  return {
    open,
    listsChanged(changes) {
      for (const listener of listeners) listener.listsChanged(changes);
    },
    updated(profile, params) {
      const { uri } = params;
      if (typeof uri !== 'string') return;
      for (const listener of listeners) listener.updated(profile, uri, params);
    },
    close() {
      for (const listener of Array.from(listeners)) listener.end();
    },
  };
}

function keyOf(profile: string, uri: string): string {
  return `${profile}\n${uri}`;
}

function clientOf({ name }: Params): string {
  return typeof name === 'string' ? name.slice(0, 100) : 'unknown';
}
