import assert from 'node:assert/strict';
import test from 'node:test';
import { NucleusError } from '../../../src-shared/errors.ts';
import { cursorAfter, readPage } from '../../../src-main/gateway/routing/meta-tools/page.ts';

const options = { most: 50, otherwise: 8, question: 'intent' };

test('every cursor that is given leads on, and there is none where the next page would not be taken', () => {
  for (const [offset, shown, total] of [
    [0, 8, 20],
    [9_990, 10, 20_000],
  ] as const) {
    const cursor = cursorAfter(offset, shown, total);
    assert.deepEqual(readPage({ cursor }, options), { limit: 8, offset: offset + shown });
  }
  assert.equal(cursorAfter(9_991, 10, 20_000), undefined);
  assert.equal(cursorAfter(8, 0, 20), undefined);
  assert.equal(cursorAfter(12, 8, 20), undefined);
  for (const cursor of ['', '0', '-1', '10001', '1e3', 8, null])
    assert.ok(readPage({ cursor }, options) instanceof NucleusError, String(cursor));
});
