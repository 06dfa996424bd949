import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import type { Paths } from '../../../src-main/gateway/storage/paths.ts';
import { createProfileStore } from '../../../src-main/gateway/storage/profile-store.ts';
import {
  bytesOf,
  edit,
  moduleUrl,
  openAsOther,
  openCode,
  overwrite,
  versionOf,
  writeOriginal,
  writeUsed,
} from './registry-support.ts';
import { failsWith, temporaryPaths } from './support.ts';

/** Each breaks a used registry in its own way. */
const damages: Readonly<Record<string, (paths: Paths) => void>> = {
  'with a smashed header': ({ registry }) => overwrite(registry, 0, Buffer.alloc(100, 0x55)),
  'cut in the middle of a page': ({ registry }) => truncateSync(registry, statSync(registry).size - 5_000),
  'with a smashed page': ({ registry }) => overwrite(registry, 4_096, Buffer.alloc(4_096, 0xff)),
  'with one flipped byte in a page header': ({ registry }) =>
    overwrite(registry, 4_096 + 3, Buffer.from([0x77])),
  'with a damaged page that opening itself does not read': ({ registry }) => {
    const db = new Database(registry);
    const page = Number(
      db.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'listings'").pluck().get(),
    );
    db.close();
    overwrite(registry, (page - 1) * 4_096 + 3, Buffer.from([0x00, 0x09]));
  },
  'that is text': ({ registry }) => writeFileSync(registry, 'hello '.repeat(2_000)),
  'without one of its tables': (paths) => edit(paths, 'DROP TABLE listings'),
  'whose schema version is no number': (paths) =>
    edit(paths, "UPDATE meta SET val = 'three' WHERE key = 'schema_version'"),
  'that belongs to another state folder': (paths) =>
    edit(paths, "UPDATE meta SET val = 'x' WHERE key = 'registry_id'"),
};

for (const [how, damage] of Object.entries(damages)) {
  test(`a registry ${how} is refused by name, with what to do, and left as it is`, (t) => {
    const paths = temporaryPaths(t);
    writeUsed(paths);
    damage(paths);
    const before = bytesOf(paths);
    assert.throws(() => openRegistry({ paths }), failsWith('REGISTRY_DAMAGED', paths.registry, 'backup'));
    assert.equal(bytesOf(paths), before);
  });
}

test('a file of some other program is refused', (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.home);
  const db = new Database(paths.registry);
  db.exec('CREATE TABLE songs (title TEXT)');
  db.close();
  assert.throws(() => openRegistry({ paths }), failsWith('REGISTRY_DAMAGED', 'no Nucleus tables'));
});

test('a folder in place of the registry is refused', (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.registry, { recursive: true });
  assert.throws(() => openRegistry({ paths }), failsWith('REGISTRY_DAMAGED', 'not a regular file'));
});

const startAnew = 'though Nucleus has used it before; restore a backup, or remove';

test('a registry that was emptied is noticed', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  truncateSync(paths.registry, 0);
  assert.throws(() => openRegistry({ paths }), failsWith('REGISTRY_DAMAGED', `is empty ${startAnew}`));
  assert.equal(statSync(paths.registry).size, 0);
});

test('the log of a registry that was emptied is not thrown away, marker or not', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  truncateSync(paths.registry, 0);
  writeFileSync(`${paths.registry}-wal`, 'what could still be saved');
  assert.throws(() => openRegistry({ paths }), failsWith('REGISTRY_DAMAGED', `is empty ${startAnew}`));
  rmSync(paths.registryMarker);
  assert.throws(() => openRegistry({ paths }), failsWith('REGISTRY_DAMAGED', 'registry.db-wal'));
  assert.equal(readFileSync(`${paths.registry}-wal`, 'utf8'), 'what could still be saved');
});

test('a registry that is gone is noticed and not made anew', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  rmSync(paths.registry);
  assert.throws(() => openRegistry({ paths }), failsWith('REGISTRY_DAMAGED', `is missing ${startAnew}`));
  assert.equal(existsSync(paths.registry), false);
});

test('a database without tables in place of a used registry is noticed', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  rmSync(paths.registry);
  const db = new Database(paths.registry);
  db.exec('CREATE TABLE x (y); DROP TABLE x');
  db.close();
  assert.throws(() => openRegistry({ paths }), failsWith('REGISTRY_DAMAGED', `is empty ${startAnew}`));
});

test('what a killed process had committed is there after the next opening, with its log or index left behind', (t) => {
  const paths = temporaryPaths(t);
  const code = `
    const { openRegistry } = await import(${JSON.stringify(moduleUrl('database'))});
    const { db } = openRegistry({ paths: JSON.parse(process.argv[1]) });
    db.exec("INSERT INTO profiles (id, connector, name, created_at) VALUES ('atlas:x', 'atlas', 'x', 1)");
    process.kill(process.pid, 'SIGKILL');
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code, JSON.stringify(paths)]);
  assert.equal(child.signal, 'SIGKILL');
  assert.ok(existsSync(`${paths.registry}-wal`));
  rmSync(`${paths.registry}-shm`);
  const { db, close } = openRegistry({ paths });
  assert.equal(createProfileStore(db).list()[0]?.id, 'atlas:x');
  close();
});

test('a write outside of WAL that a crash cut short is rolled back', (t) => {
  const paths = temporaryPaths(t);
  writeOriginal(paths, 2);
  const code = `
    const { default: Database } = await import(${JSON.stringify(import.meta.resolve('better-sqlite3'))});
    const db = new Database(process.argv[1]);
    db.pragma('journal_mode = DELETE');
    db.pragma('cache_size = 1');
    db.exec("BEGIN; DELETE FROM profiles; CREATE TABLE big (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 3000) INSERT INTO big SELECT randomblob(500) FROM n;");
    process.kill(process.pid, 'SIGKILL');
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code, paths.registry]);
  assert.equal(child.signal, 'SIGKILL');
  assert.ok(existsSync(`${paths.registry}-journal`));
  const { db, close } = openRegistry({ paths });
  assert.equal(createProfileStore(db).list().length, 2);
  close();
});

test('a registry in a folder that cannot be written is a sentence', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  assert.match(
    openAsOther(paths, { folder: 0o500, file: 0o600 }),
    /^REGISTRY_UNWRITABLE .*registry\.db cannot be written/,
  );
});

test('a registry that may only be read is a sentence', (t) => {
  const paths = temporaryPaths(t);
  writeUsed(paths);
  assert.match(openAsOther(paths, { folder: 0o700, file: 0o400 }), /^REGISTRY_UNWRITABLE .*read-only/);
});

test('a registry that cannot be made is a sentence', (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.home);
  assert.match(openAsOther(paths, { folder: 0o500, file: 0o600 }), /^REGISTRY_UNWRITABLE .*registry\.db/);
});

test('a full disk while a registry is migrated is a sentence, and the old file still works', (t) => {
  const paths = temporaryPaths(t);
  writeOriginal(paths, 2);
  const before = versionOf(paths.registry);
  const code = openCode(paths);
  const child = spawnSync(
    'prlimit',
    [
      '--fsize=4096:4096',
      process.execPath,
      '--input-type=module',
      '-e',
      `process.on('SIGXFSZ', () => {}); ${code}`,
    ],
    { encoding: 'utf8' },
  );
  assert.match(child.stdout, /^REGISTRY_UNWRITABLE /);
  assert.equal(versionOf(paths.registry), before);
  assert.deepEqual(
    readdirSync(paths.home).filter((name) => /\.(tmp|bak)$/.test(name)),
    [],
  );
});
