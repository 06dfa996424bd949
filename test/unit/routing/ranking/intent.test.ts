import assert from 'node:assert/strict';
import test from 'node:test';
import { readIntent, shorten } from '../../../../src-main/gateway/routing/ranking/intent.ts';

const read = (text: string) => {
  const { wanted, clauses } = readIntent(text);
  return { words: wanted.map(({ word, clauses: bits }) => `${word} ${bits.toString(2)}`), clauses };
};

test('a request of several sentences is several clauses, and each word knows its own', () => {
  assert.deepEqual(read('Find flights to Rome. Then book a hotel near the station'), {
    words: ['find 1', 'flights 1', 'rome 1', 'book 10', 'hotel 10', 'near 10', 'station 10'],
    clauses: 2,
  });
});

test('what is too short for a request of its own belongs to the one before it', () => {
  assert.equal(read('list the open issues; only mine').clauses, 1);
});

test('values and words of the asking count less than words of the request', () => {
  const weight = (text: string, word: string): number | undefined =>
    readIntent(text).wanted.find((one) => one.word === word)?.weight;
  assert.equal(weight('send "quarterly report" to the team', 'send'), 1);
  assert.equal(weight('send "quarterly report" by mail', 'quarterly'), 0.35);
  assert.equal(weight('open /home/mona/notes', 'notes'), 0.35);
  assert.equal(weight('I am looking for a recipe', 'looking'), 0.3);
});

test('pasted data and endless texts are cut', () => {
  assert.equal(shorten(`decode ${'QUJD'.repeat(100)} please`), 'decode   please');
  const long = `first words ${'filler '.repeat(2_000)} last words`;
  const short = shorten(long);
  assert.equal(short.length, 4_001);
  assert.match(short, /^first words .* last words$/);
});
