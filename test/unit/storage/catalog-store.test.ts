import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createCatalogStore, type Listing } from '../../../src-main/gateway/storage/catalog-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { verifies } from '../../helpers/requirements.ts';
import { failsWith, temporaryPaths } from './support.ts';

const exposedPattern = /^[a-zA-Z0-9_-]{1,48}$/;

function open(t: TestContext) {
  const { db, close } = openRegistry('memory');
  t.after(close);
  return { db, store: createCatalogStore(db) };
}

function listing(changes: Partial<Listing['definitions']> = {}): Listing {
  return {
    initialize: '{"protocolVersion":"2025-06-18", "extra": 1.0}',
    definitions: { tool: [], prompt: [], resource: [], template: [], ...changes },
    listedAt: 1_700_000_000_123,
  };
}

/** 500 names as upstreams may send them, the same at every run. */
function oddNames(): string[] {
  let state = 42;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
  const alphabet = Array.from('abcXYZ019._-/:# \\"\'\u0000äßΩ日本🦊\u200d');
  return Array.from({ length: 500 }, (_, index) => {
    const length = index % 5 === 0 ? 100 : 1 + random(60);
    return Array.from({ length }, () => alphabet[random(alphabet.length)]).join('') + String(index);
  });
}

test('a listing comes back byte for byte and in order', (t) => {
  const { store } = open(t);
  const kept = listing({
    tool: ['{"name": "b"}', '{"name":"a","x":1e2}', '{"name":"ü\\u0000"}'],
    prompt: ['{"name":"p"}'],
    resource: ['{"uri":"u"}'],
    template: ['{"uriTemplate":"t"}'],
  });
  store.save('atlas:default', kept);
  assert.deepEqual(store.load('atlas:default'), kept);
});

test('a profile that was never seen has no listing', (t) => {
  assert.equal(open(t).store.load('atlas:none'), null);
});

test('a saved listing takes the place of the whole earlier one', (t) => {
  const { store } = open(t);
  store.save('atlas:default', listing({ tool: ['1', '2', '3'], prompt: ['4'] }));
  store.save('atlas:default', listing({ tool: ['5'] }));
  assert.deepEqual(store.load('atlas:default'), listing({ tool: ['5'] }));
});

test('a listing that cannot be saved whole is not saved at all', (t) => {
  const { db, store } = open(t);
  store.save('atlas:default', listing({ tool: ['1'] }));
  db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
  assert.throws(
    () => store.save('atlas:default', listing({ tool: ['2', 'x'.repeat(100_000)] })),
    failsWith('REGISTRY_UNWRITABLE', 'the disk is full'),
  );
  assert.deepEqual(store.load('atlas:default')?.definitions.tool, ['1']);
});

test('removing a listing leaves those of others', (t) => {
  const { store } = open(t);
  store.save('atlas:a', listing({ tool: ['1'] }));
  store.save('atlas:b', listing({ tool: ['2'] }));
  store.remove('atlas:a');
  assert.equal(store.load('atlas:a'), null);
  assert.deepEqual(store.load('atlas:b')?.definitions.tool, ['2']);
});

test('500 odd names all fit, are all different in any case, and map back by the table', (t) => {
  verifies('NUC-050', 'NEW-013');
  const { db, store } = open(t);
  const names = oddNames();
  const exposed = store.exposedNames('tool', 'atlas', 'default', names);
  assert.equal(exposed.size, 500);
  for (const value of exposed.values()) assert.match(value, exposedPattern);
  assert.equal(new Set([...exposed.values()].map((value) => value.toLowerCase())).size, 500);
  const back = db.prepare('SELECT name FROM exposed_names WHERE exposed = ?').pluck();
  for (const [name, value] of exposed)
    assert.equal(back.get(value), name.startsWith('"') ? JSON.stringify(name) : name);
});

test('names stay what they are when the registry is opened again, asked in whatever order', (t) => {
  verifies('NUC-050', 'NEW-013');
  const paths = temporaryPaths(t);
  const names = oddNames();
  const first = openRegistry({ paths });
  const before = createCatalogStore(first.db).exposedNames('tool', 'atlas', 'default', names);
  first.close();
  const second = openRegistry({ paths });
  const again = createCatalogStore(second.db).exposedNames('tool', 'atlas', 'default', [
    'new',
    ...names.toReversed(),
  ]);
  second.close();
  for (const name of names) assert.equal(again.get(name), before.get(name));
});

test('a name stays taken when its listing is removed', (t) => {
  const { store } = open(t);
  assert.equal(store.exposedNames('tool', 'a_b', 'c', ['x']).get('x'), 'a_b_c_x');
  store.remove('a_b:c');
  assert.notEqual(store.exposedNames('tool', 'a', 'b_c', ['x']).get('x'), 'a_b_c_x');
});

test('connector a_b with alias c and connector a with alias b_c get different names', (t) => {
  verifies('NUC-050', 'NEW-013');
  const { store } = open(t);
  const first = store.exposedNames('tool', 'a_b', 'c', ['x']).get('x');
  const second = store.exposedNames('tool', 'a', 'b_c', ['x']).get('x');
  const third = store.exposedNames('tool', 'a', 'b', ['c_x']).get('c_x');
  assert.equal(first, 'a_b_c_x');
  assert.equal(new Set([first, second, third]).size, 3);
  for (const name of [second, third]) assert.match(name ?? '', /^a_b_c_x_[0-9a-f]{4}$/);
});

