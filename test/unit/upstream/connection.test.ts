import assert from 'node:assert/strict';
import test from 'node:test';
import { NucleusError } from '../../../src-shared/errors.ts';
import { createConnection, type Connection } from '../../../src-main/gateway/upstream/connection.ts';
import type { Ending } from '../../../src-main/gateway/upstream/transport.ts';
import type { Peer, PeerAnswer, PeerRequest } from '../../../src-main/gateway/wire/peer.ts';
import { encodeReply, readReply, type Reply } from '../../../src-main/gateway/wire/reply.ts';
import { createFakeClock, settled } from '../../helpers/fake-clock.ts';
import { createFakeTransport } from '../../helpers/fake-transport.ts';
import { verifies } from '../../helpers/requirements.ts';

function setUp(options: { maxInFlight?: number } = {}) {
  const clock = createFakeClock();
  const upstream = createFakeTransport();
  const notifications: [string, unknown][] = [];
  const busy: boolean[] = [];
  const endings: Ending[] = [];
  const stale: string[] = [];
  let ambiguities = 0;
  const connection = createConnection({
    roots: () => [],
    profile: 'db:prod',
    transport: upstream,
    clock,
    maxInFlight: options.maxInFlight ?? 512,
    events: {
      onAmbiguous: () => void (ambiguities += 1),
      onNotification: (method, params) => notifications.push([method, params]),
      onBusy: (isBusy) => busy.push(isBusy),
      onStale: (what) => stale.push(what),
      onEnd: (ending) => endings.push(ending),
    },
  });
  return { clock, upstream, connection, notifications, busy, endings, stale, ambiguous: () => ambiguities };
}

const call = (connection: Connection, name = 'x', more: object = {}): Promise<Reply> =>
  connection.request('tools/call', { name }, { timeoutMs: 60_000, ...more });

const resultOf = (reply: Reply): unknown => readReply(reply).result;

/** The error a promise is rejected with; a failure when it is not. */
const failureOf = (promise: Promise<unknown>): Promise<NucleusError> =>
  promise.then(
    () => assert.fail('it was answered'),
    (error: unknown) => {
      assert.ok(error instanceof NucleusError, String(error));
      return error;
    },
  );

test('requests carry ids of our own, one after the other from 1', async () => {
  const { upstream, connection } = setUp();
  const [first, second] = [call(connection, 'a'), call(connection, 'b')];
  assert.deepEqual(upstream.sent, [
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'b' } },
  ]);
  upstream.say({ jsonrpc: '2.0', id: 2, result: { of: 'b' } });
  upstream.say({ jsonrpc: '2.0', id: 1, result: { of: 'a' } });
  assert.deepEqual([await first, await second].map(resultOf), [{ of: 'a' }, { of: 'b' }]);
});

test('a request without parameters has none on the wire', async () => {
  const { upstream, connection } = setUp();
  void connection.request('ping', undefined, { timeoutMs: 1 }).catch(() => {});
  connection.notify('notifications/initialized');
  assert.deepEqual(upstream.sent, [
    { jsonrpc: '2.0', id: 1, method: 'ping' },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
  ]);
});

test('ten calls are open at once and are answered in whatever order', async () => {
  verifies('FIX-001');
  const { upstream, connection } = setUp();
  const calls = Array.from({ length: 10 }, (_, n) => call(connection, String(n)));
  assert.equal(connection.inFlight, 10);
  for (const id of [5, 1, 10, 3, 2, 9, 4, 8, 7, 6]) upstream.say({ jsonrpc: '2.0', id, result: { id } });
  assert.deepEqual(
    (await Promise.all(calls)).map(resultOf),
    Array.from({ length: 10 }, (_, n) => ({ id: n + 1 })),
  );
  assert.equal(connection.inFlight, 0);
});

