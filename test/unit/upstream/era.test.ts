// Which era a server speaks, found out by greeting it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultConfig } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { createSupervisor } from '../../../src-main/gateway/upstream/supervisor.ts';
import type { Era } from '../../../src-main/gateway/wire/peer.ts';
import { readReply } from '../../../src-main/gateway/wire/reply.ts';
import { createFakeEras } from '../../helpers/eras.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import {
  createFakeTransport,
  greeting,
  type Answers,
  type FakeTransport,
} from '../../helpers/fake-transport.ts';

const id = 'db:prod';
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'nucleus', title: 'Nucleus', version: '9.9.9' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const discovery = {
  resultType: 'complete',
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: {} },
  instructions: 'Mind the gap.',
  _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'newer', version: '2.0.0' } },
};
const unknown = () => ({ error: { code: -32601, message: 'Method not found' } });
const onlyOlder = () => ({
  error: { code: -32022, message: 'no', data: { supported: ['2025-11-25'], requested: '2026-07-28' } },
});

function setUp(servers: Answers | readonly (() => FakeTransport)[], recalled: Era | null = null) {
  const clock = createFakeClock();
  const eras = createFakeEras(recalled);
  const opened: FakeTransport[] = [];
  const notifications: unknown[] = [];
  const supervisor = createSupervisor({
    clock,
    log: createFakeLog(),
    config: defaultConfig.upstream,
    version: '9.9.9',
    eras,
    open: async () => {
      const transport = Array.isArray(servers)
        ? (servers as readonly (() => FakeTransport)[])[opened.length]?.()
        : createFakeTransport({ answers: servers as Answers });
      assert.ok(transport, 'one start too many');
      opened.push(transport);
      return transport;
    },
    onReady: () => {},
    onNotification: (...all) => notifications.push(all),
    onState: () => {},
    roots: () => [],
    wanted: () => false,
  });
  const methods = (index = 0) => opened[index]?.sent.map(({ method }) => method);
  return { supervisor, clock, eras, opened, notifications, methods };
}

test('a server of the modern era is asked server/discover with an envelope, and nothing else', async () => {
  const { supervisor, opened, eras } = setUp({ 'server/discover': discovery });
  const { result, era } = await supervisor.connect(id);
  assert.equal(era, 'modern');
  assert.deepEqual(result, {
    ...discovery,
    protocolVersion: '2026-07-28',
    serverInfo: { name: 'newer', version: '2.0.0' },
  });
  assert.deepEqual(opened[0]?.sent, [
    { jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: envelope } },
  ]);
  assert.deepEqual(eras.noted, [[id, 'modern', 'newer 2.0.0', true]]);
  assert.equal(await supervisor.eraOf(id), 'modern');
});

for (const [name, answer] of [
  ['does not know server/discover', unknown],
  ['says that it speaks older revisions only', onlyOlder],
  ['answers with an error of its own', () => ({ error: { code: -32000, message: 'Not initialized' } })],
  ['answers with something else', () => ({ result: {} })],
] as const)
  test(`a server that ${name} is greeted in the older way, in the same process`, async () => {
    const { supervisor, opened, eras, methods } = setUp({
      'server/discover': answer,
      initialize: greeting,
    });
    assert.equal((await supervisor.connect(id)).era, 'legacy');
    assert.deepEqual(methods(), ['server/discover', 'initialize', 'notifications/initialized']);
    assert.equal(opened.length, 1);
    assert.deepEqual(eras.noted, [[id, 'legacy', 'fake 1.2.3', true]]);
  });

test('a server that says nothing is greeted in the older way after two seconds', async () => {
  const { supervisor, clock, eras, methods } = setUp({ initialize: greeting });
  const connecting = supervisor.connect(id);
  await clock.advance(1_999);
  assert.deepEqual(methods(), ['server/discover']);
  await clock.advance(1);
  assert.equal((await connecting).era, 'legacy');
  assert.deepEqual(eras.noted, [[id, 'legacy', 'fake 1.2.3', true]]);
});

