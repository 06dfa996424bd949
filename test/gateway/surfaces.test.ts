// What of many accounts a client is shown in each mode, what that costs a model, and that nothing is out of reach.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test, { before } from 'node:test';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { fixedModes, type FixedMode } from '../../src-shared/modes.ts';
import { wordyTools } from '../fixtures/wordy-tools.ts';
import {
  accountTools,
  attach,
  connectClient,
  connectModernClient,
  jsonOf,
  startShim,
  textOf,
  type Attached,
} from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';
import { startWordy, wordyAccounts, wordyConnectors, type Wordy } from '../helpers/wordy.ts';

type Json = Readonly<Record<string, unknown>>;
interface Tool extends Json {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: { readonly properties: Json; readonly required?: readonly string[] };
  readonly annotations?: Json;
}

const scope = createScope();
const home = createHome(scope);
const ownTools = ['nucleus_find_tool', 'nucleus_call', 'nucleus_read', 'nucleus_call_plan'];
/** Of the modern era, which has no handshake: each request says who sends it. */
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'line-client', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
let wordy: Wordy;

before(async () => {
  wordy = await startWordy(scope, home);
});

const attached = new Map<FixedMode, Promise<Attached>>();

/** A client that asked for a mode; the same one for each. */
function clientIn(mode: FixedMode): Promise<Attached> {
  const client = attached.get(mode) ?? open(mode);
  attached.set(mode, client);
  return client;
}

async function open(mode: FixedMode): Promise<Attached> {
  const client = await attach(scope, home, { mode });
  await client.initialize();
  return client;
}

const asShown = (id: string) => ({ id, alias: id.slice(id.indexOf(':') + 1) });

async function toolsIn(mode: FixedMode): Promise<readonly Tool[]> {
  const { tools } = await (await clientIn(mode)).ask('tools/list');
  return tools as Tool[];
}

const named = (tools: readonly { name: string }[]): string[] => tools.map(({ name }) => name);

test('twelve accounts are 240 tools, merged 80 at half the price, and search costs a thousand tokens', async () => {
  verifies('NEW-006', 'NEW-008');
  const { costs } = await wordy.gateway.ask('surface.get', {});
  const real: Partial<Record<FixedMode, number>> = {};
  for (const mode of fixedModes) {
    const client = await clientIn(mode);
    const { tools, nextCursor } = await client.ask('tools/list');
    assert.equal(nextCursor, undefined);
    const tokens = encode(client.seen.at(-1) ?? '').length;
    real[mode] = tokens;
    assert.equal(costs[mode].tools, (tools as Tool[]).length, mode);
    const off = Math.abs(costs[mode].tokens - tokens) / tokens;
    assert.ok(off <= 0.15, `${mode}: estimated ${costs[mode].tokens}, really ${tokens}`);
  }
  const counts = fixedModes.map((mode) => [mode, costs[mode].tools]);
  assert.deepEqual(Object.fromEntries(counts), {
    'expose-all': 244,
    hybrid: 84,
    search: 4,
    merged: 84,
    compat: 2,
  });
  const { 'expose-all': all = 0, merged = 0, search = 0 } = real;
  assert.ok(all / 240 >= 150, `tools of ${Math.round(all / 240)} tokens are not wordy`);
  assert.ok(merged <= all / 2, `${merged} of ${all}`);
  assert.ok(search <= 1_000, `${search}`);
});

test('status says which mode auto picked, and what each of them costs and saves', async () => {
  verifies('NEW-007', 'NEW-008');
  const { costs } = await wordy.gateway.ask('surface.get', {});
  assert.deepEqual((await wordy.gateway.status()).surface, {
    mode: 'auto',
    chosen: 'search',
    ...costs.search,
  });
  const { stdout } = await nucleusOk(home, ['status']);
  const line = `tools:   auto (search), 4 shown, about ${costs.search.tokens} tokens`;
  assert.ok(stdout.includes(line), stdout);
  const tokens = await nucleusOk(home, ['status', '--tokens']);
  const saved = (mode: FixedMode): number =>
    Math.round((1 - costs[mode].tokens / costs['expose-all'].tokens) * 100);
  const rows = tokens.stdout.split('\n').map((row) => row.trim().split(/ {2,}/));
  assert.deepEqual(rows.slice(0, 6), [
    ['MODE', 'TOOLS', 'TOKENS', 'SAVED'],
    ['expose-all', '244', String(costs['expose-all'].tokens), '-'],
    ['hybrid', '84', String(costs.hybrid.tokens), `${saved('hybrid')} %`],
    ['search *', '4', String(costs.search.tokens), `${saved('search')} %`],
    ['merged', '84', String(costs.merged.tokens), `${saved('merged')} %`],
    ['compat', '2', String(costs.compat.tokens), `${saved('compat')} %`],
  ]);
  assert.match(tokens.stdout, /what clients are shown: search, chosen by auto for a budget of 10000 tokens/);
  assert.deepEqual(
    await nucleusJson(home, ['status', '--tokens']),
    await wordy.gateway.ask('surface.get', {}),
  );
});

