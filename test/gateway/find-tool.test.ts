// nucleus_find_tool and the other tools of our own, as clients of both eras meet them on twelve accounts.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { wordyTools } from '../fixtures/wordy-tools.ts';
import { attach, connectClient, jsonOf, nucleusErrorOf, textOf, type Attached } from '../helpers/client.ts';
import { checkingClients, type Caller, type Json } from '../helpers/checking-clients.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { addClient, ask, toolCall, urlOf } from '../helpers/http.ts';
import { nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';
import { startWordy, type Wordy } from '../helpers/wordy.ts';

interface Found {
  readonly query: string;
  readonly returned: number;
  readonly total_in_catalog: number;
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    readonly input_schema?: Json;
    readonly score: number;
    readonly connector: string;
    readonly alias: string;
    readonly because: readonly string[];
  }[];
  readonly next_cursor?: string;
  readonly fanout_suggestion?: {
    readonly rationale: string;
    readonly tool: string;
    readonly connector: string;
    readonly steps: readonly string[];
    readonly caution?: string;
    readonly plan: Json;
  };
}

const scope = createScope();
const home = createHome(scope);
home.write(
  'policy.toml',
  '[[rule]]\nmatch = "database:prod"\nconfirm = ["list_tables"]\napprove = "human"\n',
);
/** Words that many tools have. */
const broad = 'list, create, update, get, search or delete a page, project, issue or branch';
/** Of the modern era, which has no handshake: each request says who sends it. */
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'post-client', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
let wordy: Wordy;
let client: Attached;

before(async () => {
  wordy = await startWordy(scope, home);
  client = await open(scope);
});

async function open(where: Scope): Promise<Attached> {
  const one = await attach(where, home);
  await one.initialize();
  return one;
}

async function find(args: Json, by: Caller = client): Promise<Found> {
  const result = await by.call('nucleus_find_tool', args);
  assert.notEqual(result['isError'], true, JSON.stringify(result));
  return result['structuredContent'] as Found;
}

test('its schema has intent, connector and limit, and its description follows the accounts', async (t) => {
  verifies('NUC-060');
  const sdk = await connectClient(t, home);
  let changes = 0;
  sdk.setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
  const look = async () => {
    const { tools } = await sdk.listTools();
    return tools.find(({ name }) => name === 'nucleus_find_tool');
  };
  const before = await look();
  const { properties = {}, required } = before?.inputSchema ?? {};
  assert.deepEqual(Object.keys(properties), ['intent', 'connector', 'limit', 'cursor', 'schemas']);
  assert.deepEqual(required, ['intent']);
  const types = Object.entries(properties).map(([name, schema]) => [name, (schema as Json)['type']]);
  assert.deepEqual(types.slice(0, 3), [
    ['intent', 'string'],
    ['connector', 'string'],
    ['limit', 'integer'],
  ]);
  const summary = /Loaded: .*$/;
  const twelve =
    'Loaded: database [dev, prod, staging] (60 tools); errors [dev, prod, staging] (60 tools); ' +
    'forge [staging, dev, prod] (60 tools); notes [dev, prod, staging] (60 tools)';
  assert.equal(summary.exec(before?.description ?? '')?.[0], twelve);
  await wordy.gateway.add(createFake(home, 'late', '--tools', '3'), 'late:one');
  await until('it is told', () => changes > 0);
  const more = twelve.replace('; notes', '; late [one] (3 tools); notes');
  assert.equal(summary.exec((await look())?.description ?? '')?.[0], more);
  await wordy.gateway.ask('profiles.remove', { id: 'late:one' });
  assert.equal(summary.exec((await look())?.description ?? '')?.[0], twelve);
});

test('its answer fits its output schema, as text and as data, with the keys of the original', async (t) => {
  verifies('NUC-061');
  for (const caller of await checkingClients(t, home)) {
    const result = await caller.call('nucleus_find_tool', { intent: 'list the tables on prod and staging' });
    const content = result['content'] as Json[];
    assert.equal(content.length, 1);
    assert.deepEqual(JSON.parse(textOf(result)), result['structuredContent']);
    const found = result['structuredContent'] as Found;
    assert.deepEqual(Object.keys(found).toSorted(), [
      'fanout_suggestion',
      'next_cursor',
      'query',
      'returned',
      'tools',
      'total_in_catalog',
    ]);
    assert.equal(found.query, 'list the tables on prod and staging');
    assert.equal(found.returned, found.tools.length);
    assert.equal(found.total_in_catalog, 240);
    const [first, second, third] = found.tools;
    assert.equal(first?.name, 'database_prod_list_tables');
    const keys = ['also_on', 'because', 'connector', 'description', 'input_schema', 'alias', 'name', 'score'];
    assert.deepEqual(Object.keys(first).toSorted(), keys.toSorted());
    assert.deepEqual([first.connector, first.alias], ['database', 'prod']);
    assert.match(
      first.description,
      /^\[database\/prod account=database-prod@example\.org\] Lists all tables/,
    );
    const listTables = wordyTools['database']?.find(({ name }) => name === 'list_tables');
    const { $schema, ...schema } = { ...(listTables?.['inputSchema'] as Json | undefined) };
    assert.ok($schema);
    assert.deepEqual(first.input_schema, schema);
    assert.ok(second?.input_schema && !third?.input_schema, 'schemas of the first two only');
    for (const { because, score } of found.tools) assert.ok(because.length > 0 && score > 0);
    const all = await caller.call('nucleus_find_tool', { intent: 'list tables', schemas: true });
    const { tools } = all['structuredContent'] as Found;
    assert.ok(tools.every((tool) => tool.input_schema));
    assert.equal(tools[0]?.input_schema?.['$schema'], $schema);
  }
});

