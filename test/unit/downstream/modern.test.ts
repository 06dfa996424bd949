import assert from 'node:assert/strict';
import test from 'node:test';
import { NucleusError } from '../../../src-shared/errors.ts';
import { ask, rpc, send, stream, type Asked } from '../../helpers/http.ts';
import { until } from '../../helpers/until.ts';
import { openFront } from './http-support.ts';

const keys = 'io.modelcontextprotocol';

/** A request as a client of the modern era sends it. */
function modern(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  meta: object = {},
): [object, Asked] {
  const _meta = {
    [`${keys}/protocolVersion`]: '2026-07-28',
    [`${keys}/clientCapabilities`]: {},
    [`${keys}/clientInfo`]: { name: 'modern-test', version: '1' },
    ...meta,
  };
  const name = params['name'] ?? params['uri'];
  return [
    rpc(method, { ...params, _meta }, 'r-1'),
    {
      headers: {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        ...(typeof name === 'string' && { 'mcp-name': name }),
      },
    },
  ];
}

function nested(depth: number): object {
  let value = {};
  for (let level = 0; level < depth; level += 1) value = { value };
  return value;
}

const call = (meta: object = {}): [object, Asked] =>
  modern('tools/call', { name: 'db_prod_wait', arguments: {} }, meta);

test('discover says what we are without opening anything', async (t) => {
  const { url, counts } = await openFront(t);
  const { status, headers, message } = await ask(url, ...modern('server/discover'));
  assert.equal(status, 200);
  assert.equal(headers['mcp-session-id'], undefined);
  const { instructions, ...result } = message.result ?? {};
  assert.match(String(instructions), /^Nucleus holds several accounts/);
  assert.deepEqual(result, {
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true },
      logging: {},
      completions: {},
    },
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [`${keys}/serverInfo`]: { name: 'nucleus', title: 'Nucleus', version: '9.9.9' } },
  });
  await until('the end of the request', () => counts.at(-1) === 0);
});

test('lists are the pages of the view, with how long they may be kept', async (t) => {
  const { url } = await openFront(t);
  const { message } = await ask(url, ...modern('tools/list'));
  const { tools, ...rest } = message.result ?? {};
  assert.deepEqual(
    (tools as { name: string }[]).map(({ name }) => name),
    ['db_prod_wait'],
  );
  assert.deepEqual(rest, { resultType: 'complete', ttlMs: 0, cacheScope: 'private' });
  const wrong = await ask(url, ...modern('tools/list', { cursor: 'x' }));
  assert.deepEqual([wrong.status, wrong.message.error?.code, wrong.message.id], [200, -32602, 'r-1']);
});

test('a call goes down the road of all calls, and its answer is JSON', async (t) => {
  const { url, calls } = await openFront(t);
  const answering = ask(url, ...call({ [`${keys}/clientCapabilities`]: { sampling: {}, roots: {} } }));
  await until('the call', () => calls.length === 1);
  const [{ principal, client, peer, method } = assert.fail()] = calls;
  assert.deepEqual([principal, client, method, peer?.era], ['local', 'modern-test', 'tools/call', 'modern']);
  // Which folders a client works in is told to no account when it sees them all.
  assert.deepEqual(peer?.capabilities, { sampling: {} });
  calls[0]?.answer('done');
  const { status, headers, message } = await answering;
  assert.deepEqual([status, headers['content-type']], [200, 'application/json']);
  assert.deepEqual(message.result, {
    resultType: 'complete',
    content: [{ type: 'text', text: 'done' }],
  });
});

test('progress and wanted log messages go before the answer, on its stream', async (t) => {
  const { url, calls } = await openFront(t);
  void until('the call', () => calls.length === 1).then(() => {
    calls[0]?.peer?.tell('notifications/message', { level: 'info', data: 'too little' });
    calls[0]?.peer?.tell('notifications/message', { level: 'error', data: 'much' });
    calls[0]?.onProgress?.({ progress: 1 });
    calls[0]?.peer?.tell('notifications/message', { level: 'error', data: nested(50_000) });
    calls[0]?.answer('done');
  });
  const events = await stream(t, url, ...call({ progressToken: 'p', [`${keys}/logLevel`]: 'warning' }));
  await events.ended();
  assert.deepEqual(
    events.seen.map(({ method, id }) => method ?? id),
    ['notifications/message', 'notifications/progress', 'r-1'],
  );
  assert.deepEqual(events.seen[1]?.params, { progress: 1, progressToken: 'p' });
});

test('without a level no log message is passed', async (t) => {
  const { url, calls } = await openFront(t);
  const answering = ask(url, ...call());
  await until('the call', () => calls.length === 1);
  calls[0]?.peer?.tell('notifications/message', { level: 'emergency', data: 'fire' });
  calls[0]?.answer('done');
  assert.equal((await answering).headers['content-type'], 'application/json');
});

test('closing the connection cancels the call', async (t) => {
  const { url, calls } = await openFront(t);
  const controller = new AbortController();
  const [body, asked] = call();
  const sent = send(url, body, { ...asked, signal: controller.signal }).catch((error: Error) => error.name);
  await until('the call', () => calls.length === 1);
  controller.abort();
  assert.equal(await sent, 'AbortError');
  await until('the end of the call', () => calls[0]?.signal?.aborted === true);
});

