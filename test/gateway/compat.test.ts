// What those meet who come from the programs before: the search and execute of Nexus, the ranking of the original Nucleus.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test, { before } from 'node:test';
import { wordyTools } from '../fixtures/wordy-tools.ts';
import {
  attach,
  connectClient,
  connectModernClient,
  jsonOf,
  startGateway,
  textOf,
  unlabelled,
  type Attached,
} from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope, type Home } from '../helpers/home.ts';
import { verifies } from '../helpers/requirements.ts';

type Json = Readonly<Record<string, unknown>>;
interface Entry {
  readonly name: string;
  readonly description: string;
  readonly input_schema: Json;
  readonly score: number;
  readonly also_on?: readonly string[];
}
interface Page {
  readonly results: readonly Entry[];
  readonly next_cursor?: string;
}

const scope = createScope();
const home = createHome(scope, '[surface]\nmode = "compat"\n');
const original = createHome(scope, '[surface]\nranker = "original"\nstructured_search = false\n');
const forge = wordyTools['forge'] ?? [];

before(async () => {
  const [gateway, old] = await Promise.all([startGateway(scope, home), startGateway(scope, original)]);
  const offer = (at: Home, name: string, tools: readonly object[]) => {
    writeFileSync(at.path(`${name}.json`), JSON.stringify(tools));
    return createFake(at, name, '--tool-file', at.path(`${name}.json`));
  };
  for (const account of ['home', 'work']) await gateway.add(offer(home, account, forge), `forge:${account}`);
  const bare = offer(home, 'bare', [{ name: 'frobnicate', inputSchema: { type: 'object' } }]);
  await gateway.add(bare, 'bare:one');
  await gateway.add(createFake(home, 'fake'));

  const tool = (name: string, description: string) => ({
    name,
    description,
    inputSchema: { type: 'object' },
  });
  const executeSql = tool('execute_sql', 'Execute a SQL query against the project');
  const listTables = tool('list_tables', 'List tables in the database');
  const offers: readonly (readonly [id: string, project: string | null, ...tools: object[]])[] = [
    ['supabase:atlas', 'abc', executeSql, listTables],
    ['supabase:default', 'xyz', executeSql],
    ['supabase:third', 'third', executeSql],
    ['github:work', null, tool('create_issue', 'Create a new issue in a repository')],
    ['github:personal', null, tool('list_repos', 'List repositories accessible to the user')],
  ];
  for (const [id, project, ...tools] of offers)
    await old.add(offer(original, id.replace(':', '-'), tools), id, {
      metadata: project === null ? {} : { project_id: project },
    });
});

test('search answers what its output schema says, and each hit as a text of its own', async (t) => {
  verifies('NEX-021', 'NEX-022');
  for (const client of [await connectClient(t, home), await connectModernClient(t, home)]) {
    // From now on the SDK holds each answer against the schema.
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name, annotations, outputSchema }) => [name, annotations, outputSchema !== undefined]),
      [
        ['search', { title: 'Search tools', readOnlyHint: true, openWorldHint: false }, true],
        [
          'execute',
          { title: 'Execute tool', readOnlyHint: false, destructiveHint: true, openWorldHint: true },
          false,
        ],
      ],
    );
    assert.deepEqual(tools[0]?.inputSchema.required, ['keywords']);
    assert.deepEqual(tools[1]?.inputSchema.required, ['name', 'arguments']);
    const result = await client.callTool({
      name: 'search',
      arguments: { keywords: ['merge', 'pull request'] },
    });
    const { results, next_cursor: next } = result.structuredContent as Page;
    const texts = (result.content as { text: string }[]).map(({ text }) => JSON.parse(text) as unknown);
    assert.deepEqual(texts, [...results, ...(next === undefined ? [] : [{ next_cursor: next }])]);
    const [first] = results;
    assert.equal(first?.name, 'forge_home_merge_pull_request');
    assert.deepEqual(first.also_on, ['forge_work_merge_pull_request']);
    assert.match(first.description, /^\[forge\/home\] Merges a pull request/);
    const { inputSchema } = forge.find(({ name }) => name === 'merge_pull_request') as Json;
    assert.deepEqual(first.input_schema, inputSchema);
    assert.ok(first.score > (results[1]?.score ?? 0));
    const executed = await client.callTool({
      name: 'execute',
      arguments: { name: first.also_on[0] ?? '', arguments: { pull_number: 3 } },
    });
    assert.deepEqual(jsonOf(executed), {
      called: 'merge_pull_request',
      by: 'work',
      args: { pull_number: 3 },
    });
  }
});

