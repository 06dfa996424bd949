import assert from 'node:assert/strict';
import test from 'node:test';
import type { Line } from '../../../../src-main/cli/ui/door.ts';
import { createNews } from '../../../../src-main/cli/ui/news.ts';
import type { Topic } from '../../../../src-shared/contract.ts';
import { createFakeClock, settled } from '../../../helpers/fake-clock.ts';

type Watched = { seq: number; topics: Topic[] };

/** A gateway that answers when it is told to, and can go away. */
function setUp() {
  const clock = createFakeClock();
  const asked: (number | null)[] = [];
  let lines = 0;
  let closed = 0;
  let next = Promise.withResolvers<Watched>();
  const news = createNews({
    clock,
    open: async () => {
      lines += 1;
      const watch = async ({ since }: { since: number | null }): Promise<Watched> => {
        asked.push(since);
        if (since === null) return { seq: 7, topics: [] };
        next = Promise.withResolvers();
        return next.promise;
      };
      return { api: { gateway: { watch } } as unknown as Line['api'], close: () => void (closed += 1) };
    },
  });
  const heard: (readonly Topic[])[] = [];
  const stop = news.listen((topics) => heard.push(topics));
  return {
    clock,
    news,
    asked,
    heard,
    stop,
    lines: () => lines,
    closed: () => closed,
    answer: async (value: Watched) => (next.resolve(value), settled()),
    fail: async () => (next.reject(new Error('it went away')), settled()),
  };
}

test('what changed is told once, over one connection', async () => {
  const { news, asked, heard, answer, lines, stop } = setUp();
  await settled();
  await answer({ seq: 8, topics: ['profiles'] });
  await answer({ seq: 8, topics: [] });
  assert.deepEqual(heard, [['profiles']]);
  assert.deepEqual(asked, [null, 7, 8, 8]);
  assert.equal(lines(), 1);
  stop();
  await answer({ seq: 9, topics: ['tools'] });
  assert.equal(heard.length, 1);
  news.close();
});

test('a gateway that went away is looked for again, and the next one asked from where the last one ended', async () => {
  const { clock, news, asked, heard, fail, lines, closed } = setUp();
  await settled();
  await fail();
  assert.deepEqual(heard, [['status']]);
  assert.equal(closed(), 1);
  await clock.advance(1_999);
  assert.equal(lines(), 1);
  await clock.advance(1);
  assert.equal(lines(), 2);
  assert.deepEqual(asked, [null, 7, 7], 'so that it says what was missed');
  news.close();
  await fail();
  assert.equal(clock.waiting, 0);
});
