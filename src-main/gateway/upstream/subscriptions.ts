import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import { isObject, type Params } from '../wire/frame.ts';
import { metaKeys } from '../wire/modern.ts';
import { hasCapability } from '../wire/peer.ts';
import { readReply, type Reply } from '../wire/reply.ts';
import type { RequestOptions } from './connection.ts';

/** Who wants to hear of a resource, by its URI. */
export type Wishes = Map<string, Set<object>>;

/** The standing subscription to what changes at one upstream of the modern era. */
export interface Subscriptions {
  /** Resolves when the upstream took it. */
  add(uri: string, client: object): Promise<void>;
  remove(uri: string, client: object): Promise<void>;
  left(client: object): void;
  close(): void;
}

/** How long an upstream may take to say that it took a subscription. */
const takenMs = 5_000;
/** The wait before a lost subscription is asked for again grows from the first to the last of these. */
const shortestMs = 1_000;
const longestMs = 60_000;
/** One that lived this long was fine. */
const fineAfterMs = 5_000;
/** So many that did not are told of. */
const manyFailures = 3;
const maxUris = 1_000;

/** One listen request: open, and perhaps taken. */
interface Listening {
  readonly ending: AbortController;
  readonly taken: Promise<void>;
}

const changes = {
  toolsListChanged: { capability: ['tools', 'listChanged'], method: 'notifications/tools/list_changed' },
  promptsListChanged: {
    capability: ['prompts', 'listChanged'],
    method: 'notifications/prompts/list_changed',
  },
  resourcesListChanged: {
    capability: ['resources', 'listChanged'],
    method: 'notifications/resources/list_changed',
  },
} as const;

/**
 * Keeps one subscriptions/listen open for all clients of an upstream (MCP 2026-07-28, basic/patterns/subscriptions):
 * for its lists, and for the resources anybody subscribed to. A lost one is opened again.
 */
export function createSubscriptions(deps: {
  readonly profile: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly capabilities: Params;
  readonly wishes: Wishes;
  listen(filter: Params, options: RequestOptions): Promise<Reply>;
  onNotification(method: string, params: Params | undefined): void;
}): Subscriptions {
  const { profile, clock, log, capabilities, wishes } = deps;
  const kinds = Object.entries(changes).filter(([, { capability }]) =>
    hasCapability(capabilities, capability),
  );
  let current: Listening | null = null;
  let failures = 0;
  let isClosed = false;
  let forget = (): void => {};

  function filter(): Params {
    const uris = hasCapability(capabilities, ['resources', 'subscribe']) ? [...wishes.keys()] : [];
    return {
      ...Object.fromEntries(kinds.map(([kind]) => [kind, true])),
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
    };
  }

  /** Opens a subscription to what is wanted now; the one before it ends when this one is taken, so that nothing is missed. */
  function open(isAgain = false): Promise<void> {
    forget();
    const before = current;
    const wanted = filter();
    if (isClosed || Object.keys(wanted).length === 0) {
      current = null;
      before?.ending.abort();
      return Promise.resolve();
    }
    const taken = Promise.withResolvers<void>();
    const listening: Listening = { ending: new AbortController(), taken: taken.promise };
    // Not everybody who opens one waits for it.
    taken.promise.catch(() => {});
    current = listening;
    const since = clock.now();
    const late = clock.after(takenMs, () =>
      taken.reject(
        new NucleusError('UPSTREAM_TIMEOUT', `${profile} did not take a subscription in time; try again`, {
          profile,
        }),
      ),
    );
    const onNotice = (method: string, params: Params | undefined): void => {
      if (method !== 'notifications/subscriptions/acknowledged')
        return deps.onNotification(method, withoutId(params));
      late();
      taken.resolve();
      before?.ending.abort();
      // What changed meanwhile nobody told.
      if (isAgain) for (const [, { method: changed }] of kinds) deps.onNotification(changed, undefined);
    };
    const ended = (why: string, isFinal: boolean): void => {
      late();
      before?.ending.abort();
      taken.reject(
        new NucleusError('UPSTREAM_PROTOCOL', `${profile} refused a subscription: ${why}`, { profile }),
      );
      if (isClosed || current !== listening) return;
      current = null;
      failures = clock.now() - since >= fineAfterMs ? 0 : failures + 1;
      log.debug('subscription ended', { profile, reason: why });
      if (isFinal) return;
      if (failures === manyFailures)
        log.warn('upstream ends its subscription again and again; it is asked for less and less often', {
          profile,
          reason: why,
        });
      const rest = Math.min(longestMs, shortestMs * 2 ** Math.max(0, failures - 1));
      forget = clock.after(rest, () => void open(true));
    };
    deps.listen(wanted, { timeoutMs: Infinity, signal: listening.ending.signal, onNotice }).then(
      (reply) => {
        const { error } = readReply(reply);
        ended(error ? String(error['message']).slice(0, 200) : 'it ended', error?.['code'] === unknownMethod);
      },
      (thrown: unknown) => ended(toNucleusError(thrown).message, false),
    );
    return taken.promise;
  }

  function drop(uri: string, client: object): boolean {
    const clients = wishes.get(uri);
    if (!clients?.delete(client) || clients.size > 0) return false;
    return wishes.delete(uri);
  }

  void open();
  return {
    async add(uri, client) {
      if (!hasCapability(capabilities, ['resources', 'subscribe']))
        throw new NucleusError('METHOD_UNKNOWN', `the server of ${profile} takes no subscriptions`, {
          profile,
        });
      const clients = wishes.get(uri);
      if (clients) {
        clients.add(client);
        return current?.taken;
      }
      if (wishes.size >= maxUris)
        throw new NucleusError(
          'UPSTREAM_BUSY',
          `${maxUris} resources of ${profile} are subscribed to already; unsubscribe from some`,
          { profile },
        );
      wishes.set(uri, new Set([client]));
      try {
        await open();
      } catch (error) {
        drop(uri, client);
        throw error;
      }
    },
    async remove(uri, client) {
      if (drop(uri, client)) await open();
    },
    left(client) {
      const gone = Array.from(wishes.keys()).filter((uri) => drop(uri, client));
      if (gone.length > 0) void open();
    },
    close() {
      isClosed = true;
      forget();
      current?.ending.abort();
    },
  };
}

/** The id of our subscription is ours alone. */
function withoutId(params: Params | undefined): Params | undefined {
  const meta = params?.['_meta'];
  if (!params || !isObject(meta)) return params;
  const { [metaKeys.subscriptionId]: _, ...others } = meta;
  const { _meta: __, ...rest } = params;
  return Object.keys(others).length === 0 ? rest : { ...rest, _meta: others };
}

/** JSON-RPC 2.0, section 5.1. */
const unknownMethod = -32_601;
