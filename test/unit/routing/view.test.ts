import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Offer } from '../../../src-main/gateway/routing/catalog.ts';
import type { Binding } from '../../../src-main/gateway/routing/route.ts';
import { createCursors } from '../../../src-main/gateway/routing/pages.ts';
import { createView, type View } from '../../../src-main/gateway/routing/view.ts';
import { createCatalogStore } from '../../../src-main/gateway/storage/catalog-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { verifies } from '../../helpers/requirements.ts';

const noOffer: Offer = { greeting: {}, tool: [], prompt: [], resource: [], template: [] };
const prod: Binding = { profile: 'db:prod', connector: 'db', alias: 'prod', metadata: {} };
const staging: Binding = { profile: 'db:staging', connector: 'db', alias: 'staging', metadata: {} };

function setUp(t: TestContext, bindings: readonly Binding[], offers: Record<string, Partial<Offer>> = {}) {
  const registry = openRegistry('memory');
  t.after(() => registry.close());
  const names = createCatalogStore(registry.db);
  const exposedNames = t.mock.method(names, 'exposedNames');
  const known = new Map<string, Offer>();
  const offer = (profile: string, changes: Partial<Offer>): void =>
    void known.set(profile, { ...noOffer, ...changes });
  for (const [profile, changes] of Object.entries(offers)) offer(profile, changes);
  const view = createView({ catalog: { offer: (profile) => known.get(profile) ?? null }, names }, bindings);
  return { view, offer, names, exposedNames };
}

interface Page {
  readonly nextCursor?: string;
  readonly [key: string]: unknown;
}

const pageOf = (view: View, kind: 'tool' | 'prompt' | 'resource' | 'template', cursor?: unknown): Page =>
  JSON.parse(view.page(kind, cursor, 'legacy')) as Page;

/** Every row of a list as a client collects it. */
function collect(
  view: View,
  kind: 'tool' | 'prompt' | 'resource' | 'template',
  key: string,
): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  let cursor: string | undefined;
  do {
    const page = pageOf(view, kind, cursor);
    rows.push(...(page[key] as Record<string, unknown>[]));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return rows;
}

test('a tool is shown as <connector>_<alias>_<tool> and leads back to its account', (t) => {
  verifies('NUC-049');
  const { view } = setUp(t, [prod, staging], {
    'db:prod': { tool: [{ name: 'query' }] },
    'db:staging': { tool: [{ name: 'query' }] },
  });
  assert.deepEqual(
    collect(view, 'tool', 'tools').map(({ name }) => name),
    ['db_prod_query', 'db_staging_query'],
  );
  assert.deepEqual(view.find('tool', 'db_staging_query'), { binding: staging, name: 'query' });
  assert.equal(view.find('tool', 'query'), null);
  assert.equal(view.find('prompt', 'db_staging_query'), null);
  assert.equal(view.find('tool', '__proto__'), null);
});

test('a description starts with connector, alias, sorted metadata and note', (t) => {
  verifies('NUC-051');
  const cases: [Partial<Binding>, string | undefined, string][] = [
    [{}, 'Runs SQL.', '[db/prod] Runs SQL.'],
    [
      { metadata: { region: 'eu', file: '/data/a b.db' } },
      'Runs SQL.',
      '[db/prod file=/data/a b.db region=eu] Runs SQL.',
    ],
    [{ note: 'PRODUCTION' }, '  Runs SQL.\n', '[db/prod] PRODUCTION — Runs SQL.'],
    [{ metadata: { b: '2', a: '1', A: '0' }, note: 'careful' }, undefined, '[db/prod A=0 a=1 b=2] careful —'],
  ];
  for (const [more, description, expected] of cases) {
    const { view } = setUp(t, [{ ...prod, ...more }], {
      'db:prod': { tool: [{ name: 'query', description }] },
    });
    assert.equal(collect(view, 'tool', 'tools')[0]?.['description'], expected);
  }
});

