import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { noAudit } from '../../../src-main/gateway/audit/audit.ts';
import { defaultConfig } from '../../../src-shared/config.ts';
import { createSession, type Message as Sent } from '../../../src-main/gateway/downstream/session.ts';
import { noLimits } from '../../../src-main/gateway/policy/limits.ts';
import type { Offer } from '../../../src-main/gateway/routing/catalog.ts';
import { createBridge } from '../../../src-main/gateway/routing/bridge.ts';
import { createRequestStates } from '../../../src-main/gateway/routing/request-states.ts';
import { createNewOld } from '../../../src-main/gateway/wire/eras/new-old.ts';
import { createDispatch } from '../../../src-main/gateway/routing/dispatch.ts';
import { createCursors } from '../../../src-main/gateway/routing/pages.ts';
import { createView } from '../../../src-main/gateway/routing/view.ts';
import { createSubscriptions } from '../../../src-main/gateway/routing/subscriptions.ts';
import { createTasks } from '../../../src-main/gateway/routing/tasks.ts';
import { createCatalogStore, type DefinitionKind } from '../../../src-main/gateway/storage/catalog-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createSupervisor } from '../../../src-main/gateway/upstream/supervisor.ts';
import { createFakeEras } from '../../helpers/eras.ts';
import { createTestGate } from '../../helpers/gate.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import {
  createFakeTransport,
  greeting,
  type FakeTransport,
  type Message,
} from '../../helpers/fake-transport.ts';
import { verifies } from '../../helpers/requirements.ts';

const binding = { profile: 'db:prod', connector: 'db', alias: 'prod', metadata: {} };
const known: Offer = {
  greeting,
  tool: [{ name: 'query' }, { name: 'list_tables' }],
  prompt: [{ name: 'review' }],
  resource: [{ uri: 'file:///a', name: 'a' }],
  template: [{ uriTemplate: 'file:///{p}', name: 't' }],
};

/** A session over one real road to one upstream in memory. */
function setUp(
  t: TestContext,
  options: {
    offer?: Offer | null;
    limits?: Partial<typeof defaultConfig.client>;
    principal?: string;
    settle?: (learn: (offer: Offer) => void) => Promise<void>;
    initialize?: boolean;
  } = {},
) {
  t.mock.method(Math, 'random', () => 0.5);
  const clock = createFakeClock();
  const log = createFakeLog();
  const registry = openRegistry('memory');
  t.after(() => registry.close());
  const current = { offer: options.offer === undefined ? known : options.offer };
  const upstreams: FakeTransport[] = [];
  const supervisor = createSupervisor({
    clock,
    log,
    config: defaultConfig.upstream,
    eras: createFakeEras(),
    version: '9.9.9',
    open: () => {
      upstreams.push(createFakeTransport({ answers: { initialize: greeting } }));
      return Promise.resolve(upstreams.at(-1) as FakeTransport);
    },
    onReady: () => {},
    onNotification: () => {},
    onState: () => {},
    roots: () => [],
    wanted: () => false,
  });
  const view = createView(
    {
      cursors: createCursors(),
      id: '',
      catalog: { offer: () => current.offer },
      names: createCatalogStore(registry.db),
    },
    [binding],
  );
  const audit = noAudit;
  const written: string[] = [];
  const io = { ends: 0, backlog: 0, named: 0 };
  const write = (message: Sent): void =>
    void written.push(Buffer.concat(message.map((part) => Buffer.from(part as string))).toString('utf8'));
  const dispatch = createDispatch({
    gate: createTestGate({ clock }).gate,
    limits: noLimits,
    bridge: createBridge({
      roots: () => [],
      supervisor,
      clock,
      newOld: createNewOld({ clock, states: createRequestStates(), setLevel: async () => {} }),
    }),
    audit,
    whenFull: 'refuse-guarded',
    clock,
  });
  const session = createSession(
    {
      clock,
      log,
      limits: { ...defaultConfig.client, ...options.limits },
      version: '9.9.9',
      dispatch,
      exposedDispatch: () => dispatch,
      setLevel: () => Promise.resolve(),
      subscriptions: createSubscriptions({ supervisor: () => supervisor, log }),
      tasks: createTasks({ clock }),
      onNamed: () => void (io.named += 1),
      answerModern: () => ({ done: Promise.resolve(), cancel: () => {}, finish: () => {} }),
      settle: () => options.settle?.((offer) => (current.offer = offer)) ?? Promise.resolve(),
    },
    {
      answer: (_id, message) => write(message),
      notify(message) {
        write(message);
        return true;
      },
      end: () => void (io.ends += 1),
      backlog: () => io.backlog,
    },
    { principal: options.principal ?? 'local' },
    () => view,
  );
  const setup = {
    clock,
    log,
    session,
    io,
    current,
    written,
    supervisor,
    upstreams,
    upstream: () => upstreams.at(-1) as FakeTransport,
    /** What the client received, as messages. */
    received: (): Message[] => written.map((line) => JSON.parse(line) as Message),
    say(line: object | string): void {
      session.receive(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)));
    },
    request(id: unknown, method: string, params?: object): void {
      setup.say({ jsonrpc: '2.0', id, method, ...(params && { params }) });
    },
  };
  if (options.initialize !== false) {
    setup.request('hello', 'initialize', {
      protocolVersion: '2025-11-25',
      clientInfo: { name: 'tester', version: '1' },
    });
    setup.say({ jsonrpc: '2.0', method: 'notifications/initialized' });
    written.length = 0;
  }
  return setup;
}

