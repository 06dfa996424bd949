import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { defaultConfig, type Config } from '../../../src-shared/config.ts';
import { createCatalog } from '../../../src-main/gateway/routing/catalog.ts';
import { createCatalogStore } from '../../../src-main/gateway/storage/catalog-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createSupervisor } from '../../../src-main/gateway/upstream/supervisor.ts';
import { createFakeEras } from '../../helpers/eras.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import {
  createFakeTransport,
  greeting,
  type Answers,
  type FakeTransport,
} from '../../helpers/fake-transport.ts';
import { verifies } from '../../helpers/requirements.ts';

const id = 'db:prod';
const everything = { tools: {}, prompts: {}, resources: {} };
const tool = (name: string, more: object = {}) => ({ name, inputSchema: { type: 'object' }, ...more });

/** A catalog over a registry in memory and upstreams that answer as told; `answers` may be changed on the way. */
function setUp(
  t: TestContext,
  answers: Answers = {},
  options: {
    config?: Partial<Config['upstream']>;
    capabilities?: object;
    registry?: ReturnType<typeof openRegistry>;
    /** The upstream speaks the modern era, over this. */
    modern?: 'http' | 'stdio';
  } = {},
) {
  const clock = createFakeClock();
  const log = createFakeLog();
  const registry = options.registry ?? openRegistry('memory');
  if (!options.registry) t.after(() => registry.close());
  const store = createCatalogStore(registry.db);
  const save = t.mock.method(store, 'save');
  const config = { ...defaultConfig.upstream, ...options.config };
  const opened: FakeTransport[] = [];
  const current: { answers: Answers } = { answers };
  const initialize = { ...greeting, capabilities: options.capabilities ?? everything };
  const defaults: Answers = {
    'tools/list': { tools: [] },
    'prompts/list': { prompts: [] },
    'resources/list': { resources: [] },
    'resources/templates/list': { resourceTemplates: [] },
  };
  const supervisor = createSupervisor({
    clock,
    log,
    config,
    eras: createFakeEras(options.modern ? 'modern' : 'legacy'),
    version: '9.9.9',
    open: () => {
      const all = { initialize, ...defaults, ...current.answers };
      const transport = createFakeTransport({ answers: all });
      Object.assign(transport, { isHttp: options.modern === 'http' });
      opened.push(transport);
      return Promise.resolve(transport);
    },
    onReady: () => {},
    onNotification: () => {},
    onState: () => {},
    roots: () => [],
    wanted: () => false,
  });
  const catalog = createCatalog({ store, supervisor, clock, log, config });
  const changes: [string, readonly string[]][] = [];
  catalog.onChange((profile, kinds) => changes.push([profile, kinds]));
  return { clock, log, store, save, opened, current, supervisor, catalog, changes, registry, initialize };
}

const namesOf = (rows: readonly Record<string, unknown>[]): unknown[] =>
  rows.map((row) => row['name'] ?? row['uri'] ?? row['uriTemplate']);

/** Pages by cursor; the first is under ''. */
const pages =
  (key: string, table: Readonly<Record<string, { rows: readonly unknown[]; next?: unknown }>>) =>
  (params: Readonly<Record<string, unknown>>) => {
    const page = table[(params['cursor'] as string | undefined) ?? ''];
    return page
      ? { result: { [key]: page.rows, ...(page.next !== undefined && { nextCursor: page.next }) } }
      : { error: { code: -32602, message: 'bad cursor' } };
  };

test('a reading takes all four lists and what the upstream said about itself', async (t) => {
  const { catalog, initialize, changes } = setUp(t, {
    'tools/list': { tools: [tool('a'), tool('b')] },
    'prompts/list': { prompts: [{ name: 'p' }] },
    'resources/list': { resources: [{ uri: 'file:///r', name: 'r' }] },
    'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'file:///{x}', name: 't' }] },
  });
  assert.equal(catalog.offer(id), null);
  const offer = await catalog.refresh(id);
  assert.deepEqual(offer, {
    greeting: initialize,
    tool: [tool('a'), tool('b')],
    prompt: [{ name: 'p' }],
    resource: [{ uri: 'file:///r', name: 'r' }],
    template: [{ uriTemplate: 'file:///{x}', name: 't' }],
  });
  assert.equal(catalog.offer(id), offer);
  assert.deepEqual(changes, [[id, ['tool', 'prompt', 'resource', 'template']]]);
});

