// `nucleus compare` on real databases, through a gateway that runs.
import assert from 'node:assert/strict';
import test, { before, describe } from 'node:test';
import Database from 'better-sqlite3';
import type { Comparison } from '../../src-main/gateway/routing/compare/comparison.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { startGateway } from '../helpers/client.ts';
import { nucleus, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';

const scope = createScope();
const home = createHome(scope, '[surface]\naccount_line = true\n');
const query = (sql: string): string[] => ['--args', JSON.stringify({ sql })];
const people = query('SELECT id, email, plan FROM people ORDER BY id');

before(async () => {
  const gateway = await startGateway(scope, home);
  const databases: Readonly<Record<string, string>> = {
    prod: `(1, 'ada@x', 'free'), (7, 'a@x', 'paid'), (9007199254740993, 'big@x', 'free')`,
    staging: `(7, 'b@x', 'paid'), (1, 'ada@x', 'free'), (9007199254740992, 'big@x', 'free')`,
    copy: `(1, 'ada@x', 'free'), (7, 'a@x', 'paid'), (9007199254740993, 'big@x', 'free')`,
  };
  for (const [name, values] of Object.entries(databases)) {
    const file = home.path(`${name}.db`);
    const database = new Database(file);
    database.exec(
      `CREATE TABLE people (id INTEGER, email TEXT, plan TEXT); INSERT INTO people VALUES ${values}`,
    );
    if (name !== 'prod') database.exec('CREATE TABLE later (id INTEGER)');
    database.close();
    await nucleusOk(home, ['add', 'sqlite', name, '--metadata', `file=${file}`, '--no-input']);
  }
  for (const name of ['prod', 'other']) await gateway.add(createFake(home, name));
  await gateway.add(createFake(home, 'dead', '--exit-before-init', '3'), 'fake:dead', { connect: false });
});

const compare = (profiles: string, args: readonly string[], ...more: string[]) =>
  nucleus(home, ['compare', 'query', '--profiles', profiles, ...args, ...more]);

describe('nucleus compare', { concurrency: 2 }, () => {
  test('what differs between two databases is printed, and ends with 1', async () => {
    verifies('NEW-005');
    assert.deepEqual(await compare('sqlite:prod,sqlite:staging', people), {
      code: 1,
      stdout: [
        'sqlite:staging compared with sqlite:prod: 1 removed, 1 added, 1 changed, 6 the same',
        '  rows: 1 removed, 1 added, 1 changed, 1 the same (matched by id)',
        '    - {"id":"9007199254740993","email":"big@x","plan":"free"}',
        '    + {"id":"9007199254740992","email":"big@x","plan":"free"}',
        '    ~ id 7: email "a@x" -> "b@x"',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  test('results that are the same end with 0, in another order too', async () => {
    assert.deepEqual(await compare('prod,copy', people), {
      code: 0,
      stdout: 'sqlite:copy compared with sqlite:prod: the same (8 compared)\n',
      stderr: '',
    });
    const reordered = await compare('prod,staging', query('SELECT id, plan FROM people WHERE id < 10'));
    assert.deepEqual(
      [reordered.code, reordered.stdout],
      [0, 'sqlite:staging compared with sqlite:prod: the same, in another order (6 compared)\n'],
    );
  });

  test('with --json the comparison is printed as plans answer it', async () => {
    const { code, stdout, stderr } = await compare('prod,staging,copy', people, '--json');
    assert.deepEqual([code, stderr], [1, '']);
    const { base, profiles, not_compared, summary } = JSON.parse(stdout) as Comparison;
    assert.deepEqual([base, not_compared], ['sqlite:prod', []]);
    assert.deepEqual(
      profiles.map(({ profile, same }) => [profile, same]),
      [
        ['sqlite:staging', false],
        ['sqlite:copy', true],
      ],
    );
    assert.equal(
      summary,
      'staging and prod: rows: 1 row only in prod, 1 row only in staging, 1 row changed: id 7 email a@x -> b@x\ncopy and prod: the same',
    );
  });

  test('the tool may be named as clients see it, the arguments may come from stdin', async () => {
    const args = ['compare', 'sqlite_copy_query', '--profiles', 'staging,copy', '--args', '-'];
    const { code, stdout } = await nucleus(home, args, { stdin: '{"sql":"SELECT 1 AS one"}' });
    assert.equal(code, 0);
    assert.match(stdout, /^sqlite:copy compared with sqlite:staging: the same/);
  });

  test('that each result says its account, in its links too, is no difference', async () => {
    const json = `{"content":[{"type":"text","text":"words"},{"type":"resource_link","uri":"x://y","name":"y"}]}`;
    const args = ['compare', 'raw', '--profiles', 'fake:prod,other', '--args', JSON.stringify({ json })];
    const { code, stdout } = await nucleus(home, args);
    assert.deepEqual([code, stdout], [0, 'fake:other compared with fake:prod: the same (2 compared)\n']);
  });

  test('a profile whose call failed is named, and the end is 2', async () => {
    const { code, stdout, stderr } = await compare('prod,staging,copy', query('SELECT id FROM later'));
    assert.deepEqual([code, stderr], [2, '']);
    assert.equal(
      stdout,
      [
        'sqlite:copy compared with sqlite:staging: the same (4 compared)',
        'sqlite:prod was not compared: the call failed: prod.db: no such table: later. Correct the statement; list_tables and describe_table answer the schema.',
        '',
      ].join('\n'),
    );
  });

  test('wrong use is one sentence on stderr, and the end is 2', async () => {
    const wrong: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
      [['query'], /required option '--profiles <a,b>' not specified/],
      [['query', '--profiles', 'prod'], /--profiles wants two profiles or more/],
      [['query', '--profiles', 'prod,'], /--profiles wants two profiles or more/],
      [['query', '--profiles', 'prod,sqlite:prod'], /--profiles names a profile twice/],
      [['query', '--profiles', 'prod,none'], /no profile "none"; nucleus list shows all/],
      [['fly', '--profiles', 'prod,staging'], /prod has no tool "fly"; nucleus tools shows all/],
      [['query', '--profiles', 'prod,fake:prod'], /fake:prod has no tool "query"/],
      [['query', '--profiles', 'prod,dead'], /the tools of dead are not known/],
      [['query', '--profiles', 'prod,staging', '--args', '{'], /--args is not valid JSON at position 1/],
      [['query', '--profiles', 'prod,staging', '--args', '[]'], /--args is not a JSON object/],
    ];
    for (const [args, sentence] of wrong) {
      const { code, stdout, stderr } = await nucleus(home, ['compare', ...args]);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.match(stderr, sentence);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
    }
    const asJson = await nucleus(home, ['compare', 'query', '--profiles', 'prod,none', '--json']);
    assert.equal(asJson.code, 2);
    const { error } = JSON.parse(asJson.stderr) as { error: { code: string } };
    assert.equal(error.code, 'PROFILE_UNKNOWN');
  });
});
