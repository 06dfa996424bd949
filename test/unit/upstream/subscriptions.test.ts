import assert from 'node:assert/strict';
import test from 'node:test';
import { createConnection } from '../../../src-main/gateway/upstream/connection.ts';
import { speakModern } from '../../../src-main/gateway/upstream/modern.ts';
import type { Wishes } from '../../../src-main/gateway/upstream/subscriptions.ts';
import type { Peer } from '../../../src-main/gateway/wire/peer.ts';
import { readReply } from '../../../src-main/gateway/wire/reply.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import { createFakeTransport } from '../../helpers/fake-transport.ts';

const all = {
  tools: { listChanged: true },
  prompts: {},
  resources: { listChanged: true, subscribe: true },
};
const key = 'io.modelcontextprotocol/subscriptionId';

function setUp(capabilities: object = all, wishes: Wishes = new Map()) {
  const clock = createFakeClock();
  const log = createFakeLog();
  const transport = createFakeTransport();
  const heard: unknown[] = [];
  const connection = createConnection({
    profile: 'db:prod',
    transport,
    clock,
    maxInFlight: 10,
    roots: () => [],
    events: {
      onNotification: () => assert.fail('heard outside of its subscription'),
      onAmbiguous: () => {},
      onBusy: () => assert.fail('a subscription keeps nothing busy'),
      onStale: () => {},
      onEnd: () => {},
    },
  });
  const speaker = speakModern({
    profile: 'db:prod',
    connection,
    greeting: { result: { capabilities }, era: 'modern', isHttp: false },
    clientInfo: { name: 'nucleus' },
    clock,
    log,
    wishes,
    onNotification: (method, params) => void heard.push([method, params]),
  });
  const listens = () => transport.received('subscriptions/listen');
  const filterOf = (index: number) =>
    (listens()[index]?.params?.['notifications'] ?? {}) as Record<string, unknown>;
  const say = (method: string, params: object, id = listens().at(-1)?.id) =>
    transport.say({ jsonrpc: '2.0', method, params: { ...params, _meta: { [key]: id } } });
  const take = () => say('notifications/subscriptions/acknowledged', { notifications: {} });
  const follow = (uri: string, client: object = {}, method = 'resources/subscribe') =>
    speaker.request(method, { uri }, { timeoutMs: 1_000, peer: { client } as Peer });
  return { clock, log, transport, connection, speaker, heard, listens, filterOf, say, take, follow };
}

test('what an upstream declares that changes is subscribed to, once', () => {
  const { listens, connection } = setUp();
  assert.equal(listens().length, 1);
  assert.deepEqual(listens()[0]?.params?.['notifications'], {
    toolsListChanged: true,
    resourcesListChanged: true,
  });
  assert.equal(connection.inFlight, 0);
});

test('an upstream that declares nothing is not asked', () => {
  assert.equal(setUp({ tools: {} }).listens().length, 0);
});

test('what it tells is passed on without the id of the subscription', () => {
  const { heard, say, take } = setUp();
  take();
  say('notifications/tools/list_changed', {});
  say('notifications/resources/updated', { uri: 'a', more: 1 });
  assert.deepEqual(heard, [
    ['notifications/tools/list_changed', {}],
    ['notifications/resources/updated', { uri: 'a', more: 1 }],
  ]);
});

test('following a resource widens the subscription, and the one before ends when the new one is taken', async () => {
  const { transport, listens, take, follow } = setUp();
  take();
  const first = listens()[0]?.id;
  const followed = follow('test://a');
  await settled();
  assert.deepEqual(listens()[1]?.params?.['notifications'], {
    toolsListChanged: true,
    resourcesListChanged: true,
    resourceSubscriptions: ['test://a'],
  });
  assert.deepEqual(transport.received('notifications/cancelled'), []);
  take();
  assert.deepEqual(readReply(await followed).result, {});
  assert.deepEqual(
    transport.received('notifications/cancelled').map(({ params }) => params?.['requestId']),
    [first],
  );
});

test('a resource is followed as long as one client wants it', async () => {
  const { listens, filterOf, take, follow, speaker } = setUp();
  const [one, two] = [{}, {}];
  const first = follow('test://a', one);
  await settled();
  take();
  await first;
  await follow('test://a', two);
  assert.equal(listens().length, 2);
  await follow('test://a', one, 'resources/unsubscribe');
  assert.equal(listens().length, 2);
  speaker.left(two);
  assert.equal(listens().length, 3);
  assert.equal('resourceSubscriptions' in filterOf(2), false);
});

test('an upstream that does not take a subscription in time fails it, and is not kept asked for it', async () => {
  const wishes: Wishes = new Map();
  const { clock, follow } = setUp(all, wishes);
  const followed = assert.rejects(follow('test://a'), { code: 'UPSTREAM_TIMEOUT' });
  await clock.advance(5_000);
  await followed;
  assert.equal(wishes.size, 0);
});

test('an upstream without subscriptions to resources says so', async () => {
  await assert.rejects(setUp({ resources: {} }).follow('test://a'), { code: 'METHOD_UNKNOWN' });
});

test('a lost subscription is opened again, slower each time, and tells what may have been missed', async () => {
  const { clock, log, transport, listens, take, heard } = setUp();
  const end = () => transport.answer('subscriptions/listen', { resultType: 'complete' });
  end();
  await clock.advance(999);
  assert.equal(listens().length, 1);
  await clock.advance(1);
  assert.equal(listens().length, 2);
  end();
  await clock.advance(1_999);
  assert.equal(listens().length, 2);
  await clock.advance(1);
  assert.equal(listens().length, 3);
  const warnings = () => log.lines.filter((line) => line.startsWith('warn'));
  assert.deepEqual(warnings(), []);
  take();
  assert.deepEqual(heard, [
    ['notifications/tools/list_changed', undefined],
    ['notifications/resources/list_changed', undefined],
  ]);
  for (const rest of [4_000, 8_000]) {
    end();
    await clock.advance(rest);
  }
  const line = 'warn upstream ends its subscription again and again; it is asked for less and less often';
  assert.deepEqual(warnings(), [line]);
});

test('a server that knows no subscriptions is not asked again, and a closed one asks no more', async () => {
  const { clock, transport, listens } = setUp();
  transport.say({ jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'unknown' } });
  await clock.advance(120_000);
  assert.equal(listens().length, 1);
  const other = setUp();
  other.speaker.close();
  await other.clock.advance(120_000);
  assert.equal(other.listens().length, 1);
});

test('what was followed is followed over the next connection too', () => {
  const { filterOf } = setUp(all, new Map([['test://a', new Set([{}])]]));
  assert.deepEqual(filterOf(0)['resourceSubscriptions'], ['test://a']);
});
