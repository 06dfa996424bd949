import assert from 'node:assert/strict';
import test from 'node:test';
import {
  createApprovals,
  type Question,
  type Verdict,
  type WaitOptions,
} from '../../../src-main/gateway/policy/approvals.ts';
import type { ApprovalWay } from '../../../src-shared/policy.ts';
import { createFakeClock, settled } from '../../helpers/fake-clock.ts';

const minute = 60_000;
const usual: Question = {
  kind: 'call',
  profile: 'db:prod',
  env: 'prod',
  tool: 'query',
  client: 'test',
  principal: 'local',
  effect: { does: 'writes', basis: 'unknown' },
  arguments: '{}',
  reason: 'a rule',
  via: ['app', 'terminal'],
  mayGrant: true,
  choices: [],
  facts: null,
  version: 'p-1',
  key: 'one',
};

function setUp(ways: readonly ApprovalWay[] = ['app', 'terminal']) {
  const clock = createFakeClock();
  const here = new Set(ways);
  const granted: string[] = [];
  let tickets = 0;
  const approvals = createApprovals({
    clock,
    canAsk: (via) => via.some((way) => here.has(way)),
    onGrant: ({ key }) => granted.push(key),
    newTicket: () => `ticket ${(tickets += 1)}`,
  });
  const verdicts: Verdict[] = [];
  const ask = (options: WaitOptions & { question?: Partial<Question> } = {}): void => {
    const { question, ...rest } = options;
    void approvals.wait({ ...usual, ...question }, rest).then((verdict) => verdicts.push(verdict));
  };
  const first = (): string => approvals.list()[0]?.id ?? assert.fail('no question is open');
  const kinds = (): string[] => verdicts.map(({ kind }) => kind);
  return { clock, approvals, verdicts, kinds, ask, first, here, granted };
}

test('an answer within 400 ms does not count, the same answer later does', async () => {
  const { clock, approvals, kinds, ask, first } = setUp();
  ask();
  await clock.advance(399);
  assert.equal(approvals.allow(first(), 'app'), false);
  assert.equal(approvals.deny(first(), 'app'), false);
  await clock.advance(1);
  assert.equal(approvals.allow(first(), 'app'), true);
  await settled();
  assert.deepEqual(kinds(), ['allowed']);
});

test('a question is answered once; what comes later counts for nothing', async () => {
  const { clock, approvals, kinds, ask, first } = setUp();
  ask();
  const id = first();
  await clock.advance(1_000);
  assert.equal(approvals.deny(id, 'app'), true);
  assert.equal(approvals.allow(id, 'app'), false);
  assert.equal(approvals.allow('no such question', 'app'), false);
  await settled();
  assert.deepEqual(kinds(), ['denied']);
  assert.deepEqual(
    approvals.answered().map(({ answer, via }) => [answer, via]),
    [['denied', 'app']],
  );
});

test('a yes counts only in a way the question takes', async () => {
  const { clock, approvals, kinds, ask, first } = setUp();
  ask({ question: { via: ['terminal'] } });
  await clock.advance(1_000);
  assert.equal(approvals.allow(first(), 'app'), false);
  assert.equal(approvals.allow(first(), 'client'), false);
  assert.equal(approvals.allow(first(), 'terminal'), true);
  await settled();
  assert.deepEqual(kinds(), ['allowed']);
});

test('no answer in five minutes is a no', async () => {
  const { clock, kinds, ask } = setUp();
  ask();
  await clock.advance(5 * minute - 1);
  assert.deepEqual(kinds(), []);
  await clock.advance(1);
  assert.deepEqual(kinds(), ['unanswered']);
});

test('of two like calls that race for one yes, one gets it', async () => {
  const { clock, approvals, kinds, ask, first } = setUp();
  ask();
  ask();
  assert.equal(approvals.list().length, 1);
  await clock.advance(1_000);
  approvals.allow(first(), 'app');
  await settled();
  assert.deepEqual(kinds(), ['allowed', 'spent']);
  ask();
  await settled();
  assert.equal(approvals.list().length, 1, 'the next one is asked for anew');
});