test('an answer is forwarded byte for byte, and so is an error', async () => {
  const { upstream, connection } = setUp();
  const asked = call(connection);
  upstream.say('{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"n\\u00f6","data":{"x":1.0}}}');
  const bytes = Buffer.concat(
    encodeReply(await asked, 'c').map((part) => Buffer.from(part as string)),
  ).toString();
  assert.equal(
    bytes,
    '{"jsonrpc":"2.0","id":"c","error":{"code":-32000,"message":"n\\u00f6","data":{"x":1.0}}}',
  );
});

test('an answer in a key order nobody foresaw is understood', async () => {
  const { upstream, connection } = setUp();
  const [first, second, third] = [call(connection), call(connection), call(connection)];
  upstream.say('{"id":1,"jsonrpc":"2.0","result":{"n":1}}');
  upstream.say('{ "result" : {"n":2} , "id" : 2, "jsonrpc" : "2.0" }');
  upstream.say('\ufeff{"id":3,"error":{"code":7,"message":"no"},"x":[]}');
  assert.deepEqual([await first, await second].map(resultOf), [{ n: 1 }, { n: 2 }]);
  assert.deepEqual(readReply(await third).error, { code: 7, message: 'no' });
  assert.equal(connection.oddities, 0);
});

test('an answer that had to be read keeps the size of its line', async () => {
  const { upstream, connection } = setUp();
  const asked = call(connection);
  const line = JSON.stringify({ id: 1, jsonrpc: '2.0', result: { text: 'ü'.repeat(5_000) } });
  upstream.say(line);
  const reply = await asked;
  assert.ok(reply.kind === 'made');
  assert.equal(reply.size, Buffer.byteLength(line));
});

test('answers to ids nobody asked with are counted and harm nobody', async () => {
  const { upstream, connection } = setUp();
  const asked = call(connection);
  upstream.say({ jsonrpc: '2.0', id: 2, result: {} });
  upstream.say({ jsonrpc: '2.0', id: 0, result: {} });
  upstream.say({ jsonrpc: '2.0', id: '1', result: { wrong: 'a string id' } });
  upstream.say({ jsonrpc: '2.0', id: 1.5, error: { code: 1, message: 'no' } });
  assert.equal(connection.oddities, 4);
  assert.equal(connection.inFlight, 1);
  upstream.say({ jsonrpc: '2.0', id: 1, result: { right: true } });
  assert.deepEqual(resultOf(await asked), { right: true });
});

test('a second answer to the same request is counted and changes nothing', async () => {
  const { upstream, connection } = setUp();
  const asked = call(connection);
  upstream.say({ jsonrpc: '2.0', id: 1, result: { n: 1 } });
  upstream.say({ jsonrpc: '2.0', id: 1, result: { n: 2 } });
  assert.deepEqual(resultOf(await asked), { n: 1 });
  assert.equal(connection.oddities, 1);
});

test('an answer that names a second id is never forwarded under it', async () => {
  const { upstream, connection } = setUp();
  const failed = failureOf(call(connection));
  upstream.say('{"jsonrpc":"2.0","id":1,"result":{"content":[]},"id":7}');
  const error = await failed;
  assert.equal(error.code, 'UPSTREAM_PROTOCOL');
  assert.equal(connection.oddities, 1);
});

test('noise on the wire is counted and harms nobody', async () => {
  const { upstream, connection } = setUp();
  const asked = call(connection);
  const noise = [
    'npm warn deprecated',
    '{',
    '[]',
    '{}',
    'null',
    '{"id":1}',
    '[{"jsonrpc":"2.0","id":1,"result":{}}]',
  ];
  for (const line of noise) upstream.say(line);
  assert.equal(connection.oddities, noise.length);
  upstream.answer('tools/call', { fine: true });
  assert.deepEqual(resultOf(await asked), { fine: true });
});