test('auto shows a client of few accounts all tools, one of several accounts of a connector the merged ones', async () => {
  verifies('NEW-007');
  const listed = async (...ids: string[]): Promise<string[]> => {
    const client = await attach(scope, home, { profiles: ids.map(asShown) });
    await client.initialize();
    const { tools } = await client.ask('tools/list');
    client.close();
    return named(tools as Tool[]);
  };
  const all = await listed('forge:prod');
  assert.deepEqual([all.length, all[0]], [24, 'forge_prod_get_me']);
  const merged = await listed('forge:prod', 'forge:dev', 'forge:staging');
  assert.deepEqual([merged.length, merged[0]], [24, 'forge_get_me']);
  assert.deepEqual(await listed(...wordy.ids), ownTools);
});

test('a merged call reaches the account it names, without the argument that named it', async (t) => {
  verifies('NEW-006');
  const clients = [
    await connectClient(t, home, { args: ['--mode', 'merged'] }),
    await connectModernClient(t, home, { args: ['--mode', 'merged'] }),
  ];
  for (const client of clients) {
    const { tools } = await client.listTools();
    const issue = tools.find(({ name }) => name === 'forge_get_issue');
    assert.deepEqual(issue?.inputSchema.properties?.['profile'], {
      type: 'string',
      enum: ['staging', 'dev', 'prod'],
    });
    assert.deepEqual(issue.inputSchema.required, ['profile', 'owner', 'repo', 'issue_number']);
    for (const profile of wordyAccounts) {
      const args = { owner: 'o', repo: 'r', issue_number: 7 };
      const result = await client.callTool({ name: 'forge_get_issue', arguments: { profile, ...args } });
      assert.deepEqual(jsonOf(result), { called: 'get_issue', by: `forge-${profile}`, args });
    }
    // This one has an argument of that name itself.
    const connect = tools.find(({ name }) => name === 'database_get_connection_string');
    assert.deepEqual(Object.keys(connect?.inputSchema.properties ?? {}), [
      'account',
      'project_id',
      'profile',
    ]);
    const own = { project_id: 'p', profile: 'session' };
    const result = await client.callTool({
      name: connect?.name ?? '',
      arguments: { ...own, account: 'prod' },
    });
    assert.deepEqual(jsonOf(result), { called: 'get_connection_string', by: 'database-prod', args: own });

    const before = wordy.calls();
    for (const profile of [undefined, 'production', 'forge:prod', '', 3, null, ['prod']]) {
      const wrong = await client.callTool({ name: 'forge_get_me', arguments: { profile } });
      assert.equal(wrong.isError, true);
      assert.equal(textOf(wrong), 'profile must name the account of forge to use: one of staging, dev, prod');
    }
    assert.equal(wordy.calls(), before);
  }
});

test('hybrid lists one account of each connector, its default; the others are found and called', async (t) => {
  verifies('NUC-056');
  const client = await connectClient(t, home, { args: ['--mode', 'hybrid'] });
  const names = named((await client.listTools()).tools);
  const first: Readonly<Record<string, string>> = {
    database: 'dev',
    errors: 'dev',
    forge: 'staging',
    notes: 'dev',
  };
  assert.deepEqual(names, [
    ...wordyConnectors
      .toSorted()
      .flatMap((connector) =>
        (wordyTools[connector] ?? []).map(({ name }) => `${connector}_${first[connector]}_${name}`),
      ),
    ...ownTools,
  ]);
  const found = await client.callTool({
    name: 'nucleus_find_tool',
    arguments: { intent: 'merge a pull request on prod', connector: 'forge' },
  });
  const { tools } = jsonOf(found) as { tools: { name: string; also_on: string[] }[] };
  assert.equal(tools[0]?.name, 'forge_prod_merge_pull_request');
  assert.ok(!names.includes('forge_prod_merge_pull_request'));
  const result = await client.callTool({
    name: 'nucleus_call',
    arguments: { name: 'forge_prod_merge_pull_request', arguments: { pull_number: 3 } },
  });
  assert.deepEqual(jsonOf(result)['by'], 'forge-prod');
});

