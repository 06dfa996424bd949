// Each kind of client before each kind of upstream: what upstreams ask, say and report reaches the client of the call.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import test, { after, before, describe } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { startGateway } from '../helpers/client.ts';
import { createHome } from '../helpers/home.ts';
import {
  addClient,
  ask,
  openSession,
  rpc,
  send,
  serveHttp,
  stream,
  toolCall,
  urlOf,
} from '../helpers/http.ts';
import { nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until, withDeadline } from '../helpers/until.ts';

const main = join(import.meta.dirname, '../fixtures/conformance-server/main.ts');
const forms = [
  { transport: 'stdio', era: 'legacy' },
  { transport: 'http', era: 'legacy' },
  { transport: 'stdio', era: 'modern' },
  { transport: 'http', era: 'modern' },
] as const;
/** How the v2 client speaks; `auto` is the modern era wherever the other end knows it. */
const modes = { legacy: 'legacy', auto: 'modern' } as const;
type Mode = keyof typeof modes;

/** What a hook starts is ended when all is done, not when the hook is. */
const ends: (() => unknown)[] = [];
const scope = { after: (end: () => unknown) => void ends.push(end) };
let base = '';

before(async () => {
  const home = createHome(scope);
  const mcpServers: Record<string, object> = {};
  for (const { transport, era } of forms)
    mcpServers[`${transport}-${era}`] =
      transport === 'stdio'
        ? { command: process.execPath, args: [main, '--transport', 'stdio', '--era', era] }
        : { url: await serveFixture(era) };
  const file = home.path('servers.json');
  writeFileSync(file, JSON.stringify({ mcpServers }));
  const serving = await serveHttp(scope, home, '127.0.0.1:0', {
    args: ['--token', 'none', '--servers', file],
  });
  base = serving.url;
});
after(async () => {
  for (const end of ends.toReversed()) await end();
});

for (const { transport, era } of forms) {
  const path = `/p/${transport}-${era}:default/mcp`;

  for (const [mode, spoken] of Object.entries(modes) as [Mode, string][])
    describe(`a ${spoken} client before a ${era} upstream over ${transport}`, () => {
      const asked: string[] = [];
      let client: Client;
      before(async () => {
        client = createClient(asked, mode);
        await client.connect(new StreamableHTTPClientTransport(new URL(path, base)));
      });
      after(() => client.close());
      const said = async (name: string, args = {}): Promise<string> => {
        const { content } = await client.callTool({ name, arguments: args });
        return content[0]?.type === 'text' ? content[0].text : '';
      };

      test('is asked what the upstream asks, and its answers go back', async () => {
        verifies('FIX-006', 'NEX-025', 'NEW-011');
        assert.equal(await said('test_sampling', { prompt: 'Capital?' }), 'LLM response: Paris');
        assert.match(await said('test_elicitation', { message: 'Who?' }), /action=accept.*somebody/);
        assert.equal(await said('elicit_url', { url: 'https://example.com/in' }), 'page: accept');
        assert.equal(await said('test_input_required_result_multi_round'), 'Both steps are done.');
        assert.deepEqual(asked.slice(0, 3), ['sampling', 'form', 'url']);
      });

      test('gets errors and lists as they are', async () => {
        verifies('FIX-005');
        await assert.rejects(client.readResource({ uri: 'test://nowhere' }), { code: -32_602 });
        const { tools } = await client.listTools();
        assert.ok(tools.some(({ name }) => name === 'json_schema_2020_12_tool'));
      });

      test('cancels a slow call, and the upstream stops', async () => {
        verifies('FIX-002');
        const counts = async (): Promise<Record<string, number>> =>
          JSON.parse(await said('counts')) as Record<string, number>;
        const { slowStarted = 0, slowCancelled = 0 } = await counts();
        const cancel = new AbortController();
        const slow = client.callTool(
          { name: 'slow', arguments: { milliseconds: 60_000 } },
          { signal: cancel.signal },
        );
        await until('it runs', async () => (await counts())['slowStarted'] === slowStarted + 1);
        cancel.abort('enough');
        await assert.rejects(slow);
        await until('it is cancelled', async () => (await counts())['slowCancelled'] === slowCancelled + 1);
      });
    });

  describe(`raw requests of the legacy era before a ${era} upstream over ${transport}`, () => {
    const open = async (): Promise<string> => openSession(base, { path });
    const call = (session: string, name: string, args: object, id: number, token?: string | number) =>
      ask(base, toolCall(name, args, id, token === undefined ? {} : { _meta: { progressToken: token } }), {
        path,
        session,
      });

    test('progress that comes with the result is delivered before it, a hundred times of a hundred', async () => {
      verifies('NEX-032');
      const session = await open();
      for (let id = 1; id <= 100; id += 1) {
        const { body } = await call(session, 'progress_at_once', {}, id, 'p');
        assert.match(body, /"progressToken":"p"[^]*done at once/, `call ${id}`);
      }
    });

    test('two clients with the same ids and tokens never cross', async () => {
      verifies('FIX-015');
      const sessions = [await open(), await open()];
      const answers = await Promise.all(
        sessions.map((session) => call(session, 'test_tool_with_progress', {}, 0, 0)),
      );
      for (const { body, message } of answers) {
        assert.equal(message.id, 0);
        assert.equal(body.match(/notifications\/progress/g)?.length, 3);
      }
    });

    test('a call cancelled twice, with id 0, is answered by nobody and its late result dropped', async () => {
      verifies('FIX-002');
      const session = await open();
      const slow = send(base, toolCall('slow', { milliseconds: 400 }, 0), { path, session });
      const counts = async () => (await call(session, 'counts', {}, 1)).message.result as object;
      await until('it runs', async () => /"slowStarted":[1-9]/.test(JSON.stringify(await counts())));
      const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0 } };
      for (const _ of [1, 2]) await ask(base, cancelled, { path, session });
      const response = await slow;
      assert.equal(response.statusCode, 202);
      response.destroy();
      assert.equal((await call(session, 'counts', {}, 0)).message.id, 0);
    });

    test('a demand for a page keeps its code and its data', async () => {
      verifies('FIX-005');
      // An upstream of the modern era asks for the page instead, and goes on.
      if (era === 'modern') return;
      const { message } = await call(await open(), 'demand_url', { url: 'https://example.com/in' }, 3);
      const error = message.error as { code: number; data: { elicitations: { url: string }[] } };
      assert.deepEqual([error.code, error.data.elicitations[0]?.url], [-32_042, 'https://example.com/in']);
    });

    test('a client that opens no stream is asked and told on the stream of its call', async (t) => {
      verifies('FIX-006');
      const capabilities = { elicitation: {} };
      const opened = await ask(base, rpc('initialize', { ...hello, capabilities }), { path });
      const session = String(opened.headers['mcp-session-id']);
      const events = await stream(t, base, toolCall('test_elicitation', { message: 'Who?' }, 7), {
        path,
        session,
      });
      const question = await events.next('the question', ({ method }) => method === 'elicitation/create');
      const content = { username: 'somebody', email: 'a@b.c' };
      const reply = { jsonrpc: '2.0', id: question.id, result: { action: 'accept', content } };
      assert.equal((await ask(base, reply, { path, session })).status, 202);
      const answer = await events.next('the answer', ({ id }) => id === 7);
      assert.match(JSON.stringify(answer.result), /somebody/);
      const { body } = await call(session, 'log_line', { level: 'error', words: 'of this call' }, 8);
      assert.match(body, /notifications\/message[^]*of this call[^]*logged/);
    });
  });
}

