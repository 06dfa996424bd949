import assert from 'node:assert/strict';
import { test } from 'node:test';
import { momentBefore } from '../../../src-main/cli/moment.ts';

const now = Date.UTC(2026, 10, 20, 12);

test('a time is how long ago, or a date where the reader is', () => {
  for (const [text, expected] of [
    ['2h', now - 7_200_000],
    ['1h30m', now - 5_400_000],
    ['0', now],
    ['2026-11-20T10:00:00Z', Date.UTC(2026, 10, 20, 10)],
    ['2026-11-20T10:00+02:00', Date.UTC(2026, 10, 20, 8)],
    ['2026-11-20T10:00', new Date(2026, 10, 20, 10).getTime()],
    ['2026-11-20 10:00:30', new Date(2026, 10, 20, 10, 0, 30).getTime()],
    ['2026-11-20', new Date(2026, 10, 20).getTime()],
  ] as const)
    assert.equal(momentBefore('--since', text, now), expected, text);
});

test('anything else says what to write', () => {
  for (const text of ['', 'yesterday', '2', '2026', '2026-13-40', '2026-11-20T10:00 nonsense'])
    assert.throws(() => momentBefore('--until', text, now), {
      code: 'USAGE',
      message: /^--until wants how long/,
    });
});
