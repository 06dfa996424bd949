// Which transport an address speaks is found out by asking, and only an answer to initialize is evidence.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { openHttpOrSse, type SpokenTransports } from '../../../src-main/gateway/upstream/http-or-sse.ts';
import { startHttpUpstream, type Answer } from '../../fixtures/http-upstream.ts';
import { startSseUpstream } from '../../fixtures/sse-upstream.ts';
import { verifies } from '../../helpers/requirements.ts';
import { call, failureText, greet, initialize, link, type Linked } from './http-support.ts';

function reach(t: TestContext, url: string, spoken: SpokenTransports = new Map()): Linked {
  return link(t, url, (options) => openHttpOrSse(options, spoken));
}

test('a server that speaks Streamable HTTP is asked nothing else, and that is remembered', async (t) => {
  verifies('NEX-012');
  const upstream = await startHttpUpstream();
  t.after(() => upstream.close());
  const spoken: SpokenTransports = new Map();
  const { connection } = reach(t, upstream.url, spoken);
  await greet(connection);
  await call(connection, 'echo');
  assert.deepEqual([...spoken], [[upstream.url, 'streamable-http']]);
});

for (const postStatus of [400, 404, 405])
  test(`a server that turns initialize down with HTTP ${postStatus} is reached over SSE, then at once`, async (t) => {
    verifies('NEX-012');
    const upstream = await startSseUpstream({ postStatus });
    t.after(() => upstream.close());
    const spoken: SpokenTransports = new Map();
    const first = reach(t, upstream.url, spoken);
    await greet(first.connection);
    await call(first.connection, 'echo');
    assert.deepEqual([...spoken], [[upstream.url, 'sse']]);
    assert.deepEqual(first.endings, []);
    const probes = () => upstream.requests.filter(({ method, path }) => method === 'POST' && path === '/sse');
    assert.equal(probes().length, 1);
    const second = reach(t, upstream.url, spoken);
    await greet(second.connection);
    await call(second.connection, 'echo');
    assert.equal(probes().length, 1);
  });

const noEvidence: readonly (readonly [string, Answer, RegExp])[] = [
  ['refused credentials', (response) => response.writeHead(401).end(), /^UPSTREAM_REFUSED/],
  ['a forbidden address', (response) => response.writeHead(403).end(), /^UPSTREAM_REFUSED/],
  [
    'a failing server',
    (response) => response.writeHead(500).end(),
    /^UPSTREAM_PROTOCOL: .* failed \(HTTP 500\)/,
  ],
  ['a server that is down', (response) => response.writeHead(503).end(), /^UPSTREAM_BUSY/],
  [
    'a redirect',
    (response) => response.writeHead(301, { location: '/' }).end(),
    /^UPSTREAM_PROTOCOL: .* redirect/,
  ],
  [
    'a broken connection',
    (_response, _id, _message, request) => void request.socket.destroy(),
    /^UPSTREAM_EXITED/,
  ],
  [
    'an error in the words of MCP',
    (response) =>
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"not today"}}'),
    /^UPSTREAM_PROTOCOL: .* \(HTTP 400: not today\)/,
  ],
];

for (const [what, answer, sentence] of noEvidence)
  test(`${what} is no evidence for SSE`, async (t) => {
    verifies('NEX-012');
    const upstream = await startHttpUpstream({ answers: { initialize: answer } });
    t.after(() => upstream.close());
    const { connection } = reach(t, upstream.url);
    assert.match(await failureText(initialize(connection)), sentence);
    assert.deepEqual(
      upstream.requests.map(({ method }) => method),
      ['POST'],
    );
  });

test('a server that is not there is no evidence for SSE', async (t) => {
  verifies('NEX-012');
  const { connection } = reach(t, 'http://127.0.0.1:9/mcp');
  assert.match(await failureText(initialize(connection)), /^UPSTREAM_UNREACHABLE: .*ECONNREFUSED/);
});

test('an address that speaks neither is said to, with both answers', async (t) => {
  const upstream = await startSseUpstream({ postStatus: 405, getStatus: 404 });
  t.after(() => upstream.close());
  const { connection } = reach(t, upstream.url);
  assert.equal(
    await failureText(initialize(connection)),
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN speaks neither Streamable HTTP (HTTP 405) nor the older SSE transport (HTTP 404); check the URL of the connector',
  );
});

test('credentials that are refused by the stream are said, not hidden behind the other transport', async (t) => {
  const upstream = await startSseUpstream({ getStatus: 401 });
  t.after(() => upstream.close());
  const { connection } = reach(t, upstream.url);
  assert.match(await failureText(initialize(connection)), /^UPSTREAM_REFUSED/);
});

test('what was found is looked for again once the server speaks something else', async (t) => {
  const sse = await startSseUpstream();
  t.after(() => sse.close());
  const spoken: SpokenTransports = new Map([[sse.url, 'streamable-http']]);
  assert.match(await failureText(initialize(reach(t, sse.url, spoken).connection)), /^UPSTREAM_PROTOCOL/);
  assert.deepEqual([...spoken], []);
  await greet(reach(t, sse.url, spoken).connection);

  const http = await startHttpUpstream();
  t.after(() => http.close());
  spoken.set(http.url, 'sse');
  assert.match(await failureText(initialize(reach(t, http.url, spoken).connection)), /^UPSTREAM_PROTOCOL/);
  await greet(reach(t, http.url, spoken).connection);
});
