import assert from 'node:assert/strict';
import test from 'node:test';
import { createAsking } from '../../../src-main/gateway/downstream/asking.ts';
import type { PeerAnswer, PeerRequest } from '../../../src-main/gateway/wire/peer.ts';

const all = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };

function setUp(isHeard = true) {
  const sent: [Record<string, unknown>, unknown][] = [];
  const asking = createAsking({
    client: { name: 'tester' },
    send(message, about) {
      sent.push([message as Record<string, unknown>, about]);
      return isHeard;
    },
  });
  const request = (method: string, params?: object, more: Partial<PeerRequest> = {}): PeerRequest => ({
    method,
    params: params as PeerRequest['params'],
    signal: new AbortController().signal,
    ...more,
  });
  return { asking, sent, request };
}

const codeOf = (answer: PeerAnswer): unknown =>
  'error' in answer ? (answer.error as { code: number }).code : null;

test('a question goes out under an id of ours, about the call it belongs to, and its answer comes back as it is', async () => {
  const { asking, sent, request } = setUp();
  const answers = [1, 2].map((n) =>
    asking.ask(request('sampling/createMessage', { n, odd: true }), all, `call ${n}`),
  );
  assert.deepEqual(sent, [
    [{ id: 'nucleus-1', method: 'sampling/createMessage', params: { n: 1, odd: true } }, 'call 1'],
    [{ id: 'nucleus-2', method: 'sampling/createMessage', params: { n: 2, odd: true } }, 'call 2'],
  ]);
  asking.answered('nucleus-2', { result: { two: 2 } });
  asking.answered('nucleus-1', { error: { code: -1, message: 'no', data: [1] } });
  asking.answered('nucleus-1', { result: 'again' });
  asking.answered(null, { result: 'stray' });
  assert.deepEqual(await Promise.all(answers), [
    { error: { code: -1, message: 'no', data: [1] } },
    { result: { two: 2 } },
  ]);
});

test('a client is asked only what it declared, and one that cannot hear is answered for', async () => {
  const { asking, sent, request } = setUp();
  for (const [method, params, capabilities] of [
    ['sampling/createMessage', {}, { elicitation: {} }],
    ['elicitation/create', { mode: 'url' }, { elicitation: { form: {} } }],
    ['elicitation/create', {}, {}],
    ['roots/list', undefined, { sampling: {} }],
  ] as const)
    assert.equal(codeOf(await asking.ask(request(method, params), capabilities, 1)), -32_601, method);
  assert.deepEqual(sent, []);
  const deaf = setUp(false);
  assert.equal(codeOf(await deaf.asking.ask(deaf.request('roots/list'), all, 1)), -32_601);
});

test('a question that is taken back is taken back from the client', async () => {
  const { asking, sent, request } = setUp();
  const controller = new AbortController();
  const answer = asking.ask(request('roots/list', undefined, { signal: controller.signal }), all, 5);
  controller.abort();
  assert.equal(codeOf(await answer), -32_601);
  assert.deepEqual(sent.at(-1), [
    { method: 'notifications/cancelled', params: { requestId: 'nucleus-1', reason: 'taken back' } },
    5,
  ]);
});

test('progress on a question comes under a token of ours and goes back to who asked', () => {
  const { asking, sent, request } = setUp();
  const seen: unknown[] = [];
  const params = { _meta: { progressToken: 'theirs', kept: 1 } };
  void asking.ask(
    request('sampling/createMessage', params, { onProgress: (progress) => seen.push(progress) }),
    all,
    1,
  );
  assert.deepEqual(sent[0]?.[0]['params'], { _meta: { progressToken: 'nucleus-1', kept: 1 } });
  asking.progressed({ progressToken: 'nucleus-1', progress: 1 });
  asking.progressed({ progressToken: 'nucleus-9', progress: 2 });
  assert.deepEqual(seen, [{ progressToken: 'nucleus-1', progress: 1 }]);
});

test('who still waits when the client goes is answered', async () => {
  const { asking, request } = setUp();
  const answer = asking.ask(request('roots/list'), all, 1);
  asking.close();
  assert.equal(codeOf(await answer), -32_601);
});
