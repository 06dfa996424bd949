import type { Clock, Log } from '../platform.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { withEnvelope } from '../wire/envelope.ts';
import type { Params } from '../wire/frame.ts';
import type { Reply } from '../wire/reply.ts';
import type { Connection } from './connection.ts';
import type { Greeting } from './era.ts';
import { createSubscriptions, type Wishes } from './subscriptions.ts';

/** A live connection as requests meet it, whatever its era. */
export interface Speaker extends Pick<Connection, 'request'> {
  /** A client that subscribed to something is gone. */
  left(client: object): void;
  close(): void;
}

/** Requests of the legacy era go out as they are. */
export function speakLegacy({ request }: Connection): Speaker {
  return { request, left: () => {}, close: () => {} };
}

/** Requests to a server of the modern era: each with its envelope; what it no longer has is answered here. */
export function speakModern(deps: {
  readonly profile: string;
  readonly connection: Connection;
  readonly greeting: Greeting;
  readonly clientInfo: Params;
  readonly clock: Clock;
  readonly log: Log;
  /** Resources clients subscribed to; they outlive the connection. */
  readonly wishes: Wishes;
  onNotification(method: string, params: Params | undefined): void;
}): Speaker {
  const { profile, connection, clientInfo } = deps;

  const request: Connection['request'] = async (method, params, options) => {
    if (answeredHere.has(method)) return nothing;
    if (method === 'resources/subscribe' || method === 'resources/unsubscribe') {
      const uri = params?.['uri'];
      if (typeof uri !== 'string')
        throw new NucleusError('ARGUMENTS_INVALID', 'uri is required and must be a string');
      const client = options.peer?.client ?? anybody;
      await (method === 'resources/subscribe'
        ? subscriptions.add(uri, client)
        : subscriptions.remove(uri, client));
      return nothing;
    }
    return connection.request(method, withEnvelope(params, clientInfo, options.peer), options);
  };

  const subscriptions = createSubscriptions({
    profile,
    clock: deps.clock,
    log: deps.log,
    capabilities: deps.greeting.result['capabilities'] as Params,
    wishes: deps.wishes,
    listen: (filter, options) => request('subscriptions/listen', { notifications: filter }, options),
    onNotification: deps.onNotification,
  });

  return { request, left: subscriptions.left, close: subscriptions.close };
}

/** Of the legacy era; the level of log messages goes with each request now. */
const answeredHere = new Set(['ping', 'logging/setLevel']);
const nothing: Reply = { kind: 'made', body: { result: {} } };
/** Stands for callers that are no client. */
const anybody = {};
