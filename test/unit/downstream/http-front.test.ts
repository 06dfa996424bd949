import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';
import type { Verdict } from '../../../src-main/gateway/downstream/client-tokens.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import {
  ask,
  callWithProgress,
  initialize,
  openSession,
  raw,
  rpc,
  send,
  statusOf,
  stream,
  toolCall,
} from '../../helpers/http.ts';
import { until, withDeadline } from '../../helpers/until.ts';
import { openFront } from './http-support.ts';

const head = 'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';
const quick = {
  headersTimeout: 60,
  requestTimeout: 120,
  keepAliveTimeout: 100,
  connectionsCheckingInterval: 20,
  maxHeaderSize: 16_384,
  maxConnections: 3,
};

/** Writes a byte now and then for as long as it may. */
async function drip(url: string, begin: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece));
  socket.on('error', () => {
    // Cut off, as it should be.
  });
  socket.write(begin);
  const timer = setInterval(() => socket.write('x'), 10);
  try {
    await withDeadline(
      'the end of the slow connection',
      new Promise((resolve) => socket.once('close', resolve)),
    );
  } finally {
    clearInterval(timer);
    socket.destroy();
  }
  return text;
}

test('headers and bodies that take for ever are cut off, and a silent connection too', async (t) => {
  const { url, counts } = await openFront(t, { deps: { connections: quick } });
  const [headers, body, silence] = await Promise.all([
    drip(url, 'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '),
    drip(url, `${head}Content-Length: 1000000\r\n\r\n`),
    raw(url, ''),
  ]);
  assert.equal(statusOf(headers), 408);
  assert.equal(statusOf(body), 408);
  assert.ok([0, 408].includes(statusOf(silence)));
  // A body that never came was never a request.
  assert.deepEqual(counts, []);
  const kept = await raw(
    url,
    `${head}Connection: close\r\nContent-Length: 40\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"ping"}`,
  );
  assert.equal(statusOf(kept), 200);
});

test('a call that says nothing for long becomes a stream with signs of life, and its answer comes there', async (t) => {
  const { url, clock, calls } = await openFront(t);
  const session = await openSession(url);
  for (const asked of [{ session }, {}]) {
    const before = calls.length;
    const waiting = send(url, toolCall('db_prod_wait'), asked);
    await until('the call runs', () => calls.length > before);
    await clock.advance(14_999);
    let isBegun = false;
    void waiting.then(() => (isBegun = true));
    await clock.advance(0);
    assert.equal(isBegun, false);
    await clock.advance(1);
    const response = await waiting;
    assert.equal(response.headers['content-type'], 'text/event-stream');
    await clock.advance(15_000);
    calls.at(-1)?.answer('at last');
    let text = '';
    for await (const piece of response.setEncoding('utf8')) text += piece as string;
    assert.equal(text.match(/^: still at it$/gm)?.length, 2);
    assert.match(text, /data: \{.*at last.*\}\n\n$/);
  }
});

test('a stream that breaks in silence can be taken up again by its first event', async (t) => {
  const { url, clock, calls } = await openFront(t);
  const session = await openSession(url);
  const sent = stream(t, url, toolCall('db_prod_wait'), { session });
  await until('the call runs', () => calls.length === 1);
  await clock.advance(15_000);
  const first = await sent;
  await until('the first event', () => first.lastId() !== undefined);
  // Its connection is still open when the client comes back: it left all the same.
  const second = await stream(t, url, null, { session, headers: { 'last-event-id': first.lastId() ?? '' } });
  await first.ended();
  calls[0]?.answer('found again');
  await second.ended();
  assert.equal(second.seen.length, 1);
  assert.deepEqual(first.seen, []);
});

test('an answer nobody reads is given up after half a minute', async (t) => {
  const { url, clock, calls, counts } = await openFront(t);
  const socket = connect(Number(new URL(url).port), '127.0.0.1').pause();
  t.after(() => void socket.destroy());
  const body = JSON.stringify(toolCall('db_prod_wait'));
  socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
  await until('the call runs', () => calls.length === 1);
  calls[0]?.answer('x'.repeat(9 * 1024 * 1024));
  await clock.advance(29_999);
  assert.deepEqual(counts, [1]);
  await clock.advance(1);
  await until('it is over', () => counts.at(-1) === 0);
});