test('a slow server of the modern era is not taken for an older one', async () => {
  const { supervisor, clock, opened, methods } = setUp({});
  const connecting = supervisor.connect(id);
  await clock.advance(2_000);
  assert.deepEqual(methods(), ['server/discover', 'initialize']);
  opened[0]?.answer('server/discover', discovery);
  opened[0]?.say({ jsonrpc: '2.0', id: 2, error: { code: -32601, message: 'Method not found' } });
  assert.equal((await connecting).era, 'modern');
});

test('a server that ends over a request it does not know is started again and greeted in the older way', async () => {
  const shy = createFakeTransport();
  const { supervisor, opened, eras, methods } = setUp([
    () => shy,
    () => createFakeTransport({ answers: { initialize: greeting } }),
  ]);
  const connecting = supervisor.connect(id);
  await settled();
  shy.die();
  assert.equal((await connecting).era, 'legacy');
  assert.equal(opened.length, 2);
  assert.deepEqual(methods(1), ['initialize', 'notifications/initialized']);
  assert.deepEqual(eras.noted, [[id, 'legacy', 'fake 1.2.3', true]]);
});

test('a server that ends whatever it is asked is started twice the first time and once from then on', async () => {
  const dying = () => {
    const transport = createFakeTransport();
    queueMicrotask(() => setImmediate(() => transport.die()));
    return transport;
  };
  const { supervisor, opened, clock } = setUp([dying, dying, dying]);
  await assert.rejects(supervisor.connect(id), { code: 'UPSTREAM_EXITED' });
  assert.equal(opened.length, 2);
  await clock.advance(500);
  await assert.rejects(supervisor.connect(id), { code: 'UPSTREAM_EXITED' });
  assert.equal(opened.length, 3);
});

test('a server known to be older is not asked anything else', async () => {
  const { supervisor, eras, methods } = setUp({ initialize: greeting }, 'legacy');
  await supervisor.connect(id);
  assert.deepEqual(methods(), ['initialize', 'notifications/initialized']);
  assert.deepEqual(eras.noted, [[id, 'legacy', 'fake 1.2.3', false]]);
});

test('a server that was older and refuses the greeting is asked whether it is newer now', async () => {
  const { supervisor, eras } = setUp({ initialize: unknown, 'server/discover': discovery }, 'legacy');
  assert.equal((await supervisor.connect(id)).era, 'modern');
  assert.deepEqual(eras.noted, [[id, 'modern', 'newer 2.0.0', true]]);
});

test('a server that was newer and is no longer is greeted in the older way', async () => {
  const { supervisor, eras } = setUp({ initialize: greeting, 'server/discover': unknown }, 'modern');
  assert.equal((await supervisor.connect(id)).era, 'legacy');
  assert.deepEqual(eras.noted, [[id, 'legacy', 'fake 1.2.3', true]]);
});

test('a server that turns down the revision it names as its own is asked once more', async () => {
  const no = { error: { code: -32022, message: 'no', data: { supported: ['2026-07-28'] } } };
  let asked = 0;
  const once = setUp({ 'server/discover': () => ((asked += 1) === 1 ? no : { result: discovery }) });
  assert.equal((await once.supervisor.connect(id)).era, 'modern');
  assert.deepEqual(once.methods(), ['server/discover', 'server/discover']);
  const ever = setUp({ 'server/discover': () => no, initialize: greeting });
  assert.equal((await ever.supervisor.connect(id)).era, 'legacy');
  assert.deepEqual(ever.methods()?.slice(0, 3), ['server/discover', 'server/discover', 'initialize']);
});

test('a server that speaks only what comes after us is refused by name', async () => {
  const { supervisor } = setUp({
    initialize: unknown,
    'server/discover': { ...discovery, supportedVersions: ['2027-01-01'] },
  });
  await assert.rejects(supervisor.connect(id), {
    code: 'UPSTREAM_PROTOCOL',
    message: /speaks only revisions of MCP that Nucleus does not \(2027-01-01\)/,
  });
});

