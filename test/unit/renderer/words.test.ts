import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateWord } from '../../../src-renderer/state/upstream-words.ts';
import { ago, clock, count, midSentence, sentence, span } from '../../../src-renderer/state/words.ts';
import { UpstreamState } from '../../../src-shared/contract.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

test('amounts are said with their noun', () => {
  assert.deepEqual(
    [count(0, 'tool'), count(1, 'tool'), count(2_310, 'line'), count(2, 'waiting', 'waiting')],
    ['0 tools', '1 tool', '2,310 lines', '2 waiting'],
  );
});

test('times are relative up to a day', () => {
  const now = Date.parse('2026-11-20T12:00:00Z');
  assert.deepEqual(
    [0, 50 * second, 14 * minute, 3 * hour, 40 * 24 * hour].map((past) => ago(now - past, now)),
    ['just now', '1 min ago', '14 min ago', '3 h ago', '11 Oct 2026'],
  );
  assert.equal(ago(now + minute, now), 'just now');
});

test('spans and clocks never go below nothing', () => {
  assert.deepEqual([12 * second, 4 * minute, 3 * hour, 3 * hour + 5 * minute, 52 * hour].map(span), [
    '12 s',
    '4 min',
    '3 h',
    '3 h 5 min',
    '2 d 4 h',
  ]);
  assert.deepEqual([288_000, 59_100, 0, -5_000].map(clock), ['4:48', '1:00', '0:00', '0:00']);
});

test('a message becomes a sentence, and the name it begins with stays as it is written', () => {
  assert.equal(sentence('the registry is damaged'), 'The registry is damaged.');
  assert.equal(sentence('npx ended with code 1'), 'npx ended with code 1.');
  assert.equal(sentence('Already one.'), 'Already one.');
  assert.equal(sentence('  '), '');
});

test('a label stands within a sentence as a word does, unless it is an abbreviation', () => {
  assert.deepEqual(['Personal access token', 'API key', 'x'].map(midSentence), [
    'personal access token',
    'API key',
    'x',
  ]);
});

test('every state of an upstream has a glyph and a word of its own', () => {
  const words = UpstreamState.options.map((state) => stateWord(state).word);
  assert.deepEqual(words, ['Asleep', 'Starting', 'Ready', 'Resting', 'Failing', 'Locked', 'Needs sign-in']);
  assert.notEqual(stateWord('signed-out').icon, stateWord('locked').icon);
});
