import assert from 'node:assert/strict';
import test from 'node:test';
import { hasHidden, oneLine } from '../../../src-main/electron/visible-text.ts';

test('characters a person cannot see are found, ordinary text in any script is not', () => {
  const hidden = [
    '\u200b',
    '\u202e',
    '\u00ad',
    '\n',
    '\0',
    '\u2028',
    '\u00a0',
    '\u3164',
    '\ufe0f',
    '\u{e0041}',
    'a\u0301\u0301',
  ];
  for (const text of hidden) assert.equal(hasHidden(`a${text}b`), true, JSON.stringify(text));
  for (const text of ['select 1', 'naïve', 'नमस्ते', '日本語', '🙂', 'é'])
    assert.equal(hasHidden(text), false, text);
});

test('hidden characters become their codes, and what is too long is cut', () => {
  assert.equal(oneLine('a\u200bb\nc', 40), 'a[U+200B]b[U+000A]c');
  assert.equal(oneLine('abcdef', 6), 'abcdef');
  assert.equal(oneLine('abcdefg', 6), 'abcde…');
  assert.equal(oneLine('🙂🙂🙂', 3), '🙂🙂🙂');
  assert.equal(oneLine('🙂🙂🙂🙂', 3), '🙂🙂…');
});
