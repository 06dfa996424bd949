// The Streamable HTTP leg against a real server on loopback: what goes out, and each way an answer can be wrong.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { retryAfter } from '../../../src-main/gateway/upstream/http-answer.ts';
import { encodeReply, readReply } from '../../../src-main/gateway/wire/reply.ts';
import { json, result } from '../../fixtures/http-upstream.ts';
import { settled } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';
import { until, withDeadline } from '../../helpers/until.ts';
import { call, connected, failure, failureText, greet, initialize, link } from './http-support.ts';

test('after initialize every request names the session and the revision, and carries the own headers', async (t) => {
  verifies('NEX-010');
  const { upstream, connection } = await connected(t);
  await call(connection, 'echo');
  const { headers } = upstream.requests.at(-1) ?? assert.fail();
  assert.deepEqual(
    [headers['mcp-session-id'], headers['mcp-protocol-version'], headers['x-key'], headers.accept],
    ['session-1', '2025-06-18', 'K', 'application/json, text/event-stream'],
  );
  assert.equal(headers['accept-encoding'], undefined);
});

test('calls one after the other share a connection', async (t) => {
  const { upstream, connection } = await connected(t);
  for (let n = 0; n < 5; n += 1) await call(connection, 'echo');
  const sockets = upstream.requests.filter(({ message }) => message?.method === 'tools/call');
  assert.equal(new Set(sockets.map(({ socket }) => socket)).size, 1);
});

test('the length of a message is that of its bytes', async (t) => {
  const { connection } = await connected(t);
  const text = 'größe 测试 🙂';
  const reply = await connection.request(
    'tools/call',
    { name: 'echo', arguments: { text } },
    { timeoutMs: 60_000 },
  );
  assert.deepEqual(readReply(reply).result, { content: [{ type: 'text', text }] });
});

test('nothing is asked before the server took notifications/initialized', async (t) => {
  const taken = Promise.withResolvers<() => void>();
  const { upstream, connection } = await connected(t, {
    onNotification: (_message, response) => taken.resolve(() => response.writeHead(202).end()),
  });
  const waiting = call(connection, 'echo');
  const answer = await taken.promise;
  await settled();
  assert.deepEqual(upstream.received('tools/call'), []);
  answer();
  await waiting;
});

test('a server that never answers notifications/initialized holds calls up for two seconds only', async (t) => {
  const { connection, clock } = await connected(t, { onNotification: () => {} });
  const waiting = call(connection, 'echo');
  await clock.advance(2_000);
  await waiting;
});

test('a notification that a server never takes is let go of after half a minute', async (t) => {
  const sent = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let seen = 0;
  const { connection, clock } = await connected(t, {
    onNotification(message, response) {
      if (message.method !== 'notifications/cancelled') return response.writeHead(202).end();
      seen += 1;
      response.once('close', closed.resolve);
      return sent.resolve();
    },
  });
  const controller = new AbortController();
  const options = { timeoutMs: 600_000, signal: controller.signal };
  const hung = connection.request('tools/call', { name: 'hang', arguments: {} }, options);
  await call(connection, 'echo');
  controller.abort();
  await assert.rejects(hung);
  await sent.promise;
  await clock.advance(30_000);
  await withDeadline('the end of its connection', closed.promise);
  await call(connection, 'echo');
  assert.equal(seen, 1);
});

test('an answer over several lines becomes one line, or it would break the framing of a client', async (t) => {
  const { connection } = await connected(t);
  const reply = await call(connection, 'echo');
  assert.doesNotMatch(Buffer.concat(encodeReply(reply, 1).map((part) => Buffer.from(part))).toString(), /\n/);
  assert.deepEqual(readReply(reply).result, { content: [{ type: 'text', text: 'hi' }] });
});

test('an event stream brings progress first, then the result', async (t) => {
  const { connection } = await connected(t);
  const order: string[] = [];
  const reply = await call(connection, 'stream', () => order.push('progress'));
  order.push('reply');
  assert.deepEqual(readReply(reply).result, { content: [] });
  assert.deepEqual(order, ['progress', 'reply']);
});

