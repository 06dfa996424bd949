import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnnouncer } from '../../../src-renderer/state/announcer.ts';
import { diffLines } from '../../../src-renderer/state/diff-lines.ts';
import { createLatest } from '../../../src-renderer/state/latest.ts';
import { orderQueue, whyNotAllow } from '../../../src-renderer/state/queue.ts';
import { approval as question } from '../../helpers/window.ts';

const approval = (id: string, askedAt: number) => question(id, { askedAt });

test('the queue never reorders: newcomers go to the end', () => {
  const list = [approval('new', 1), approval('b', 3), approval('a', 2)];
  assert.deepEqual(
    orderQueue(['b', 'gone', 'a'], list).map(({ id }) => id),
    ['b', 'a', 'new'],
  );
  assert.deepEqual(
    orderQueue([], list).map(({ id }) => id),
    ['new', 'a', 'b'],
  );
});

test('Allow acts only when read to the end and in sight long enough', () => {
  const all = {
    isReady: true,
    isAnswering: false,
    hasReachedEnd: true,
    isElsewhere: false,
    needsChoice: false,
  };
  assert.equal(whyNotAllow(all), null);
  assert.equal(whyNotAllow({ ...all, isReady: false }), 'read it first');
  assert.equal(whyNotAllow({ ...all, hasReachedEnd: false }), 'scroll to the end first');
  assert.equal(whyNotAllow({ ...all, isAnswering: true }), 'the answer is under way');
  assert.equal(whyNotAllow({ ...all, isElsewhere: true }), 'it is answered elsewhere');
  assert.equal(whyNotAllow({ ...all, needsChoice: true }), 'choose an account first');
});

test('however often it is asked to, one question runs at a time, and one more after it', async () => {
  const asked: PromiseWithResolvers<number>[] = [];
  const values: number[] = [];
  const latest = createLatest({
    ask: () => (asked.push(Promise.withResolvers<number>()), asked.at(-1)!.promise),
    onValue: (value: number) => void values.push(value),
    onError: assert.fail,
  });
  const refreshes = [latest.refresh(), latest.refresh(), latest.refresh()];
  assert.equal(asked.length, 1);
  asked[0]?.resolve(1);
  await refreshes[0];
  await Promise.resolve();
  assert.equal(asked.length, 2);
  asked[1]?.resolve(2);
  await Promise.all(refreshes);
  assert.deepEqual(values, [1, 2]);
});

test('an answer to what was dropped counts for nothing', async () => {
  const first = Promise.withResolvers<string>();
  const values: string[] = [];
  const answers = [first.promise, Promise.resolve('new')];
  const latest = createLatest({
    ask: () => answers.shift() ?? assert.fail(),
    onValue: (value: string) => void values.push(value),
    onError: assert.fail,
  });
  const old = latest.refresh();
  latest.drop();
  await latest.refresh();
  first.resolve('old');
  await old;
  assert.deepEqual(values, ['new']);
});

test('a live region says one thing a second and only the newest of each subject', () => {
  const said: string[] = [];
  let later = (): void => assert.fail('nothing waits');
  const announce = createAnnouncer({ say: (text) => said.push(text), after: (_, run) => (later = run) });
  announce('approvals', '1 approval waiting');
  announce('approvals', '2 approvals waiting');
  announce('profiles', 'It is back.');
  announce('approvals', '3 approvals waiting');
  assert.deepEqual(said, ['1 approval waiting']);
  later();
  assert.deepEqual(said, ['1 approval waiting', 'It is back. 3 approvals waiting']);
  later();
  announce('copy', 'Copied.');
  assert.equal(said.at(-1), 'Copied.');
});

test('a unified diff shows its lines without its headers', () => {
  assert.deepEqual(diffLines('--- a\n+++ b\n@@ -1 +1 @@\n same\n-old\n+new\n'), [
    { kind: 'same', text: 'same' },
    { kind: 'del', text: 'old' },
    { kind: 'add', text: 'new' },
  ]);
});