const callTool = { name: 'db_prod_query', arguments: { sql: 'SELECT 1' } };

const resultOf = (message: Message | undefined) => (message?.result ?? {}) as Record<string, unknown>;

const errorOf = (message: Message | undefined) =>
  message?.error as { code: number; message: string; data?: Record<string, unknown> };

test('initialize answers with what we are, what we can and how names are made', (t) => {
  const { request, received } = setUp(t, { initialize: false });
  request(1, 'initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'x', version: '1' },
  });
  const [answer] = received() as [Message];
  const { instructions, ...rest } = answer.result as { instructions: string };
  assert.deepEqual(rest, {
    protocolVersion: '2025-06-18',
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true },
      logging: {},
      completions: {},
    },
    serverInfo: { name: 'nucleus', title: 'Nucleus', version: '9.9.9' },
  });
  assert.match(instructions, /- db: 1 profile\(s\) — prod/);
  assert.equal(answer.id, 1);
});

test('a revision we speak is taken, for any other the newest one is offered', (t) => {
  const table: [unknown, string][] = [
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['2024-11-05', '2024-11-05'],
    ['2024-10-07', '2024-10-07'],
    ['2026-07-28', '2025-11-25'],
    ['1.0', '2025-11-25'],
    ['', '2025-11-25'],
    [20_251_125, '2025-11-25'],
    [null, '2025-11-25'],
    [undefined, '2025-11-25'],
  ];
  for (const [protocolVersion, expected] of table) {
    const { request, received } = setUp(t, { initialize: false });
    request(0, 'initialize', { protocolVersion });
    assert.equal(resultOf(received()[0])['protocolVersion'], expected);
  }
});

test('the client is known by the name it gives, cut to a bearable length', (t) => {
  const { request, session, clock } = setUp(t, { initialize: false, principal: 'cursor' });
  assert.deepEqual(session.client, {
    name: 'unknown',
    version: '',
    principal: 'cursor',
    connectedAt: clock.now(),
  });
  request(1, 'initialize', { clientInfo: { name: 'n'.repeat(500), version: 'v'.repeat(500) } });
  assert.equal(session.client.name, 'n'.repeat(100));
  assert.equal(session.client.version, 'v'.repeat(50));
  request(2, 'initialize', { clientInfo: { name: 7, version: null } });
  assert.equal(session.client.name, 'n'.repeat(100));
});

test('a client without a key is local', (t) => {
  assert.equal(setUp(t).session.client.principal, 'local');
});

