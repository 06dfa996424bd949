import assert from 'node:assert/strict';
import test from 'node:test';
import { createSticky } from '../../../src-main/gateway/routing/sticky.ts';

function createClock() {
  let now = 0;
  return { now: () => now, pass: (ms: number) => void (now += ms) };
}

test('each client has its own last account, by connector', () => {
  const sticky = createSticky(createClock());
  const [one, other] = [{}, {}];
  sticky.used(one, 'supabase', 'supabase:prod');
  sticky.used(one, 'github', 'github:work');
  sticky.used(one, 'supabase', 'supabase:staging');
  sticky.used(other, 'supabase', 'supabase:prod');
  assert.deepEqual(
    [...sticky.of(one)],
    [
      ['supabase', 'supabase:staging'],
      ['github', 'github:work'],
    ],
  );
  assert.deepEqual([...sticky.of(other)], [['supabase', 'supabase:prod']]);
  assert.deepEqual([...sticky.of(undefined)], []);
});

test('after 30 minutes of silence a conversation is over', () => {
  const clock = createClock();
  const sticky = createSticky(clock);
  const client = {};
  sticky.used(client, 'a', 'a:one');
  clock.pass(30 * 60_000);
  assert.deepEqual([...sticky.of(client)], [['a', 'a:one']]);
  clock.pass(1);
  assert.deepEqual([...sticky.of(client)], []);
  sticky.used(client, 'b', 'b:two');
  assert.deepEqual([...sticky.of(client)], [['b', 'b:two']]);
});
