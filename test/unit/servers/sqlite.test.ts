import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import Database from 'better-sqlite3';
import { commandsWith, gone } from '../../helpers/processes.ts';

const server = fileURLToPath(new URL('../../../resources/servers/sqlite/server.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nucleus-sqlite-'));
const endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c';

const schema = `
  CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'anon', photo BLOB);
  CREATE TABLE book (
    isbn TEXT PRIMARY KEY, title TEXT, author INTEGER REFERENCES author (id) ON DELETE CASCADE,
    loud TEXT GENERATED ALWAYS AS (upper(title)) VIRTUAL
  );
  CREATE UNIQUE INDEX book_title ON book (title, author);
  CREATE VIEW titles AS SELECT title FROM book;
  CREATE VIEW broken AS SELECT * FROM gone;
  CREATE VIEW loader AS SELECT load_extension('/tmp/x.so') AS x;
  CREATE TABLE "odd ""name""" (a);
  INSERT INTO author VALUES (1, 'Ada', x'00ff'), (9007199254740993, 'Big', NULL);
  INSERT INTO book (isbn, title, author) VALUES ('1', 'One', 1), ('2', 'Two', 1);
`;

/** One client of a read-only server, for the tests that change nothing. */
let shared: Client;
const sharedFile = makeDatabase('shop.db');

before(async () => {
  shared = await connect(sharedFile);
});
after(async () => {
  await shared.close();
  rmSync(folder, { recursive: true });
});

function makeDatabase(name: string): string {
  const file = join(folder, name);
  const database = new Database(file);
  database.exec(schema);
  database.close();
  return file;
}

async function connect(file: string, ...flags: readonly string[]): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [server, '--file', file, ...flags],
      stderr: 'ignore',
    }),
  );
  // The SDK checks structured content against the output schemas it has seen.
  await client.listTools();
  return client;
}

async function open(context: TestContext, file: string, ...flags: readonly string[]): Promise<Client> {
  const client = await connect(file, ...flags);
  context.after(() => client.close());
  return client;
}

type Answer = Readonly<Record<string, unknown>>;

async function call(client: Client, name: string, input: Answer): Promise<CallToolResult> {
  return (await client.callTool({ name, arguments: { ...input } })) as CallToolResult;
}

async function answer(client: Client, name: string, input: Answer = {}): Promise<Answer> {
  const result = await call(client, name, input);
  const [content] = result.content;
  assert.ok(content?.type === 'text');
  assert.notEqual(result.isError, true, content.text);
  assert.deepEqual(JSON.parse(content.text), result.structuredContent, 'text and structure say the same');
  return result.structuredContent ?? {};
}

async function query(client: Client, sql: string, more: Answer = {}): Promise<Answer> {
  return answer(client, 'query', { sql, ...more });
}

async function refusal(client: Client, sql: string, more: Answer = {}): Promise<string> {
  const result = await call(client, 'query', { sql, ...more });
  const [content] = result.content;
  assert.ok(result.isError && content?.type === 'text', `not refused: ${JSON.stringify(result)}`);
  return content.text;
}

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

test('tables and views are listed with their columns and, where quick, rows', async () => {
  assert.deepEqual(await answer(shared, 'list_tables'), {
    tables: [
      { name: 'author', type: 'table', columns: 3, rows: 2 },
      { name: 'book', type: 'table', columns: 4, rows: 2 },
      { name: 'broken', type: 'view', columns: null, rows: null },
      { name: 'loader', type: 'view', columns: null, rows: null },
      { name: 'odd "name"', type: 'table', columns: 1, rows: 0 },
      { name: 'titles', type: 'view', columns: 1, rows: null },
    ],
    truncated: false,
  });
});

test('a table too large to be counted quickly has no number of rows', async (context) => {
  const file = join(folder, 'large.db');
  const database = new Database(file);
  database.exec(`CREATE TABLE large AS
    WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 10001) SELECT x FROM c`);
  database.close();
  const { tables } = await answer(await open(context, file), 'list_tables');
  assert.deepEqual(tables, [{ name: 'large', type: 'table', columns: 1, rows: null }]);
});