test('who a client is, is told when it says so', (t) => {
  const { session, io, request } = setUp(t, { initialize: false });
  assert.equal(io.named, 0);
  request(1, 'initialize', { protocolVersion: '2025-11-25', clientInfo: { name: 'later', version: '1' } });
  assert.deepEqual([session.client.name, io.named], ['later', 1]);
});

test('ping is answered at once, also before initialize and while calls are open', async (t) => {
  verifies('FIX-001');
  const { request, written } = setUp(t, { initialize: false });
  request(0, 'ping');
  assert.deepEqual(written, ['{"jsonrpc":"2.0","id":0,"result":{}}']);
  request(1, 'tools/call', callTool);
  await settled();
  request('', 'ping');
  assert.deepEqual(written.slice(1), ['{"jsonrpc":"2.0","id":"","result":{}}']);
});

test('every list is answered from the catalog, without an upstream', async (t) => {
  verifies('NEW-009');
  const { request, received, upstreams } = setUp(t);
  request(1, 'tools/list');
  request(2, 'prompts/list', {});
  request(3, 'resources/list', { cursor: undefined });
  request(4, 'resources/templates/list');
  await settled();
  assert.deepEqual(
    received().map(({ id, result }) => [id, Object.keys(result as object)]),
    [
      [1, ['tools']],
      [2, ['prompts']],
      [3, ['resources']],
      [4, ['resourceTemplates']],
    ],
  );
  assert.equal(upstreams.length, 0);
});

test('a cursor that is not ours is an error of its list', async (t) => {
  const { request, received } = setUp(t);
  request(1, 'tools/list', { cursor: 'page-7' });
  await settled();
  assert.equal(errorOf(received()[0]).code, -32602);
  assert.equal(errorOf(received()[0]).data?.['code'], 'CURSOR_INVALID');
});