test('lists are there after a restart while no upstream runs', async (t) => {
  verifies('NEW-009');
  const before = setUp(t, { 'tools/list': { tools: [tool('a', { x: { $defs: { ü: 1 } } })] } });
  const offer = await before.catalog.refresh(id);
  const after = setUp(t, {}, { registry: before.registry });
  assert.deepEqual(after.catalog.offer(id), offer);
  assert.equal(after.opened.length, 0);
});

test('only the lists an upstream declares are asked for', async (t) => {
  const { catalog, opened } = setUp(t, {}, { capabilities: { prompts: {} } });
  await catalog.refresh(id);
  assert.deepEqual(
    opened[0]?.sent.map(({ method }) => method),
    ['initialize', 'notifications/initialized', 'prompts/list'],
  );
});

test('all pages of a list are read, each with the cursor of the one before', async (t) => {
  const { catalog, opened } = setUp(t, {
    'tools/list': pages('tools', {
      '': { rows: [tool('a')], next: 'two' },
      two: { rows: [], next: 'three' },
      three: { rows: [tool('b'), tool('c')] },
    }),
  });
  const offer = await catalog.refresh(id);
  assert.deepEqual(namesOf(offer.tool), ['a', 'b', 'c']);
  assert.deepEqual(
    opened[0]?.received('tools/list').map(({ params }) => params),
    [{}, { cursor: 'two' }, { cursor: 'three' }],
  );
});

test('a cursor of null ends a list, an empty one does not', async (t) => {
  const { catalog, opened } = setUp(t, {
    'tools/list': ({ cursor }) => ({
      result: { tools: [tool(`after ${String(cursor)}`)], nextCursor: cursor === undefined ? '' : null },
    }),
  });
  assert.deepEqual(namesOf((await catalog.refresh(id)).tool), ['after undefined', 'after ']);
  assert.equal(opened[0]?.received('tools/list').length, 2);
});

test('cursors that come round again end the list with what came', async (t) => {
  const { catalog, log } = setUp(t, {
    'tools/list': pages('tools', {
      '': { rows: [tool('a')], next: 'x' },
      x: { rows: [tool('b')], next: 'y' },
      y: { rows: [tool('c')], next: 'x' },
    }),
  });
  assert.deepEqual(namesOf((await catalog.refresh(id)).tool), ['a', 'b', 'c']);
  assert.ok(log.lines.includes('warn upstream list does not end; what came so far is used'));
});

test('a list that goes on for ever ends at max_pages', async (t) => {
  let asked = 0;
  const { catalog, log } = setUp(
    t,
    { 'tools/list': () => ({ result: { tools: [tool(`t${asked++}`)], nextCursor: `${asked}` } }) },
    { config: { max_pages: 5 } },
  );
  assert.equal((await catalog.refresh(id)).tool.length, 5);
  assert.equal(asked, 5);
  assert.ok(log.lines.includes('warn upstream list does not end; what came so far is used'));
});

test('no more than max_tools are taken, and no further page is asked for', async (t) => {
  let asked = 0;
  const { catalog, log } = setUp(
    t,
    {
      'tools/list': () => {
        asked += 1;
        return { result: { tools: [tool('a'), tool('b'), tool('c')], nextCursor: `${asked}` } };
      },
    },
    { config: { max_tools: 5 } },
  );
  assert.equal((await catalog.refresh(id)).tool.length, 5);
  assert.equal(asked, 2);
  // However often it is read: a list that never keeps still must not fill the log.
  for (let again = 0; again < 3; again += 1) await catalog.refresh(id);
  const told = log.lines.filter((line) => line.startsWith('warn'));
  assert.deepEqual(told, ['warn upstream offers more than upstream.max_tools; the rest is left out']);
});

