import assert from 'node:assert/strict';
import test from 'node:test';
import { createApprovals, type Verdict } from '../../../src-main/gateway/policy/approval.ts';
import { createFakeClock, settled } from '../../helpers/fake-clock.ts';

const question = { profile: 'db:prod', tool: 'query', client: 'test', arguments: '{}', reason: 'a rule' };

function setUp(attended = true) {
  const clock = createFakeClock();
  const approvals = createApprovals({ clock });
  const leave = attended ? approvals.attend() : () => {};
  const verdicts: Verdict[] = [];
  const ask = (signal?: AbortSignal): void =>
    void approvals.ask(question, signal).then((verdict) => verdicts.push(verdict));
  const first = (): string => approvals.list()[0]?.id ?? assert.fail('no question is open');
  return { clock, approvals, leave, verdicts, ask, first };
}

test('an answer within 400 ms does not count, the same answer later does', async () => {
  const { clock, approvals, verdicts, ask, first } = setUp();
  ask();
  await clock.advance(399);
  assert.equal(approvals.answer(first(), 'allow'), false);
  await clock.advance(1);
  assert.equal(approvals.answer(first(), 'allow'), true);
  await settled();
  assert.deepEqual(verdicts, ['allowed']);
});

test('a question is answered once; what comes later counts for nothing', async () => {
  const { clock, approvals, verdicts, ask, first } = setUp();
  ask();
  const id = first();
  await clock.advance(1_000);
  assert.equal(approvals.answer(id, 'deny'), true);
  assert.equal(approvals.answer(id, 'allow'), false);
  assert.equal(approvals.answer('no such question', 'allow'), false);
  await settled();
  assert.deepEqual(verdicts, ['denied']);
});

test('no answer in five minutes is a no', async () => {
  const { clock, verdicts, ask } = setUp();
  ask();
  await clock.advance(299_999);
  assert.deepEqual(verdicts, []);
  await clock.advance(1);
  assert.deepEqual(verdicts, ['unanswered']);
});

test('a client that cancels takes its question back', async () => {
  const { approvals, verdicts, ask } = setUp();
  const abort = new AbortController();
  ask(abort.signal);
  abort.abort();
  await settled();
  assert.deepEqual(verdicts, ['withdrawn']);
  assert.deepEqual(approvals.list(), []);
});

test('where nobody can be asked the answer is no at once, and an app that closes leaves no question open', async () => {
  const alone = setUp(false);
  alone.ask();
  await settled();
  assert.deepEqual(alone.verdicts, ['nobody']);
  const left = setUp();
  left.ask();
  left.leave();
  await settled();
  assert.deepEqual(left.verdicts, ['nobody']);
});

test('leaving twice takes nobody else along', async () => {
  const { approvals, leave, verdicts, ask } = setUp();
  approvals.attend();
  leave();
  leave();
  ask();
  await settled();
  assert.deepEqual(verdicts, []);
});

test('a hundred questions may wait, one more is refused', async () => {
  const { approvals, verdicts, ask } = setUp();
  for (let count = 0; count < 101; count += 1) ask();
  await settled();
  assert.deepEqual([verdicts, approvals.list().length], [['full'], 100]);
});

test('every change of the queue is told', async () => {
  const { clock, approvals, ask, first } = setUp();
  let told = 0;
  approvals.onChange(() => (told += 1));
  ask();
  await clock.advance(400);
  approvals.answer(first(), 'deny');
  assert.equal(told, 2);
});
