// Who is not meant to come in: web pages, strangers, and requests no honest client sends.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { before } from 'node:test';
import { startGateway, textOf, type Gateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { addClient, ask, openSession, raw, rpc, statusOf, toolCall, urlOf } from '../helpers/http.ts';
import { verifies } from '../helpers/requirements.ts';

const scope = createScope();
const home = createHome(
  scope,
  `[http]\nallowed_origins = ["https://inspector.example"]\nallowed_hosts = ["nucleus.example"]\n`,
);
const fake = createFake(home, 'one');
const call = JSON.stringify(toolCall('fake_one_echo', { text: 'reached' }));
let gateway: Gateway;
let base: string;
let token: string;

before(async () => {
  gateway = await startGateway(scope, home);
  await gateway.add(fake);
  base = await urlOf(gateway);
  token = await addClient(gateway, 'laptop');
});

/** A request as bytes; a header given as null is left out. */
function bytes(options: {
  readonly line?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly body?: string;
}): string {
  const body = options.body ?? call;
  const headers: Record<string, string | readonly string[] | null> = {
    Host: new URL(base).host,
    Authorization: `Bearer ${token}`,
    Accept: 'application/json, text/event-stream',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...options.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((one) => `${name}: ${one}`),
  );
  return `${[options.line ?? 'POST /mcp HTTP/1.1', ...lines].join('\r\n')}\r\n\r\n${body}`;
}

const reached = (): number => fake.received('tools/call').length;

test('what a page, a stranger or a forged name sends is refused before anything hears it', async () => {
  verifies('NEX-042');
  const { port } = new URL(base);
  const probes: Readonly<Record<string, readonly [request: string, status: number]>> = {
    'a foreign host': [bytes({ headers: { Host: 'evil.com' } }), 403],
    'a host that begins like ours': [bytes({ headers: { Host: '127.0.0.1.evil.com' } }), 403],
    'a name that resolves to us': [bytes({ headers: { Host: `127.0.0.1.nip.io:${port}` } }), 403],
    'localhost with a dot': [bytes({ headers: { Host: `localhost.:${port}` } }), 403],
    'every interface as a host': [bytes({ headers: { Host: `0.0.0.0:${port}` } }), 403],
    'user information in the host': [bytes({ headers: { Host: '127.0.0.1@evil.com' } }), 403],
    'no host': [bytes({ headers: { Host: null } }), 400],
    'an empty host': [bytes({ headers: { Host: '' } }), 403],
    'two hosts': [bytes({ headers: { Host: [new URL(base).host, 'evil.com'] } }), 403],
    'the origin of a sandboxed page': [bytes({ headers: { Origin: 'null' } }), 403],
    'the origin of a page of this machine': [bytes({ headers: { Origin: 'http://localhost:3000' } }), 403],
    'our own origin under another name': [
      bytes({ headers: { Origin: base.replace('127.0.0.1', 'localhost') } }),
      403,
    ],
    'an origin that begins like an allowed one': [
      bytes({ headers: { Origin: 'https://inspector.example.evil.com' } }),
      403,
    ],
    'two origins': [bytes({ headers: { Origin: ['https://inspector.example', 'https://evil.com'] } }), 403],
    'no token': [bytes({ headers: { Authorization: null } }), 401],
    'a token in the query': [
      bytes({ line: `POST /mcp?access_token=${token} HTTP/1.1`, headers: { Authorization: null } }),
      401,
    ],
    'a token as a cookie': [bytes({ headers: { Authorization: null, Cookie: `token=${token}` } }), 401],
    'a token as a password': [
      bytes({ headers: { Authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` } }),
      401,
    ],
    'two tokens': [bytes({ headers: { Authorization: [`Bearer ${token}`, 'Bearer nuc_x'] } }), 401],
    'a wrong token': [bytes({ headers: { Authorization: `Bearer ${token.slice(0, -1)}` } }), 401],
    'a preflight': [
      bytes({
        line: 'OPTIONS /mcp HTTP/1.1',
        headers: { Origin: 'https://evil.com', 'Access-Control-Request-Method': 'POST' },
      }),
      403,
    ],
    'plain text, which a page may send unasked': [bytes({ headers: { 'Content-Type': 'text/plain' } }), 415],
    'a form': [bytes({ headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }), 415],
    'two types': [bytes({ headers: { 'Content-Type': ['application/json', 'text/plain'] } }), 415],
    'no type': [bytes({ headers: { 'Content-Type': null } }), 415],
    'the absolute form': [bytes({ line: `POST ${base}/mcp HTTP/1.1` }), 403],
    'the absolute form of elsewhere': [bytes({ line: 'POST http://evil.com/mcp HTTP/1.1' }), 403],
    'the asterisk form': [bytes({ line: 'OPTIONS * HTTP/1.1' }), 403],
    'a tunnel': [bytes({ line: 'CONNECT evil.com:443 HTTP/1.1' }), 0],
  };
  for (const [name, [request, status]] of Object.entries(probes)) {
    const answer = await raw(base, request);
    assert.equal(statusOf(answer), status, `${name}: ${answer.slice(0, 300)}`);
    assert.doesNotMatch(answer, /access-control-allow/i, name);
    assert.doesNotMatch(answer, new RegExp(token), name);
  }
  assert.equal(reached(), 0);
  // The same bytes, honest, do reach it: what was refused above was refused for its one difference.
  for (const headers of [
    {},
    { Host: 'localhost' },
    { Host: `[::1]:${port}` },
    { Host: 'NUCLEUS.example:80' },
  ])
    assert.equal(statusOf(await raw(base, bytes({ headers }))), 200);
  assert.equal(reached(), 4);
});

test('a page that was allowed by name may call, and read what it gets', async () => {
  const origin = 'https://inspector.example';
  const preflight = await ask(base, '', { method: 'OPTIONS', headers: { origin } });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], origin);
  assert.equal(preflight.headers['access-control-allow-credentials'], undefined);
  assert.match(preflight.headers['access-control-allow-headers'] ?? '', /authorization/);
  const called = await ask(base, rpc('tools/list'), { token, headers: { origin } });
  assert.deepEqual([called.status, called.headers['access-control-allow-origin']], [200, origin]);
  assert.equal((await ask(base, rpc('tools/list'), { headers: { origin } })).status, 401);
});

test('methods and paths that mean nothing here are told so', async () => {
  for (const [line, status] of [
    ['PUT /mcp', 405],
    ['PATCH /mcp', 405],
    ['HEAD /mcp', 405],
    ['TRACE /mcp', 405],
    ['POST /', 404],
    ['POST //mcp', 404],
    ['POST /mcp/', 404],
    ['POST /MCP', 404],
    ['POST /./mcp', 404],
    ['POST /p/../mcp', 404],
    ['POST /mcp%2f', 404],
    ['POST /mcp;x=1', 404],
    ['POST /m%63p', 404],
    ['POST /healthz', 404],
    ['POST /w/any/mcp', 404],
    ['GET /mcp', 400],
    ['DELETE /mcp', 400],
    ['BREW /mcp', 400],
  ] as const) {
    const before = reached();
    const answer = await raw(base, bytes({ line: `${line} HTTP/1.1` }));
    assert.equal(statusOf(answer), status, `${line}: ${answer.slice(0, 200)}`);
    if (status === 405) assert.match(answer, /^allow: GET, POST, DELETE\r$/im, line);
    assert.equal(reached(), before, line);
  }
});

test('a request that two readers could read in two ways is read by none', async () => {
  const before = reached();
  const hidden = bytes({});
  const length = String(Buffer.byteLength(call));
  const smuggled: Readonly<Record<string, string>> = {
    'two lengths': bytes({ headers: { 'Content-Length': [length, '0'] } }),
    'a length of two parts': bytes({ headers: { 'Content-Length': `${length}, ${length}` } }),
    'a length with a sign': bytes({ headers: { 'Content-Length': `+${length}` } }),
    'a length in hexadecimal': bytes({ headers: { 'Content-Length': '0x10' } }),
    'chunks and a length': bytes({ headers: { 'Transfer-Encoding': 'chunked' }, body: `0\r\n\r\n${hidden}` }),
    'chunks said twice': bytes({
      headers: { 'Content-Length': null, 'Transfer-Encoding': ['chunked', 'identity'] },
      body: `0\r\n\r\n${hidden}`,
    }),
    'an encoding nobody knows': bytes({
      headers: { 'Content-Length': null, 'Transfer-Encoding': 'xchunked' },
    }),
    'a chunk that lies about its size': bytes({
      headers: { 'Content-Length': null, 'Transfer-Encoding': 'chunked' },
      body: `ffffffffffffffffff\r\n${call}\r\n0\r\n\r\n`,
    }),
    'a header with a space before its colon': bytes({ headers: { 'Content-Length ': length } }),
    'a folded header': bytes({ headers: { Accept: 'application/json\r\n , text/event-stream' } }),
    'a bare carriage return': bytes({ headers: { Accept: 'application/json\rX: y' } }),
    'a header with a zero byte': bytes({ headers: { Accept: 'application/json\0' } }),
    'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS says hello\r\n\r\n',
  };
  for (const [name, request] of Object.entries(smuggled)) {
    const answer = await raw(base, request);
    assert.equal(statusOf(answer), 400, `${name}: ${answer.slice(0, 200)}`);
    assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, name);
  }
  const flood = bytes({
    headers: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`X-${n}`, 'x'.repeat(100)])),
  });
  assert.equal(statusOf(await raw(base, flood)), 431);
  assert.equal(statusOf(await raw(base, bytes({ headers: { 'X-Long': 'x'.repeat(17_000) } }))), 431);
  assert.equal(statusOf(await raw(base, bytes({ line: `POST /mcp?${'x'.repeat(17_000)} HTTP/1.1` }))), 431);
  // Said to be longer than it is: nobody answers half a message.
  const cut = bytes({ headers: { 'Content-Length': String(call.length + 10) } });
  assert.notEqual(statusOf(await raw(base, cut, { end: true })), 200);
  assert.equal(reached(), before);
});

test('messages that are no JSON-RPC request get the exact error, and those to ignore none', async () => {
  const session = await openSession(base, { token });
  const before = reached();
  const malformed: readonly (readonly [body: string, code: number, id: unknown])[] = [
    ['', -32_700, null],
    ['{', -32_700, null],
    ['\ufeff\ufeff{}', -32_700, null],
    ['[]', -32_600, null],
    [`[${call}]`, -32_600, null],
    ['1', -32_600, null],
    ['null', -32_600, null],
    ['{}', -32_600, null],
    ['{"jsonrpc":"2.0","id":7}', -32_600, 7],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32_600, null],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', -32_600, null],
    ['{"jsonrpc":"2.0","id":[1],"method":"ping"}', -32_600, null],
    ['{"jsonrpc":"2.0","id":true,"method":"ping"}', -32_600, null],
    ['{"jsonrpc":"2.0","id":1e999,"method":"ping"}', -32_600, null],
    ['{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}', -32_600, 7],
    ['{"jsonrpc":"2.0","id":7,"method":7}', -32_600, 7],
  ];
  for (const asked of [{ token }, { token, session }]) {
    for (const [body, code, id] of malformed) {
      const { status, message } = await ask(base, body, asked);
      assert.deepEqual([status, message.error?.code, message.id], [400, code, id], body);
    }
    // Fractions are allowed by JSON-RPC, if not advised: they come back as they were.
    for (const id of [1.5, 0, -1, '', '0', '\u2028'])
      assert.equal((await ask(base, { jsonrpc: '2.0', id, method: 'ping' }, asked)).message.id, id);
    for (const message of [
      { jsonrpc: '2.0', id: 1, result: { content: [] } },
      { jsonrpc: '2.0', id: 'unasked', error: { code: -1, message: 'x' } },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', method: 'notifications/never-heard-of', params: { x: 1 } },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: {} } },
      { jsonrpc: '2.0', method: 'tools/call', params: { name: 'fake_one_echo' } },
    ]) {
      const { status, body } = await ask(base, message, asked);
      assert.deepEqual([status, body], [202, ''], JSON.stringify(message));
    }
    // A notification with an id is a request, of a method there is not.
    const { status, message } = await ask(base, rpc('notifications/initialized', {}, 9), asked);
    assert.deepEqual([status, message.error?.code, message.id], [200, -32_601, 9]);
    const deep = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fake_one_echo","arguments":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}}`;
    assert.equal((await ask(base, deep, asked)).status, 200);
  }
  assert.equal(reached(), before);
  assert.equal(textOf((await ask(base, call, { token })).message.result), 'reached');
});

test('nothing listens where other machines could reach it', () => {
  const listening = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${gateway.pid}/net/${table}`, 'utf8').split('\n').slice(1),
  );
  const { port } = new URL(base);
  const wanted = Number(port).toString(16).toUpperCase().padStart(4, '0');
  const ours = listening
    .map((line) => line.trim().split(/\s+/))
    // 0A: it listens.
    .filter(([, local = '', , state]) => state === '0A' && local.endsWith(`:${wanted}`))
    .map(([, local]) => local);
  assert.deepEqual(ours, [`0100007F:${wanted}`]);
});
