// Command lines that the native shim hands to the gateway's process: no Node beside the app, and nothing more allowed.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import test, { type TestContext } from 'node:test';
import { startGateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { createLines } from '../helpers/lines.ts';
import { nucleus, nucleusJson, nucleusOk, passphrase, type RunOptions } from '../helpers/nucleus.ts';
import { needs } from '../helpers/require.ts';
import { fakeApp, nativeShim } from '../helpers/shims.ts';
import {
  firstPin,
  nucleusOnTerminal,
  numberAnswer,
  pinAnswer,
  setPin,
  testPin,
} from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

/** How to run the native shim of this home; null, with the test skipped, without a compiler. */
function native(t: TestContext, home: Home): Required<Pick<RunOptions, 'command' | 'env'>> | null {
  const command = nativeShim(t);
  return command === null ? null : { command, env: { NUCLEUS_APP: fakeApp(home) } };
}

/** Hands command lines over by hand, with an environment of one's choice; answers what they print. */
async function openHand(
  t: TestContext,
  home: Home,
): Promise<(argv: readonly string[], env: Readonly<Record<string, string>>) => Promise<string>> {
  const socket = connect(home.endpoint()?.socket ?? assert.fail('no gateway'));
  t.after(() => void socket.destroy());
  const lines = createLines(socket, socket);
  lines.send({ nucleus: 1, version: '0.1.0', role: 'command' });
  await lines.next('the answer to the attach line', () => true);
  return async (argv, env) => {
    lines.send({
      run: { argv, cwd: '/', env, tty: [false, false, false], columns: null, terminal: null },
    });
    const { out } = (await lines.next('what it prints', (message) => 'out' in message)) as unknown as {
      out: string;
    };
    return Buffer.from(out, 'base64').toString('utf8');
  };
}

test('a command that is handed over reads, prints and ends as one in a process of its own', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how) return;
  const secrets = passphrase(home);
  await startGateway(t, home, secrets);
  const fake = createFake(home, 'main');
  const added = await nucleusOk(
    home,
    ['add', 'fake', 'main', ...fake.flags, '--secret-env', 'TOKEN', '--token-stdin'],
    { ...how, stdin: 'the tökèn\n' },
  );
  assert.match(added.stdout + added.stderr, /fake:main/);

  const lines: readonly (readonly string[])[] = [
    ['list', '--json'],
    ['info', 'fake:nobody'],
    ['no-such-verb'],
    ['call', 'fake_main_env', '--json', '--args', '{"names":["TOKEN"]}'],
    ['serve', '--help'],
    ['--version'],
    [],
  ];
  /** Ages go on between two commands. */
  const plain = (text: string): string => text.replace(/\b\d+s\b/g, 'some time');
  for (const args of lines) {
    const ours = await nucleus(home, args, how);
    const theirs = await nucleus(home, args);
    assert.deepEqual(
      [ours.code, plain(ours.stdout), ours.stderr],
      [theirs.code, plain(theirs.stdout), theirs.stderr],
    );
  }
  const { stdout } = await nucleusOk(home, ['call', 'fake_main_env', '--args', '{"names":["TOKEN"]}'], how);
  assert.match(stdout, /the tökèn/);
  // Larger than any buffer on its way.
  const text = 'ä'.repeat(50_000);
  const large = await nucleusOk(home, ['call', 'fake_main_echo', '--args', JSON.stringify({ text })], how);
  assert.ok(large.stdout.includes(text));
});

test('a command finds the files of the folder it was typed in', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how) return;
  await startGateway(t, home);
  const missing = await nucleus(home, ['list', '--config', 'none.toml'], { ...how, cwd: home.root });
  assert.equal(missing.code, 2);
  assert.ok(missing.stderr.includes(`--config names ${home.path('none.toml')}, which does not exist`));
  // The state folder too: the gateway works in another one.
  const env = { ...how.env, NUCLEUS_HOME: relative(home.root, home.state) };
  const listed = await nucleusOk(home, ['list', '--json'], { ...how, env, cwd: home.root });
  assert.deepEqual(JSON.parse(listed.stdout), []);
  // And the files of clients whose place a variable says.
  const claude = home.path('claude files');
  mkdirSync(claude);
  const clients = await nucleusOk(home, ['clients'], {
    ...how,
    env: { ...how.env, CLAUDE_CONFIG_DIR: claude },
  });
  assert.match(clients.stdout + clients.stderr, /claude files/);
});

