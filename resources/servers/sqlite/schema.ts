import type Database from 'better-sqlite3';
import type { Stored } from './values.ts';

/** Rows are counted up to here; a table with more answers null. */
const maxCountedRows = 10_000;
/** Counting stops for the rest of the tables once it took this long. */
const maxCountingMs = 500;
/** Tables answered at most. */
const maxTables = 2_000;

type Row = Readonly<Record<string, Stored>>;

/** Every table and view but SQLite's own. */
export function listTables(database: Database.Database): unknown {
  const found = database
    .prepare<[], Row>(
      `SELECT name, type FROM pragma_table_list
       WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       ORDER BY name LIMIT ${maxTables + 1}`,
    )
    .all();
  const end = Date.now() + maxCountingMs;
  const tables = found.slice(0, maxTables).map((row) => ({
    name: String(row['name']),
    type: String(row['type']),
    columns: countColumns(database, String(row['name'])),
    // A view or a virtual table may do any amount of work to be counted.
    rows: row['type'] === 'table' && Date.now() < end ? countRows(database, String(row['name'])) : null,
  }));
  return { tables, truncated: found.length > maxTables };
}

/** Columns, keys, indexes and the SQL of one table or view, or null when there is none of that name. */
export function describeTable(database: Database.Database, table: string): unknown {
  const all = (sql: string, ...values: readonly string[]): readonly Row[] =>
    database.prepare<unknown[], Row>(sql).all(...values);
  const [entry] = all(
    `SELECT name, type, sql FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE`,
    table,
  );
  if (!entry) return null;
  const name = String(entry['name']);
  const columns = all('SELECT * FROM pragma_table_xinfo(?)', name);
  const indexes = all('SELECT * FROM pragma_index_list(?)', name);
  const keys = all('SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq', name);
  return {
    name,
    type: String(entry['type']),
    columns: columns.map((column) => ({
      name: String(column['name']),
      type: String(column['type']),
      notNull: column['notnull'] === 1n,
      default: text(column['dflt_value']),
      /** Place in the primary key from 1, 0 when not part of it. */
      primaryKey: Number(column['pk']),
      generated: Number(column['hidden']) >= 2,
    })),
    indexes: indexes.map((index) => ({
      name: String(index['name']),
      unique: index['unique'] === 1n,
      // An index on an expression has no column name there.
      columns: all('SELECT name FROM pragma_index_info(?) ORDER BY seqno', String(index['name'])).map(
        (column) => text(column['name']) ?? '(expression)',
      ),
    })),
    foreignKeys: [...Map.groupBy(keys, (key) => key['id'])].map(([, parts]) => ({
      columns: parts.map((part) => String(part['from'])),
      table: String(parts[0]?.['table']),
      // Without columns the other table's primary key is meant.
      references: parts.flatMap((part) => text(part['to']) ?? []),
      onDelete: String(parts[0]?.['on_delete']),
      onUpdate: String(parts[0]?.['on_update']),
    })),
    sql: text(entry['sql']),
  };
}

/** null for a view that cannot be resolved: it must not keep the other tables from being listed. */
function countColumns(database: Database.Database, table: string): number | null {
  try {
    const row = database
      .prepare<[string], Row>('SELECT count(*) AS count FROM pragma_table_xinfo(?)')
      .get(table);
    return Number(row?.['count']);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'SQLITE_ERROR') return null;
    throw error;
  }
}

function countRows(database: Database.Database, table: string): number | null {
  const quoted = `"${table.replaceAll('"', '""')}"`;
  const row = database
    .prepare<[], Row>(`SELECT count(*) AS count FROM (SELECT 1 FROM ${quoted} LIMIT ${maxCountedRows + 1})`)
    .get();
  const count = Number(row?.['count']);
  return count > maxCountedRows ? null : count;
}

function text(value: Stored | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
