// Event streams over Streamable HTTP: answers that come in pieces, and what a server says without being asked.
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import test from 'node:test';
import { readReply } from '../../../src-main/gateway/wire/reply.ts';
import { stream, type Answer } from '../../fixtures/http-upstream.ts';
import { settled } from '../../helpers/fake-clock.ts';
import { leastTime, until, withDeadline } from '../../helpers/until.ts';
import { call, connected, failure, failureText, limit } from './http-support.ts';

const resultEvent = (id: number): string =>
  `id: last\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } })}\n\n`;

/** Numbers its events, says how long to wait and ends the stream before the answer. */
const polled: Answer = (response) => stream(response).end('id: a1\nretry: 500\ndata:\n\n');

test('a stream that ends without the answer fails that call at once', async (t) => {
  const { connection } = await connected(t);
  const took = await leastTime(250, async () => void (await failure(call(connection, 'drop'))));
  assert.ok(took < 250, `${took} ms`);
  const error = await failure(call(connection, 'drop'));
  assert.equal(
    `${error.code}: ${error.message}`,
    'UPSTREAM_EXITED: the server of acme:main at ORIGIN ended the stream without an answer; whether the call took effect is unknown',
  );
  assert.equal(error.data['outcome'], 'unknown');
  assert.equal(readReply(await call(connection, 'echo')).error, undefined);
});

test('a stream that breaks without the answer fails that call at once', async (t) => {
  const { connection } = await connected(t, {
    answers: {
      torn: (response) => {
        stream(response).write(': working\n\n');
        setImmediate(() => response.destroy());
      },
    },
  });
  // No hand of the clock moves: whatever waited for a time would wait for ever.
  assert.match(
    await failureText(call(connection, 'torn')),
    /^UPSTREAM_EXITED: .* ended the stream without an answer/,
  );
});

test('a stream with numbered events is taken up again when the server wants it, and the call is sent once', async (t) => {
  const { upstream, connection, clock } = await connected(t, {
    answers: { polled },
    onGet(request, response) {
      if (request.headers['last-event-id'] === undefined) return void response.writeHead(405).end();
      const { id } = upstream.received('tools/call')[0] ?? assert.fail();
      return void stream(response).end(resultEvent(id ?? 0));
    },
  });
  const waiting = call(connection, 'polled');
  const resumptions = () => upstream.requests.filter(({ headers }) => headers['last-event-id'] === 'a1');
  await until('the stream ended', () => clock.waiting === 2);
  await clock.advance(499);
  assert.deepEqual(resumptions(), []);
  await clock.advance(1);
  assert.deepEqual(readReply(await waiting).result, { content: [] });
  const [resumed] = resumptions();
  assert.deepEqual(
    [resumed?.method, resumed?.headers['mcp-session-id'], resumed?.headers['x-key'], resumed?.headers.accept],
    ['GET', 'session-1', 'K', 'text/event-stream'],
  );
  assert.equal(upstream.received('tools/call').length, 1);
});

test('a stream may be taken up again as often as the server ends it', async (t) => {
  let turns = 0;
  const { upstream, connection, clock } = await connected(t, {
    answers: { polled },
    onGet(request, response) {
      if (request.headers['last-event-id'] === undefined) return void response.writeHead(405).end();
      turns += 1;
      assert.equal(request.headers['last-event-id'], turns === 1 ? 'a1' : `b${turns - 1}`);
      if (turns < 8) return void stream(response).end(`id: b${turns}\ndata:\n\n`);
      const { id } = upstream.received('tools/call')[0] ?? assert.fail();
      return void stream(response).end(resultEvent(id ?? 0));
    },
  });
  const waiting = call(connection, 'polled');
  for (let turn = 0; turn < 8; turn += 1) {
    await until('the stream ended', () => clock.waiting === 2);
    await clock.advance(500);
  }
  assert.deepEqual(readReply(await waiting).result, { content: [] });
  assert.equal(upstream.received('tools/call').length, 1);
});

test('the wait a server wants before a stream is taken up again has bounds', async (t) => {
  const { upstream, connection, clock } = await connected(t, {
    answers: {
      never: (response) => stream(response).end('id: n\nretry: 999999999\ndata:\n\n'),
      now: (response) => stream(response).end('id: s\nretry: 0\ndata:\n\n'),
    },
  });
  const failures = ['never', 'now'].map((tool) => failureText(call(connection, tool)));
  await until('both streams ended', () => clock.waiting === 4);
  const asked = () => upstream.requests.flatMap(({ headers }) => headers['last-event-id'] ?? []).toSorted();
  await clock.advance(99);
  assert.deepEqual(asked(), []);
  await clock.advance(1);
  await failures[1];
  assert.deepEqual(asked(), ['s']);
  await clock.advance(29_900);
  await failures[0];
  assert.deepEqual(asked(), ['n', 's']);
});

test('a stream that cannot be taken up again fails its call', async (t) => {
  const { upstream, connection, clock } = await connected(t, { answers: { polled } });
  const failed = failure(call(connection, 'polled'));
  await until('the stream ended', () => clock.waiting === 2);
  await clock.advance(500);
  const error = await failed;
  assert.equal(
    error.message,
    'the server of acme:main at ORIGIN ended the stream without an answer and did not take it up again (HTTP 405); whether the call took effect is unknown',
  );
  assert.equal(error.data['outcome'], 'unknown');
  assert.equal(upstream.received('tools/call').length, 1);
});

