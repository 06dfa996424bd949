import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becauseParts } from '../../../src-renderer/state/because.ts';
import { readDefinition } from '../../../src-renderer/state/tool-definition.ts';
import {
  allRows,
  filteredRows,
  firstWords,
  rankedRows,
  toolCount,
} from '../../../src-renderer/state/tool-list.ts';
import {
  blockedBy,
  costWords,
  modeCost,
  offeredModes,
  share,
} from '../../../src-renderer/state/surface-words.ts';
import type { ExposedTool } from '../../../src-shared/contract.ts';
import { openWindow, settled, surface } from '../../helpers/window.ts';

const tool = (profile: string, name: string, description = ''): ExposedTool => ({
  name: `${profile.replace(':', '_')}_${name}`,
  profile,
  tool: name,
  description,
  tokens: 90,
});
const query = tool('sqlite:prod', 'query', 'Runs one SQL statement.');
const tables = tool('sqlite:prod', 'list_tables');
const issues = tool('github:work', 'list_issues');
const all = [issues, query, tables];
const listed = (tools: readonly ExposedTool[], missing: readonly string[] = []) => ({
  'tools.list': { tools, missing },
});

test('a tool is found by words of its name, profile and description, all of them', () => {
  const found = (find: string) => filteredRows(all, find).map((row) => row.tool);
  assert.deepEqual(found(' LIST '), [issues, tables]);
  assert.deepEqual(found('sqlite:prod statement'), [query]);
  assert.deepEqual(found('list statement'), []);
});

const hit = (name: string, more: object = {}) => ({
  name,
  description: '',
  score: 1,
  connector: '',
  alias: '',
  because: ['matched "sql" in tool name'],
  ...more,
});
const answer = (...tools: readonly ReturnType<typeof hit>[]) => ({
  query: '',
  returned: tools.length,
  total_in_catalog: all.length,
  tools: [...tools],
});

test('found tools keep the order of the search, the same tool of other profiles behind each', () => {
  const rows = rankedRows(
    all,
    answer(
      hit(query.name, { also_on: [tables.name, 'gone_since'], more_accounts: 2 }),
      hit(issues.name),
      hit('gone_too'),
    ),
  );
  assert.deepEqual(rows, [
    { tool: query, because: ['matched "sql" in tool name', 'also on 2 other profiles'] },
    { tool: tables, because: ['same tool on another profile'] },
    { tool: issues, because: ['matched "sql" in tool name'] },
  ]);
});

test('the search waits for a pause, and all tools are back when it is cleared', async (t) => {
  const { app, asked, push } = await openWindow(t, { ...listed(all), 'tools.find': answer(hit(query.name)) });
  app.show('tools');
  await push('tools');
  asked.length = 0;
  const view = app.toolsView;
  view.find = 'sq';
  t.mock.timers.tick(199);
  view.find = 'sql';
  t.mock.timers.tick(199);
  // What has the words shows at once.
  assert.deepEqual([asked, view.found.length, view.isRanked], [[], 2, false]);
  t.mock.timers.tick(1);
  await settled();
  assert.deepEqual(asked, [['tools.find', { intent: 'sql', limit: 50, wait: false }]]);
  assert.deepEqual(
    view.found.map((row) => row.tool),
    [query],
  );
  view.find = ' ';
  assert.deepEqual([view.found, view.isRanked], [allRows(all), false]);
});

test('words have to do where the search does not answer', async (t) => {
  const problem = Object.assign(new Error('no'), { name: 'INTERNAL' });
  const { app, push } = await openWindow(t, { ...listed(all), 'tools.find': problem });
  app.show('tools');
  await push('tools');
  app.toolsView.find = 'list';
  t.mock.timers.tick(200);
  await settled();
  assert.deepEqual(
    app.toolsView.found.map((row) => row.tool),
    [issues, tables],
  );
});

test('tools are counted with their profiles', () => {
  assert.equal(toolCount(all), '3 tools, 2 profiles');
});

test('a description is told on one line, without the account that stands beside it', () => {
  const words = (description: string): string => firstWords({ ...query, description });
  assert.equal(words('  Runs\n\n one\tstatement. '), 'Runs one statement.');
  assert.equal(words('[sqlite/prod file=/a/b.db] Runs one.'), 'Runs one.');
  assert.equal(words('[sqlite/prod]'), '');
  assert.equal(words('[beta] Runs one.'), '[beta] Runs one.');
  assert.equal(words('x'.repeat(5_000)).length, 200);
});

test('a definition is read with what the server says of itself, and what is no definition does no harm', () => {
  const { input, ...rest } = readDefinition(
    JSON.stringify({
      name: 'a',
      description: 'Reads.',
      inputSchema: { type: 'object' },
      annotations: { title: 'A', readOnlyHint: true, destructiveHint: 'no', openWorldHint: false },
    }),
  );
  assert.equal(input, '{\n  "type": "object"\n}');
  assert.deepEqual(rest, {
    title: 'A',
    description: 'Reads.',
    output: null,
    claims: ['it only reads', 'it stays within its own data'],
  });
  assert.deepEqual(readDefinition('{"name":1,"description":[],"annotations":7,"outputSchema":{}}'), {
    title: null,
    description: '',
    input: '{}',
    output: '{}',
    claims: [],
  });
});

