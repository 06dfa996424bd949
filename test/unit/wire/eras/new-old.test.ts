import assert from 'node:assert/strict';
import test from 'node:test';
import { errorObject, type Params } from '../../../../src-main/gateway/wire/frame.ts';
import { createRequestStates } from '../../../../src-main/gateway/routing/request-states.ts';
import { createNewOld, type NewOldCall } from '../../../../src-main/gateway/wire/eras/new-old.ts';
import type { Peer, PeerAnswer } from '../../../../src-main/gateway/wire/peer.ts';
import type { Reply } from '../../../../src-main/gateway/wire/reply.ts';
import { createFakeClock, settled } from '../../../helpers/fake-clock.ts';

interface Upstream {
  readonly params: Params;
  readonly signal: AbortSignal | undefined;
  ask(method: string, params?: Params): Promise<PeerAnswer>;
  progress(params: Params): void;
  answer(result: Params): void;
  refuse(error: Params): void;
  fail(error: Error): void;
}

const everything = { sampling: {}, elicitation: {}, roots: {} };

function setUp() {
  const clock = createFakeClock();
  /** Levels that were asked for, and taken back. */
  const levels: unknown[] = [];
  const setLevel = (_listener: object, profiles: readonly string[], level: string | null): Promise<void> => {
    levels.push([...profiles, level]);
    return Promise.resolve();
  };
  const newOld = createNewOld({ clock, states: createRequestStates(), setLevel });
  /** Calls as the upstream sees them. */
  const started: Upstream[] = [];
  const call = (more: Partial<NewOldCall> = {}, capabilities: Params = everything): Promise<Reply> =>
    newOld.carry({
      method: 'tools/call',
      params: { name: 'buy', arguments: { a: 1, b: 2 } },
      principal: 'laptop',
      profile: 'shop:main',
      peer: peerWith(capabilities),
      signal: undefined,
      onProgress: undefined,
      start(params, peer, signal, onProgress) {
        const { promise, resolve, reject } = Promise.withResolvers<Reply>();
        signal?.addEventListener('abort', () => reject(new Error('cancelled')));
        started.push({
          params,
          signal,
          ask: (method, asked) =>
            (peer as Peer).ask({ method, params: asked, signal: new AbortController().signal }),
          progress: (progress) => onProgress?.(progress),
          answer: (result) => resolve({ kind: 'made', body: { result } }),
          refuse: (error) => resolve({ kind: 'made', body: { error } }),
          fail: reject,
        });
        return promise;
      },
      ...more,
    });
  const upstream = (): Upstream => started.at(-1) as Upstream;
  /** A call that asked one thing, and what its client was told. */
  async function parked(more: Partial<NewOldCall> = {}) {
    const first = call(more);
    await settled();
    const asked = upstream().ask('elicitation/create', { message: 'sure?' });
    await clock.advance(30);
    return { asked, ...questionsOf(await first) };
  }
  const retry = (requestState: unknown, inputResponses: unknown, more: Partial<NewOldCall> = {}) =>
    call({ params: { name: 'buy', arguments: { b: 2, a: 1 }, requestState, inputResponses }, ...more });
  return { clock, levels, newOld, call, upstream, started, parked, retry };
}

function peerWith(capabilities: Params): Peer {
  return { client: {}, era: 'modern', capabilities, ask: () => assert.fail('asked at once'), tell: () => {} };
}

interface Questions {
  readonly inputRequests: Readonly<Record<string, { method: string; params?: Params }>>;
  readonly requestState: string;
}

function resultOf(reply: Reply): Params {
  assert.ok(reply.kind === 'made' && 'result' in reply.body);
  return reply.body.result as Params;
}

function questionsOf(reply: Reply): Questions {
  const result = resultOf(reply);
  assert.equal(result['resultType'], 'input_required');
  return result as unknown as Questions;
}

async function refusalOf(work: Promise<unknown>): Promise<{ code: number; message: string; data?: object }> {
  return errorObject(
    await work.then(
      () => assert.fail('was not refused'),
      (error: unknown) => error,
    ),
  );
}

test('a call that asks nothing is answered at once', async () => {
  const { call, upstream } = setUp();
  const reply = call();
  await settled();
  upstream().answer({ content: [] });
  assert.deepEqual(resultOf(await reply), { content: [], resultType: 'complete' });
});

test('what comes together is asked together, and the answers reach who asked', async () => {
  const { call, upstream, clock, retry, started } = setUp();
  const first = call();
  await settled();
  const asked = [
    upstream().ask('elicitation/create', { message: 'sure?' }),
    upstream().ask('sampling/createMessage', { maxTokens: 5 }),
    upstream().ask('roots/list'),
  ];
  await clock.advance(30);
  const { inputRequests, requestState } = questionsOf(await first);
  assert.deepEqual(inputRequests, {
    'elicitation-1': { method: 'elicitation/create', params: { message: 'sure?' } },
    'sampling-2': { method: 'sampling/createMessage', params: { maxTokens: 5 } },
    'roots-3': { method: 'roots/list' },
  });
  const second = retry(requestState, {
    'elicitation-1': { action: 'accept', content: {} },
    'sampling-2': { role: 'assistant' },
    'roots-3': { roots: [] },
    other: {},
  });
  assert.deepEqual(await Promise.all(asked), [
    { result: { action: 'accept', content: {} } },
    { result: { role: 'assistant' } },
    { result: { roots: [] } },
  ]);
  upstream().answer({ content: ['done'] });
  assert.deepEqual(resultOf(await second), { content: ['done'], resultType: 'complete' });
  assert.equal(started.length, 1);
});

