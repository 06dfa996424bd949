import { statSync } from 'node:fs';
import { basename } from 'node:path';
import Database from 'better-sqlite3';
import type { Question, Settings, Value } from './protocol.ts';
import { describeTable, listTables } from './schema.ts';
import { isExplanation, refuse } from './sql.ts';
import { type Stored, toBindings, toJson } from './values.ts';

/** JSON of one answer; twice that (text and structured) stays below the 10 MiB at which the official SDK gives up. */
const maxAnswerBytes = 2 * 1024 * 1024;
/** How long a statement waits for another program's lock. */
const maxBusyMs = 5_000;

/** A failure that is already a sentence for the model. */
export class Refusal extends Error {}

/** One database file. Opened when first asked, opened anew when another file has taken its place. */
export interface OpenDatabase {
  /** The answer as JSON text; throws a Refusal with a sentence. */
  answer(question: Question): string;
  close(): void;
}

/** Everything is synchronous: run it where it may block. */
export function createDatabase(settings: Settings): OpenDatabase {
  const name = basename(settings.file);
  let current: { readonly database: Database.Database; readonly identity: string } | null = null;

  const open = (): Database.Database => {
    const identity = identityOf(settings.file, name);
    if (current?.identity === identity) return current.database;
    current?.database.close();
    current = null;
    const database = new Database(settings.file, {
      readonly: settings.readOnly,
      fileMustExist: true,
      timeout: Math.min(maxBusyMs, settings.timeoutMs),
    });
    database.defaultSafeIntegers(true);
    if (settings.readOnly) database.pragma('query_only = ON');
    current = { database, identity };
    return database;
  };

  return {
    answer(question) {
      try {
        if (question.kind === 'query') {
          const refusal = refuse(question.sql, settings);
          if (refusal !== null) throw new Refusal(refusal);
          return JSON.stringify(query(open(), question, settings));
        }
        if (question.kind === 'list') return JSON.stringify(listTables(open()));
        const described = describeTable(open(), question.table);
        if (described) return JSON.stringify(described);
        throw new Refusal(
          `There is no table or view "${question.table}" in ${name}; list_tables answers what there is.`,
        );
      } catch (error) {
        throw sentence(error, name, settings);
      }
    },
    close() {
      current?.database.close();
      current = null;
    },
  };
}

function query(
  database: Database.Database,
  { sql, parameters, limit }: Extract<Question, { kind: 'query' }>,
  { readOnly }: Settings,
): unknown {
  const statement = database.prepare<unknown[], Stored[]>(sql);
  // The words looked harmless; what SQLite compiled them to has the last word.
  const isWriting = !statement.readonly && !isExplanation(sql);
  if (readOnly && (isWriting || !statement.reader))
    throw new Refusal(
      'This statement would write: this profile is read-only, and only statements that return rows are run. ' +
        'To allow writing, a person sets the profile to read and write.',
    );
  const bindings = toBindings(parameters);
  const bound = Array.isArray(bindings) ? bindings : [bindings];
  const isBound = Array.isArray(bindings) ? bindings.length > 0 : Object.keys(bindings).length > 0;
  if (isBound) statement.bind(...bound);
  if (!statement.reader) {
    const { changes, lastInsertRowid } = statement.run();
    return { changes, lastInsertRowid: toJson(lastInsertRowid) };
  }
  const columns = uniqueNames(statement.columns().map((column) => column.name));
  const rows: unknown[] = [];
  let bytes = 0;
  let isTruncated = false;
  for (const row of statement.raw(true).iterate()) {
    if (!isTruncated) {
      const cells = isHuge(row)
        ? null
        : Object.fromEntries(columns.map((column, index) => [column, toJson(row[index] ?? null)]));
      bytes += cells === null ? Infinity : Buffer.byteLength(JSON.stringify(cells));
      if (bytes > maxAnswerBytes && rows.length === 0)
        throw new Refusal(
          `The first row alone is larger than ${maxAnswerBytes / 1024 / 1024} MiB; select fewer columns, or parts with substr().`,
        );
      isTruncated = rows.length === limit || bytes > maxAnswerBytes;
      if (!isTruncated) rows.push(cells);
    }
    // A writing statement with RETURNING is read to its end, so that it is carried out whole.
    if (isTruncated && !isWriting) break;
  }
  const answer = { columns, rows, rowCount: rows.length, truncated: isTruncated };
  return isWriting ? { ...answer, ...changesOf(database) } : answer;
}

function changesOf(database: Database.Database): Readonly<Record<string, Value>> {
  const row = database.prepare<[], Stored[]>('SELECT changes(), last_insert_rowid()').raw(true).get();
  return { changes: toJson(row?.[0] ?? null), lastInsertRowid: toJson(row?.[1] ?? null) };
}

/** Known before it is turned into text: a BLOB can be larger than any string. */
function isHuge(row: readonly Stored[]): boolean {
  return row.some(
    (cell) => (typeof cell === 'string' || cell instanceof Uint8Array) && cell.length > maxAnswerBytes,
  );
}

/** Two columns of one name would be one key: the later ones get a number. */
function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let count = 2; taken.has(unique); count++) unique = `${name}_${count}`;
    taken.add(unique);
    return unique;
  });
}

function identityOf(file: string, name: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (!stat)
    throw new Refusal(`${name} does not exist any more; put the file back or change the profile's path.`);
  // SQLite would open a FIFO and wait.
  if (!stat.isFile()) throw new Refusal(`${name} is not a regular file; change the profile's path.`);
  return `${stat.dev} ${stat.ino}`;
}

const sentences: Readonly<Record<string, (name: string) => string>> = {
  SQLITE_BUSY: (name) => `${name} is locked by another program; try again in a moment.`,
  SQLITE_CANTOPEN: (name) => `${name} cannot be opened; check that the file and its folder may be read.`,
  SQLITE_CORRUPT: (name) =>
    `${name} is damaged; restore it from a backup or run sqlite3's .recover on a copy.`,
  SQLITE_FULL: (name) => `the disk of ${name} is full; make room.`,
  SQLITE_IOERR: (name) => `${name} cannot be read or written; check the disk and the file's permissions.`,
  SQLITE_LOCKED: (name) => `${name} is locked by another statement; try again in a moment.`,
  SQLITE_NOTADB: (name) => `${name} is not an SQLite database, or is encrypted; check the profile's path.`,
  SQLITE_READONLY: (name) =>
    `${name} may not be written here; check the file's and its folder's permissions.`,
};

function sentence(error: unknown, name: string, { readOnly }: Settings): Refusal {
  if (error instanceof Refusal) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (readOnly && code.startsWith('SQLITE_READONLY'))
    return new Refusal(`${name} is opened read-only, and this statement would have written to it.`);
  const known = sentences[/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? ''];
  if (known) return new Refusal(known(name));
  if (/more than one statement/.test(message))
    return new Refusal('There is more than one statement in "sql"; send one statement per call.');
  if (/contains no statements/.test(message))
    return new Refusal('There is no statement in "sql"; write one, such as SELECT 1.');
  return new Refusal(
    `${name}: ${message}. Correct the statement; list_tables and describe_table answer the schema.`,
  );
}
