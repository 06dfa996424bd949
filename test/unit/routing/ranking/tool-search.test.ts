import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Offer } from '../../../../src-main/gateway/routing/catalog.ts';
import { createCompatRanker } from '../../../../src-main/gateway/routing/ranking/compat.ts';
import {
  createToolSearch,
  type SearchedView,
  type ToolHits,
} from '../../../../src-main/gateway/routing/ranking/tool-search.ts';
import type { Query } from '../../../../src-main/gateway/routing/ranking/ranker.ts';
import { createCursors } from '../../../../src-main/gateway/routing/pages.ts';
import type { Binding } from '../../../../src-main/gateway/routing/route.ts';
import { createView } from '../../../../src-main/gateway/routing/view.ts';
import { createCatalogStore } from '../../../../src-main/gateway/storage/catalog-store.ts';
import { openRegistry } from '../../../../src-main/gateway/storage/database.ts';
import { account, reads, tool } from './catalog.ts';

const bindings = [account('db', 'prod'), account('db', 'staging')];
const listTables = { ...tool('list_tables', 'List tables'), ...reads };

function setUp(t: TestContext, options: Partial<Parameters<typeof createToolSearch>[0]> = {}) {
  const registry = openRegistry('memory');
  t.after(() => registry.close());
  const offers = new Map<string, Offer>();
  const offer = (profile: string, tools: Offer['tool']): void =>
    void offers.set(profile, { greeting: {}, tool: tools, prompt: [], resource: [], template: [] });
  for (const { profile } of bindings) offer(profile, [listTables]);
  const catalog = { offer: (profile: string) => offers.get(profile) ?? null };
  const parts = { catalog, names: createCatalogStore(registry.db), cursors: createCursors(), id: '' };
  const search = createToolSearch({ catalog, ...options });
  const viewOf = (...accounts: Binding[]): SearchedView => createView(parts, accounts);
  const view = viewOf(...bindings);
  const find = (intent: string, more: Partial<Query> = {}, of = view): ToolHits =>
    search.find({ intent, limit: 8, ...more }, of);
  return { find, viewOf, offer, offers };
}

const keys = ({ hits }: ToolHits): string[][] => hits.map(({ rows }) => rows.map(({ key }) => key));

test('a hit holds the names under which each account is called, the meant one first', (t) => {
  const { find } = setUp(t);
  assert.deepEqual(keys(find('list tables on staging')), [['db_staging_list_tables', 'db_prod_list_tables']]);
});

test('a fan-out holds the names to call', (t) => {
  const { find } = setUp(t);
  const { fanOut } = find('list tables on staging and prod');
  assert.deepEqual(
    fanOut?.rows.map(({ key }) => key),
    ['db_staging_list_tables', 'db_prod_list_tables'],
  );
  assert.equal(fanOut?.rationale, 'the intent names several accounts of db: staging, prod');
});

test('the search follows what accounts offer', (t) => {
  const { find: search, offer, offers } = setUp(t);
  const find = (): string[][] => keys(search('list tables, count rows'));
  assert.deepEqual(find(), [['db_prod_list_tables', 'db_staging_list_tables']]);
  offer('db:prod', [tool('count_rows', 'Count rows')]);
  assert.deepEqual(new Set(find().flat()), new Set(['db_prod_count_rows', 'db_staging_list_tables']));
  offers.delete('db:staging');
  assert.deepEqual(find(), [['db_prod_count_rows']]);
});

test('what a person said of a profile is asked for', (t) => {
  const { find } = setUp(t, { environmentOf: (profile) => (profile === 'db:staging' ? 'personal' : null) });
  const found = find('list tables of my private account');
  assert.equal(keys(found)[0]?.[0], 'db_staging_list_tables');
});

test('the ranking of the original takes the place of ours', (t) => {
  const { find } = setUp(t, { createRanker: createCompatRanker });
  assert.deepEqual(keys(find('list tables')), [['db_prod_list_tables'], ['db_staging_list_tables']]);
});

test('one profile under two names is found under either', (t) => {
  const { find, viewOf } = setUp(t);
  const [prod] = bindings;
  assert.ok(prod);
  const twice = viewOf(prod, { ...prod, alias: 'live' });
  assert.deepEqual(keys(find('list tables on live', {}, twice)), [
    ['db_live_list_tables', 'db_prod_list_tables'],
  ]);
  const sticky = new Map([['db', 'db:prod']]);
  assert.deepEqual(keys(find('list tables', { sticky }, twice))[0]?.[0], 'db_prod_list_tables');
});

test('a view that gains or loses an account is searched as it is now', (t) => {
  const { find, viewOf, offer } = setUp(t);
  const names = (view: SearchedView): string[] => keys(find('list tables', {}, view)).flat();
  assert.deepEqual(names(viewOf(...bindings)), ['db_prod_list_tables', 'db_staging_list_tables']);
  const added = account('db', 'dev');
  offer(added.profile, [listTables]);
  assert.deepEqual(names(viewOf(...bindings, added)).toSorted(), [
    'db_dev_list_tables',
    'db_prod_list_tables',
    'db_staging_list_tables',
  ]);
  assert.deepEqual(names(viewOf(added)), ['db_dev_list_tables']);
});
