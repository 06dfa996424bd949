import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { readLines } from '../../../src-main/gateway/wire/lines.ts';
import { settled } from '../../helpers/fake-clock.ts';

interface Overflow {
  readonly head: string;
  readonly tail: string;
  readonly length: number;
}

/** What comes out when the chunks go in. */
async function read(
  chunks: readonly (string | Buffer)[],
  limit = 1_000,
): Promise<{ lines: string[]; overflows: Overflow[] }> {
  const stream = new PassThrough({ highWaterMark: 1 << 24 });
  const lines: string[] = [];
  const overflows: Overflow[] = [];
  readLines(stream, {
    limit,
    onLine: (line) => lines.push(line.toString('utf8')),
    onOverflow: (head, tail, length) =>
      overflows.push({ head: head.toString('utf8'), tail: tail.toString('utf8'), length }),
  });
  for (const chunk of chunks) {
    stream.write(chunk);
    await settled();
  }
  return { lines, overflows };
}

test('messages arrive whole wherever the stream is cut', async () => {
  const text = '{"a":"größe 🙂"}\r\n{"b":2}\n\n{"c":"\\n"}\n';
  const bytes = Buffer.from(text);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const { lines } = await read([bytes.subarray(0, cut), bytes.subarray(cut)]);
    assert.deepEqual(lines, ['{"a":"größe 🙂"}', '{"b":2}', '{"c":"\\n"}'], `cut at byte ${cut}`);
  }
});

test('messages arrive whole when every byte comes alone', async () => {
  const bytes = Buffer.from('{"a":"ü"}\r\n\r\n\n{"b":2}\n');
  const { lines } = await read(Array.from(bytes, (byte) => Buffer.from([byte])));
  assert.deepEqual(lines, ['{"a":"ü"}', '{"b":2}']);
});

test('many messages in one chunk come out in order', async () => {
  const wanted = Array.from({ length: 1_000 }, (_, n) => `{"n":${n}}`);
  const { lines } = await read([`${wanted.join('\n')}\n`]);
  assert.deepEqual(lines, wanted);
});

test('a carriage return is cut off only at the end of a line, and only one', async () => {
  const { lines } = await read(['a\rb\r\r\n']);
  assert.deepEqual(lines, ['a\rb\r']);
});

test('empty lines and lines of a lone carriage return are dropped', async () => {
  const { lines, overflows } = await read(['\n\r\n\n', 'x\n', '\r', '\n']);
  assert.deepEqual(lines, ['x']);
  assert.deepEqual(overflows, []);
});

test('what has no newline yet waits', async () => {
  const { lines } = await read(['{"half":']);
  assert.deepEqual(lines, []);
});

test('a line of exactly the limit passes, one byte more does not', async () => {
  const fits = 'x'.repeat(1_000);
  const { lines, overflows } = await read([`${fits}\n`, `${fits}y\n`]);
  assert.deepEqual(lines, [fits]);
  assert.deepEqual(overflows, [{ head: 'x'.repeat(256), tail: `${'x'.repeat(255)}y`, length: 1_001 }]);
});

test('of an over-long line both ends are kept, however it is cut, and the next line works', async () => {
  const long = `HEAD${'x'.repeat(5_000)}TAIL`;
  const text = `before\n${long}\nafter\n`;
  for (const size of [1, 7, 256, 257, 1_000, 1_001, 4_096, 10_000]) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
      text.slice(n * size, (n + 1) * size),
    );
    const { lines, overflows } = await read(size === 1 ? [...text] : chunks);
    assert.deepEqual(lines, ['before', 'after'], `chunks of ${size}`);
    assert.equal(overflows.length, 1);
    assert.deepEqual(
      overflows[0],
      { head: `HEAD${'x'.repeat(252)}`, tail: `${'x'.repeat(252)}TAIL`, length: long.length },
      `chunks of ${size}`,
    );
  }
});

test('the kept tail of an over-long line ends before its carriage return', async () => {
  const { lines, overflows } = await read([`${'x'.repeat(2_000)},"id":7}\r\n`, 'after\r\n']);
  assert.match(overflows[0]?.tail ?? '', /x,"id":7\}$/);
  assert.deepEqual(lines, ['after']);
});

test('two over-long lines in a row are two, and a short one between them is a line', async () => {
  const long = 'x'.repeat(1_500);
  const { lines, overflows } = await read([`${long}\n${long}\nok\n${long}\n`]);
  assert.equal(overflows.length, 3);
  assert.deepEqual(lines, ['ok']);
});

test('a line handed out is not changed by what comes after it', async () => {
  const stream = new PassThrough();
  const kept: Buffer[] = [];
  readLines(stream, { limit: 1_000, onLine: (line) => kept.push(line), onOverflow: () => assert.fail() });
  stream.write('first\nsec');
  await settled();
  stream.write('ond\nthird\n');
  await settled();
  assert.deepEqual(kept.map(String), ['first', 'second', 'third']);
});

test('a message in chunks of one byte takes time in proportion to its size', () => {
  const secondsFor = (size: number): number => {
    const stream = new PassThrough();
    let length = 0;
    readLines(stream, {
      limit: size,
      onLine: (line) => (length = line.length),
      onOverflow: () => assert.fail(),
    });
    const byte = Buffer.from('x');
    const started = performance.now();
    for (let sent = 0; sent < size; sent += 1) stream.emit('data', byte);
    stream.emit('data', Buffer.from('\n'));
    assert.equal(length, size);
    return performance.now() - started;
  };
  secondsFor(100_000);
  const small = Math.min(secondsFor(131_072), secondsFor(131_072));
  const large = Math.min(secondsFor(1_048_576), secondsFor(1_048_576));
  // Eight times the bytes; a quadratic reader would take 64 times as long.
  assert.ok(large < small * 30 + 20, `${small} ms for 128 KiB, ${large} ms for 1 MiB`);
});

test('skipping an over-long line in chunks of one byte takes time in proportion to its size', () => {
  const secondsFor = (size: number): number => {
    const stream = new PassThrough();
    let length = 0;
    readLines(stream, {
      limit: 1_000,
      onLine: () => assert.fail(),
      onOverflow: (_head, _tail, bytes) => (length = bytes),
    });
    const byte = Buffer.from('x');
    const started = performance.now();
    for (let sent = 0; sent < size; sent += 1) stream.emit('data', byte);
    stream.emit('data', Buffer.from('\n'));
    assert.equal(length, size);
    return performance.now() - started;
  };
  secondsFor(20_000);
  const small = Math.min(secondsFor(65_536), secondsFor(65_536));
  const large = Math.min(secondsFor(524_288), secondsFor(524_288));
  assert.ok(large < small * 30 + 20, `${small} ms for 64 KiB, ${large} ms for 512 KiB`);
});
