import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { basename } from 'node:path';
import Database from 'better-sqlite3';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { v3 } from '../../../src-main/gateway/storage/migrations/v3.ts';
import type { Paths } from '../../../src-main/gateway/storage/paths.ts';
import { createProfileStore } from '../../../src-main/gateway/storage/profile-store.ts';
import { isRoot, openToAll, otherUid, profile } from './support.ts';

/** The original's file as its version 1 or 2 left it, typed by hand from its documentation. */
export function writeOriginal(paths: Paths, version: 1 | 2): void {
  mkdirSync(paths.home, { recursive: true });
  const db = new Database(paths.registry);
  db.pragma('journal_mode = WAL');
  db.exec(`
    CREATE TABLE meta (key TEXT PRIMARY KEY, val TEXT NOT NULL);
    CREATE TABLE profiles (id TEXT PRIMARY KEY, connector TEXT NOT NULL, name TEXT NOT NULL,
      metadata TEXT NOT NULL DEFAULT '{}', created_at INTEGER NOT NULL, UNIQUE(connector, name));
    CREATE INDEX idx_profiles_connector ON profiles(connector);
    INSERT INTO profiles VALUES ('atlas:default', 'atlas', 'default', '{"project_id":"a=b,c"}', 1690000000);
    INSERT INTO profiles VALUES ('atlas:work', 'atlas', 'work', 'null', 1690000001);
  `);
  if (version === 2) {
    db.exec('ALTER TABLE profiles ADD COLUMN is_default INTEGER NOT NULL DEFAULT 0');
    db.exec("UPDATE profiles SET is_default = 1 WHERE name = 'work'");
  }
  db.prepare("INSERT INTO meta VALUES ('schema_version', ?)").run(String(version));
  db.close();
}

export const tablesOf3 = ['profiles', 'upstreams', 'listings', 'exposed_names', 'vault_records'] as const;

/** A registry as schema 3 left it, with a row in each table. */
export function writeSchema3(paths: Paths): void {
  writeOriginal(paths, 2);
  const db = new Database(paths.registry);
  db.exec(v3.sql);
  db.exec(`
    UPDATE meta SET val = '3' WHERE key = 'schema_version';
    DELETE FROM profiles WHERE name = 'default';
    UPDATE profiles SET launch = '{"command":"npx"}', read_only = 1, stderr = '"inherit"';
    INSERT INTO upstreams VALUES ('atlas:work', '{}', 1700000000);
    INSERT INTO listings VALUES ('atlas:work', 'tool', 0, '{"name":"a"}');
    INSERT INTO exposed_names VALUES ('tool', 'atlas', 'work', 'a', 'atlas_work_a');
    INSERT INTO vault_records VALUES ('atlas:work', '', 'TOKEN', x'0102', x'030405');
  `);
  db.close();
}

/** A registry that was used: with a marker, three profiles, and nothing left in the log. */
export function writeUsed(paths: Paths): void {
  const { db, close } = openRegistry({ paths });
  const store = createProfileStore(db);
  for (const name of ['a', 'b', 'c'])
    store.insert(profile(`atlas:${name}`, { metadata: { filler: 'x'.repeat(3_000) } }));
  close();
}

export const bytesOf = (paths: Paths) => readFileSync(paths.registry).toString('base64');
export const versionOf = (file: string) => {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare("SELECT val FROM meta WHERE key = 'schema_version'").pluck().get();
  } finally {
    db.close();
  }
};

/** Puts bytes over those of a file. */
export function overwrite(path: string, position: number, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, position);
  closeSync(file);
}

/** Changes a registry behind Nucleus's back. */
export function edit(paths: Paths, sql: string): void {
  const db = new Database(paths.registry);
  db.exec(sql);
  db.close();
}

/** URL of a storage module, for a child to import. */
export function moduleUrl(name: string): string {
  return new URL(`../../../src-main/gateway/storage/${name}.ts`, import.meta.url).href;
}

/** A program that opens the registry and says how that went; as another user when one is named. */
export function openCode(paths: Paths, uid: number | null = null): string {
  // All is loaded before root is given up: the checkout may lie where only root can read it.
  const become = uid === null ? '' : `process.setgroups([]); process.setgid(${uid}); process.setuid(${uid});`;
  return `
    const { openRegistry } = await import(${JSON.stringify(moduleUrl('database'))});
    openRegistry('memory').close();
    ${become}
    try {
      openRegistry({ paths: ${JSON.stringify(paths)} }).close();
      console.log('opened');
    } catch (error) {
      console.log(error.code, error.message);
    }
  `;
}

/** What a user whom the modes bind gets when opening; root is bound by none. */
export function openAsOther(paths: Paths, modes: { readonly folder: number; readonly file: number }): string {
  for (const name of readdirSync(paths.home)) {
    const path = `${paths.home}/${name}`;
    if (isRoot) chownSync(path, otherUid, otherUid);
    if (basename(path) === 'registry.db') chmodSync(path, modes.file);
  }
  if (isRoot) chownSync(paths.home, otherUid, otherUid);
  chmodSync(paths.home, modes.folder);
  openToAll(`${paths.home}/..`);
  const code = openCode(paths, isRoot ? otherUid : null);
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  chmodSync(paths.home, 0o700);
  return child.stdout.trim() || child.stderr;
}