test('what clients are sent is told as tokens of all tokens, with why', () => {
  assert.deepEqual(costWords(surface), { tokens: '6,140', rest: 'of 38,120 tokens; auto chose merged' });
  assert.deepEqual(costWords({ ...surface, mode: 'search', chosen: 'search' }), {
    tokens: '1,210',
    rest: 'of 38,120 tokens; clients see 1 tool',
  });
  assert.equal(modeCost(surface, 'auto'), '84 tools, about 6,140 tokens');
  assert.equal(modeCost(surface, 'hybrid'), '96 tools, about 14,870 tokens');
  assert.equal(share(surface), 16);
  assert.equal(share({ ...surface, costs: { ...surface.costs, merged: { tools: 1, tokens: 90_000 } } }), 100);
});

test('compat is offered only to who has it already', () => {
  assert.deepEqual(offeredModes('auto'), ['auto', 'expose-all', 'hybrid', 'merged', 'search']);
  assert.deepEqual(offeredModes('compat').at(-1), 'compat');
});

test('what cannot be set says why', () => {
  const ruled = { ...surface.origins, mode: { line: 2, ruledBy: 'NUCLEUS_SURFACE_MODE' } };
  assert.match(blockedBy({ ...surface, origins: ruled }, 'mode') ?? '', /^Set by NUCLEUS_SURFACE_MODE/);
  assert.equal(blockedBy({ ...surface, origins: ruled }, 'budget'), null);
  assert.match(blockedBy({ ...surface, file: null }, 'budget') ?? '', /without a config\.toml/);
  assert.notEqual(blockedBy(null, 'mode'), null);
});

test('tools are asked for while their view is on screen, and not otherwise', async (t) => {
  const { app, asked, push } = await openWindow(t, listed(all));
  await push('tools');
  assert.deepEqual(
    asked.map(([name]) => name),
    ['surface.get'],
  );
  app.show('tools');
  await push('tools');
  assert.deepEqual(app.toolsView.list.value?.tools, all);
  assert.deepEqual(
    asked.find(([name]) => name === 'tools.list'),
    ['tools.list', { wait: false }],
  );
});

test('the chosen tool shows its definition, and is chosen no more when it is gone', async (t) => {
  let tools: readonly ExposedTool[] = all;
  const { app, push } = await openWindow(t, {
    'tools.list': () => ({ tools, missing: [] }),
    'tools.describe': { definition: '{"description":"Reads."}' },
  });
  app.show('tools');
  await push('tools');
  const view = app.toolsView;
  view.select(query.name);
  view.isOpen = true;
  await push('tools');
  assert.equal(view.definition.value?.description, 'Reads.');
  tools = [issues];
  await push('tools');
  assert.deepEqual([view.selected, view.tool, view.isOpen], [null, null, false]);
});

test('a mode shows at once, is said when it is set, and can be taken back', async (t) => {
  const { app, asked } = await openWindow(t, {
    'surface.set': (change: unknown) => ({ ...surface, ...(change as object) }),
  });
  const view = app.surfaceView;
  const setting = view.setMode('search');
  assert.equal(view.mode, 'search');
  await setting;
  assert.equal(app.surface.value?.mode, 'search');
  assert.equal(app.said, 'The mode is Search now.');
  await view.undo();
  assert.deepEqual(
    asked.filter(([name]) => name === 'surface.set'),
    [
      ['surface.set', { mode: 'search' }],
      ['surface.set', { mode: 'auto' }],
    ],
  );
  assert.deepEqual([view.mode, view.changed], ['auto', null]);
});

test('a change that is refused shows as it was, with the reason', async (t) => {
  const { app } = await openWindow(t, {
    'surface.set': Object.assign(new Error('config.toml:2:1: no'), { name: 'CONFIG_INVALID' }),
  });
  const view = app.surfaceView;
  await view.setBudget(5);
  assert.deepEqual([app.surface.value?.budget, view.changed], [10_000, null]);
  assert.equal(view.problem?.message, 'config.toml:2:1: no');
});

test('a change can be taken back for ten seconds, and setting what is set does nothing', async (t) => {
  const { app, asked } = await openWindow(t, {
    'surface.set': (change: unknown) => ({ ...surface, ...(change as object) }),
  });
  const view = app.surfaceView;
  await view.setMode('auto');
  assert.deepEqual(asked, []);
  await view.setAlwaysOn('sqlite:prod', true);
  assert.deepEqual(view.alwaysOn, ['sqlite:prod']);
  t.mock.timers.tick(9_999);
  assert.notEqual(view.changed, null);
  t.mock.timers.tick(1);
  assert.equal(view.changed, null);
});

test('a pin is taken away however it is written', async (t) => {
  const { app } = await openWindow(t, {
    'surface.get': { ...surface, alwaysOn: ['SQLite:Prod', 'github:work'] },
    'surface.set': (change: unknown) => ({ ...surface, ...(change as object) }),
  });
  await app.surfaceView.setAlwaysOn('sqlite:prod', false);
  assert.deepEqual(app.surface.value?.alwaysOn, ['github:work']);
});

test('a reason of the search shows the words that were matched', () => {
  assert.deepEqual(becauseParts('matched "sql", "query" in tool name'), [
    { text: 'matched ', isWord: false },
    { text: 'sql', isWord: true },
    { text: ', ', isWord: false },
    { text: 'query', isWord: true },
    { text: ' in tool name', isWord: false },
  ]);
  assert.deepEqual(becauseParts('no words'), [{ text: 'no words', isWord: false }]);
});