test('a call goes to the upstream and its answer comes back under the id of the client', async (t) => {
  for (const id of [0, '', 'x', 1.5, -3, 9_007_199_254_740_991]) {
    const { request, written, upstream } = setUp(t);
    request(id, 'tools/call', callTool);
    await settled();
    assert.deepEqual(upstream().received('tools/call')[0]?.params, {
      name: 'query',
      arguments: { sql: 'SELECT 1' },
    });
    upstream().say('{"jsonrpc":"2.0","id":2,"result":{"content":[],"x":1.0}}');
    await settled();
    assert.deepEqual(written, [
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[],"x":1.0}}`,
    ]);
  }
});

test('prompts/get and resources/read go the same road', async (t) => {
  const { request, received, upstream } = setUp(t);
  request(1, 'prompts/get', { name: 'db_prod_review', arguments: { code: 'x' } });
  request(2, 'resources/read', { uri: 'nucleus://db/prod/file:///a' });
  request(3, 'resources/read', { uri: 'file:///a' });
  await settled();
  assert.deepEqual(upstream().received('prompts/get')[0]?.params, {
    name: 'review',
    arguments: { code: 'x' },
  });
  assert.deepEqual(
    upstream()
      .received('resources/read')
      .map(({ params }) => params),
    [{ uri: 'file:///a' }, { uri: 'file:///a' }],
  );
  upstream().say({ jsonrpc: '2.0', id: 2, result: { messages: [] } });
  await settled();
  assert.deepEqual(received(), [{ jsonrpc: '2.0', id: 1, result: { messages: [] } }]);
});

test('an error of the upstream reaches the client as it was', async (t) => {
  const { request, written, upstream } = setUp(t);
  request(7, 'tools/call', callTool);
  await settled();
  upstream().say('{"jsonrpc":"2.0","id":2,"error":{"code":-32042,"message":"sign in","data":{"url":"x"}}}');
  await settled();
  assert.deepEqual(written, [
    '{"jsonrpc":"2.0","id":7,"error":{"code":-32042,"message":"sign in","data":{"url":"x"}}}',
  ]);
});

test('a method nobody knows is -32601, also one that every object has', (t) => {
  const { request, received } = setUp(t);
  const methods = ['tools/destroy', 'constructor', '__proto__', 'toString', '', 'vendor/method'];
  for (const [id, method] of methods.entries()) request(id, method);
  assert.deepEqual(
    received().map(({ error }) => (error as { code: number }).code),
    methods.map(() => -32601),
  );
  assert.equal(errorOf(received()[0]).message, 'Nucleus does not know the method tools/destroy');
});

test('an unknown tool, prompt or resource is refused with names like it', async (t) => {
  const { request, received, upstreams } = setUp(t);
  request(1, 'tools/call', { name: 'db_staging_query' });
  request(2, 'prompts/get', { name: 'nothing alike' });
  request(3, 'resources/read', { uri: 'file:///none' });
  request(4, 'tools/call', { name: 'x'.repeat(500) });
  await settled();
  assert.deepEqual(
    received().map((message) => [message.id, errorOf(message).code, errorOf(message).message]),
    [
      [1, -32602, 'unknown tool "db_staging_query"; did you mean db_prod_query?'],
      [2, -32602, 'unknown prompt "nothing alike"; prompts/list shows what there is'],
      [3, -32002, 'unknown resource "file:///none"; resources/list shows what there is'],
      [4, -32602, `unknown tool "${'x'.repeat(120)}…"; tools/list shows what there is`],
    ],
  );
  assert.equal(upstreams.length, 0);
});

test('wrong parameters are refused before an upstream is touched', async (t) => {
  const { request, received, upstreams } = setUp(t);
  request(1, 'tools/call');
  request(2, 'tools/call', { name: 7 });
  request(3, 'resources/read', { name: 'x' });
  request(4, 'tools/call', { name: 'db_prod_query', arguments: [1] });
  request(5, 'tools/call', { name: 'db_prod_query', arguments: null });
  await settled();
  assert.deepEqual(
    received().map((message) => [errorOf(message).code, errorOf(message).message]),
    [
      [-32602, 'name is required and must be a string'],
      [-32602, 'name is required and must be a string'],
      [-32602, 'uri is required and must be a string'],
      [-32602, 'arguments of db_prod_query must be an object'],
      [-32602, 'arguments of db_prod_query must be an object'],
    ],
  );
  assert.equal(upstreams.length, 0);
});

test('an id that is in use is refused, and the call that has it goes on', async (t) => {
  const { request, received, upstream } = setUp(t);
  request(0, 'tools/call', callTool);
  await settled();
  request(0, 'tools/call', callTool);
  request(0, 'ping');
  assert.deepEqual(
    received().map((message) => [message.id, errorOf(message).code, errorOf(message).message]),
    [
      [0, -32600, 'id 0 is already in use'],
      [0, -32600, 'id 0 is already in use'],
    ],
  );
  upstream().answer('tools/call', { fine: true });
  await settled();
  assert.deepEqual(received().at(-1)?.result, { fine: true });
  assert.equal(upstream().received('tools/call').length, 1);
});

test('an id is free again once its call is answered, and "0" is not 0', async (t) => {
  const { request, received, upstream } = setUp(t);
  request(0, 'tools/call', callTool);
  request('0', 'tools/call', callTool);
  await settled();
  assert.equal(upstream().received('tools/call').length, 2);
  upstream().say({ jsonrpc: '2.0', id: 2, result: {} });
  await settled();
  request(0, 'ping');
  assert.deepEqual(
    received().map(({ id, result }) => [id, result]),
    [
      [0, {}],
      [0, {}],
    ],
  );
});

test('a cancelled call is cancelled upstream and gets no answer, even when one comes', async (t) => {
  verifies('FIX-002');
  const { request, say, written, upstream, clock } = setUp(t);
  request(0, 'tools/call', callTool);
  await settled();
  say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0, reason: 'enough' } });
  say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0 } });
  await settled();
  assert.deepEqual(
    upstream()
      .received('notifications/cancelled')
      .map(({ params }) => params),
    [{ requestId: 2, reason: 'enough' }],
  );
  upstream().say({ jsonrpc: '2.0', id: 2, result: {} });
  await clock.advance(600_000);
  assert.deepEqual(written, []);
});

test('a cancel of an id nobody has does nothing', async (t) => {
  const { request, say, upstream, received } = setUp(t);
  request(1, 'tools/call', callTool);
  await settled();
  for (const requestId of [2, '1', null, undefined, {}, true])
    say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
  say({ jsonrpc: '2.0', method: 'notifications/cancelled' });
  await settled();
  assert.equal(upstream().received('notifications/cancelled').length, 0);
  upstream().answer('tools/call', { fine: true });
  await settled();
  assert.deepEqual(
    received().map(({ result }) => result),
    [{ fine: true }],
  );
});

test('a cancel while the upstream starts ends the call; the upstream never hears of it', async (t) => {
  const { request, say, written, upstreams } = setUp(t);
  request(1, 'tools/call', callTool);
  say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
  await settled();
  assert.deepEqual(written, []);
  assert.deepEqual(
    upstreams.flatMap((upstream) => upstream.received('tools/call')),
    [],
  );
});

test('other notifications and stray responses are taken without an answer', async (t) => {
  const { say, written } = setUp(t);
  say({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' });
  say({ jsonrpc: '2.0', method: 'notifications/nobody/knows', params: { a: 1 } });
  say({ jsonrpc: '2.0', id: 5, result: {} });
  say({ jsonrpc: '2.0', id: 5, error: { code: 1, message: 'x' } });
  await settled();
  assert.deepEqual(written, []);
});

test('progress comes under the token of the client, before the answer, and only when asked for', async (t) => {
  verifies('FIX-001');
  for (const progressToken of [0, '', 'tok', 7]) {
    const { request, received, upstream } = setUp(t);
    request(1, 'tools/call', { ...callTool, _meta: { progressToken } });
    request(2, 'tools/call', callTool);
    await settled();
    const [asked, silent] = upstream().received('tools/call');
    assert.deepEqual(asked?.params?.['_meta'], { progressToken: asked?.id });
    assert.equal(silent?.params?.['_meta'], undefined);
    for (const token of [asked?.id, silent?.id])
      upstream().say({
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: token, progress: 1, total: 2, message: 'half', x: 1 },
      });
    upstream().say({ jsonrpc: '2.0', id: asked?.id, result: {} });
    await settled();
    assert.deepEqual(received(), [
      {
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken, progress: 1, total: 2, message: 'half', x: 1 },
      },
      { jsonrpc: '2.0', id: 1, result: {} },
    ]);
  }
});

test('a progress token that is neither text nor number asks for nothing', async (t) => {
  for (const progressToken of [null, {}, [], true]) {
    const { request, written, upstream } = setUp(t);
    request(1, 'tools/call', { ...callTool, _meta: { progressToken } });
    await settled();
    upstream().say({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: 2, progress: 1 },
    });
    assert.deepEqual(written, []);
  }
});

test('progress nested too deeply to be passed on harms neither its call nor the gateway', async (t) => {
  const { request, received, upstream } = setUp(t);
  request(1, 'tools/call', { ...callTool, _meta: { progressToken: 'tok' } });
  await settled();
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  upstream().say(
    `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"progress":1,"x":${deep}}}`,
  );
  upstream().answer('tools/call', { fine: true });
  await settled();
  assert.deepEqual(
    received().map(({ result }) => result),
    [{ fine: true }],
  );
});

test('arguments nested too deeply to be passed on are refused with a sentence', async (t) => {
  const { say, received, supervisor } = setUp(t);
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  say(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"db_prod_query","arguments":{"a":${deep}}}}`,
  );
  await settled();
  assert.equal(errorOf(received()[0]).code, -32602);
  assert.match(errorOf(received()[0]).message, /nested too deeply/);
  assert.equal(supervisor.status('db:prod').inFlight, 0);
});

