import assert from 'node:assert/strict';
import test from 'node:test';
import { editDistance, nearest } from '../../../src-main/gateway/config/nearest.ts';

test('edits are letters added, left out, changed or swapped', () => {
  for (const [a, b, edits] of [
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'ab', 1],
    ['abc', 'abcd', 1],
    ['abc', 'axc', 1],
    ['abc', 'acb', 1],
    ['abc', 'xyz', 3],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
  ] as const)
    assert.equal(editDistance(a, b, 5), edits, `${a} ${b}`);
  assert.equal(editDistance('abcdef', 'ghijkl', 2), 3, 'more than the limit is all the same');
});

test('only what is near is a guess, and the nearest one is it', () => {
  const keys = ['call_timeout', 'connect_timeout', 'idle_timeout', 'max_tools'];
  assert.equal(nearest('call_timout', keys), 'call_timeout');
  assert.equal(nearest('CALL_TIMEOUT', keys), 'call_timeout');
  assert.equal(nearest('max_tool', keys), 'max_tools');
  assert.equal(nearest('colour', keys), null);
  assert.equal(nearest('x'.repeat(1_000_000), keys), null);
});
