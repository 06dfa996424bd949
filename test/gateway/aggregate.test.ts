// Many accounts behind one address, as clients of either era see them: what is listed, named, told and gone on with.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import {
  PromptListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import {
  attach,
  connectClient,
  jsonOf,
  startGateway,
  textOf,
  unlabelled,
  type Attached,
  type Gateway,
} from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { addClient, openSession, stream, urlOf } from '../helpers/http.ts';
import type { Message } from '../helpers/lines.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope);
const script = join(import.meta.dirname, '../fixtures/rich-upstream.ts');
const big = '12345678901234567890';
const tasksKey = 'io.modelcontextprotocol/tasks';
let gateway: Gateway;

before(async () => {
  gateway = await startGateway(scope, home);
  await add('rich:one', '--name', 'one');
  await add('rich:two', '--name', 'two');
  await add('new:one', '--name', 'new', '--era', 'modern');
});

async function add(id: string, ...args: string[]): Promise<void> {
  const [connector = '', name = ''] = id.split(':');
  const launch = { command: process.execPath, args: [script, ...args] };
  const { probe } = await gateway.ask('profiles.add', { connector, name, launch });
  assert.ok(probe?.ok, JSON.stringify(probe));
}

/** A request of the modern era over the same socket; each says by itself what its client can do. */
function modern(
  lines: Attached,
  method: string,
  params: object = {},
  capabilities: object = {},
): Promise<Message> {
  const keys = 'io.modelcontextprotocol';
  const _meta = {
    [`${keys}/protocolVersion`]: '2026-07-28',
    [`${keys}/clientInfo`]: { name: 'modern', version: '1' },
    [`${keys}/clientCapabilities`]: capabilities,
  };
  return lines.request(method, { ...params, _meta });
}

async function legacy(t: Scope): Promise<Attached> {
  const lines = await attach(t, home);
  await lines.initialize();
  return lines;
}

const lastLine = (lines: Attached): string => lines.seen.at(-1) ?? '';

