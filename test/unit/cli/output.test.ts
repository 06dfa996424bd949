import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import test from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from '../../../src-main/cli/context.ts';
import { parseJson } from '../../../src-main/cli/json.ts';
import { formatMetadata, oneLine, printAll, table, visible } from '../../../src-main/cli/output.ts';
import type { NucleusError } from '../../../src-shared/errors.ts';
import { parseMode } from '../../../src-shared/modes.ts';

test('a table is as wide as its longest cells and cannot steer the terminal', () => {
  const rows = [
    ['a:b', '✓', 'x'],
    ['longer:name', '', '\u001b[2Jclear\nnext'],
  ];
  assert.equal(
    table(['ID', 'DEFAULT', 'METADATA'], rows),
    [
      'ID           DEFAULT  METADATA',
      'a:b          ✓        x',
      'longer:name           \\u001b[2Jclear\\u000anext',
    ].join('\n'),
  );
});

test('text of several lines keeps its lines and loses its control characters', () => {
  assert.equal(visible('one\r\ntwo\tthree\u0007\u009b31m\u202e'), 'one\ntwo\tthree\\u0007\\u009b31m\\u202e');
  assert.equal(oneLine('one\ntwo'), 'one\\u000atwo');
});

test('metadata is sorted by key, and a dash without any', () => {
  assert.equal(formatMetadata({ b: '2', a: '1' }), 'a=1 b=2');
  assert.equal(formatMetadata({}), '-');
});

test('JSON that cannot be read is located and not quoted', () => {
  const place = (text: string): string => {
    try {
      parseJson(text, '--args');
    } catch (error) {
      return (error as Error).message.replace('--args is not valid JSON at ', '');
    }
    return 'fine';
  };
  assert.equal(place('{"a":1}'), 'fine');
  assert.equal(place(''), 'position 0 (line 1, column 1)');
  assert.equal(place('secret'), 'position 0 (line 1, column 1)');
  assert.equal(place('{"a":\n secret}'), 'position 7 (line 2, column 2)');
  assert.equal(place('{"a":1} x'), 'position 8 (line 1, column 9)');
  assert.equal(place('{"a":1,}'), 'position 7 (line 1, column 8)');
  assert.equal(place('{"a":tru'), 'position 8 (line 1, column 9)');
});

test('a mode has the spellings of the original', () => {
  for (const text of ['all', 'expose_all', 'expose-all']) assert.equal(parseMode(text), 'expose-all');
  for (const text of ['recommend', 'recommendation', 'hybrid']) assert.equal(parseMode(text), 'hybrid');
  for (const mode of ['auto', 'search', 'merged', 'compat']) assert.equal(parseMode(mode), mode);
  assert.equal(parseMode(''), 'auto');
  for (const text of ['foo', 'toString', 'EXPOSE-ALL']) {
    assert.throws(() => parseMode(text), {
      code: 'USAGE',
      message: `unknown --mode "${text}" (want 'auto', 'expose-all', 'hybrid', 'search', 'merged', 'compat')`,
    });
  }
});

test('a reader that is gone ends a long answer, and is not waited for', async () => {
  const stdout = new Writable({ write: () => undefined });
  stdout.on('error', () => {});
  const context = { stdout } as unknown as Context;
  stdout.destroy(new Error('the shim is gone'));
  await new Promise((resolve) => stdout.once('close', resolve));
  const outcome = printAll(context, ['a line']).then(
    () => 'printed',
    (error: unknown) => (error as NucleusError).code,
  );
  assert.equal(await Promise.race([outcome, nextTurn('waits')]), 'CALL_CANCELLED');
});
