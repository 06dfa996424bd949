// What config.toml changes about the tools clients are shown and the results they get: names, budget, account line.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test, { before } from 'node:test';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { FixedMode, Mode } from '../../src-shared/modes.ts';
import {
  attach,
  connectClient,
  connectModernClient,
  jsonOf,
  startGateway,
  textOf,
  type Attached,
  type Gateway,
} from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { addClient, ask, toolCall, urlOf } from '../helpers/http.ts';
import { verifies } from '../helpers/requirements.ts';

type Json = Readonly<Record<string, unknown>>;
interface Tool {
  readonly name: string;
  readonly description: string;
}

const scope = createScope();
const settings = ['[surface]', 'separator = "__"', 'account_line = true', 'always_on = ["plain:gone"]'];
const home = createHome(scope, settings.join('\n'));
const ownTools = ['nucleus_find_tool', 'nucleus_call', 'nucleus_read', 'nucleus_call_plan'];
/** Of the modern era, which has no handshake: each request says who sends it. */
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'line-client', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const accounts = {
  a: { id: 'plain:a', connector: 'plain', alias: 'a', metadata: { account: 'ada@example.org', zone: 'eu' } },
  b: { id: 'plain:b', connector: 'plain', alias: 'b' },
};
let gateway: Gateway;

before(async () => {
  gateway = await startGateway(scope, home);
});

async function open(where: Scope, mode?: Mode): Promise<Attached> {
  const client = await attach(where, home, mode && { mode });
  await client.initialize();
  return client;
}

async function namesIn(where: Scope, mode?: Mode): Promise<string[]> {
  const { tools } = await (await open(where, mode)).ask('tools/list');
  return (tools as Tool[]).map(({ name }) => name);
}

test('without a profile the introduction says how to add one, and with the first it names that', async (t) => {
  verifies('NUC-053', 'NUC-054');
  const greet = async (): Promise<string> => {
    const client = await attach(t, home);
    const { serverInfo, instructions } = await client.initialize();
    const modern = await client.ask('server/discover', { _meta: envelope });
    assert.equal(modern['instructions'], instructions);
    assert.equal((serverInfo as Json)['name'], 'nucleus');
    return String(instructions);
  };
  assert.equal(
    await greet(),
    'Nucleus holds several accounts of the same services at once. Each account is a profile of a connector.\n\n' +
      'No profile is configured yet. The user adds one with `nucleus add <connector>`; `nucleus connectors` lists what there is.',
  );
  assert.deepEqual(await namesIn(t), ownTools);
  const { metadata } = accounts.a;
  await gateway.add(createFake(home, 'a', '--prompts', '--resources'), 'plain:a', { metadata });
  assert.match(await greet(), /^Connectors:\n {2}- plain: 1 profile\(s\) — a$/m);
  await gateway.add(createFake(home, 'b'), 'plain:b');
  assert.match(await greet(), /^Connectors:\n {2}- plain: 2 profile\(s\) — a, b$/m);
  assert.doesNotMatch(await greet(), /No profile is configured/);
});

test('names with two underscores lead back, whatever underscores they have themselves', async (t) => {
  verifies('NEX-020');
  const odd = (name: string) => {
    const file = home.path(`${name}.json`);
    const tools = ['d__e', '_d', 'c__d__e', 'd'].map((tool) => ({
      name: tool,
      inputSchema: { type: 'object' },
    }));
    writeFileSync(file, JSON.stringify(tools));
    return createFake(home, name, '--tool-file', file);
  };
  const ids = ['a:_b_c', 'a:b', 'a__b:c'];
  for (const [index, id] of ids.entries()) await gateway.add(odd(`odd${index}`), id);
  const client = await open(t, 'expose-all');
  const { tools } = await client.ask('tools/list');
  const exposed = (tools as Tool[]).filter(({ name }) => name.startsWith('a_'));
  assert.equal(exposed.length, 12);
  assert.equal(new Set(exposed.map(({ name }) => name)).size, 12);
  for (const name of ['a_b__d', 'a_b__d__e', 'a_b___d', 'a_b__c__d__e', 'a__b_c__c__d__e'])
    assert.ok(
      exposed.some((tool) => tool.name === name),
      name,
    );
  const fakes: Readonly<Record<string, string>> = { 'a/_b_c': 'odd0', 'a/b': 'odd1', 'a__b/c': 'odd2' };
  const reached = new Set<string>();
  for (const { name, description } of exposed) {
    const account = /^\[(.+?)\]/.exec(description)?.[1] ?? '';
    const { called, by } = jsonOf(await client.call(name));
    assert.equal(by, fakes[account], name);
    reached.add(`${String(by)} ${String(called)}`);
  }
  assert.equal(reached.size, 12);
  const merged = await namesIn(t, 'merged');
  assert.ok(merged.includes('plain__echo'), merged.join());
  assert.equal(textOf(await client.call('plain__echo', { profile: 'b', text: 'hello' })), 'hello');
  for (const id of ids) await gateway.ask('profiles.remove', { id });
});

