// docs/hardening.md names tests; a test that is renamed or removed must not leave a promise behind.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const rows = readFileSync(join(root, 'docs', 'hardening.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| E\d/.test(line));

test('every rule of the checklist that can be checked here has a row', () => {
  const numbers = rows.map((row) => /E\d+/.exec(row)?.[0]);
  const wanted = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 14, 15, 18, 19, 20].map((number) => `E${number}`);
  assert.deepEqual(numbers, wanted);
});

for (const row of rows)
  test(`the tests named for ${/E\d+/.exec(row)?.[0]} exist`, () => {
    const [, , , shown = ''] = row.split('|');
    const groups = [...shown.matchAll(/`([^`]+)`((?: ?“[^”]+”,?)+)/g)];
    assert.ok(groups.length > 0, row);
    for (const [, file = '', titles = ''] of groups) {
      const text = readFileSync(join(root, file), 'utf8');
      for (const [, title = ''] of titles.matchAll(/“([^”]+)”/g))
        assert.ok(text.includes(title), `${file} has no test “${title}”`);
    }
  });