test('each round has a state of its own, and an old one is of no use', async () => {
  const { parked, retry, upstream, clock } = setUp();
  const { requestState } = await parked();
  const second = retry(requestState, { 'elicitation-1': { action: 'accept' } });
  await settled();
  void upstream().ask('elicitation/create', { message: 'really?' });
  await clock.advance(30);
  const next = questionsOf(await second);
  assert.deepEqual(Object.keys(next.inputRequests), ['elicitation-2']);
  assert.notEqual(next.requestState, requestState);
  const { code, data } = await refusalOf(retry(requestState, { 'elicitation-1': { action: 'accept' } }));
  assert.deepEqual([code, data], [-32602, { profile: 'shop:main', code: 'REQUEST_STATE_INVALID' }]);
});

test('answers that are none leave the question open', async () => {
  const { parked, retry, clock } = setUp();
  let { requestState } = await parked();
  for (const responses of [null, undefined, { 'elicitation-1': 12_345 }, { wrong: { action: 'accept' } }]) {
    const again = retry(requestState, responses);
    await clock.advance(30);
    const asked = questionsOf(await again);
    assert.deepEqual(Object.keys(asked.inputRequests), ['elicitation-1']);
    ({ requestState } = asked);
  }
});

test('a state that was changed, or belongs to another caller, account or call, is refused', async () => {
  const { parked, retry, call, started } = setUp();
  const { requestState } = await parked();
  const responses = { 'elicitation-1': { action: 'accept' } };
  const attempts = [
    retry(`${requestState}-TAMPERED`, responses),
    retry(`${requestState.slice(0, -3)}AAA`, responses),
    retry(7, responses),
    retry('', responses),
    retry(requestState, responses, { principal: 'phone' }),
    retry(requestState, responses, { profile: 'shop:other' }),
    retry(requestState, responses, { method: 'prompts/get' }),
    call({ params: { name: 'buy', arguments: { a: 2 }, requestState, inputResponses: responses } }),
  ];
  for (const attempt of attempts) assert.equal((await refusalOf(attempt)).code, -32602);
  assert.equal(started.length, 1);
});

test('what the client cannot be asked is declined, and the rest asked', async () => {
  const { call, upstream, clock } = setUp();
  const first = call({}, { sampling: {} });
  await settled();
  const elicited = upstream().ask('elicitation/create', { mode: 'url' });
  void upstream().ask('sampling/createMessage');
  assert.deepEqual(await elicited, { result: { action: 'decline' } });
  await clock.advance(30);
  assert.deepEqual(Object.keys(questionsOf(await first).inputRequests), ['sampling-1']);
});

test('a call whose client can be asked nothing of what it needs says what is missing', async () => {
  const { call, upstream, clock } = setUp();
  for (const isAnswered of [true, false]) {
    const refused = refusalOf(call({}, {}));
    await settled();
    const answers = [
      upstream().ask('elicitation/create', { mode: 'url' }),
      upstream().ask('sampling/createMessage'),
    ];
    const [elicited, sampled] = await Promise.all(answers);
    assert.deepEqual(elicited, { result: { action: 'decline' } });
    assert.ok(sampled && 'error' in sampled);
    if (isAnswered) upstream().answer({ content: [], isError: true });
    else await clock.advance(30);
    const { code, data } = await refused;
    assert.equal(code, -32021);
    assert.deepEqual((data as Params)['requiredCapabilities'], { elicitation: { url: {} }, sampling: {} });
    assert.equal(upstream().signal?.aborted, !isAnswered);
  }
});

test('a call nobody comes back for is declined and ended after two minutes', async () => {
  const { parked, clock, upstream, retry } = setUp();
  const { asked, requestState } = await parked();
  await clock.advance(119_000);
  assert.equal(upstream().signal?.aborted, false);
  await clock.advance(1_000);
  assert.deepEqual(await asked, { result: { action: 'decline' } });
  assert.equal(upstream().signal?.aborted, true);
  assert.equal(clock.waiting, 0);
  const { code, message } = await refusalOf(retry(requestState, { 'elicitation-1': { action: 'accept' } }));
  assert.equal(code, -32602);
  assert.match(message, /call shop:main again without requestState/);
});

