import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { createClientStore } from '../../../src-main/gateway/storage/client-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createProfileStore } from '../../../src-main/gateway/storage/profile-store.ts';
import { verifies } from '../../helpers/requirements.ts';
import { bytesOf, versionOf, tablesOf3, writeOriginal, writeSchema3, writeUsed } from './registry-support.ts';
import { failsWith, profile, temporaryPaths } from './support.ts';

test('a new registry has its schema as text, the profile’s row, and one profile for each connector and name', (t) => {
  verifies('NUC-007');
  const paths = temporaryPaths(t);
  const registry = openRegistry({ paths });
  createProfileStore(registry.db).insert(profile('atlas:default'));
  registry.close();

  const db = new Database(paths.registry);
  t.after(() => db.close());
  assert.deepEqual(
    db.prepare("SELECT val, typeof(val) AS type FROM meta WHERE key = 'schema_version'").get(),
    {
      val: '11',
      type: 'text',
    },
  );
  assert.deepEqual(db.prepare('SELECT id, connector, name, created_at FROM profiles').all(), [
    { id: 'atlas:default', connector: 'atlas', name: 'default', created_at: 1_700_000_000 },
  ]);
  assert.throws(
    () =>
      db.exec(
        "INSERT INTO profiles (id, connector, name, created_at) VALUES ('other', 'atlas', 'default', 1)",
      ),
    /UNIQUE constraint failed: profiles.connector, profiles.name/,
  );
});

test('the registry runs in WAL, synchronous NORMAL, with foreign keys and 5 s patience', (t) => {
  const { db, close } = openRegistry({ paths: temporaryPaths(t) });
  assert.equal(db.pragma('journal_mode', { simple: true }), 'wal');
  assert.equal(db.pragma('synchronous', { simple: true }), 1);
  assert.equal(db.pragma('foreign_keys', { simple: true }), 1);
  assert.equal(db.pragma('busy_timeout', { simple: true }), 5_000);
  close();
});

test('the registry, its log and its index are readable by this user only', (t) => {
  const paths = temporaryPaths(t);
  const before = process.umask(0);
  try {
    const { db, close } = openRegistry({ paths });
    createProfileStore(db).insert(profile('atlas:default'));
    for (const suffix of ['', '-wal', '-shm'])
      assert.equal(statSync(paths.registry + suffix).mode & 0o777, 0o600, suffix);
    close();
  } finally {
    process.umask(before);
  }
  assert.equal(statSync(paths.home).mode & 0o777, 0o700);
  assert.equal(statSync(paths.registryMarker).mode & 0o777, 0o600);
});

test('a registry that others may read is closed to them', (t) => {
  const paths = temporaryPaths(t);
  writeOriginal(paths, 2);
  chmodSync(paths.registry, 0o644);
  const { close } = openRegistry({ paths });
  assert.equal(statSync(paths.registry).mode & 0o777, 0o600);
  close();
});

test('profiles outlive closing and opening', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  const { db, close } = openRegistry({ paths });
  assert.equal(createProfileStore(db).list().length, 3);
  close();
});

test('a registry in memory has the same schema and leaves no file', () => {
  const { db, close } = openRegistry('memory');
  createProfileStore(db).insert(profile('atlas:default'));
  assert.equal(db.prepare("SELECT val FROM meta WHERE key = 'schema_version'").pluck().get(), '11');
  close();
});

for (const version of [1, 2] as const) {
  test(`an original registry of schema ${version} keeps ids, metadata, age and default`, (t) => {
    verifies('NUC-008');
    const paths = temporaryPaths(t);
    writeOriginal(paths, version);
    const { db, close } = openRegistry({ paths });
    assert.deepEqual(createProfileStore(db).list(), [
      profile('atlas:default', { metadata: { project_id: 'a=b,c' }, createdAt: 1_690_000_000 }),
      profile('atlas:work', { createdAt: 1_690_000_001, isDefault: version === 2 }),
    ]);
    close();
    assert.equal(versionOf(paths.registry), '11');
  });
}

test('a registry of schema 3 gains the clients and loses nothing', (t) => {
  const paths = temporaryPaths(t);
  writeSchema3(paths);
  const rows = (db: Database.Database) =>
    tablesOf3.map((name) => [name, db.prepare<[], Record<string, unknown>>(`SELECT * FROM ${name}`).all()]);
  const old = new Database(paths.registry, { readonly: true });
  const before = rows(old);
  old.close();
  const { db, close } = openRegistry({ paths });
  // Newer columns have nothing to say of older rows.
  const known = rows(db).map(([name, found]) => [
    name,
    (found as Record<string, unknown>[]).map(
      ({ roots: _roots, variant: _variant, auth: _auth, place: _place, env: _env, ...row }) => row,
    ),
  ]);
  assert.deepEqual(known, before);
  assert.ok(before.every(([, found]) => found?.length === 1));
  assert.deepEqual(createClientStore(db).list(), []);
  close();
  assert.deepEqual([versionOf(paths.registry), versionOf(`${paths.registry}.v3.bak`)], ['11', '3']);
});

