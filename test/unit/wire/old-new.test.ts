import assert from 'node:assert/strict';
import test from 'node:test';
import { oldNew } from '../../../src-main/gateway/wire/eras/old-new.ts';
import type { Params } from '../../../src-main/gateway/wire/frame.ts';
import type { Peer, PeerAnswer, PeerRequest } from '../../../src-main/gateway/wire/peer.ts';
import { encodeReply, findResponseId, readReply, type Reply } from '../../../src-main/gateway/wire/reply.ts';
import { settled } from '../../helpers/fake-clock.ts';

const params = { name: 'x', arguments: { a: 1 }, _meta: { progressToken: 7 } };

/** A server that answers one result after another, the last one again and again. */
function serve(...results: Params[]) {
  const sent: Params[] = [];
  const send = async (asked: Params): Promise<Reply> => {
    sent.push(asked);
    return { kind: 'made', body: { result: results[Math.min(sent.length, results.length) - 1] } };
  };
  return { sent, send };
}

function createPeer(answer: (request: PeerRequest) => PeerAnswer | Promise<PeerAnswer>) {
  const asked: PeerRequest[] = [];
  const peer: Peer = {
    client: {},
    era: 'legacy',
    capabilities: {},
    async ask(request) {
      asked.push(request);
      return answer(request);
    },
    tell: () => {},
  };
  return { asked, peer };
}

const elicit = (params: object = { message: 'Who?' }) => ({ method: 'elicitation/create', params });
const sample = { method: 'sampling/createMessage', params: { maxTokens: 5 } };
const required = (inputRequests: object, more: object = {}): Params => ({
  resultType: 'input_required',
  inputRequests,
  ...more,
});
const done: Params = { resultType: 'complete', content: [] };

test('a result loses what only the modern era knows, and keeps all else', async () => {
  const { send } = serve({ ...done, ttlMs: 5, cacheScope: 'public', _meta: { a: 1 }, odd: true });
  const reply = await oldNew(send, params, { profile: 'db:prod', peer: undefined });
  assert.deepEqual(reply, { kind: 'made', body: { result: { content: [], _meta: { a: 1 }, odd: true } } });
});

for (const text of [
  '{"jsonrpc":"2.0","id":12,"result":{"resultType":"complete","content":[],"big":12345678901234567890}}',
  '{"result":{"content":[],"ttlMs":1,"big":12345678901234567890},"jsonrpc":"2.0","id":12}',
])
  test(`every other byte of an answer stays: ${text}`, async () => {
    const line = Buffer.from(text);
    const span = findResponseId(line);
    assert.ok(span);
    const raw: Reply = { kind: 'raw', line, span, outcome: 'ok' };
    const reply = await oldNew(async () => raw, params, { profile: 'db:prod', peer: undefined });
    assert.equal(
      Buffer.concat(encodeReply(reply, 'mine').map((piece) => Buffer.from(piece))).toString(),
      text
        .replace('"resultType":"complete",', '')
        .replace('"ttlMs":1,', '')
        .replace('"id":12', '"id":"mine"'),
    );
  });

for (const [what, structured, schema, wrapped] of [
  ['an array', '[12345678901234567890]', undefined, true],
  ['null', 'null', { type: 'object' }, true],
  ['an object', '{"a":1}', { type: 'object' }, false],
  ['an object under no schema', '{"a":1}', undefined, false],
  ['an object under a schema that was shown wrapped', '{"a":1}', { anyOf: [] }, true],
] as const)
  test(`what is structured in a result is an object as it was listed: ${what}`, async () => {
    const head = '{"jsonrpc":"2.0","id":12,"result":{';
    const line = Buffer.from(`${head}"structuredContent":${structured},"resultType":"complete"}}`);
    const span = findResponseId(line);
    assert.ok(span);
    const raw: Reply = { kind: 'raw', line, span, outcome: 'ok' };
    const shown = wrapped ? `{"result":${structured}}` : structured;
    for (const reply of [raw, { kind: 'made', body: { result: readReply(raw).result } } as const]) {
      const seen = await oldNew(async () => reply, params, {
        profile: 'db:prod',
        peer: undefined,
        outputSchema: () => schema,
      });
      assert.equal(JSON.stringify(readReply(seen).result), `{"structuredContent":${shown}}`);
      if (seen.kind === 'raw') assert.equal(seen.line.toString(), `${head}"structuredContent":${shown}}}`);
    }
  });

test('a wish for a task of the legacy era reaches no server of the modern one', async () => {
  const { sent, send } = serve(done);
  await oldNew(send, { ...params, task: { ttl: 5 } }, { profile: 'db:prod', peer: undefined });
  assert.deepEqual(sent, [params]);
});

test('an answer without any of that passes as it is, and so does an error', async () => {
  for (const body of [{ result: { content: [] } }, { error: { code: -32602, message: 'no' } }]) {
    const reply: Reply = { kind: 'made', body };
    assert.equal(await oldNew(async () => reply, params, { profile: 'db:prod', peer: undefined }), reply);
  }
});

