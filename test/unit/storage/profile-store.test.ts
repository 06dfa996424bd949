import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createProfileStore } from '../../../src-main/gateway/storage/profile-store.ts';
import { verifies } from '../../helpers/requirements.ts';
import { failsWith, profile } from './support.ts';

function open(t: TestContext) {
  const { db, close } = openRegistry('memory');
  t.after(close);
  return { db, store: createProfileStore(db) };
}

test('a profile comes back as it was written', (t) => {
  const { store } = open(t);
  const full = profile('sqlite:prod', {
    metadata: { file: '/data/prod.db', note: 'a=b,c "ü"' },
    isDefault: true,
    launch: { command: 'node', args: ['a', ''], env: { A: '1' }, secretEnv: ['TOKEN'], cwd: '/srv' },
    readOnly: false,
    stderr: { file: '/var/log/x' },
  });
  store.insert(full);
  assert.deepEqual(store.get('sqlite:prod'), full);
});

test('an unknown profile reads as null', (t) => {
  assert.equal(open(t).store.get('atlas:none'), null);
});

test('profiles are listed by connector, then by name', (t) => {
  const { store } = open(t);
  for (const id of ['b:2', 'a:2', 'b:1', 'a:10', 'a_:1']) store.insert(profile(id));
  assert.deepEqual(
    store.list().map(({ id }) => id),
    ['a:10', 'a:2', 'a_:1', 'b:1', 'b:2'],
  );
});

test('an id that is taken is refused and keeps its profile', (t) => {
  verifies('NUC-007');
  const { store } = open(t);
  store.insert(profile('atlas:default', { createdAt: 1 }));
  assert.throws(
    () => store.insert(profile('atlas:default', { createdAt: 2 })),
    failsWith('PROFILE_EXISTS', 'atlas:default'),
  );
  assert.equal(store.get('atlas:default')?.createdAt, 1);
});

test('a replaced profile has the new facts and keeps its secrets', (t) => {
  const { db, store } = open(t);
  store.insert(profile('atlas:default', { metadata: { a: '1' } }));
  db.prepare('INSERT INTO vault_records VALUES (?, ?, ?, ?, ?)').run('atlas:default', '', 'token', 'n', 's');
  store.replace(profile('atlas:default', { metadata: { b: '2' }, readOnly: true }));
  assert.deepEqual(
    store.get('atlas:default'),
    profile('atlas:default', { metadata: { b: '2' }, readOnly: true }),
  );
  assert.equal(db.prepare('SELECT count(*) FROM vault_records').pluck().get(), 1);
});

test('replacing a profile that is not there is refused', (t) => {
  assert.throws(
    () => open(t).store.replace(profile('atlas:none')),
    failsWith('PROFILE_UNKNOWN', 'atlas:none'),
  );
});

test('removing says whether there was one, and takes its secrets along', (t) => {
  const { db, store } = open(t);
  store.insert(profile('atlas:default'));
  db.prepare('INSERT INTO vault_records VALUES (?, ?, ?, ?, ?)').run('atlas:default', '', 'token', 'n', 's');
  assert.equal(store.remove('atlas:default'), true);
  assert.equal(store.remove('atlas:default'), false);
  assert.equal(db.prepare('SELECT count(*) FROM vault_records').pluck().get(), 0);
});

test('a connector has one default, and another connector’s is left alone', (t) => {
  const { store } = open(t);
  for (const id of ['a:1', 'a:2', 'b:1']) store.insert(profile(id));
  for (const id of ['a:1', 'b:1', 'a:2']) store.setDefault(id);
  assert.deepEqual(
    store
      .list()
      .filter(({ isDefault }) => isDefault)
      .map(({ id }) => id),
    ['a:2', 'b:1'],
  );
});

test('an unknown profile cannot become the default, and the old one stays', (t) => {
  const { store } = open(t);
  store.insert(profile('a:1', { isDefault: true }));
  assert.throws(() => store.setDefault('a:2'), failsWith('PROFILE_UNKNOWN', 'a:2'));
  assert.equal(store.get('a:1')?.isDefault, true);
});

test('clearing a default says whether there was one', (t) => {
  const { store } = open(t);
  store.insert(profile('a:1', { isDefault: true }));
  assert.equal(store.clearDefault('a'), true);
  assert.equal(store.clearDefault('a'), false);
  assert.equal(store.get('a:1')?.isDefault, false);
});

test('a column that cannot be read names the profile', (t) => {
  const { db, store } = open(t);
  store.insert(profile('a:1'));
  db.exec(`UPDATE profiles SET launch = '{"command":7}'`);
  assert.throws(() => store.list(), failsWith('REGISTRY_DAMAGED', 'launch', 'a:1'));
});

test('a registry that may only be read says so at every write', (t) => {
  const { db, store } = open(t);
  store.insert(profile('a:1'));
  db.pragma('query_only = ON');
  const writes = [
    () => store.insert(profile('a:2')),
    () => store.replace(profile('a:1')),
    () => store.remove('a:1'),
    () => store.setDefault('a:1'),
  ];
  for (const write of writes)
    assert.throws(write, failsWith('REGISTRY_UNWRITABLE', 'registry.db', 'read-only'));
  assert.equal(store.get('a:1')?.id, 'a:1');
});

test('a full disk says so and keeps what was there', (t) => {
  const { db, store } = open(t);
  store.insert(profile('a:1'));
  db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
  assert.throws(
    () => store.insert(profile('a:2', { metadata: { text: 'x'.repeat(50_000) } })),
    failsWith('REGISTRY_UNWRITABLE', 'the disk is full'),
  );
  assert.equal(store.list().length, 1);
});
