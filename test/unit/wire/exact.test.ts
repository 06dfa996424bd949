import assert from 'node:assert/strict';
import test from 'node:test';
import { numberText, parseExactly } from '../../../src-main/gateway/wire/exact.ts';

const written = (text: string): string => JSON.stringify(parseExactly(text));

test('a number that no double holds is written as it came', () => {
  for (const number of [
    '12345678901234567890',
    '-9007199254740993',
    '0.1234567890123456789',
    '1e400',
    '-1E+999',
    '1e-400',
    '123456789012345678.5',
  ])
    assert.equal(written(`{"a":[ ${number}],"b":"${number}"}`), `{"a":[${number}],"b":"${number}"}`);
});

test('every other number is what it was, in its shortest form', () => {
  for (const [number, plain] of [
    ['9007199254740991', '9007199254740991'],
    ['9007199254740992', '9007199254740992'],
    ['100000000000000000000', '100000000000000000000'],
    ['0.30000000000000004', '0.30000000000000004'],
    ['1.000000000000000000', '1'],
    ['0.00000000000000000000', '0'],
    ['1E21', '1e+21'],
    ['12e10', '120000000000'],
    ['-0', '0'],
  ] as const) {
    assert.equal(written(`[${number}]`), `[${plain}]`);
    assert.equal(typeof (parseExactly(`[${number}]`) as unknown[])[0], 'number', number);
  }
});

test('a member called __proto__ is a member', () => {
  const text = '{"__proto__":{"x":12345678901234567890}}';
  assert.equal(written(text), text);
  assert.equal(({} as { x?: unknown }).x, undefined);
});

test('the text of such a number can be had, and of nothing else', () => {
  const [big, small, word] = parseExactly('[12345678901234567890, 1, "12345678901234567890"]') as unknown[];
  assert.deepEqual([big, small, word].map(numberText), ['12345678901234567890', undefined, undefined]);
});

test('what is no JSON is none', () => {
  for (const text of ['', '{', '[12345678901234567890', '[01234567890123456789]'])
    assert.throws(() => parseExactly(text), SyntaxError);
});
