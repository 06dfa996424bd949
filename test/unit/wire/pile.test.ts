import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readEvents } from '../../../src-main/gateway/wire/events.ts';
import { readLines } from '../../../src-main/gateway/wire/lines.ts';
import { createPile } from '../../../src-main/gateway/wire/pile.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function used(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1024 / 1024;
}

const count = 300_000;
const refuse = (): void => assert.fail('too long');

test('pieces come out as one, in order, and then there are none', () => {
  const pile = createPile();
  for (let n = 0; n < 5_000; n += 1) pile.add(Buffer.from(`${n},`));
  assert.equal(pile.take().toString(), Array.from({ length: 5_000 }, (_, n) => `${n},`).join(''));
  assert.equal(pile.take().length, 0);
  const only = Buffer.from('only');
  pile.add(only);
  assert.equal(pile.take(), only);
});

test('a line that comes byte by byte takes little more memory than its bytes', () => {
  // Its events are made by hand, so that the stream holds nothing.
  const stream = new PassThrough();
  const lengths: number[] = [];
  readLines(stream, { limit: count, onLine: (line) => lengths.push(line.length), onOverflow: refuse });
  const before = used();
  for (let n = 0; n < count; n += 1) stream.emit('data', Buffer.from('x'));
  const held = used() - before;
  assert.ok(held < 5, `${held} MiB`);
  stream.emit('data', Buffer.from('\n'));
  assert.deepEqual(lengths, [count]);
});

test('an event of very many short lines takes little more memory than its bytes', () => {
  const stream = new PassThrough();
  const lengths: number[] = [];
  readEvents(stream, {
    limit: 2 * count,
    onEvent: (data) => lengths.push(data.length),
    onOverflow: refuse,
  });
  const before = used();
  stream.emit('data', Buffer.from('data:x\n'.repeat(count)));
  const held = used() - before;
  assert.ok(held < 5, `${held} MiB`);
  stream.emit('data', Buffer.from('\n'));
  assert.deepEqual(lengths, [2 * count - 1]);
});
