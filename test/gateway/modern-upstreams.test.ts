// Clients of the legacy era before upstreams of the modern one: all a call can ask for and tell, both ways round.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test, { before, describe } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import {
  clientEnvironment,
  jsonOf,
  startGateway,
  startShim,
  textOf,
  type Gateway,
} from '../helpers/client.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { addClient, urlOf } from '../helpers/http.ts';
import { nucleus, nucleusBin } from '../helpers/nucleus.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope);
const main = join(import.meta.dirname, '../fixtures/conformance-server/main.ts');
let gateway: Gateway;

before(async () => {
  gateway = await startGateway(scope, home);
  const launch = { command: process.execPath, args: [main, '--transport', 'stdio', '--era', 'modern'] };
  await added({ connector: 'std', name: 'new', launch, roots: ['/srv/one'] });
  await added({ connector: 'far', name: 'new', url: await startFixture(scope), roots: ['/srv/one'] });
});

async function added(input: Parameters<typeof gateway.ask<'profiles.add'>>[1]): Promise<void> {
  const { probe } = await gateway.ask('profiles.add', input);
  assert.ok(
    probe?.ok && probe.tools > 30 && probe.server.startsWith('conformance-fixture'),
    JSON.stringify(probe),
  );
}

/** The fixture over HTTP, and where it listens. */
async function startFixture(owner: Scope): Promise<string> {
  const child = spawn(process.execPath, [main, '--transport', 'http', '--era', 'modern'], {
    env: { ...home.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  owner.after(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stderr.setEncoding('utf8'), 'data')) as [string];
  return said.trim();
}

const ways: Readonly<Record<string, () => Promise<Transport>>> = {
  'through the shim': async () =>
    new StdioClientTransport({
      command: nucleusBin,
      args: ['serve'],
      env: clientEnvironment(home),
      cwd: home.user,
      stderr: 'ignore',
    }),
  'over HTTP': async () => {
    const token = await addClient(gateway, `client-${(made += 1)}`);
    const headers = { Authorization: `Bearer ${token}` };
    return new StreamableHTTPClientTransport(new URL('/mcp', await urlOf(gateway)), {
      requestInit: { headers },
    });
  },
};
let made = 0;

/** A client of the legacy era that answers what it is asked, and what it heard. */
async function connect(
  owner: Scope,
  transport: Transport,
  capabilities = { elicitation: {}, sampling: {}, roots: {} },
) {
  const heard: string[] = [];
  const client = new Client({ name: 'older', version: '1.0.0' }, { capabilities });
  if (capabilities.elicitation)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      heard.push(`asked ${params.message}`);
      return { action: 'accept', content: { username: 'somebody', email: 'a@b.c', name: 'N', color: 'red' } };
    });
  if (capabilities.sampling)
    client.setRequestHandler(CreateMessageRequestSchema, () => {
      heard.push('sampled');
      return { model: 'm', role: 'assistant', content: { type: 'text', text: 'Paris' } };
    });
  if (capabilities.roots)
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///work' }] }));
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    heard.push(`${params.level} ${String(params.data)}`);
  });
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.push('tools changed'));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    heard.push(`updated ${params.uri}`);
  });
  owner.after(() => client.close());
  await client.connect(transport);
  return { client, heard };
}