test('hybrid lists pinned accounts as well; a pin that names none is told on stderr', async () => {
  verifies('NUC-058');
  const args = ['--mode', 'hybrid', '--always-on', 'FORGE:Prod,forge:dev', '--always-on', 'notes:gone'];
  const shim = startShim(scope, home, { args });
  await shim.initialize();
  const { tools } = await shim.ask('tools/list');
  const accounts = new Set(
    accountTools({ tools: tools as Tool[] }).map(({ name }) => name.split('_').slice(0, 2).join(':')),
  );
  assert.deepEqual(
    [...accounts],
    ['database:dev', 'errors:dev', 'forge:staging', 'forge:dev', 'forge:prod', 'notes:dev'],
  );
  await until('it is told', () => shim.stderr().includes('--always-on'));
  assert.match(shim.stderr(), /^warning: --always-on notes:gone names no profile that is shown here$/m);
  assert.doesNotMatch(shim.stderr(), /always-on forge/);
  await shim.close();
  const merged = startShim(scope, home, { args: ['--mode', 'merged', '--always-on', 'forge:prod'] });
  await merged.initialize();
  await until('it is told', () => merged.stderr().includes('--always-on'));
  assert.match(
    merged.stderr(),
    /^warning: --always-on is for mode hybrid; in mode merged it changes nothing$/m,
  );
  await merged.close();
});

test('compat lists search and execute and nothing else, search only our own', async (t) => {
  verifies('NEX-021', 'NUC-057');
  const compat = await connectClient(t, home, { args: ['--mode', 'compat'] });
  assert.deepEqual(named((await compat.listTools()).tools), ['search', 'execute']);
  const modern = await connectModernClient(t, home, { args: ['--mode', 'compat'] });
  assert.deepEqual(named((await modern.listTools()).tools), ['search', 'execute']);
  assert.deepEqual(named(await toolsIn('search')), ownTools);
});

/** Connector and alias of two tools in a list; without an alias they are merged ones. */
function parts(name: string): { connector: string; alias: string | undefined } | null {
  const found = /^(errors|forge)_(?:(dev|prod|staging)_)?(?:get_current_user|get_me)$/.exec(name);
  return found?.[1] === undefined ? null : { connector: found[1], alias: found[2] };
}

test('a client that still has the list of another mode reaches everything in it', async () => {
  verifies('NUC-056', 'NUC-057', 'NEX-021');
  const wanted = { name: 'errors_prod_get_current_user', arguments: {} };
  for (const mode of fixedModes) {
    const client = await clientIn(mode);
    for (const other of fixedModes) {
      const listed = named(await toolsIn(other));
      // One tool of each account of two connectors, under the names it has in that list.
      for (const name of listed) {
        const found = parts(name);
        if (!found) continue;
        const { connector, alias } = found;
        const result = await client.call(name, alias === undefined ? { profile: 'prod' } : {});
        assert.equal(jsonOf(result)['by'], `${connector}-${alias ?? 'prod'}`, `${name} in ${mode}`);
      }
      for (const name of listed.filter((one) => ['nucleus_call', 'nucleus_read', 'execute'].includes(one)))
        assert.equal(jsonOf(await client.call(name, wanted))['by'], 'errors-prod', `${name} in ${mode}`);
    }
    for (const [name, args] of [
      ['nucleus_find_tool', { intent: 'who am I' }],
      ['nucleus_call_plan', { steps: [wanted] }],
      ['search', { keywords: ['user'] }],
    ] as const)
      assert.notEqual((await client.call(name, args))['isError'], true, `${name} in ${mode}`);
  }
});

test('each mode introduces itself in the words of the moment, in both eras', async (t) => {
  verifies('NUC-053');
  const { version } = await wordy.gateway.status();
  const words: Readonly<Record<FixedMode, RegExp>> = {
    'expose-all': /Tools are named <connector>_<profile>_<tool>, for example supabase_prod_execute_sql/,
    hybrid:
      /Of each connector the tools of one account are listed\. When another account is named, ask nucleus_find_tool with its connector/,
    search: /No tool of an account is listed\. Describe what you want to nucleus_find_tool/,
    merged: /listed once, as <connector>_<tool>; its required argument `profile` says which account/,
    compat: /Only the tools search and execute are listed/,
  };
  for (const mode of fixedModes) {
    const client = await attach(t, home, { mode });
    const legacy = await client.initialize();
    const modern = await client.ask('server/discover', { _meta: envelope });
    const self = { name: 'nucleus', title: 'Nucleus', version };
    assert.deepEqual(legacy['serverInfo'], self);
    assert.deepEqual((modern['_meta'] as Json)['io.modelcontextprotocol/serverInfo'], self);
    assert.deepEqual((legacy['capabilities'] as Json)['tools'], { listChanged: true });
    assert.deepEqual((modern['capabilities'] as Json)['tools'], { listChanged: true });
    const text = String(legacy['instructions']);
    assert.equal(modern['instructions'], text);
    for (const [of, sentence] of Object.entries(words))
      if (of !== 'expose-all') assert.equal(sentence.test(text), of === mode, `${of} in ${mode}`);
    assert.match(text, words['expose-all'].test(text) ? words['expose-all'] : words.merged);
    const lines = text.split('\n').filter((line) => line.startsWith('  - '));
    assert.deepEqual(lines, [
      '  - database: 3 profile(s) — dev, prod, staging',
      '  - errors: 3 profile(s) — dev, prod, staging',
      '  - forge: 3 profile(s) — staging (default), dev, prod',
      '  - notes: 3 profile(s) — dev, prod, staging',
    ]);
    assert.match(text, /Answer questions about accounts and connections from this server/);
    assert.match(text, /If a description says PRODUCTION or read-only/);
  }
});

