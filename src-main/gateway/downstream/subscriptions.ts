import { NucleusError } from '../../../src-shared/errors.ts';
import type { Log } from '../platform.ts';
import type { Dispatch } from '../routing/dispatch.ts';
import { discovery } from '../routing/greeting.ts';
import type { Route } from '../routing/route.ts';
import type { View } from '../routing/view.ts';
import { encode, isObject, tryEncode, type Params } from '../wire/frame.ts';
import { metaKeys } from '../wire/modern.ts';
import { hasCapability } from '../wire/peer.ts';
import { createListNews, type ListChanges } from './list-news.ts';
import type { Answering, ModernRequest } from './modern.ts';

/** What clients of the modern era asked to be told of (MCP 2026-07-28, basic/patterns/subscriptions). */
export interface Subscriptions {
  /** Answers a subscriptions/listen: tells what happens until its client goes, or we do. */
  open(request: ModernRequest, fail: (error: unknown) => void): Answering;
  listsChanged(changes: ListChanges): void;
  /** An upstream says that a resource changed. */
  updated(profile: string, params: Params): void;
  /** A connection was opened, whose server knows of no subscription. */
  ready(profile: string): void;
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

/** A resource somebody wants to hear of: its upstream is told once, however many they are. */
interface Interest {
  readonly route: Route;
  readonly principal: string;
  count: number;
}

export function createSubscriptions(deps: {
  readonly log: Log;
  readonly version: string;
  readonly dispatch: Dispatch;
  settle(view: View): Promise<void>;
}): Subscriptions {
  const listeners = new Set<Listener>();
  const interests = new Map<string, Interest>();

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
      for (const { route } of named.values()) hold(route, principal, clientOf(envelope.clientInfo));
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

  function hold(route: Route, principal: string, client: string): void {
    const key = keyOf(route.binding.profile, route.name);
    const interest = interests.get(key);
    if (interest) return void (interest.count += 1);
    interests.set(key, { route, principal, count: 1 });
    ask('resources/subscribe', route, principal, client);
  }

  function release(route: Route): void {
    const key = keyOf(route.binding.profile, route.name);
    const interest = interests.get(key);
    if (!interest || (interest.count -= 1) > 0) return;
    interests.delete(key);
    ask('resources/unsubscribe', route, interest.principal, 'nucleus');
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
    ready(profile) {
      for (const { route, principal } of interests.values())
        if (route.binding.profile === profile) ask('resources/subscribe', route, principal, 'nucleus');
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
