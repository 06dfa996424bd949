// Requests over HTTP that come without a session.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { createHome } from '../helpers/home.ts';
import { ask, rpc, serveHttp, toolCall, type Asked } from '../helpers/http.ts';
import { verifies } from '../helpers/requirements.ts';

const stub = join(import.meta.dirname, '../bench/programs/stub.mjs');
const ends: (() => unknown)[] = [];
const scope = { after: (end: () => unknown) => void ends.push(end) };
let base = '';

before(async () => {
  const home = createHome(scope);
  const server = (name: string, tools: number): object => ({
    command: process.execPath,
    args: [stub, name, String(tools), 'stdio'],
  });
  const file = home.path('servers.json');
  writeFileSync(file, JSON.stringify({ mcpServers: { few: server('few', 5), many: server('many', 500) } }));
  const serving = await serveHttp(scope, home, '127.0.0.1:0', {
    args: ['--token', 'none', '--servers', file],
  });
  base = serving.url;
});
after(async () => {
  for (const end of ends.toReversed()) await end();
});

const echo = (server: string, text: string, id: number | string = 1): object =>
  toolCall(`${server}_default_echo`, { text }, id);

test('a hundred at once are all answered, each with its own', async () => {
  verifies('HST-016');
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => ask(base, echo(n % 2 === 0 ? 'few' : 'many', `text ${n}`, n))),
  );
  for (const [n, { status, message, headers }] of answers.entries()) {
    assert.deepEqual([status, message.id], [200, n]);
    assert.match(JSON.stringify(message.result), new RegExp(`text ${n}"`));
    assert.equal(headers['mcp-session-id'], undefined);
  }
});

test('the answer has the form the client accepts, and what is neither is refused', async () => {
  verifies('HST-017');
  const form = async (accept: string, more: Asked = {}): Promise<[number, string | undefined]> => {
    const { status, headers } = await ask(base, echo('few', 'x'), { accept, ...more });
    return [status, headers['content-type']];
  };
  assert.deepEqual(await form('application/json, text/event-stream'), [200, 'application/json']);
  assert.deepEqual(await form('application/json'), [200, 'application/json']);
  assert.deepEqual(await form('text/event-stream'), [200, 'text/event-stream']);
  assert.deepEqual(await form('*/*'), [200, 'application/json']);
  assert.deepEqual(await form('text/html'), [406, 'application/json']);
  const plain = { headers: { 'content-type': 'text/plain' } };
  assert.deepEqual(await form('application/json', plain), [415, 'application/json']);
});

test('a request costs the same with 500 tools behind it as with 5', async () => {
  verifies('HST-018');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const path = (server: string): string => `/p/${server}:default/mcp`;
  const times = { few: [] as number[], many: [] as number[] };
  for (let round = 0; round < 300; round += 1)
    for (const server of ['few', 'many'] as const) {
      const began = performance.now();
      await ask(base, toolCall('echo', { text: 'x' }), { path: path(server), agent });
      if (round >= 50) times[server].push(performance.now() - began);
    }
  agent.destroy();
  const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;
  const ratio = median(times.many) / median(times.few);
  assert.ok(ratio <= 2, `${ratio.toFixed(2)} times`);
});

test('an unknown method, a wrong argument and an unknown tool have their codes', async () => {
  verifies('NEX-025');
  const code = async (message: object): Promise<number> =>
    ((await ask(base, message)).message.error as { code: number }).code;
  assert.equal(await code(rpc('vendor/unknown')), -32_601);
  assert.equal(await code(rpc('tools/call', { name: 5 })), -32_602);
  assert.equal(await code(rpc('tools/call', { name: 'few_default_echo', arguments: [] })), -32_602);
  assert.equal(await code(toolCall('few_default_nothing')), -32_602);
});
