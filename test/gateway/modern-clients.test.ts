// Clients of the revision 2026-07-28 before servers of 2025-11-25, as the SDK makes both.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { describe } from 'node:test';
import { Client, StreamableHTTPClientTransport, type ClientOptions } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { startServerUnderTest } from '../conformance/server-under-test.ts';
import { textOf } from '../helpers/client.ts';
import { createHome, type Scope } from '../helpers/home.ts';
import { nucleusBin } from '../helpers/nucleus.ts';
import { until } from '../helpers/until.ts';

const fixture = join(import.meta.dirname, '../fixtures/conformance-server/main.ts');
const everything = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const pinned = { mode: { pin: '2026-07-28' } } as const;

interface Asked {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A client that answers whatever it is asked, and remembers it. */
function createClient(scope: Scope, options: ClientOptions = {}): { client: Client; asked: Asked[] } {
  const asked: Asked[] = [];
  const capabilities = options.capabilities ?? everything;
  const client = new Client(
    { name: 'modern-client', version: '1.0.0' },
    { versionNegotiation: pinned, ...options, capabilities },
  );
  if (capabilities.elicitation)
    client.setRequestHandler('elicitation/create', (request) => {
      asked.push(request);
      return { action: 'accept', content: { username: 'ada', email: 'ada@example.org', ok: true } };
    });
  if (capabilities.sampling)
    client.setRequestHandler('sampling/createMessage', (request) => {
      asked.push(request);
      return { role: 'assistant', model: 'test', content: { type: 'text', text: 'sampled words' } };
    });
  if (capabilities.roots)
    client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///work', name: 'work' }] }));
  scope.after(() => client.close());
  return { client, asked };
}

for (const transport of ['stdio', 'http'] as const)
  describe(`a modern client over HTTP, a legacy server over ${transport}`, { concurrency: true }, () => {
    async function connect(t: Scope, options?: ClientOptions) {
      const home = createHome(t);
      const upstream = { transport, era: 'legacy' } as const;
      const server = await startServerUnderTest({ set: '2026-07-28', upstream, isDirect: false }, home.root);
      t.after(() => server.close());
      const connected = createClient(t, options);
      await connected.client.connect(new StreamableHTTPClientTransport(new URL(server.url)));
      return { ...connected, url: server.url };
    }

    test('it lists, calls, reads, gets prompts and completions', async (t) => {
      const { client } = await connect(t, { versionNegotiation: { mode: 'auto' } });
      assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
      assert.equal(client.getServerVersion()?.name, 'conformance-fixture');
      const { tools } = await client.listTools();
      assert.ok(tools.some(({ name }) => name === 'test_simple_text'));
      assert.ok((await client.listResources()).resources.length > 0);
      assert.ok((await client.listPrompts()).prompts.length > 0);
      const said = textOf(await client.callTool({ name: 'test_simple_text', arguments: {} }));
      assert.match(said, /simple text/);
      const { contents } = await client.readResource({ uri: 'test://static-text' });
      assert.equal(contents[0]?.uri, 'test://static-text');
      assert.ok((await client.getPrompt({ name: 'test_simple_prompt' })).messages.length > 0);
    });

    test('it hears progress before the answer', async (t) => {
      const { client } = await connect(t);
      const seen: number[] = [];
      const call = { name: 'test_tool_with_progress', arguments: {} };
      await client.callTool(call, { onprogress: ({ progress }) => seen.push(progress) });
      assert.deepEqual(seen, [0, 50, 100]);
    });

    test('it is asked what the server asks, and goes on with the same call', async (t) => {
      const { client, asked } = await connect(t);
      const elicited = await client.callTool({ name: 'test_elicitation', arguments: { message: 'Who?' } });
      assert.match(textOf(elicited), /accept.*ada@example\.org/s);
      const sampled = await client.callTool({ name: 'test_sampling', arguments: { prompt: 'Say it' } });
      assert.equal(textOf(sampled), 'LLM response: sampled words');
      assert.equal(textOf(await client.callTool({ name: 'roots', arguments: {} })), 'file:///work');
      assert.deepEqual(
        asked.map(({ method, params }) => [method, params?.['message'] ?? null]),
        [
          ['elicitation/create', 'Who?'],
          ['sampling/createMessage', null],
        ],
      );
      const heard: unknown[] = [];
      const streamed = await client.callTool(
        { name: 'test_streaming_elicitation', arguments: {} },
        // The client reports its own, without a total.
        { onprogress: ({ progress, total }) => heard.push(...(total === undefined ? [] : [progress])) },
      );
      assert.equal(textOf(streamed), 'confirmation: accept');
      assert.deepEqual(heard, [1]);
    });

    test('it is sent to an address, by a question or before the call can run', async (t) => {
      const { client, asked } = await connect(t);
      const url = 'https://example.org/sign-in?state=1';
      const sent = await client.callTool({ name: 'elicit_url', arguments: { url } });
      assert.equal(textOf(sent), 'page: accept');
      assert.deepEqual(asked, [
        { method: 'elicitation/create', params: { mode: 'url', message: 'Please sign in', url } },
      ]);
      const demanded = await client
        .callTool({ name: 'demand_url', arguments: { url } })
        .catch((error: Error) => error.message);
      assert.ok(asked.length > 1, JSON.stringify(demanded));
      assert.equal(asked[1]?.params?.['url'], url);
    });

    test('what it cannot be asked it is told by code', async (t) => {
      const { client } = await connect(t, { capabilities: {} });
      await assert.rejects(client.callTool({ name: 'test_missing_capability', arguments: {} }), {
        code: -32021,
      });
    });

    test('a call it gives up is cancelled at the server', async (t) => {
      const { client } = await connect(t);
      const controller = new AbortController();
      const call = { name: 'slow', arguments: { milliseconds: 60_000 } };
      const given = client.callTool(call, { signal: controller.signal }).catch(() => 'given up');
      const counts = async (): Promise<Record<string, number>> =>
        JSON.parse(textOf(await client.callTool({ name: 'counts', arguments: {} }))) as Record<
          string,
          number
        >;
      await until('the call', async () => (await counts())['slowStarted'] === 1);
      controller.abort();
      assert.equal(await given, 'given up');
      await until('the end of the call', async () => (await counts())['slowCancelled'] === 1);
    });

    test('it hears what changes when it listens, and only that', async (t) => {
      const { client } = await connect(t);
      const heard: string[] = [];
      const uri = 'test://static-text';
      client.setNotificationHandler('notifications/tools/list_changed', () => void heard.push('tools'));
      client.setNotificationHandler('notifications/prompts/list_changed', () => void heard.push('prompts'));
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        heard.push(params.uri);
      });
      const subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
      await client.callTool({ name: 'test_trigger_prompt_change', arguments: {} });
      await client.callTool({ name: 'test_trigger_tool_change', arguments: {} });
      await until('the changed list', () => heard.includes('tools'));
      await client.callTool({ name: 'touch_resource', arguments: { uri } });
      await until('the changed resource', () => heard.includes(uri));
      assert.deepEqual(heard, ['tools', uri]);
      await subscription.close();
      await client.callTool({ name: 'touch_resource', arguments: { uri } });
      await client.callTool({ name: 'counts', arguments: {} });
      assert.deepEqual(heard, ['tools', uri]);
    });
  });

