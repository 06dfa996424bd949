import assert from 'node:assert/strict';
import test from 'node:test';
import { parse, stringify } from 'smol-toml';
import { setKey, type SettableValue } from '../../../src-main/gateway/config/edit.ts';

const set = (text: string, value: SettableValue = 'merged', key = 'mode'): string =>
  setKey(text, ['surface', key], value);

test('a value is replaced and nothing around it', () => {
  assert.equal(
    set('# mine\n[surface]\n  mode="auto"  # the way I like it\nbudget = 1\n\n[log]\nlevel = "debug"'),
    '# mine\n[surface]\n  mode="merged"  # the way I like it\nbudget = 1\n\n[log]\nlevel = "debug"',
  );
});

test('a key goes below the last one of its section, indented as that is', () => {
  assert.equal(
    set('[surface]\n\tbudget = 5 # enough\n\n# about the log\n[log]\n'),
    '[surface]\n\tbudget = 5 # enough\n\tmode = "merged"\n\n# about the log\n[log]\n',
  );
  assert.equal(set('[surface] # none yet\n[log]\n'), '[surface] # none yet\nmode = "merged"\n[log]\n');
});

test('a section that is not there comes last', () => {
  assert.equal(set(''), '[surface]\nmode = "merged"\n');
  assert.equal(set('[log]\nlevel = "info"'), '[log]\nlevel = "info"\n\n[surface]\nmode = "merged"\n');
  assert.equal(set('# only words\r\n'), '# only words\r\n\r\n[surface]\r\nmode = "merged"\r\n');
});

test('a section written as dotted keys or inline stays written so', () => {
  assert.equal(set('surface.budget = 1\n[log]\n'), 'surface.budget = 1\nsurface.mode = "merged"\n[log]\n');
  assert.equal(
    set('surface = { budget = 1 } # short\n'),
    'surface = { mode = "merged", budget = 1 } # short\n',
  );
  assert.equal(set('surface = {}\n'), 'surface = { mode = "merged" }\n');
});

test('lists and texts are written so that they mean what they are', () => {
  const odd = ['supabase:prod', 'a"b\\c', 'ü\u0000\u007f\u2028'];
  const edited = set('[surface]\nalways_on = [ "x:y", ]\n', odd, 'always_on');
  assert.equal(stringify(parse(edited)), stringify({ surface: { always_on: odd } }));
});

test('a list over several lines is replaced whole, what stands behind it stays', () => {
  assert.equal(
    set('[surface]\nalways_on = [\n  "x:y",\n] # mine\nbudget = 1\n', ['a:b'], 'always_on'),
    '[surface]\nalways_on = ["a:b"] # mine\nbudget = 1\n',
  );
});

test('a list with comments between its items is left to the person who wrote them', () => {
  assert.throws(() => set('[surface]\nalways_on = [\n  "x:y", # why\n]\n', ['a:b'], 'always_on'), {
    code: 'CONFIG_INVALID',
    message: /^surface\.always_on cannot be set without changing other lines/,
  });
});

test('a section that is something else is not written over', () => {
  for (const text of ['surface = 1\n', '[[surface]]\nmode = "auto"\n', 'surface = "[surface]"\n'])
    assert.throws(() => set(text), { code: 'CONFIG_INVALID' }, text);
});

test('in any document only the key changes, and every other line stays byte for byte', () => {
  const random = createRandom(20_261_120);
  for (let round = 0; round < 400; round++) {
    const text = randomDocument(random);
    const key = pick(random, ['mode', 'budget', 'always_on']);
    const value = pick<SettableValue>(random, ['merged', 4_000, ['a:b', 'c:d'], 'with "quotes" # and more']);
    const before = parse(text);
    const edited = set(text, value, key);
    const surface = { ...(before['surface'] as object | undefined), [key]: value };
    assert.equal(stringify(sorted(parse(edited))), stringify(sorted({ ...before, surface })), text);
    const added = lines(edited).filter((line) => line.trim() !== '' && !lines(text).includes(line));
    // The line itself, and its header where there was none.
    assert.ok(added.length <= 2, `${text}\n----\n${edited}`);
    assert.deepEqual(without(lines(text), lines(edited), key), [], `${text}\n----\n${edited}`);
  }
});

/** Lines of the first that the second lacks, but for those that say the key. */
function without(before: readonly string[], after: readonly string[], key: string): readonly string[] {
  return before.filter((line) => !after.includes(line) && !line.includes(key));
}

const lines = (text: string): readonly string[] => text.split(/\r?\n/);

/** The order of keys says nothing. */
function sorted(table: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [
        name,
        typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
          ? sorted(value as Record<string, unknown>)
          : value,
      ]),
  );
}

type Random = () => number;

/** Sections in any order with comments and odd spacing, `[surface]` among them or not, in any of its spellings. */
function randomDocument(random: Random): string {
  const end = random() < 0.2 ? '\r\n' : '\n';
  const space = () => pick(random, ['', ' ', '  ', '\t']);
  const comment = () => pick(random, ['', '', ' # mode = "x"', ' # [surface]', '\t# ü ]']);
  const values = ['1', '"a # b"', "'[surface]'", 'true', '[1, 2]', '{ mode = "y" }', '"""\nmode = 1\n"""'];
  const pair = (key: string, value: string): string =>
    `${space()}${key}${space()}=${space()}${value}${comment()}`;
  const noise = (): string[] =>
    [pick(random, ['', '# words', '#[surface]', '   '])].slice(random() < 0.5 ? 0 : 1);
  const own = [
    ['mode', '"auto"'],
    ['budget', '12_000'],
    ['always_on', pick(random, ['[]', '["x:y"]', '[ "x:y" , ]'])],
  ].filter(() => random() < 0.5) as [string, string][];
  const other = (name: string): string[] => [
    `${space()}[${name}]${comment()}`,
    ...['a', 'b', 'mode2'].filter(() => random() < 0.6).map((key) => pair(key, pick(random, values))),
    ...noise(),
  ];
  const spelled = pick(random, ['header', 'quoted', 'dotted', 'none', 'sub']);
  const top = [
    ...noise(),
    ...(random() < 0.5 ? [pair('top', pick(random, values))] : []),
    ...(spelled === 'dotted' ? own.map(([key, value]) => pair(`surface . ${key}`, value)) : []),
  ];
  const sections = [other('log'), other('surface2'), other('a.surface'), ['[[list]]', pair('mode', '1')]];
  const header = spelled === 'quoted' ? `[ "surface" ]${comment()}` : `[surface]${comment()}`;
  if (spelled === 'header' || spelled === 'quoted')
    sections.push([header, ...own.map(([key, value]) => pair(key, value)), ...noise()]);
  if (spelled === 'sub') sections.push(['[surface.more]', pair('x', '1')]);
  shuffle(random, sections);
  const text = [...top, ...sections.flat()].join(end);
  return random() < 0.5 ? text : text + end;
}

function createRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function shuffle(random: Random, list: unknown[]): void {
  for (let index = list.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [list[index], list[other]] = [list[other], list[index]];
  }
}
