import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Offer } from '../../../../src-main/gateway/routing/catalog.ts';
import { createCompatRanker } from '../../../../src-main/gateway/routing/ranking/compat.ts';
import { createToolSearch, type ToolHits } from '../../../../src-main/gateway/routing/ranking/tool-search.ts';
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
  const view = createView({ catalog, names: createCatalogStore(registry.db) }, bindings);
  return { search: createToolSearch({ catalog, ...options }, view), offer, offers };
}

const keys = ({ hits }: ToolHits): string[][] => hits.map(({ rows }) => rows.map(({ key }) => key));

test('a hit holds the names under which each account is called, the meant one first', (t) => {
  const { search } = setUp(t);
  assert.deepEqual(keys(search.find({ intent: 'list tables on staging', limit: 8 })), [
    ['db_staging_list_tables', 'db_prod_list_tables'],
  ]);
});

test('a fan-out holds the names to call', (t) => {
  const { search } = setUp(t);
  const { fanOut } = search.find({ intent: 'list tables on staging and prod', limit: 8 });
  assert.deepEqual(
    fanOut?.rows.map(({ key }) => key),
    ['db_staging_list_tables', 'db_prod_list_tables'],
  );
  assert.equal(fanOut?.rationale, 'the intent names several accounts of db: staging, prod');
});

test('the search follows what accounts offer', (t) => {
  const { search, offer, offers } = setUp(t);
  const find = (): string[][] => keys(search.find({ intent: 'list tables, count rows', limit: 8 }));
  assert.deepEqual(find(), [['db_prod_list_tables', 'db_staging_list_tables']]);
  offer('db:prod', [tool('count_rows', 'Count rows')]);
  assert.deepEqual(new Set(find().flat()), new Set(['db_prod_count_rows', 'db_staging_list_tables']));
  offers.delete('db:staging');
  assert.deepEqual(find(), [['db_prod_count_rows']]);
});

test('what a person said of a profile is asked for', (t) => {
  const { search } = setUp(t, { environmentOf: (profile) => (profile === 'db:staging' ? 'personal' : null) });
  const found = search.find({ intent: 'list tables of my private account', limit: 8 });
  assert.equal(keys(found)[0]?.[0], 'db_staging_list_tables');
});

test('the ranking of the original takes the place of ours', (t) => {
  const { search } = setUp(t, { createRanker: createCompatRanker });
  assert.deepEqual(keys(search.find({ intent: 'list tables', limit: 8 })), [
    ['db_prod_list_tables'],
    ['db_staging_list_tables'],
  ]);
});