test('a definition arrives as it was sent, in the order it was sent, but for name and description', (t) => {
  verifies('FIX-009');
  const definition = JSON.parse(
    `{"zebra":1,"title":"T","name":"query","inputSchema":{"type":"object","$defs":{"a":{"oneOf":[{"const":1},{"const":"1"}]}},
      "properties":{"x":{"$ref":"#/$defs/a"}},"additionalProperties":false,"required":["x"]},"outputSchema":{"type":"object","x-own":null},
      "description":"Runs SQL.","annotations":{"readOnlyHint":true,"future":[]},"icons":[{"src":"data:,","sizes":["1x1"]}],
      "_meta":{"a/b":{"c":"ü🙂"}},"execution":{"taskSupport":"optional"},"__proto__":{"own":true},"alpha":2}`,
  ) as Record<string, unknown>;
  const { view } = setUp(t, [prod], { 'db:prod': { tool: [definition] } });
  const expected = JSON.stringify(definition)
    .replace('"name":"query"', '"name":"db_prod_query"')
    .replace('"description":"Runs SQL."', '"description":"[db/prod] Runs SQL."');
  assert.equal(view.page('tool', undefined, 'legacy'), `{"tools":[${expected}]}`);
});

test('prompts keep their arguments, resources and templates their own fields', (t) => {
  verifies('FIX-009');
  const { view } = setUp(t, [prod], {
    'db:prod': {
      prompt: [{ name: 'review', arguments: [{ name: 'code', required: true }], x: 1 }],
      resource: [
        { uri: 'file:///a', name: 'a', mimeType: 'text/plain', size: 3, annotations: { priority: 0.5 } },
      ],
      template: [{ uriTemplate: 'file:///{p}', name: 't', title: 'T' }],
    },
  });
  assert.equal(
    view.page('prompt', undefined, 'legacy'),
    '{"prompts":[{"name":"db_prod_review","arguments":[{"name":"code","required":true}],"x":1,"description":"[db/prod]"}]}',
  );
  assert.equal(
    view.page('resource', undefined, 'legacy'),
    '{"resources":[{"uri":"nucleus://db/prod/file:///a","name":"a","mimeType":"text/plain","size":3,"annotations":{"priority":0.5},"description":"[db/prod]"}]}',
  );
  assert.equal(
    view.page('template', undefined, 'legacy'),
    '{"resourceTemplates":[{"uriTemplate":"nucleus://db/prod/file:///{p}","name":"t","title":"T","description":"[db/prod]"}]}',
  );
});

test('an empty list is a list', (t) => {
  const { view } = setUp(t, []);
  assert.equal(view.page('tool', undefined, 'legacy'), '{"tools":[]}');
  assert.equal(view.page('prompt', undefined, 'legacy'), '{"prompts":[]}');
  assert.equal(view.page('resource', undefined, 'legacy'), '{"resources":[]}');
  assert.equal(view.page('template', undefined, 'legacy'), '{"resourceTemplates":[]}');
});

test('a tool an upstream offers twice is shown once, as it was first', (t) => {
  const { view } = setUp(t, [prod], {
    'db:prod': { tool: [{ name: 'a', n: 1 }, { name: 'a', n: 2 }, { name: 'b' }] },
  });
  assert.deepEqual(
    collect(view, 'tool', 'tools').map(({ name, n }) => [name, n]),
    [
      ['db_prod_a', 1],
      ['db_prod_b', undefined],
    ],
  );
});

test('names that become the same once cleaned stay apart and lead to their own tools', (t) => {
  verifies('NEW-013');
  const own = ['a.b', 'a/b', 'a_b', 'A_B', `${'x'.repeat(80)}1`, `${'x'.repeat(80)}2`, '', '🙂'];
  const { view } = setUp(t, [prod], { 'db:prod': { tool: own.map((name) => ({ name })) } });
  const exposed = collect(view, 'tool', 'tools').map(({ name }) => String(name));
  assert.equal(new Set(exposed.map((name) => name.toLowerCase())).size, own.length);
  for (const [index, name] of exposed.entries()) {
    assert.match(name, /^[a-zA-Z0-9_-]{1,48}$/);
    assert.equal(view.find('tool', name)?.name, own[index]);
  }
});

test('pages stay below a megabyte and together are the whole list, whatever the script', (t) => {
  const names = Array.from({ length: 2_500 }, (_, n) => `tool${n}`);
  const { view } = setUp(t, [prod], {
    'db:prod': { tool: names.map((name, n) => ({ name, description: (n % 2 ? 'x' : '測').repeat(700) })) },
  });
  const sizes: number[] = [];
  let cursor: string | undefined;
  do {
    const text = view.page('tool', cursor, 'legacy');
    sizes.push(Buffer.byteLength(text));
    cursor = (JSON.parse(text) as Page).nextCursor;
  } while (cursor !== undefined);
  assert.ok(Math.max(...sizes) <= 1_048_576, sizes.join(' '));
  assert.ok(sizes.length >= 3 && sizes.length <= 6, sizes.join(' '));
  assert.deepEqual(
    collect(view, 'tool', 'tools').map(({ name }) => name),
    names.map((name) => `db_prod_${name}`),
  );
});