/** A real client of the modern era over HTTP. */
async function connectModern(t: Scope): Promise<ModernClient> {
  const headers = { authorization: `Bearer ${await addClient(gateway, `client-${(made += 1)}`)}` };
  const client = new ModernClient(
    { name: 'modern', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  t.after(() => client.close());
  const url = new URL('/mcp', await urlOf(gateway));
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  return client;
}
let made = 0;

test('prompts of all upstreams are listed, and what they name can be read', async (t) => {
  verifies('NEX-027');
  for (const client of [await connectClient(t, home), await connectModern(t)]) {
    const { prompts } = await client.listPrompts();
    assert.deepEqual(prompts.map(({ name }) => name).sort(), [
      'new_one_files',
      'rich_one_files',
      'rich_two_files',
    ]);
    const { messages } = await client.getPrompt({ name: 'rich_two_files' });
    const uris = messages.map(({ content }) =>
      content.type === 'resource' ? content.resource.uri : content.type === 'resource_link' && content.uri,
    );
    assert.deepEqual(uris, ['nucleus://rich/two/rich://in/prompt', 'nucleus://rich/two/rich://linked']);
    for (const uri of uris) {
      const { contents } = await client.readResource({ uri });
      assert.deepEqual(
        [contents[0]?.uri, contents[0] && 'text' in contents[0] && contents[0].text],
        [uri, 'two'],
      );
    }
  }
});

test('one URI of two profiles is listed twice, and each leads to its own', async (t) => {
  verifies('NEX-028');
  for (const client of [await connectClient(t, home), await connectModern(t)]) {
    const lists = await Promise.all([client.listResources(), client.listResources()]);
    const [first = [], second] = lists.map(({ resources }) => resources.map(({ uri }) => uri));
    assert.deepEqual(first, second);
    assert.equal(new Set(first).size, first.length);
    const shared = first.filter((uri) => uri.endsWith('rich://shared'));
    assert.deepEqual(shared, [
      'nucleus://new/one/rich://shared',
      'nucleus://rich/one/rich://shared',
      'nucleus://rich/two/rich://shared',
    ]);
    const texts: unknown[] = [];
    for (const uri of shared) {
      const { contents } = await client.readResource({ uri });
      assert.equal(contents[0]?.uri, uri);
      texts.push(contents[0] && 'text' in contents[0] && contents[0].text);
    }
    assert.deepEqual(texts, ['new', 'one', 'two']);
    await assert.rejects(client.readResource({ uri: 'rich://shared' }));
    const { contents } = await client.readResource({ uri: 'rich://own/two' });
    assert.deepEqual(
      [contents[0]?.uri, contents[1]?.uri],
      ['rich://own/two', 'nucleus://rich/two/rich://part'],
    );
  }
});

test('templates are listed and filled in, completed, and what they lead to is followed', async (t) => {
  verifies('NEX-029');
  const client = await connectClient(t, home);
  const updated: string[] = [];
  client.setNotificationHandler(
    ResourceUpdatedNotificationSchema,
    ({ params }) => void updated.push(params.uri),
  );
  assert.deepEqual(client.getServerCapabilities()?.resources, { listChanged: true, subscribe: true });
  const { resourceTemplates } = await client.listResourceTemplates();
  const templates = resourceTemplates.map(({ uriTemplate }) => uriTemplate);
  assert.ok(templates.includes('nucleus://rich/two/rich://two/item/{id}'), templates.join(' '));
  for (const [template, by] of [
    ['nucleus://rich/two/rich://two/item/{id}', 'two'],
    ['nucleus://new/one/rich://new/item/{id}', 'new'],
  ] as const) {
    const uri = template.replace('{id}', 'a b');
    const { contents } = await client.readResource({ uri });
    assert.equal(contents[0] && 'text' in contents[0] && contents[0].text, by);
    const argument = { name: 'id', value: '' };
    const completed = await client.complete({ ref: { type: 'ref/resource', uri: template }, argument });
    const own = template.slice(template.indexOf('rich://'));
    assert.deepEqual(completed.completion.values, [by, JSON.stringify({ type: 'ref/resource', uri: own })]);
    await client.subscribeResource({ uri });
    const tool = by === 'new' ? 'new_one_touch' : 'rich_two_touch';
    await client.callTool({ name: tool, arguments: { uri: own.replace('{id}', 'a b') } });
    await until('the client hears', () => updated.includes(uri));
    await client.unsubscribeResource({ uri });
  }
  const { completion } = await client.complete({
    ref: { type: 'ref/prompt', name: 'rich_one_files' },
    argument: { name: 'x', value: '' },
  });
  assert.deepEqual(completion.values, ['one', '{"type":"ref/prompt","name":"files"}']);
});

test('a client of the modern era hears of a resource under the address it knows', async (t) => {
  verifies('NEX-029');
  const lines = await attach(t, home);
  const uri = 'nucleus://rich/one/rich://shared';
  void modern(lines, 'subscriptions/listen', { notifications: { resourceSubscriptions: [uri] } }).catch(
    () => {},
  );
  await lines.next(
    'the acknowledgement',
    ({ method }) => method === 'notifications/subscriptions/acknowledged',
  );
  await until('the upstream knows', async () => {
    const counts = jsonOf((await modern(lines, 'tools/call', { name: 'rich_one_counts' })).result);
    return Number(counts['resources/subscribe'] ?? 0) > 0;
  });
  await modern(lines, 'tools/call', { name: 'rich_one_touch', arguments: { uri: 'rich://shared' } });
  const told = await lines.next('the news', ({ method }) => method === 'notifications/resources/updated');
  assert.equal(told.params?.['uri'], uri);
});

test('what a result names leads back to its upstream, and every other byte is as it was', async (t) => {
  verifies('NEX-028');
  const lines = await legacy(t);
  const { content } = await lines.call('rich_one_links');
  const [link, web, listed, data, embedded, hologram] = content as Record<string, unknown>[];
  assert.deepEqual(
    [link, web, listed, data].map((block) => block?.['uri']),
    [
      'nucleus://rich/one/rich://unlisted/one',
      'https://example.com/free',
      'nucleus://rich/one/https://example.com/listed',
      'data:,x',
    ],
  );
  assert.deepEqual(embedded?.['resource'], {
    text: '{"uri":"rich://text"}',
    uri: 'nucleus://rich/one/rich://embedded',
  });
  assert.equal(hologram?.['uri'], 'rich://hologram');
  const line = lastLine(lines);
  const kept = [
    `"big":${big}`,
    `"x":${big}`,
    `"structuredContent":{"uri":"rich://structured","n":${big}}`,
    '"resourceUri":"ui://nucleus/rich/one/ui://page"',
    '"uri":"rich://meta"',
  ];
  for (const part of kept) assert.ok(line.includes(part), `${part} in ${line}`);
  const read = await lines.ask('resources/read', { uri: link?.['uri'] });
  assert.match(JSON.stringify(read), /"nucleus:\/\/rich\/one\/rich:\/\/unlisted\/one".*"text":"one"/);
  assert.ok(lastLine(lines).includes(big));
  const page = await lines.ask('resources/read', { uri: 'ui://nucleus/rich/one/ui://page' });
  assert.match(JSON.stringify(page), /"uri":"ui:\/\/nucleus\/rich\/one\/ui:\/\/page","text":"one"/);
  await lines.call('rich_one_plain');
  assert.ok(lastLine(lines).endsWith(`},"content":[{"type":"text","text":"plain"}],"n":${big}}}`));
});

test('each era sees tools as it knows them, and results as they were listed', async (t) => {
  const lines = await legacy(t);
  interface Tool {
    readonly name: string;
    readonly execution?: object;
    readonly outputSchema?: object;
  }
  const toolsOf = (answer: Record<string, unknown>) =>
    new Map((answer['tools'] as Tool[]).map((tool) => [tool.name, tool]));
  const old = toolsOf(await lines.ask('tools/list'));
  const recent = toolsOf((await modern(lines, 'tools/list')).result ?? {});
  assert.deepEqual(old.get('rich_one_job')?.execution, { taskSupport: 'optional' });
  assert.equal(recent.get('rich_one_job')?.execution, undefined);
  const array = { type: 'array' };
  const wrapped = { type: 'object', properties: { result: array }, required: ['result'] };
  assert.deepEqual(old.get('new_one_array')?.outputSchema, wrapped);
  assert.deepEqual(recent.get('new_one_array')?.outputSchema, array);
  await lines.call('new_one_array');
  assert.ok(lastLine(lines).includes(`"structuredContent":{"result":[${big}, {"a":1}]}`), lastLine(lines));
  await modern(lines, 'tools/call', { name: 'new_one_array' });
  assert.ok(lastLine(lines).includes(`"structuredContent":[${big}, {"a":1}]`), lastLine(lines));
  // The SDK checks what is structured against the list.
  const client = await connectClient(t, home);
  await client.listTools();
  const { structuredContent } = await client.callTool({ name: 'new_one_array', arguments: {} });
  assert.deepEqual(structuredContent, { result: [Number(big), { a: 1 }] });
});

test('the greeting says what upstreams do and what they say of themselves', async (t) => {
  const lines = await attach(t, home);
  const { capabilities, instructions } = await lines.initialize();
  assert.deepEqual(capabilities, {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    logging: {},
    completions: {},
    tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    extensions: { 'example.com/ext': { by: 'new' } },
    experimental: { one: {}, two: {}, new: {} },
  });
  assert.match(
    String(instructions),
    /their words, not those of Nucleus:\n\n\[new\/one\]\n> Words of modern servers\.\n> In two lines\.\n\n\[rich\/one, rich\/two\]\n> Words of legacy servers\.\n> In two lines\.$/,
  );
  const { result } = await modern(lines, 'server/discover');
  const declared = result?.['capabilities'] as Record<string, unknown>;
  assert.deepEqual(declared['extensions'], { 'example.com/ext': { by: 'new' }, [tasksKey]: {} });
  assert.equal(declared['tasks'], undefined);
});

test('a task of the legacy era runs at its upstream under an id of ours', async (t) => {
  const lines = await attach(t, home);
  await lines.ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'tasks', version: '1' },
  });
  const start = (tool: string, args: object = {}) =>
    lines.ask('tools/call', { name: tool, arguments: args, task: { ttl: 60_000 } });
  const taskIdOf = (result: Record<string, unknown>): string => (result['task'] as { taskId: string }).taskId;
  const one = taskIdOf(await start('rich_one_job'));
  const two = taskIdOf(await start('rich_two_job', { ask: true }));
  assert.notEqual(one, two);
  for (const id of [one, two]) {
    assert.match(id, /^[\w-]{24}$/);
    assert.equal((await lines.ask('tasks/get', { taskId: id }))['taskId'], id);
  }
  assert.ok(
    lines.seen.every((line) => !line.includes('job-1')),
    'no id of an upstream is seen',
  );

  // The upstream tells of it, and only of this one.
  await lines.call('rich_one_finish', { id: 'job-1' });
  const told = await lines.next('the status', ({ method }) => method === 'notifications/tasks/status');
  assert.deepEqual([told.params?.['taskId'], told.params?.['status']], [one, 'completed']);

  // What it asks, and its result, are tied to it.
  const related = 'io.modelcontextprotocol/related-task';
  lines.send({ jsonrpc: '2.0', id: 'r', method: 'tasks/result', params: { taskId: two } });
  const question = await lines.next('the question', ({ method }) => method === 'elicitation/create');
  assert.deepEqual(question.params?.['_meta'], { [related]: { taskId: two } });
  const said = { action: 'decline', _meta: { [related]: { taskId: two } } };
  lines.send({ jsonrpc: '2.0', id: question.id, result: said });
  const { result } = await lines.next('the result', ({ id }) => id === 'r');
  assert.deepEqual(unlabelled(result, 'rich:two')?.['_meta'], { [related]: { taskId: two } });
  assert.match(textOf(result), /"taskId":"job-1"/);

  const { tasks } = await lines.ask('tasks/list');
  const states = (tasks as { taskId: string; status: string }[]).map(({ taskId, status }) => [
    taskId,
    status,
  ]);
  assert.deepEqual(states, [
    [one, 'completed'],
    [two, 'working'],
  ]);
  assert.equal((await lines.ask('tasks/cancel', { taskId: two }))['status'], 'cancelled');
  for (const params of [{ taskId: 'job-1' }, { taskId: '' }, { taskId: 7 }, {}]) {
    const { error } = await lines.request('tasks/get', params);
    assert.equal(error?.code, -32_602, JSON.stringify(params));
  }
  assert.equal((await lines.request('tasks/list', { cursor: '' })).error?.code, -32_602);
  assert.equal((await modern(lines, 'tasks/get', { taskId: one })).error?.code, -32_602);
});

