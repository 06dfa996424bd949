// Nothing that changes a database may count as a read, and what models write all day must.
import assert from 'node:assert/strict';
import test from 'node:test';
import Database from 'better-sqlite3';
import { createSqlParser, type ParseSql } from '../../../src-main/gateway/policy/sql-parser.ts';
import { plainSql } from '../../../src-main/gateway/policy/sql-plain.ts';
import { judgeSql } from '../../../src-main/gateway/policy/sql.ts';
import type { Dialect } from '../../../src-main/gateway/policy/sql-tree.ts';
import { hostileEverywhere, hostileInPostgres, hostileElsewhere } from '../../fixtures/sql/hostile.ts';
import { readsElsewhere, readsEverywhere, readsInPostgres } from '../../fixtures/sql/honest.ts';

const parse: ParseSql = (await createSqlParser().acquire()) ?? assert.fail('the parser does not load');
const judge = (text: string, dialect: Dialect = 'postgres') => judgeSql(text, dialect, parse);

const judgedAs = (does: string, dialect: Dialect, texts: readonly string[]): string[] =>
  texts.filter((text) => (judge(text, dialect) === 'reads') !== (does === 'reads'));

test('no hostile statement is a read in PostgreSQL', () => {
  assert(hostileEverywhere.length + hostileInPostgres.length >= 50);
  assert.deepEqual(judgedAs('writes', 'postgres', [...hostileEverywhere, ...hostileInPostgres]), []);
});

test('no hostile statement is a read in another dialect', () => {
  assert(hostileEverywhere.length + hostileElsewhere.length >= 50);
  assert.deepEqual(judgedAs('writes', 'other', [...hostileEverywhere, ...hostileElsewhere]), []);
});

test('what is hostile stays so behind a harmless statement, in a CTE and in lower or upper case', () => {
  const all = [...hostileEverywhere, ...hostileInPostgres];
  for (const around of [
    (text: string) => `SELECT 1; ${text}`,
    (text: string) => `${text}\n; SELECT 1`,
    (text: string) => `WITH x AS (${text}\n) SELECT 1`,
    (text: string) => `EXPLAIN ANALYZE ${text}`,
    (text: string) => text.toUpperCase(),
    (text: string) => text.toLowerCase(),
  ])
    for (const dialect of ['postgres', 'other'] as const)
      assert.deepEqual(judgedAs('writes', dialect, all.map(around)), [], around('…'));
});

test('statements that models write to look at data are reads', () => {
  assert(readsEverywhere.length + readsInPostgres.length >= 40);
  assert.deepEqual(judgedAs('reads', 'postgres', [...readsEverywhere, ...readsInPostgres]), []);
  assert.deepEqual(judgedAs('reads', 'other', [...readsEverywhere, ...readsElsewhere]), []);
});

