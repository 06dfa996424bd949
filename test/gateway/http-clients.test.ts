// Clients others wrote, over HTTP: each with a token of its own, each on two accounts.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test, { before } from 'node:test';
import { promisify } from 'node:util';
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { accountTools, startGateway, textOf, type Gateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { addClient, urlOf } from '../helpers/http.ts';
import { nucleusJson } from '../helpers/nucleus.ts';
import { needs } from '../helpers/require.ts';
import { verifies } from '../helpers/requirements.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const scope = createScope();
const home = createHome(scope);
const wanted = ['fake_work_echo', 'fake_work_whoami', 'fake_home_echo', 'fake_home_whoami'].toSorted();
let gateway: Gateway;
let url: URL;

before(async () => {
  gateway = await startGateway(scope, home);
  await Promise.all(['work', 'home'].map((name) => gateway.add(createFake(home, name, '--tools', '2'))));
  url = new URL('/mcp', await urlOf(gateway));
});

/** Lists the tools, and has one of each account say whose it is. */
async function useBoth(client: {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
}): Promise<void> {
  const tools = accountTools(await client.listTools());
  assert.deepEqual(tools.map(({ name }) => name).toSorted(), wanted);
  for (const account of ['work', 'home']) {
    const result = await client.callTool({ name: `fake_${account}_whoami`, arguments: {} });
    assert.equal((JSON.parse(textOf(result)) as { name: string }).name, account);
  }
}

function headersOf(token: string): { requestInit: { headers: Record<string, string> } } {
  return { requestInit: { headers: { Authorization: `Bearer ${token}` } } };
}

test('the SDK of the first generation uses both accounts, and is seen under its name', async (t) => {
  verifies('NUC-105');
  const added = (await nucleusJson(home, ['clients', 'add', 'first'])) as { url: string; token: string };
  assert.equal(added.url, url.href);
  const transport = new TransportV1(new URL(added.url), headersOf(added.token));
  const client = new ClientV1({ name: 'first-generation', version: '1.0.0' });
  t.after(() => client.close());
  await client.connect(transport);
  await useBoth(client);
  const seen = (await gateway.status()).clients.map(({ name, principal }) => ({ name, principal }));
  assert.deepEqual(seen, [{ name: 'first-generation', principal: 'first' }]);
  await transport.terminateSession();
  assert.deepEqual((await gateway.status()).clients, []);
});

test('the SDK of the second generation uses both accounts in its own way', async (t) => {
  const transport = new TransportV2(url, headersOf(await addClient(gateway, 'second')));
  const client = new ClientV2({ name: 'second-generation', version: '1.0.0' });
  t.after(() => client.close());
  await client.connect(transport);
  await useBoth(client);
});

test('the SDK of the second generation finds out by itself which era is served', async (t) => {
  const transport = new TransportV2(url, headersOf(await addClient(gateway, 'auto')));
  const client = new ClientV2(
    { name: 'second-generation', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  t.after(() => client.close());
  await client.connect(transport);
  await useBoth(client);
});

test('mcp-remote in front of a stdio client uses both accounts', async (t) => {
  const token = await addClient(gateway, 'remote');
  const file = join(dirname(require.resolve('mcp-remote/package.json')), 'dist', 'proxy.js');
  const client = new ClientV1({ name: 'behind-mcp-remote', version: '1.0.0' });
  t.after(() => client.close());
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [file, url.href, '--transport', 'http-only', '--header', `Authorization: Bearer ${token}`],
      env: { HOME: home.user, MCP_REMOTE_CONFIG_DIR: home.path('mcp-remote') },
      stderr: 'ignore',
    }),
  );
  await useBoth(client);
});

test('the command line of the inspector uses both accounts', async () => {
  const token = await addClient(gateway, 'inspector');
  const folder = dirname(require.resolve('@modelcontextprotocol/inspector/package.json'));
  const inspect = async (...args: string[]): Promise<unknown> => {
    const { stdout } = await run(
      process.execPath,
      [
        join(folder, 'clients', 'cli', 'build', 'index.js'),
        url.href,
        '--transport',
        'http',
        '--header',
        `Authorization: Bearer ${token}`,
        ...args,
      ],
      { env: { ...home.env, MCP_CATALOG_PATH: home.path('catalog.json') } },
    );
    return JSON.parse(stdout);
  };
  const [listed, ...called] = await Promise.all([
    inspect('--method', 'tools/list'),
    ...['work', 'home'].map((account) =>
      inspect('--method', 'tools/call', '--tool-name', `fake_${account}_whoami`),
    ),
  ]);
  const { tools } = listed as { tools: { name: string }[] };
  assert.deepEqual(
    accountTools({ tools })
      .map(({ name }) => name)
      .toSorted(),
    wanted,
  );
  const accounts = called.map((result) => (JSON.parse(textOf(result)) as { name: string }).name);
  assert.deepEqual(accounts, ['work', 'home']);
});

test('curl uses both accounts, one request at a time', async (t) => {
  if (!needs(t, 'curl')) return;
  const token = await addClient(gateway, 'curl');
  const curl = async (method: string, params: object): Promise<unknown> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const { stdout } = await run('curl', [
      '--silent',
      '--fail',
      '--header',
      `Authorization: Bearer ${token}`,
      '--header',
      'Content-Type: application/json',
      '--data',
      body,
      url.href,
    ]);
    return (JSON.parse(stdout) as { result: unknown }).result;
  };
  await useBoth({
    listTools: async () => (await curl('tools/list', {})) as { tools: { name: string }[] },
    callTool: (call) => curl('tools/call', call),
  });
});
