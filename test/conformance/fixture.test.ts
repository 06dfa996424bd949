// The fixture behind `npm run conformance`, by itself in its four forms: what a gateway loses of it is the gateway's.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { after, before, describe } from 'node:test';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { until, withDeadline } from '../helpers/until.ts';

const main = join(import.meta.dirname, '../fixtures/conformance-server/main.ts');
const eras = { legacy: '2025-11-25', modern: '2026-07-28' } as const;
/** What the tests hear of the client's own business. */
const asked: string[] = [];
const lists = new Map<string, unknown>();

for (const [era, revision] of Object.entries(eras))
  for (const kind of ['stdio', 'http'] as const)
    describe(`${kind}, ${era}`, () => {
      let client: Client;
      let close: () => Promise<void>;

      before(async () => {
        const reached = await reach(kind, era);
        client = createClient();
        close = async () => {
          await client.close();
          reached.stop();
        };
        await client.connect(reached.transport);
      });
      after(() => close());

      const call = (name: string, args = {}): ReturnType<Client['callTool']> =>
        client.callTool({ name, arguments: args });
      const said = async (name: string, args = {}): Promise<string> => {
        const { content } = await call(name, args);
        return content[0]?.type === 'text' ? content[0].text : '';
      };

      test('speaks its own era only', () => {
        assert.equal(client.getNegotiatedProtocolVersion(), revision);
      });

      test('offers what every other form offers', async () => {
        const { tools } = await client.listTools();
        const { prompts } = await client.listPrompts();
        const { resources } = await client.listResources();
        const offered = [tools, prompts, resources].map((list) => list.map(({ name }) => name));
        assert.ok(tools.length > 30 && prompts.length === 5 && resources.length === 4, String(offered));
        lists.set(`${kind} ${era}`, offered);
        for (const other of lists.values()) assert.deepEqual(offered, other);
      });

      test('asks the client in the way of its era, and goes on with the answer', async () => {
        asked.length = 0;
        assert.equal(await said('test_sampling', { prompt: 'Capital?' }), 'LLM response: Paris');
        assert.match(await said('test_elicitation', { message: 'Who?' }), /action=accept.*somebody/);
        assert.equal(await said('roots'), 'file:///work');
        assert.equal(await said('elicit_url', { url: 'https://example.com/in' }), 'page: accept');
        assert.deepEqual(asked, ['sampling', 'form', 'roots', 'url']);
        assert.equal(await said('test_input_required_result_multi_round'), 'Both steps are done.');
      });

      test('-32042 is for legacy clients', async () => {
        const demanded = said('demand_url', { url: 'https://example.com/in' });
        if (era === 'legacy') await assert.rejects(demanded, { code: -32_042 });
        else assert.equal(await demanded, 'page: accept');
      });

      test('a slow call stops when it is cancelled, and is counted', async () => {
        const counts = async (): Promise<Record<string, number>> =>
          JSON.parse(await said('counts')) as Record<string, number>;
        const cancel = new AbortController();
        const slow = client.callTool(
          { name: 'slow', arguments: { milliseconds: 60_000 } },
          { signal: cancel.signal },
        );
        await until('it runs', async () => (await counts())['slowStarted'] === 1);
        cancel.abort('enough');
        await assert.rejects(slow);
        await until('it is counted', async () => (await counts())['slowCancelled'] === 1);
        assert.equal((await counts())['slowFinished'], 0);
      });

      test('tells of a touched resource to who subscribed, and of a list that changed', async () => {
        const uri = 'test://watched-resource';
        const updated = heard(client, 'notifications/resources/updated');
        const changed = heard(client, 'notifications/tools/list_changed');
        if (era === 'modern') await client.listen({ resourceSubscriptions: [uri], toolsListChanged: true });
        else await client.subscribeResource({ uri });
        await call('touch_resource', { uri: 'test://static-text' });
        await call('touch_resource', { uri });
        assert.equal((await updated)['uri'], uri);
        await call('test_trigger_tool_change');
        await changed;
        const { tools } = await client.listTools();
        assert.ok(tools.some(({ name }) => name === 'test_changing_tool'));
      });
    });

test('over stdio, progress and result come in one piece when a tool sends them at once', async (t) => {
  const child = spawn(process.execPath, [main, '--era', 'legacy'], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill());
  const write = (message: object): unknown =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const params = {
    protocolVersion: eras.legacy,
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  };
  write({ id: 0, method: 'initialize', params });
  await withDeadline('initialize', once(child.stdout, 'data'));
  write({ id: 1, method: 'tools/call', params: { name: 'progress_at_once', _meta: { progressToken: 'p' } } });
  const [piece] = (await withDeadline('the call', once(child.stdout, 'data'))) as [Buffer];
  assert.match(piece.toString(), /notifications\/progress.*\n.*done at once/);
});

test('over HTTP too', async (t) => {
  const { url, stop } = await serve('modern');
  t.after(stop);
  const meta = {
    progressToken: 'p',
    'io.modelcontextprotocol/protocolVersion': eras.modern,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const name = 'progress_at_once';
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': eras.modern,
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, _meta: meta } }),
  });
  const pieces: string[] = [];
  for await (const piece of answer.body ?? []) pieces.push(Buffer.from(piece).toString());
  assert.equal(pieces.length, 1, pieces.join('|'));
  assert.match(pieces[0] ?? '', /notifications\/progress[^]*done at once/);
});

function createClient(): Client {
  const client = new Client(
    { name: 'fixture-test', version: '1.0.0' },
    {
      capabilities: { sampling: {}, roots: {}, elicitation: { form: {}, url: {} } },
      versionNegotiation: { mode: 'auto' },
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
  client.setRequestHandler('roots/list', () => {
    asked.push('roots');
    return { roots: [{ uri: 'file:///work' }] };
  });
  return client;
}

interface Reached {
  readonly transport: Transport;
  stop(): void;
}

async function reach(kind: 'stdio' | 'http', era: string): Promise<Reached> {
  if (kind === 'http') {
    const { url, stop } = await serve(era);
    return { transport: new StreamableHTTPClientTransport(url), stop };
  }
  const args = [main, '--transport', kind, '--era', era];
  return { transport: new StdioClientTransport({ command: process.execPath, args }), stop: () => {} };
}

async function serve(era: string): Promise<{ url: URL; stop(): void }> {
  const args = [main, '--transport', 'http', '--era', era];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  const [url] = (await withDeadline('its URL', once(createInterface(child.stderr), 'line'))) as [string];
  return { url: new URL(url), stop: () => void child.kill() };
}

function heard(
  client: Client,
  method: 'notifications/resources/updated' | 'notifications/tools/list_changed',
): Promise<Record<string, unknown>> {
  const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
  client.setNotificationHandler(method, ({ params }) => resolve({ ...params }));
  return withDeadline(method, promise);
}
