import assert from 'node:assert/strict';
import test from 'node:test';
import { followNews } from '../../../../src-renderer/web/news.ts';
import { Topic } from '../../../../src-shared/contract.ts';
import { settled } from '../../../helpers/fake-clock.ts';

/** A server whose streams and a clock whose waits the test ends. */
function setUp() {
  const over = new AbortController();
  const heard: (readonly Topic[])[] = [];
  const waits: [number, () => void][] = [];
  const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  let isUp = true;
  followNews({
    session: {
      ended: over.signal,
      follow: async () => {
        if (!isUp) throw new TypeError('refused');
        return new ReadableStream({ start: (controller) => void streams.push(controller) });
      },
    },
    tell: (topics) => heard.push(topics),
    after: (milliseconds, run) => waits.push([milliseconds, run]),
  });
  return {
    over,
    heard,
    waits,
    say: async (text: string) => (streams.at(-1)?.enqueue(new TextEncoder().encode(text)), settled()),
    end: async (up: boolean) => ((isUp = up), streams.at(-1)?.close(), settled()),
    again: async (up: boolean) => ((isUp = up), waits.at(-1)?.[1](), settled()),
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
  const { heard, waits, end, again } = setUp();
  await settled();
  await end(false);
  assert.deepEqual(heard, [['status']]);
  for (let turn = 0; turn < 5; turn += 1) await again(false);
  assert.deepEqual(
    waits.map(([milliseconds]) => milliseconds),
    [1_000, 2_000, 4_000, 8_000, 15_000, 15_000],
  );
  heard.length = 0;
  await again(true);
  assert.deepEqual(new Set(heard.flat()), new Set(Topic.options));
  await end(true);
  assert.equal(waits.at(-1)?.[0], 1_000);
});

test('after the session nothing is asked for any more', async () => {
  const { over, waits, end } = setUp();
  await settled();
  over.abort();
  await end(true);
  assert.deepEqual(waits, []);
});