test('a modern client over stdio works in every account, without a handshake', async (t) => {
  const home = createHome(t);
  const file = home.path('servers.json');
  const command = process.execPath;
  const args = [fixture, '--transport', 'stdio', '--era', 'legacy'];
  writeFileSync(file, JSON.stringify({ mcpServers: { shop: { command, args } } }));
  const { client, asked } = createClient(t, { versionNegotiation: { mode: 'auto' } });
  await client.connect(
    new StdioClientTransport({
      command: nucleusBin,
      args: ['serve', '--servers', file],
      env: { HOME: home.user, NUCLEUS_HOME: home.state, PATH: String(process.env['PATH']) },
      stderr: 'ignore',
    }),
  );
  assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
  assert.equal(client.getServerVersion()?.name, 'nucleus');
  const heard: string[] = [];
  client.setNotificationHandler('notifications/tools/list_changed', () => void heard.push('tools'));
  const subscription = await client.listen({ toolsListChanged: true });
  const call = (name: string, values: Record<string, unknown> = {}) =>
    client.callTool({ name: `shop_default_${name}`, arguments: values });
  assert.match(textOf(await call('test_elicitation', { message: 'Who?' })), /ada@example\.org/);
  assert.equal(asked.length, 1);
  // Its folders are not told where it sees all accounts.
  assert.equal(textOf(await call('roots')), '');
  await call('test_trigger_tool_change');
  await until('the changed list', () => heard.length > 0);
  await subscription.close();
});