test('all questions are put at once, and their answers go back under their keys with the state as it came', async () => {
  const state = 'ä\u2028"=';
  const { sent, send } = serve(required({ who: elicit(), say: sample }, { requestState: state }), done);
  const both = Promise.withResolvers<void>();
  const { asked, peer } = createPeer(async ({ method }) => {
    if (asked.length === 2) both.resolve();
    await both.promise;
    return { result: { said: method } };
  });
  const reply = await oldNew(send, params, { profile: 'db:prod', peer });
  assert.deepEqual(readReply(reply).result, { content: [] });
  assert.deepEqual(
    asked.map(({ method, params }) => ({ method, params })),
    [elicit(), sample],
  );
  assert.deepEqual(sent, [
    params,
    {
      ...params,
      inputResponses: { who: { said: 'elicitation/create' }, say: { said: 'sampling/createMessage' } },
      requestState: state,
    },
  ]);
});

test('each round sends its own answers and its own state only', async () => {
  const { sent, send } = serve(
    required({ one: elicit() }, { requestState: 'first' }),
    required({ two: elicit() }),
    done,
  );
  const { peer } = createPeer(() => ({ result: { action: 'accept' } }));
  await oldNew(send, params, { profile: 'db:prod', peer });
  assert.deepEqual(sent.slice(1), [
    { ...params, inputResponses: { one: { action: 'accept' } }, requestState: 'first' },
    { ...params, inputResponses: { two: { action: 'accept' } } },
  ]);
});

test('a state without questions goes straight back', async () => {
  const { sent, send } = serve({ resultType: 'input_required', requestState: 's' }, done);
  await oldNew(send, params, { profile: 'db:prod', peer: createPeer(() => assert.fail('asked')).peer });
  assert.deepEqual(sent[1], { ...params, requestState: 's' });
});

test('who cannot be asked a person’s question declines it', async () => {
  const { sent, send } = serve(required({ who: elicit() }), done);
  await oldNew(send, params, {
    profile: 'db:prod',
    peer: createPeer(() => ({ error: { code: -32601 } })).peer,
  });
  assert.deepEqual(sent[1]?.['inputResponses'], { who: { action: 'decline' } });
});

test('any other question without an answer fails the call with the reason, and takes back the others', async () => {
  const { sent, send } = serve(required({ who: elicit(), say: sample }), done);
  const { asked, peer } = createPeer(({ method }) =>
    method === sample.method
      ? { error: { code: -32601, message: 'old-client cannot be asked that' } }
      : new Promise(() => {}),
  );
  await assert.rejects(oldNew(send, params, { profile: 'db:prod', peer }), {
    code: 'UPSTREAM_UNSUPPORTED',
    message:
      'the server of db:prod did not finish the call: it needs an answer to sampling/createMessage: old-client cannot be asked that',
  });
  assert.equal(sent.length, 1);
  assert.ok(asked.every(({ signal }) => signal.aborted));
});

test('a call that is cancelled takes its questions back', async () => {
  const controller = new AbortController();
  const { asked, peer } = createPeer(
    ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ error: { message: 'taken back' } }));
      }),
  );
  const call = oldNew(serve(required({ say: sample })).send, params, {
    profile: 'db:prod',
    peer,
    signal: controller.signal,
  });
  await settled();
  assert.equal(asked[0]?.signal.aborted, false);
  controller.abort();
  await assert.rejects(call, /taken back/);
});

test('without anybody to ask the failure says what the server needs', async () => {
  await assert.rejects(
    oldNew(serve(required({ who: elicit() })).send, params, { profile: 'db:prod', peer: undefined }),
    {
      code: 'UPSTREAM_UNSUPPORTED',
      message:
        'the server of db:prod did not finish the call: it needs an answer to elicitation/create, and nobody can be asked here; use an MCP client that can be',
    },
  );
});

test('a server that asks on and on is given up after ten rounds', async () => {
  const { sent, send } = serve(required({ who: elicit() }));
  const { peer } = createPeer(() => ({ result: { action: 'accept' } }));
  await assert.rejects(oldNew(send, params, { profile: 'db:prod', peer }), /asked for input 10 times over/);
  assert.equal(sent.length, 11);
});

test('a page to open gets the id that legacy clients look for', async () => {
  const page = elicit({ mode: 'url', url: 'https://example.com', message: 'Open' });
  const { asked, peer } = createPeer(() => ({ result: { action: 'accept' } }));
  await oldNew(serve(required({ page }), done).send, params, { profile: 'db:prod', peer });
  const { elicitationId, ...others } = asked[0]?.params ?? {};
  assert.match(String(elicitationId), /^[\da-f-]{36}$/);
  assert.deepEqual(others, page.params);
});

for (const requests of ['text', [elicit()], { a: null }, { a: {} }, { a: { method: 'x', params: 1 } }])
  test(`questions that are none fail the call: ${JSON.stringify(requests)}`, async () => {
    const { peer } = createPeer(() => assert.fail('asked'));
    await assert.rejects(
      oldNew(serve(required(requests as object)).send, params, { profile: 'db:prod', peer }),
      /in a way that is not MCP/,
    );
  });
