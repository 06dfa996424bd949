import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createConnection } from '../../../src-main/gateway/upstream/connection.ts';
import { openModernHttp } from '../../../src-main/gateway/upstream/http-modern.ts';
import { readReply } from '../../../src-main/gateway/wire/reply.ts';
import { startHttpUpstream, type Answer } from '../../fixtures/http-upstream.ts';
import { createFakeClock, createFakeLog } from '../../helpers/fake-clock.ts';
import { until } from '../../helpers/until.ts';

const json =
  (body: object, status = 200): Answer =>
  (response, id) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
const fine = json({ result: { resultType: 'complete' } });

/** A server behind the transport; what is not named is answered with an empty result. */
async function setUp(t: TestContext, answers: Readonly<Record<string, Answer>> = {}, schema?: unknown) {
  const upstream = await startHttpUpstream({ answers: { 'tools/list': fine, x: fine, ...answers } });
  t.after(() => upstream.close());
  const stale: string[] = [];
  const clock = createFakeClock();
  const connection = createConnection({
    profile: 'acme:main',
    roots: () => [],
    transport: openModernHttp({
      profile: 'acme:main',
      url: new URL(upstream.url),
      headers: { 'x-key': 'K' },
      secrets: ['K'],
      clock,
      log: createFakeLog(),
      limit: 1_000_000,
      inputSchema: (tool) => (tool === 'x' ? schema : undefined),
    }),
    clock,
    maxInFlight: 10,
    events: {
      onAmbiguous: () => {},
      onNotification: () => {},
      onBusy: () => {},
      onStale: (what) => void stale.push(what),
      onEnd: () => {},
    },
  });
  t.after(() => connection.close());
  const request = (method: string, params: Record<string, unknown> = {}, more: object = {}) =>
    connection.request(method, params, { timeoutMs: 5_000, ...more });
  const headers = () => upstream.requests.at(-1)?.headers ?? {};
  return { upstream, connection, request, headers, stale };
}

test('each request says its revision and its method beside its body, and goes by itself', async (t) => {
  const { upstream, request, headers } = await setUp(t);
  await request('tools/list');
  const { accept, 'mcp-protocol-version': version, 'mcp-method': method, 'x-key': key } = headers();
  assert.deepEqual(
    { accept, version, method, key },
    { accept: 'application/json, text/event-stream', version: '2026-07-28', method: 'tools/list', key: 'K' },
  );
  assert.equal('mcp-name' in headers() || 'mcp-session-id' in headers(), false);
  assert.deepEqual(
    upstream.requests.map((sent) => sent.method),
    ['POST'],
  );
});

for (const [method, params, name] of [
  ['tools/call', { name: 'x' }, 'x'],
  ['prompts/get', { name: ' ä ' }, '=?base64?IMOkIA==?='],
  ['resources/read', { uri: 'test://a' }, 'test://a'],
  ['tasks/get', { taskId: '=?base64?x?=' }, '=?base64?PT9iYXNlNjQ/eD89?='],
] as const)
  test(`${method} repeats what it is about`, async (t) => {
    const { request, headers } = await setUp(t, { [method]: fine });
    await request(method, params);
    assert.equal(headers()['mcp-name'], name);
  });

test('arguments are repeated where the schema of the tool says so', async (t) => {
  const schema = {
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      deep: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
      absent: { type: 'string', 'x-mcp-header': 'Absent' },
      other: { type: 'string' },
    },
  };
  const { request, headers } = await setUp(t, {}, schema);
  await request('tools/call', { name: 'x', arguments: { region: 'eü', deep: { count: 3 }, other: 'o' } });
  const found = Object.entries(headers()).filter(([name]) => name.startsWith('mcp-param-'));
  assert.deepEqual(found, [
    ['mcp-param-region', '=?base64?ZcO8?='],
    ['mcp-param-count', '3'],
  ]);
});

test('a cancelled request ends with its connection, and nothing is posted about it', async (t) => {
  const closed = Promise.withResolvers<void>();
  const { upstream, request } = await setUp(t, {
    x: (response, _id, _message, incoming) => {
      incoming.socket.once('close', closed.resolve);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': here\n\n');
    },
  });
  const controller = new AbortController();
  const call = request('tools/call', { name: 'x' }, { signal: controller.signal });
  await until('it is there', () => upstream.requests.length === 1);
  controller.abort();
  await assert.rejects(call, { code: 'CALL_CANCELLED' });
  await closed.promise;
  assert.equal(upstream.requests.length, 1);
});

test('an error the server answers with comes back as it is, whatever its status', async (t) => {
  const error = { code: -32601, message: 'none', data: { a: 1 } };
  const { request, stale } = await setUp(t, { 'resources/read': json({ error }, 404) });
  await request('tools/list');
  assert.deepEqual(readReply(await request('resources/read', { uri: 'a' })).error, error);
  assert.deepEqual(stale, []);
});

test('a stream that ends early is lost and not asked for again', async (t) => {
  const { upstream, request } = await setUp(t, {
    x: (response) =>
      void response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end('id: 1\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\n\n'),
  });
  await assert.rejects(request('tools/call', { name: 'x' }), { code: 'UPSTREAM_EXITED' });
  assert.equal(upstream.requests.length, 1);
});

for (const [name, answer] of [
  ['has no such path', (response: Parameters<Answer>[0]) => void response.writeHead(404).end()],
  ['wants a session', json({ id: null, error: { code: -32000, message: 'no session' } }, 400)],
  ['speaks another revision', json({ error: { code: -32022, message: 'no', data: {} } }, 400)],
] as const)
  test(`a server that ${name} all of a sudden was changed, and the call did not run`, async (t) => {
    const { request, stale } = await setUp(t, { x: answer });
    await request('tools/list');
    await assert.rejects(request('tools/call', { name: 'x' }), (error: { data?: { outcome?: string } }) => {
      assert.equal(error.data?.outcome, 'not-run');
      return true;
    });
    assert.equal(stale.length, 1);
    await assert.rejects(request('tools/list'), { code: 'UPSTREAM_BUSY' });
  });
