// The HTTP+SSE transport of 2024-11-05 against a real server on loopback.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { openSse } from '../../../src-main/gateway/upstream/sse.ts';
import { readReply } from '../../../src-main/gateway/wire/reply.ts';
import { startHttpUpstream } from '../../fixtures/http-upstream.ts';
import { startSseUpstream, type SseUpstream, type SseUpstreamOptions } from '../../fixtures/sse-upstream.ts';
import { verifies } from '../../helpers/requirements.ts';
import { until } from '../../helpers/until.ts';
import { call, failure, failureText, greet, initialize, link, type Linked } from './http-support.ts';

async function reached(
  t: TestContext,
  options: SseUpstreamOptions = {},
  messages: string | null = null,
): Promise<Linked & { readonly upstream: SseUpstream }> {
  const upstream = await startSseUpstream(options);
  t.after(() => upstream.close());
  const messageUrl = messages === null ? null : new URL(messages, upstream.url);
  const linked = link(t, upstream.url, (http) => openSse({ ...http, messageUrl }));
  return { ...linked, upstream };
}

test('messages go where the endpoint event says, answers come on the stream', async (t) => {
  verifies('NEX-011');
  const { connection, upstream } = await reached(t);
  await greet(connection);
  assert.deepEqual(readReply(await call(connection, 'echo')).result, {
    content: [{ type: 'text', text: 'hi' }],
  });
  assert.deepEqual(
    upstream.requests.map(({ method, path }) => `${method} ${path}`),
    ['GET /sse', 'POST /message?session=1', 'POST /message?session=1', 'POST /message?session=1'],
  );
  assert.deepEqual(new Set(upstream.requests.map(({ headers }) => headers['x-key'])), new Set(['K']));
});

test('an explicit address for messages is used, whatever the server says', async (t) => {
  verifies('NEX-011');
  const { connection, upstream } = await reached(
    t,
    { endpoint: 'http://127.0.0.1:9/else', messages: '/mine' },
    '/mine',
  );
  await greet(connection);
  await call(connection, 'echo');
  assert.deepEqual(
    new Set(upstream.requests.map(({ method, path }) => `${method} ${path}`)),
    new Set(['GET /sse', 'POST /mine']),
  );
});

test('an explicit address for messages needs no word of the server', async (t) => {
  const { connection } = await reached(t, { endpoint: null, messages: '/mine' }, '/mine');
  await greet(connection);
});

test('an address for messages at another origin is refused, and nothing is sent there', async (t) => {
  const other = await startHttpUpstream();
  t.after(() => other.close());
  const { connection, endings } = await reached(t, { endpoint: other.url });
  const error = await failure(initialize(connection));
  assert.equal(
    `${error.code}: ${error.message}`,
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN wants messages at another origin (ORIGIN), where nothing is sent; check the URL of the connector',
  );
  assert.deepEqual(other.requests, []);
  assert.equal(endings.length, 1);
});

test('an answer to GET that is no stream is said as what it is', async (t) => {
  const sentences = new Map([
    [401, /^UPSTREAM_REFUSED: .* refused the credentials \(HTTP 401\)/],
    [302, /^UPSTREAM_PROTOCOL: .* redirect \(HTTP 302\), which is not followed/],
    [404, /^UPSTREAM_PROTOCOL: .* refused the request \(HTTP 404\)/],
    [503, /^UPSTREAM_BUSY: .* asks for patience \(HTTP 503, not available\)/],
  ]);
  for (const [getStatus, sentence] of sentences) {
    const { connection } = await reached(t, { getStatus });
    assert.match(await failureText(initialize(connection)), sentence);
  }
});

test('without the endpoint event initialize runs into its time limit', async (t) => {
  const { connection, clock, upstream } = await reached(t, { endpoint: null });
  const failed = failureText(initialize(connection));
  await until('the stream is open', () => upstream.requests.length === 1);
  await clock.advance(60_000);
  assert.match(await failed, /^UPSTREAM_TIMEOUT/);
});

test('without its stream the session is over: what is open fails at once, unknown', async (t) => {
  const { connection, upstream, endings } = await reached(t);
  await greet(connection);
  const failed = failure(call(connection, 'hang'));
  await until('the call arrived', () => upstream.requests.length === 4);
  upstream.dropStreams();
  // No hand of the clock moves: whatever waited for a time would wait for ever.
  const error = await failed;
  assert.equal(error.code, 'UPSTREAM_EXITED');
  assert.equal(error.data['outcome'], 'unknown');
  assert.deepEqual(endings, ['exited ended its event stream']);
});

test('a message the server does not take any more certainly did not run', async (t) => {
  const { connection, stale } = await reached(t);
  await greet(connection);
  assert.equal((await failure(call(connection, 'forgotten'))).data['outcome'], 'not-run');
  assert.deepEqual(stale, ['ended the session (HTTP 404)']);
});

test('an answer over the limit fails its own call only', async (t) => {
  const { connection } = await reached(t);
  await greet(connection);
  assert.match(await failureText(call(connection, 'too long')), /^RESULT_TOO_LARGE: .* was 1\.9 MiB/);
  assert.equal(readReply(await call(connection, 'echo')).error, undefined);
});
