// Sessions over HTTP, and requests that come without one (MCP 2025-11-25, basic/transports).
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { startGateway, textOf, type Gateway } from '../helpers/client.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import {
  addClient,
  ask,
  callWithProgress,
  initialize,
  openSession,
  rpc,
  send,
  stream,
  toolCall,
  urlOf,
} from '../helpers/http.ts';
import type { Message } from '../helpers/lines.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope);
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

const isAnswer = ({ method }: Message): boolean => method === undefined;
const isProgress = ({ method }: Message): boolean => method === 'notifications/progress';
/** Requests of one tool that reached the upstream. */
const callsOf = (tool: string, upstream: Fake = fake) =>
  upstream.received('tools/call').filter(({ message }) => message?.params?.['name'] === tool);

test('a session begins with initialize, tells news on its stream and ends with DELETE', async (t) => {
  verifies('NUC-105');
  const session = await openSession(base, { token });
  assert.match(session, /^[\x21-\x7e]{24,}$/);
  const mine = { token, session };
  const initialized = await ask(base, { jsonrpc: '2.0', method: 'notifications/initialized' }, mine);
  assert.deepEqual([initialized.status, initialized.body], [202, '']);
  const listed = await ask(base, rpc('tools/list'), mine);
  assert.equal(listed.headers['mcp-session-id'], session);
  assert.equal(listed.headers['content-type'], 'application/json');

  const news = await stream(t, base, null, mine);
  assert.equal(news.headers['content-type'], 'text/event-stream');
  await gateway.add(createFake(home, 'late', '--tools', '1'));
  await news.next('the news', ({ method }) => method === 'notifications/tools/list_changed');
  const { body } = await ask(base, rpc('tools/list'), mine);
  assert.match(body, /fake_late_echo/);

  assert.equal((await ask(base, null, { ...mine, method: 'DELETE' })).status, 200);
  await news.ended();
  for (const [message, method] of [
    [rpc('ping'), 'POST'],
    [null, 'GET'],
    [null, 'DELETE'],
  ] as const) {
    const { status, message: refused } = await ask(base, message, { ...mine, method });
    assert.equal(status, 404, method);
    assert.equal(refused.error?.code, -32_001);
  }
  await gateway.ask('profiles.remove', { id: 'fake:late' });
});

test('a revision that is not known is answered with the newest one, a known one with itself', async () => {
  for (const [asked, answered] of [
    ['2025-06-18', '2025-06-18'],
    ['1999-01-01', '2025-11-25'],
  ] as const) {
    const { message } = await ask(base, initialize(asked), { token });
    assert.equal(message.result?.['protocolVersion'], answered);
  }
});

test('a stream that broke in the middle of a call goes on where it was, and the answer comes once', async (t) => {
  const session = await openSession(base, { token });
  const mine = { token, session };
  const first = await stream(t, base, callWithProgress('fake_one_steps', {}, 'long'), mine);
  assert.equal(first.headers['content-type'], 'text/event-stream');
  await first.next('the second step', (m) => isProgress(m) && m.params?.['progress'] === 2);
  const from = first.lastId();
  first.destroy();
  await ask(base, toolCall('fake_one_go_on'), { token });
  const second = await stream(t, base, null, { ...mine, headers: { 'last-event-id': from ?? '' } });
  const answer = await second.next('the answer', isAnswer);
  assert.equal(textOf(answer.result), 'done');
  await second.ended();
  const steps = second.seen.filter(isProgress).map(({ params }) => params?.['progress']);
  assert.deepEqual(steps, [3, 4]);
  assert.equal(second.seen.filter(isAnswer).length, 1);
  assert.equal(callsOf('steps').length, 1);

  // Once more from the same place: what was sent is sent again, nothing is run again.
  const third = await stream(t, base, null, { ...mine, headers: { 'last-event-id': from ?? '' } });
  await third.ended();
  assert.deepEqual(third.seen, second.seen);
  const unknown = await ask(base, null, { ...mine, headers: { 'last-event-id': '4711-4712' } });
  assert.equal(unknown.status, 400);
});

test('a stream of news that broke goes on behind the last news its client has', async (t) => {
  const session = await openSession(base, { token });
  const mine = { token, session };
  const isNews = ({ method }: Message) => method === 'notifications/tools/list_changed';
  const first = await stream(t, base, null, mine);
  await ask(base, toolCall('fake_one_add_tool', { name: 'new_a' }), mine);
  await first.next('the first news', isNews);
  const from = first.lastId();
  first.destroy();
  // Nobody listens now. That the gateway has seen the list is told by the list.
  await ask(base, toolCall('fake_one_add_tool', { name: 'new_b' }), mine);
  await until('the second tool is listed', async () =>
    (await ask(base, rpc('tools/list'), mine)).body.includes('fake_one_new_b'),
  );
  const second = await stream(t, base, null, { ...mine, headers: { 'last-event-id': from ?? '' } });
  await second.next('the second news', isNews);
  assert.equal(second.seen.filter(isNews).length, 1);
  // A client that opens another stream has left the one before it.
  const third = await stream(t, base, null, mine);
  await second.ended();
  third.destroy();
});

