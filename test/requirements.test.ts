import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { requirements } from './gateway/requirements.ts';

/** Row to the test files that name it, read from the source so that the gate needs no run. */
const verifiedBy = new Map<string, string[]>();
for (const file of globSync('**/*.test.ts', { cwd: import.meta.dirname })) {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  for (const [, rows = ''] of text.matchAll(/\bverifies\(([^)]*)\)/g))
    for (const [, row = ''] of rows.matchAll(/['"`]([^'"`]+)['"`]/g))
      verifiedBy.set(row, [...(verifiedBy.get(row) ?? []), file]);
}

test('every requirement that is done has a test that names it', () => {
  const unproven = Object.entries(requirements)
    .filter(([row, { status }]) => status === 'done' && !verifiedBy.has(row))
    .map(([row, { title }]) => `${row} ${title}`);
  assert.deepEqual(unproven, []);
});

test('every test names requirements that exist', () => {
  const unknown = [...verifiedBy]
    .filter(([row]) => !Object.hasOwn(requirements, row))
    .map(([row, files]) => `${row} in ${files.join(', ')}`);
  assert.deepEqual(unknown, []);
});

test('requirements are sorted, so that a row is found and added in one place', () => {
  const rows = Object.keys(requirements);
  assert.deepEqual(rows, [...rows].sort());
});

const waiting = [...verifiedBy.keys()].filter((row) => requirements[row]?.status === 'planned').sort();
if (waiting.length > 0) console.log(`note: planned, and verified already: ${waiting.join(' ')}`);
