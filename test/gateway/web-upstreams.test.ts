// Upstreams behind a URL, through the real command, a real gateway and a stock client.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { before, describe } from 'node:test';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { json, result, startHttpUpstream, stream, type Answer } from '../fixtures/http-upstream.ts';
import { startSseUpstream } from '../fixtures/sse-upstream.ts';
import {
  accountTools,
  attach,
  connectClient,
  nucleusErrorOf,
  startGateway,
  startShim,
  textOf,
  unlabelled,
  type Attached,
} from '../helpers/client.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { nucleus, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { kill } from '../helpers/processes.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope, '[upstream]\nheaders = { X-Org = "of all", X-Team = "of all" }\n');
const env = passphrase(home);
let client: Attached;

before(async () => {
  await startGateway(scope, home, env);
  client = await attach(scope, home);
  await client.initialize();
});

describe('upstreams behind a URL', { concurrency: true }, () => {
  test('a URL makes a connector, with a manifest of its own and its tools in every view', async (t) => {
    verifies('NUC-015', 'NEX-010');
    const upstream = await startHttpUpstream();
    t.after(() => upstream.close());
    const { stderr } = await nucleusOk(home, ['add', '--transport', 'http', 'acme', upstream.url], { env });
    assert.match(stderr, /added acme:default \(8 tools\)/);
    const file = join(home.state, 'connectors', 'acme.toml');
    const text = readFileSync(file, 'utf8');
    assert.match(text, /^transport = "http"$/m);
    assert.ok(text.includes(`url = "${upstream.url}"`));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const { stdout } = await nucleusOk(home, ['tools'], { env });
    assert.match(stdout, /^acme_default_echo\b/m);
    assert.equal(textOf(await client.call('acme_default_echo', { text: 'there' })), 'there');
  });

  test('a server that only speaks SSE is reached with and without saying so', async (t) => {
    verifies('NEX-011', 'NEX-012');
    const upstream = await startSseUpstream();
    t.after(() => upstream.close());
    await nucleusOk(home, ['add', 'older', upstream.url], { env });
    await nucleusOk(home, ['add', 'oldest', upstream.url, '--transport', 'sse'], { env });
    assert.match(readFileSync(join(home.state, 'connectors', 'oldest.toml'), 'utf8'), /^transport = "sse"$/m);
    for (const connector of ['older', 'oldest'])
      assert.equal(textOf(await client.call(`${connector}_default_echo`, { text: connector })), connector);
  });

  test('an address for messages in the manifest means SSE and is used', async (t) => {
    verifies('NEX-011');
    const upstream = await startSseUpstream({ endpoint: '/elsewhere', messages: '/mine' });
    t.after(() => upstream.close());
    const mine = upstream.url.replace('/sse', '/mine');
    home.write(
      'connectors/explicit.toml',
      `schema = 1\nname = "explicit"\ntransport = "http"\nauth = "none"\nurl = "${upstream.url}"\nmessage_url = "${mine}"\n`,
    );
    await nucleusOk(home, ['add', 'explicit'], { env });
    assert.equal(textOf(await client.call('explicit_default_echo', { text: 'mine' })), 'mine');
    assert.deepEqual(
      new Set(upstream.requests.map(({ method, path }) => `${method} ${path}`)),
      new Set(['GET /sse', 'POST /mine']),
    );
  });

  test('another URL for a known connector is told and ignored, or taken when that is asked for', async (t) => {
    verifies('NUC-022');
    const [first, second] = await Promise.all([startHttpUpstream(), startHttpUpstream()]);
    for (const upstream of [first, second]) t.after(() => upstream.close());
    await nucleusOk(home, ['add', 'moving', first.url], { env });
    const told = await nucleusOk(home, ['add', 'moving', 'other', second.url, '--no-connect'], { env });
    assert.ok(
      told.stderr.includes(
        `note: moving is a known connector (${first.url}); the URL given is ignored; --force-url changes it\n`,
      ),
      told.stderr,
    );
    const addressNow = () => readFileSync(join(home.state, 'connectors', 'moving.toml'), 'utf8');
    assert.ok(addressNow().includes(first.url));
    const moved = await nucleusOk(
      home,
      ['add', 'moving', 'default', second.url, '--replace', '--force-url'],
      {
        env,
      },
    );
    assert.doesNotMatch(moved.stderr, /ignored/);
    assert.ok(addressNow().includes(second.url));
    const calls = first.received('tools/call').length;
    await client.call('moving_default_echo', { text: 'x' });
    await client.call('moving_other_echo', { text: 'x' });
    assert.deepEqual([first.received('tools/call').length, second.received('tools/call').length], [calls, 2]);
  });

  test('the address of a built-in connector cannot be changed', async () => {
    verifies('NUC-022');
    const { code, stderr } = await nucleus(
      home,
      [
        'add',
        'sqlite',
        'x',
        'https://evil.example/mcp',
        '--force-url',
        '--metadata',
        'file=/x',
        '--no-connect',
      ],
      { env },
    );
    assert.equal(code, 2);
    assert.match(stderr, /^Error: sqlite is a built-in connector, its address stays/m);
  });

  test('each profile brings its own token, and only to its own server', async (t) => {
    verifies('NEX-013');
    const [one, two] = await Promise.all([startHttpUpstream(), startHttpUpstream()]);
    for (const upstream of [one, two]) t.after(() => upstream.close());
    for (const [name, upstream] of [
      ['one', one],
      ['two', two],
    ] as const) {
      const header = ['--header', 'Authorization: Bearer {{secret}}'];
      await nucleusOk(home, ['add', `bearer-${name}`, upstream.url, ...header, '--token-stdin'], {
        stdin: `token-${name}\n`,
        env,
      });
      assert.equal(textOf(await client.call(`bearer-${name}_default_echo`, { text: name })), name);
    }
    const sent = [one, two].map(
      ({ requests }) => new Set(requests.map(({ headers }) => headers.authorization)),
    );
    assert.deepEqual(sent, [new Set(['Bearer token-one']), new Set(['Bearer token-two'])]);
  });

  test("headers of config.toml go to every server, and a connector's own wins", async (t) => {
    verifies('NEX-015');
    const [http, sse] = await Promise.all([startHttpUpstream(), startSseUpstream()]);
    for (const upstream of [http, sse]) t.after(() => upstream.close());
    for (const [name, upstream] of [
      ['headed', http],
      ['headed-sse', sse],
    ] as const) {
      await nucleusOk(home, ['add', name, upstream.url, '--header', 'x-team: blue'], { env });
      for (const { headers } of upstream.requests)
        assert.deepEqual([headers['x-org'], headers['x-team']], ['of all', 'blue']);
    }
  });

  test('a change of its tools that a server announces on its own stream reaches a stock client', async (t) => {
    verifies('NEX-010');
    const streams: ServerResponse[] = [];
    let names = ['one'];
    const upstream = await startHttpUpstream({
      answers: {
        'tools/list': (response, id) =>
          json(
            response,
            result(id, { tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })) }),
          ),
      },
      onGet(_request, response) {
        stream(response).flushHeaders();
        streams.push(response);
      },
    });
    t.after(() => upstream.close());
    await nucleusOk(home, ['add', 'living', upstream.url], { env });
    const host = await connectClient(t, home, { args: ['--profile', 'living:default'] });
    const told = Promise.withResolvers<void>();
    host.setNotificationHandler(ToolListChangedNotificationSchema, () => told.resolve());
    const listed = async () => accountTools(await host.listTools()).map(({ name }) => name);
    assert.deepEqual(await listed(), ['living_default_one']);
    await until('the stream is open', () => streams.length > 0);
    names = ['one', 'two'];
    for (const open of streams)
      open.write('data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n');
    await told.promise;
    assert.deepEqual(await listed(), ['living_default_one', 'living_default_two']);
  });

  test('a call that meets a session the server forgot runs once, over a new one', async (t) => {
    verifies('NEX-010');
    let sessions = 0;
    let ran = 0;
    let isForgetful = false;
    const counted: Answer = (response, id, _message, request) => {
      if (isForgetful && request.headers['mcp-session-id'] === 's1')
        return void response.writeHead(404).end();
      ran += 1;
      return json(response, result(id, { content: [{ type: 'text', text: String(ran) }] }));
    };
    const upstream = await startHttpUpstream({
      answers: {
        initialize: (response, id) =>
          json(
            response,
            result(id, {
              protocolVersion: '2025-11-25',
              capabilities: { tools: {} },
              serverInfo: { name: 'x', version: '1' },
            }),
            { 'mcp-session-id': `s${(sessions += 1)}` },
          ),
        echo: counted,
      },
    });
    t.after(() => upstream.close());
    await nucleusOk(home, ['add', 'forgetful', upstream.url], { env });
    assert.equal(textOf(await client.call('forgetful_default_echo', {})), '1');
    isForgetful = true;
    assert.equal(textOf(await client.call('forgetful_default_echo', {})), '2');
    assert.deepEqual([sessions, ran], [2, 2]);
  });

  test('a wait the server asks for is in what the model reads', async (t) => {
    const upstream = await startHttpUpstream({
      answers: { echo: (response) => response.writeHead(429, { 'retry-after': '30' }).end() },
    });
    t.after(() => upstream.close());
    await nucleusOk(home, ['add', 'busy', upstream.url], { env });
    const answer = await client.call('busy_default_echo', {});
    assert.equal(answer['isError'], true);
    assert.deepEqual(nucleusErrorOf(answer), { code: 'UPSTREAM_BUSY', profile: 'busy:default' });
    assert.match(textOf(answer), /\(HTTP 429, too many requests\); call again in 30 s$/);
    assert.match(textOf(await client.call('busy_default_echo', {})), /it has (30|29) s left/);
    assert.equal(upstream.received('tools/call').length, 1);
  });

  test('serve --servers reaches servers behind URLs, with their headers and without any state', async (t) => {
    verifies('NUC-104', 'NEX-010', 'NEX-011');
    const [http, sse] = await Promise.all([startHttpUpstream(), startSseUpstream()]);
    for (const upstream of [http, sse]) t.after(() => upstream.close());
    const own = createHome(t);
    const file = own.path('servers.json');
    const mcpServers = {
      plain: { url: http.url, headers: { Authorization: 'Bearer abc' } },
      named: { type: 'http', url: http.url },
      found: { url: sse.url },
      older: { type: 'sse', url: sse.url, headers: { 'X-Key': 'k' } },
    };
    writeFileSync(file, JSON.stringify({ mcpServers }));
    const shim = startShim(t, own, { args: ['--servers', file] });
    await shim.initialize();
    for (const name of Object.keys(mcpServers))
      assert.equal(textOf(await shim.call(`${name}_default_echo`, { text: name })), name);
    assert.ok(http.requests.some(({ headers }) => headers.authorization === 'Bearer abc'));
    assert.ok(sse.requests.some(({ headers }) => headers['x-key'] === 'k'));
    assert.equal(await shim.close(), 0);
    assert.ok(!existsSync(own.state), 'it made a state folder');
  });

  test('what a server repeats of the headers it was sent is not repeated further', async (t) => {
    const tell: Answer = (response, _id, _message, { headers }) =>
      response.writeHead(400, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          jsonrpc: '2.0',
          id: null,
          error: {
            code: -32000,
            message: `bad key ${headers.authorization?.slice('Bearer '.length)} for ${String(headers['x-org'])}, v${String(headers['x-version'])}`,
          },
        }),
      );
    const upstream = await startHttpUpstream({ answers: { echo: tell } });
    t.after(() => upstream.close());
    const own = createHome(t);
    const file = own.path('servers.json');
    const headers = { Authorization: 'Bearer key-of-web', 'X-Org': 'org-of-web', 'X-Version': '1' };
    writeFileSync(file, JSON.stringify({ mcpServers: { web: { url: upstream.url, headers } } }));
    const shim = startShim(t, own, { args: ['--servers', file] });
    await shim.initialize();
    const said = textOf(await shim.call('web_default_echo', {}));
    assert.match(said, /refused the request \(HTTP 400: bad key … for …, v1\)/);
    await shim.close();
  });

  test('a servers file that cannot work is refused with the place', async (t) => {
    const own = createHome(t);
    const file = own.path('servers.json');
    for (const [server, sentence] of [
      [{ url: 'ftp://x' }, /mcpServers\.a\.url/],
      [{}, /server "a" needs either a command or a url/],
      [{ url: 'http://x', command: 'y' }, /server "a" needs either a command or a url/],
      [
        { url: 'http://x', headers: { Host: 'y' } },
        /mcpServers\.a\.headers\.Host \(is a header that Nucleus sets itself/,
      ],
      [{ url: 'http://x', headers: { A: '{{secret}}' } }, /mcpServers\.a\.headers\.A \(has a value/],
    ] as const) {
      writeFileSync(file, JSON.stringify({ mcpServers: { a: server } }));
      const { code, stderr } = await nucleus(own, ['serve', '--servers', file]);
      assert.equal(code, 2);
      assert.match(stderr, sentence);
    }
  });

  test('one server answers the same over stdio, Streamable HTTP and SSE', async (t) => {
    verifies('NEX-010', 'NEX-011', 'NEX-012');
    const [http, sse] = await Promise.all([startEverything(t, 'streamableHttp'), startEverything(t, 'sse')]);
    const command = ['--command', process.execPath, '--arg', everything, '--arg', 'stdio'];
    await nucleusOk(home, ['add', 'every', 'stdio', ...command], { env });
    await nucleusOk(home, ['add', 'every-http', 'x', `${http}/mcp`], { env });
    await nucleusOk(home, ['add', 'every-sse', 'x', `${sse}/sse`], { env });
    const prefixes = ['every_stdio_', 'every-http_x_', 'every-sse_x_'];
    const profiles = ['every:stdio', 'every-http:x', 'every-sse:x'];
    const own = await attach(t, home, {
      profiles: [
        { id: 'every:stdio', alias: 'stdio' },
        { id: 'every-http:x', alias: 'x' },
        { id: 'every-sse:x', alias: 'x' },
      ],
    });
    await own.initialize();
    const { tools } = (await own.ask('tools/list')) as { tools: { name: string; inputSchema: unknown }[] };
    const offered = prefixes.map((prefix) =>
      tools
        .filter(({ name }) => name.startsWith(prefix))
        .map(({ name, inputSchema }) => `${name.slice(prefix.length)} ${JSON.stringify(inputSchema)}`)
        .toSorted((one, other) => one.localeCompare(other)),
    );
    assert.ok((offered[0]?.length ?? 0) > 5);
    assert.deepEqual(offered[1], offered[0]);
    assert.deepEqual(offered[2], offered[0]);
    const answers = await Promise.all(
      prefixes.map(async (prefix, index) => {
        const results = [
          await own.call(`${prefix}echo`, { message: 'größe 🙂' }),
          await own.call(`${prefix}get-sum`, { a: 2, b: 40 }),
          await own.call(`${prefix}get-tiny-image`, {}),
        ];
        return results.map((result) => unlabelled(result, profiles[index] as string));
      }),
    );
    assert.match(textOf(answers[0]?.[0]), /größe 🙂/);
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
  });
});

const everything = join(
  import.meta.dirname,
  '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
);

/** The official example server over a transport, and its origin once it answers. */
async function startEverything(at: Scope, transport: 'streamableHttp' | 'sse'): Promise<string> {
  const port = await freePort();
  const child = spawn(process.execPath, [everything, transport], {
    env: { ...home.env, PORT: String(port) },
    stdio: 'ignore',
  });
  at.after(() => kill(child.pid ?? 0));
  const origin = `http://127.0.0.1:${port}`;
  await until(
    'the server listens',
    () =>
      fetch(origin).then(
        () => true,
        () => false,
      ),
    20_000,
  );
  return origin;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
