import assert from 'node:assert/strict';
import test from 'node:test';
import type { Send } from '../../../../src-main/gateway/wire/eras/old-new.ts';
import { oldNew } from '../../../../src-main/gateway/wire/eras/old-new.ts';
import { parseJson, type Params } from '../../../../src-main/gateway/wire/frame.ts';
import type { Peer } from '../../../../src-main/gateway/wire/peer.ts';
import { findResponseId, outcomeOf, readReply, type Reply } from '../../../../src-main/gateway/wire/reply.ts';

const extension = 'io.modelcontextprotocol/tasks';
const task = { resultType: 'task', taskId: 't', status: 'working' };

function rawOf(result: string): Reply {
  const line = Buffer.from(`{"jsonrpc":"2.0","id":9,"result":${result}}`);
  const span = findResponseId(line);
  assert.ok(span);
  return { kind: 'raw', line, span, outcome: outcomeOf(parseJson(line) as Params) };
}

/** A call whose upstream answers one thing after another. */
function setUp(...answers: (Reply | Params)[]) {
  const sent: [method: string, params: Params, extensions: unknown][] = [];
  const waits: number[] = [];
  const ending = new AbortController();
  const peer: Peer = {
    client: {},
    era: 'legacy',
    capabilities: { elicitation: {} },
    ask: async () => ({ result: { action: 'accept' } }),
    tell: () => {},
  };
  const send: Send = async (params, other = {}) => {
    sent.push([other.method ?? 'tools/call', params, (other.peer ?? peer).capabilities['extensions']]);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer && 'kind' in answer ? (answer as Reply) : { kind: 'made', body: { result: answer } };
  };
  const call = (more: { peer?: undefined } = {}): Promise<Reply> =>
    oldNew(
      send,
      { name: 'x' },
      {
        profile: 'db:prod',
        peer,
        signal: ending.signal,
        wait: async (milliseconds) => {
          waits.push(milliseconds);
          if (ending.signal.aborted) throw new Error('cancelled');
        },
        ...more,
      },
    );
  return { sent, waits, ending, call };
}

const needsTasks: Reply = {
  kind: 'made',
  body: {
    error: {
      code: -32021,
      message: 'no',
      data: { requiredCapabilities: { extensions: { [extension]: {} } } },
    },
  },
};

test('the result of a task is the answer, byte for byte', async () => {
  const { sent, waits, call } = setUp(
    { ...task, pollIntervalMs: 200 },
    { ...task, resultType: 'complete', pollIntervalMs: 1 },
    rawOf('{"status":"completed","taskId":"t","result":{"n":12345678901234567890, "resultType":"complete"}}'),
  );
  const reply = await call();
  assert.ok(reply.kind === 'raw');
  assert.match(reply.line.toString(), /"result":\{"n":12345678901234567890\}\}$/);
  assert.deepEqual(waits, [200, 50]);
  assert.deepEqual(
    sent.map(([method, params]) => [method, params]),
    [
      ['tools/call', { name: 'x' }],
      ['tasks/get', { taskId: 't' }],
      ['tasks/get', { taskId: 't' }],
    ],
  );
});

test('only a server that insists is told that tasks are taken, and each question is put once', async () => {
  const question = { method: 'elicitation/create', params: { message: 'Who?' } };
  const waiting = {
    ...task,
    resultType: 'complete',
    status: 'input_required',
    inputRequests: { who: question },
  };
  const { sent, call } = setUp(needsTasks, task, waiting, {}, waiting, {
    ...task,
    status: 'completed',
    result: { content: [] },
  });
  assert.deepEqual(readReply(await call()).result, { content: [] });
  assert.deepEqual(
    sent.map(([method, , extensions]) => [method, extensions !== undefined]),
    [
      ['tools/call', false],
      ['tools/call', true],
      ['tasks/get', true],
      ['tasks/update', true],
      ['tasks/get', true],
      ['tasks/get', true],
    ],
  );
  assert.deepEqual(sent[3]?.[1], { taskId: 't', inputResponses: { who: { action: 'accept' } } });
});

test('one that insists on and on, or whose client nobody is, gets its no through', async () => {
  const again = setUp(needsTasks);
  assert.equal(readReply(await again.call()).error?.['code'], -32021);
  assert.equal(again.sent.length, 2);
  const nobody = setUp(needsTasks);
  assert.equal(readReply(await nobody.call({ peer: undefined })).error?.['code'], -32021);
  assert.equal(nobody.sent.length, 1);
});

test('a task that fails is an error, and one that its server cancels says so', async () => {
  const error = { code: -32603, message: 'broken' };
  const failing = setUp(task, { ...task, status: 'failed', error });
  assert.deepEqual(readReply(await failing.call()).error, error);
  const cancelled = setUp(task, { ...task, status: 'cancelled' });
  await assert.rejects(cancelled.call(), {
    code: 'UPSTREAM_UNSUPPORTED',
    message: /db:prod.*cancelled its task/,
  });
});

test('a call that is taken back cancels its task', async () => {
  const { sent, ending, call } = setUp(task);
  ending.abort();
  await assert.rejects(call(), /cancelled/);
  assert.deepEqual(sent.at(-1)?.slice(0, 2), ['tasks/cancel', { taskId: 't' }]);
});

test('a task that does not end is given up after an hour, and cancelled', async () => {
  const { sent, waits, call } = setUp({ ...task, pollIntervalMs: 999_999 });
  await assert.rejects(call(), { message: /within an hour/ });
  assert.ok(waits.length <= 362 && Math.max(...waits) === 10_000);
  assert.equal(sent.at(-1)?.[0], 'tasks/cancel');
});
