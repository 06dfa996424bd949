import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Kind } from './kind.ts';

/** Another number here makes every index anew. */
const schemaVersion = 1;
/** A row's number is that of its file, times this, and its place there: newer rows have greater numbers. */
const placesPerFile = 2 ** 36;
/** Deleted at once, so that nobody waits long for it. */
const deletedAtOnce = 2_000;

const schema = `
  CREATE TABLE files (
    id INTEGER PRIMARY KEY, node TEXT NOT NULL, head TEXT NOT NULL, until INTEGER NOT NULL, tail BLOB NOT NULL,
    earliest INTEGER, latest INTEGER, first_seq INTEGER, last_seq INTEGER
  );
  CREATE TABLE kinds (id INTEGER PRIMARY KEY, file INTEGER NOT NULL, words TEXT NOT NULL);
  CREATE TABLE rows (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL, duration INTEGER NOT NULL,
    length INTEGER NOT NULL, seq INTEGER
  );
  PRAGMA user_version = ${schemaVersion};
`;

/** A file of the log as far as it is in the index. */
export interface IndexedFile {
  readonly id: number;
  readonly node: string;
  /** Of its first line: what is another file, by whatever name or inode, begins otherwise. */
  readonly head: string;
  /** Bytes that were read. */
  readonly until: number;
  /** The last of them. */
  readonly tail: Buffer;
  /** Unix milliseconds, and numbers in the chain; null while it has none. */
  readonly earliest: number | null;
  readonly latest: number | null;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
}

/** One record of the log, as it is found. */
export interface IndexedRow {
  /** Where its line begins. */
  readonly start: number;
  readonly length: number;
  readonly at: number;
  readonly kind: number;
  readonly duration: number;
  readonly seq: number | null;
}

/** Which rows of a file: those from one place to before another. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
  /** Ids of kinds; null for all. */
  readonly kinds: readonly number[] | null;
  /** Unix milliseconds, both ends included. */
  readonly since: number;
  readonly until: number;
}

export interface IndexStore {
  /** Oldest first. */
  readonly files: readonly IndexedFile[];
  readonly isClosed: boolean;
  kinds(file: IndexedFile): ReadonlyMap<number, Kind>;
  addFile(node: string, head: string): IndexedFile;
  /** Adds what was read of a file, all of it or nothing; `kindOf` numbers kinds. */
  add(
    file: IndexedFile,
    read: { readonly until: number; readonly tail: Buffer },
    rows: readonly (Omit<IndexedRow, 'kind'> & { readonly kind: Kind })[],
  ): IndexedFile;
  /** Takes a file out at once, and deletes a part of its rows; answers whether there are more. */
  drop(file: IndexedFile): boolean;
  /** Newest first. */
  find(file: IndexedFile, range: RowRange, limit: number): readonly IndexedRow[];
  /** Time, kind and duration of each. */
  facts(file: IndexedFile, range: RowRange): readonly (readonly [number, number, number])[];
  bySeq(seq: number): { readonly file: IndexedFile; readonly row: IndexedRow } | null;
  byPlace(file: IndexedFile, start: number): IndexedRow | null;
  close(): void;
}