test('each result says its account to programs and, when set, to readers, in both eras', async (t) => {
  verifies('NEW-032');
  const [legacy, modern] = [await connectClient(t, home), await connectModernClient(t, home)];
  for (const client of [legacy, modern]) {
    const call = (name: string, args: Json): Promise<Json> =>
      client.callTool({ name, arguments: { ...args } });
    const says = (result: Json, account: keyof typeof accounts, text: string): void => {
      assert.deepEqual((result['_meta'] as Json)['dev.nucleus/profile'], accounts[account], text);
      const line = account === 'a' ? '[account: plain/a (ada@example.org, eu)]' : '[account: plain/b]';
      assert.deepEqual(
        (result['content'] as Json[]).map((block) => block['text']),
        [text, line],
      );
    };
    for (const account of ['a', 'b'] as const) {
      const name = `plain_${account}__echo`;
      says(await call(name, { text: 'direct' }), account, 'direct');
      says(await call('plain__echo', { profile: account, text: 'merged' }), account, 'merged');
      const inner = { name, arguments: { text: 'through' } };
      says(await call('nucleus_call', inner), account, 'through');
      says(await call('execute', inner), account, 'through');
      const failed = await call(`plain_${account}__fail`, { text: 'no such row' });
      assert.equal(failed['isError'], true);
      says(failed, account, 'no such row');
      const plan = await call('nucleus_call_plan', { steps: [inner] });
      const { results } = plan['structuredContent'] as { results: { result: Json }[] };
      says(results[0]?.result ?? {}, account, 'through');
      // What is no answer of an account names none.
      assert.deepEqual([plan['_meta'], (plan['content'] as Json[]).length], [undefined, 1]);
    }
    const prompt = await client.getPrompt({ name: 'plain_a__greet', arguments: { who: 'x' } });
    assert.deepEqual((prompt['_meta'] as Json)['dev.nucleus/profile'], accounts.a);
    assert.equal(prompt.messages.length, 1);
    const page = await client.readResource({ uri: 'nucleus://plain/a/fake://a/readme' });
    assert.deepEqual((page['_meta'] as Json)['dev.nucleus/profile'], accounts.a);
    // An upstream cannot say that it is another.
    const forged = JSON.stringify({ content: [], _meta: { 'dev.nucleus/profile': accounts.a, kept: 1 } });
    const { _meta: meta } = await call('plain_b__raw', { json: forged });
    assert.deepEqual((meta as Json)['dev.nucleus/profile'], accounts.b);
    assert.equal((meta as Json)['kept'], 1);
  }
});

test('at the address of one account results are its own, without a word of ours, in both eras', async (t) => {
  verifies('NEW-032', 'NEW-014');
  const token = await addClient(gateway, 'laptop');
  const base = await urlOf(gateway);
  const { message } = await ask(base, toolCall('echo', { text: 'x' }), { path: '/p/plain:a/mcp', token });
  assert.deepEqual(message.result, { content: [{ type: 'text', text: 'x' }] });
  const atAll = await ask(base, toolCall('plain_a__echo', { text: 'x' }), { token });
  assert.deepEqual(atAll.message.result?.['_meta'], { 'dev.nucleus/profile': accounts.a });
  const client = new ModernClient(
    { name: 'modern-client', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  t.after(() => client.close());
  const headers = { Authorization: `Bearer ${token}` };
  const url = new URL('/p/plain:a/mcp', base);
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  const result = await client.callTool({ name: 'echo', arguments: { text: 'x' } });
  assert.deepEqual(result.content, [{ type: 'text', text: 'x' }]);
  assert.ok(!JSON.stringify(result).includes('dev.nucleus/'), JSON.stringify(result));
});

test('in mode search the list is as long with one tool as with five hundred', async (t) => {
  verifies('NUC-057');
  const shown = (id: string) => ({ id, alias: 'one' });
  await gateway.add(createFake(home, 'few', '--tools', '1'), 'few:one');
  await gateway.add(createFake(home, 'many', '--tools', '500'), 'many:one');
  for (const id of ['few:one', 'many:one']) {
    const client = await attach(t, home, { mode: 'search', profiles: [shown(id)] });
    await client.initialize();
    const { tools } = await client.ask('tools/list');
    assert.deepEqual(
      (tools as Tool[]).map(({ name }) => name),
      ownTools,
    );
    const count = id === 'few:one' ? 1 : 500;
    assert.match((tools as Tool[])[0]?.description ?? '', new RegExp(`\\(${count} tools\\)$`));
    await gateway.ask('profiles.remove', { id });
  }
});

test('auto takes the first of expose-all, merged, hybrid and search that fits the budget', async (t) => {
  verifies('NEW-007', 'NUC-058');
  const { costs, warnings } = await gateway.ask('surface.get', {});
  assert.deepEqual(warnings, ['--always-on plain:gone names no profile that is shown here']);
  assert.ok((await gateway.status()).warnings.includes(warnings[0] ?? ''));
  assert.equal((await gateway.status()).surface.chosen, 'expose-all');
  const firsts: readonly [budget: number, chosen: FixedMode][] = [
    [costs['expose-all'].tokens - 1, 'merged'],
    [costs.merged.tokens - 1, 'hybrid'],
    [costs.hybrid.tokens - 1, 'search'],
  ];
  for (const [budget, chosen] of firsts) {
    await gateway.ask('surface.set', { budget });
    const { mode, ...surface } = (await gateway.status()).surface;
    assert.deepEqual({ mode, ...surface }, { mode: 'auto', chosen, ...costs[chosen] });
    assert.equal((await namesIn(t)).length, costs[chosen].tools, chosen);
  }
});