test('a table is described with columns, indexes, foreign keys and its SQL', async () => {
  const described = await answer(shared, 'describe_table', { table: 'BOOK' });
  assert.equal(described['name'], 'book');
  assert.deepEqual((described['columns'] as Answer[])[3], {
    name: 'loud',
    type: 'TEXT',
    notNull: false,
    default: null,
    primaryKey: 0,
    generated: true,
  });
  assert.deepEqual((described['indexes'] as Answer[])[0], {
    name: 'book_title',
    unique: true,
    columns: ['title', 'author'],
  });
  assert.deepEqual(described['foreignKeys'], [
    { columns: ['author'], table: 'author', references: ['id'], onDelete: 'CASCADE', onUpdate: 'NO ACTION' },
  ]);
  assert.match(String(described['sql']), /^CREATE TABLE book/);
});

test('a table with a quoted name is described, an unknown one is said to be missing', async () => {
  assert.equal((await answer(shared, 'describe_table', { table: 'odd "name"' }))['name'], 'odd "name"');
  const result = await call(shared, 'describe_table', { table: `x'); DROP TABLE book; --` });
  assert.equal(result.isError, true);
  assert.match(JSON.stringify(result.content), /in shop\.db; list_tables answers/);
});

test('rows are objects, bytes base64 and integers beyond 2^53 text', async () => {
  assert.deepEqual(
    await query(shared, 'SELECT id, name, photo, 1.5 AS half, 9e999 AS most FROM author ORDER BY id'),
    {
      columns: ['id', 'name', 'photo', 'half', 'most'],
      rows: [
        { id: 1, name: 'Ada', photo: { $base64: 'AP8=' }, half: 1.5, most: 'Infinity' },
        { id: '9007199254740993', name: 'Big', photo: null, half: 1.5, most: 'Infinity' },
      ],
      rowCount: 2,
      truncated: false,
    },
  );
});

test('two columns of one name are kept apart', async () => {
  const { rows } = await query(shared, 'SELECT 1 AS a, 2 AS a, 3 AS a');
  assert.deepEqual(rows, [{ a: 1, a_2: 2, a_3: 3 }]);
});

test('parameters may be a list or named, of every kind', async () => {
  assert.deepEqual(
    (
      await query(shared, 'SELECT ? AS a, ? AS b, typeof(?) AS c, 7 / ? AS d', {
        parameters: ['x', true, 1.5, 2],
      })
    )['rows'],
    [{ a: 'x', b: 1, c: 'real', d: 3 }],
  );
  assert.deepEqual(
    (
      await query(shared, 'SELECT :a AS a, @b AS b, $c AS c', {
        parameters: { ':a': null, b: 'y', $c: { $base64: 'AP8=' } },
      })
    )['rows'],
    [{ a: null, b: 'y', c: { $base64: 'AP8=' } }],
  );
});

test('a value passed as parameter is never read as SQL', async () => {
  const { rows } = await query(shared, 'SELECT title FROM book WHERE title = ?', {
    parameters: [`' OR 1=1 --`],
  });
  assert.deepEqual(rows, []);
});

test('missing parameters are an error that says so', async () => {
  assert.match(await refusal(shared, 'SELECT ?'), /^shop\.db: Too few parameter values/);
});

test('200 rows are answered unless asked otherwise, and never more than 1000', async () => {
  const many = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 5000) SELECT x FROM c';
  const short = await query(shared, many);
  assert.deepEqual([short['rowCount'], short['truncated']], [200, true]);
  assert.equal((await query(shared, many, { limit: 1_000 }))['rowCount'], 1_000);
  assert.deepEqual((await query(shared, 'SELECT 1 UNION SELECT 2', { limit: 2 }))['truncated'], false);
  assert.match(await refusal(shared, many, { limit: 1_001 }), /limit/);
});

test('an answer is cut at 2 MiB, and a single row beyond that is refused', async () => {
  const wide =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 9) SELECT printf('%.500000c', 'x') FROM c";
  const cutShort = await query(shared, wide);
  assert.deepEqual([cutShort['rowCount'], cutShort['truncated']], [4, true]);
  assert.match(await refusal(shared, 'SELECT zeroblob(100000000)'), /larger than 2 MiB/);
});

