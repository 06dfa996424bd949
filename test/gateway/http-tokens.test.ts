// Client tokens: who may come over HTTP, what they open, and what of a request stays on its side.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { startHttpUpstream, type HttpUpstream } from '../fixtures/http-upstream.ts';
import { startGateway, textOf, type Gateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import {
  addClient,
  ask,
  initialize,
  openSession,
  rpc,
  send,
  serveHttp,
  stream,
  toolCall,
  urlOf,
} from '../helpers/http.ts';
import { nucleus, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope);
const fake = createFake(home, 'one');
let gateway: Gateway;
let base: string;
let web: HttpUpstream;

before(async () => {
  web = await startHttpUpstream();
  scope.after(() => web.close());
  gateway = await startGateway(scope, home);
  await gateway.add(fake);
  await gateway.ask('profiles.add', { connector: 'web', name: 'site', url: web.url });
  base = await urlOf(gateway);
});

test('without a token 401, with a wrong or an expired one 401, with the right one 200', async () => {
  verifies('NUC-106', 'HST-015');
  const token = await addClient(gateway, 'laptop');
  const short = await gateway.ask('clients.add', { name: 'short', profiles: null, expiresIn: '1ms' });
  await until(
    'the short token is over',
    async () => (await ask(base, rpc('ping'), { token: short.token })).status === 401,
  );
  assert.equal((await ask(base, initialize(), { token })).status, 200);
  const calls = fake.received('tools/call').length;
  for (const [name, given, why] of [
    ['none', undefined, /a client token is needed/],
    ['a wrong one', `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`, /is not known/],
    ['one of another form', 'secret', /is not known/],
    ['an expired one', short.token, /token of client short has expired/],
  ] as const)
    for (const path of ['/mcp', '/p/fake:one/mcp', '/p/fake%3Aone/mcp'])
      for (const body of [initialize(), toolCall('fake_one_echo'), null]) {
        const answer = await ask(base, body, { path, ...(given !== undefined && { token: given }) });
        assert.equal(answer.status, 401, `${name} at ${path}`);
        assert.match(answer.message.error?.message ?? '', why);
        const where = `${base}/.well-known/oauth-protected-resource${path}`;
        const error = given === undefined ? '' : ', error="invalid_token"';
        assert.equal(
          answer.headers['www-authenticate'],
          `Bearer realm="nucleus"${error}, resource_metadata="${where}"`,
        );
        const metadata = await ask(base, null, { path: new URL(where).pathname });
        assert.deepEqual(
          [metadata.status, JSON.parse(metadata.body)],
          [
            200,
            { resource: `${base}${path}`, resource_name: 'Nucleus', bearer_methods_supported: ['header'] },
          ],
        );
      }
  assert.equal(fake.received('tools/call').length, calls);
  assert.equal((await ask(base, rpc('ping'), { headers: { authorization: `bearer ${token}` } })).status, 200);
});

test('the metadata speaks of the name its reader used, and of no path but the one asked for', async () => {
  const { port } = new URL(base);
  const named = await ask(base, rpc('ping'), { headers: { host: `localhost:${port}` } });
  const root = `http://localhost:${port}`;
  assert.equal(
    named.headers['www-authenticate'],
    `Bearer realm="nucleus", resource_metadata="${root}/.well-known/oauth-protected-resource/mcp"`,
  );
  const { body } = await ask(base, null, {
    path: '/.well-known/oauth-protected-resource',
    headers: { host: `localhost:${port}` },
  });
  assert.equal((JSON.parse(body) as { resource: string }).resource, `${root}/mcp`);
  const quoted = await ask(base, rpc('ping'), { path: `/mcp"\\` });
  assert.match(quoted.headers['www-authenticate'] ?? '', /resource_metadata="[^"\\]*"$/);
});

test('a client that is removed is let go at once, with all it has open', async (t) => {
  const token = await addClient(gateway, 'guest');
  const stays = await addClient(gateway, 'stays');
  const session = await openSession(base, { token });
  const other = await openSession(base, { token: stays });
  const news = await stream(t, base, null, { token, session });
  const before = fake.received('tools/call').length;
  const running = ask(base, toolCall('fake_one_hang', {}, 'in session'), { token, session });
  const single = send(base, toolCall('fake_one_hang'), { token });
  const hungUp = assert.rejects(single);
  await until('both calls run', () => fake.received('tools/call').length === before + 2);
  await nucleusJson(home, ['clients', 'remove', 'guest']);
  await news.ended();
  assert.equal((await running).status, 404);
  await hungUp;
  await until('both are cancelled', () => fake.received('notifications/cancelled').length >= 2);
  assert.equal((await ask(base, rpc('ping'), { token, session })).status, 401);
  assert.equal((await ask(base, rpc('ping'), { token: stays, session: other })).status, 200);
  assert.deepEqual(
    (await gateway.status()).clients.filter(({ principal }) => principal === 'guest'),
    [],
  );
});

test('a client whose accounts change starts anew, and sees what is left', async () => {
  await gateway.add(createFake(home, 'leaving', '--tools', '1'));
  const token = await addClient(gateway, 'narrow', ['fake:one', 'fake:leaving']);
  const session = await openSession(base, { token });
  await gateway.ask('profiles.remove', { id: 'fake:leaving' });
  assert.equal((await ask(base, rpc('tools/list'), { token, session })).status, 404);
  const { body } = await ask(base, rpc('tools/list'), { token });
  assert.match(body, /fake_one_echo/);
  assert.doesNotMatch(body, /leaving/);
});

test('no header of a client reaches an upstream, and none of an upstream a client', async () => {
  verifies('NUC-105');
  const token = await addClient(gateway, 'headers');
  const foreign = Object.fromEntries([
    ['cookie', 'session=of-the-client'],
    ['user-agent', 'client/1.0'],
    ['x-forwarded-for', '203.0.113.7'],
    ['forwarded', 'for=203.0.113.7'],
    ['proxy-authorization', 'Basic eDp5'],
    ['referer', 'http://client.example/'],
    ['mcp-method', 'tools/call'],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['last-event-id', '1-1'],
    ['mcp-protocol-version', '2025-03-26'],
    ...Array.from({ length: 45 }, (_, n) => [`x-client-${n}`, `client-value-${n}`] as const),
  ]);
  const asked = web.requests.length;
  const called = await ask(base, toolCall('web_site_echo', { text: 'hello' }), { token, headers: foreign });
  assert.equal(textOf(called.message.result), 'hello');
  const refused = await ask(base, toolCall('web_site_refused'), { token, headers: foreign });
  assert.equal(refused.status, 200);

  const known = ['accept', 'connection', 'content-length', 'content-type', 'host', 'user-agent'];
  const session = ['mcp-protocol-version', 'mcp-session-id'];
  const calls = web.requests.slice(asked).filter(({ message }) => message?.method === 'tools/call');
  assert.equal(calls.length, 2);
  for (const { headers } of calls) {
    assert.deepEqual(Object.keys(headers).toSorted(), [...known, ...session].toSorted());
    assert.equal(headers['mcp-protocol-version'], '2025-06-18');
    assert.equal(headers.host, new URL(web.url).host);
    const values = Object.values(headers).join('\n');
    assert.doesNotMatch(values, /client|nuc_|203\.0\.113\.7/);
  }
  for (const { headers } of [called, refused]) {
    assert.deepEqual(Object.keys(headers).toSorted(), [
      'connection',
      'content-length',
      'content-type',
      'date',
    ]);
  }
});

test('what other machines could reach is served to nobody without a token, and starts nothing', async (t) => {
  verifies('NUC-106');
  const own = createHome(t);
  const idle = createFake(own, 'idle');
  await nucleusOk(own, ['add', 'fake', 'idle', '--no-connect', ...idle.flags]);
  for (const listen of ['0.0.0.0:0', ':0', '[::]:0', '[::ffff:127.0.0.1]:0'])
    for (const args of [[], ['--token', 'none']]) {
      const { code, stdout, stderr } = await nucleus(own, ['serve', '--http', listen, ...args]);
      assert.deepEqual([code, stdout], [2, ''], listen);
      assert.match(stderr, /refusing to serve on .* without a client token/);
    }
  for (const token of ['secret', 'NONE', '']) {
    const { code, stderr } = await nucleus(own, ['serve', '--http', '127.0.0.1:0', `--token=${token}`]);
    assert.equal(code, 2);
    assert.match(stderr, /a token does not belong in a command line/);
  }
  for (const listen of [
    '127.0.0.1',
    '8787',
    'http://127.0.0.1:0',
    '[127.0.0.1]:0',
    '127.0.0.1:65536',
    '::1:0',
  ]) {
    const { code, stderr } = await nucleus(own, ['serve', '--http', listen]);
    assert.equal(code, 2, listen);
    assert.match(stderr, /is no address to listen on; write host:port/);
  }
  assert.deepEqual(idle.starts(), []);
});

test('with a token, and on the other loopback address, it is served', async (t) => {
  const own = createHome(t);
  const loopback = await serveHttp(t, own, '[::1]:0');
  assert.match(loopback.url, /^http:\/\/\[::1\]:\d+$/);
  assert.equal((await ask(loopback.url, rpc('ping'))).status, 401);
  const { token } = (await nucleusJson(own, ['clients', 'add', 'me'])) as { token: string };
  assert.equal((await ask(loopback.url, rpc('ping'), { token })).status, 200);
  loopback.child.kill('SIGTERM');
  assert.equal(await loopback.ended, 0);

  // Bound to every interface, reached by the loopback address the status names.
  const all = await serveHttp(t, own, '0.0.0.0:0');
  assert.match(all.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal((await ask(all.url, rpc('ping'))).status, 401);
  assert.equal((await ask(all.url, rpc('ping'), { token })).status, 200);
  assert.equal((await ask(all.url, rpc('ping'), { token, headers: { host: 'evil.example' } })).status, 403);
  assert.equal((await ask(all.url, rpc('ping'), { token, headers: { host: '192.0.2.1:80' } })).status, 200);
});