test('an answer larger than the client takes becomes a sentence, in whatever key order it came', async (t) => {
  const text = 'x'.repeat(2_000_000);
  const lines = [
    `{"jsonrpc":"2.0","id":2,"result":{"t":"${text}"}}`,
    `{"result":{"t":"${text}"},"jsonrpc":"2.0","id":2}`,
    `{"id":2,"jsonrpc":"2.0","result":{"t":"${text}"}}`,
  ];
  const sentence =
    'the answer of db:prod is 1.9 MiB, more than this client takes in one message; ask for less, or raise client.max_message_mib in config.toml';
  for (const line of lines)
    for (const method of ['tools/call', 'prompts/get']) {
      const { request, received, upstream } = setUp(t, { limits: { max_message_mib: 1_048_576 } });
      request(1, method, method === 'tools/call' ? callTool : { name: 'db_prod_review' });
      await settled();
      upstream().say(line);
      await settled();
      const [answer] = received();
      if (method === 'tools/call')
        assert.deepEqual(answer?.result, {
          content: [{ type: 'text', text: sentence }],
          isError: true,
          _meta: { 'dev.nucleus/error': { profile: 'db:prod', code: 'RESULT_TOO_LARGE' } },
        });
      else assert.deepEqual([errorOf(answer).code, errorOf(answer).message], [-32000, sentence]);
    }
});