test('what the modern era has no more, and what nobody knows, is not found', async (t) => {
  const { url } = await openFront(t);
  const methods = ['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'tools/destroy'];
  for (const method of methods) {
    const { status, headers, message } = await ask(url, ...modern(method));
    assert.deepEqual([status, message.error?.code, message.id], [404, -32601, 'r-1'], method);
    assert.equal(headers['mcp-session-id'], undefined);
  }
});

test('an envelope or headers that are wrong are refused with 400 and the id of the request', async (t) => {
  const { url, calls } = await openFront(t);
  const [body, { headers = {} }] = call();
  const refused = [
    [rpc('tools/call', { name: 'db_prod_wait' }, 'r-1'), headers, -32602],
    [body, { ...headers, 'mcp-name': 'other' }, -32020],
    [body, { ...headers, 'mcp-protocol-version': '2027-01-01' }, -32020],
    [
      modern('tools/list', {}, { [`${keys}/protocolVersion`]: '2027-01-01' })[0],
      { 'mcp-protocol-version': '2027-01-01', 'mcp-method': 'tools/list' },
      -32022,
    ],
  ] as const;
  for (const [sent, given, code] of refused) {
    const { status, message } = await ask(url, sent, { headers: given });
    assert.deepEqual([status, message.error?.code, message.id], [400, code, 'r-1']);
  }
  assert.equal(calls.length, 0);
});

test('who may not see what it asks for is told so', async (t) => {
  const refuses = (): Error => new NucleusError('VIEW_REFUSED', 'not yours');
  const { url } = await openFront(t, { refuses });
  const { status, message } = await ask(url, ...modern('tools/list'));
  assert.deepEqual([status, message.error?.message], [403, 'not yours']);
});

const changed = new Map([['db:prod', new Set(['tool', 'prompt'] as const)]]);

test('a subscription tells what was asked for and nothing else, until we end it', async (t) => {
  const { url, listens, front, counts } = await openFront(t);
  const wanted = { toolsListChanged: true, resourceSubscriptions: ['x:y'], nonsense: true };
  const events = await stream(t, url, ...modern('subscriptions/listen', { notifications: wanted }));
  const stamp = { [`${keys}/subscriptionId`]: 'r-1' };
  await until('the acknowledgement', () => events.seen.length === 1);
  assert.deepEqual(events.seen[0], {
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications: { toolsListChanged: true }, _meta: stamp },
  });
  listens.listsChanged(new Map([['other:one', new Set(['tool'] as const)]]));
  listens.listsChanged(changed);
  await until('the news', () => events.seen.length === 2);
  assert.deepEqual(events.seen[1], {
    jsonrpc: '2.0',
    method: 'notifications/tools/list_changed',
    params: { _meta: stamp },
  });
  front.stopListening();
  await events.ended();
  const { _meta: meta, ...result } = events.seen[2]?.result ?? {};
  assert.deepEqual(result, { resultType: 'complete' });
  assert.equal((meta as Record<string, unknown>)[`${keys}/subscriptionId`], 'r-1');
  await front.finish();
  assert.equal(counts.at(-1), 0);
});

test('a subscription to nothing ends at once, and one that says nothing is refused', async (t) => {
  const { url } = await openFront(t);
  const events = await stream(t, url, ...modern('subscriptions/listen', { notifications: {} }));
  await events.ended();
  assert.deepEqual(
    events.seen.map(({ method, id }) => method ?? id),
    ['notifications/subscriptions/acknowledged', 'r-1'],
  );
  const { message } = await ask(url, ...modern('subscriptions/listen'));
  assert.equal(message.error?.code, -32602);
  const [body, asked] = modern('subscriptions/listen', { notifications: {} });
  const deaf = await ask(url, body, { ...asked, accept: 'application/json' });
  assert.match(deaf.message.error?.message ?? '', /accept text\/event-stream/);
});

test('one client cannot hold more than a hundred subscriptions, and those it leaves are freed', async (t) => {
  const { url, counts } = await openFront(t);
  const [body, asked] = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const open = [];
  for (let index = 0; index < 100; index += 1) open.push(await stream(t, url, body, asked));
  const { message } = await ask(url, body, asked);
  assert.match(message.error?.message ?? '', /100 subscriptions of this client are open/);
  for (const events of open) events.destroy();
  await until('all to be gone', () => counts.at(-1) === 0);
  const again = await stream(t, url, body, asked);
  await until('the acknowledgement', () => again.seen.length === 1);
  again.destroy();
});

test('a subscription nobody reads does not grow for ever', async (t) => {
  const { url, listens, counts } = await openFront(t, { client: { max_backlog_mib: 65_536 } });
  const [body, asked] = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const response = await send(url, body, asked);
  response.on('error', () => {
    // Cut off, as it should be.
  });
  t.after(() => response.destroy());
  await until('the end of the stream', () => {
    for (let index = 0; index < 1_000; index += 1) listens.listsChanged(changed);
    return counts.at(-1) === 0;
  });
});
