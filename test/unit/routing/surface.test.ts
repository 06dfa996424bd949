import assert from 'node:assert/strict';
import test from 'node:test';
import { modes, type Mode } from '../../../src-shared/modes.ts';
import type { Offer } from '../../../src-main/gateway/routing/catalog.ts';
import type { Call } from '../../../src-main/gateway/routing/dispatch.ts';
import {
  createMetaTools,
  type MetaToolDeps,
} from '../../../src-main/gateway/routing/meta-tools/meta-tools.ts';
import { createTickets } from '../../../src-main/gateway/routing/tickets.ts';
import { createCursors } from '../../../src-main/gateway/routing/pages.ts';
import type { Binding } from '../../../src-main/gateway/routing/route.ts';
import { withSurface } from '../../../src-main/gateway/routing/surface-view.ts';
import { createToolSearch } from '../../../src-main/gateway/routing/ranking/tool-search.ts';
import { createView, type View } from '../../../src-main/gateway/routing/view.ts';
import { createCatalogStore } from '../../../src-main/gateway/storage/catalog-store.ts';
import type { Params } from '../../../src-main/gateway/wire/frame.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';

const query = {
  name: 'query',
  description: 'Runs SQL.',
  inputSchema: { type: 'object', properties: { sql: { type: 'string' } }, required: ['sql'] },
};
const tables = { name: 'tables', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };

const metaParts: Omit<MetaToolDeps, 'search'> = {
  sticky: { of: () => new Map() },
  isStructured: true,
  clock: createFakeClock(),
  comparer: { compare: () => assert.fail() },
  newOld: { carry: () => assert.fail() },
  maxBytes: 1024 * 1024,
  settle: () => Promise.resolve(),
  tickets: createTickets({ clock: createFakeClock() }),
  isNeeded: () => false,
  askAccount: () => Promise.resolve(null),
  foresee: () => Promise.resolve({ decision: 'allow' }),
};

function offerOf(...tool: Params[]): Offer {
  return { greeting: { protocolVersion: '2025-11-25' }, tool, prompt: [], resource: [], template: [] };
}

function bindingOf(id: string): Binding {
  const [connector = '', alias = ''] = id.split(':');
  return { profile: id, connector, alias, metadata: {} };
}

/** A view of these accounts in a mode; an account that is named twice is one under two names. */
function show(
  offers: Readonly<Record<string, Offer>>,
  options: { mode?: Mode; budget?: number; alwaysOn?: { connector: string; alias: string }[] } = {},
): View {
  const parts = {
    catalog: { offer: (profile: string) => offers[profile] ?? null },
    names: createCatalogStore(openRegistry('memory').db),
    cursors: createCursors(),
    id: '',
  };
  return withSurface(
    createView(parts, Object.keys(offers).map(bindingOf)),
    parts,
    {
      mode: options.mode ?? 'expose-all',
      budget: options.budget ?? 10_000,
      alwaysOn: options.alwaysOn ?? [],
    },
    createMetaTools({ ...metaParts, search: createToolSearch(parts) }),
  );
}

function listed(view: View): string[] {
  const { tools } = JSON.parse(view.page('tool', undefined, 'legacy')) as { tools: { name: string }[] };
  return tools.map(({ name }) => name).filter((name) => !name.startsWith('nucleus_'));
}

function definitionOf(view: View, name: string): Params {
  const { tools } = JSON.parse(view.page('tool', undefined, 'legacy')) as { tools: Params[] };
  return tools.find((tool) => tool['name'] === name) ?? {};
}

/** Where a call of a tool that is our own goes on to. */
async function reached(view: View, name: string, args: Params) {
  let inner: Call | null = null;
  const route = view.find('tool', name);
  assert.ok(route?.own);
  const call: Call = {
    kind: 'tool',
    method: 'tools/call',
    route,
    params: { name, arguments: args },
    via: 'direct',
    principal: 'local',
    client: 'test',
  };
  const reply = await route.own(call, (next) => {
    inner = next;
    return Promise.resolve({ kind: 'made', body: { result: {} } });
  });
  return { inner: inner as Call | null, reply };
}

