// What clients are shown, changed while they are connected: the file, the gateway and the clients.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { connectClient, controlGateway, startGateway, type Gateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, type Home, type Scope } from '../helpers/home.ts';
import { nucleusOk } from '../helpers/nucleus.ts';
import { until } from '../helpers/until.ts';

const configOf = (home: Home) => `${home.state}/config.toml`;

/** A gateway with two accounts of one connector, and a client that counts what it is told. */
async function open(scope: Scope, config: string, env: Record<string, string> = {}) {
  const home = createHome(scope, config);
  const gateway = await startGateway(scope, home, env);
  await gateway.add(createFake(home, 'one', '--tools', '2'), 'github:work');
  await gateway.add(createFake(home, 'two', '--tools', '2'), 'github:personal');
  const client = await connectClient(scope, home);
  const names = async () => (await client.listTools()).tools.map(({ name }) => name);
  let told = 0;
  client.fallbackNotificationHandler = async ({ method }) => {
    if (method === 'notifications/tools/list_changed') told += 1;
  };
  await names();
  return { home, gateway, names, told: () => told };
}

test('a mode that is set is written into config.toml, shown at once, and told to clients', async (t) => {
  const config = '# mine\n[surface]\nmode = "expose-all" # all of it\n\n[log]\nlevel = "info"\n';
  const { home, gateway, names, told } = await open(t, config);
  const before = await gateway.ask('surface.get', {});
  assert.deepEqual(before.origins.mode, { line: 3, ruledBy: null });
  assert.ok((await names()).includes('github_work_echo'));

  const after = await gateway.ask('surface.set', { mode: 'merged', budget: 4_000 });
  assert.deepEqual([after.mode, after.chosen, after.budget], ['merged', 'merged', 4_000]);
  assert.equal(
    readFileSync(configOf(home), 'utf8'),
    '# mine\n[surface]\nmode = "merged" # all of it\nbudget = 4000\n\n[log]\nlevel = "info"\n',
  );
  assert.equal(after.origins.budget.line, 4);
  await until('the client is told', () => told() > 0);
  const merged = await names();
  assert.ok(merged.includes('github_echo') && !merged.includes('github_work_echo'), merged.join(' '));

  await nucleusOk(home, ['stop']);
  await nucleusOk(home, ['start']);
  const again = await controlGateway(t, home);
  assert.equal((await again.ask('surface.get', {})).mode, 'merged');
});

test('without a config.toml one is made that only its owner reads', async (t) => {
  const home = createHome(t, '');
  rmSync(configOf(home), { force: true });
  const gateway = await startGateway(t, home);
  const { file, origins } = await gateway.ask('surface.set', { alwaysOn: ['github:work'] });
  assert.equal(file, configOf(home));
  assert.equal(origins.alwaysOn.line, 2);
  assert.equal(readFileSync(configOf(home), 'utf8'), '[surface]\nalways_on = ["github:work"]\n');
  assert.equal(statSync(configOf(home)).mode & 0o777, 0o600);
});

test('what a variable rules says so and cannot be set', async (t) => {
  const { home, gateway } = await ruled(t);
  const { origins, mode } = await gateway.ask('surface.get', {});
  assert.deepEqual([mode, origins.mode.ruledBy], ['search', 'NUCLEUS_SURFACE_MODE']);
  await assert.rejects(gateway.ask('surface.set', { mode: 'hybrid' }), /ruled by NUCLEUS_SURFACE_MODE/);
  assert.equal(readFileSync(configOf(home), 'utf8'), '# nothing\n');
});

async function ruled(t: Scope): Promise<{ home: Home; gateway: Gateway }> {
  const home = createHome(t, '# nothing\n');
  return { home, gateway: await startGateway(t, home, { NUCLEUS_SURFACE_MODE: 'search' }) };
}

test('a config.toml with a mistake in it is left alone, and the answer names the line', async (t) => {
  const home = createHome(t, '[surface]\nmode = "hybrid"\n');
  const gateway = await startGateway(t, home);
  for (const broken of ['[surface]\nmode = \n', '[surface]\nmood = "hybrid"\n']) {
    writeFileSync(configOf(home), broken);
    await assert.rejects(gateway.ask('surface.set', { mode: 'search' }), /config\.toml:2:/);
    assert.equal(readFileSync(configOf(home), 'utf8'), broken);
  }
  assert.equal((await gateway.ask('surface.get', {})).mode, 'hybrid');
});

test('a config.toml that is kept read-only stays so', async (t) => {
  const home = createHome(t, '[surface]\nmode = "hybrid"\n');
  const gateway = await startGateway(t, home);
  chmodSync(configOf(home), 0o400);
  await assert.rejects(gateway.ask('surface.set', { mode: 'search' }), /is read-only; make it writable/);
  assert.equal((await gateway.ask('surface.get', {})).mode, 'hybrid');
});

test('a tool is described by its whole definition, and a list that is asked not to wait does not', async (t) => {
  const home = createHome(t, '[surface]\nmode = "expose-all"\n');
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'one', '--tools', '2'), 'github:work');
  const { tools, missing } = await gateway.ask('tools.list', { wait: false });
  assert.deepEqual(missing, []);
  assert.ok(tools.some(({ name }) => name === 'github_work_echo'));
  const { definition } = await gateway.ask('tools.describe', { name: 'github_work_echo' });
  const parsed = JSON.parse(definition) as { name: string; inputSchema: { type: string } };
  assert.deepEqual([parsed.name, parsed.inputSchema.type], ['github_work_echo', 'object']);
  await assert.rejects(gateway.ask('tools.describe', { name: 'github_work_nothing' }), /github_work_nothing/);
});