test('a single tool over a megabyte is a page of its own', (t) => {
  const big = 'x'.repeat(1_500_000);
  const { view } = setUp(t, [prod], {
    'db:prod': { tool: [{ name: 'a' }, { name: 'b', description: big }, { name: 'c' }] },
  });
  const pages: unknown[][] = [];
  let cursor: string | undefined;
  do {
    const page = pageOf(view, 'tool', cursor);
    pages.push(page['tools'] as unknown[]);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  assert.deepEqual(
    pages.map(({ length }) => length),
    [1, 1, 1],
  );
});

/** Tools of which each fills a page. */
const pagesOf = (...names: string[]) => ({
  tool: names.map((name) => ({ name, title: 'x'.repeat(990_000) })),
});
const namesOf = ({ tools }: Page): string[] =>
  (tools as { name: string }[]).map(({ name }) => name.replace('db_prod_', ''));

test('a cursor that is not ours, is for another list or of another view is refused with what to do', (t) => {
  const small = { prompt: [{ name: 'a' }], resource: [] };
  const offers = { 'db:prod': { ...pagesOf('a', 'b', 'c'), ...small } };
  const { view, names } = setUp(t, [prod], offers);
  const { nextCursor } = pageOf(view, 'tool');
  assert.ok(nextCursor);
  const twisted = nextCursor.slice(0, -2) + (nextCursor.endsWith('AA') ? 'BB' : 'AA');
  const refused = (act: () => unknown, what: unknown) =>
    assert.throws(
      act,
      (error) =>
        error instanceof NucleusError &&
        error.code === 'CURSOR_INVALID' &&
        error.message ===
          'this cursor is not one of ours or the list became another; list again without a cursor',
      JSON.stringify(what),
    );
  const foreign = ['page-1', '1', '', null, 0, {}, [], true, twisted, `${nextCursor}A`, 'x'.repeat(100_000)];
  for (const cursor of foreign) refused(() => view.page('tool', cursor, 'legacy'), cursor);
  refused(() => view.page('prompt', nextCursor, 'legacy'), 'another list');
  const cursors = createCursors();
  const parts = { catalog: { offer: () => ({ ...noOffer, ...offers['db:prod'] }) }, cursors };
  const one = createView({ ...parts, names, id: 'one' }, [prod]);
  const other = createView({ ...parts, names, id: 'other' }, [prod]);
  const again = createView({ ...parts, names, id: 'one' }, [prod]);
  const cursor = pageOf(one, 'tool').nextCursor;
  refused(() => other.page('tool', cursor, 'legacy'), 'another view');
  assert.deepEqual(namesOf(pageOf(again, 'tool', cursor)), ['b']);
});

test('a list that changes between two pages repeats no row and loses none that stayed', (t) => {
  const cases: [before: string, shown: number, after: string, rest: string][] = [
    // Unchanged, longer in front, behind and right there.
    ['abcd', 2, 'abcd', 'cd'],
    ['abcd', 2, 'xyabcd', 'cd'],
    ['abcd', 2, 'abcdx', 'cdx'],
    ['abcd', 2, 'abxcd', 'xcd'],
    // Shorter in front, behind, and what was shown last is gone.
    ['abcd', 2, 'bcd', 'cd'],
    ['abcd', 2, 'abc', 'c'],
    ['abcd', 2, 'acd', 'cd'],
    ['abcd', 2, 'cd', 'cd'],
    ['abcd', 3, 'ad', 'd'],
    ['abcd', 2, 'ab', ''],
  ];
  for (const [before, shown, after, rest] of cases) {
    const { view, offer } = setUp(t, [prod], { 'db:prod': pagesOf(...before) });
    let cursor: string | undefined;
    for (let page = 0; page < shown; page += 1) cursor = pageOf(view, 'tool', cursor).nextCursor;
    offer('db:prod', pagesOf(...after));
    const seen: string[] = [];
    do {
      const page = pageOf(view, 'tool', cursor);
      seen.push(...namesOf(page));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.equal(seen.join(''), rest, `${before} after ${shown}, then ${after}`);
  }
});

test('a cursor whose rows are all gone is stale, and no empty page', (t) => {
  const { view, offer } = setUp(t, [prod], { 'db:prod': pagesOf('a', 'b') });
  const { nextCursor } = pageOf(view, 'tool');
  offer('db:prod', pagesOf('c', 'd'));
  assert.throws(() => view.page('tool', nextCursor, 'legacy'), { code: 'CURSOR_INVALID' });
});

test('a page that begins within another is the rest of that, and still below a megabyte', (t) => {
  const tools = (names: readonly string[]) => ({
    tool: names.map((name) => ({ name, title: 'x'.repeat(300_000) })),
  });
  const all = 'abcdefghij'.split('');
  const { view, offer } = setUp(t, [prod], { 'db:prod': tools(all) });
  const first = pageOf(view, 'tool');
  assert.deepEqual(namesOf(first), ['a', 'b', 'c']);
  offer('db:prod', tools(['x', ...all]));
  const second = pageOf(view, 'tool', first.nextCursor);
  assert.deepEqual(namesOf(second), ['d', 'e']);
  assert.deepEqual(namesOf(pageOf(view, 'tool', second.nextCursor)), ['f', 'g', 'h']);
});

const modern = { protocolVersion: '2026-07-28' };

test('clients of the modern era do not see what only older ones know of tools of a legacy upstream', (t) => {
  const { view } = setUp(t, [prod], {
    'db:prod': { tool: [{ name: 'a', execution: { taskSupport: 'optional' }, x: 1 }, { name: 'b' }] },
  });
  assert.equal(
    view.page('tool', undefined, 'modern'),
    '{"tools":[{"name":"db_prod_a","x":1,"description":"[db/prod]"},{"name":"db_prod_b","description":"[db/prod]"}]}',
  );
  assert.match(view.page('tool', undefined, 'legacy'), /"execution":\{"taskSupport":"optional"\}/);
});

test('clients of the legacy era see results that are no objects wrapped into one', (t) => {
  const outputSchema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'array',
    items: { $ref: '#/$defs/node' },
    $defs: { node: { type: 'object' } },
  };
  const object = { type: 'object', properties: { a: {} } };
  const { view } = setUp(t, [prod], {
    'db:prod': {
      greeting: modern,
      tool: [{ name: 'a', outputSchema }, { name: 'b', outputSchema: object }, { name: 'c' }],
    },
  });
  const shown = (era: 'legacy' | 'modern') =>
    (JSON.parse(view.page('tool', undefined, era)) as { tools: { outputSchema?: object }[] }).tools.map(
      (tool) => tool.outputSchema,
    );
  assert.deepEqual(shown('modern'), [outputSchema, object, undefined]);
  assert.deepEqual(shown('legacy'), [
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        result: {
          type: 'array',
          items: { $ref: '#/properties/result/$defs/node' },
          $defs: { node: { type: 'object' } },
        },
      },
      required: ['result'],
    },
    object,
    undefined,
  ]);
});

