import assert from 'node:assert/strict';
import test from 'node:test';
import { changes, effectOf } from '../../../../src-main/gateway/routing/ranking/effect.ts';
import { createRanker } from '../../../../src-main/gateway/routing/ranking/ranker.ts';
import { verifies } from '../../../helpers/requirements.ts';
import { account, destroys, meant, reads, tool } from './catalog.ts';

const executeSql = { ...tool('execute_sql', 'Run a SQL query', { query: 'the statement' }), ...destroys };
const listTables = { ...tool('list_tables', 'List the tables of the database'), ...reads };

function shop() {
  const ranker = createRanker();
  for (const alias of ['atlas', 'default', 'acme-prod'])
    ranker.set(account('supabase', alias), [
      executeSql,
      listTables,
      { ...tool('pause_project', 'Pause a project'), ...destroys },
      tool('drop_schema', 'Drop a schema and everything that is in it'),
      tool('post_notice', 'Post a notice'),
    ]);
  return ranker;
}
const proposed = (intent: string): string | undefined => meant(shop(), intent).fanOut?.join(' ');

test('each word of the original proposes a fan-out where it is about accounts', () => {
  verifies('NUC-078');
  const all = 'atlas default acme-prod';
  for (const intent of [
    'compare tables',
    'comparison of tables',
    'diff tables',
    'do the tables differ',
    'tables across my accounts',
    'tables of each account',
    'tables of every account',
    'tables on both accounts',
    'tables on all accounts',
  ])
    assert.equal(proposed(intent), all, intent);
  assert.equal(proposed('tables between atlas and default'), 'atlas default');
  assert.equal(proposed('atlas versus default tables'), 'atlas default');
  assert.equal(proposed('atlas vs default tables'), 'atlas default');
});

test('two named accounts are proposed without any such word, also hyphenated ones', () => {
  verifies('NUC-078');
  assert.equal(proposed('list tables on acme-prod and atlas'), 'acme-prod atlas');
  assert.equal(proposed('list tables, atlas/default'), 'atlas default');
});

test('nothing is proposed when the words are about something else', () => {
  verifies('NUC-078');
  for (const intent of [
    'list tables',
    'list all tables',
    'list each table',
    'list tables on atlas',
    'list tables and compare them',
    'list tables and compare the result with last week',
    'list tables made between Monday and Friday',
  ])
    assert.equal(proposed(intent), undefined, intent);
});

test('of three accounts exactly the two named ones are proposed', () => {
  verifies('NUC-079');
  assert.equal(proposed('compare sql between atlas and default'), 'atlas default');
  assert.equal(proposed('compare tables of acme-prod with atlas, not default'), 'acme-prod atlas');
});

test('a tool that destroys is never proposed', () => {
  verifies('NUC-080');
  for (const intent of ['pause the project on all accounts', 'drop the schema on atlas and default'])
    assert.equal(proposed(intent), undefined, intent);
  assert.equal(meant(shop(), 'pause the project on all accounts').tool, 'pause_project');
});

test('a tool that runs statements is proposed with a caution, unless the intent asks for a change', () => {
  verifies('NUC-080');
  const { fanOut } = shop().find({ intent: 'run sql on atlas and default', limit: 8 });
  assert.equal(fanOut?.effect, 'varies');
  assert.match(fanOut?.caution ?? '', /^what this tool does depends on its argument/);
  assert.equal(proposed('run sql that deletes old users on atlas and default'), undefined);
  assert.equal(proposed('run sql to delete old users on atlas and default'), undefined);
});

test('a tool that says nothing about itself is proposed only to named accounts, with a caution', () => {
  verifies('NUC-080');
  const { fanOut } = shop().find({ intent: 'post a notice on atlas and default', limit: 8 });
  assert.match(fanOut?.caution ?? '', /^this tool does not say whether it changes anything/);
  assert.equal(proposed('compare post notice'), undefined);
});

test('what a tool does is read from its hints, else from its verb', () => {
  const effect = (name: string, annotations?: object, parameters = {}) =>
    effectOf(name, { ...tool(name, '', parameters), ...(annotations && { annotations }) });
  assert.equal(effect('wipe_cache', { readOnlyHint: true }), 'reads');
  assert.equal(effect('add_row', { readOnlyHint: false, destructiveHint: false }), 'writes');
  assert.equal(effect('add_row', { readOnlyHint: false }), 'destroys');
  assert.equal(effect('add_row', { destructiveHint: true }), 'destroys');
  assert.equal(effect('getUser'), 'reads');
  assert.equal(effect('create_or_get_user'), 'unknown');
  assert.equal(effect('get_and_delete_user'), 'destroys');
  assert.equal(effect('frobnicate'), 'unknown');
  assert.equal(effect('query', undefined, { sql: '' }), 'varies');
  assert.equal(effect('execute_sql', { destructiveHint: true }, { query: '' }), 'varies');
  assert.equal(effect('apply_migration', { destructiveHint: true }, { query: '' }), 'destroys');
});

test('a tool without hints counts as a change when its verb is one', () => {
  assert.equal(changes('create_issue', {}), true);
  assert.equal(changes('delete_issue', {}), true);
  assert.equal(changes('list_issues', {}), false);
  assert.equal(changes('frobnicate', {}), false);
});