test('EXPLAIN tells the plan of a writing statement without carrying it out', async () => {
  assert.ok(
    Number((await query(shared, 'EXPLAIN QUERY PLAN DELETE FROM book WHERE isbn = 1'))['rowCount']) > 0,
  );
  assert.equal((await query(shared, 'SELECT count(*) AS n FROM book'))['rowCount'], 1);
});

test('comments, blanks and a final semicolon around a statement are fine', async () => {
  for (const sql of ['/* a */ SELECT 1 -- b', '\uFEFF\n\tselect 1;', '-- c\nVALUES (1)', ';SELECT 1'])
    assert.equal((await query(shared, sql))['rowCount'], 1, sql);
});

test('the tools say truthfully whether they write', async (context) => {
  const writing = await open(context, makeDatabase('hints.db'), '--read-only=false');
  const hints = async (client: Client): Promise<unknown> =>
    Object.fromEntries(
      (await client.listTools()).tools.map(({ name, annotations }) => [
        name,
        [annotations?.readOnlyHint, annotations?.destructiveHint, annotations?.openWorldHint],
      ]),
    );
  const reading = [true, undefined, false];
  assert.deepEqual(await hints(shared), { list_tables: reading, describe_table: reading, query: reading });
  assert.deepEqual(await hints(writing), {
    list_tables: reading,
    describe_table: reading,
    query: [false, true, false],
  });
});

const attacks: readonly string[] = [
  'DELETE FROM book',
  'delete from book returning *',
  "INSERT INTO author (name) VALUES ('x')",
  "REPLACE INTO author (id, name) VALUES (1, 'x')",
  "UPDATE author SET name = 'x' RETURNING name",
  'DROP TABLE book',
  'CREATE TABLE x (y)',
  'CREATE TEMP TABLE x (y)',
  'CREATE TRIGGER t AFTER INSERT ON book BEGIN DELETE FROM author; END',
  'ALTER TABLE book RENAME TO b',
  'CREATE INDEX i ON book (title)',
  'REINDEX',
  'ANALYZE',
  'VACUUM',
  `VACUUM INTO '${join(folder, 'stolen.db')}'`,
  `VACUUM main INTO '${join(folder, 'stolen.db')}'`,
  `ATTACH '${join(folder, 'other.db')}' AS other`,
  `aTtAcH DATABASE '${join(folder, 'other.db')}' AS other`,
  `/* x */ ATTACH '${join(folder, 'other.db')}' AS other`,
  `;ATTACH '${join(folder, 'other.db')}' AS other`,
  'DETACH main',
  'PRAGMA query_only = OFF',
  'pragma journal_mode = WAL',
  '-- hello\nPRAGMA user_version = 7',
  ';;PRAGMA user_version = 7',
  'EXPLAIN PRAGMA user_version = 7',
  'EXPLAIN QUERY PLAN PRAGMA journal_mode = WAL',
  'EXPLAIN /* */ PRAGMA writable_schema = ON',
  'PRAGMA writable_schema = ON',
  'BEGIN IMMEDIATE',
  'BEGIN EXCLUSIVE',
  'SAVEPOINT a',
  'COMMIT',
  'WITH x AS (SELECT 1) DELETE FROM book',
  'WITH x AS (SELECT 1) DELETE FROM book RETURNING *',
  "WITH x AS (SELECT 1) INSERT INTO author (name) SELECT 'x' FROM x RETURNING id",
  "WITH x AS (SELECT 1) UPDATE author SET name = 'x' RETURNING name",
  'SELECT 1; DELETE FROM book',
  'SELECT 1;/**/DROP TABLE book;--',
  'SELECT 1; PRAGMA query_only = OFF; SELECT 2',
  "SELECT ';'; DELETE FROM book",
  'SELECT 1 /* ; */ ; DELETE FROM book',
  'SELECT 1\0; DELETE FROM book',
  "SELECT load_extension('/tmp/x.so')",
  `SELECT "load_extension"('/tmp/x.so')`,
  "SELECT [LOAD_EXTENSION]('/tmp/x.so', 'init')",
  "SELECT `load_extension` ('/tmp/x.so')",
  'SELECT * FROM loader',
  "SELECT writefile('/tmp/x', 'y')",
  "SELECT readfile('/etc/passwd')",
  "SELECT fts3_tokenizer('simple', x'0000000000000000')",
  '\uFEFFDELETE FROM book',
  '\u00a0DELETE FROM book',
  '(DELETE FROM book)',
  '"DELETE" FROM book',
  "'SELECT' ; DELETE FROM book",
  'SELECTDELETE FROM book',
  '/* unclosed DELETE FROM book',
  '',
  ' ',
  '--',
  ';',
];