test('an answer that is not valid JSON fails its call with a sentence and no other', async () => {
  const { upstream, connection } = setUp();
  const [broken, other] = [failureOf(call(connection)), call(connection)];
  upstream.say('{"jsonrpc":"2.0","id":1,"result":{"a":}}');
  upstream.say({ jsonrpc: '2.0', id: 2, result: {} });
  const error = await broken;
  assert.equal(error.code, 'UPSTREAM_PROTOCOL');
  assert.equal(
    error.message,
    'the server of db:prod answered with bytes that are not valid JSON; report it to its makers',
  );
  await other;
});

test('an answer that is not UTF-8 never reaches a client, large or small', async () => {
  const { upstream, connection } = setUp();
  for (const [index, size] of [10, 100_000].entries()) {
    const failed = failureOf(call(connection));
    const head = `{"jsonrpc":"2.0","id":${index + 1},"result":{"a":"${'x'.repeat(size)}`;
    upstream.say(Buffer.concat([Buffer.from(head), Buffer.from([0xff]), Buffer.from('"}}')]));
    assert.equal((await failed).code, 'UPSTREAM_PROTOCOL');
  }
});

test('a call that is not answered in time fails and the upstream is told once', async () => {
  verifies('NEX-033');
  const { clock, upstream, connection } = setUp();
  const failed = failureOf(call(connection, 'x', { timeoutMs: 5_000 }));
  await clock.advance(4_999);
  assert.equal(connection.inFlight, 1);
  await clock.advance(1);
  const error = await failed;
  assert.equal(error.code, 'UPSTREAM_TIMEOUT');
  assert.equal(
    error.message,
    'db:prod did not answer tools/call within 5 s; whether it took effect is unknown',
  );
  assert.deepEqual(upstream.received('notifications/cancelled'), [
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason: 'timed out' } },
  ]);
  await clock.advance(60_000);
  assert.equal(upstream.sent.length, 2);
  assert.equal(connection.inFlight, 0);
});

test('the last words of the upstream are part of the sentence, without control characters', async () => {
  const { clock, upstream, connection } = setUp();
  upstream.stderr = 'first\n\u001b[31mwaiting for\u202e the database\u0007\n\n';
  const failed = failureOf(call(connection, 'x', { timeoutMs: 5 }));
  await clock.advance(5);
  assert.match((await failed).message, /\(it last said: \[31mwaiting for the database\)$/);
});

test('an initialize that takes too long fails without a cancel', async () => {
  const { clock, upstream, connection } = setUp();
  const failed = failureOf(connection.request('initialize', {}, { timeoutMs: 100 }));
  await clock.advance(100);
  assert.equal((await failed).code, 'UPSTREAM_TIMEOUT');
  assert.deepEqual(upstream.received('notifications/cancelled'), []);
});

test('an initialize that is aborted fails without a cancel', async () => {
  const { upstream, connection } = setUp();
  const controller = new AbortController();
  const failed = failureOf(
    connection.request('initialize', {}, { timeoutMs: 100, signal: controller.signal }),
  );
  controller.abort();
  assert.equal((await failed).code, 'CALL_CANCELLED');
  assert.deepEqual(upstream.received('notifications/cancelled'), []);
});

test('a cancelled call tells the upstream under the id it has there, once', async () => {
  verifies('FIX-002');
  const { clock, upstream, connection } = setUp();
  void call(connection, 'other').catch(() => {});
  const controller = new AbortController();
  const failed = failureOf(call(connection, 'x', { signal: controller.signal, timeoutMs: 10 }));
  controller.abort();
  controller.abort();
  assert.equal((await failed).code, 'CALL_CANCELLED');
  await clock.advance(20);
  assert.deepEqual(upstream.received('notifications/cancelled'), [
    {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 2, reason: 'cancelled by the client' },
    },
  ]);
  assert.equal(connection.inFlight, 1);
});

