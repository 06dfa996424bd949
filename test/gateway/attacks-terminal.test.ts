// A program with a shell of the same user runs our commands without a terminal, on one it made itself, and asks on the
// socket what they ask; what it has not is the PIN, or the app.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { attach, startGateway, type Attached } from '../helpers/client.ts';
import { codeOf } from '../helpers/attacker.ts';
import { openGuarded, type Guarded } from '../helpers/guarded.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { openDesk } from '../helpers/host.ts';
import { nucleusBin, nucleusJson } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { firstPin, nucleusOnTerminal, numberAnswer, pinAnswer, testPin } from '../helpers/terminal.ts';
import { until, withDeadline } from '../helpers/until.ts';

const context = { signal: new AbortController().signal };
const config = '[http]\nenabled = false\n[approval]\npark_after = "100ms"\n';

async function openParked(t: TestContext): Promise<{ guarded: Guarded; client: Attached; id: string }> {
  const guarded = await openGuarded(t, { prod: 'prod' }, { config });
  const client = await attach(t, guarded.home);
  await client.initialize();
  assert.equal(codeOf(await client.request('tools/call', { name: 'db_prod_execute' })), 'APPROVAL_PENDING');
  return { guarded, client, id: (await guarded.desk.question()).id };
}

/** Without a terminal: in a session of its own, with `stdin` closed or holding what a person would type. */
async function withoutTerminal(home: Home, args: readonly string[], stdin: string): Promise<number | null> {
  const child = spawn('setsid', ['-w', 'sh', '-c', `exec "$0" "$@" ${stdin}`, nucleusBin, ...args], {
    cwd: home.user,
    env: { ...home.env, NUCLEUS_PIN: testPin, PIN: testPin },
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return withDeadline(`the end of ${args.join(' ')}`, ended, 20_000);
}

test('no command says yes without a terminal, nor on one without the PIN', async (t) => {
  verifies('NEW-002', 'NEW-019');
  const { guarded, client, id } = await openParked(t);
  const { home, desk, reached, gateway } = guarded;
  const allow = ['approvals', 'allow', id];
  const unset = await nucleusOnTerminal(home, allow, [pinAnswer()]);
  assert.equal(unset.code, 5, unset.screen);
  assert.match(unset.screen, /there is no approval PIN/);
  await desk.host.person.pin.set({ pin: testPin }, context);
  await gateway.ask('lock.engage', {});
  guarded.policy('defaults = false\n');
  writeFileSync(join(home.user, '.mcp-profiles.toml'), '[db]\nprofile = "prod"\n');
  const ways = [
    allow,
    ['unlock'],
    ['env', 'db:prod', 'dev'],
    ['policy', 'accept'],
    ['workspace', 'trust', home.user],
    ['pin', 'change'],
    ['pin', 'remove'],
  ];
  for (const args of ways) {
    for (const stdin of [`<&-`, `</dev/null`, `<<'X'\n${testPin}\n${testPin}\nX`])
      assert.notEqual(await withoutTerminal(home, args, stdin), 0, `${args.join(' ')} ${stdin}`);
    if (args[0] === 'unlock') {
      const wrong = await nucleusOnTerminal(home, args, [
        pinAnswer('000001'),
        pinAnswer(''),
        pinAnswer('\x04'),
      ]);
      assert.notEqual(wrong.code, 0, wrong.screen);
    }
  }
  assert.notEqual((await gateway.status()).lockedAt, null);
  assert.equal(await profileEnv(guarded), 'prod');
  assert.equal((await gateway.ask('person.ways', {})).hasPin, true);
  assert.equal((await gateway.ask('policy.get', {})).state, 'pending');
  const { files } = await gateway.ask('workspaces.resolve', { folder: home.user });
  assert.equal(files[0]?.state, 'untrusted');
  assert.equal(codeOf(await client.request('tools/call', { name: 'db_prod_list_things' })), 'LOCKED');
  assert.deepEqual(reached('prod'), []);
  // The person whose PIN it is can.
  assert.equal((await nucleusOnTerminal(home, ['unlock'], [pinAnswer()])).code, 0);
  assert.equal((await gateway.status()).lockedAt, null);
});

async function profileEnv({ gateway }: Guarded): Promise<string | undefined> {
  return (await gateway.ask('profiles.list', {})).find(({ id }) => id === 'db:prod')?.env;
}

test('ten guesses at once over the socket are five, and then the right PIN is refused too', async (t) => {
  verifies('NEW-002');
  const { guarded, client, id } = await openParked(t);
  const { home, desk, gateway, reached } = guarded;
  await desk.host.person.pin.set({ pin: testPin }, context);
  const guess = (pin: string): Promise<string> =>
    gateway.ask('person.askWithPin', { question: 'approvals.allow', input: { id }, pin }, 15_000).then(
      () => 'right',
      (error: Error) => error.message,
    );
  const guesses = await Promise.all(Array.from({ length: 10 }, (_, index) => guess(`guess-${index}`)));
  assert.equal(guesses.filter((said) => /that is not the approval PIN/.test(said)).length, 4);
  assert.equal(guesses.filter((said) => /is locked until/.test(said)).length, 6, guesses.join('\n'));
  assert.match(await guess(testPin), /is locked until/);
  const onTerminal = await nucleusOnTerminal(home, ['approvals', 'allow', id], [pinAnswer()]);
  assert.equal(onTerminal.code, 5, onTerminal.screen);
  client.close();
  await desk.host.close();
  const again = await openDesk(t, home, { isAttended: false });
  await assert.rejects(
    async () =>
      again.host.handlers.person.askWithPin({ question: 'lock.release', input: {}, pin: testPin }, context),
    /is locked until/,
  );
  assert.deepEqual(reached('prod'), []);
});

test('the first PIN is set by the app where there is or was one, for one who asks at a time', async (t) => {
  verifies('NEW-002');
  const { guarded } = await openParked(t);
  const { home, desk, gateway } = guarded;
  const ask = (pin: string): Promise<string> =>
    gateway.ask('person.setFirstPin', { pin, terminal: '/dev/pts/0' }).then(
      ({ isSet }) => (isSet ? 'set' : 'not set'),
      (error: Error) => error.message,
    );
  const first = ask('attack-1');
  const { id } = await desk.question(({ tool }) => tool === 'pin set');
  assert.match(await ask(testPin), /the app asks already whether a PIN may be set/);
  await until('a no that counts', () => desk.deny(id));
  assert.equal(await first, 'not set');
  desk.leave();
  assert.match(await ask('attack-2'), /open the Nucleus app/);
  const made = await nucleusOnTerminal(home, ['pin', 'set'], [...firstPin('attack-3'), numberAnswer()]);
  assert.equal(made.code, 5, made.screen);
  assert.match(made.screen, /open the Nucleus app/);
  assert.equal(((await nucleusJson(home, ['pin'])) as { hasPin: boolean }).hasPin, false);
});

test('no signal opens the gateway to a debugger', async (t) => {
  const home = createHome(t, '[http]\nenabled = false\n');
  const { pid, status } = await startGateway(t, home);
  process.kill(pid, 'SIGUSR1');
  // It would say so within milliseconds.
  for (let asked = 0; asked < 100; asked += 1) await status();
  const logs = join(home.state, 'logs');
  for (const file of readdirSync(logs))
    assert.doesNotMatch(readFileSync(join(logs, file), 'utf8'), /Debugger listening/);
});
