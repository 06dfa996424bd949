import assert from 'node:assert/strict';
import test from 'node:test';
import { followNews } from '../../../../src-renderer/web/news.ts';
import { Topic } from '../../../../src-shared/contract.ts';
import { createFakeClock, settled } from '../../../helpers/fake-clock.ts';

/** A server whose streams the test ends. */
function setUp() {
  const clock = createFakeClock();
  const over = new AbortController();
  const heard: (readonly Topic[])[] = [];
  const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  let asked = 0;
  let isUp = true;
  followNews({
    session: {
      ended: over.signal,
      follow: async (_, signal) => {
        asked += 1;
        if (!isUp) throw new TypeError('refused');
        return new ReadableStream({
          start(controller) {
            streams.push(controller);
            signal.addEventListener('abort', () => controller.error(signal.reason));
          },
        });
      },
    },
    tell: (topics) => heard.push(topics),
    after: clock.after,
  });
  return {
    clock,
    over,
    heard,
    asked: () => asked,
    say: async (text: string) => (streams.at(-1)?.enqueue(new TextEncoder().encode(text)), settled()),
    end: async (up: boolean) => ((isUp = up), streams.at(-1)?.close(), settled()),
    come: () => (isUp = true),
  };
}

test('each event is told as it comes, however it is cut', async () => {
  const { heard, say } = setUp();
  await settled();
  await say(':\n\ndata: {"topics":["profiles","to');
  assert.deepEqual(heard, []);
  await say('ols"]}\n\n:\n\ndata: {"topics":["status"]}\n\n');
  assert.deepEqual(heard, [['profiles', 'tools'], ['status']]);
});

test('a stream that broke is asked for again, ever later, and what it missed is everything', async () => {
  const { clock, heard, asked, end, come } = setUp();
  await settled();
  await end(false);
  assert.deepEqual(heard, [['status']]);
  for (const [index, milliseconds] of [1_000, 2_000, 4_000, 8_000, 15_000].entries()) {
    await clock.advance(milliseconds - 1);
    assert.equal(asked(), index + 1);
    await clock.advance(1);
    assert.equal(asked(), index + 2);
  }
  come();
  heard.length = 0;
  await clock.advance(15_000);
  assert.deepEqual(new Set(heard.flat()), new Set(Topic.options));
  await end(true);
  await clock.advance(1_000);
  assert.equal(asked(), 8, 'one that came begins anew with a short wait');
});

test('a stream that says nothing for a minute is given up', async () => {
  const { clock, heard, asked, say } = setUp();
  await settled();
  await clock.advance(59_000);
  await say(':\n\n');
  await clock.advance(59_000);
  assert.equal(asked(), 1);
  await clock.advance(2_000);
  assert.equal(asked(), 2);
  assert.deepEqual(heard[0], ['status']);
});

test('after the session nothing is asked for any more', async () => {
  const { clock, over, asked, end } = setUp();
  await settled();
  over.abort();
  await end(true);
  await clock.advance(100_000);
  assert.equal(asked(), 1);
  assert.equal(clock.waiting, 0);
});