test('other arguments are another question', async () => {
  const { clock, approvals, kinds, ask, first } = setUp();
  ask();
  ask({ question: { key: 'two' } });
  assert.equal(approvals.list().length, 2);
  await clock.advance(1_000);
  approvals.allow(first(), 'app');
  await settled();
  assert.deepEqual(kinds(), ['allowed']);
});

test('a client that cancels takes its question back, and leaves it to another that waits for the same', async () => {
  const { clock, approvals, kinds, ask, first } = setUp();
  const abort = new AbortController();
  ask({ signal: abort.signal });
  ask();
  abort.abort();
  await settled();
  assert.deepEqual(kinds(), ['withdrawn']);
  await clock.advance(1_000);
  approvals.allow(first(), 'app');
  await settled();
  assert.deepEqual(kinds(), ['withdrawn', 'allowed']);
  const alone = setUp();
  const gone = new AbortController();
  alone.ask({ signal: gone.signal });
  gone.abort();
  await settled();
  assert.deepEqual([alone.kinds(), alone.approvals.list()], [['withdrawn'], []]);
});

test('who waits too long is told to come back, and the yes is kept for one call', async () => {
  const { clock, approvals, verdicts, kinds, ask, first } = setUp();
  ask({ parkAfter: 45_000 });
  await clock.advance(45_000);
  assert.deepEqual(verdicts, [{ kind: 'parked', ticket: 'ticket 1' }]);
  assert.equal(approvals.list()[0]?.isParked, true);
  approvals.allow(first(), 'app');
  ask();
  ask();
  await settled();
  assert.deepEqual(verdicts[1], { kind: 'allowed', id: approvals.answered()[0]?.id, ticket: 'ticket 1' });
  assert.deepEqual(kinds(), ['parked', 'allowed']);
  assert.equal(approvals.list().length, 1, 'the second one is asked for anew');
});

test('who comes back early joins the same question under the same ticket', async () => {
  const { clock, approvals, verdicts, ask, first } = setUp();
  ask({ parkAfter: 45_000 });
  await clock.advance(45_000);
  ask({ parkAfter: 45_000 });
  assert.equal(approvals.list().length, 1);
  await clock.advance(45_000);
  assert.deepEqual(verdicts[1], { kind: 'parked', ticket: 'ticket 1' });
  approvals.deny(first(), 'app');
  ask();
  await settled();
  assert.equal(verdicts[2]?.kind, 'denied');
});

test('a yes that nobody comes for is over ten minutes after it was asked for', async () => {
  const { clock, approvals, kinds, ask, first } = setUp();
  ask({ parkAfter: 45_000 });
  await clock.advance(60_000);
  approvals.allow(first(), 'app');
  await clock.advance(9 * minute - 1);
  ask();
  await settled();
  assert.deepEqual(kinds(), ['parked', 'allowed']);
  const late = setUp();
  late.ask({ parkAfter: 45_000 });
  await late.clock.advance(60_000);
  late.approvals.allow(late.first(), 'app');
  await late.clock.advance(9 * minute);
  late.ask();
  await settled();
  assert.deepEqual([late.kinds(), late.approvals.list().length], [['parked'], 1]);
});

test('where nobody can be asked the answer is no at once, and one who leaves ends what only they could answer', async () => {
  const alone = setUp([]);
  alone.ask();
  await settled();
  assert.deepEqual(alone.kinds(), ['nobody']);
  const left = setUp(['app']);
  left.ask();
  left.here.clear();
  left.approvals.recheck();
  await settled();
  assert.deepEqual(left.kinds(), ['nobody']);
  const pin = setUp();
  pin.ask();
  pin.here.delete('app');
  pin.approvals.recheck();
  assert.equal(pin.approvals.list().length, 1);
});