test('it answers as many as asked for, up to 50, and never none by accident', async () => {
  verifies('NUC-062');
  const returned = async (limit?: unknown): Promise<number> => {
    const found = await find({ intent: broad, ...(limit !== undefined && { limit }) });
    assert.equal(found.returned, found.tools.length);
    return found.returned;
  };
  assert.equal(await returned(), 8);
  assert.equal(await returned(3), 3);
  assert.equal(await returned(50), 50);
  assert.equal(await returned(1000), 50);
  for (const limit of [0.5, -1, 0, 'x', '3', null, [3]]) {
    const result = await client.call('nucleus_find_tool', { intent: broad, limit });
    assert.equal(textOf(result), 'limit must be a whole number from 1 to 50', JSON.stringify(limit));
    assert.equal(result['isError'], true);
  }
});

test('a blank intent is an error, one without words finds an empty list', async () => {
  verifies('NUC-063');
  for (const intent of ['', ' ', '\n\t', undefined, null, 7, ['x'], {}]) {
    const result = await client.call('nucleus_find_tool', { intent });
    assert.equal(result['isError'], true);
    assert.equal(textOf(result), 'intent is required and must be non-empty');
  }
  for (const intent of ['a of', '???', '🙂']) {
    const { tools, returned, total_in_catalog: total, ...rest } = await find({ intent });
    assert.deepEqual([tools, returned, total], [[], 0, 240]);
    assert.deepEqual(rest, { query: intent });
  }
});

test('a connector limits what is found, in any case; one that is not there is an error', async () => {
  verifies('NUC-067');
  for (const connector of ['forge', 'FORGE', ' Forge ']) {
    const { tools } = await find({ intent: broad, connector, limit: 50 });
    assert.ok(tools.length > 10);
    assert.deepEqual([...new Set(tools.map((tool) => tool.connector))], ['forge']);
  }
  assert.ok((await find({ intent: broad, connector: '' })).tools.length > 0);
  const result = await client.call('nucleus_find_tool', { intent: broad, connector: 'forges' });
  assert.equal(result['isError'], true);
  assert.match(
    textOf(result),
    /^connector must be one that is loaded\. Loaded: database \[dev, prod, staging\]/,
  );
});

test('pages go on where the last one ended, and repeat nothing', async () => {
  verifies('NEX-024');
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await find({ intent: broad, limit: 7, ...(cursor !== undefined && { cursor }) });
    pages.push(page.tools.map(({ name }) => name));
    assert.equal(page.fanout_suggestion !== undefined && cursor !== undefined, false);
    cursor = page.next_cursor;
  } while (cursor !== undefined && pages.length < 20);
  const all = pages.flat();
  assert.ok(all.length > 50);
  assert.ok(pages.slice(0, -1).every((page) => page.length === 7));
  assert.equal(new Set(all).size, all.length);
  const first = await find({ intent: broad, limit: 50 });
  assert.deepEqual(
    all.slice(0, 50),
    first.tools.map(({ name }) => name),
  );
  assert.deepEqual((await find({ intent: broad, cursor: String(all.length) })).tools, []);
});

test('the plan it suggests runs as it is', async (t) => {
  verifies('NUC-077');
  for (const caller of await checkingClients(t, home)) {
    const intent = 'which migrations differ between database prod and staging?';
    const { fanout_suggestion: suggestion } = await find({ intent }, caller);
    const steps = ['database_prod_list_migrations', 'database_staging_list_migrations'];
    assert.deepEqual(suggestion?.steps, steps);
    assert.equal(suggestion.caution, undefined);
    assert.deepEqual(suggestion.plan, {
      steps: steps.map((name) => ({ name })),
      shared_arguments: {},
      compare: true,
    });
    const answer = jsonOf(await caller.call('nucleus_call_plan', suggestion.plan)) as {
      successes: number;
      results: { profile: string }[];
      comparison: Json;
    };
    assert.equal(answer.successes, 2);
    assert.deepEqual(
      answer.results.map(({ profile }) => profile),
      ['database:prod', 'database:staging'],
    );
    assert.equal(answer.comparison['base'], 'database:prod');
  }
});