test('somebody else neither finds a task nor hears of it', async (t) => {
  const lines = await legacy(t);
  const { task } = await lines.ask('tools/call', { name: 'rich_one_job', task: {} });
  const { taskId } = task as { taskId: string };
  const token = await addClient(gateway, 'stranger');
  const client = new ModernClient(
    { name: 'stranger', version: '1' },
    { versionNegotiation: { mode: 'legacy' } },
  );
  t.after(() => client.close());
  const heard: string[] = [];
  client.fallbackNotificationHandler = async ({ method }) => void heard.push(method);
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', await urlOf(gateway)), { requestInit }),
  );
  const answer = await fetchRaw(client, taskId);
  assert.match(String(answer), /no task/);
  const { tasks } = await lines.ask('tasks/list');
  assert.ok((tasks as { taskId: string }[]).some((one) => one.taskId === taskId));
  assert.deepEqual(heard, []);

  async function fetchRaw(asker: ModernClient, id: string): Promise<unknown> {
    const schema = {
      '~standard': { version: 1, vendor: 'raw', validate: (value: unknown) => ({ value }) },
    } as const;
    return asker
      .request({ method: 'tasks/get', params: { taskId: id } } as never, schema as never)
      .catch((error: unknown) => error);
  }
});

test('a task of the modern era is the answer of a call, and is asked for by our id', async (t) => {
  const lines = await attach(t, home);
  const able = { extensions: { [tasksKey]: {} }, elicitation: {} };
  const ask = async (method: string, params: object): Promise<Record<string, unknown>> => {
    const { result, error } = await modern(lines, method, params, able);
    assert.ok(result, JSON.stringify(error));
    return result;
  };
  const created = await ask('tools/call', { name: 'new_one_job', arguments: { ask: true } });
  const { taskId } = created;
  assert.deepEqual([created['resultType'], created['status']], ['task', 'working']);
  assert.match(String(taskId), /^[\w-]{24}$/);
  const waiting = await ask('tasks/get', { taskId });
  assert.deepEqual([waiting['taskId'], waiting['status']], [taskId, 'input_required']);
  assert.deepEqual(Object.keys(waiting['inputRequests'] as object), ['who']);
  assert.deepEqual(await ask('tasks/update', { taskId, inputResponses: { who: { action: 'decline' } } }), {
    resultType: 'complete',
  });
  const done = await ask('tasks/get', { taskId });
  assert.deepEqual(done['result'], {
    content: [{ type: 'resource_link', uri: 'nucleus://new/one/rich://result', name: 'r' }],
  });
  assert.deepEqual(await ask('tasks/cancel', { taskId }), { resultType: 'complete' });
  assert.equal((await modern(lines, 'tasks/result', { taskId }, able)).error?.code, -32_601);
  assert.equal((await modern(lines, 'tasks/get', { taskId: 'job-1' }, able)).error?.code, -32_602);
});