test('a cancelled call is not taken up again', async (t) => {
  const { upstream, connection, clock } = await connected(t, { answers: { polled } });
  const abort = new AbortController();
  const failed = failureText(
    connection.request('tools/call', { name: 'polled' }, { timeoutMs: 60_000, signal: abort.signal }),
  );
  await until('the stream ended', () => clock.waiting === 2);
  abort.abort();
  assert.match(await failed, /^CALL_CANCELLED/);
  await clock.advance(10_000);
  assert.ok(!upstream.requests.some(({ headers }) => 'last-event-id' in headers));
});

test('a stream that stays open after its answer is let go of', async (t) => {
  const closed = Promise.withResolvers<void>();
  const { connection, clock } = await connected(t, {
    answers: {
      clinging: (response, id) => {
        stream(response).write(resultEvent(id));
        response.on('close', closed.resolve);
      },
    },
  });
  await call(connection, 'clinging');
  await clock.advance(5_000);
  await closed.promise;
});

test('a stream whose answer is too long is let go of at once', async (t) => {
  const closed = Promise.withResolvers<void>();
  const { connection } = await connected(t, {
    answers: {
      swollen: (response) => {
        stream(response).write(`data: ${'x'.repeat(limit)}x\n\n`);
        response.on('close', closed.resolve);
      },
    },
  });
  assert.match(await failureText(call(connection, 'swollen')), /^RESULT_TOO_LARGE: /);
  await withDeadline('the end of the stream', closed.promise);
});

/** A server with a stream of its own; `streams` are those it has open. */
function listening() {
  const streams: ServerResponse[] = [];
  const asked: (string | undefined)[] = [];
  return {
    streams,
    asked,
    onGet(request: IncomingMessage, response: ServerResponse): void {
      asked.push(request.headers['last-event-id'] as string | undefined);
      stream(response).flushHeaders();
      streams.push(response);
    },
  };
}

const changed = `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })}\n\n`;

test('what a server says without being asked arrives, over one stream per session', async (t) => {
  const server = listening();
  const { upstream, connection, notifications } = await connected(t, server);
  await until('the stream is open', () => server.streams.length === 1);
  server.streams[0]?.write(changed);
  await until('it arrived', () => notifications.length === 1);
  await call(connection, 'echo');
  assert.deepEqual(notifications, ['notifications/tools/list_changed']);
  const [get] = upstream.requests.filter(({ method }) => method === 'GET');
  assert.deepEqual(
    [get?.headers['mcp-session-id'], get?.headers['mcp-protocol-version'], server.asked.length],
    ['session-1', '2025-06-18', 1],
  );
});

test('a request of the server is answered', async (t) => {
  const server = listening();
  const { upstream } = await connected(t, server);
  await until('the stream is open', () => server.streams.length === 1);
  server.streams[0]?.write('data: {"jsonrpc":"2.0","id":9,"method":"ping"}\n\n');
  const answer = await until('the answer came', () =>
    upstream.requests.find(
      ({ message }) => message !== null && message.method === undefined && message.id === 9,
    ),
  );
  assert.deepEqual(answer.message, { jsonrpc: '2.0', id: 9, result: {} });
});

test('a server without such a stream is asked for it once', async (t) => {
  const { upstream, connection, clock } = await connected(t);
  await until('it was asked', () => upstream.requests.some(({ method }) => method === 'GET'));
  await call(connection, 'echo');
  await clock.advance(600_000);
  assert.equal(upstream.requests.filter(({ method }) => method === 'GET').length, 1);
});

test('a stream that ends is opened again with the last event seen, and slower each time', async (t) => {
  const server = listening();
  const { clock, log } = await connected(t, server);
  await until('the stream is open', () => server.streams.length === 1);
  server.streams[0]?.end(`id: e7\n${changed}`);
  for (const [turn, wait] of [1_000, 2_000, 4_000, 8_000].entries()) {
    await until('the end was seen', () => clock.waiting === 1);
    await clock.advance(wait - 1);
    assert.equal(server.streams.length, turn + 1);
    await clock.advance(1);
    await until('it is open again', () => server.streams.length === turn + 2);
    server.streams.at(-1)?.end();
  }
  assert.deepEqual(server.asked, [undefined, 'e7', 'e7', 'e7', 'e7']);
  assert.deepEqual(log.lines, [
    'warn upstream ends its stream of news again and again; it is asked for less and less often',
  ]);
});

test('a session that is gone when its stream is opened again takes nothing new', async (t) => {
  const server = listening();
  let isGone = false;
  const { clock, stale } = await connected(t, {
    onGet: (request, response) =>
      isGone ? void response.writeHead(404).end() : server.onGet(request, response),
  });
  await until('the stream is open', () => server.streams.length === 1);
  isGone = true;
  server.streams[0]?.end();
  await until('the end was seen', () => clock.waiting === 1);
  await clock.advance(1_000);
  await until('it is known', () => stale.length === 1);
  assert.deepEqual(stale, ['ended the session (HTTP 404)']);
});

test('the stream closes with the transport', async (t) => {
  const server = listening();
  const { connection, clock } = await connected(t, server);
  await until('the stream is open', () => server.streams.length === 1);
  const closed = new Promise((resolve) => server.streams[0]?.on('close', resolve));
  await connection.close();
  await closed;
  await clock.advance(600_000);
  await settled();
  assert.equal(server.asked.length, 1);
});
