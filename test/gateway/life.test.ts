// What happens to profiles and to the gateway itself while clients are attached: rename, removal with undo, hand-over.
import assert from 'node:assert/strict';
import test from 'node:test';
import { accountTools, attach, startGateway, textOf, type Attached } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome } from '../helpers/home.ts';
import { nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { until } from '../helpers/until.ts';

async function toolNames(client: Attached): Promise<string[]> {
  const list = (await client.ask('tools/list')) as { tools: { name: string }[] };
  return accountTools(list).map(({ name }) => name);
}

test('a renamed profile keeps its secret, default mark and tools, under its new name', async (t) => {
  const home = createHome(t);
  const env = passphrase(home);
  const fake = createFake(home, 'old');
  await nucleusOk(home, ['add', 'fake', 'old', ...fake.flags, '--secret-env', 'TOKEN', '--token-stdin'], {
    stdin: 'the token\n',
    env,
  });
  await nucleusOk(home, ['use', 'fake:old'], { env });
  const gateway = await startGateway(t, home, env);
  const client = await attach(t, home);
  await client.initialize();
  assert.ok((await toolNames(client)).includes('fake_old_env'));

  const renamed = await gateway.ask('profiles.rename', { id: 'fake:old', name: 'new' });
  assert.deepEqual([renamed.id, renamed.isDefault], ['fake:new', true]);
  const names = await toolNames(client);
  assert.ok(names.includes('fake_new_env') && !names.some((name) => name.startsWith('fake_old_')));
  const answer = await client.call('fake_new_env', { names: ['TOKEN'] });
  assert.deepEqual(JSON.parse(textOf(answer)), { TOKEN: 'the token' });
  await until('the client is told', () =>
    client.seen.some((line) => line.includes('notifications/tools/list_changed')),
  );
});

test('a profile cannot take the name of another one', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  for (const name of ['a', 'b'])
    await gateway.ask('profiles.add', {
      connector: 'fake',
      name,
      launch: { command: '/bin/true' },
      connect: false,
    });
  await assert.rejects(gateway.ask('profiles.rename', { id: 'fake:a', name: 'b' }), /fake:b exists already/);
  assert.deepEqual(
    (await gateway.ask('profiles.list', {})).map(({ id }) => id),
    ['fake:a', 'fake:b'],
  );
});

test('a profile that a rule names cannot be renamed out of it', async (t) => {
  const home = createHome(t);
  home.write('policy.toml', '[[rule]]\nmatch = "fake:prod"\napprove = "human"\n');
  const gateway = await startGateway(t, home);
  const launch = { command: '/bin/true' };
  await gateway.ask('profiles.add', { connector: 'fake', name: 'prod', launch, connect: false });
  await assert.rejects(
    gateway.ask('profiles.rename', { id: 'fake:prod', name: 'harmless' }),
    /a rule of policy\.toml names fake:prod and would not hold for fake:harmless/,
  );
});

test('a profile being removed is out of sight at once, and can be taken back as it was', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  const fake = createFake(home, 'main');
  await gateway.add(fake);
  const client = await attach(t, home);
  await client.initialize();
  assert.ok((await toolNames(client)).includes('fake_main_echo'));

  await gateway.ask('profiles.removeLater', { id: 'fake:main', undoMs: 60_000 });
  assert.deepEqual(await toolNames(client), []);
  assert.deepEqual(await gateway.ask('profiles.list', {}), []);
  assert.deepEqual(await gateway.ask('profiles.keep', { id: 'fake:main' }), { kept: true });
  assert.ok((await toolNames(client)).includes('fake_main_echo'));
  assert.deepEqual(await gateway.ask('profiles.keep', { id: 'fake:main' }), { kept: false });
});

test('a removal nobody took back is done when its time is over, at the latest when the gateway ends', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  for (const name of ['soon', 'later'])
    await gateway.ask('profiles.add', {
      connector: 'fake',
      name,
      launch: { command: '/bin/true' },
      connect: false,
    });
  await gateway.ask('profiles.removeLater', { id: 'fake:soon', undoMs: 1_000 });
  await gateway.ask('profiles.removeLater', { id: 'fake:later', undoMs: 60_000 });
  const again = { connector: 'fake', name: 'soon', launch: { command: '/bin/false' }, connect: false };
  await until('its name is free', () =>
    gateway.ask('profiles.add', again).then(
      () => true,
      () => false,
    ),
  );
  await nucleusOk(home, ['stop']);
  const { stdout } = await nucleusOk(home, ['list', '--json']);
  assert.deepEqual(
    (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id),
    ['fake:soon'],
  );
});

test('a gateway that hands over answers what runs, takes nobody new and lets the lock go', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  const fake = createFake(home, 'main');
  await gateway.add(fake);
  const client = await attach(t, home);
  await client.initialize();
  const call = client.call('fake_main_sleep', { ms: 1_500, text: 'done' });
  await until('the call runs', () => fake.received('tools/call').length > 0);
  await gateway.ask('gateway.stop', { byPerson: false });
  assert.equal(textOf(await call), 'done');
  // The command takes the lock itself now, and nothing says that a person stopped it.
  const { stdout } = await nucleusOk(home, ['list', '--json']);
  assert.equal((JSON.parse(stdout) as unknown[]).length, 1);
  const again = await startGateway(t, home);
  assert.equal((await again.status()).upstreams.length, 1);
});

test('the default account comes first, and a connected client is told when it changes', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  for (const name of ['a', 'b']) await gateway.add(createFake(home, name));
  const client = await attach(t, home);
  await client.initialize();
  assert.match((await toolNames(client))[0] ?? '', /^fake_a_/);
  await gateway.ask('profiles.use', { id: 'fake:b' });
  await until('the client is told', () =>
    client.seen.some((line) => line.includes('notifications/tools/list_changed')),
  );
  assert.match((await toolNames(client))[0] ?? '', /^fake_b_/);
});