test('a name that is listed twice is told of once, and again when it comes back', async (t) => {
  const { catalog, log, supervisor, current } = setUp(t);
  for (const names of [
    ['a', 'b', 'a'],
    ['b', 'b'],
    ['a', 'b'],
    ['b', 'b'],
  ]) {
    current.answers = { 'tools/list': { tools: names.map((name) => tool(name)) } };
    await supervisor.stop(id);
    await catalog.refresh(id);
  }
  const line = 'warn upstream lists a name more than once; the first is used';
  const told = log.lines.flatMap((text, index) => (text === line ? [log.fields[index]?.['name']] : []));
  assert.deepEqual(told, ['a', 'b']);
});

test('a declared list that the upstream does not know is empty', async (t) => {
  const { catalog } = setUp(t, {
    'tools/list': { tools: [tool('a')] },
    'resources/templates/list': () => ({ error: { code: -32601, message: 'Method not found' } }),
  });
  const offer = await catalog.refresh(id);
  assert.deepEqual(namesOf(offer.tool), ['a']);
  assert.deepEqual(offer.template, []);
});

test('any other error of a list fails the reading and keeps what was known', async (t) => {
  const { catalog, current, supervisor, changes, save } = setUp(t, { 'tools/list': { tools: [tool('a')] } });
  const known = await catalog.refresh(id);
  await supervisor.stop(id);
  current.answers = { 'tools/list': () => ({ error: { code: -32603, message: 'no database' } }) };
  await assert.rejects(catalog.refresh(id), {
    code: 'UPSTREAM_PROTOCOL',
    message: 'db:prod answered tools/list with an error: no database',
  });
  assert.equal(catalog.offer(id), known);
  assert.equal(changes.length, 1);
  assert.equal(save.mock.callCount(), 1);
});

test('rows without a name, and what is no row at all, are left out', async (t) => {
  const { catalog } = setUp(t, {
    'tools/list': { tools: [tool('a'), { title: 'no name' }, { name: 7 }, null, 'text', [], tool('b')] },
    'prompts/list': { prompts: { not: 'a list' } },
    'resources/list': { resources: [{ name: 'no uri' }, { uri: 'x:y' }] },
    'resources/templates/list': { resourceTemplates: [{ uri: 'x:y' }, { uriTemplate: 'x:{y}' }] },
  });
  const offer = await catalog.refresh(id);
  assert.deepEqual(namesOf(offer.tool), ['a', 'b']);
  assert.deepEqual(offer.prompt, []);
  assert.deepEqual(namesOf(offer.resource), ['x:y']);
  assert.deepEqual(namesOf(offer.template), ['x:{y}']);
});

test('rows of one name are all kept, in order, as they came', async (t) => {
  const twice = [tool('a', { n: 1 }), tool('a', { n: 2 })];
  const { catalog } = setUp(t, { 'tools/list': { tools: twice } });
  assert.deepEqual((await catalog.refresh(id)).tool, twice);
});

test('a page that hangs fails the reading at list_timeout', async (t) => {
  verifies('NEX-033');
  const { catalog, clock } = setUp(t, { 'tools/list': () => undefined }, { config: { list_timeout: 1_000 } });
  const failed = assert.rejects(catalog.refresh(id), { code: 'UPSTREAM_TIMEOUT' });
  await clock.advance(1_000);
  await failed;
});

test('readings that come together are one', async (t) => {
  const { catalog, opened } = setUp(t, { 'tools/list': { tools: [tool('a')] } });
  const [first, second] = await Promise.all([catalog.refresh(id), catalog.refresh(id)]);
  assert.equal(first, second);
  assert.equal(opened[0]?.received('tools/list').length, 1);
});