test('a call cancelled before it was sent is never sent', async () => {
  const { upstream, connection, busy } = setUp();
  const error = await failureOf(call(connection, 'x', { signal: AbortSignal.abort() }));
  assert.equal(error.code, 'CALL_CANCELLED');
  assert.deepEqual(upstream.sent, []);
  assert.deepEqual(busy, []);
});

test('an abort after the answer says nothing to the upstream', async () => {
  const { upstream, connection } = setUp();
  const controller = new AbortController();
  const asked = call(connection, 'x', { signal: controller.signal });
  upstream.answer('tools/call', {});
  await asked;
  controller.abort();
  assert.deepEqual(upstream.received('notifications/cancelled'), []);
});

test('the answer to a call that was given up is dropped and not held against the upstream', async () => {
  const { clock, upstream, connection } = setUp();
  const controller = new AbortController();
  const late = failureOf(call(connection, 'x', { timeoutMs: 10 }));
  const cancelled = failureOf(call(connection, 'x', { signal: controller.signal }));
  await clock.advance(10);
  controller.abort();
  await Promise.all([late, cancelled]);
  upstream.say({ jsonrpc: '2.0', id: 1, result: {} });
  upstream.say('{"id":2,"jsonrpc":"2.0","error":{"code":-32800,"message":"cancelled"}}');
  assert.equal(connection.oddities, 0);
  upstream.say({ jsonrpc: '2.0', id: 1, result: {} });
  assert.equal(connection.oddities, 1);
});

test('a ping of the upstream is answered under its id while calls are open', () => {
  const { upstream, connection } = setUp();
  void call(connection).catch(() => {});
  for (const id of [0, '', 'p', 1]) upstream.say({ jsonrpc: '2.0', id, method: 'ping' });
  assert.deepEqual(upstream.sent.slice(1), [
    { jsonrpc: '2.0', id: 0, result: {} },
    { jsonrpc: '2.0', id: '', result: {} },
    { jsonrpc: '2.0', id: 'p', result: {} },
    { jsonrpc: '2.0', id: 1, result: {} },
  ]);
  assert.equal(connection.inFlight, 1);
});

test('what an upstream asks while nobody calls it is declined at once, and roots are answered for', async () => {
  const { upstream, connection } = setUp();
  for (const [id, method] of ['sampling/createMessage', 'elicitation/create', 'roots/list', 'x/y'].entries())
    upstream.say({ jsonrpc: '2.0', id, method, params: {} });
  await settled();
  const none = (method: string): object => ({
    code: -32601,
    message: `no client that could answer ${method} is waiting for db:prod`,
  });
  assert.deepEqual(upstream.sent, [
    { jsonrpc: '2.0', id: 0, error: none('sampling/createMessage') },
    { jsonrpc: '2.0', id: 1, result: { action: 'decline' } },
    { jsonrpc: '2.0', id: 2, result: { roots: [] } },
    { jsonrpc: '2.0', id: 3, error: none('x/y') },
  ]);
  assert.equal(connection.oddities, 0);
});

/** A client that writes down what it is asked and told. */
function createPeer(client: object = {}) {
  const asked: PeerRequest[] = [];
  const told: [string, unknown][] = [];
  const answers: ((answer: PeerAnswer) => void)[] = [];
  const peer: Peer = {
    client,
    era: 'legacy',
    capabilities: {},
    ask: (request) => {
      asked.push(request);
      return new Promise((resolve) => answers.push(resolve));
    },
    tell: (method, params) => void told.push([method, params]),
  };
  return { peer, asked, told, answers };
}

test('what an upstream asks during a call goes to the client of that call, and the answer back', async () => {
  verifies('FIX-006');
  const { upstream, connection } = setUp();
  const { peer, asked, answers, told } = createPeer();
  void connection.request('tools/call', { name: 'x' }, { timeoutMs: 1_000, peer });
  upstream.say({
    jsonrpc: '2.0',
    id: 'q',
    method: 'elicitation/create',
    params: { message: 'sure?', odd: 1 },
  });
  upstream.say({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 1 } });
  assert.deepEqual(asked[0]?.params, { message: 'sure?', odd: 1 });
  assert.deepEqual(told, [['notifications/message', { level: 'info', data: 1 }]]);
  answers[0]?.({ result: { action: 'accept', odd: 2 } });
  await settled();
  assert.deepEqual(upstream.sent.at(-1), { jsonrpc: '2.0', id: 'q', result: { action: 'accept', odd: 2 } });
});