const four = {
  'a:one': offerOf(query, tables),
  'a:two': offerOf(query, tables),
  'b:one': offerOf(query),
  'b:two': offerOf(query),
};

test('each mode shows its own choice, and every tool can be found in all of them', () => {
  verifies('NUC-055', 'NUC-056', 'NUC-057');
  const shown = {
    'expose-all': [
      'a_one_query',
      'a_one_tables',
      'a_two_query',
      'a_two_tables',
      'b_one_query',
      'b_two_query',
    ],
    hybrid: ['a_one_query', 'a_one_tables', 'b_one_query'],
    search: [],
    merged: ['a_query', 'a_tables', 'b_query'],
    compat: ['search', 'execute'],
  };
  for (const [mode, names] of Object.entries(shown)) {
    const view = show(four, { mode: mode as Mode });
    assert.deepEqual(listed(view), names, mode);
    for (const name of [...shown['expose-all'], ...shown.merged]) assert.ok(view.find('tool', name), name);
    assert.equal(view.surface()?.mode, mode);
  }
});

test('auto shows as much as its budget allows', () => {
  verifies('NEW-007');
  const costs = show(four).surface();
  const chosen = (budget: number) => show(four, { mode: 'auto', budget }).surface()?.mode;
  const tokens = (mode: Exclude<Mode, 'auto'>): number => costs?.cost(mode).tokens ?? 0;
  assert.equal(chosen(tokens('expose-all')), 'expose-all');
  assert.equal(chosen(tokens('expose-all') - 1), 'merged');
  assert.equal(chosen(tokens('merged') - 1), 'hybrid');
  assert.equal(chosen(tokens('hybrid') - 1), 'search');
  assert.equal(chosen(1), 'search');
  assert.ok(modes.includes('auto'));
});

test('pinned accounts are shown in hybrid, several of one connector too; a stale pin is told', () => {
  verifies('NUC-058');
  const three = { 'a:one': offerOf(query), 'a:two': offerOf(query), 'a:three': offerOf(query) };
  const alwaysOn = [
    { connector: 'a', alias: 'two' },
    { connector: 'a', alias: 'three' },
    { connector: 'a', alias: 'gone' },
  ];
  const view = show(three, { mode: 'hybrid', alwaysOn });
  assert.deepEqual(listed(view), ['a_one_query', 'a_two_query', 'a_three_query']);
  assert.deepEqual(view.surface()?.warnings, ['--always-on a:gone names no profile that is shown here']);
});

test('a merged tool takes the account first and passes on the rest', async () => {
  verifies('NEW-006');
  const view = show(four, { mode: 'merged' });
  assert.deepEqual(definitionOf(view, 'a_query'), {
    name: 'a_query',
    description: '[a] Runs SQL.',
    inputSchema: {
      type: 'object',
      properties: { profile: { type: 'string', enum: ['one', 'two'] }, sql: { type: 'string' } },
      required: ['profile', 'sql'],
    },
  });
  assert.deepEqual(definitionOf(view, 'a_tables')['annotations'], { readOnlyHint: true });
  const { inner } = await reached(view, 'a_query', { profile: 'two', sql: 'SELECT 1' });
  assert.equal(inner?.route.binding.profile, 'a:two');
  assert.equal(inner?.route.name, 'query');
  assert.deepEqual(inner?.params['arguments'], { sql: 'SELECT 1' });
});

test('a merged tool without an account it knows says which there are, and calls nothing', async () => {
  const view = show(four, { mode: 'merged' });
  for (const profile of [undefined, 'three', '', 1, null, ['one'], '__proto__']) {
    const { inner, reply } = await reached(view, 'a_query', { profile, sql: 'SELECT 1' });
    assert.equal(inner, null);
    const { result } = (reply as { body: { result: Params } }).body;
    assert.equal(result['isError'], true);
    assert.match(JSON.stringify(result), /profile must name the account of a to use: one of one, two/);
  }
});