test('a client that leaves too much unread is disconnected and its calls are cancelled', async (t) => {
  const { request, io, upstream, log, written } = setUp(t, { limits: { max_backlog_mib: 1_000 } });
  request(1, 'tools/call', callTool);
  await settled();
  io.backlog = 1_000;
  request(2, 'ping');
  assert.equal(io.ends, 0);
  io.backlog = 1_001;
  request(3, 'ping');
  assert.equal(io.ends, 1);
  await settled();
  assert.equal(upstream().received('notifications/cancelled').length, 1);
  assert.ok(log.lines.includes('warn client reads too slowly and is disconnected'));
  const before = written.length;
  request(4, 'ping');
  request(5, 'tools/call', callTool);
  await settled();
  assert.equal(written.length, before);
  assert.equal(upstream().received('tools/call').length, 1, 'a closed session starts nothing');
});

test('close cancels the calls of the session, once, and writes nothing more', async (t) => {
  const { request, session, io, upstream, written } = setUp(t);
  request(1, 'tools/call', callTool);
  request(2, 'tools/call', callTool);
  await settled();
  session.close();
  session.close();
  await settled();
  assert.equal(io.ends, 1);
  assert.equal(upstream().received('notifications/cancelled').length, 2);
  session.listsChanged(changes('db:prod', 'tool'));
  assert.deepEqual(written, []);
});

test('each malformed line gets exactly one answer, and the session goes on', async (t) => {
  const cases: [string, number, unknown][] = [
    ['{', -32700, null],
    ['garbage', -32700, null],
    ['[]', -32600, null],
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, null],
    ['7', -32600, null],
    ['{}', -32600, null],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, null],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, null],
    ['{"jsonrpc":"2.0","id":3,"method":"ping","params":[]}', -32600, 3],
    ['{"jsonrpc":"2.0","id":3,"method":4}', -32600, 3],
    ['{"jsonrpc":"2.0","id":"a"}', -32600, 'a'],
  ];
  for (const [line, code, id] of cases) {
    const { say, request, received } = setUp(t);
    say(line);
    await settled();
    assert.deepEqual(
      received().map((message) => [message.id, errorOf(message).code]),
      [[id, code]],
      line,
    );
    request(9, 'ping');
    assert.deepEqual(received()[1], { jsonrpc: '2.0', id: 9, result: {} });
  }
});

test('a list that meets a profile never seen waits for its first listing', async (t) => {
  verifies('NUC-100');
  const first = Promise.withResolvers<void>();
  const setup = setUp(t, {
    offer: null,
    settle: async (learn) => {
      await first.promise;
      learn(known);
    },
  });
  setup.request(1, 'tools/list');
  setup.request(2, 'ping');
  await settled();
  assert.deepEqual(
    setup.received().map(({ id }) => id),
    [2],
    'a ping does not wait',
  );
  first.resolve();
  await settled();
  assert.equal((resultOf(setup.received()[1])['tools'] as unknown[]).length, 2);
});

test('a list is answered with the rest when a first listing does not come in time', async (t) => {
  verifies('NUC-100', 'NEX-017');
  const { request, received } = setUp(t, { offer: null, settle: () => Promise.resolve() });
  request(1, 'tools/list');
  await settled();
  assert.deepEqual(received(), [{ jsonrpc: '2.0', id: 1, result: { tools: [] } }]);
});