/** An endpoint as its transport reports it: `failure` is what comes of server/discover. */
function endpoint(failure: NucleusError) {
  const spoken: Era[] = [];
  const transport = createFakeTransport({ answers: { initialize: greeting } });
  const send = transport.send.bind(transport);
  Object.assign(transport, {
    isHttp: true,
    speak: (era: Era) => void spoken.push(era),
    send(message: string, requestId: number | undefined, isHarmless: boolean) {
      const isTaken = send(message, requestId, isHarmless);
      if (message.includes('server/discover')) queueMicrotask(() => transport.lose(requestId ?? 0, failure));
      return isTaken;
    },
  });
  return { spoken, transport };
}

for (const [status, isRemembered] of [
  [400, true],
  [404, true],
  [405, true],
  [500, false],
] as const)
  test(`over HTTP ${status} leads to the older greeting, and is ${isRemembered ? 'remembered' : 'no evidence'}`, async () => {
    const { spoken, transport } = endpoint(new NucleusError('UPSTREAM_PROTOCOL', 'refused', { status }));
    const { supervisor, eras } = setUp([() => transport]);
    assert.equal((await supervisor.connect(id)).era, 'legacy');
    assert.deepEqual(spoken, ['modern', 'legacy']);
    assert.deepEqual(eras.noted, [[id, 'legacy', 'fake 1.2.3', isRemembered]]);
  });

for (const code of ['UPSTREAM_REFUSED', 'UPSTREAM_UNREACHABLE', 'UPSTREAM_BUSY', 'UPSTREAM_EXITED'] as const)
  test(`over HTTP ${code} says nothing of the era and fails the start`, async () => {
    const { transport } = endpoint(new NucleusError(code, 'no'));
    const { supervisor, eras } = setUp([() => transport]);
    await assert.rejects(supervisor.connect(id), { code });
    assert.deepEqual([transport.received('initialize').length, eras.noted.length], [0, 0]);
  });

test('each request carries an envelope with what its client can be asked, and keeps what was in it', async () => {
  const { supervisor, opened } = setUp({ 'server/discover': discovery, 'tools/call': { content: [] } });
  const peer = {
    client: {},
    era: 'legacy' as const,
    capabilities: { sampling: {}, tasks: { list: {} } },
    logLevel: 'warning' as const,
    ask: async () => ({ result: {} }),
    tell: () => {},
  };
  const _meta = { traceparent: '00-1', 'io.modelcontextprotocol/protocolVersion': 'mine' };
  await supervisor.request(id, 'tools/call', { name: 'x', _meta }, { peer, onProgress: () => {} });
  assert.deepEqual(opened[0]?.received('tools/call')[0]?.params, {
    name: 'x',
    _meta: {
      traceparent: '00-1',
      ...envelope,
      'io.modelcontextprotocol/clientCapabilities': { sampling: {} },
      'io.modelcontextprotocol/logLevel': 'warning',
      progressToken: 2,
    },
  });
});

test('what the modern era no longer has is answered here', async () => {
  const { supervisor, methods } = setUp({ 'server/discover': discovery });
  for (const method of ['ping', 'logging/setLevel'])
    assert.deepEqual(readReply(await supervisor.request(id, method, {})).result, {});
  assert.deepEqual(methods(), ['server/discover']);
});

test('a live server that changed its era is greeted anew, and the call that met it runs once', async () => {
  const newer = createFakeTransport({ answers: { 'server/discover': discovery } });
  const older = createFakeTransport({
    answers: { 'server/discover': unknown, initialize: greeting, 'tools/call': { content: [] } },
  });
  const { supervisor, clock } = setUp([() => newer, () => older], null);
  await supervisor.connect(id);
  const call = supervisor.request(id, 'tools/call', { name: 'x' });
  await settled();
  newer.wither('no longer answers as a server of 2026-07-28 (HTTP 404)');
  newer.lose(
    newer.idOf('tools/call'),
    new NucleusError('UPSTREAM_PROTOCOL', 'refused', { outcome: 'not-run' }),
  );
  await clock.advance(1_000);
  assert.deepEqual(readReply(await call).result, { content: [] });
  assert.equal(supervisor.eraOf(id), 'legacy');
  assert.deepEqual(older.received('tools/call')[0]?.params, { name: 'x' });
});