test('search answers ten hits at most, and the rest page by page without repeating any', async (t) => {
  verifies('NEX-024');
  const client = await open(t, home);
  const search = async (args: Json): Promise<Page> =>
    (await client.call('search', args))['structuredContent'] as Page;
  const keywords = ['repository'];
  const first = await search({ keywords });
  assert.deepEqual([first.results.length, first.next_cursor], [10, '10']);
  assert.deepEqual(await search({ keywords, limit: 1000 }), first);
  const names = first.results.map(({ name }) => name);
  let next = first.next_cursor;
  while (next !== undefined && names.length < 100) {
    const page = await search({ keywords, cursor: next });
    names.push(...page.results.map(({ name }) => name));
    next = page.next_cursor;
  }
  assert.ok(names.length > 10);
  assert.equal(new Set(names).size, names.length);
  const three = await search({ keywords, limit: 3 });
  assert.deepEqual([three.results.map(({ name }) => name), three.next_cursor], [names.slice(0, 3), '3']);
  for (const none of [[], ['', ' '], ['zzzqqq']]) {
    const result = await client.call('search', { keywords: none });
    assert.deepEqual([result['structuredContent'], result['content']], [{ results: [] }, []]);
  }
  const { results } = await search({ keywords: ['frobnicate'] });
  assert.deepEqual(
    results.map(({ name, input_schema: schema }) => [name, schema]),
    [['bare_one_frobnicate', { type: 'object' }]],
  );
});

test('execute leaves a result and an error of the upstream as they are', async (t) => {
  verifies('NEX-021', 'NEX-025');
  const client = await open(t, home);
  const execute = (name: string, args: Json): Promise<Json> =>
    client.call('execute', { name, arguments: args });
  const json = `{"content":[{"type":"resource_link","uri":"file:///x","name":"x"},{"type":"text","text":"ü"}],"structuredContent":{"n":1.50},"_meta":{"example.com/kept":[1]},"more":{}}`;
  await execute('fake_fake_raw', { json });
  const { _meta: meta, ...rest } = JSON.parse(json) as Json;
  const line = client.seen.at(-1) ?? '';
  assert.ok(line.includes('"structuredContent":{"n":1.50}'), 'every digit stays');
  const { result } = JSON.parse(line) as { result: Json };
  assert.deepEqual(unlabelled(result, 'fake:fake'), { ...rest, _meta: meta, content: result['content'] });
  const failed = await execute('fake_fake_fail', { text: 'no such row' });
  assert.deepEqual([failed['isError'], textOf(failed)], [true, 'no such row']);
  const { error } = await client.request('tools/call', {
    name: 'execute',
    arguments: {
      name: 'fake_fake_error',
      arguments: { code: -32055, message: 'quota', data: { left: 0 } },
    },
  });
  assert.deepEqual(error, { code: -32055, message: 'quota', data: { left: 0 } });
  const unknown = await client.request('tools/call', {
    name: 'execute',
    arguments: { name: 'fake_fake_ecko', arguments: {} },
  });
  assert.equal(unknown.error?.code, -32601);
});

