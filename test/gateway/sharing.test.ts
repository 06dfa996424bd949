// One gateway for everybody: its registry under parallel use, its children under many clients, its environment.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import type { Profile } from '../../src-shared/model.ts';
import {
  attach,
  connectClient,
  controlGateway,
  jsonOf,
  startGateway,
  startShim,
  textOf,
} from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome } from '../helpers/home.ts';
import { startKeyring } from '../helpers/keyring.ts';
import { nucleus, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { gone, isAlive, processesWith } from '../helpers/processes.ts';
import { needs } from '../helpers/require.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const launch = { command: '/bin/true', args: [] };

test('fifty adds and lists at once meet no lock while a gateway runs', async (t) => {
  verifies('FIX-011');
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  // Ten are whole commands; forty say to the socket what such commands say, each over a connection of its own.
  const byCli = Array.from({ length: 10 }, async (_, n) => {
    const args =
      n % 2 ? ['list', '--json'] : ['add', 'cli', `p${n}`, '--command', '/bin/true', '--no-connect'];
    return nucleus(home, args);
  });
  const bySocket = Array.from({ length: 40 }, async (_, n) => {
    const own = await controlGateway(t, home);
    return n % 2
      ? own.ask('profiles.list', {})
      : own.ask('profiles.add', { connector: 'socket', name: `p${n}`, launch, connect: false });
  });
  const outcomes = await Promise.all(byCli);
  await Promise.all(bySocket);
  assert.deepEqual(
    outcomes.filter(({ code }) => code !== 0),
    [],
  );
  const profiles = await gateway.ask('profiles.list', {});
  assert.equal(profiles.length, 5 + 20);
});

test('commands that run at once without a gateway take turns', async (t) => {
  verifies('FIX-011');
  const home = createHome(t);
  const names = ['a', 'b', 'c', 'd', 'e'];
  const outcomes = await Promise.all(
    names.flatMap((name) => [
      nucleus(home, ['add', 'turns', name, '--command', '/bin/true', '--no-connect']),
      nucleus(home, ['list', '--json']),
    ]),
  );
  assert.deepEqual(
    outcomes.filter(({ code }) => code !== 0),
    [],
  );
  const profiles = (await nucleusJson(home, ['list'])) as Profile[];
  assert.deepEqual(
    profiles.map(({ name }) => name),
    names,
  );
});

test('five clients and twelve profiles are twelve upstream processes', async (t) => {
  verifies('FIX-012', 'NEW-010');
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  const fakes = Array.from({ length: 12 }, (_, n) => createFake(home, `p${n}`, '--tools', '3'));
  await Promise.all(fakes.map((fake) => gateway.add(fake)));
  const clients = await Promise.all(Array.from({ length: 5 }, () => connectClient(t, home)));
  const answers = await Promise.all(
    clients.flatMap((client, c) =>
      fakes.map(async ({ name }) => {
        const { pid, name: by } = jsonOf(await client.callTool({ name: `fake_${name}_whoami` }));
        assert.equal(by, name);
        const text = `${c} to ${name}`;
        assert.equal(textOf(await client.callTool({ name: `fake_${name}_echo`, arguments: { text } })), text);
        return pid;
      }),
    ),
  );
  assert.equal(answers.length, 60);
  assert.equal(new Set(answers).size, 12);
  assert.deepEqual(
    fakes.map((fake) => fake.starts().length),
    fakes.map(() => 1),
  );
  const { clients: attached } = await gateway.status();
  assert.equal(attached.filter(({ name }) => name === 'test-client').length, 5);
  const gateways = processesWith(home.state).filter(({ command }) => command.includes('main.mjs gateway'));
  assert.deepEqual(
    gateways.map(({ pid }) => pid),
    [gateway.pid],
  );
});

test('clients that all start a gateway at once end up with the same one', async (t) => {
  verifies('FIX-012');
  const home = createHome(t);
  const clients = await Promise.all(Array.from({ length: 5 }, () => connectClient(t, home)));
  await Promise.all(clients.map((client) => client.ping()));
  const gatewaysNow = () =>
    processesWith(home.state).filter(({ command }) => command.includes('main.mjs gateway'));
  const [winner] = await until('one gateway is left', () => {
    const left = gatewaysNow();
    return left.length === 1 && left;
  });
  assert.equal(winner?.pid, home.endpoint()?.pid);
  const { clients: attached } = await (await controlGateway(t, home)).status();
  assert.equal(attached.length, 5);
});

test('a gateway that a client started finds the keyring and the login PATH, and outlives the client', async (t) => {
  verifies('FIX-021');
  if (!needs(t, 'keyring')) return;
  const home = createHome(t);
  const keyring = await startKeyring(t, home);
  const fake = createFake(home, 'login');
  // A program that is only on the login shell's PATH.
  const bin = home.path('login-bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, `${bin}/only-after-login`);
  const profile = `PATH="$PATH:${bin}"\nexport PATH\n`;
  for (const name of ['.profile', '.bash_profile']) writeFileSync(`${home.user}/${name}`, profile);
  chmodSync(home.user, 0o755);
  const [, , ...args] = fake.flags;
  await nucleusOk(
    home,
    [
      'add',
      'fake',
      'login',
      '--command',
      'only-after-login',
      ...args,
      '--secret-env',
      'TOKEN',
      '--token-stdin',
      '--no-connect',
    ],
    { env: keyring.env, stdin: 'from the keyring\n' },
  );
  assert.equal(home.endpoint(), null);

  const client = await connectClient(t, home, {
    env: { SHELL: '/bin/bash', USER: 'tester', LOGNAME: 'tester' },
  });
  const seen = jsonOf(await client.callTool({ name: 'fake_login_env', arguments: {} }));
  assert.equal(seen['TOKEN'], 'from the keyring');
  assert.ok(String(seen['PATH']).split(':').includes(bin));
  assert.equal(seen['DBUS_SESSION_BUS_ADDRESS'], undefined);

  const endpoint = home.endpoint();
  assert.ok(endpoint);
  await client.close();
  assert.ok(isAlive(endpoint.pid));
  const again = await attach(t, home);
  await again.initialize();
  assert.equal(textOf(await again.call('fake_login_echo', { text: 'still here' })), 'still here');
  assert.equal(fake.starts().length, 1);
});

test('a gateway holds none of the pipes of the client that started it', async (t) => {
  verifies('FIX-021');
  const home = createHome(t);
  // The shim's stdout closes with it; were the gateway holding it, `ended` would wait for the gateway.
  const shim = startShim(t, home);
  await shim.initialize();
  const pid = home.endpoint()?.pid;
  assert.equal(await shim.close(), 0);
  assert.ok(pid !== undefined && isAlive(pid));
});

test('a gateway that a client started ends when nobody came for a while, one that was started by hand stays', async (t) => {
  verifies('FIX-012');
  const config = '[gateway]\nidle_exit = "500ms"\n';
  const [auto, manual] = [createHome(t, config), createHome(t, config)];
  const shim = startShim(t, auto);
  await Promise.all([shim.initialize(), nucleusOk(manual, ['start'])]);
  const [autoPid, manualPid] = [auto.endpoint()?.pid ?? 0, manual.endpoint()?.pid ?? 0];
  await until('the idle time has passed', () => Date.now() - (auto.endpoint()?.startedAt ?? 0) > 1_000);
  assert.ok(isAlive(autoPid), 'it ended under a client');
  await shim.close();
  await gone(autoPid);
  assert.equal(auto.endpoint(), null);
  assert.ok(isAlive(manualPid));

  // The next client starts the next one.
  const next = startShim(t, auto);
  await next.initialize();
  assert.notEqual(auto.endpoint()?.pid, autoPid);
});
