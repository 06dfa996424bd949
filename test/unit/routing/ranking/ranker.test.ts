import assert from 'node:assert/strict';
import test from 'node:test';
import { createRanker } from '../../../../src-main/gateway/routing/ranking/ranker.ts';
import { verifies } from '../../../helpers/requirements.ts';
import { account, names, tool } from './catalog.ts';

function shop() {
  const ranker = createRanker();
  ranker.set(account('supabase', 'prod'), [
    tool('execute_sql', 'Execute a SQL query', { query: 'the statement to run' }),
    tool('list_tables', 'List the tables of the database', { schemas: 'names of schemas' }),
    tool('applyMigration', 'Change the schema of the database'),
  ]);
  ranker.set(account('github', 'work'), [
    tool('create_issue', 'Open a ticket', { assignee: 'login of the person' }),
    tool('listPullRequests', 'Show what waits for review', { head: 'branch' }),
    { ...tool('gh_7', 'Fetch one'), title: 'Release notes' },
    {
      name: 'set_state',
      description: 'Set how far something is',
      inputSchema: { properties: { state: { type: 'string', enum: ['archived', 'blocked'] } } },
    },
  ]);
  ranker.set(account('weather', 'default'), [
    tool('get_forecast', 'Temperature and rain for a place', { latitude: 'degrees north' }),
  ]);
  return ranker;
}

test('tools are found by name, part, spelling, words, parameter, option, title and service', () => {
  verifies('NEX-023');
  const first = (intent: string): string | undefined => names(shop(), intent)[0];
  assert.equal(first('list_tables'), 'list_tables', 'exact');
  assert.equal(first('exectue a querry'), 'execute_sql', 'fuzzy');
  assert.equal(first('migration schema'), 'applyMigration', 'several words');
  assert.equal(first('LIST TABLES'), 'list_tables', 'case');
  assert.equal(first('rain'), 'get_forecast', 'description');
  assert.equal(first('weather'), 'get_forecast', 'name of the server');
  assert.deepEqual(names(shop(), 'xylophone zeppelin'), [], 'nothing');
  assert.equal(first('latitude'), 'get_forecast', 'name of a parameter');
  assert.equal(first('degrees'), 'get_forecast', 'description of a parameter');
  assert.equal(first('migrat'), 'applyMigration', 'beginning of a word');
  assert.equal(first('pull requests'), 'listPullRequests', 'camelCase');
  assert.equal(first('pullrequests of mine'), 'listPullRequests', 'two words written as one');
  assert.equal(first('blocked'), 'set_state', 'option');
  assert.equal(first('release notes'), 'gh_7', 'title');
});

test('one tool of several accounts is one hit with all of them', () => {
  verifies('NEX-023');
  const ranker = shop();
  for (const alias of ['staging', 'dev'])
    ranker.set(account('supabase', alias), [tool('execute_sql', 'Execute a SQL query')]);
  const { hits } = ranker.find({ intent: 'execute a sql query', limit: 8 });
  assert.equal(hits.filter((hit) => hit.tool === 'execute_sql').length, 1);
  assert.deepEqual(
    hits[0]?.accounts.map(({ alias }) => alias),
    ['prod', 'staging', 'dev'],
  );
});

test('each hit says which word was found in which part of the tool', () => {
  verifies('NUC-066');
  const { hits } = shop().find({ intent: 'run a sql query on tables', limit: 8 });
  assert.ok(hits.length > 1);
  for (const { because } of hits) assert.match(because[0] ?? '', /^matched ".+" in [a-z ]+$/);
  assert.deepEqual(hits[0]?.because, [
    'matched "run", "sql" in tool name',
    'matched "run", "sql", "query" in description',
    'matched "query" in parameters',
    'matched "run" in parameter descriptions',
  ]);
});

test('the connector asked for is the only one, in any case', () => {
  verifies('NUC-067');
  const { hits } = shop().find({
    intent: 'list tables, issues and forecasts',
    connector: 'GitHub',
    limit: 8,
  });
  assert.deepEqual([...new Set(hits.map(({ connector }) => connector))], ['github']);
});

test('pages follow each other without a gap or a hit twice', () => {
  verifies('NEX-024');
  const ranker = createRanker();
  const many = Array.from({ length: 95 }, (_, index) =>
    tool(`list_things_${index}`, `Lists things ${'of the shop '.repeat(index % 7)}`),
  );
  ranker.set(account('shop', 'default'), many);
  const all = ranker.find({ intent: 'list things of the shop', limit: 95 });
  assert.equal(all.total, 95);
  const pages = Array.from({ length: 10 }, (_, page) =>
    ranker.find({ intent: 'list things of the shop', limit: 10, offset: 10 * page }),
  ).flatMap(({ hits }) => hits.map((hit) => hit.tool));
  assert.equal(new Set(pages).size, 95);
  assert.deepEqual(
    pages,
    all.hits.map((hit) => hit.tool),
  );
});

test('an intent without a word finds nothing', () => {
  verifies('NUC-063');
  for (const intent of ['', '   ', 'a of', '?!'])
    assert.deepEqual(shop().find({ intent, limit: 8 }), { hits: [], total: 0, fanOut: null });
});

test('a question finds what reads before what changes', () => {
  const ranker = createRanker();
  ranker.set(account('k8s', 'default'), [
    tool('pods_delete', 'Delete a pod'),
    tool('pods_list', 'List pods in all namespaces or in one of them'),
  ]);
  assert.equal(names(ranker, 'which pods are there')[0], 'pods_list');
  assert.equal(names(ranker, 'delete pods')[0], 'pods_delete');
});

test('of a long request each part finds its tool', () => {
  const found = names(
    shop(),
    'Tell me the temperature and rain in Oslo for next week. Then open a ticket about it for our team.',
    2,
  );
  assert.deepEqual(new Set(found), new Set(['get_forecast', 'create_issue']));
});

test('a tool goes when the last account that has it goes', () => {
  const ranker = shop();
  ranker.set(account('supabase', 'staging'), [tool('execute_sql', 'Execute a SQL query')]);
  ranker.remove('supabase:prod');
  assert.deepEqual(names(ranker, 'execute sql'), ['execute_sql']);
  assert.ok(!names(ranker, 'list tables of the database').includes('list_tables'));
  ranker.remove('supabase:staging');
  ranker.remove('supabase:never');
  assert.deepEqual(names(ranker, 'execute sql'), []);
});

test('an account that changes its tools is read again', () => {
  const ranker = shop();
  ranker.set(account('weather', 'default'), [tool('get_tide', 'Height of the sea')]);
  assert.deepEqual(names(ranker, 'rain'), []);
  assert.deepEqual(names(ranker, 'height of the sea'), ['get_tide']);
});

test('accounts that came and went leave the ranking as it was', () => {
  const ranker = shop();
  const before = ranker.find({ intent: 'list the tables of the database', limit: 8 });
  for (let round = 0; round < 20; round += 1) {
    ranker.set(account('other', `a${round}`), [tool(`list_tables_${round}`, 'List tables of the database')]);
    ranker.find({ intent: 'list tables', limit: 8 });
  }
  for (let round = 0; round < 20; round += 1) ranker.remove(`other:a${round}`);
  assert.deepEqual(ranker.find({ intent: 'list the tables of the database', limit: 8 }), before);
});