test('one client cannot park more than a hundred calls', async () => {
  const { parked, call, upstream, clock } = setUp();
  for (let index = 0; index < 100; index += 1) await parked();
  const refused = refusalOf(call());
  await settled();
  const asked = upstream().ask('elicitation/create', { message: 'sure?' });
  await clock.advance(30);
  assert.equal(((await refused).data as Params)['code'], 'GATEWAY_BUSY');
  assert.deepEqual(await asked, { result: { action: 'decline' } });
  assert.equal(upstream().signal?.aborted, true);
  await parked({ principal: 'phone' });
});

test('progress goes to the request that waits, and a cancelled one ends the call', async () => {
  const { call, upstream, clock, retry } = setUp();
  const heard: string[] = [];
  const first = call({ onProgress: ({ at }) => heard.push(`first ${String(at)}`) });
  await settled();
  upstream().progress({ at: 1 });
  void upstream().ask('elicitation/create', { message: 'sure?' });
  await clock.advance(30);
  const { requestState } = questionsOf(await first);
  upstream().progress({ at: 2 });
  const controller = new AbortController();
  const second = retry(
    requestState,
    { 'elicitation-1': { action: 'accept' } },
    { onProgress: ({ at }) => heard.push(`second ${String(at)}`), signal: controller.signal },
  );
  upstream().progress({ at: 3 });
  controller.abort();
  await assert.rejects(second, /cancelled/);
  assert.equal(upstream().signal?.aborted, true);
  assert.deepEqual(heard, ['first 1', 'second 3']);
  assert.equal(clock.waiting, 0);
});

test('what a parked call came to meanwhile is there for who comes back', async () => {
  const { parked, retry, upstream, clock } = setUp();
  const { requestState } = await parked();
  upstream().answer({ content: ['late'] });
  await settled();
  const reply = await retry(requestState, {});
  assert.deepEqual(resultOf(reply), { content: ['late'], resultType: 'complete' });
  assert.equal(clock.waiting, 0);
});

test('closing ends what is parked', async () => {
  const { parked, newOld, upstream, clock } = setUp();
  const { asked } = await parked();
  newOld.close();
  assert.deepEqual(await asked, { result: { action: 'decline' } });
  assert.equal(upstream().signal?.aborted, true);
  assert.equal(clock.waiting, 0);
});

const demand = {
  code: -32042,
  message: 'sign in',
  data: { elicitations: [{ mode: 'url', message: 'Sign in', url: 'https://x.example', elicitationId: 'e' }] },
};

test('an upstream that demands a visit to an address is called again after it', async () => {
  const { call, upstream, retry, started, clock } = setUp();
  const first = call({}, { elicitation: { url: {} } });
  await settled();
  upstream().refuse(demand);
  const { inputRequests, requestState } = questionsOf(await first);
  assert.deepEqual(inputRequests, {
    'elicitation-1': {
      method: 'elicitation/create',
      params: { mode: 'url', message: 'Sign in', url: 'https://x.example' },
    },
  });
  assert.equal(clock.waiting, 0);
  const second = retry(requestState, { 'elicitation-1': { action: 'accept' } });
  await settled();
  assert.equal(started.length, 2);
  upstream().answer({ content: [] });
  assert.deepEqual(resultOf(await second), { content: [], resultType: 'complete' });
});

test('a client that knows no addresses is told that it would have to', async () => {
  const { call, upstream } = setUp();
  const refused = refusalOf(call({}, { elicitation: {} }));
  await settled();
  upstream().refuse(demand);
  const { code, data } = await refused;
  assert.equal(code, -32021);
  assert.deepEqual((data as Params)['requiredCapabilities'], { elicitation: { url: {} } });
});

test('an error of the upstream passes as it is', async () => {
  const { call, upstream } = setUp();
  const reply = call();
  await settled();
  upstream().refuse({ code: -32000, message: 'no', data: 1 });
  const passed = await reply;
  assert.ok(passed.kind === 'made');
  assert.deepEqual(passed.body, { error: { code: -32000, message: 'no', data: 1 } });
});

test('the log level of a request holds while its call runs', async () => {
  const { call, upstream, levels } = setUp();
  const _meta = { 'io.modelcontextprotocol/logLevel': 'debug' };
  const reply = call({ params: { name: 'buy', _meta } });
  await settled();
  assert.deepEqual(levels, [['shop:main', 'debug']]);
  assert.deepEqual(upstream().params, { name: 'buy' });
  upstream().answer({});
  await reply;
  await settled();
  assert.deepEqual(levels.at(-1), [null]);
});

test('parameters nested too deeply to be bound to a state fail their own call only', async () => {
  const { call, upstream, clock } = setUp();
  let nested: Params = {};
  for (let depth = 0; depth < 50_000; depth += 1) nested = { nested };
  const refused = refusalOf(call({ params: { name: 'buy', arguments: nested } }));
  await settled();
  const asked = upstream().ask('elicitation/create', { message: 'sure?' });
  await clock.advance(30);
  assert.equal(((await refused).data as Params)['code'], 'ARGUMENTS_INVALID');
  assert.deepEqual(await asked, { result: { action: 'decline' } });
  assert.equal(upstream().signal?.aborted, true);
  assert.equal(clock.waiting, 0);
});