test('where several clients wait, nobody is asked unless the stream says whose call it is', async () => {
  const { upstream, connection, ambiguous } = setUp();
  const [one, other] = [createPeer(), createPeer()];
  for (const { peer } of [one, other])
    void connection.request('tools/call', { name: 'x' }, { timeoutMs: 1_000, peer });
  upstream.say({ jsonrpc: '2.0', id: 7, method: 'sampling/createMessage', params: {} });
  upstream.say({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'of one of them' } });
  await settled();
  assert.deepEqual([one.asked, other.asked, one.told, other.told], [[], [], [], []]);
  assert.equal((upstream.sent.at(-1) as { error: { code: number } }).error.code, -32000);
  assert.equal(ambiguous(), 1);
  upstream.onLine(Buffer.from('{"jsonrpc":"2.0","id":8,"method":"sampling/createMessage","params":{}}'), 2);
  assert.deepEqual([one.asked.length, other.asked.length], [0, 1]);
});

test('a question that is taken back, or whose call ends, is taken back from the client', async () => {
  const { upstream, connection } = setUp();
  const { peer, asked, answers } = createPeer();
  void connection.request('tools/call', { name: 'x' }, { timeoutMs: 1_000, peer });
  upstream.say({ jsonrpc: '2.0', id: 0, method: 'sampling/createMessage', params: {} });
  upstream.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0 } });
  assert.equal(asked[0]?.signal.aborted, true);
  answers[0]?.({ result: 'too late' });
  upstream.say({ jsonrpc: '2.0', id: 1, method: 'sampling/createMessage', params: {} });
  upstream.say({ jsonrpc: '2.0', id: 1, result: {} });
  assert.equal(asked[1]?.signal.aborted, true);
  await settled();
  assert.equal(upstream.sent.length, 1);
});

test('a request asks for progress only when somebody listens, under the id of the call', () => {
  const { upstream, connection } = setUp();
  void call(connection).catch(() => {});
  void connection
    .request(
      'tools/call',
      { name: 'x', _meta: { progressToken: 'theirs', other: 1 } },
      { timeoutMs: 1, onProgress: () => {} },
    )
    .catch(() => {});
  assert.deepEqual(
    upstream.sent.map(({ params }) => params),
    [{ name: 'x' }, { name: 'x', _meta: { progressToken: 2, other: 1 } }],
  );
});

test('progress reaches its own call before the reply and nobody afterwards', async () => {
  verifies('FIX-001');
  const { upstream, connection, notifications } = setUp();
  const seen: unknown[] = [];
  const first = call(connection, 'a', { onProgress: (params: unknown) => seen.push(['a', params]) });
  const second = call(connection, 'b', { onProgress: (params: unknown) => seen.push(['b', params]) });
  void call(connection, 'silent').catch(() => {});
  const progress = (progressToken: unknown, value: number): void =>
    upstream.say({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken, progress: value },
    });
  progress(2, 0.5);
  progress(1, 0.1);
  progress(3, 0.1);
  progress('1', 0.2);
  progress(99, 0.2);
  upstream.say({ jsonrpc: '2.0', method: 'notifications/progress' });
  upstream.say({ jsonrpc: '2.0', id: 1, result: {} });
  progress(1, 0.9);
  await first;
  upstream.say({ jsonrpc: '2.0', id: 2, result: {} });
  await second;
  assert.deepEqual(seen, [
    ['b', { progressToken: 2, progress: 0.5 }],
    ['a', { progressToken: 1, progress: 0.1 }],
  ]);
  assert.deepEqual(notifications, []);
});

