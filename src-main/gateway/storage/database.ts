import { randomUUID } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, type Stats } from 'node:fs';
import Database from 'better-sqlite3';
import { NucleusError } from '../../../src-shared/errors.ts';
import { ensurePrivateFolder, readTextIfExists, writePrivateFile } from './files.ts';
import { readMeta, writeMeta } from './meta.ts';
import { latestVersion, migrations } from './migrations/all.ts';
import type { Paths } from './paths.ts';
import { asRegistryError, damaged } from './sqlite-errors.ts';

/** The open registry. Only the holder of the lock opens one. */
export interface Registry {
  readonly db: Database.Database;
  close(): void;
}

/**
 * Opens the registry of a state folder, or one in memory, at the schema of this code. An older file is migrated after
 * a copy was put beside it; a newer or damaged one is refused and left as it is.
 */
export function openRegistry(source: { readonly paths: Paths } | 'memory'): Registry {
  if (source === 'memory') return settle(new Database(':memory:'), null);
  const { paths } = source;
  ensurePrivateFolder(paths.home);
  try {
    const marker = readTextIfExists(paths.registryMarker)?.trim() ?? null;
    if (isFresh(paths, marker)) createFile(paths.registry);
    else inspect(paths, marker);
    for (const suffix of ['', '-wal', '-shm']) makePrivate(paths.registry + suffix);
    const registry = settle(new Database(paths.registry), marker);
    const id = readMeta(registry.db, 'registry_id');
    if (marker === null && id !== null) writePrivateFile(paths.registryMarker, `${id}\n`);
    return registry;
  } catch (error) {
    throw registryError(paths.registry, error);
  }
}

/** Whether there is nothing to lose; a file that lost its content is not fresh. */
function isFresh(paths: Paths, marker: string | null): boolean {
  const stat: Stats | undefined = statSync(paths.registry, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) {
    throw new NucleusError('REGISTRY_DAMAGED', damaged(paths.registry, 'not a regular file'), {
      file: paths.registry,
    });
  }
  if (stat !== undefined && stat.size > 0) return false;
  if (marker !== null) throw emptied(paths, stat === undefined ? 'missing' : 'empty');
  // SQLite deletes the log of an empty database, and with it what could still be saved.
  if ((statSync(`${paths.registry}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw damagedFile(paths, 'it lost its content, its log registry.db-wal did not');
  }
  return true;
}

/** Looks at an existing file without writing to it, and leaves a copy beside one that is about to be migrated. */
function inspect(paths: Paths, marker: string | null): void {
  const db = openToLook(paths.registry);
  try {
    const check: unknown = db.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') throw damagedFile(paths, 'its pages do not fit together');
    const tables = tablesOf(db);
    const version = versionOf(db, tables, paths);
    if (version > latestVersion) {
      throw new NucleusError(
        'REGISTRY_NEWER',
        `${paths.registry} was written by a newer Nucleus (schema ${version}, this one knows ${latestVersion}); update Nucleus, or point NUCLEUS_HOME at another folder`,
        { file: paths.registry, version },
      );
    }
    if (marker !== null && !tables.has('profiles')) throw emptied(paths, 'empty');
    const missing = migrations.find(
      (step) => step.version <= version && step.tables.some((name) => !tables.has(name)),
    );
    if (missing) throw damagedFile(paths, `a table of schema ${missing.version} is missing`);
    const id = tables.has('meta') ? readMeta(db, 'registry_id') : null;
    if (marker !== null && id !== null && id !== marker) {
      throw damagedFile(paths, 'it is not the registry that registry.id says was used here');
    }
    if (version < latestVersion && tables.has('profiles')) backUp(db, `${paths.registry}.v${version}.bak`);
  } finally {
    db.close();
  }
}

function openToLook(file: string): Database.Database {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  try {
    db.prepare('SELECT count(*) FROM sqlite_master').get();
    return db;
  } catch (error) {
    db.close();
    // A crash in the middle of a write outside of WAL left a journal; only a writer can roll it back.
    if ((error as { code?: unknown }).code !== 'SQLITE_READONLY_ROLLBACK') throw error;
  }
  const writer = new Database(file, { fileMustExist: true });
  writer.prepare('SELECT count(*) FROM sqlite_master').get();
  return writer;
}

function versionOf(db: Database.Database, tables: ReadonlySet<string>, paths: Paths): number {
  const text = tables.has('meta') ? readMeta(db, 'schema_version') : null;
  if (text !== null && /^\d{1,9}$/.test(text)) return Number(text);
  if (text !== null) throw damagedFile(paths, 'its schema_version is not a number');
  // The original's earliest builds counted no versions; a file of some other program has other tables.
  if (tables.size > 0 && !tables.has('profiles') && !tables.has('meta')) {
    throw damagedFile(paths, 'it holds no Nucleus tables');
  }
  return 0;
}

function tablesOf(db: Database.Database): ReadonlySet<string> {
  const names = db.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
  return new Set(names);
}

function backUp(db: Database.Database, target: string): void {
  // Always the same name: what a crash left behind goes with the next try.
  const temporary = `${target}.tmp`;
  try {
    rmSync(temporary, { force: true });
    // VACUUM INTO fills an empty file and keeps its mode.
    createFile(temporary);
    db.prepare('VACUUM INTO ?').run(temporary);
    // SQLite leaves it to the system when the copy reaches the disk; it has to be there before the original changes.
    flush(temporary);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function flush(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Pragmas, missing migrations and the registry's own id; also finds out whether the file can be written at all. */
function settle(db: Database.Database, marker: string | null): Registry {
  try {
    db.pragma('busy_timeout = 5000');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.transaction(() => migrate(db)).immediate();
    // Written at each opening: a file that may only be read shows now, BEGIN IMMEDIATE would not notice.
    writeMeta(db, 'registry_id', readMeta(db, 'registry_id') ?? marker ?? randomUUID());
  } catch (error) {
    db.close();
    throw error;
  }
  return { db, close: () => void db.close() };
}

/** All missing steps; in one transaction, so that whatever ends it leaves the old schema or the new one. */
function migrate(db: Database.Database): void {
  db.exec('CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, val TEXT)');
  const version = Number(readMeta(db, 'schema_version') ?? 0);
  for (const step of migrations) {
    if (step.version <= version) continue;
    db.exec(step.sql);
    writeMeta(db, 'schema_version', String(step.version));
  }
}

function createFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  makePrivate(path);
}

function makePrivate(path: string): void {
  if (process.platform === 'win32') return;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && (stat.mode & 0o177) !== 0) chmodSync(path, 0o600);
}

function emptied(paths: Paths, how: 'empty' | 'missing'): NucleusError {
  return new NucleusError(
    'REGISTRY_DAMAGED',
    `${paths.registry} is ${how} though Nucleus has used it before; restore a backup, or remove ${paths.registryMarker} to start anew`,
    { file: paths.registry },
  );
}

function damagedFile(paths: Paths, what: string): NucleusError {
  return new NucleusError('REGISTRY_DAMAGED', damaged(paths.registry, what), { file: paths.registry });
}

function registryError(file: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!/^E[A-Z]+$/.test(code)) return asRegistryError(error, file);
  return new NucleusError(
    'REGISTRY_UNWRITABLE',
    `${file} cannot be written (${code}); check the disk's room, and owner and mode of the file and its folder`,
    { file },
    { cause: error },
  );
}