const wrong: readonly (readonly [tool: string, sentence: string, outcome: string | undefined])[] = [
  [
    'refused',
    'UPSTREAM_REFUSED: the server of acme:main at ORIGIN refused the credentials (HTTP 401); give others with nucleus secret acme:main',
    'not-run',
  ],
  [
    'moved',
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN answered with a redirect (HTTP 307), which is not followed; correct the URL of the connector',
    'not-run',
  ],
  [
    'page',
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN answered HTTP 200 with text/html and no MCP message, perhaps a page to sign in; check the URL of the connector',
    'unknown',
  ],
  [
    'no content',
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN took the request and gave no answer (HTTP 204); report it to its makers',
    'unknown',
  ],
  [
    'accepted',
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN took the request and gave no answer (HTTP 202); report it to its makers',
    'unknown',
  ],
  [
    'cut off',
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN answered with JSON that is broken off or not valid; whether the call took effect is unknown',
    'unknown',
  ],
  [
    'wrong length',
    'UPSTREAM_EXITED: the server of acme:main at ORIGIN broke off the connection before it had answered (ECONNRESET); whether the call took effect is unknown',
    'unknown',
  ],
  [
    'bomb',
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN sent its answer compressed, which it was not asked to; report it to its makers',
    'unknown',
  ],
  [
    'too long',
    'RESULT_TOO_LARGE: the answer of acme:main passed 1.0 MiB, more than upstream.max_frame_mib allows; ask for less, or raise it in config.toml',
    undefined,
  ],
  [
    'too many',
    'UPSTREAM_BUSY: the server of acme:main at ORIGIN asks for patience (HTTP 429, too many requests); call again in 7 s',
    'not-run',
  ],
  [
    'down',
    'UPSTREAM_BUSY: the server of acme:main at ORIGIN asks for patience (HTTP 503, not available); call again later',
    'unknown',
  ],
  [
    'broken',
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN failed (HTTP 502); whether the call took effect is unknown',
    'unknown',
  ],
  [
    'unwilling',
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN refused the request (HTTP 400: no such thing, …); check the URL of the connector',
    'not-run',
  ],
  [
    'other id',
    'UPSTREAM_PROTOCOL: the server of acme:main at ORIGIN answered with JSON that does not answer the request; report it to its makers',
    'unknown',
  ],
];

for (const [tool, sentence, outcome] of wrong)
  test(`an answer that is wrong, ${tool}, is told from the others and leaves other calls alone`, async (t) => {
    const { connection, endings, stale, upstream } = await connected(t, {
      answers: { slow: (response, id) => setImmediate(() => json(response, result(id, { content: [] }))) },
    });
    const before = call(connection, 'slow');
    const error = await failure(call(connection, tool));
    assert.equal(`${error.code}: ${error.message}`, sentence);
    assert.equal(error.data['outcome'], outcome);
    assert.equal(readReply(await before).error, undefined);
    assert.equal(readReply(await call(connection, 'echo')).error, undefined);
    assert.deepEqual([endings, stale], [[], []]);
    const sent = upstream.received('tools/call').filter(({ params }) => params?.['name'] === tool);
    assert.equal(sent.length, 1, 'sent once');
  });

test('an error of the upstream passes whatever its HTTP status', async (t) => {
  const { connection } = await connected(t);
  const reply = await call(connection, 'answered with an error');
  assert.deepEqual(readReply(reply).error, { code: -32602, message: 'bad arguments' });
});

test('the wait a server asks for is known to programs, up to five minutes of it', async (t) => {
  const { connection } = await connected(t, {
    answers: { tomorrow: (response) => response.writeHead(503, { 'retry-after': '86400' }).end() },
  });
  assert.equal((await failure(call(connection, 'too many'))).data['retryAfterMs'], 7_000);
  const error = await failure(call(connection, 'tomorrow'));
  assert.match(error.message, /; call again in 300 s \(it asked for 86400 s\)$/);
  assert.equal(error.data['retryAfterMs'], 300_000);
});

test('Retry-After is read as seconds or as a date, and as nothing else', () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  assert.deepEqual(retryAfter('1', now), { asked: 1_000, kept: 1_000 });
  assert.deepEqual(retryAfter('86400', now), { asked: 86_400_000, kept: 300_000 });
  assert.deepEqual(retryAfter('Fri, 02 Jan 2026 03:05:05 GMT', now), { asked: 60_000, kept: 60_000 });
  assert.deepEqual(retryAfter('Fri, 02 Jan 2026 03:00:00 GMT', now), { asked: 0, kept: 0 });
  for (const nonsense of [undefined, '', 'soon', '-1', '1e9', '1.5', 'Foo, bar GMT', '9'.repeat(20)])
    assert.equal(retryAfter(nonsense, now), null);
});