test('a client has bodies of twice the longest on their way, not more', async (t) => {
  const longest = 1_000;
  const { url } = await openFront(t, { deps: { bodyLimit: longest } });
  const half = `${head}Content-Length: ${longest}\r\n\r\n${'x'.repeat(longest - 1)}`;
  const sockets = [1, 2].map(() => connect(Number(new URL(url).port), '127.0.0.1'));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  for (const socket of sockets) await new Promise((resolve) => socket.write(half, resolve));
  const full = async () =>
    await raw(url, half.replace(/\r\n\r\n/, '\r\nConnection: close\r\n\r\n'), { end: true });
  await until('it is enough', async () => (await full()).includes('messages on their way'));
  for (const socket of sockets) socket.destroy();
  await until(
    'there is room again',
    async () => (await ask(url, toolCall('db_prod_none', { text: 'x'.repeat(600) }))).status === 200,
  );
  const unstated = `${head}Transfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1_001)}\r\n0\r\n\r\n`;
  assert.equal(statusOf(await raw(url, unstated)), 413);
});

test('a session nobody uses ends after a while, one that is listened to does not', async (t) => {
  const { url, clock, counts } = await openFront(t, { config: { session_idle: 60_000 } });
  const idle = await openSession(url);
  const heard = await openSession(url);
  const news = await stream(t, url, null, { session: heard });
  await clock.advance(45_000);
  assert.equal((await ask(url, rpc('ping'), { session: idle })).status, 200);
  await clock.advance(60_000);
  assert.equal((await ask(url, rpc('ping'), { session: idle })).status, 200);
  await clock.advance(90_000);
  assert.equal((await ask(url, rpc('ping'), { session: idle })).status, 404);
  assert.equal((await ask(url, rpc('ping'), { session: heard })).status, 200);
  news.destroy();
  await until('it stopped listening', () => news.ended().then(() => true));
  await clock.advance(0);
  await until('the session ends too', async () => {
    await clock.advance(90_000);
    return counts.at(-1) === 0;
  });
});

test('where there is no room the idlest session goes, and one that may not open pushes nobody out', async (t) => {
  const { url, clock, counts } = await openFront(t, {
    config: { max_sessions: 2 },
    deps: {
      verify: (name) => ({ kind: 'known', client: { name, view: null, createdAt: 0, expiresAt: null } }),
    },
    refuses: ({ principal }) =>
      principal === 'bad' ? new NucleusError('VIEW_REFUSED', 'this client may see nothing') : null,
  });
  const mine = { token: 'me' };
  const open = async (): Promise<string> => {
    await clock.advance(10);
    return openSession(url, mine);
  };
  const first = await open();
  const second = await open();
  await clock.advance(10);
  await ask(url, rpc('ping'), { ...mine, session: first });
  const third = await open();
  const states = async () =>
    Promise.all(
      [first, second, third].map(
        async (session) => (await ask(url, rpc('ping'), { ...mine, session })).status,
      ),
    );
  assert.deepEqual(await states(), [200, 404, 200]);
  for (const message of [rpc('initialize'), rpc('tools/list')])
    assert.equal((await ask(url, message, { token: 'bad' })).status, 403);
  assert.deepEqual(await states(), [200, 404, 200]);
  const streams = await Promise.all(
    [first, third].map((session) => stream(t, url, null, { ...mine, session })),
  );
  assert.equal((await ask(url, rpc('initialize'), mine)).status, 503);
  assert.deepEqual(await states(), [200, 404, 200]);
  streams[0]?.destroy();
  await until('there is room', async () => (await ask(url, rpc('initialize'), mine)).status === 200);
  assert.ok(
    counts.every((count) => count <= 4),
    counts.join(' '),
  );
});