test('no attack on a read-only database gets through, and its file stays as it was to the byte', async (context) => {
  const file = makeDatabase('fort.db');
  const client = await open(context, file);
  const [before, others] = [hash(file), readdirSync(folder).length];
  for (const sql of attacks) {
    const sentence = await refusal(client, sql);
    assert.ok(sentence.length > 10, sql);
    assert.ok(!sentence.includes(folder), `a sentence names the file's base name only: ${sentence}`);
  }
  assert.equal(hash(file), before);
  assert.equal(readdirSync(folder).length, others, 'no other file came up');
  assert.equal((await query(client, 'SELECT * FROM book'))['rowCount'], 2);
});

test('a database in WAL mode is read without being changed', async (context) => {
  const file = makeDatabase('wal.db');
  const writer = new Database(file);
  writer.pragma('journal_mode = WAL');
  writer.exec("INSERT INTO author (name) VALUES ('late')");
  context.after(() => writer.close());
  const before = hash(file);
  const client = await open(context, file);
  assert.deepEqual((await query(client, 'SELECT count(*) AS n FROM author'))['rows'], [{ n: 3 }]);
  assert.match(await refusal(client, 'DELETE FROM author'), /read-only/);
  assert.equal(hash(file), before);
});

test('with writing allowed a statement answers what it changed', async (context) => {
  const client = await open(context, makeDatabase('write.db'), '--read-only=false');
  assert.deepEqual(await query(client, "INSERT INTO author (id, name) VALUES (7, 'x'), (8, 'y')"), {
    changes: 2,
    lastInsertRowid: 8,
  });
  assert.deepEqual(
    await query(client, 'DELETE FROM author WHERE id > ? RETURNING id', { parameters: [6], limit: 1 }),
    {
      columns: ['id'],
      rows: [{ id: 7 }],
      rowCount: 1,
      truncated: true,
      changes: 3,
      lastInsertRowid: 8,
    },
  );
  assert.deepEqual((await query(client, 'SELECT count(*) AS n FROM author'))['rows'], [{ n: 1 }]);
  await query(client, 'VACUUM');
});

const neverAllowed: readonly string[] = [
  `ATTACH '${join(folder, 'other.db')}' AS other`,
  `;ATTACH '${join(folder, 'other.db')}' AS other`,
  'DETACH main',
  `VACUUM INTO '${join(folder, 'stolen.db')}'`,
  `/**/vacuum"main"INTO'${join(folder, 'stolen.db')}'`,
  "SELECT load_extension('/tmp/x.so')",
  "CREATE TABLE t AS SELECT load_extension('/tmp/x.so')",
  'PRAGMA journal_mode = WAL',
  ';PRAGMA writable_schema = ON',
  'EXPLAIN PRAGMA user_version = 7',
  'DELETE FROM book; DELETE FROM author',
  'BEGIN',
  'ROLLBACK',
];

test('with writing allowed one file stays the limit, and no statement outlives its call', async (context) => {
  const file = makeDatabase('limits.db');
  const client = await open(context, file, '--read-only=false');
  const [before, others] = [hash(file), readdirSync(folder).length];
  for (const sql of neverAllowed) await refusal(client, sql);
  assert.equal(hash(file), before);
  assert.equal(readdirSync(folder).length, others);
});