test('the client may be asked where the question takes it, and too fast a yes of it counts for nothing', async () => {
  const { clock, approvals, kinds, ask } = setUp([]);
  const said = Promise.withResolvers<boolean>();
  ask({ question: { via: ['client'] }, askClient: () => said.promise });
  await clock.advance(1_000);
  said.resolve(true);
  await settled();
  assert.deepEqual(kinds(), ['allowed']);
  ask({ question: { via: ['client'], key: 'two' }, askClient: () => Promise.resolve(true) });
  await settled();
  assert.deepEqual([kinds(), approvals.list().length], [['allowed'], 1]);
  ask({ question: { via: ['client'], key: 'three' }, askClient: () => Promise.resolve(null) });
  await settled();
  assert.deepEqual(kinds(), ['allowed', 'nobody']);
});

test('which account is meant takes one of the accounts, for all who wait', async () => {
  const { clock, approvals, verdicts, ask, first } = setUp();
  const question = { kind: 'account', choices: [{ profile: 'db:a', env: null }] } as const;
  ask({ question: { ...question, choices: [...question.choices] } });
  ask({ question: { ...question, choices: [...question.choices] } });
  await clock.advance(1_000);
  assert.equal(approvals.allow(first(), 'app'), false);
  assert.equal(approvals.allow(first(), 'app', { choice: 'db:other' }), false);
  const id = first();
  assert.equal(approvals.allow(id, 'app', { choice: 'db:a' }), true);
  await settled();
  assert.deepEqual(
    verdicts,
    [1, 2].map(() => ({ kind: 'chosen', id, choice: 'db:a' })),
  );
});

test('a yes for more calls is given only where the rule has it', async () => {
  const { clock, approvals, kinds, ask, first, granted } = setUp();
  const grant = { scope: 'tool', minutes: 15, calls: null, isKept: false } as const;
  ask({ question: { mayGrant: false } });
  await clock.advance(1_000);
  assert.equal(approvals.allow(first(), 'app', { grant }), false);
  approvals.deny(first(), 'app');
  ask();
  await clock.advance(1_000);
  assert.equal(approvals.allow(first(), 'app', { grant }), true);
  await settled();
  assert.deepEqual([kinds(), granted], [['denied', 'allowed'], ['one']]);
  assert.equal(approvals.answered()[0]?.answer, 'granted');
});

test('a call that goes on in a further request is allowed once more, and only when it said so', async () => {
  const { clock, approvals, kinds, ask } = setUp();
  ask({ isContinued: true });
  await settled();
  approvals.continues('one');
  ask({ isContinued: true });
  ask({ isContinued: true });
  await settled();
  assert.deepEqual(kinds(), ['nobody', 'allowed', 'nobody']);
  approvals.continues('one');
  await clock.advance(3 * minute);
  ask({ isContinued: true });
  await settled();
  assert.equal(kinds().at(-1), 'nobody');
});

test('a hundred questions may wait, one more is refused', async () => {
  const { approvals, kinds, ask } = setUp();
  for (let count = 0; count < 101; count += 1) ask({ question: { key: `${count}` } });
  await settled();
  assert.deepEqual([kinds(), approvals.list().length], [['full'], 100]);
});

test('what was allowed last is shown beside the next one', async () => {
  const { clock, approvals, ask, first } = setUp();
  ask({ question: { arguments: '{"a":1}' } });
  await clock.advance(1_000);
  approvals.allow(first(), 'app');
  ask({ question: { arguments: '{"a":2}', key: 'two' } });
  assert.equal(approvals.list()[0]?.before, '{"a":1}');
});

test('dropping ends what waits and what was kept, with a no', async () => {
  const { clock, approvals, kinds, ask, first } = setUp();
  ask({ parkAfter: 45_000 });
  await clock.advance(50_000);
  approvals.allow(first(), 'app');
  ask({ question: { key: 'two' } });
  approvals.drop();
  await settled();
  assert.deepEqual(kinds(), ['parked', 'denied']);
  ask();
  await settled();
  assert.equal(approvals.list().length, 1, 'the kept yes is gone');
});

test('every change of the queue is told', async () => {
  const { clock, approvals, ask, first } = setUp();
  let told = 0;
  approvals.onChange(() => (told += 1));
  ask();
  await clock.advance(400);
  approvals.deny(first(), 'app');
  assert.equal(told, 2);
});