test('a client with most of the sessions gives room to others, even where it uses them all', async (t) => {
  const { url, clock } = await openFront(t, {
    config: { max_sessions: 3 },
    deps: {
      verify: (name) => ({ kind: 'known', client: { name, view: null, createdAt: 0, expiresAt: null } }),
    },
  });
  const open = async (token: string): Promise<{ token: string; session: string }> => {
    await clock.advance(10);
    return { token, session: await openSession(url, { token }) };
  };
  const quiet = await open('quiet');
  const greedy = [await open('greedy'), await open('greedy')];
  for (const each of greedy) await stream(t, url, null, each);
  await open('other');
  const states = await Promise.all(
    [quiet, ...greedy].map(async (each) => (await ask(url, rpc('ping'), each)).status),
  );
  assert.deepEqual(states, [200, 404, 200]);
});

test('a front that is told twice to finish tells both when it has', async (t) => {
  const { front, url, calls } = await openFront(t);
  const session = await openSession(url);
  const running = ask(url, toolCall('db_prod_wait'), { session });
  await until('the call runs', () => calls.length === 1);
  front.stopListening();
  front.stopListening();
  const finished = [front.finish(), front.finish()];
  // What its client takes back is not waited for; what runs is.
  assert.equal(
    (await ask(url, { jsonrpc: '2.0', method: 'notifications/progress' }, { session })).status,
    202,
  );
  calls[0]?.answer('done');
  assert.equal((await running).status, 200);
  await Promise.all(finished);
  await front.finish();
});

test('a progress notice for a client that left is kept for its return, with the answer', async (t) => {
  const { url, calls } = await openFront(t);
  const session = await openSession(url);
  const sent = stream(t, url, callWithProgress('db_prod_wait', {}), { session });
  await until('the call runs', () => calls.length === 1);
  calls[0]?.onProgress?.({ progress: 1 });
  const first = await sent;
  await first.next('the first', ({ method }) => method !== undefined);
  first.destroy();
  await first.ended();
  calls[0]?.onProgress?.({ progress: 2 });
  calls[0]?.answer('done');
  const second = await stream(t, url, null, { session, headers: { 'last-event-id': first.lastId() ?? '' } });
  await second.ended();
  assert.deepEqual(
    second.seen.map(({ params, result }) => params?.['progress'] ?? (result && 'answer')),
    [2, 'answer'],
  );
});

test('a token that is taken back while its message is on the way lets nothing in', async (t) => {
  const known: Verdict = {
    kind: 'known',
    client: { name: 'guest', view: null, createdAt: 0, expiresAt: null },
  };
  let verdict: Verdict = known;
  let looked = 0;
  const verify = (): Verdict => {
    looked += 1;
    return verdict;
  };
  const { url, calls, counts } = await openFront(t, { deps: { verify } });
  for (const message of [toolCall('db_prod_wait'), initialize()]) {
    verdict = known;
    looked = 0;
    const body = JSON.stringify(message);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    t.after(() => void socket.destroy());
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => (text += piece));
    socket.write(
      `${head}Authorization: Bearer nuc_x\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
    );
    await until('the token was looked up', () => looked === 1);
    verdict = { kind: 'unknown' };
    socket.write(body.slice(9));
    await until('it is answered', () => text !== '' || calls.length > 0);
    assert.equal(statusOf(text), 401);
  }
  assert.deepEqual([calls.length, Math.max(0, ...counts)], [0, 0]);
});

test('a second request under an id that is open is refused, and the first one is answered', async (t) => {
  const { url, calls } = await openFront(t);
  const session = await openSession(url);
  const first = ask(url, toolCall('db_prod_wait', {}, 5), { session });
  await until('the call runs', () => calls.length === 1);
  const again = await ask(url, toolCall('db_prod_wait', {}, 5), { session });
  assert.equal(again.message.error?.message, 'id 5 is already in use');
  // The same figure as text is another id.
  const other = ask(url, toolCall('db_prod_wait', {}, '5'), { session });
  await until('the other call runs', () => calls.length === 2);
  calls[1]?.answer('text');
  calls[0]?.answer('number');
  assert.match((await first).body, /"id":5,.*number/);
  assert.match((await other).body, /"id":"5",.*text/);
});
