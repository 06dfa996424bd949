import assert from 'node:assert/strict';
import test from 'node:test';
import { exposeReply, type Asked } from '../../../src-main/gateway/routing/exposing.ts';
import { createTasks } from '../../../src-main/gateway/routing/tasks.ts';
import type { Binding } from '../../../src-main/gateway/routing/route.ts';
import type { View } from '../../../src-main/gateway/routing/view.ts';
import { parseJson } from '../../../src-main/gateway/wire/frame.ts';
import { encodeReply, readReply, type Reply } from '../../../src-main/gateway/wire/reply.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { longestTurn } from '../../helpers/longest-turn.ts';
import { rawReply } from '../../helpers/raw-reply.ts';

const binding: Binding = { profile: 'db:prod', connector: 'db', alias: 'prod', metadata: {} };
const listed = 'nucleus://db/prod/https://example.com/listed';
const view = { bindings: [binding], isTransparent: false, rows: () => [{ key: listed }] } as unknown as View;

function setUp() {
  const tasks = createTasks({ clock: createFakeClock() }).of('me', 'legacy');
  const ask = (method: string, more: Partial<Asked> = {}): Asked => ({
    method,
    name: 'shown',
    params: {},
    route: { binding, name: 'own' },
    ...more,
  });
  const written = (reply: Reply): string =>
    Buffer.concat(encodeReply(reply, 'mine').map((piece) => Buffer.from(piece))).toString();
  const expose = (text: string, method = 'tools/call', more: Partial<Asked> = {}): string =>
    written(exposeReply(rawReply(text), ask(method, more), view, tasks));
  return { tasks, ask, expose };
}

test('the id of an answer stays at its place, before and behind what changes', () => {
  const { expose } = setUp();
  const result = '{"content":[{"type":"resource_link","uri":"a:1"},{"type":"resource_link","uri":"a:2"}]}';
  const shown = result.replaceAll('"a:', '"nucleus://db/prod/a:');
  assert.equal(
    expose(`{"jsonrpc":"2.0","id":7,"result":${result}}`),
    `{"jsonrpc":"2.0","id":"mine","result":${shown}}`,
  );
  assert.equal(
    expose(`{"result":${result},"jsonrpc":"2.0","id":7}`),
    `{"result":${shown},"jsonrpc":"2.0","id":"mine"}`,
  );
});

test('an answer that names nothing, an error and a transparent view stay the same object', () => {
  const { ask, tasks } = setUp();
  const link = '{"content":[{"type":"resource_link","uri":"a:1"}]}';
  for (const [text, method, seen] of [
    [
      '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"\\"uri\\""}]}}',
      'tools/call',
      view,
    ],
    [
      '{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"\\"uri\\"","data":{"uri":"a:1"}}}',
      'tools/call',
      view,
    ],
    [`{"jsonrpc":"2.0","id":7,"result":${link}}`, 'completion/complete', view],
    [`{"jsonrpc":"2.0","id":7,"result":${link}}`, 'tools/call', { ...view, isTransparent: true }],
  ] as const) {
    const reply = rawReply(text);
    assert.equal(exposeReply(reply, ask(method), seen, tasks), reply);
  }
  const made: Reply = { kind: 'made', body: { result: parseJson(Buffer.from(link)) } };
  assert.equal(exposeReply(made, ask('tools/call'), view, tasks), made);
});

test('an answer that was parsed on its way is renamed as well', () => {
  const { ask, tasks } = setUp();
  const result = { content: [{ type: 'resource_link', uri: 'a:1' }] };
  const reply = exposeReply({ kind: 'made', body: { result }, size: 99 }, ask('tools/call'), view, tasks);
  assert.deepEqual(readReply(reply).result, {
    content: [{ type: 'resource_link', uri: 'nucleus://db/prod/a:1' }],
  });
});

test('what anybody can fetch stays as it is, unless its upstream lists it', () => {
  const { expose } = setUp();
  const links = (...uris: string[]) =>
    `{"jsonrpc":"2.0","id":7,"result":{"content":[${uris.map((uri) => `{"type":"resource_link","uri":"${uri}"}`).join(',')}]}}`;
  const own = [
    'https://example.com/a',
    'HTTP://example.com',
    'data:,x',
    'https://example.com/listed',
    'file:///a',
  ];
  assert.deepEqual(
    [...expose(links(...own)).matchAll(/"uri":"([^"]*)"/g)].map(([, uri]) => uri),
    ['https://example.com/a', 'HTTP://example.com', 'data:,x', listed, 'nucleus://db/prod/file:///a'],
  );
});

test('an address of ours that an upstream makes up leads to itself, not to another account', () => {
  const { expose } = setUp();
  assert.match(
    expose(
      '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"resource_link","uri":"nucleus://db/other/a:1"}]}}',
    ),
    /"nucleus:\/\/db\/prod\/nucleus:\/\/db\/other\/a:1"/,
  );
});

test('what was read is called as it was asked for, and what came with it by its own address', () => {
  const { expose } = setUp();
  const contents = '{"jsonrpc":"2.0","id":7,"result":{"contents":[{"uri":"a:1"},{"uri":"https://b"}]}}';
  for (const name of ['a:1', 'nucleus://db/prod/a:1'])
    assert.equal(
      expose(contents, 'resources/read', { name, route: { binding, name: 'a:1' } }),
      `{"jsonrpc":"2.0","id":"mine","result":{"contents":[{"uri":"${name}"},{"uri":"nucleus://db/prod/https://b"}]}}`,
    );
});

test('a task is known by our id from its creation on', () => {
  const { expose, tasks } = setUp();
  const created = expose(
    '{"jsonrpc":"2.0","id":7,"result":{"task":{"taskId":"job","status":"working","ttl":5,"n":12345678901234567890}}}',
    'tools/call',
    { params: { task: {} } },
  );
  const id = tasks.expose('job', binding);
  assert.equal(
    created,
    `{"jsonrpc":"2.0","id":"mine","result":{"task":{"taskId":"${id}","status":"working","ttl":5,"n":12345678901234567890}}}`,
  );
  assert.equal(tasks.list(view)[0]?.state['status'], 'working');
  assert.equal(
    expose('{"jsonrpc":"2.0","id":7,"result":{"taskId":"job","status":"completed"}}', 'tasks/get'),
    `{"jsonrpc":"2.0","id":"mine","result":{"taskId":"${id}","status":"completed"}}`,
  );
  // Nobody asked for a task: what a tool calls a task is its own.
  const own = '{"jsonrpc":"2.0","id":7,"result":{"task":{"taskId":"job"}}}';
  assert.equal(expose(own), own.replace('7', '"mine"'));
});

test('many addresses in one answer are looked up among many resources without being searched for', async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => ({ key: `${listed}/${index}` }));
  const large = { ...view, rows: () => rows } as unknown as View;
  const links = Array.from({ length: 10_000 }, (_, index) => ({
    type: 'resource_link',
    uri: `https://example.com/listed/${index + 19_999}`,
  }));
  const { tasks, ask } = setUp();
  const reply = rawReply(JSON.stringify({ jsonrpc: '2.0', id: 7, result: { content: links } }));
  const { value, milliseconds } = await longestTurn(() =>
    Promise.resolve(exposeReply(reply, ask('tools/call'), large, tasks)),
  );
  const { content } = readReply(value).result as { content: { uri: string }[] };
  assert.deepEqual(
    content.slice(0, 2).map(({ uri }) => uri),
    [`${listed}/19999`, 'https://example.com/listed/20000'],
  );
  assert.ok(milliseconds < 500, `${milliseconds} ms`);
});