test('a pipe that a command names is not waited for in the gateway’s process', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how) return;
  await startGateway(t, home);
  const pipe = home.path('pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const args = ['sign-in', 'fake:main', '--client-id', 'app', '--client-key', pipe];
  const { code, stderr } = await nucleus(home, args, how);
  assert.notEqual(code, 0);
  assert.match(stderr, /is not a regular file/);
});

test('a command works on the state folder of the gateway that runs it, and on no other', async (t) => {
  const home = createHome(t);
  await startGateway(t, home);
  const other = createHome(t);
  await startGateway(t, other);
  const hand = await openHand(t, home);
  const said = await hand(['status', '--json'], { HOME: other.user, NUCLEUS_HOME: other.state });
  assert.equal((JSON.parse(said) as { home: string }).home, home.state);
});

test('what a command starts gets the environment of the command, and not the one that opens the vault', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how) return;
  await startGateway(t, home, { NUCLEUS_VAULT_PASSPHRASE: 'CANARY of the gateway' });
  const [stub, seen] = [home.path('stub'), home.path('seen')];
  mkdirSync(stub);
  mkdirSync(join(home.user, '.claude'), { recursive: true });
  writeFileSync(join(stub, 'claude'), `#!/bin/sh\necho "the stub was asked to $2"\nenv > '${seen}'\n`);
  chmodSync(join(stub, 'claude'), 0o755);
  const env = { ...how.env, PATH: `${stub}:${process.env['PATH']}`, TERM: 'CANARY of the command' };
  const { stderr } = await nucleusOk(home, ['install', 'claude', '--yes'], { ...how, env });
  assert.match(stderr, /the stub was asked to add/);
  const variables = readFileSync(seen, 'utf8');
  assert.match(variables, /CANARY of the command/);
  assert.doesNotMatch(variables, /NUCLEUS_VAULT|CANARY of the gateway/);
});

test('a signal that whoever started the command ignores does not end it', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how) return;
  const gateway = await startGateway(t, home);
  const fake = createFake(home, 'main');
  await gateway.add(fake);
  const script = `trap '' HUP; exec "$0" "$@"`;
  const child = spawn(
    '/bin/sh',
    ['-c', script, how.command, 'call', 'fake_main_sleep', '--args', '{"ms":2000}'],
    { env: { ...home.env, ...how.env }, stdio: 'ignore' },
  );
  const end = once(child, 'exit');
  await until('the call runs', () => fake.received('tools/call').length > 0, 30_000);
  assert.equal(child.kill('SIGHUP'), true);
  assert.deepEqual(await end, [0, null]);
});

test('without a gateway the app is started for a command, unless a person stopped it', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how) return;
  const first = await nucleusOk(home, ['list', '--json'], how);
  assert.deepEqual(JSON.parse(first.stdout), []);
  const pid = home.endpoint()?.pid;
  assert.ok(pid);

  const again = await nucleusOk(home, ['start'], how);
  assert.equal(again.stdout, `gateway already running: pid ${pid}, socket ${home.endpoint()?.socket}\n`);
  const stopped = await nucleusOk(home, ['stop'], how);
  assert.equal(stopped.stdout, `gateway stopped: pid ${pid}\n`);
  const refused = await nucleus(home, ['list'], how);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /^Error: Nucleus was stopped by you; run nucleus start\n$/);
  const none = JSON.parse((await nucleusOk(home, ['stop', '--json'], how)).stdout) as unknown;
  assert.deepEqual(none, { stopped: false, pid: null });
  const started = JSON.parse((await nucleusOk(home, ['start', '--json'], how)).stdout) as object;
  assert.deepEqual(started, { ...home.endpoint(), started: true });
});

test('what needs a process of its own says so, handed over or not', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how) return;
  for (const args of [
    ['serve', '--http', '127.0.0.1:0'],
    ['serve', '--standalone'],
    ['start', '--foreground'],
  ]) {
    const { code, stderr } = await nucleus(home, args, how);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, /^Error: .*the gateway of this nucleus is the app/);
  }
  const handed = await nucleus(home, ['gateway'], how);
  assert.equal(handed.code, 2);
  assert.match(handed.stderr, /^Error: nucleus gateway takes a process of its own/);
});