test('a listener of progress that fails harms neither the call nor the connection', async () => {
  const { upstream, connection } = setUp();
  const asked = call(connection, 'x', {
    onProgress: () => {
      throw new RangeError('too deep');
    },
  });
  upstream.say({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: 1, progress: 1 },
  });
  assert.equal(connection.oddities, 1);
  upstream.answer('tools/call', {});
  await asked;
});

test('notifications of the upstream are passed on with their parameters', () => {
  const { upstream, notifications } = setUp();
  upstream.say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
  upstream.say({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info' } });
  assert.deepEqual(notifications, [
    ['notifications/tools/list_changed', undefined],
    ['notifications/message', { level: 'info' }],
  ]);
});

test('busy is told when the first call opens and when the last one closes', async () => {
  const { upstream, connection, busy } = setUp();
  const calls = [call(connection), call(connection)];
  upstream.say({ jsonrpc: '2.0', id: 1, result: {} });
  assert.deepEqual(busy, [true]);
  upstream.say({ jsonrpc: '2.0', id: 2, result: {} });
  await Promise.all(calls);
  assert.deepEqual(busy, [true, false]);
});

test('more calls than max_in_flight are refused, and room made is room again', async () => {
  const { upstream, connection } = setUp({ maxInFlight: 2 });
  const [first] = [call(connection), call(connection)];
  const error = await failureOf(call(connection));
  assert.equal(error.code, 'UPSTREAM_BUSY');
  assert.equal(
    error.message,
    'db:prod already has 2 calls open; wait for some to end, or raise upstream.max_in_flight',
  );
  upstream.say({ jsonrpc: '2.0', id: 1, result: {} });
  await first;
  void call(connection).catch(() => {});
  assert.equal(upstream.sent.length, 3);
});

test('a call to an upstream that does not read its input is refused at once and leaves nothing behind', async () => {
  const { clock, upstream, connection, busy } = setUp();
  upstream.isReading = false;
  const error = await failureOf(call(connection));
  assert.equal(error.code, 'UPSTREAM_BUSY');
  assert.equal(connection.inFlight, 0);
  assert.deepEqual(busy, [true, false]);
  assert.equal(clock.waiting, 0);
  upstream.isReading = true;
  await clock.advance(120_000);
  assert.deepEqual(upstream.sent, []);
});

test('parameters too deep to be written fail their call alone and leave nothing behind', async () => {
  const { clock, upstream, connection } = setUp();
  const depth = 100_000;
  const deep: unknown = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
  const error = await failureOf(
    connection.request('tools/call', { name: 'x', arguments: { deep } }, { timeoutMs: 50 }),
  );
  assert.equal(error.code, 'ARGUMENTS_INVALID');
  assert.equal(connection.inFlight, 0);
  assert.equal(clock.waiting, 0);
  const asked = call(connection);
  upstream.answer('tools/call', { fine: true });
  assert.deepEqual(resultOf(await asked), { fine: true });
});

test('an over-long answer fails only its own call, whichever end its id is at', async () => {
  const { upstream, connection } = setUp();
  const calls = [failureOf(call(connection)), failureOf(call(connection)), call(connection)] as const;
  upstream.overflow('{"jsonrpc":"2.0","id":1,"result":{"a":"xxx', 'xxx"}}', 70 * 1024 * 1024);
  upstream.overflow('{"result":{"a":"xxx', 'xxx"},"jsonrpc":"2.0","id":2}', 70 * 1024 * 1024);
  upstream.overflow(
    '{"method":"notifications/message","params":{"a":"',
    '"},"jsonrpc":"2.0"}',
    70 * 1024 * 1024,
  );
  for (const failed of [await calls[0], await calls[1]]) {
    assert.equal(failed.code, 'RESULT_TOO_LARGE');
    assert.equal(
      failed.message,
      'the answer of db:prod was 70.0 MiB, more than upstream.max_frame_mib allows; ask for less, or raise it in config.toml',
    );
  }
  assert.equal(connection.inFlight, 1);
  upstream.say({ jsonrpc: '2.0', id: 3, result: {} });
  await calls[2];
});

test('the end of the upstream fails every open call and says that the outcome is unknown', async () => {
  verifies('NEX-019', 'FIX-008');
  const { clock, upstream, connection, busy, endings } = setUp();
  upstream.stderr = 'panic: out of memory\n';
  const failures = [failureOf(call(connection)), failureOf(call(connection))];
  upstream.die('was killed by SIGKILL');
  for (const error of await Promise.all(failures)) {
    assert.equal(error.code, 'UPSTREAM_EXITED');
    assert.equal(
      error.message,
      'the server of db:prod was killed by SIGKILL while the call ran; whether it took effect is unknown (it last said: panic: out of memory)',
    );
    assert.equal(error.data['outcome'], 'unknown');
  }
  assert.deepEqual(busy, [true, false]);
  assert.deepEqual(endings, [{ kind: 'exited', what: 'was killed by SIGKILL' }]);
  assert.equal(clock.waiting, 0);
});

test('a call after the end fails at once and asks to call again', async () => {
  const { upstream, connection } = setUp();
  upstream.die();
  const error = await failureOf(call(connection));
  assert.equal(error.code, 'UPSTREAM_EXITED');
  assert.equal(error.message, 'the server of db:prod exited with code 1; call again');
});

test('a closed connection fails what was open', async () => {
  const { upstream, connection } = setUp();
  const failed = failureOf(call(connection));
  await connection.close();
  assert.equal((await failed).code, 'UPSTREAM_EXITED');
  assert.equal(upstream.closes, 1);
  await settled();
});

test('an answer that is lost fails its own call, and one nobody waits for nobody', async () => {
  const { upstream, connection } = setUp();
  const [lost, other] = [failureOf(call(connection)), call(connection)];
  upstream.lose(1, new NucleusError('UPSTREAM_UNREACHABLE', 'no way'));
  upstream.lose(1, new NucleusError('UPSTREAM_UNREACHABLE', 'no way'));
  upstream.lose(9, new NucleusError('UPSTREAM_UNREACHABLE', 'no way'));
  assert.equal((await lost).code, 'UPSTREAM_UNREACHABLE');
  assert.equal(connection.oddities, 0);
  upstream.say({ jsonrpc: '2.0', id: 2, result: {} });
  await other;
});

test('the transport hears which answers nobody waits for any more', async () => {
  const { clock, upstream, connection } = setUp();
  const controller = new AbortController();
  const failures = [
    failureOf(call(connection, 'x', { timeoutMs: 10 })),
    failureOf(call(connection, 'x', { signal: controller.signal })),
  ];
  controller.abort();
  await clock.advance(10);
  await Promise.all(failures);
  assert.deepEqual(upstream.abandoned, [2, 1]);
});

test('only what changes nothing may be sent twice', async () => {
  const { connection, upstream } = setUp();
  const sent: [string, boolean][] = [];
  upstream.send = (message, _id, isHarmless) => {
    sent.push([(JSON.parse(message) as { method: string }).method, isHarmless]);
    return true;
  };
  const methods = [
    'initialize',
    'ping',
    'tools/list',
    'resources/templates/list',
    'tools/call',
    'resources/read',
  ];
  for (const method of methods) connection.request(method, {}, { timeoutMs: 1_000 }).catch(() => {});
  connection.notify('notifications/initialized');
  assert.deepEqual(sent, [
    ['initialize', true],
    ['ping', true],
    ['tools/list', true],
    ['resources/templates/list', true],
    ['tools/call', false],
    ['resources/read', false],
    ['notifications/initialized', true],
  ]);
});