test('the original’s earliest file, which counts no versions, is migrated too', (t) => {
  const paths = temporaryPaths(t);
  writeOriginal(paths, 1);
  const db = new Database(paths.registry);
  db.exec('DROP TABLE meta');
  db.close();
  const registry = openRegistry({ paths });
  assert.equal(createProfileStore(registry.db).list().length, 2);
  registry.close();
  assert.ok(existsSync(`${paths.registry}.v0.bak`));
});

test('before a migration a private copy of the old file is put beside it', (t) => {
  const paths = temporaryPaths(t);
  writeOriginal(paths, 2);
  openRegistry({ paths }).close();
  const backup = `${paths.registry}.v2.bak`;
  assert.equal(statSync(backup).mode & 0o777, 0o600);
  assert.equal(versionOf(backup), '2');
  const db = new Database(backup, { readonly: true });
  assert.equal(db.prepare('SELECT count(*) FROM profiles').pluck().get(), 2);
  db.close();
  assert.deepEqual(
    readdirSync(paths.home).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('the copy is made once per migration, not at every opening', (t) => {
  verifies('NUC-008');
  const paths = temporaryPaths(t);
  writeOriginal(paths, 1);
  openRegistry({ paths }).close();
  const { ino, mtimeMs } = statSync(`${paths.registry}.v1.bak`);
  openRegistry({ paths }).close();
  const again = statSync(`${paths.registry}.v1.bak`);
  assert.deepEqual([again.ino, again.mtimeMs], [ino, mtimeMs]);
  assert.deepEqual(
    readdirSync(paths.home).filter((name) => name.includes('.bak')),
    ['registry.db.v1.bak'],
  );
});

test('a registry at the present schema is not copied', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  openRegistry({ paths }).close();
  assert.deepEqual(readdirSync(paths.home).sort(), ['registry.db', 'registry.id']);
});

test('a copy from before a migration can be put back in place', (t) => {
  const paths = temporaryPaths(t);
  writeOriginal(paths, 2);
  openRegistry({ paths }).close();
  copyFileSync(`${paths.registry}.v2.bak`, paths.registry);
  const { db, close } = openRegistry({ paths });
  assert.equal(createProfileStore(db).list().length, 2);
  assert.equal(
    db.prepare("SELECT val FROM meta WHERE key = 'registry_id'").pluck().get(),
    readFileSync(paths.registryMarker, 'utf8').trim(),
  );
  close();
});

test('a registry of a newer Nucleus is refused and stays byte for byte what it was', (t) => {
  verifies('NUC-007');
  const paths = temporaryPaths(t);
  writeUsed(paths);
  const db = new Database(paths.registry);
  db.exec("UPDATE meta SET val = '12' WHERE key = 'schema_version'");
  db.close();
  const before = bytesOf(paths);
  assert.throws(
    () => openRegistry({ paths }),
    failsWith('REGISTRY_NEWER', paths.registry, 'schema 12', 'knows 11', 'update Nucleus'),
  );
  assert.equal(bytesOf(paths), before);
  assert.equal(existsSync(`${paths.registry}.v12.bak`), false);
});

test('without the marker an empty file is a new registry', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  truncateSync(paths.registry, 0);
  rmSync(paths.registryMarker);
  const { db, close } = openRegistry({ paths });
  assert.deepEqual(createProfileStore(db).list(), []);
  close();
});

test('the marker is written once and holds the id that stands in the registry', (t) => {
  const paths = temporaryPaths(t);
  const { db, close } = openRegistry({ paths });
  const id = db.prepare("SELECT val FROM meta WHERE key = 'registry_id'").pluck().get();
  close();
  assert.equal(readFileSync(paths.registryMarker, 'utf8'), `${String(id)}\n`);
  const { ino } = statSync(paths.registryMarker);
  openRegistry({ paths }).close();
  assert.equal(statSync(paths.registryMarker).ino, ino);
});

test('a marker that was lost is written again with the same id', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  const before = readFileSync(paths.registryMarker, 'utf8');
  rmSync(paths.registryMarker);
  openRegistry({ paths }).close();
  assert.equal(readFileSync(paths.registryMarker, 'utf8'), before);
});

test('a first opening that was cut short before the first migration is taken up again', (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.home);
  const db = new Database(paths.registry);
  db.exec('CREATE TABLE meta (key TEXT PRIMARY KEY, val TEXT)');
  db.close();
  openRegistry({ paths }).close();
  assert.deepEqual(readdirSync(paths.home).sort(), ['registry.db', 'registry.id']);
});