test('a client that knows no such tasks waits for the result, and is asked what the task asks', async (t) => {
  const lines = await attach(t, home);
  await lines.ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {}, extensions: { [tasksKey]: {} } },
    clientInfo: { name: 'older', version: '1' },
  });
  assert.equal(textOf(await lines.call('new_one_job')), 'done at once');
  lines.send({
    jsonrpc: '2.0',
    id: 'must',
    method: 'tools/call',
    params: { name: 'new_one_job', arguments: { must: true, ask: true } },
  });
  const question = await lines.next('the question', ({ method }) => method === 'elicitation/create');
  lines.send({ jsonrpc: '2.0', id: question.id, result: { action: 'decline' } });
  const { result } = await lines.next('the result', ({ id }) => id === 'must');
  assert.deepEqual(unlabelled(result, 'new:one'), {
    content: [{ type: 'resource_link', uri: 'nucleus://new/one/rich://result', name: 'r' }],
  });
});

/** A profile whose list changes with every notice, over and over. */
async function addStorm(alone: Gateway, name: string, ...args: string[]): Promise<void> {
  const launch = { command: process.execPath, args: [script, '--name', name, ...args] };
  const { probe } = await alone.ask('profiles.add', { connector: 'storm', name, launch });
  assert.ok(probe?.ok, JSON.stringify(probe));
}

