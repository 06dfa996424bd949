import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { NucleusError } from '../../../src-shared/errors.ts';
import { createConnection, type Connection } from '../../../src-main/gateway/upstream/connection.ts';
import { openHttp, type HttpOptions } from '../../../src-main/gateway/upstream/http.ts';
import type { Transport } from '../../../src-main/gateway/upstream/transport.ts';
import type { Reply } from '../../../src-main/gateway/wire/reply.ts';
import {
  startHttpUpstream,
  type HttpUpstream,
  type HttpUpstreamOptions,
} from '../../fixtures/http-upstream.ts';
import { createFakeClock, createFakeLog, type FakeClock, type FakeLog } from '../../helpers/fake-clock.ts';
import { until } from '../../helpers/until.ts';

/** Longest message in these tests. */
export const limit = 1_000_000;

export interface Linked {
  readonly connection: Connection;
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly endings: string[];
  readonly stale: string[];
  readonly notifications: string[];
}

/** A connection over a transport to an address, closed after the test. */
export function link(
  t: TestContext,
  url: string,
  open: (options: HttpOptions) => Transport = openHttp,
): Linked {
  const linked = { endings: [] as string[], stale: [] as string[], notifications: [] as string[] };
  const clock = createFakeClock();
  const log = createFakeLog();
  const connection = createConnection({
    roots: () => [],
    profile: 'acme:main',
    transport: open({
      profile: 'acme:main',
      url: new URL(url),
      headers: { 'x-key': 'K' },
      secrets: ['K'],
      clock,
      log,
      limit,
    }),
    clock,
    maxInFlight: 100,
    events: {
      onAmbiguous: () => {},
      onNotification: (method) => void linked.notifications.push(method),
      onBusy: () => {},
      onStale: (what) => void linked.stale.push(what),
      onEnd: ({ kind, what }) => void linked.endings.push(`${kind} ${what}`),
    },
  });
  t.after(() => connection.close());
  return { ...linked, connection, clock, log };
}

/** A connection that went through initialize, as the supervisor makes it. */
export async function connected(
  t: TestContext,
  options: HttpUpstreamOptions = {},
): Promise<Linked & { readonly upstream: HttpUpstream }> {
  const upstream = await startHttpUpstream(options);
  t.after(() => upstream.close());
  const linked = link(t, upstream.url);
  await greet(linked.connection);
  if (!options.onNotification) await introduced(linked, upstream);
  return { ...linked, upstream };
}

/** The server knows us and was asked for its stream; no timer is left, and connections are there to be used again. */
export async function introduced({ clock }: Linked, upstream: HttpUpstream): Promise<void> {
  await until('it was asked for its stream', () => upstream.requests.some(({ method }) => method === 'GET'));
  await until('nothing is under way', () => clock.waiting === 0);
}

export async function greet(connection: Connection): Promise<void> {
  await initialize(connection);
  connection.notify('notifications/initialized');
}

export const initialize = (connection: Connection): Promise<Reply> =>
  connection.request('initialize', {}, { timeoutMs: 60_000 });

export const call = (
  connection: Connection,
  name: string,
  onProgress?: (params: unknown) => void,
): Promise<Reply> =>
  connection.request('tools/call', { name, arguments: { text: 'hi' } }, { timeoutMs: 600_000, onProgress });

/** The failure of a call, its address made the same in every run. */
export async function failure(work: Promise<unknown>): Promise<NucleusError> {
  const error = await work.then(
    () => assert.fail('it was answered'),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof NucleusError);
  const message = error.message.replaceAll(/https?:\/\/(127\.0\.0\.1|localhost):\d+/g, 'ORIGIN');
  return new NucleusError(error.code, message, error.data);
}

/** `CODE: sentence`. */
export async function failureText(work: Promise<unknown>): Promise<string> {
  const { code, message } = await failure(work);
  return `${code}: ${message}`;
}
