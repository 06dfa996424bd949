import assert from 'node:assert/strict';
import test from 'node:test';
import { compareResults } from '../../../../src-main/gateway/routing/compare/compare.ts';
import { compareLimits } from '../../../../src-main/gateway/routing/compare/limits.ts';
import { compareTwo, createRandom, difference, said, structured } from './support.ts';

const seeds = Array.from({ length: 150 }, (_, seed) => seed + 1);

/** Any JSON, with names and strings that have tripped others. */
function anything(random: () => number, depth: number): unknown {
  const words = ['', 'a', 'id', '__proto__', 'constructor', 'ünï', '\ud83d\ude00', 'a.b', '9007199254740993'];
  const word = (): string => words[Math.floor(random() * words.length)] ?? '';
  const kind = random();
  const size = Math.floor(random() * 5);
  if (depth <= 0 || kind < 0.35)
    return [null, true, 0, -0, 1.5, 1e21, word(), word().repeat(90)][Math.floor(random() * 8)];
  if (kind < 0.5) return Array.from({ length: size }, () => anything(random, depth - 1));
  if (kind < 0.7)
    return Array.from({ length: size * 4 }, (_, id) => ({ id, v: anything(random, depth - 2), w: word() }));
  return Object.fromEntries(Array.from({ length: size }, () => [word(), anything(random, depth - 1)]));
}

/** Few enough that nothing is cut. */
function someRows(random: () => number): object[] {
  const ids = Array.from({ length: 30 }, (_, id) => id).filter(() => random() < 0.7);
  return ids.map((id) => ({ id, v: Math.floor(random() * 3), w: { x: Math.floor(random() * 2) } }));
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

test('a result is the same as itself', () => {
  for (const seed of seeds) {
    const value = anything(createRandom(seed), 5);
    for (const json of [
      structured({ value }),
      said(JSON.stringify(value)),
      said(`text\n${JSON.stringify(value)}`),
    ])
      assert.deepEqual(
        [difference(json, json).same, difference(json, json).counts.changed],
        [true, 0],
        `seed ${seed}`,
      );
  }
});

test('the other way round, what was added is removed', () => {
  for (const seed of seeds) {
    const random = createRandom(seed);
    const withKey = seed % 2 === 0;
    const strip = (list: object[]): object[] => (withKey ? list : list.map((row) => ({ ...row, id: 1 })));
    const [left, right] = [structured(strip(someRows(random))), structured(strip(someRows(random)))];
    const [there, back] = [difference(left, right), difference(right, left)];
    assert.deepEqual([there.added, there.removed], [back.removed, back.added], `seed ${seed}`);
    assert.deepEqual(
      there.changed.map(
        (entry) => 'cells' in entry && entry.cells.map(({ before, after }) => [before, after]),
      ),
      back.changed.map(
        (entry) => 'cells' in entry && entry.cells.map(({ before, after }) => [after, before]),
      ),
      `seed ${seed}`,
    );
    assert.equal(there.counts.unchanged, back.counts.unchanged);
  }
});

test('the order of rows does not matter where a key matches them', () => {
  for (const seed of seeds) {
    const random = createRandom(seed);
    const [left, right] = [someRows(random), someRows(random)];
    const straight = difference(structured(left), structured(right));
    const mixed = difference(structured(shuffled(left, random)), structured(shuffled(right, random)));
    const what = ({ added, removed, changed, counts, same }: typeof straight) => ({
      added,
      removed,
      changed,
      counts,
      same,
    });
    assert.deepEqual(what(mixed), what(straight), `seed ${seed}`);
  }
});

test('all rows are accounted for', () => {
  for (const seed of seeds) {
    const random = createRandom(seed);
    const { tables } = difference(structured({ t: someRows(random) }), structured({ t: someRows(random) }));
    for (const { rows, added, removed, changed, unchanged } of tables) {
      assert.equal(removed + changed + unchanged, rows.base);
      assert.equal(added + changed + unchanged, rows.profile);
    }
  }
});

test('however much differs, the answer keeps its caps', () => {
  for (const seed of seeds.slice(0, 10)) {
    const random = createRandom(seed);
    const large = (): string =>
      structured({
        ['n'.repeat(2_000)]: anything(random, 5),
        tables: Object.fromEntries(
          Array.from({ length: 30 }, (_, at) => [
            `${'t'.repeat(300)}${at}`,
            Array.from({ length: 12 }, (_each, id) => ({
              id: `${id}${'k'.repeat(1_000)}`,
              ['c'.repeat(500)]: random(),
              [`only${random()}`]: 'x'.repeat(500),
              ...Object.fromEntries(Array.from({ length: 50 }, (_cell, cell) => [`c${cell}`, random()])),
            })),
          ]),
        ),
      });
    const sides = Array.from({ length: 2 + (seed % 5) }, (_, at) => ({ profile: `p:${at}`, json: large() }));
    const comparison = compareResults(sides);
    assert.ok(Buffer.byteLength(JSON.stringify(comparison.profiles)) < compareLimits.bytes * 1.1);
    assert.ok(comparison.summary.length <= compareLimits.summaryLength + 1);
    for (const { added, removed, changed, tables, truncated } of comparison.profiles) {
      for (const list of [added, removed, changed]) assert.ok(list.length <= compareLimits.entries);
      for (const entry of changed)
        assert.ok(!('cells' in entry) || entry.cells.length <= compareLimits.cells);
      assert.ok(tables.length <= compareLimits.tables);
      assert.deepEqual([truncated.bytes, truncated.values], [true, true]);
    }
  }
});

test('what is compared twice is told in the same words', () => {
  for (const seed of seeds.slice(0, 30)) {
    const random = createRandom(seed);
    const [left, right] = [structured(anything(random, 5)), structured(anything(random, 5))];
    assert.deepEqual(compareTwo(left, right), compareTwo(left, right));
  }
});