test('a storm of changes leads to few readings and few notices, slows nobody else, and ends with the right list', async (t) => {
  verifies('NEX-031');
  const own = createHome(t);
  const alone = await startGateway(t, own);
  await addStorm(alone, 'one');
  await alone.add(createFake(own, 'calm'));
  const session = await attach(t, own);
  await session.initialize();
  const listening = await attach(t, own);
  void modern(listening, 'subscriptions/listen', { notifications: { toolsListChanged: true } }).catch(
    () => {},
  );
  await listening.next('the acknowledgement', ({ method }) => method?.endsWith('acknowledged') === true);
  const asked = { token: await addClient(alone, 'listener') };
  const base = await urlOf(alone);
  const http = await openSession(base, asked);
  const events = await stream(t, base, null, { ...asked, session: http });
  const readings = async () => Number(jsonOf(await session.call('storm_one_counts'))['tools/list']);
  const before = await readings();

  const started = performance.now();
  const over = new AbortController();
  // Ten at once every 10 ms: a thousand a second, for two seconds.
  const storming = session
    .call('storm_one_storm', { times: 2_000, pause: 10 }, 30_000)
    .finally(() => over.abort());
  const times: number[] = [];
  while (!over.signal.aborted) {
    const asking = performance.now();
    await listening.request('ping');
    await session.call('fake_calm_echo', { text: 'x' });
    times.push(performance.now() - asking);
  }
  const last = textOf(await storming);
  await until('the last change is listed', async () => {
    const { tools } = await session.ask('tools/list');
    return (tools as { name: string }[]).some(({ name }) => name === `storm_one_${last}`);
  });
  const seconds = (performance.now() - started) / 1_000;

  // One reading every quarter of a second, and a notice of each.
  const most = Math.ceil(seconds * 4) + 2;
  const read = (await readings()) - before;
  assert.ok(read >= 2 && read <= most, `${read} readings in ${seconds} s`);
  const told = (lines: readonly string[]): number =>
    lines.filter((line) => line.includes('notifications/tools/list_changed')).length;
  for (const [who, notices] of Object.entries({
    session: told(session.seen),
    listening: told(listening.seen),
    http: told(events.seen.map((event) => JSON.stringify(event))),
  }))
    assert.ok(notices >= 2 && notices <= most, `${who} heard ${notices} notices in ${seconds} s`);
  times.sort((a, b) => a - b);
  const [middle = 0, worst = 0] = [times[times.length >> 1], times[Math.floor(times.length * 0.99)]];
  assert.ok(middle < 100 && worst < 2_000, `calls of others took ${middle} ms, at worst ${worst} ms`);
});

