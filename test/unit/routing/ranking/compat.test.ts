import assert from 'node:assert/strict';
import test from 'node:test';
import type { Account } from '../../../../src-main/gateway/routing/ranking/account.ts';
import { createCompatRanker } from '../../../../src-main/gateway/routing/ranking/compat.ts';
import { longestTurn } from '../../../helpers/longest-turn.ts';
import { verifies } from '../../../helpers/requirements.ts';

const account = (connector: string, alias: string, metadata: Record<string, string> = {}): Account => ({
  profile: `${connector}:${alias}`,
  connector,
  alias,
  metadata,
});
const executeSql = { name: 'execute_sql', description: 'Execute a SQL query against the project' };
const listTables = { name: 'list_tables', description: 'List tables in the database' };

function catalog(...more: readonly Account[]) {
  const ranker = createCompatRanker();
  ranker.set(account('supabase', 'atlas', { project_id: 'abc' }), [executeSql, listTables]);
  ranker.set(account('supabase', 'default', { project_id: 'xyz' }), [executeSql]);
  ranker.set(account('github', 'work'), [
    { name: 'create_issue', description: 'Create a new issue in a repository' },
  ]);
  ranker.set(account('github', 'personal'), [
    { name: 'list_repos', description: 'List repositories accessible to the user' },
  ]);
  for (const other of more) ranker.set(other, [executeSql]);
  return ranker;
}

function run(ranker: ReturnType<typeof catalog>, intent: string, sticky?: ReadonlyMap<string, string>) {
  const { hits, fanOut } = ranker.find({ intent, limit: 8, sticky });
  return {
    scores: hits.map(({ accounts: [first], tool, score }) => `${first?.alias}_${tool}=${score}`),
    fanOut: fanOut && `${fanOut.tool} on ${fanOut.accounts.map(({ alias }) => alias).join(', ')}`,
    because: hits.map(({ because }) => because),
  };
}

test('the scores of the original are reproduced (golden vectors)', () => {
  verifies('NUC-064');
  const both = ['atlas_execute_sql=10', 'default_execute_sql=10'];
  const found = (intent: string, sticky?: ReadonlyMap<string, string>) => {
    const { scores, fanOut } = run(catalog(), intent, sticky);
    return { scores, fanOut };
  };
  const onDefault = new Map([['supabase', 'supabase:default']]);

  assert.deepEqual(found('run a sql query on supabase atlas'), {
    scores: ['atlas_execute_sql=12.5', 'default_execute_sql=9', 'atlas_list_tables=6.5'],
    fanOut: null,
  });
  assert.deepEqual(found('execute sql'), { scores: both, fanOut: null });
  assert.deepEqual(found('execute sql', onDefault), {
    scores: ['default_execute_sql=11.25', 'atlas_execute_sql=10'],
    fanOut: null,
  });
  assert.deepEqual(found('atlas execute sql', onDefault), {
    scores: ['atlas_execute_sql=13.5', 'default_execute_sql=10', 'atlas_list_tables=3.5'],
    fanOut: null,
  });
  assert.deepEqual(found('compare row count on users between atlas and default'), {
    scores: ['atlas_execute_sql=3.5', 'atlas_list_tables=3.5', 'default_execute_sql=3.5'],
    fanOut: 'execute_sql on atlas, default',
  });
  assert.deepEqual(found('list all tables'), {
    scores: ['atlas_list_tables=10', 'personal_list_repos=5'],
    fanOut: null,
  });
  assert.deepEqual(found('prod vs qa sql'), {
    scores: ['atlas_execute_sql=5', 'default_execute_sql=5'],
    fanOut: null,
  });
});

test('hyphenated aliases score but are never named, as in the original', () => {
  const ranker = createCompatRanker();
  for (const alias of ['acme-prod', 'acme-staging']) ranker.set(account('supabase', alias), [executeSql]);
  const { scores, fanOut } = run(ranker, 'run sql on acme-prod and acme-staging');
  assert.deepEqual(scores, ['acme-prod_execute_sql=15.5', 'acme-staging_execute_sql=15.5']);
  assert.equal(fanOut, null);
});

test('a third account is proposed too when the first hit is on a named one, as in the original', () => {
  const ranker = catalog(account('supabase', 'staging'));
  const { scores, fanOut } = run(ranker, 'compare sql between atlas and default');
  assert.deepEqual(scores, [
    'atlas_execute_sql=8.5',
    'default_execute_sql=8.5',
    'staging_execute_sql=5',
    'atlas_list_tables=3.5',
  ]);
  assert.equal(fanOut, 'execute_sql on atlas, default, staging');
});

test('reasons name the words and the field, and the account used last', () => {
  const { because } = run(catalog(), 'execute sql', new Map([['supabase', 'supabase:default']]));
  assert.deepEqual(because[0], [
    'matched "execute", "sql" in tool name',
    'matched "execute", "sql" in description',
    'sticky: last used default',
  ]);
});

test('the connector filter is blind to case, and an intent without words finds nothing', () => {
  const ranker = catalog();
  const { hits } = ranker.find({ intent: 'create list issue', connector: 'GitHub', limit: 8 });
  assert.deepEqual(
    hits.map(({ tool }) => tool),
    ['create_issue', 'list_repos'],
  );
  assert.deepEqual(ranker.find({ intent: 'a of', limit: 8 }).hits, []);
  ranker.remove('github:work');
  assert.deepEqual(ranker.find({ intent: 'issue', limit: 8 }).hits, []);
});

test('of an intent without end only the beginning is read', async () => {
  const ranker = catalog();
  const tools = Array.from({ length: 1_000 }, (_, index) => ({
    ...listTables,
    name: `list_tables_${index}`,
  }));
  ranker.set(account('supabase', 'large'), tools);
  const intent = `execute_sql ${Array.from({ length: 20_000 }, (_, index) => `word${index}`).join(' ')}`;
  const { value, milliseconds } = await longestTurn(() => Promise.resolve(run(ranker, intent)));
  assert.match(value.scores[0] ?? '', /execute_sql=/);
  assert.ok(milliseconds < 500, `${milliseconds} ms`);
});