test('a tool that differs between accounts is merged only with its like', async (t) => {
  verifies('NEW-006');
  const ledger = (name: string, description: string, argument: string) => {
    const tools = [
      {
        name: 'run',
        description,
        inputSchema: { type: 'object', properties: { [argument]: { type: 'string' } } },
      },
      { name: 'close', inputSchema: { type: 'object' } },
    ];
    writeFileSync(home.path(`${name}.json`), JSON.stringify(tools));
    return createFake(home, name, '--tool-file', home.path(`${name}.json`));
  };
  const { gateway } = wordy;
  const ids = ['ledger:one', 'ledger:three', 'ledger:two'];
  await gateway.add(ledger('ledger-one', 'Runs it.', 'entry'), 'ledger:one');
  await gateway.add(ledger('ledger-two', 'Runs it.', 'statement'), 'ledger:two');
  await gateway.add(ledger('ledger-three', 'The same in other words.', 'entry'), 'ledger:three');
  t.after(async () => {
    for (const id of ids) await gateway.ask('profiles.remove', { id });
  });
  const client = await attach(t, home, { mode: 'merged', profiles: ids.map(asShown) });
  await client.initialize();
  const tools = accountTools((await client.ask('tools/list')) as unknown as { tools: Tool[] });
  const shown = tools.map(({ name, inputSchema: { properties } }) => [name, Object.keys(properties)]);
  assert.deepEqual(shown, [
    ['ledger_run', ['profile', 'entry']],
    ['ledger_close', ['profile']],
    ['ledger_two_run', ['statement']],
  ]);
  assert.deepEqual(tools[0]?.inputSchema.properties['profile'], { type: 'string', enum: ['one', 'three'] });
  const by = async (name: string, args: object) => jsonOf(await client.call(name, args))['by'];
  assert.equal(await by('ledger_run', { profile: 'three', entry: 'x' }), 'ledger-three');
  assert.equal(await by('ledger_close', { profile: 'two' }), 'ledger-two');
  assert.equal(await by('ledger_two_run', { statement: 'x' }), 'ledger-two');
  const other = await client.call('ledger_run', { profile: 'two' });
  assert.equal(textOf(other), 'profile must name the account of ledger to use: one of one, three');
});

test('nucleus_read says that it only reads, reaches each tool that says so, and refuses all others', async () => {
  verifies('NEX-026');
  const client = await clientIn('search');
  const own = new Map((await toolsIn('search')).map(({ name, annotations }) => [name, annotations]));
  assert.deepEqual(own.get('nucleus_read'), { readOnlyHint: true, openWorldHint: true });
  assert.deepEqual(own.get('nucleus_find_tool'), { readOnlyHint: true, openWorldHint: false });
  for (const name of ['nucleus_call', 'nucleus_call_plan'])
    assert.deepEqual(own.get(name), { readOnlyHint: false, destructiveHint: true, openWorldHint: true });
  let refused = 0;
  for (const connector of wordyConnectors)
    for (const { name: tool, annotations } of wordyTools[connector] ?? []) {
      const name = `${connector}_prod_${tool}`;
      const before = wordy.calls();
      const result = await client.call('nucleus_read', { name, arguments: {} });
      if (annotations.readOnlyHint) {
        assert.equal(jsonOf(result)['called'], tool);
        continue;
      }
      refused += 1;
      assert.equal(result['isError'], true);
      assert.equal(textOf(result), `${name} does not say that it only reads; use nucleus_call for it`);
      assert.equal(wordy.calls(), before);
    }
  assert.ok(refused >= 20);
  const merged = { name: 'forge_get_me', arguments: { profile: 'dev' } };
  assert.equal(jsonOf(await client.call('nucleus_read', merged))['by'], 'forge-dev');
});