test('an endless statement is stopped at the limit and the server goes on', async (context) => {
  const client = await open(context, sharedFile, '--timeout-ms=300');
  assert.match(
    await refusal(client, endless),
    /^The statement on shop\.db ran longer than 0\.3 seconds and was stopped/,
  );
  assert.equal((await query(client, 'SELECT 1'))['rowCount'], 1);
});

test('statements that wait behind an endless one get their turn', async (context) => {
  const client = await open(context, sharedFile, '--timeout-ms=300');
  const [stopped, waited] = await Promise.all([refusal(client, endless), query(client, 'SELECT 1')]);
  assert.match(stopped, /was stopped/);
  assert.equal(waited['rowCount'], 1);
});

test('a cancelled request stops its statement', async (context) => {
  const client = await open(context, sharedFile);
  await query(client, 'SELECT 1');
  const cancel = new AbortController();
  const lost = client.callTool({ name: 'query', arguments: { sql: endless } }, undefined, {
    signal: cancel.signal,
  });
  cancel.abort();
  await assert.rejects(lost);
  // Would wait 30 seconds behind a statement that still ran; the client gives up before.
  const next = await client.callTool({ name: 'query', arguments: { sql: 'SELECT 1' } }, undefined, {
    timeout: 10_000,
  });
  assert.notEqual(next.isError, true);
});

test('the server ends with its client even while a statement runs', async () => {
  const child = spawn(process.execPath, [server, '--file', sharedFile], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const say = (message: object): boolean =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const clientInfo = { name: 'test', version: '1' };
  say({
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
  });
  await once(child.stdout, 'data');
  say({ method: 'notifications/initialized' });
  say({ id: 2, method: 'tools/call', params: { name: 'query', arguments: { sql: 'SELECT 1' } } });
  await once(child.stdout, 'data');
  say({ id: 3, method: 'tools/call', params: { name: 'query', arguments: { sql: endless } } });
  say({ id: 4, method: 'ping' });
  await once(child.stdout, 'data');
  const group = commandsWith(sharedFile).filter((found) => found.group === child.pid);
  assert.equal(group.length, 2, 'the server and the process of its statement');
  child.stdin.end();
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  await gone(group.map(({ pid }) => pid));
});

test('a file that is missing, no database or swapped is told by its base name', async (context) => {
  const file = join(folder, 'late.db');
  const client = await open(context, file);
  assert.match(await refusal(client, 'SELECT 1'), /^late\.db does not exist/);
  writeFileSync(file, 'this is no database, whatever its name says'.repeat(100));
  assert.match(await refusal(client, 'SELECT * FROM sqlite_schema'), /^late\.db is not an SQLite database/);
  renameSync(makeDatabase('new.db'), file);
  assert.equal((await query(client, 'SELECT * FROM book'))['rowCount'], 2);
});

test('a lock held by another program is told as such', async (context) => {
  const file = makeDatabase('busy.db');
  const other = new Database(file);
  context.after(() => other.close());
  other.exec('BEGIN EXCLUSIVE');
  const client = await open(context, file, '--timeout-ms=200');
  assert.match(
    await refusal(client, 'SELECT * FROM book'),
    /^busy\.db is locked by another program|was stopped/,
  );
  other.exec('ROLLBACK');
  assert.equal((await query(client, 'SELECT * FROM book'))['rowCount'], 2);
});

test('a mistake in the SQL is told with the file and where to look', async () => {
  assert.equal(
    await refusal(shared, 'SELECT * FROM nowhere'),
    'shop.db: no such table: nowhere. Correct the statement; list_tables and describe_table answer the schema.',
  );
});

for (const [args, sentence] of [
  [[], '--file is missing'],
  [['--file', 'x', '--read-only=no'], '--read-only must be true or false'],
  [['--file', 'x', '--timeout-ms=0'], '--timeout-ms must be'],
  [['--file', 'x', '--write'], '--write'],
] as const)
  test(`the arguments ${JSON.stringify(args)} end the server with a sentence`, () => {
    const { status, stderr } = spawnSync(process.execPath, [server, ...args], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.ok(stderr.includes(sentence), stderr);
    assert.match(stderr, /usage: sqlite --file/);
  });
