import assert from 'node:assert/strict';
import test from 'node:test';
import type { Account } from '../../../../src-main/gateway/routing/ranking/account.ts';
import { createRanker } from '../../../../src-main/gateway/routing/ranking/ranker.ts';
import { verifies } from '../../../helpers/requirements.ts';
import { account, meant, reads, tool } from './catalog.ts';

/** The aliases that an intent means, joined, of accounts that all have one tool. */
function of(accounts: readonly Account[], sticky?: string) {
  const ranker = createRanker();
  for (const one of accounts) ranker.set(one, [{ ...tool('list_rows', 'List rows of a table'), ...reads }]);
  const last = sticky === undefined ? undefined : new Map([['db', sticky]]);
  return (intent: string): string => meant(ranker, intent, last).aliases.join(' ');
}
const db = (...aliases: readonly string[]): Account[] => aliases.map((alias) => account('db', alias));

test('without a word about accounts the one used last is meant, then the default, then the first', () => {
  assert.equal(of(db('a1', 'b2'))('list rows'), 'a1');
  assert.equal(of([...db('a1'), account('db', 'b2', { isDefault: true })])('list rows'), 'b2');
  const both = [account('db', 'a1', { isDefault: true }), ...db('b2')];
  assert.equal(of(both, 'db:b2')('list rows'), 'b2');
});

test('a named account is meant whatever was used last, also one with hyphens or of two letters', () => {
  verifies('NUC-069');
  const find = of(db('qa', 'acme-prod', 'acme-staging'), 'db:acme-staging');
  assert.equal(find('list rows on qa'), 'qa');
  assert.equal(find('list rows in QA'), 'qa');
  assert.equal(find('qa: list rows'), 'qa');
  assert.equal(find('list rows (qa)'), 'qa');
  assert.equal(find('list rows — qa please'), 'qa');
  assert.equal(find('list rows on acme-prod'), 'acme-prod');
  assert.equal(find('list rows on acme prod'), 'acme-prod');
  assert.equal(find('list rows of the prod acme account'), 'acme-prod');
  assert.equal(find('list rows'), 'acme-staging');
});

test('an account that came after the first search is known by its name as well', () => {
  verifies('NUC-069');
  const ranker = createRanker();
  const tools = [{ ...tool('list_rows', 'List rows of a table'), ...reads }];
  for (const one of db('qa', 'acme-prod')) {
    ranker.set(one, tools);
    assert.deepEqual(meant(ranker, `list rows on ${one.alias}`).aliases, [one.alias]);
  }
});

test('a part of an alias is enough where it tells accounts apart', () => {
  const find = of(db('acme-prod', 'acme-staging', 'globex-prod'), 'db:acme-staging');
  assert.equal(find('list rows on globex'), 'globex-prod');
  assert.equal(find('list rows for acme in prod'), 'acme-prod');
  assert.equal(find('list rows on acme'), 'acme-staging');
});

test('accounts are known by other words too', () => {
  const find = of(db('prod', 'staging', 'work', 'personal', 'eu'), 'db:eu');
  assert.equal(find('list rows in production'), 'prod');
  assert.equal(find('list rows in the live environment'), 'prod');
  assert.equal(find('list rows of the stage account'), 'staging');
  assert.equal(find('list rows with my company account'), 'work');
  assert.equal(find('list rows of my private account'), 'personal');
  const region = of(db('eu', 'us'), 'db:us');
  assert.equal(region('list rows of the European account'), 'eu');
  assert.equal(of(db('eu', 'us'), 'db:eu')('list rows in the United States'), 'us');
});

test('what a person said of a profile counts as its name does', () => {
  const find = of([account('db', 'one', { environment: 'prod' }), ...db('two')], 'db:two');
  assert.equal(find('list rows in production'), 'one');
});

test('identifiers in the metadata name an account', () => {
  const find = of([
    account('db', 'one', { metadata: { project_id: 'abcd1234' } }),
    account('db', 'two', { metadata: { project_id: 'efgh5678', region: 'eu' } }),
  ]);
  assert.equal(find('list rows of project efgh5678'), 'two');
  assert.equal(find('list rows of project abcd1234'), 'one');
});

test('an account that is ruled out is not meant', () => {
  const find = of(db('prod', 'staging', 'dev'), 'db:prod');
  assert.equal(find('list rows, not on prod'), 'staging');
  assert.equal(find('list rows on all accounts except prod'), 'staging dev');
  assert.equal(find("list rows, don't touch prod or staging"), 'dev');
  assert.equal(find('list rows everywhere but dev'), 'prod staging');
  assert.equal(find('not prod but dev: list rows'), 'dev');
  assert.equal(find('list rows on staging instead of prod'), 'staging');
});

test('all accounts are meant only where accounts are spoken of', () => {
  const find = of(db('atlas', 'delta'), 'db:delta');
  for (const place of ['all my accounts', 'every account', 'each of the profiles', 'both accounts', 'both'])
    assert.equal(find(`list rows on ${place}`), 'delta atlas', place);
  assert.equal(find('list rows everywhere'), 'delta atlas');
  for (const intent of ['list all rows', 'list every row', 'list both rows', 'list rows, all of them'])
    assert.equal(find(intent), 'delta', intent);
});

test('an everyday word that is also an alias names an account only where the sentence says so', () => {
  const find = of(db('personal', 'work'), 'db:personal');
  assert.equal(find('list rows about work items'), 'personal');
  assert.equal(find('list rows on work'), 'work');
  assert.equal(find('list rows with my work account'), 'work');
  assert.equal(find('list rows of my work db'), 'work');
});

test('the first reason after the words is why the account was chosen', () => {
  const ranker = createRanker();
  for (const one of db('prod', 'staging')) ranker.set(one, [tool('list_rows', 'List rows')]);
  const why = (intent: string, last?: string): string | undefined =>
    ranker
      .find({ intent, limit: 1, sticky: last === undefined ? undefined : new Map([['db', last]]) })
      .hits[0]?.because.at(-1);
  assert.equal(why('list rows on staging'), 'named "staging"');
  assert.equal(why('list rows in production'), 'understood as account "prod"');
  assert.equal(why('list rows on all accounts'), 'asked for all accounts: "prod", "staging"');
  assert.equal(why('list rows, not on prod'), 'other accounts were ruled out: "staging"');
  assert.equal(why('list rows', 'db:staging'), 'account used last: "staging"');
  assert.equal(why('list rows'), 'no account named: "prod"');
});
