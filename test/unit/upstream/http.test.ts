// The Streamable HTTP leg against a real server on loopback.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { NucleusError } from '../../../src-shared/errors.ts';
import { createConnection, type Connection } from '../../../src-main/gateway/upstream/connection.ts';
import { openHttp } from '../../../src-main/gateway/upstream/http.ts';
import { encodeReply, readReply } from '../../../src-main/gateway/wire/reply.ts';
import { startHttpUpstream, type HttpUpstream } from '../../fixtures/http-upstream.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const limit = 1_000_000;

interface Setting {
  readonly upstream: HttpUpstream;
  readonly connection: Connection;
  readonly endings: string[];
}

/** A connection that went through initialize, as the supervisor makes it. */
async function connected(t: TestContext, url?: string): Promise<Setting> {
  const upstream = await startHttpUpstream();
  const endings: string[] = [];
  const clock = createFakeClock();
  const connection = createConnection({
    profile: 'acme:main',
    transport: openHttp({
      profile: 'acme:main',
      url: new URL(url ?? upstream.url),
      headers: { 'x-key': 'K' },
      clock,
      limit,
    }),
    clock,
    maxInFlight: 10,
    events: {
      onNotification: () => {},
      onBusy: () => {},
      onEnd: ({ kind, what }) => void endings.push(`${kind} ${what}`),
    },
  });
  t.after(async () => {
    await connection.close();
    await upstream.close();
  });
  if (url === undefined) {
    await connection.request('initialize', {}, { timeoutMs: 60_000 });
    connection.notify('notifications/initialized');
  }
  return { upstream, connection, endings };
}

const call = (connection: Connection, name: string, onProgress?: (params: unknown) => void) =>
  connection.request('tools/call', { name, arguments: { text: 'hi' } }, { timeoutMs: 60_000, onProgress });

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it was answered'),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof NucleusError);
  return `${error.code}: ${error.message.replace(/http:\/\/127\.0\.0\.1:\d+/, 'ORIGIN')}`;
}

test('after initialize every request names the session and the revision, and carries the own headers', async (t) => {
  const { upstream, connection } = await connected(t);
  await call(connection, 'echo');
  const { headers } = upstream.requests.at(-1) ?? assert.fail();
  assert.deepEqual(
    [headers['mcp-session-id'], headers['mcp-protocol-version'], headers['x-key'], headers.accept],
    ['session-1', '2025-06-18', 'K', 'application/json, text/event-stream'],
  );
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

test('a stream that ends without the answer fails that call at once', async (t) => {
  const { connection } = await connected(t);
  assert.equal(
    await failure(call(connection, 'drop')),
    'UPSTREAM_EXITED: the server of acme:main at ORIGIN ended the stream without an answer; whether the call took effect is unknown',
  );
  assert.deepEqual(readReply(await call(connection, 'echo')).error, undefined);
});

test('refused credentials are said, with how to give new ones', async (t) => {
  const { connection } = await connected(t);
  assert.equal(
    await failure(call(connection, 'refused')),
    'UPSTREAM_REFUSED: the server of acme:main at ORIGIN refused the credentials (HTTP 401); give new ones with nucleus add --replace',
  );
});

test('a redirect is not followed', async (t) => {
  const { connection } = await connected(t);
  assert.match(await failure(call(connection, 'moved')), /^UPSTREAM_PROTOCOL: .* redirect \(HTTP 307\)/);
});

test('a page for people is no answer', async (t) => {
  const { connection } = await connected(t);
  assert.match(
    await failure(call(connection, 'page')),
    /^UPSTREAM_PROTOCOL: .* answered HTTP 200 without an MCP message/,
  );
});

test('a session the server forgot ends the connection, so that the next call opens a new one', async (t) => {
  const { connection, endings } = await connected(t);
  assert.match(await failure(call(connection, 'forgotten')), /^UPSTREAM_EXITED: .*\(HTTP 404\)/);
  assert.deepEqual(endings, ['exited ended the session (HTTP 404)']);
});

test('a cancelled call lets go of its request, and the server is told', async (t) => {
  const { upstream, connection } = await connected(t);
  const abort = new AbortController();
  const waiting = failure(
    connection.request('tools/call', { name: 'hang' }, { timeoutMs: 60_000, signal: abort.signal }),
  );
  while (upstream.requests.at(-1)?.message?.method !== 'tools/call')
    await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  assert.match(await waiting, /^CALL_CANCELLED/);
  while (upstream.requests.at(-1)?.message?.method !== 'notifications/cancelled')
    await new Promise((resolve) => setImmediate(resolve));
});

test('a server that is not there is said with the reason', async (t) => {
  const { connection } = await connected(t, 'http://127.0.0.1:9/mcp');
  assert.equal(
    await failure(connection.request('initialize', {}, { timeoutMs: 60_000 })),
    'UPSTREAM_UNREACHABLE: the server of acme:main at ORIGIN cannot be reached (ECONNREFUSED); it is tried again when called',
  );
});

test('closing says farewell to the session', async (t) => {
  const { upstream, connection } = await connected(t);
  await connection.close();
  const last = upstream.requests.at(-1) ?? assert.fail();
  assert.deepEqual([last.method, last.headers['mcp-session-id']], ['DELETE', 'session-1']);
});