test('a tool that changes things is never suggested for several accounts, one a person is asked about is flagged', async () => {
  verifies('NUC-080');
  let looked = 0;
  for (const [connector, tools] of Object.entries(wordyTools))
    for (const { name, annotations } of tools) {
      if (annotations.readOnlyHint) continue;
      const words = name.replaceAll('_', ' ');
      for (const intent of [`${words} on prod and staging`, `${words} on all accounts, both of them`]) {
        const { tools: hits, fanout_suggestion: suggestion } = await find({ intent, connector });
        const isTop = hits[0]?.name.endsWith(`_${name}`) === true;
        looked += isTop ? 1 : 0;
        // Of a statement nobody knows what it does before it is there: a person decides.
        if (name === 'execute_sql') assert.match(suggestion?.caution ?? '', /make sure that it only reads/);
        else if (isTop) assert.equal(suggestion, undefined, intent);
      }
    }
  assert.ok(looked >= 50, `${looked} of them were found at all`);
  const asked = await find({ intent: 'list the tables of database prod and staging' });
  assert.equal(asked.fanout_suggestion?.tool, 'list_tables');
  assert.equal(asked.fanout_suggestion.caution, 'the user is asked before it runs');
  const free = await find({ intent: 'list the tables of database dev and staging' });
  assert.equal(free.fanout_suggestion?.tool, 'list_tables');
  assert.equal(free.fanout_suggestion.caution, undefined);
});

test('clients that open no session are told apart by their tokens', async () => {
  verifies('NUC-070');
  const base = await urlOf(wordy.gateway);
  const of = (token: string): Caller => ({
    async call(name, args) {
      const headers = {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': name,
      };
      const { message } = await ask(base, toolCall(name, args, 1, { _meta: envelope }), { token, headers });
      return message.result ?? assert.fail(JSON.stringify(message.error));
    },
  });
  const [one, other] = await Promise.all(
    ['first', 'second'].map(async (name) => of(await addClient(wordy.gateway, name))),
  );
  assert.ok(one && other);
  const first = async (by: Caller) =>
    (await find({ intent: 'get a user', connector: 'notes' }, by)).tools[0]?.alias;
  await one.call('notes_staging_get_user', { user_id: 'self' });
  assert.deepEqual([await first(one), await first(other)], ['staging', 'dev']);
  await other.call('notes_prod_get_user', { user_id: 'self' });
  assert.deepEqual([await first(one), await first(other)], ['staging', 'prod']);
});

test('the account used last comes first, after a success only, and in that conversation only', async (t) => {
  verifies('NUC-068', 'NUC-070');
  for (const name of ['blue', 'red']) await wordy.gateway.add(createFake(home, name), `echo:${name}`);
  const first = async (by: Caller): Promise<string | undefined> =>
    (await find({ intent: 'echo a text', connector: 'echo' }, by)).tools[0]?.name;
  const callers = await checkingClients(t, home);
  for (const used of callers) {
    const other = await open(t);
    assert.equal(await first(used), 'echo_blue_echo');
    await used.call('echo_red_echo', { text: 'x' });
    const { tools } = await find({ intent: 'echo a text', connector: 'echo' }, used);
    assert.equal(tools[0]?.name, 'echo_red_echo');
    assert.ok(tools[0].because.includes('account used last: "red"'));

    // Neither a tool that failed, nor an error, nor an upstream that died moves it, nor what others do.
    assert.equal((await used.call('echo_blue_fail', {}))['isError'], true);
    assert.equal(await first(used), 'echo_red_echo');
    await assert.rejects(used.call('echo_blue_error', { code: -32055, message: 'quota' }), /quota/);
    assert.equal(await first(used), 'echo_red_echo');
    assert.equal(nucleusErrorOf(await used.call('echo_blue_die', {}))?.code, 'UPSTREAM_EXITED');
    assert.equal(await first(used), 'echo_red_echo');
    assert.equal(await first(other), 'echo_blue_echo');
    await other.call('echo_blue_echo', {});
    assert.equal(await first(used), 'echo_red_echo');

    // Every way to call counts.
    await used.call('echo_echo', { profile: 'blue', text: 'x' });
    assert.equal(await first(used), 'echo_blue_echo');
    await used.call('nucleus_call', { name: 'echo_red_echo', arguments: {} });
    assert.equal(await first(used), 'echo_red_echo');
    await used.call('nucleus_call_plan', { steps: [{ name: 'echo_blue_echo' }] });
    assert.equal(await first(used), 'echo_blue_echo');
    await used.call('execute', { name: 'echo_red_echo', arguments: {} });
    assert.equal(await first(used), 'echo_red_echo');
    // An account that is named counts more.
    const named = await find({ intent: 'echo a text on blue', connector: 'echo' }, used);
    assert.equal(named.tools[0]?.name, 'echo_blue_echo');
  }
  await nucleusOk(home, ['stop']);
  await nucleusOk(home, ['start']);
  client = await open(scope);
  // To its client the session behind a shim is the same one; here it is a new conversation.
  for (const used of callers)
    assert.equal(await until('the shim is back', () => first(used).catch(() => null)), 'echo_blue_echo');
});
