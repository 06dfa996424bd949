import assert from 'node:assert/strict';
import test from 'node:test';
import { createChangeFeed } from '../../src-main/gateway/change-feed.ts';
import { Topic } from '../../src-shared/contract.ts';
import { createFakeClock, settled } from '../helpers/fake-clock.ts';

function setUp() {
  const clock = createFakeClock();
  let tell: (topics: readonly Topic[]) => void = () => {};
  const feed = createChangeFeed({
    clock,
    announcer: { onChange: (listener) => ((tell = listener), () => {}) },
  });
  const gone = new AbortController();
  const ask = async (since: number | null) => feed.watch({ since }, { signal: gone.signal });
  return { clock, ask, gone, tell: (...topics: Topic[]) => tell(topics) };
}

test('the first answer comes at once, and says nothing of before', async () => {
  const { ask, tell } = setUp();
  tell('profiles');
  assert.deepEqual((await ask(null)).topics, []);
});

test('who watches hears of a change as it happens, and of it once', async () => {
  const { ask, tell } = setUp();
  const { seq } = await ask(null);
  const waiting = ask(seq);
  tell('profiles', 'tools');
  const heard = await waiting;
  assert.deepEqual(heard.topics, ['profiles', 'tools']);
  const next = ask(heard.seq);
  tell('status');
  assert.deepEqual((await next).topics, ['status']);
});

test('what changed between two questions is not lost', async () => {
  const { ask, tell } = setUp();
  const { seq } = await ask(null);
  tell('profiles');
  tell('status');
  tell('profiles');
  assert.deepEqual((await ask(seq)).topics, ['profiles', 'status']);
});

test('after half a minute without a change the answer is that there is none', async () => {
  const { clock, ask } = setUp();
  const { seq } = await ask(null);
  const waiting = ask(seq);
  await clock.advance(29_999);
  assert.equal(clock.waiting, 1);
  await clock.advance(1);
  assert.deepEqual(await waiting, { seq, topics: [] });
});

test('who watched another gateway has to ask about everything', async () => {
  const { clock, ask, tell } = setUp();
  tell('profiles');
  for (const since of [0, clock.now() - 60_000, clock.now() + 60_000])
    assert.deepEqual((await ask(since)).topics, Topic.options);
});

test('nobody is waited for who is gone, and of too many the oldest is let go', async () => {
  const { clock, ask, gone } = setUp();
  const { seq } = await ask(null);
  const oldest = ask(seq);
  const others = Array.from({ length: 200 }, () => ask(seq));
  assert.deepEqual(await oldest, { seq, topics: [] });
  assert.equal(clock.waiting, 200);
  gone.abort();
  await Promise.all(others);
  await settled();
  assert.equal(clock.waiting, 0);
});