test('nothing is written and nobody is told when nothing changed', async (t) => {
  const { catalog, save, changes } = setUp(t, { 'tools/list': { tools: [tool('a')] } });
  await catalog.refresh(id);
  await catalog.refresh(id);
  await catalog.refresh(id);
  assert.equal(save.mock.callCount(), 1);
  assert.equal(changes.length, 1);
});

test('an upstream that offers nothing is remembered as seen, and changes no list', async (t) => {
  const { catalog, save, changes } = setUp(t, {}, { capabilities: {} });
  await catalog.refresh(id);
  assert.deepEqual(catalog.offer(id)?.tool, []);
  assert.equal(save.mock.callCount(), 1);
  assert.deepEqual(changes, []);
});

test('only the kinds that changed are told', async (t) => {
  const rows = { tools: [tool('a')] };
  const { catalog, changes, save } = setUp(t, {
    'tools/list': () => ({ result: rows }),
    'prompts/list': { prompts: [{ name: 'p' }] },
  });
  await catalog.refresh(id);
  rows.tools = [tool('a', { description: 'new words' })];
  await catalog.refresh(id);
  assert.deepEqual(changes, [
    [id, ['tool', 'prompt']],
    [id, ['tool']],
  ]);
  assert.equal(save.mock.callCount(), 2);
});

test('a new greeting alone is kept but tells nobody', async (t) => {
  const { catalog, supervisor, current, changes, save, initialize } = setUp(t);
  await catalog.refresh(id);
  await supervisor.stop(id);
  current.answers = { initialize: { ...initialize, serverInfo: { name: 'fake', version: '2' } } };
  await catalog.refresh(id);
  assert.equal(save.mock.callCount(), 2);
  assert.deepEqual(changes, []);
  assert.deepEqual(catalog.offer(id)?.greeting['serverInfo'], { name: 'fake', version: '2' });
});

test('a storm of list_changed becomes one reading every quarter of a second', async (t) => {
  const { catalog, clock, opened } = setUp(t, { 'tools/list': { tools: [tool('a')] } });
  await catalog.refresh(id);
  for (let tick = 0; tick < 100; tick += 1) {
    for (let burst = 0; burst < 10; burst += 1) catalog.refreshSoon(id);
    await clock.advance(10);
  }
  await clock.advance(1_000);
  assert.equal(opened[0]?.received('tools/list').length, 1 + 4);
});

test('a change during a reading is read after it', async (t) => {
  const { catalog, clock, supervisor, opened } = setUp(t, { 'tools/list': () => undefined });
  const reading = catalog.refresh(id);
  await settled();
  const upstream = opened[0] as FakeTransport;
  // The upstream began its answer, then changed.
  catalog.refreshSoon(id);
  await clock.advance(250);
  assert.equal(upstream.received('tools/list').length, 1);
  upstream.answer('tools/list', { tools: [tool('old')] });
  await reading;
  await clock.advance(250);
  assert.equal(upstream.received('tools/list').length, 2);
  upstream.answer('tools/list', { tools: [tool('old'), tool('new')] });
  await settled();
  assert.deepEqual(namesOf(catalog.offer(id)?.tool ?? []), ['old', 'new']);
  await clock.advance(5_000);
  assert.equal(upstream.received('tools/list').length, 2);
  await supervisor.close();
});

test('a reading after list_changed that fails is said and harms nothing', async (t) => {
  const { catalog, clock, supervisor, current, log } = setUp(t, { 'tools/list': { tools: [tool('a')] } });
  await catalog.refresh(id);
  await supervisor.stop(id);
  current.answers = { 'tools/list': () => ({ error: { code: 1, message: 'no' } }) };
  catalog.refreshSoon(id);
  await clock.advance(250);
  assert.ok(log.lines.includes('warn lists could not be read again'));
  assert.deepEqual(namesOf(catalog.offer(id)?.tool ?? []), ['a']);
});