test('with another separator names are others, and names given before stay', (t) => {
  verifies('NEX-020');
  const { db, store } = open(t);
  const nexus = createCatalogStore(db, '__');
  assert.equal(store.exposedNames('tool', 'a', 'b', ['x']).get('x'), 'a_b_x');
  assert.equal(nexus.exposedNames('tool', 'a', 'b', ['x']).get('x'), 'a_b__x');
  assert.equal(nexus.exposedNames('tool', 'a__b', 'c', ['d__e']).get('d__e'), 'a__b_c__d__e');
  assert.notEqual(nexus.exposedNames('tool', 'a', '_b_c', ['d__e']).get('d__e'), 'a__b_c__d__e');
  assert.equal(nexus.exposedNames('tool', 'a', '', ['x']).get('x'), 'a__x');
  assert.equal(store.exposedNames('tool', 'a', 'b', ['x']).get('x'), 'a_b_x');
});

test('names that differ only in case or in what is replaced get different names', (t) => {
  const { store } = open(t);
  const exposed = store.exposedNames('tool', 'a', 'b', [
    'read',
    'Read',
    'READ',
    'a.b',
    'a/b',
    'a b',
    'ä',
    'ö',
    '',
  ]);
  assert.equal(new Set([...exposed.values()].map((name) => name.toLowerCase())).size, 9);
});

test('names that SQLite could not tell apart are told apart', (t) => {
  const { store } = open(t);
  const names = ['\ud800', '\ud801', '\udc00x', '"\\ud800"', '\ufffd', 'a\u0000b', 'a\u0000c'];
  const exposed = store.exposedNames('tool', 'a', 'b', names);
  assert.equal(new Set(exposed.values()).size, names.length);
  assert.deepEqual(store.exposedNames('tool', 'a', 'b', names), exposed);
});

test('tools and prompts do not take each other’s names', (t) => {
  const { store } = open(t);
  assert.equal(store.exposedNames('tool', 'a', 'b', ['x']).get('x'), 'a_b_x');
  assert.equal(store.exposedNames('prompt', 'a', 'b', ['x']).get('x'), 'a_b_x');
});

test('a name asked for twice is answered once', (t) => {
  const exposed = open(t).store.exposedNames('tool', 'a', 'b', ['x', 'x']);
  assert.deepEqual([...exposed], [['x', 'a_b_x']]);
});

test('no upstream gets a name among the meta-tools', (t) => {
  const { store } = open(t);
  const names = ['tools', 'find_tool', 'x'.repeat(100), 'ü'];
  for (const [connector, alias] of [
    ['nucleus', 'default'],
    ['Nucleus', 'default'],
    ['nucleus.', 'x'],
  ] as const) {
    const exposed = store.exposedNames('tool', connector, alias, names);
    for (const name of exposed.values()) {
      assert.doesNotMatch(name, /^nucleus_/i);
      assert.match(name, exposedPattern);
    }
    assert.deepEqual(store.exposedNames('tool', connector, alias, names), exposed);
  }
});

test('20,000 long names that differ only in the middle are named, and named again, in a moment', (t) => {
  const { store } = open(t);
  const names = Array.from({ length: 20_000 }, (_, index) => `${'a'.repeat(60)}${index}${'b'.repeat(60)}`);
  const start = performance.now();
  const exposed = store.exposedNames('tool', 'atlas', 'default', names);
  const named = performance.now();
  store.exposedNames('tool', 'atlas', 'default', names);
  const again = performance.now();
  assert.equal(new Set(exposed.values()).size, 20_000);
  assert.ok(named - start < 3_000, `first: ${named - start} ms`);
  assert.ok(again - named < 500, `again: ${again - named} ms`);
  t.diagnostic(`first ${Math.round(named - start)} ms, again ${Math.round(again - named)} ms`);
});

test('more names than there are short hashes still get one each', (t) => {
  const { store } = open(t);
  const names = Array.from({ length: 70_000 }, (_, index) => `${'a'.repeat(60)}${index}${'b'.repeat(60)}`);
  const exposed = store.exposedNames('tool', 'atlas', 'default', names);
  assert.equal(new Set([...exposed.values()].map((name) => name.toLowerCase())).size, 70_000);
  assert.ok([...exposed.values()].every((name) => exposedPattern.test(name)));
});

test('names cannot be given in a registry that may only be read', (t) => {
  const { db, store } = open(t);
  const known = store.exposedNames('tool', 'a', 'b', ['x']);
  db.pragma('query_only = ON');
  assert.deepEqual(store.exposedNames('tool', 'a', 'b', ['x']), known);
  assert.throws(
    () => store.exposedNames('tool', 'a', 'b', ['y']),
    failsWith('REGISTRY_UNWRITABLE', 'registry.db'),
  );
});

test('of names that nothing has any more the last ten thousand are remembered, and those in use all', (t) => {
  const { db, store } = open(t);
  const lasting = store.exposedNames('tool', 'a', 'b', ['lasting']).get('lasting');
  const other = store.exposedNames('tool', 'a', 'c', ['old']).get('old');
  for (let listing = 0; listing < 4; listing += 1) {
    const fresh = Array.from({ length: 4_000 }, (_, index) => `at_${listing}_${index}`);
    assert.equal(store.exposedNames('tool', 'a', 'b', ['lasting', ...fresh]).get('lasting'), lasting);
  }
  const kept = db.prepare<[string], string>('SELECT name FROM exposed_names WHERE alias = ?').pluck();
  const names = new Set(kept.all('b'));
  assert.equal(names.size, 14_001);
  assert.ok(names.has('lasting') && names.has('at_3_0') && names.has('at_0_3999') && !names.has('at_0_0'));
  assert.equal(store.exposedNames('tool', 'a', 'c', ['old']).get('old'), other);
  const many = Array.from({ length: 20_000 }, (_, index) => `many_${index}`);
  const exposed = store.exposedNames('tool', 'a', 'd', many);
  assert.deepEqual(
    store.exposedNames('tool', 'a', 'd', ['new', ...many]).get('many_0'),
    exposed.get('many_0'),
  );
});
