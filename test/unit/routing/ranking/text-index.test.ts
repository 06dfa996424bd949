import assert from 'node:assert/strict';
import test from 'node:test';
import { createTextIndex, documentShift } from '../../../../src-main/gateway/routing/ranking/text-index.ts';

const nothing: string[] = [];
const text = (name: string, description = ''): string[][] => [
  name.split(' '),
  nothing,
  nothing,
  description === '' ? nothing : description.split(' '),
  nothing,
  nothing,
];

test('a document is found under each of its stems', () => {
  const index = createTextIndex();
  const first = index.add(text('list issu', 'open issu'), 'github');
  const second = index.add(text('list tabl'), 'supabase');
  const documents = (stem: string): number[] => {
    const term = index.term(stem);
    if (term === undefined) return [];
    return [...new Set(index.postings(term).map((posting) => posting >>> documentShift))];
  };
  assert.deepEqual(documents('list'), [first, second]);
  assert.deepEqual(documents('issu'), [first]);
  assert.equal(index.frequency(index.term('issu') as number), 1);
  assert.deepEqual(index.meanLengths().slice(0, 1), [2]);
});

test('a removed document leaves nothing behind, and its numbers are used again', () => {
  const index = createTextIndex();
  const kept = index.add(text('list tabl'), 'supabase');
  for (let round = 0; round < 50; round += 1) {
    const gone = index.add(text(`list word${round}`, 'open door'), 'github');
    assert.equal(gone, 1);
    index.remove([gone]);
  }
  assert.equal(index.count(), 1);
  assert.equal(index.size(), 2);
  assert.equal(index.groups(), 2);
  assert.equal(index.group(1), '');
  assert.equal(index.term('door'), undefined);
  assert.deepEqual(index.postings(index.term('list') as number), [(kept << documentShift) | 1]);
  assert.deepEqual(index.meanLengths().slice(0, 1), [2]);
});

test('words with the same beginning are found after every change', () => {
  const index = createTextIndex();
  index.add(text('reposit'), 'github');
  const stems = (): string[] => index.similar('repo').map((term) => index.stem(term));
  assert.deepEqual(stems(), ['reposit']);
  const other = index.add(text('refund'), 'stripe');
  assert.deepEqual(stems(), ['reposit', 'refund']);
  index.remove([other]);
  assert.deepEqual(stems(), ['reposit']);
});