test('a cancelled call lets go of its request, and the server is told', async (t) => {
  const { upstream, connection } = await connected(t);
  const abort = new AbortController();
  const waiting = failureText(
    connection.request('tools/call', { name: 'hang' }, { timeoutMs: 60_000, signal: abort.signal }),
  );
  await until('the call arrived', () => upstream.received('tools/call').length === 1);
  abort.abort();
  assert.match(await waiting, /^CALL_CANCELLED/);
  await until('the cancel arrived', () => upstream.received('notifications/cancelled').length === 1);
});

test('a server that is not there is said with the reason', async (t) => {
  const { connection } = link(t, 'http://127.0.0.1:9/mcp');
  const error = await failure(initialize(connection));
  assert.equal(
    `${error.code}: ${error.message}`,
    'UPSTREAM_UNREACHABLE: the server of acme:main at ORIGIN cannot be reached (ECONNREFUSED); it is tried again when called',
  );
  assert.deepEqual([error.data['detail'], error.data['outcome']], ['refused', 'not-run']);
});

test('a name without an address is said as such', async (t) => {
  const { connection } = link(t, 'http://nowhere.invalid/mcp');
  const error = await failure(initialize(connection));
  assert.match(
    `${error.code}: ${error.message}`,
    /^UPSTREAM_UNREACHABLE: .* nowhere\.invalid has no address \((ENOTFOUND|EAI_AGAIN)\)/,
  );
  assert.equal(error.data['detail'], 'dns');
});

test('a connection that does not come to be is given up after five seconds', async (t) => {
  // It takes the connection and never says a word of TLS.
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as { port: number };
  const { connection, clock } = link(t, `https://127.0.0.1:${port}/mcp`);
  const failed = failure(initialize(connection));
  await clock.advance(5_000);
  const error = await failed;
  assert.match(error.message, /took no connection within 5 s; it is tried again when called$/);
  assert.deepEqual([error.code, error.data['detail']], ['UPSTREAM_UNREACHABLE', 'connect-timeout']);
});

test('a server that accepts and says nothing runs into the time limit of the request', async (t) => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as { port: number };
  const { connection, clock } = link(t, `http://127.0.0.1:${port}/mcp`);
  const failed = failureText(initialize(connection));
  await clock.advance(60_000);
  assert.match(await failed, /^UPSTREAM_TIMEOUT: /);
});

test('what answers without speaking HTTP is said as such', async (t) => {
  const other = createServer((socket) => socket.end('220 mail.example ESMTP\r\n'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const { connection } = link(t, `http://127.0.0.1:${port}/mcp`);
  assert.match(
    await failureText(initialize(connection)),
    /^UPSTREAM_PROTOCOL: .* answered with what is not HTTP \(HPE_/,
  );
});

test('a revision that no header can hold is not sent back', async (t) => {
  const { upstream, connection } = await connected(t, {
    answers: {
      initialize: (response, id) =>
        json(response, result(id, { protocolVersion: '2025\r\nx: y', capabilities: {} })),
    },
  });
  await call(connection, 'echo');
  assert.equal(upstream.requests.at(-1)?.headers['mcp-protocol-version'], undefined);
});

test('closing says farewell to the session', async (t) => {
  const { upstream, connection, endings } = await connected(t);
  await call(connection, 'echo');
  await connection.close();
  const last = upstream.requests.at(-1) ?? assert.fail();
  assert.deepEqual([last.method, last.headers['mcp-session-id']], ['DELETE', 'session-1']);
  assert.deepEqual(endings, ['asked was closed']);
});

test('closing fails what is open', async (t) => {
  const { upstream, connection } = await connected(t);
  const waiting = failureText(call(connection, 'hang'));
  await until('the call arrived', () => upstream.received('tools/call').length === 1);
  await connection.close();
  assert.match(await waiting, /^UPSTREAM_EXITED: /);
  await assert.rejects(greet(connection));
});