const hello = { protocolVersion: '2025-11-25', clientInfo: { name: 'raw', version: '1' } };

function createClient(asked: string[], mode: Mode): Client {
  const client = new Client(
    { name: 'eras-test', version: '1.0.0' },
    {
      capabilities: { sampling: {}, roots: {}, elicitation: { form: {}, url: {} } },
      versionNegotiation: { mode },
    },
  );
  client.setRequestHandler('sampling/createMessage', () => {
    asked.push('sampling');
    return { role: 'assistant', model: 'none', content: { type: 'text', text: 'Paris' } };
  });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params.mode ?? 'form');
    if (params.mode === 'url') return { action: 'accept' };
    return { action: 'accept', content: { username: 'somebody', email: 'a@b.c', name: 'n', color: 'c' } };
  });
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///work' }] }));
  return client;
}

async function serveFixture(era: string): Promise<string> {
  const args = [main, '--transport', 'http', '--era', era];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  scope.after(() => child.kill());
  const [url] = (await withDeadline('its URL', once(createInterface(child.stderr), 'line'))) as [string];
  return url;
}

test('the folders of a profile are its own, whoever calls; without any, those of who talks to it alone', async (t) => {
  verifies('NEX-032');
  const home = createHome(t);
  const command = ['--command', process.execPath, '--arg', main];
  await nucleusOk(home, ['add', 'fixture', 'fixed', ...command, '--root', home.user]);
  await nucleusOk(home, ['add', 'fixture', 'open', ...command]);
  const gateway = await startGateway(t, home);
  const headers = { authorization: `Bearer ${await addClient(gateway, 'tester')}` };
  const own = await urlOf(gateway);
  const folders = async (path: string, name: string): Promise<string> => {
    const client = createClient([], 'legacy');
    t.after(() => client.close());
    await client.connect(new StreamableHTTPClientTransport(new URL(path, own), { requestInit: { headers } }));
    return JSON.stringify((await client.callTool({ name, arguments: {} })).content);
  };
  const fixed = new RegExp(pathToFileURL(home.user).href);
  assert.match(await folders('/mcp', 'fixture_fixed_roots'), fixed);
  assert.match(await folders('/p/fixture:fixed/mcp', 'roots'), fixed);
  assert.match(await folders('/p/fixture:open/mcp', 'roots'), /file:\/\/\/work/);
  assert.doesNotMatch(await folders('/mcp', 'fixture_open_roots'), /file:/);
});