test('the page of an app keeps the scheme its host demands, and leads back to its account', (t) => {
  const { view } = setUp(t, [prod], {
    'db:prod': {
      tool: [
        { name: 'a', _meta: { ui: { resourceUri: 'ui://a/b', x: 1 }, 'ui/resourceUri': 'ui://a/b', y: 2 } },
      ],
      resource: [{ uri: 'ui://a/b' }],
    },
  });
  const [tool] = collect(view, 'tool', 'tools');
  const shown = 'ui://nucleus/db/prod/ui://a/b';
  assert.deepEqual(tool?.['_meta'], { ui: { resourceUri: shown, x: 1 }, 'ui/resourceUri': shown, y: 2 });
  assert.deepEqual(collect(view, 'resource', 'resources')[0]?.['uri'], shown);
  assert.deepEqual(view.findResource(shown), { binding: prod, name: 'ui://a/b' });
});

test('names like the one asked for come nearest first, three at most', (t) => {
  const { view } = setUp(t, [prod, staging], {
    'db:prod': { tool: ['run_query', 'run_query_slowly', 'list_tables', 'other'].map((name) => ({ name })) },
    'db:staging': { tool: [{ name: 'run_query' }] },
  });
  assert.deepEqual(view.similar('tool', 'DB.prod-run.query'), [
    'db_prod_run_query',
    'db_prod_run_query_slowly',
    'db_staging_run_query',
  ]);
  assert.deepEqual(view.similar('tool', 'tables'), ['db_prod_list_tables']);
  assert.deepEqual(view.similar('tool', 'nothing alike'), []);
  assert.deepEqual(view.similar('tool', ''), []);
  assert.deepEqual(view.similar('prompt', 'db_prod_run_query'), []);
});

