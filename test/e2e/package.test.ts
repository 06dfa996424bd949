// The packed app, from its archive and with its fuses, as it will be on a person's machine. What of the hardening is
// shown where, docs/hardening.md lists.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { getCurrentFuseWire } from '@electron/fuses';
import Database from 'better-sqlite3';
import { fuses, readFuses } from '../../scripts/fuses.ts';
import { appEnvironment, needsApp, runApp } from '../helpers/app.ts';
import { controlGateway, jsonOf, startShim, textOf } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { nucleus, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { gone, processesWith } from '../helpers/processes.ts';
import { until, withDeadline } from '../helpers/until.ts';

const packed = join(import.meta.dirname, '..', '..', 'dist', 'linux-unpacked', 'nucleus');
const resources = join(dirname(packed), 'resources');
const command = join(resources, 'bin', 'nucleus');
// Cookies need no keyring here; without the switch Chromium starts one and asks for its password.
const flags = ['--password-store=basic', '--hidden'];
/** A loaded machine takes its time to start an app. */
const patience = 30_000;

/** Starts the packed app by hand; what it said on stderr. */
function startPacked(
  t: TestContext,
  home: Home,
  args: readonly string[],
  env = {},
): { child: ChildProcess; said(): string } {
  const child = spawn(packed, [...flags, ...args], {
    env: { ...appEnvironment(home), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  t.after(() => void child.kill('SIGKILL'));
  return { child, said: () => said };
}

test('a client starts the packed app by its own command, uses it, and leaves no secret in sight', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  const { DISPLAY = '', XAUTHORITY = '' } = appEnvironment(home);
  const env = { ...passphrase(home), DISPLAY, XAUTHORITY };
  const shim = startShim(t, home, { command, env });
  await shim.initialize(patience);
  const pid = home.endpoint()?.pid ?? assert.fail('no gateway');
  assert.match(shim.stderr(), new RegExp(`attached to gateway pid=${pid} socket=`));
  assert.match(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), /linux-unpacked\/nucleus\0--hidden/);

  // Commands run in the app, which has no Node beside it.
  const how = { command, env, within: patience };
  const secret = 'canary-4711-of-the-vault';
  const fake = createFake(home, 'main');
  await nucleusOk(home, ['add', 'fake', 'main', ...fake.flags, '--secret-env', 'TOKEN', '--token-stdin'], {
    ...how,
    stdin: `${secret}\n`,
  });
  const file = home.path('a.db');
  new Database(file).exec("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('Ada')").close();
  await nucleusOk(home, ['add', 'sqlite', 'prod', '--metadata', `file=${file}`, '--no-input'], how);
  const listed = JSON.parse((await nucleusOk(home, ['list', '--json'], how)).stdout) as { id: string }[];
  assert.deepEqual(listed.map(({ id }) => id).sort(), ['fake:main', 'sqlite:prod']);

  const rows = await shim.call('sqlite_prod_query', { sql: 'SELECT name FROM users' }, patience);
  assert.deepEqual(jsonOf(rows)['rows'], [{ name: 'Ada' }]);
  assert.equal(textOf(await shim.call('fake_main_echo', { text: 'hi' }, patience)), 'hi');

  // E14: only the upstream itself holds its secret.
  const holders = processesWith(secret).map(({ command: line }) => line.includes('fake-upstream'));
  assert.deepEqual(holders, [true]);
  // E12: nobody is there to write what was in memory when something crashes, or to send it.
  const ours = processesWith(home.root).map(({ command: line }) => line);
  assert.ok(ours.length > 3, ours.join('\n'));
  assert.deepEqual(
    ours.filter((line) => line.includes('crashpad')),
    [],
  );

  // The command that client entries name leads to the one of the package.
  const stable = await nucleus(home, ['--version'], { command: join(home.state, 'bin', 'nucleus') });
  assert.equal(stable.stdout, (await nucleusOk(home, ['--version'])).stdout);

  const { stdout } = await nucleusOk(home, ['stop'], how);
  assert.equal(stdout, `gateway stopped: pid ${pid}\n`);
  await gone(pid, patience);
  const stopped = await shim.request('tools/list', {}, patience);
  assert.deepEqual(stopped.error?.data, { code: 'GATEWAY_STOPPED' });
  assert.equal(await shim.close(), 0);
});

test('every fuse of the packed app is set as scripts/fuses.ts decided', async (t) => {
  if (!needsApp(t)) return;
  // Node, cookies sealed, NODE_OPTIONS, --inspect, archive checked, only the archive, snapshot, rights of file:, traps.
  assert.deepEqual(readFuses(packed), ['010011001']);
  assert.deepEqual(Object.keys(fuses).length, 9);
  // As others read it.
  const { version, ...wire } = await getCurrentFuseWire(packed);
  assert.deepEqual(
    [
      version,
      Object.values(wire)
        .map((state) => String.fromCharCode(state as number))
        .join(''),
    ],
    ['1', '010011001'],
  );
});

test('the packed app is neither a Node nor driven from outside', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  for (const name of ['remote-debugging-port=0', 'remote-debugging-pipe']) {
    let said = '';
    const code = await runApp(
      packed,
      [`--${name}`, ...flags],
      appEnvironment(home),
      (text) => (said += text),
    );
    assert.equal(code, 1, said);
    assert.match(said, /Nucleus does not start with remote debugging/);
    assert.doesNotMatch(said, /DevTools listening/);
  }

  let asNode = '';
  const { DISPLAY: _, ...headless } = appEnvironment(home);
  const asked = { ...headless, ELECTRON_RUN_AS_NODE: '1' };
  await runApp(packed, ['-e', 'console.error("ran as node")'], asked, (text) => (asNode += text));
  assert.doesNotMatch(asNode, /ran as node/);
  assert.match(asNode, /There is no display/);

  const env = { NODE_OPTIONS: '--require=/nowhere/at-all.cjs', NODE_EXTRA_CA_CERTS: '/nowhere/at-all.pem' };
  const { child, said } = startPacked(t, home, ['--inspect=127.0.0.1:0', '--inspect-brk=127.0.0.1:0'], env);
  await until('the gateway listens', () => home.endpoint() !== null, patience);
  // Node opens its debugger for this signal where nobody took care.
  child.kill('SIGUSR1');
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  assert.equal((await (await controlGateway(t, home)).status()).pid, child.pid);
  await nucleusOk(home, ['stop']);
  assert.equal(await withDeadline('the end of the app', ended, patience), 0);
  assert.doesNotMatch(said(), /Debugger listening|at-all/);
});

test('a second start with hostile words opens nothing but the window of the first', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  const { child, said } = startPacked(t, home, []);
  await until('the gateway listens', () => home.endpoint() !== null, patience);
  const words = [
    'nucleus://callback?code=1',
    'file:///etc/passwd',
    '--load-extension=/tmp',
    '../../x',
    '\u001b[2J',
  ];
  assert.equal(await runApp(packed, [...words, ...flags], appEnvironment(home)), 0);
  const gateway = await controlGateway(t, home);
  assert.equal((await gateway.status()).pid, child.pid);
  assert.equal(child.exitCode, null, said());
  assert.doesNotMatch(readFileSync(join(home.state, 'logs', 'app.log'), 'utf8'), /error|passwd/);
});

test('beside the archive lie the native modules and nothing else that could be run', (t) => {
  if (!needsApp(t)) return;
  const unpacked = readdirSync(join(resources, 'app.asar.unpacked'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(resources.length + 1))
    .sort();
  assert.deepEqual(unpacked, [
    'app.asar.unpacked/node_modules/better-sqlite3/prebuilds/linux-x64.node',
    'app.asar.unpacked/node_modules/keytar/prebuilds/linux-x64/keytar.node',
  ]);
  assert.deepEqual(readdirSync(resources).sort(), [
    'app.asar',
    'app.asar.unpacked',
    'bin',
    'connectors',
    'icon.png',
    'tray',
  ]);
  accessSync(command, constants.X_OK);
  // Nobody but the owner may change what everybody runs.
  for (const path of [packed, command, join(resources, 'app.asar')])
    assert.equal(statSync(path).mode & 0o022, 0, path);
});