test('what counts as a read of SQLite changes nothing in a real one', () => {
  const database = new Database(':memory:');
  database.exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT, created_at TEXT, data TEXT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, total REAL, status TEXT, created_at TEXT);
    INSERT INTO users VALUES (1, 'a', 'a@example.com', '2026-01-01', '{"k":1}');
    INSERT INTO orders VALUES (1, 1, 10, 'paid', '2026-01-02');`);
  const before = database.serialize();
  let ran = 0;
  for (const text of [
    ...hostileEverywhere,
    ...hostileInPostgres,
    ...hostileElsewhere,
    ...readsEverywhere,
    ...readsInPostgres,
    ...readsElsewhere,
  ].filter((each) => judge(each, 'other') === 'reads')) {
    try {
      const statement = database.prepare(text);
      assert(statement.readonly, text);
      statement.all();
      ran += 1;
    } catch (error) {
      // It is another dialect's, or wants a table or a parameter.
      assert(!(error instanceof assert.AssertionError), text);
    }
  }
  assert(ran > 15, `${ran} statements ran`);
  assert(before.equals(database.serialize()));
  database.close();
});

test('what takes data away destroys, what adds or changes it writes', () => {
  for (const [text, does] of [
    ['DELETE FROM users WHERE id = 1', 'destroys'],
    ['TRUNCATE users', 'destroys'],
    ['DROP TABLE users', 'destroys'],
    ['DROP DATABASE shop', 'destroys'],
    ['DROP ROLE app', 'destroys'],
    ['ALTER TABLE users DROP COLUMN email', 'destroys'],
    ['SELECT 1; DELETE FROM users', 'destroys'],
    ['WITH gone AS (DELETE FROM users RETURNING *) SELECT * FROM gone', 'destroys'],
    ['MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE', 'destroys'],
    ['EXPLAIN ANALYZE DELETE FROM users', 'destroys'],
    ['PREPARE p AS DELETE FROM users', 'destroys'],
    ["DO $$ BEGIN EXECUTE 'DEL' || 'ETE FROM users'; END $$", 'destroys'],
    ["COPY users TO PROGRAM 'sh'", 'destroys'],
    ['DELETE users WHERE is not sql', 'destroys'],
    ['DELETE FROM `users` -- all of them', 'destroys'],
    ['INSERT INTO users VALUES (1)', 'writes'],
    ["INSERT INTO notes VALUES ('delete me')", 'writes'],
    ["UPDATE users SET name = 'drop'", 'writes'],
    ['CREATE TABLE t (id int)', 'writes'],
    ['ALTER TABLE users ADD COLUMN age int', 'writes'],
    ['GRANT SELECT ON users TO app', 'writes'],
    ['SELECT nextval($$s$$)', 'writes'],
    ['this is not sql', 'writes'],
    ['', 'writes'],
    ['-- nothing', 'writes'],
  ] as const)
    assert.equal(judge(text), does, text);
});

test('a read with one function nobody knows is a write, also where the call does not look like one', () => {
  for (const text of [
    'SELECT purge_user(42)',
    'SELECT lower(name) FROM users WHERE purge(id)',
    'SELECT shop.lower(name) FROM users',
    'SELECT * FROM purge_user(42)',
    'SELECT 1 ORDER BY purge(1)',
    'SELECT x.purge_user FROM unnest(array[42]) x',
    'SELECT unnest.purge_user FROM unnest(array[42])',
    'SELECT purge_user.purge_user FROM unnest(array[42]) AS purge_user(x)',
    'SELECT (42).purge_user',
    'SELECT (id).purge_user FROM users',
    'SELECT 1 OPERATOR(shop.+) 2',
    'SELECT 1 ORDER BY 1 USING OPERATOR(shop.<)',
    'SELECT 1 WHERE 1 OPERATOR(shop.=) ANY (SELECT 1)',
    'SELECT * FROM users TABLESAMPLE purge(1)',
  ])
    assert.equal(judge(text), 'writes', text);
  for (const text of [
    'SELECT x.x FROM unnest(array[42]) x',
    'SELECT d.day FROM generate_series(1, 2) AS d(day)',
    'SELECT e.key, e.value FROM jsonb_each($1) e',
    'SELECT (jsonb_each(data)).key FROM users',
    'SELECT pg_catalog.lower(name) FROM users',
    'SELECT 1 OPERATOR(pg_catalog.+) 2',
  ])
    assert.equal(judge(text), 'reads', text);
});

test('a part of SQL that nobody looked at is a write', () => {
  for (const text of [
    'SELECT xmlelement(name a)',
    "SELECT * FROM json_table('[]', '$[*]' COLUMNS (a int))",
    'SELECT 1 FROM users FOR UPDATE',
    'SELECT 1 INTO copied',
  ])
    assert.equal(judge(text), 'writes', text);
});

test('a text that two dialects could cut differently is not read at all', () => {
  for (const text of [
    "SELECT 'a\\' , ' ; DELETE FROM users'",
    'SELECT 1 -- x\n',
    'SELECT 1 --1',
    'SELECT /* x */ 1',
    'SELECT /*!50000 sleep(5) */ 1',
    'SELECT 1 # x',
    'SELECT 1 // x',
    'SELECT [a] FROM t',
    'SELECT $$a$$',
    "SELECT '''a' AS b, ''' , 1, '",
    'SELECT """a" AS b',
    'SELECT `a b` FROM t',
    'SELECT `a',
    "SELECT 'a",
    'SELECT x INTO\u00A0t FROM y',
    'SELECT a\u00A0FROM t',
    'SELECT 1\0',
    'SELECT 1\u000B',
  ])
    assert.equal(plainSql(text), null, text);
  assert.deepEqual(plainSql('SELECT `a` FROM t WHERE b = ? AND c = :name AND d::int = 1'), {
    kind: 'sql',
    text: 'SELECT  "a"  FROM t WHERE b =  $1  AND c =  $1  AND d::int = 1',
  });
});

test('a text that is too long, ends early or is no Unicode is a write without being read', () => {
  const unread: ParseSql = () => assert.fail('it was read');
  for (const text of [`SELECT '${'x'.repeat(300_000)}'`, 'SELECT 1\0; DELETE FROM t', "SELECT '\uD800'"])
    assert.notEqual(judgeSql(text, 'postgres', unread), 'reads');
});

test('a statement that ends the stack is a write, and the next one is judged as ever', async () => {
  const parser = createSqlParser();
  const deep = `SELECT 1${'+1'.repeat(40_000)}`;
  for (let round = 0; round < 60; round += 1) {
    const now = await parser.acquire();
    assert(now);
    assert.equal(judgeSql(deep, 'postgres', now), 'writes');
  }
  const now = await parser.acquire();
  assert(now);
  assert.equal(judgeSql('SELECT 1', 'postgres', now), 'reads');
});