test('a PIN is typed on the terminal of whoever typed the command, and nowhere else', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how || !needs(t, 'script')) return;
  await startGateway(t, home);
  const piped = await nucleus(home, ['pin', 'set'], { ...how, stdin: `${testPin}\n${testPin}\n` });
  assert.equal(piped.code, 5);
  assert.match(piped.stderr, /this takes a person: run it in a terminal of your own/);

  const set = await nucleusOnTerminal(home, ['pin', 'set'], [...firstPin(), numberAnswer()], how);
  assert.equal(set.code, 0, set.screen);
  assert.match(set.screen, /the approval PIN is set/);
  assert.doesNotMatch(set.screen, new RegExp(testPin));

  await nucleusOk(home, ['lock'], how);
  const guessed = await nucleusOnTerminal(home, ['unlock'], [pinAnswer('000001'), pinAnswer()], how);
  assert.equal(guessed.code, 0, guessed.screen);
  assert.match(guessed.screen, /4 tries are left[^]*unlocked/);
  await nucleusOk(home, ['lock'], how);
  const cancelled = await nucleusOnTerminal(
    home,
    ['unlock'],
    [{ shown: 'Approval PIN: ', typed: '\u0003' }],
    how,
  );
  assert.notEqual(cancelled.code, 0);
  assert.doesNotMatch(cancelled.screen, /unlocked/);
});

test('a connection that hands over a command comes no further than one that puts questions', async (t) => {
  const home = createHome(t);
  await startGateway(t, home);
  await setPin(home);
  await nucleusOk(home, ['lock']);
  const lockedAt = async () =>
    ((await nucleusJson(home, ['status'])) as { lockedAt: number | null }).lockedAt;

  /** Hands `argv` over by hand and answers every question as a program would that plays the terminal. */
  async function hand(argv: readonly string[], typed: string): Promise<number> {
    const socket = connect(home.endpoint()?.socket ?? assert.fail('no gateway'));
    t.after(() => void socket.destroy());
    const lines = createLines(socket, socket);
    lines.send({ nucleus: 1, version: '0.1.0', role: 'command' });
    await lines.next('the answer to the attach line', () => true);
    const env = { HOME: home.user, NUCLEUS_HOME: home.state };
    lines.send({ run: { argv, cwd: '/', env, tty: [true, true, true], columns: 80, terminal: '/dev/null' } });
    const exit = lines.next('the end of the command', (message) => 'exit' in message);
    const isAsked = await lines.next('the question', (message) => 'open' in message || 'exit' in message);
    if ('open' in isAsked) {
      lines.send({ open: true });
      await lines.next('the wish to read', (message) => 'read' in message);
      lines.send({ tty: Buffer.from(typed).toString('base64') });
      lines.send({ tty: null });
    }
    return ((await exit) as unknown as { exit: number }).exit;
  }
  for (const typed of ['', '\r', 'yes\r', '000000\r']) assert.equal(await hand(['unlock'], typed), 5, typed);
  assert.notEqual(await lockedAt(), null);
  // Whoever knows the PIN may also say it over the socket; that is what a PIN is.
  assert.equal(await hand(['unlock'], `${testPin}\r`), 0);
  assert.equal(await lockedAt(), null);
});

test('so many commands run at once and no more, and those that ended make room', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how) return;
  await startGateway(t, home);
  const ends: (number | null)[] = [];
  const children = Array.from({ length: 33 }, () => {
    const env = { ...home.env, ...how.env };
    const child = spawn(how.command, ['logs', '--follow'], { env, stdio: 'ignore' });
    child.once('exit', (code) => ends.push(code));
    return child;
  });
  await until('one of them is refused', () => ends.length > 0, 30_000);
  assert.deepEqual(ends, [3]);
  for (const child of children) child.kill('SIGKILL');
  await until('there is room again', async () => (await nucleus(home, ['list'], how)).code === 0, 30_000);
  await until('all of them ended', () => ends.length === children.length, 30_000);
});

test('a command ends with the shim that handed it over', async (t) => {
  const home = createHome(t);
  const how = native(t, home);
  if (!how) return;
  const gateway = await startGateway(t, home);
  const fake = createFake(home, 'main');
  await gateway.add(fake);
  const child = spawn(how.command, ['call', 'fake_main_sleep', '--args', '{"ms":60000}'], {
    env: { ...home.env, ...how.env },
    stdio: 'ignore',
  });
  await until('the call runs', () => fake.received('tools/call').length > 0, 30_000);
  child.kill('SIGTERM');
  await until('the upstream is told', () => fake.received('notifications/cancelled').length > 0, 30_000);
  assert.deepEqual(await nucleusJson(home, ['list'], how), await nucleusJson(home, ['list']));
});
