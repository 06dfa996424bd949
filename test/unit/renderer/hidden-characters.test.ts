import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentFacts, argumentLines } from '../../../src-renderer/state/argument-lines.ts';
import { countHidden, splitHidden } from '../../../src-renderer/state/hidden-characters.ts';

const codes = (text: string): (string | null)[] => splitHidden(text).map(({ code }) => code);

test('what cannot be seen is a part of its own, with its code', () => {
  assert.deepEqual(splitHidden('ab\u200Bc'), [
    { text: 'ab', code: null },
    { text: '\u200B', code: 'U+200B' },
    { text: 'c', code: null },
  ]);
});

test('bidi orders, tags, look-alike spaces, fillers, selectors and stacked marks are hidden characters', () => {
  const each = ['\u202E', '\u2066', '\u{E0041}', '\u00A0', '\u3164', '\uFE0F', '\u001B', '\u2028', '\uD800'];
  for (const character of each) assert.equal(countHidden(`a${character}b`), 1, codes(character).join());
  assert.equal(countHidden('a\u0301\u0301\u0301'), 2);
});

test('letters of any script and plain spaces are not', () => {
  assert.equal(countHidden('Grüße, 東京 שלום é 👍 "quoted" \\ | 42'), 0);
});

test('the parts join to the whole text', () => {
  const text = '\u202Eab\u00A0\u200B\u200Bc\u{E0001}';
  assert.equal(
    splitHidden(text)
      .map((part) => part.text)
      .join(''),
    text,
  );
});

test('arguments lose no character on their way into lines', () => {
  const json = JSON.stringify(
    {
      sql: 'update users\n  set a = 1\u200B\nwhere "x\\n" = 2',
      list: [1, { 'odd "key":': true }],
      empty: '',
    },
    null,
    2,
  );
  const text = argumentLines(json).reduce((whole, line) => {
    const own = [...line.key, ...line.value].map((part) => part.text).join('');
    return line.number === null ? whole + own : `${whole}${whole === '' ? '' : '\n'}${line.indent}${own}`;
  }, '');
  assert.equal(text, json);
});

test('a line break inside a string stays in sight and begins a new line without a number', () => {
  const lines = argumentLines('{\n  "sql": "a\\nb\\\\n c"\n}');
  assert.deepEqual(
    lines.map(({ number, value }) => [number, value.map((part) => part.text).join('')]),
    [
      [1, '{'],
      [2, ' "a\\n'],
      [null, 'b\\\\n c"'],
      [3, '}'],
    ],
  );
});

test('the facts above the arguments count keys, characters and what is hidden', () => {
  assert.equal(argumentFacts('{"a":"x\u200By","b":1}'), '2 keys, 17 characters, 1 hidden character shown');
  assert.equal(argumentFacts('{}'), '0 keys, 2 characters');
  assert.equal(argumentFacts('not json'), '8 characters');
});
