import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { readEvents } from '../../../src-main/gateway/wire/events.ts';
import { settled } from '../../helpers/fake-clock.ts';

interface Seen {
  readonly data: string[];
  readonly overflows: number[];
  readonly names: string[];
  readonly ids: string[];
  readonly retries: number[];
  readonly ends: string[];
}

async function read(chunks: readonly (string | Buffer)[], limit = 1_000): Promise<Seen> {
  const stream = new PassThrough();
  const seen: Seen = { data: [], overflows: [], names: [], ids: [], retries: [], ends: [] };
  readEvents(stream, {
    limit,
    onEvent(data, name) {
      seen.data.push(data.toString('utf8'));
      seen.names.push(name);
    },
    onOverflow(head, tail, length) {
      seen.overflows.push(length);
      seen.ends.push(`${head.toString().slice(0, 5)}…${tail.toString().slice(-5)}`);
    },
    onId: (id) => seen.ids.push(id),
    onRetry: (milliseconds) => seen.retries.push(milliseconds),
  });
  for (const chunk of chunks) {
    stream.write(chunk);
    await settled();
  }
  return seen;
}

test('the data of each event comes out wherever the stream is cut', async () => {
  const bytes = Buffer.from(
    'event: message\r\nid: 7\r\ndata: {"ü":1}\r\n\r\n: ping\n\ndata:{"b":2}\nretry: 5\n\n',
  );
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const { data } = await read([bytes.subarray(0, cut), bytes.subarray(cut)]);
    assert.deepEqual(data, ['{"ü":1}', '{"b":2}'], `cut at byte ${cut}`);
  }
});

test('the lines of one event are joined by newlines, and one space after the colon is left out', async () => {
  assert.deepEqual((await read(['data: a\ndata:\ndata:  b\n\n'])).data, ['a\n\n b']);
});

test('an event without its empty line is not one yet', async () => {
  assert.deepEqual((await read(['data: a\n'])).data, []);
});

test('events without data and fields that only begin like it say nothing', async () => {
  assert.deepEqual(
    (await read(['event: x\n\n', 'database: 1\n\n', 'data:\n\n', '\n\n\n', 'data: a\n\n'])).data,
    ['a'],
  );
});

test('an event over the limit is reported and the next one works, however its data is cut into lines', async () => {
  const long = `data: ${'x'.repeat(2_000)}\n\ndata: ok\n\n`;
  const many = `${'data: 0123456789\n'.repeat(200)}\ndata: ok\n\n`;
  for (const text of [long, many]) {
    const { data, overflows } = await read([text]);
    assert.equal(overflows.length, 1);
    assert.ok((overflows[0] ?? 0) > 1_000);
    assert.deepEqual(data, ['ok']);
  }
});

test('nothing of an event is handed out when one line of it was over the limit', async () => {
  const { data, overflows } = await read([
    `data: {"a":\ndata: ${'x'.repeat(2_000)}\ndata: 1}\n\ndata: ok\n\n`,
  ]);
  assert.equal(overflows.length, 1);
  assert.deepEqual(data, ['ok']);
});

test('an event of exactly the limit passes, one byte more does not', async () => {
  const event = (second: string): string => `data: 1234567890\ndata: ${second}\n\n`;
  const [fits, exceeds] = [await read([event('123456789')], 20), await read([event('1234567890')], 20)];
  assert.deepEqual([fits.data, fits.overflows], [['1234567890\n123456789'], []]);
  assert.deepEqual([exceeds.data, exceeds.overflows], [[], [21]]);
});

test('an event has the name it was given, or is a message', async () => {
  const { names } = await read(['event: endpoint\ndata: /x\n\ndata: a\n\n', 'event\ndata: b\n\n']);
  assert.deepEqual(names, ['endpoint', 'message', '']);
});

test('ids and waits are told, also by events without data, and nonsense is not', async () => {
  const { ids, retries, data } = await read([
    'id: 1\nretry: 50\ndata:\n\n',
    'id:2\nid: a\u0000b\ndata: a\n\n',
    `id: ${'x'.repeat(2_000)}\nretry: soon\nretry: -1\n\n`,
    'id\n\n',
  ]);
  assert.deepEqual([ids, retries, data], [['1', '2', ''], [50], ['a']]);
});

test('both ends of an event over the limit are told, so that its id can be found', async () => {
  const { ends } = await read([`data: {"id":7,${'x'.repeat(2_000)}"e":1}\n\n`]);
  assert.deepEqual(ends, ['{"id"…e":1}']);
});