/** Opens the index in a file, or in memory, with what is in it. Throws SQLite's errors, and where it is of another schema. */
export function openIndexStore(path: string): IndexStore {
  if (path !== ':memory:') createPrivately(path);
  const db = new Database(path);
  try {
    return readStore(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Removes the file of an index and what SQLite keeps beside it. */
export function removeIndex(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

function readStore(db: Database.Database): IndexStore {
  db.pragma('locking_mode = EXCLUSIVE');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  const version = db.pragma('user_version', { simple: true });
  if (version === 0) db.transaction(() => db.exec(schema)).immediate();
  else if (version !== schemaVersion)
    throw new NucleusError('INTERNAL', `an index of schema ${String(version)}, not ${schemaVersion}`);

  const filesInOrder = db.prepare<[], IndexedFile>(
    `SELECT id, node, head, until, tail, earliest, latest, first_seq AS firstSeq, last_seq AS lastSeq
     FROM files ORDER BY id`,
  );
  const kindsInOrder = db.prepare<[], { id: number; file: number; words: string }>(
    'SELECT id, file, words FROM kinds',
  );
  const insertFile = db.prepare<[number, string, string, Buffer]>(
    'INSERT INTO files (id, node, head, until, tail) VALUES (?, ?, ?, 0, ?)',
  );
  const updateFile = db.prepare<
    [number, Buffer, number | null, number | null, number | null, number | null, number]
  >(
    'UPDATE files SET until = ?, tail = ?, earliest = ?, latest = ?, first_seq = ?, last_seq = ? WHERE id = ?',
  );
  const insertKind = db.prepare<[number, string]>('INSERT INTO kinds (file, words) VALUES (?, ?)');
  const insertRow = db.prepare<[number, number, number, number, number, number | null]>(
    'INSERT INTO rows (id, at, kind, duration, length, seq) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const deleteRows = db.prepare<[number, number]>(
    `DELETE FROM rows WHERE id IN (SELECT id FROM rows WHERE id >= ? AND id < ? LIMIT ${deletedAtOnce})`,
  );
  const deleteKinds = db.prepare<[number]>('DELETE FROM kinds WHERE file = ?');
  const deleteFile = db.prepare<[number]>('DELETE FROM files WHERE id = ?');
  const inRange = 'id >= ? AND id < ? AND at >= ? AND at <= ?';
  const inKinds = 'AND kind IN (SELECT value FROM json_each(?))';
  const columns = 'id, at, kind, duration, length, seq';
  const findAll = db.prepare<unknown[], StoredRow>(
    `SELECT ${columns} FROM rows WHERE ${inRange} ORDER BY id DESC LIMIT ?`,
  );
  const findSome = db.prepare<unknown[], StoredRow>(
    `SELECT ${columns} FROM rows WHERE ${inRange} ${inKinds} ORDER BY id DESC LIMIT ?`,
  );
  const factsOfAll = db
    .prepare<unknown[], [number, number, number]>(`SELECT at, kind, duration FROM rows WHERE ${inRange}`)
    .raw();
  const factsOfSome = db
    .prepare<unknown[], [number, number, number]>(
      `SELECT at, kind, duration FROM rows WHERE ${inRange} ${inKinds}`,
    )
    .raw();
  const rowBySeq = db.prepare<[number, number, number], StoredRow>(
    `SELECT ${columns} FROM rows WHERE id >= ? AND id < ? AND seq = ?`,
  );
  const rowById = db.prepare<[number], StoredRow>(`SELECT ${columns} FROM rows WHERE id = ?`);

  let files = filesInOrder.all();
  /** By file: kinds by id, and ids by the words of the kind. */
  const kinds = new Map<number, { byId: Map<number, Kind>; byWords: Map<string, number> }>();
  for (const { id, file, words } of kindsInOrder.all()) {
    const known = kindsOf(file);
    known.byId.set(id, JSON.parse(words) as Kind);
    known.byWords.set(words, id);
  }

  function kindsOf(file: number): { byId: Map<number, Kind>; byWords: Map<string, number> } {
    let known = kinds.get(file);
    if (!known) kinds.set(file, (known = { byId: new Map(), byWords: new Map() }));
    return known;
  }

  const boundsOf = (file: IndexedFile, { from, to, since, until }: RowRange): number[] => [
    file.id * placesPerFile + from,
    file.id * placesPerFile + Math.min(to, placesPerFile),
    since,
    until,
  ];
  const toRow = ({ id, ...rest }: StoredRow): IndexedRow => ({ ...rest, start: id % placesPerFile });

  const addRows = db.transaction(
    (
      file: IndexedFile,
      read: { until: number; tail: Buffer },
      rows: readonly (Omit<IndexedRow, 'kind'> & { kind: Kind })[],
      fresh: Map<string, number>,
    ): IndexedFile => {
      const { byWords } = kindsOf(file.id);
      let { earliest, latest, firstSeq, lastSeq } = file;
      for (const { start, at, kind, duration, length, seq } of rows) {
        const words = JSON.stringify(kind);
        let id = byWords.get(words) ?? fresh.get(words);
        if (id === undefined) fresh.set(words, (id = Number(insertKind.run(file.id, words).lastInsertRowid)));
        insertRow.run(file.id * placesPerFile + start, at, id, duration, length, seq);
        earliest = Math.min(earliest ?? at, at);
        latest = Math.max(latest ?? at, at);
        if (seq !== null)
          [firstSeq, lastSeq] = [Math.min(firstSeq ?? seq, seq), Math.max(lastSeq ?? seq, seq)];
      }
      updateFile.run(read.until, read.tail, earliest, latest, firstSeq, lastSeq, file.id);
      return { ...file, ...read, earliest, latest, firstSeq, lastSeq };
    },
  );

  return {
    get files() {
      return files;
    },
    get isClosed() {
      return !db.open;
    },
    kinds: (file) => kindsOf(file.id).byId,
    addFile(node, head) {
      const id = (files.at(-1)?.id ?? 0) + 1;
      const tail = Buffer.alloc(0);
      insertFile.run(id, node, head, tail);
      const nothing = { until: 0, earliest: null, latest: null, firstSeq: null, lastSeq: null };
      const file = { id, node, head, tail, ...nothing };
      files = [...files, file];
      return file;
    },
    add(file, read, rows) {
      // Known only once they are kept: a transaction that fails must not leave numbers behind.
      const fresh = new Map<string, number>();
      const added = addRows.immediate(file, read, rows, fresh);
      const known = kindsOf(file.id);
      for (const [words, id] of fresh) {
        known.byWords.set(words, id);
        known.byId.set(id, JSON.parse(words) as Kind);
      }
      files = files.map((other) => (other.id === file.id ? added : other));
      return added;
    },
    drop(file) {
      files = files.filter(({ id }) => id !== file.id);
      const range = [file.id * placesPerFile, (file.id + 1) * placesPerFile] as const;
      if (deleteRows.run(...range).changes === deletedAtOnce) return true;
      deleteKinds.run(file.id);
      deleteFile.run(file.id);
      kinds.delete(file.id);
      return false;
    },
    find(file, range, limit) {
      const bounds = boundsOf(file, range);
      const rows = range.kinds
        ? findSome.all(...bounds, JSON.stringify(range.kinds), limit)
        : findAll.all(...bounds, limit);
      return rows.map(toRow);
    },
    facts(file, range) {
      const bounds = boundsOf(file, range);
      return range.kinds
        ? factsOfSome.all(...bounds, JSON.stringify(range.kinds))
        : factsOfAll.all(...bounds);
    },
    bySeq(seq) {
      for (const file of files) {
        if (file.firstSeq === null || seq < file.firstSeq || seq > (file.lastSeq ?? 0)) continue;
        const row = rowBySeq.get(file.id * placesPerFile, (file.id + 1) * placesPerFile, seq);
        if (row) return { file, row: toRow(row) };
      }
      return null;
    },
    byPlace(file, start) {
      const row = rowById.get(file.id * placesPerFile + start);
      return row ? toRow(row) : null;
    },
    close: () => void db.close(),
  };
}

interface StoredRow extends Omit<IndexedRow, 'start'> {
  readonly id: number;
}

function createPrivately(path: string): void {
  // Opening a FIFO would wait for a reader.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw new NucleusError('STATE_UNUSABLE', `${path} is not a regular file; move it away`, { path });
  closeSync(openSync(path, 'a', 0o600));
}
