import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowTime } from '../../../src-renderer/state/row-time.ts';
import { rowHeight, rowWindow, scrollTo } from '../../../src-renderer/state/row-window.ts';
import { barsOf, countWithin, legendOf } from '../../../src-renderer/state/timeline-bars.ts';
import { momentIn, partWords, snap, spanBetween, spanOf } from '../../../src-renderer/state/time-range.ts';

const now = Date.parse('2026-11-20T14:31:07Z');
const minute = 60_000;
const bucket = (at: number, byEnv: Record<string, number>, failed = 0) => ({
  at,
  byEnv,
  failed,
  blocked: 0,
  total: Object.values(byEnv).reduce((sum, calls) => sum + calls, 0),
});

test('the last hour is sixty whole minutes, the one that runs included', () => {
  const span = spanOf('hour', now);
  assert.deepEqual(span, {
    since: Date.parse('2026-11-20T13:32:00Z'),
    until: Date.parse('2026-11-20T14:32:00Z'),
    buckets: 60,
  });
  assert.deepEqual(spanOf('hour', now + 30_000), span, 'bars stay while a minute goes on');
  assert.equal(partWords(span), '1 min');
  assert.equal(partWords(spanOf('week', now)), '2 h');
});

test('any time is cut into at most 120 parts that a person can name, and is in them whole', () => {
  for (const length of [1, 90 * 1_000, 4 * minute, 3 * 3_600_000, 40 * 86_400_000, 900 * 86_400_000]) {
    const span = spanBetween(now - length, now);
    assert.ok(span.buckets >= 1 && span.buckets <= 120, `${length} makes ${span.buckets} parts`);
    assert.ok(span.since <= now - length && span.until >= now);
    assert.match(partWords(span), /^\d+ (s|min|h|d)$/);
  }
});

test('a brush covers whole parts, a click the one that was clicked, in either direction', () => {
  const span = { since: 0, until: 60 * minute, buckets: 60 };
  assert.deepEqual(snap(span, 2.2 * minute, 5.5 * minute), { since: 2 * minute, until: 6 * minute });
  assert.deepEqual(snap(span, 5.5 * minute, 2.2 * minute), { since: 2 * minute, until: 6 * minute });
  assert.deepEqual(snap(span, 7.5 * minute, 7.5 * minute), { since: 7 * minute, until: 8 * minute });
  assert.deepEqual(snap(span, 70 * minute, -5), { since: 0, until: 60 * minute });
  assert.deepEqual(snap(span, 60 * minute, 60 * minute), { since: 59 * minute, until: 60 * minute });
});

test('bars stand on each other, the highest fits, a single call can be seen, and a failure is marked above', () => {
  const { bars, failures } = barsOf([bucket(0, { dev: 1, prod: 1 }), bucket(1, { dev: 5_000 }, 1)]);
  assert.deepEqual(
    bars.map(({ env }) => env),
    ['dev', 'prod', 'dev'],
  );
  const [low, above, high] = bars;
  assert.ok(low && above && high);
  assert.ok(low.height > 1 && above.y + above.height <= low.y);
  assert.ok(high.y >= 9 && high.y + high.height <= 50);
  assert.equal(failures.length, 1);
  assert.ok((failures[0]?.y ?? 0) < high.y && (failures[0]?.x ?? 0) > above.x);
});

test('the legend counts by class, and tells of calls without one only where there are any', () => {
  const count = (...buckets: ReturnType<typeof bucket>[]) =>
    legendOf(buckets).map(({ env, calls }) => `${env} ${calls}`);
  assert.deepEqual(count(bucket(0, { prod: 2 }), bucket(1, { prod: 3, dev: 1 })), [
    'prod 5',
    'staging 0',
    'dev 1',
    'personal 0',
  ]);
  assert.equal(count(bucket(0, { none: 4 })).at(-1), 'unset 4');
});

test('the calls of a brushed time are those of its parts', () => {
  const buckets = [0, 1, 2, 3].map((index) => bucket(index * minute, { dev: 10 ** index }));
  assert.equal(countWithin(buckets, { since: minute, until: 3 * minute }), 110);
});

test('a short time is told with seconds, a long one with its day', () => {
  const at = new Date(2026, 10, 20, 9, 5, 7).getTime();
  assert.equal(momentIn(at, { since: 0, until: 5 * minute }), '09:05:07');
  assert.equal(momentIn(at, { since: 0, until: 60 * minute }), '09:05');
  assert.equal(momentIn(at, { since: 0, until: 7 * 86_400_000 }), '20 Nov, 09:05');
  assert.equal(rowTime(at, at + 1_000), '09:05:07');
  assert.equal(rowTime(at, at + 86_400_000), '20 Nov 09:05');
  assert.equal(rowTime('by hand', at), 'by hand');
});

test('only the rows in sight and twenty on each side exist, wherever the list is scrolled', () => {
  const height = 480;
  for (const top of [0, 17, 3_200, 1_600_000, 3_199_520]) {
    const { from, to } = rowWindow(top, height, 100_000);
    const [first, last] = [Math.floor(top / rowHeight), Math.ceil((top + height) / rowHeight)];
    assert.ok(from <= Math.max(0, first - 20) && to >= Math.min(100_000, last + 20), `at ${top}`);
    assert.ok(to - from <= 16 + 2 * 20 + 16, `at ${top}: ${to - from} rows`);
  }
  const flying = rowWindow(1_600_000, height, 100_000, true);
  assert.ok(flying.to - flying.from <= 16 + 12, 'fewer while it flies by');
  assert.ok(flying.from <= 50_000 && flying.to >= 50_015, 'and all that are in sight');
  assert.deepEqual(rowWindow(0, height, 3), { from: 0, to: 3 });
  assert.deepEqual(rowWindow(9_000, height, 0), { from: 0, to: 0 });
});

test('a row out of sight is scrolled to by the shortest way, one in sight not at all', () => {
  assert.equal(scrollTo(2, 0, 480), null);
  assert.equal(scrollTo(2, 320, 480), 64);
  assert.equal(scrollTo(30, 0, 480), 31 * rowHeight - 480);
});