test('tools that differ between accounts are not merged, and an argument of that name stays the tool’s own', () => {
  const other = { ...query, inputSchema: { type: 'object', properties: { statement: { type: 'string' } } } };
  const taken = {
    name: 'login',
    inputSchema: { type: 'object', properties: { profile: { type: 'string' }, account: {} } },
  };
  const view = show(
    {
      'a:one': offerOf(query, taken),
      'a:two': offerOf(other),
      'a:three': offerOf({ ...query, description: 'Other words.' }, taken),
    },
    { mode: 'merged' },
  );
  assert.deepEqual(listed(view), ['a_query', 'a_login', 'a_two_query']);
  assert.ok(view.find('tool', 'a_one_login'));
  const { properties } = definitionOf(view, 'a_login')['inputSchema'] as { properties: Params };
  assert.deepEqual(Object.keys(properties), ['nucleus_profile', 'profile', 'account']);
  const merged = definitionOf(view, 'a_query')['inputSchema'] as { properties: { profile: Params } };
  assert.deepEqual(merged.properties.profile['enum'], ['one', 'three']);
});

test('a tool of one account stays under its name, and is reached by the joined one too', async () => {
  const view = show({ 'a:one': offerOf(query, tables), 'a:two': offerOf(query) }, { mode: 'merged' });
  assert.deepEqual(listed(view), ['a_query', 'a_one_tables']);
  const { inner } = await reached(view, 'a_tables', { profile: 'one' });
  assert.equal(inner?.route.binding.profile, 'a:one');
});

test('the page that draws the results of a merged tool is that of its first account', () => {
  const drawn = { ...query, _meta: { ui: { resourceUri: 'ui://charts/rows' } } };
  const view = show({ 'a:one': offerOf(drawn), 'a:two': offerOf(drawn) }, { mode: 'merged' });
  const ui = { resourceUri: 'ui://nucleus/a/one/ui://charts/rows' };
  assert.deepEqual(definitionOf(view, 'a_query')['_meta'], { ui });
  const [direct] = view.rows('tool');
  assert.ok(direct?.json.includes(JSON.stringify({ ui })), direct?.json);
});

test('nucleus_call reaches a tool by either of its names, and tells what it does not find', async () => {
  verifies('NUC-072');
  const view = show(four, { mode: 'search' });
  const { inner } = await reached(view, 'nucleus_call', { name: 'b_two_query', arguments: { sql: 'x' } });
  assert.equal(inner?.route.binding.profile, 'b:two');
  assert.equal(inner?.via, 'nucleus_call');
  assert.deepEqual(inner?.params, { name: 'b_two_query', arguments: { sql: 'x' } });
  for (const args of [undefined, null]) {
    const { inner: bare } = await reached(view, 'nucleus_call', { name: 'b_two_query', arguments: args });
    assert.deepEqual(bare?.params['arguments'], {});
  }
  const sentences = [];
  for (const name of ['b_two_qery', 'nucleus_call', '', ' ', undefined, 3]) {
    const { inner: none, reply } = await reached(view, 'nucleus_call', { name, arguments: {} });
    assert.equal(none, null);
    sentences.push(
      (reply as { body: { result: { content: { text: string }[] } } }).body.result.content[0]?.text,
    );
  }
  assert.deepEqual(sentences, [
    'unknown tool "b_two_qery". Call nucleus_find_tool first to discover valid names. Did you mean b_two_query, a_two_query, b_one_query? Loaded: a [one, two] (4 tools); b [one, two] (2 tools)',
    '"nucleus_call" is a tool of Nucleus itself; call it directly',
    'name is required and must be the name of a tool',
    'name is required and must be the name of a tool',
    'name is required and must be the name of a tool',
    'name is required and must be the name of a tool',
  ]);
});

test('nucleus_read, which says it only reads, calls nothing that does not say so', async () => {
  verifies('NEX-026');
  const view = show(four, { mode: 'search' });
  const definition = view.surface()?.tools.find(({ key }) => key === 'nucleus_read')?.json ?? '{}';
  assert.equal((JSON.parse(definition) as { annotations: Params }).annotations['readOnlyHint'], true);
  assert.equal((await reached(view, 'nucleus_read', { name: 'a_one_tables' })).inner?.route.name, 'tables');
  const { inner, reply } = await reached(view, 'nucleus_read', { name: 'a_one_query', arguments: {} });
  assert.equal(inner, null);
  assert.match(JSON.stringify(reply), /a_one_query does not say that it only reads; use nucleus_call for it/);
});