test('a list that cannot be made is an error of that request alone', async (t) => {
  const { request, received } = setUp(t, {
    offer: null,
    settle: () => Promise.reject(new Error('registry damaged')),
  });
  request(1, 'tools/list');
  await settled();
  request(2, 'ping');
  assert.deepEqual(
    received().map(({ id, error }) => [id, (error as { message?: string } | undefined)?.message]),
    [
      [1, 'registry damaged'],
      [2, undefined],
    ],
  );
});

test('a call of a tool not known yet waits for first listings too', async (t) => {
  const { request, received, upstreams } = setUp(t, {
    offer: null,
    settle: (learn) => {
      learn(known);
      return Promise.resolve();
    },
  });
  request(1, 'tools/call', callTool);
  await settled();
  upstreams[0]?.answer('tools/call', { fine: true });
  await settled();
  assert.deepEqual(
    received().map(({ result }) => result),
    [{ fine: true }],
  );
});

test('changed lists are told once per kind of notification', (t) => {
  const { session, written } = setUp(t);
  session.listsChanged(changes('db:prod', 'tool', 'prompt', 'resource', 'template'));
  assert.deepEqual(written, [
    '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
    '{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}',
    '{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}',
  ]);
});

test('changes of profiles outside the view are none of its business', (t) => {
  const { session, written } = setUp(t);
  session.listsChanged(changes('db:staging', 'tool'));
  assert.deepEqual(written, []);
});

test('before initialize a client hears of no changes', (t) => {
  const { session, written } = setUp(t, { initialize: false });
  session.listsChanged(changes('db:prod', 'tool'));
  assert.deepEqual(written, []);
});

test('the person is told which profiles the session sees', (t) => {
  verifies('NUC-104');
  assert.deepEqual(setUp(t).session.notes(), [
    'resolved profile connector=db alias=prod profile=db:prod source=all',
  ]);
});

test('a client that sends no more is answered what it asked, then let go', async (t) => {
  const { request, session, received, io, upstream } = setUp(t);
  request(1, 'tools/call', callTool);
  request(2, 'tools/list');
  session.finish();
  await settled();
  assert.equal(io.ends, 0);
  upstream().answer('tools/call', { fine: true });
  await settled();
  assert.deepEqual(
    received().map(({ id }) => id),
    [2, 1],
  );
  assert.equal(io.ends, 1);
  assert.equal(upstream().received('notifications/cancelled').length, 0);
});

test('a client that sends no more and waits for nothing is let go at once', (t) => {
  const { say, io } = setUp(t);
  say({ jsonrpc: '2.0', method: 'notifications/nucleus/finish' });
  assert.equal(io.ends, 1);
});

test('a call that is cancelled is nothing to wait for', async (t) => {
  const { request, say, session, io } = setUp(t);
  request(1, 'tools/call', callTool);
  await settled();
  session.finish();
  say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
  await settled();
  assert.equal(io.ends, 1);
});

test('a message too long to be read is answered under its id where that can be told', (t) => {
  const { session, received, log } = setUp(t);
  session.overflow(
    Buffer.from('{"jsonrpc":"2.0","id":7,"method":"tools/call","par'),
    Buffer.from('xx"}}'),
    70 * 1024 * 1024,
  );
  session.overflow(Buffer.from('{"id" : 7'), Buffer.from('xx"}}'), 70 * 1024 * 1024);
  assert.deepEqual(
    received().map((message) => [message.id, errorOf(message).code, errorOf(message).message]),
    [7, null].map((id) => [
      id,
      -32602,
      'the message is 70.0 MiB, more than upstream.max_frame_mib in config.toml lets through; send less',
    ]),
  );
  assert.ok(log.lines.includes('warn client sent a message that is too long'));
});

function changes(profile: string, ...kinds: readonly DefinitionKind[]): Map<string, Set<DefinitionKind>> {
  return new Map([[profile, new Set(kinds)]]);
}