test('a forgotten profile offers nothing, here and after a restart, and its readers are told', async (t) => {
  const { catalog, changes, registry } = setUp(t, { 'tools/list': { tools: [tool('a')] } });
  await catalog.refresh(id);
  catalog.forget(id);
  assert.equal(catalog.offer(id), null);
  assert.equal(setUp(t, {}, { registry }).catalog.offer(id), null);
  assert.deepEqual(changes.at(-1), [id, ['tool', 'prompt', 'resource', 'template']]);
});

test('a reading under way when its profile is forgotten leaves nothing behind', async (t) => {
  const { catalog, opened, save } = setUp(t, { 'tools/list': () => undefined });
  const reading = catalog.refresh(id);
  await settled();
  catalog.forget(id);
  opened[0]?.answer('tools/list', { tools: [tool('of the old one')] });
  await reading;
  assert.equal(catalog.offer(id), null);
  assert.equal(save.mock.callCount(), 0);
});

test('a reading asked for after forgetting is its own, not the one of before', async (t) => {
  const { catalog, opened } = setUp(t, { 'tools/list': () => undefined });
  const before = catalog.refresh(id);
  await settled();
  catalog.forget(id);
  const after = catalog.refresh(id);
  await settled();
  const [first, second] = (opened[0] as FakeTransport).received('tools/list');
  const answer = (message: typeof first, name: string): void =>
    (opened[0] as FakeTransport).say({ jsonrpc: '2.0', id: message?.id, result: { tools: [tool(name)] } });
  answer(second, 'new');
  assert.deepEqual(namesOf((await after).tool), ['new']);
  answer(first, 'old');
  await before;
  assert.deepEqual(namesOf(catalog.offer(id)?.tool ?? []), ['new']);
});

test('a registry that cannot be written does not make a change pass unseen', async (t) => {
  const { catalog, save, changes } = setUp(t, { 'tools/list': { tools: [tool('a')] } });
  save.mock.mockImplementationOnce(() => {
    throw new Error('disk full');
  });
  await assert.rejects(catalog.refresh(id), /disk full/);
  await catalog.refresh(id);
  assert.deepEqual(namesOf(catalog.offer(id)?.tool ?? []), ['a']);
  assert.deepEqual(changes, [[id, ['tool']]]);
  assert.equal(save.mock.callCount(), 2);
});

test('after close no reading is started by a timer', async (t) => {
  const { catalog, clock, opened } = setUp(t);
  await catalog.refresh(id);
  catalog.refreshSoon(id);
  catalog.close();
  await clock.advance(10_000);
  assert.equal(opened[0]?.received('tools/list').length, 1);
});

for (const [modern, left] of [
  ['http', ['right', 'plain']],
  ['stdio', ['right', 'wrong', 'plain']],
] as const)
  test(`over ${modern} a tool that declares a header wrongly is ${modern === 'http' ? 'left out' : 'listed'}`, async (t) => {
    const tool = (name: string, header: unknown) => ({
      name,
      inputSchema: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': header } } },
    });
    const tools = [tool('right', 'A'), tool('wrong', 'a b'), { name: 'plain', inputSchema: {} }];
    const { catalog, log } = setUp(
      t,
      {
        'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
        'tools/list': { tools },
      },
      { modern },
    );
    assert.deepEqual(namesOf((await catalog.refresh('db:prod')).tool), left);
    assert.equal(
      log.lines.includes('warn a tool declares a header wrongly and is left out'),
      modern === 'http',
    );
    assert.deepEqual(catalog.inputSchema('db:prod', 'right'), tools[0]?.inputSchema);
    assert.equal(catalog.inputSchema('db:prod', 'absent'), undefined);
  });

test('what is nested too deeply to be shown is left out, and the rest stays', async (t) => {
  const nested = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  const { catalog, log } = setUp(t, {
    'tools/list': {
      tools: [tool('a'), tool('b', { deep: nested(4_000) }), tool('c', { deep: nested(300) })],
    },
  });
  assert.deepEqual(namesOf((await catalog.refresh(id)).tool), ['a', 'c']);
  assert.ok(log.lines.includes('warn what is nested too deeply to be shown is left out'));
});
