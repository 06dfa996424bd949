// Clients that send too much, read too little or come in crowds.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import test, { before } from 'node:test';
import { startGateway, textOf, type Gateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { addClient, ask, openSession, rpc, statusOf, stream, toolCall, urlOf } from '../helpers/http.ts';
import { verifies } from '../helpers/requirements.ts';
import { until, withDeadline } from '../helpers/until.ts';

const mebibyte = 1024 * 1024;
const scope = createScope();
const home = createHome(scope, '[client]\nmax_backlog_mib = 32\n');
const fake = createFake(home, 'one');
let gateway: Gateway;
let base: string;
let token: string;

before(async () => {
  gateway = await startGateway(scope, home);
  await gateway.add(fake);
  base = await urlOf(gateway);
  token = await addClient(gateway, 'laptop');
});

/** Bytes by which the gateway's memory grew at most during `work`. */
async function growth(work: () => Promise<void>): Promise<number> {
  // 5: forgets the peak so far (Linux, proc(5), clear_refs).
  writeFileSync(`/proc/${gateway.pid}/clear_refs`, '5');
  const peak = (): number =>
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) * 1024;
  const before = peak();
  await work();
  return peak() - before;
}

/** A connection on which a test writes and reads as it likes. */
function open(t: Scope): { socket: Socket; text(): string; closed: Promise<void> } {
  const { port } = new URL(base);
  const socket = connect(Number(port), '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece));
  socket.on('error', () => {
    // The gateway may cut it off; what came until then counts.
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  t.after(() => void socket.destroy());
  return { socket, text: () => text, closed };
}

function head(headers: Readonly<Record<string, string>>, who: string | null = token): string {
  const all = {
    Host: '127.0.0.1',
    'Content-Type': 'application/json',
    ...(who !== null && { Authorization: `Bearer ${who}` }),
    ...headers,
  };
  return `POST /mcp HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
}

test('a message of 100 MB is refused while the memory stays as it was', async (t) => {
  verifies('FIX-018');
  const piece = Buffer.alloc(mebibyte, 'x');
  const pieces = 100;
  const chunk = Buffer.concat([Buffer.from(`${mebibyte.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
  for (const [headers, part, isStubborn] of [
    [{ 'Content-Length': String(pieces * mebibyte) }, piece, true],
    [{ 'Content-Length': String(pieces * mebibyte) }, piece, false],
    [{ 'Transfer-Encoding': 'chunked' }, chunk, false],
  ] as const) {
    const grown = await growth(async () => {
      const { socket, text, closed } = open(t);
      socket.write(head(headers));
      const hearsNothing = (): boolean => isStubborn || text() === '';
      for (let sent = 0; sent < pieces && !socket.destroyed && hearsNothing(); sent++)
        if (!socket.write(part))
          await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
      await until('the answer', () => text().includes('\r\n\r\n'));
      // One that goes on sending is read for a while, then cut off.
      if (isStubborn) await withDeadline('the end of the connection', closed);
      else socket.destroy();
      assert.equal(statusOf(text()), 413);
      assert.match(text(), /"code":"BODY_TOO_LARGE"/);
    });
    assert.ok(grown < 20 * mebibyte, `${JSON.stringify(headers)} cost ${grown / mebibyte} MiB`);
  }
  assert.equal((await ask(base, rpc('ping'), { token })).status, 200);
});

test('who asks before sending is told no before it sends', async (t) => {
  const expect = { Expect: '100-continue' };
  const length = (bytes: number) => ({ 'Content-Length': String(bytes) });
  for (const [headers, who, status] of [
    [{ ...expect, ...length(100_000_000) }, token, 413],
    [{ ...expect, ...length(10) }, null, 401],
    [{ ...expect, ...length(10), 'Content-Type': 'text/plain' }, token, 415],
    [{ ...expect, ...length(10), Host: 'evil.com' }, token, 403],
    [{ Expect: 'miracles', ...length(10) }, token, 417],
  ] as const) {
    const { socket, text } = open(t);
    socket.write(head(headers, who));
    await until(`an answer to ${JSON.stringify(headers)}`, () => text().includes('\r\n\r\n'));
    assert.equal(statusOf(text()), status);
  }
  const { socket, text } = open(t);
  const body = JSON.stringify(rpc('ping'));
  socket.write(head({ ...expect, ...length(body.length) }));
  await until('it may go on', () => text().startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
  socket.write(body);
  await until('the answer', () => text().includes('"result":{}'));
});

test('a client that reads nothing is let go, and nobody else notices', async (t) => {
  const other = await addClient(gateway, 'other');
  const big = JSON.stringify(toolCall('fake_one_big', { bytes: 9 * mebibyte }));
  const length = { 'Content-Length': String(big.length) };
  const calls = 12;
  const waitForAll = (start: number) =>
    until('all were called', () => fake.received('tools/call').length === start + calls);

  // In a session: the session ends.
  const session = await openSession(base, { token });
  const sessions = async () =>
    (await gateway.status()).clients.filter(({ principal }) => principal === 'laptop');
  assert.equal((await sessions()).length, 1);
  for (let n = 0; n < calls; n++) {
    const { socket } = open(t);
    socket.pause();
    socket.write(head({ ...length, 'Mcp-Session-Id': session }).concat(big.replace('"id":1', `"id":${n}`)));
  }
  await until('the session is over', async () => (await sessions()).length === 0);
  assert.equal((await ask(base, rpc('ping'), { token, session })).status, 404);

  // Without one: the oldest answers go.
  const start = fake.received('tools/call').length;
  const silent = Array.from({ length: calls }, () => {
    const connection = open(t);
    connection.socket.pause();
    connection.socket.write(head(length).concat(big));
    return connection;
  });
  await waitForAll(start);
  const { message } = await ask(base, toolCall('fake_one_echo', { text: 'still here' }), { token: other });
  assert.equal(textOf(message.result), 'still here');
  await until('all calls are over', async () =>
    (await gateway.status()).upstreams.every((u) => u.inFlight === 0),
  );
  const whole = await Promise.all(
    silent.map(async ({ socket, text }) => {
      socket.resume();
      await until('the rest came', () => socket.closed || text().endsWith('}}'));
      return text().length > 9 * mebibyte;
    }),
  );
  // What a client may leave unread is 32 MiB, beside what the system holds for each connection.
  const kept = whole.filter(Boolean).length;
  assert.ok(kept >= 1 && kept <= 6, `${kept} of ${calls} answers were kept`);
});

test('a thousand clients listen at once, and one more is told that it is full', async (t) => {
  const own = createHome(t);
  const crowded = await startGateway(t, own);
  await crowded.add(createFake(own, 'news'));
  const url = await urlOf(crowded);
  const key = await addClient(crowded, 'crowd');
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  t.after(() => agent.destroy());
  const sessions = await Promise.all(
    Array.from({ length: 1_000 }, () => openSession(url, { token: key, agent })),
  );
  const streams = await Promise.all(sessions.map((session) => stream(t, url, null, { token: key, session })));
  await ask(url, toolCall('fake_news_add_tool', { name: 'for_all' }), { token: key });
  await Promise.all(
    streams.map(({ next }) =>
      next('the news', ({ method }) => method === 'notifications/tools/list_changed'),
    ),
  );
  const full = await ask(url, rpc('initialize'), { token: key });
  assert.equal(full.status, 503);
  assert.match(full.message.error?.message ?? '', /all 1000 sessions are in use/);
  assert.equal((await crowded.status()).clients.length, 1_000);
  // A single request needs no place, and one who listens no more makes room.
  assert.equal((await ask(url, rpc('ping'), { token: key })).status, 200);
  streams[7]?.destroy();
  await until(
    'there is room',
    async () => (await ask(url, rpc('initialize'), { token: key })).status === 200,
  );
  assert.equal((await ask(url, rpc('ping'), { token: key, session: sessions[7] ?? '' })).status, 404);
  assert.equal((await ask(url, rpc('ping'), { token: key, session: sessions[8] ?? '' })).status, 200);
});