test('with structured_search = false search answers texts only, and promises no more', async (t) => {
  verifies('NEX-022');
  const client = await attach(t, original, { mode: 'compat' });
  await client.initialize();
  const { tools } = await client.ask('tools/list');
  const [search] = tools as Json[];
  assert.ok(search && !('outputSchema' in search));
  const result = await client.call('search', { keywords: ['issue'] });
  assert.ok(!('structuredContent' in result));
  const entry = JSON.parse(textOf(result)) as Entry;
  assert.equal(entry.name, 'github_work_create_issue');
  assert.deepEqual(Object.keys(entry), ['name', 'description', 'input_schema', 'score']);
});

test('with ranker = "original" the scores of the original come back (golden vectors)', async (t) => {
  verifies('NUC-064');
  const catalog = ['supabase:atlas', 'supabase:default', 'github:work', 'github:personal'];
  const both = ['atlas_execute_sql=10', 'default_execute_sql=10'];
  const vectors: readonly {
    readonly intent: string;
    readonly scores: readonly string[];
    readonly fanOut?: readonly string[];
    /** Used before, successfully. */
    readonly last?: string;
    /** Profile, and its alias where that is another than its name. */
    readonly view?: readonly string[];
  }[] = [
    {
      intent: 'run a sql query on supabase atlas',
      scores: ['atlas_execute_sql=12.5', 'default_execute_sql=9', 'atlas_list_tables=6.5'],
    },
    { intent: 'execute sql', scores: both },
    {
      intent: 'execute sql',
      last: 'supabase_default_execute_sql',
      scores: ['default_execute_sql=11.25', 'atlas_execute_sql=10'],
    },
    {
      intent: 'atlas execute sql',
      last: 'supabase_default_execute_sql',
      scores: ['atlas_execute_sql=13.5', 'default_execute_sql=10', 'atlas_list_tables=3.5'],
    },
    {
      intent: 'compare row count on users between atlas and default',
      scores: ['atlas_execute_sql=3.5', 'atlas_list_tables=3.5', 'default_execute_sql=3.5'],
      fanOut: ['supabase_atlas_execute_sql', 'supabase_default_execute_sql'],
    },
    { intent: 'list all tables', scores: ['atlas_list_tables=10', 'personal_list_repos=5'] },
    { intent: 'prod vs qa sql', scores: ['atlas_execute_sql=5', 'default_execute_sql=5'] },
    {
      intent: 'run sql on acme-prod and acme-staging',
      view: ['supabase:default=acme-prod', 'supabase:third=acme-staging'],
      scores: ['acme-prod_execute_sql=15.5', 'acme-staging_execute_sql=15.5'],
    },
    {
      intent: 'compare sql between atlas and default',
      view: [...catalog, 'supabase:third=staging'],
      scores: [
        'atlas_execute_sql=8.5',
        'default_execute_sql=8.5',
        'staging_execute_sql=5',
        'atlas_list_tables=3.5',
      ],
      fanOut: ['atlas', 'default', 'staging'].map((alias) => `supabase_${alias}_execute_sql`),
    },
  ];
  for (const { intent, scores, fanOut, last, view = catalog } of vectors) {
    const profiles = view.map((text) => {
      const [id = '', alias = id.slice(id.indexOf(':') + 1)] = text.split('=');
      return { id, alias };
    });
    const client = await attach(t, original, { profiles });
    await client.initialize();
    if (last !== undefined) await client.call(last);
    const found = jsonOf(await client.call('nucleus_find_tool', { intent })) as {
      tools: { name: string; score: number; connector: string; because: string[] }[];
      fanout_suggestion?: { steps: string[] };
    };
    const shown = found.tools.map(
      ({ name, score, connector }) => `${name.slice(connector.length + 1)}=${score}`,
    );
    assert.deepEqual(shown, scores, intent);
    assert.deepEqual(found.fanout_suggestion?.steps, fanOut, intent);
    const isSticky = found.tools.some(({ because }) => because.includes('sticky: last used default'));
    assert.equal(isSticky, last !== undefined && intent === 'execute sql');
  }
});

async function open(where: Parameters<typeof attach>[0], at: Home): Promise<Attached> {
  const client = await attach(where, at);
  await client.initialize();
  return client;
}