for (const [way, open] of Object.entries(ways))
  for (const upstream of ['std', 'far'])
    describe(`${way}, upstream ${upstream}`, () => {
      const shared = createScope();
      let client: Client;
      let heard: string[];
      const call = (name: string, args = {}) =>
        client.callTool({ name: `${upstream}_new_${name}`, arguments: args });
      before(async () => {
        ({ client, heard } = await connect(shared, await open()));
      });

      test('what the upstream needs is asked of the client, and the call goes on with the answer', async () => {
        heard.length = 0;
        assert.equal(textOf(await call('test_sampling', { prompt: 'Capital?' })), 'LLM response: Paris');
        assert.match(textOf(await call('test_elicitation', { message: 'Who?' })), /action=accept.*somebody/);
        // Those of the profile: where a client sees all accounts, none of them is told its folders.
        assert.equal(textOf(await call('roots')), 'file:///srv/one');
        assert.deepEqual(
          heard.filter((words) => words !== 'tools changed'),
          ['sampled', 'asked Who?'],
        );
      });

      test('several questions and several rounds end in one answer', async () => {
        const { tools } = await client.listTools();
        // A name that is too long is shortened in its middle.
        const several = tools.find(
          ({ name }) => name.startsWith(upstream) && name.endsWith('multiple_inputs'),
        );
        const answer = await client.callTool({ name: several?.name ?? '', arguments: {} });
        assert.match(textOf(answer), /has 1 roots$/);
        assert.equal(textOf(await call('test_input_required_result_multi_round')), 'Both steps are done.');
        assert.equal(textOf(await call('test_input_required_result_request_state')), 'state-ok');
      });

      test('a result says nothing that only the modern era knows', async () => {
        const result = await call('test_simple_text');
        assert.deepEqual(
          ['resultType', 'ttlMs', 'cacheScope'].filter((key) => key in result),
          [],
        );
      });

      test('progress comes under the token of the client', async () => {
        const seen: number[] = [];
        await client.callTool({ name: `${upstream}_new_test_tool_with_progress`, arguments: {} }, undefined, {
          onprogress: ({ progress }) => void seen.push(progress),
        });
        // The last one may arrive with the result, and then this SDK drops it.
        assert.deepEqual(seen.slice(0, 2), [0, 50]);
      });

      test('log messages come from the level on that the client set', async () => {
        await client.setLoggingLevel('warning');
        heard.length = 0;
        await call('log_line', { level: 'info', words: 'too little' });
        await call('log_line', { level: 'error', words: 'enough' });
        await until('the message is there', () => heard.some((words) => words.includes('enough')));
        assert.deepEqual(
          heard.filter((words) => words !== 'tools changed'),
          ['error enough'],
        );
      });

      test('a changed list is told, and what is new can be called', async () => {
        heard.length = 0;
        await call('test_trigger_tool_change');
        await until('it is told', () => heard.includes('tools changed'));
        assert.equal(textOf(await call('test_changing_tool')), 'changed');
        heard.length = 0;
        await call('test_trigger_tool_change');
        await until('it is told again', () => heard.includes('tools changed'));
      });

      test('a resource is followed from the subscription on until its end', async () => {
        const { resources } = await client.listResources();
        const [watched = '', other = ''] = ['watched-resource', 'static-text'].map(
          (name) => resources.find(({ uri }) => uri.includes(upstream) && uri.includes(name))?.uri,
        );
        const touch = (name: string) => call('touch_resource', { uri: `test://${name}` });
        assert.deepEqual(await client.subscribeResource({ uri: watched }), {});
        assert.deepEqual(await client.subscribeResource({ uri: other }), {});
        heard.length = 0;
        await touch('watched-resource');
        await until('it is told', () => heard.some((words) => words.includes('watched')));
        assert.deepEqual(await client.unsubscribeResource({ uri: watched }), {});
        heard.length = 0;
        await touch('watched-resource');
        await touch('static-text');
        await until('what is still followed is told', () => heard.some((words) => words.includes('static')));
        assert.deepEqual(
          heard.filter((words) => words.includes('watched')),
          [],
        );
        await client.unsubscribeResource({ uri: other });
      });

      test('a cancelled call stops at the upstream', async () => {
        const counts = async () => jsonOf(await call('counts')) as Record<string, number>;
        const { slowStarted = 0, slowCancelled = 0 } = await counts();
        const controller = new AbortController();
        const slow = client.callTool(
          { name: `${upstream}_new_slow`, arguments: { milliseconds: 60_000 } },
          undefined,
          { signal: controller.signal },
        );
        await until('it runs', async () => (await counts())['slowStarted'] === slowStarted + 1);
        controller.abort('enough');
        await assert.rejects(slow);
        await until('it is cancelled', async () => (await counts())['slowCancelled'] === slowCancelled + 1);
      });
    });

for (const upstream of ['std', 'far'])
  test(`progress that leaves ${upstream} with its result comes before it`, async (t) => {
    const shim = startShim(t, home);
    await shim.initialize();
    shim.send({
      jsonrpc: '2.0',
      id: 'now',
      method: 'tools/call',
      params: { name: `${upstream}_new_progress_at_once`, arguments: {}, _meta: { progressToken: 'mine' } },
    });
    const progress = await shim.next(
      'progress or the result',
      ({ id, method }) => id === 'now' || method === 'notifications/progress',
    );
    assert.deepEqual(progress['params'], { progressToken: 'mine', progress: 1, total: 1 });
    await shim.next('the result', ({ id }) => id === 'now');
  });

test('a client that cannot be asked declines for its person, and reads what else is missing', async (t) => {
  const { client } = await connect(t, await (ways['over HTTP'] as () => Promise<Transport>)(), {} as never);
  for (const upstream of ['std', 'far']) {
    const call = (name: string, args = {}) =>
      client.callTool({ name: `${upstream}_new_${name}`, arguments: args });
    // The SDK of the server refuses by itself what its client did not declare.
    const refused = await call('test_sampling', { prompt: 'Capital?' }).catch((error: unknown) => error);
    assert.match(JSON.stringify(refused) + String(refused), /sampling/);
  }
});

test('on the command line the failure says what the server needs', async () => {
  const { code, stdout, stderr } = await nucleus(home, [
    'call',
    'std_new_test_elicitation',
    '{"message":"Who?"}',
  ]);
  assert.notEqual(code, 0);
  assert.match(stdout + stderr, /elicitation/i);
});

test('an argument that a tool wants in a header is there', async (t) => {
  const { client } = await connect(t, await (ways['over HTTP'] as () => Promise<Transport>)());
  for (const region of ['eu-west', ' ä ', '']) {
    const result = await client.callTool({ name: 'far_new_test_custom_header', arguments: { region } });
    assert.equal(textOf(result), `region: ${region}`);
  }
});
