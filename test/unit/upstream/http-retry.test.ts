// What is sent again and what is not: a call runs once, or it is said that nobody knows.
import assert from 'node:assert/strict';
import { createServer as createTcpServer, connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import { readReply } from '../../../src-main/gateway/wire/reply.ts';
import { json, result, startHttpUpstream, type Answer } from '../../fixtures/http-upstream.ts';
import { settled } from '../../helpers/fake-clock.ts';
import { until } from '../../helpers/until.ts';
import { call, connected, failure, failureText, greet, introduced, link } from './http-support.ts';

/** Answers by closing the connection the first time it is asked over one that was used before. */
function closingOnce(): Answer {
  let isClosed = false;
  return (response, id, _message, request) => {
    if (isClosed) return json(response, result(id, { tools: [], content: [] }));
    isClosed = true;
    return void request.socket.destroy();
  };
}

test('a list on a kept connection that was closed under it is asked again', async (t) => {
  const { upstream, connection } = await connected(t, { answers: { 'tools/list': closingOnce() } });
  await call(connection, 'echo');
  const reply = await connection.request('tools/list', {}, { timeoutMs: 60_000 });
  assert.deepEqual(readReply(reply).result, { tools: [], content: [] });
  assert.equal(upstream.received('tools/list').length, 2);
});

test('a list is asked again once only', async (t) => {
  const { upstream, connection } = await connected(t, {
    answers: { 'tools/list': (_response, _id, _message, request) => void request.socket.destroy() },
  });
  await call(connection, 'echo');
  assert.match(
    await failureText(connection.request('tools/list', {}, { timeoutMs: 60_000 })),
    /^UPSTREAM_EXITED/,
  );
  assert.equal(upstream.received('tools/list').length, 2);
});

test('a call on a kept connection that was closed under it is not sent again, and its outcome is unknown', async (t) => {
  const { upstream, connection } = await connected(t, { answers: { once: closingOnce() } });
  await call(connection, 'echo');
  const error = await failure(call(connection, 'once'));
  assert.equal(
    `${error.code}: ${error.message}`,
    'UPSTREAM_EXITED: the server of acme:main at ORIGIN broke off the connection before it had answered (ECONNRESET); whether the call took effect is unknown',
  );
  assert.equal(error.data['outcome'], 'unknown');
  const sent = upstream.received('tools/call').filter(({ params }) => params?.['name'] === 'once');
  assert.equal(sent.length, 1);
});

test('a session the server forgot takes nothing new, and the call certainly did not run', async (t) => {
  const { upstream, connection, stale, endings } = await connected(t);
  const open = call(connection, 'hang');
  open.catch(() => {});
  await until('a call is open', () => upstream.received('tools/call').length === 1);
  const error = await failure(call(connection, 'forgotten'));
  assert.equal(
    `${error.code}: ${error.message}`,
    'UPSTREAM_EXITED: the server of acme:main at ORIGIN ended the session (HTTP 404); call again',
  );
  assert.equal(error.data['outcome'], 'not-run');
  assert.deepEqual([stale, endings], [['ended the session (HTTP 404)'], []]);
  assert.equal(connection.inFlight, 1, 'what is open may still be answered');
  assert.match(await failureText(call(connection, 'echo')), /^UPSTREAM_BUSY/);
});

test('a server that says so with HTTP 400 is believed, but its call is not sent again', async (t) => {
  const { connection, stale } = await connected(t, {
    answers: {
      restarted: (response) =>
        response.writeHead(400, { 'content-type': 'application/json' }).end(
          JSON.stringify({
            jsonrpc: '2.0',
            id: null,
            error: { code: -32000, message: 'No valid session ID' },
          }),
        ),
    },
  });
  assert.equal((await failure(call(connection, 'restarted'))).data['outcome'], 'unknown');
  assert.deepEqual(stale, ['ended the session (HTTP 400)']);
});

test('no farewell goes to a session that is gone', async (t) => {
  const { upstream, connection } = await connected(t);
  await failure(call(connection, 'forgotten'));
  await connection.close();
  assert.ok(!upstream.requests.some(({ method }) => method === 'DELETE'));
});

/** A way to a server that can be taken away for a while: its address then refuses connections. */
async function withGate(t: TestContext) {
  const upstream = await startHttpUpstream();
  t.after(() => upstream.close());
  const port = Number(new URL(upstream.url).port);
  const sockets = new Set<{ destroy(): void }>();
  const gate = createTcpServer((socket) => {
    const inner = connect(port, '127.0.0.1');
    for (const end of [socket, inner]) {
      sockets.add(end);
      end.on('error', () => {});
    }
    socket.pipe(inner).pipe(socket);
  });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve) => gate.listen(at, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port: own } = gate.address() as { port: number };
  const shut = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => gate.close(() => resolve()));
  };
  t.after(shut);
  return { upstream, url: `http://127.0.0.1:${own}/mcp`, shut, reopen: () => listen(own) };
}

test('a call that met no server is sent once the server is back', async (t) => {
  const { upstream, url, shut, reopen } = await withGate(t);
  const linked = link(t, url);
  const { connection, clock } = linked;
  await greet(connection);
  await introduced(linked, upstream);
  await call(connection, 'echo');
  await shut();
  await settled();
  const waiting = call(connection, 'echo');
  await until('the call was refused', () => clock.waiting === 2);
  await reopen();
  await clock.advance(100);
  assert.equal(readReply(await waiting).error, undefined);
  assert.equal(upstream.received('tools/call').length, 2);
});

test('a call that meets no server again and again fails, and did not run', async (t) => {
  const { upstream, url, shut } = await withGate(t);
  const linked = link(t, url);
  const { connection, clock } = linked;
  await greet(connection);
  await introduced(linked, upstream);
  await call(connection, 'echo');
  await shut();
  await settled();
  const failed = failure(call(connection, 'echo'));
  for (const wait of [100, 400, 1_500]) {
    await until('the call was refused', () => clock.waiting === 2);
    await clock.advance(wait);
  }
  const error = await failed;
  assert.deepEqual([error.code, error.data['outcome']], ['UPSTREAM_UNREACHABLE', 'not-run']);
});