test('an upstream list is read to its end, or to its cap where it has none', async (t) => {
  verifies('NEX-030');
  const own = createHome(t);
  const alone = await startGateway(t, own);
  await alone.add(createFake(own, 'paged', '--tools', '100', '--page-size', '40'));
  await alone.add(createFake(own, 'endless', '--tools', '3', '--loop-cursor'));
  const client = await connectClient(t, own);
  const { tools } = await client.listTools();
  const of = (name: string) => tools.filter((tool) => tool.name.startsWith(`fake_${name}_`)).length;
  assert.equal(of('paged'), 100);
  assert.ok(of('endless') >= 3);
});

test('a tool that comes reaches every client within a second, and then the list', async (t) => {
  verifies('NEX-031');
  const own = createHome(t);
  const alone = await startGateway(t, own);
  await alone.add(createFake(own, 'one'));
  const client = await connectClient(t, own);
  const heard: number[] = [];
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.push(performance.now()));
  client.setNotificationHandler(PromptListChangedNotificationSchema, () => assert.fail('no prompt changed'));
  const listening = await attach(t, own);
  void modern(listening, 'subscriptions/listen', { notifications: { toolsListChanged: true } }).catch(
    () => {},
  );
  await listening.next(
    'the acknowledgement',
    ({ method }) => method === 'notifications/subscriptions/acknowledged',
  );
  const before = performance.now();
  await client.callTool({ name: 'fake_one_add_tool', arguments: { name: 'later' } });
  await until('the client hears', () => heard.length > 0);
  await listening.next('the news', ({ method }) => method === 'notifications/tools/list_changed');
  assert.ok((heard[0] ?? 0) - before < 3_000, `${(heard[0] ?? 0) - before} ms`);
  const { tools } = await client.listTools();
  assert.ok(tools.some(({ name }) => name === 'fake_one_later'));
});
