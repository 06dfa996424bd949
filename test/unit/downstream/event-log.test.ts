import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import test from 'node:test';
import { createEventLog, encodeEvent } from '../../../src-main/gateway/downstream/event-log.ts';
import { readEvents } from '../../../src-main/gateway/wire/events.ts';

const texts = (found: ReturnType<ReturnType<typeof createEventLog>['after']>) =>
  found && { stream: found.stream, events: found.events.map(String) };
const idOf = (event: Buffer): string => /^id: (.*)$/m.exec(event.toString())?.[1] ?? '';

test('an event names its place, and what followed it on its stream is known', () => {
  const log = createEventLog(10_000);
  const first = log.add(1, ['{"a":1}']);
  assert.equal(first.toString(), 'id: 1-1\ndata: {"a":1}\n\n');
  const elsewhere = log.add(2, ['{"b":1}']);
  const second = log.add(1, ['{"a":', Buffer.from('2}')]);
  assert.deepEqual(texts(log.after(idOf(first))), { stream: 1, events: [second.toString()] });
  assert.deepEqual(texts(log.after(idOf(second))), { stream: 1, events: [] });
  assert.deepEqual(texts(log.after(idOf(elsewhere))), { stream: 2, events: [] });
});

test('a place that was never told is not known', () => {
  const log = createEventLog(10_000);
  log.add(1, ['{}']);
  for (const id of [
    '',
    '1',
    '2-1',
    '1-',
    '-1',
    '1-1-1',
    ' 1-1',
    '1-1\n',
    '01e0-1',
    '9'.repeat(20),
    '__proto__-1',
  ])
    assert.equal(log.after(id), null, JSON.stringify(id));
});

test('an event without data only tells its place', () => {
  assert.equal(createEventLog(1_000).add(7, []).toString(), 'id: 7-1\ndata: \n\n');
});

test('the streams begun first are let go first, and a gap is told as one', () => {
  const log = createEventLog(2_000);
  const old = [1, 2].map(() => log.add(1, ['x'.repeat(300)]));
  const young = log.add(2, ['y'.repeat(300)]);
  // 300 bytes, a little around them and 200 for keeping: the fourth is one too many.
  const next = log.add(2, ['z'.repeat(300)]);
  assert.equal(log.after('1-0'), null);
  assert.deepEqual(texts(log.after(idOf(old[0] as Buffer))), {
    stream: 1,
    events: [(old[1] as Buffer).toString()],
  });
  log.add(2, ['z'.repeat(300)]);
  assert.equal(log.after(idOf(old[0] as Buffer)), null);
  assert.equal(texts(log.after(idOf(young)))?.events[0], next.toString());
});

test('what is longer than the log as a whole passes and is not kept', () => {
  const log = createEventLog(1_000);
  const before = log.add(1, ['a']);
  const huge = log.add(1, ['x'.repeat(5_000)]);
  assert.equal(huge.length > 5_000, true);
  assert.equal(log.after(idOf(before)), null);
  assert.deepEqual(texts(log.after(idOf(huge))), { stream: 1, events: [] });
  const after = log.add(1, ['b']);
  assert.deepEqual(texts(log.after(idOf(after))), { stream: 1, events: [] });
});

test('a stream that was let go altogether does not hide what it lost when it goes on', () => {
  const log = createEventLog(1_000);
  const first = log.add(1, ['a']);
  log.add(1, ['lost']);
  for (let n = 0; n < 10; n++) log.add(2, ['x'.repeat(300)]);
  const next = log.add(1, ['b']);
  assert.equal(log.after(idOf(first)), null);
  assert.deepEqual(texts(log.after(idOf(next))), { stream: 1, events: [] });
});

test('a log of any length holds no more than it may', () => {
  const log = createEventLog(5_000);
  const ids = Array.from({ length: 10_000 }, (_, n) => idOf(log.add(n % 50, [`{"n":${n}}`])));
  const kept = ids.filter((id) => (log.after(id)?.events.length ?? 0) > 0).length;
  assert.ok(kept < 30, `${kept} are kept`);
});

test('a message with line ends inside is still one event', async () => {
  const message = '{"text":\r"a\\r\\n\\u2028",\r"b":1}';
  const seen: string[] = [];
  const stream = Readable.from([encodeEvent([message.slice(0, 12), Buffer.from(message.slice(12))], '1-1')]);
  readEvents(stream, {
    limit: 1_000,
    onEvent: (data) => void seen.push(data.toString()),
    onOverflow: () => {},
  });
  await new Promise((resolve) => stream.once('close', resolve));
  assert.deepEqual(
    seen.map((text) => JSON.parse(text) as unknown),
    [JSON.parse(message)],
  );
});