test('a resource is found under our URI, listed or not', (t) => {
  const { view } = setUp(t, [prod, staging], { 'db:prod': { resource: [{ uri: 'file:///a' }] } });
  assert.deepEqual(view.findResource('nucleus://db/prod/file:///a'), {
    binding: prod,
    name: 'file:///a',
  });
  assert.deepEqual(view.findResource('nucleus://db/staging/x:y'), { binding: staging, name: 'x:y' });
});

test('a URI of a profile outside the view is not found', (t) => {
  const { view } = setUp(t, [prod], { 'db:staging': { resource: [{ uri: 'file:///secret' }] } });
  assert.equal(view.findResource('nucleus://db/staging/file:///secret'), null);
  assert.equal(view.findResource('nucleus://DB/prod/x'), null);
  assert.equal(view.findResource('file:///secret'), null);
});

test("an upstream's own URI is found when one profile offers it, not when two do", (t) => {
  const { view } = setUp(t, [prod, staging], {
    'db:prod': { resource: [{ uri: 'file:///a' }, { uri: 'file:///shared' }] },
    'db:staging': { resource: [{ uri: 'file:///shared' }] },
  });
  assert.deepEqual(view.findResource('file:///a'), { binding: prod, name: 'file:///a' });
  assert.equal(view.findResource('file:///shared'), null);
  assert.equal(view.findResource('file:///none'), null);
});

test('a resource that one profile lists twice, or stands under two aliases, is not ambiguous', (t) => {
  const other = { ...prod, alias: 'other' };
  const { view } = setUp(t, [prod, other], {
    'db:prod': { resource: [{ uri: 'file:///a' }, { uri: 'file:///a' }] },
  });
  assert.deepEqual(view.findResource('file:///a'), { binding: prod, name: 'file:///a' });
});

test('one profile under two aliases has two sets of tools that lead to the same account', (t) => {
  verifies('NUC-052');
  const reader = { ...prod, alias: 'reader', note: 'read only' };
  const { view } = setUp(t, [prod, reader], { 'db:prod': { tool: [{ name: 'query' }] } });
  assert.deepEqual(
    collect(view, 'tool', 'tools').map(({ name, description }) => [name, description]),
    [
      ['db_prod_query', '[db/prod]'],
      ['db_reader_query', '[db/reader] read only —'],
    ],
  );
  assert.deepEqual(view.find('tool', 'db_reader_query'), { binding: reader, name: 'query' });
});

test('a list follows the catalog, and only what changed is built anew', (t) => {
  const { view, offer, exposedNames } = setUp(t, [prod, staging], {
    'db:prod': { tool: [{ name: 'a' }] },
    'db:staging': { tool: [{ name: 'b' }] },
  });
  const names = () => collect(view, 'tool', 'tools').map(({ name }) => name);
  assert.deepEqual(names(), ['db_prod_a', 'db_staging_b']);
  const built = exposedNames.mock.callCount();
  names();
  view.page('prompt', undefined, 'legacy');
  assert.equal(exposedNames.mock.callCount(), built);
  offer('db:prod', { tool: [{ name: 'a' }, { name: 'c' }] });
  assert.deepEqual(names(), ['db_prod_a', 'db_prod_c', 'db_staging_b']);
  assert.deepEqual(
    exposedNames.mock.calls.slice(built).map(({ arguments: [kind, , alias] }) => [kind, alias]),
    [
      ['tool', 'prod'],
      ['prompt', 'prod'],
    ],
  );
});

test('profiles that were never listed are missing, and the rest is shown', (t) => {
  verifies('NEX-017');
  const { view, offer } = setUp(t, [prod, staging], { 'db:prod': { tool: [{ name: 'a' }] } });
  assert.deepEqual(view.missing(), ['db:staging']);
  assert.equal(view.rows('tool').length, 1);
  offer('db:staging', {});
  assert.deepEqual(view.missing(), []);
});