test('a session belongs to the token that opened it, and to its path', async () => {
  const session = await openSession(base, { token });
  const other = await addClient(gateway, 'other');
  const elsewhere = { token, session, path: '/p/fake:one/mcp' };
  for (const [name, asked] of [
    ['another token', { token: other, session }],
    ['another path', elsewhere],
    ['a made-up id', { token, session: `${session.slice(0, -1)}_` }],
  ] as const) {
    assert.equal((await ask(base, toolCall('fake_one_echo'), asked)).status, 404, name);
    assert.equal((await ask(base, null, asked)).status, 404, name);
    assert.equal((await ask(base, null, { ...asked, method: 'DELETE' })).status, 404, name);
  }
  assert.equal((await ask(base, rpc('ping'), { token, session })).status, 200);
  // Nor can another client take back what runs in it.
  const running = ask(base, toolCall('fake_one_sleep', { ms: 300 }, 'shared id'), { token, session });
  await until('the call runs', () => callsOf('sleep').length === 1);
  const cancel = {
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: 'shared id' },
  };
  await ask(base, cancel, { token: other, session: await openSession(base, { token: other }) });
  await ask(base, cancel, { token: other });
  assert.equal(textOf((await running).message.result), 'slept');
});

test('a request without a session is answered as one in a session, and leaves none behind', async () => {
  const clients = (await gateway.status()).clients.length;
  const called = await ask(base, toolCall('fake_one_echo', { text: 'hello' }, 'own id'), { token });
  assert.deepEqual([called.status, called.headers['mcp-session-id']], [200, undefined]);
  assert.equal(called.message.id, 'own id');
  assert.equal(textOf(called.message.result), 'hello');
  assert.equal(
    (await ask(base, { jsonrpc: '2.0', method: 'notifications/initialized' }, { token })).status,
    202,
  );
  assert.equal((await ask(base, null, { token })).status, 400);
  assert.equal((await ask(base, null, { token, method: 'DELETE' })).status, 400);
  assert.equal((await gateway.status()).clients.length, clients);
});

test('who hangs up on a single request cancels it; in a session the call goes on', async () => {
  const hangUp = async (asked: object): Promise<{ id: unknown; wasCancelled: () => boolean }> => {
    const before = callsOf('hang').length;
    const controller = new AbortController();
    const sent = send(base, toolCall('fake_one_hang'), { token, ...asked, signal: controller.signal });
    sent.catch(() => {});
    await until('the call runs', () => callsOf('hang').length === before + 1);
    controller.abort();
    const id = callsOf('hang').at(-1)?.message?.id;
    return {
      id,
      wasCancelled: () =>
        fake.received('notifications/cancelled').some(({ message }) => message?.params?.['requestId'] === id),
    };
  };
  const session = await openSession(base, { token });
  const inSession = await hangUp({ session });
  const single = await hangUp({});
  await until('the single call is cancelled', single.wasCancelled);
  assert.equal(inSession.wasCancelled(), false);
  // Until its session ends.
  await ask(base, null, { token, session, method: 'DELETE' });
  await until('the call of the session is cancelled', inSession.wasCancelled);
});

test('a call that its client takes back ends its response too', async () => {
  const session = await openSession(base, { token });
  const mine = { token, session };
  const before = callsOf('hang').length;
  const running = ask(base, toolCall('fake_one_hang', {}, 77), mine);
  await until('the call runs', () => callsOf('hang').length === before + 1);
  await ask(base, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 77 } }, mine);
  const { status, body } = await running;
  assert.deepEqual([status, body], [202, '']);
  // Its id is free again.
  assert.equal((await ask(base, toolCall('fake_one_echo', {}, 77), mine)).status, 200);
});

test('progress comes before the answer, as events; what has none comes as JSON', async (t) => {
  const session = await openSession(base, { token });
  for (const mine of [{ token, session }, { token }]) {
    const events = await stream(t, base, callWithProgress('fake_one_progress', { n: 3 }), mine);
    await events.ended();
    assert.deepEqual(
      events.seen.map(({ method, params }) => [method, params?.['progress'], params?.['progressToken']]),
      [
        ...[1, 2, 3].map((step) => ['notifications/progress', step, 'progress of 1']),
        [undefined, undefined, undefined],
      ],
    );
    const plain = await ask(base, toolCall('fake_one_echo', { text: 'x' }), mine);
    assert.equal(plain.headers['content-type'], 'application/json');
  }
});

test('an answer has the form its client takes', async () => {
  const forms: readonly (readonly [accept: string, status: number, type: string])[] = [
    ['application/json, text/event-stream', 200, 'application/json'],
    ['text/event-stream', 200, 'text/event-stream'],
    ['application/json', 200, 'application/json'],
    ['*/*', 200, 'application/json'],
    ['application/*;q=0.8, text/html', 200, 'application/json'],
    ['text/html', 406, 'application/json'],
  ];
  for (const [accept, status, type] of forms) {
    const answer = await ask(base, toolCall('fake_one_echo', { text: accept }), { token, accept });
    assert.deepEqual([answer.status, answer.headers['content-type']], [status, type], accept);
    if (status === 200) assert.equal(textOf(answer.message.result), accept);
  }
  // One that takes JSON only gets its answer without the progress it could not read.
  const { headers, message } = await ask(base, callWithProgress('fake_one_progress', { n: 2 }), {
    token,
    accept: 'application/json',
  });
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(textOf(message.result), '2 steps');
  const session = await openSession(base, { token });
  assert.equal((await ask(base, null, { token, session, accept: 'application/json' })).status, 406);
});

test('events without data go only to clients that know them', async (t) => {
  const session = await openSession(base, { token });
  const idsOf = async (revision: string): Promise<string> => {
    const headers = { 'mcp-protocol-version': revision };
    const { body } = await ask(base, callWithProgress('fake_one_progress', { n: 1 }), {
      token,
      session,
      headers,
    });
    return body;
  };
  assert.match(await idsOf('2025-11-25'), /^id: \S+\ndata: \n\n/);
  assert.doesNotMatch(await idsOf('2025-06-18'), /^data: $/m);
  const news = await stream(t, base, null, { token, session });
  await until('the stream has a place', () => news.lastId() !== undefined);
});
