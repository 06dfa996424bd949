import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { readEvents } from '../../../src-main/gateway/wire/events.ts';
import { settled } from '../../helpers/fake-clock.ts';

async function read(
  chunks: readonly (string | Buffer)[],
  limit = 1_000,
): Promise<{ data: string[]; overflows: number[] }> {
  const stream = new PassThrough();
  const data: string[] = [];
  const overflows: number[] = [];
  readEvents(stream, {
    limit,
    onData: (event) => data.push(event.toString('utf8')),
    onOverflow: (length) => overflows.push(length),
  });
  for (const chunk of chunks) {
    stream.write(chunk);
    await settled();
  }
  return { data, overflows };
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
  assert.deepEqual(await read([event('123456789')], 20), { data: ['1234567890\n123456789'], overflows: [] });
  assert.deepEqual(await read([event('1234567890')], 20), { data: [], overflows: [21] });
});
