import assert from 'node:assert/strict';
import test from 'node:test';
import { matchesGlob } from '../../src-shared/glob.ts';

const vectors: [pattern: string, text: string, matches: boolean][] = [
  ['apply_*', 'apply_', true],
  ['apply_*', 'applied_things', false],
  ['*_sql', 'execute_sql', true],
  ['*_sql', 'sqlx_thing', false],
  ['create_*_branch', 'create_x_branch', true],
  ['create_*_branch', 'create_branch', false],
  ['', 'any', false],
  ['', '', true],
  ['*', '', true],
  ['ABC', 'abc', true],
  ['a*b*a', 'aba', true],
  ['a*a', 'a', false],
  ['*ab*ab*', 'abab', true],
  ['*ab*ab*', 'aab', false],
  ['a.c', 'abc', false],
];

for (const [pattern, text, matches] of vectors)
  test(`"${pattern}" ${matches ? 'matches' : 'does not match'} "${text}"`, () =>
    assert.equal(matchesGlob(pattern, text), matches));

test('a pattern made to be slow is not', () => {
  assert.equal(matchesGlob(`${'*a'.repeat(5_000)}b`, 'a'.repeat(20_000)), false);
});
