// Proof of a person where there is no window: the approval PIN, and what takes it.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { GatewayStatus } from '../../src-shared/contract.ts';
import type { Profile } from '../../src-shared/model.ts';
import { connectClient, nucleusErrorOf, startGateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import {
  firstPin,
  nucleusOnTerminal,
  numberAnswer,
  pinAnswer,
  setPin,
  testPin,
} from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

const lockedAt = async (home: Home): Promise<number | null> =>
  ((await nucleusJson(home, ['status'])) as GatewayStatus).lockedAt;

test('the first PIN takes a number typed on a terminal, and every other one the PIN', async (t) => {
  const home = createHome(t);
  const env = passphrase(home);
  const gateway = await startGateway(t, home, env);

  const piped = await nucleus(home, ['pin', 'set'], { stdin: `${testPin}\n${testPin}\n` });
  assert.equal(piped.code, 5);
  assert.match(piped.stderr, /this takes a person: run it in a terminal of your own/);
  for (const terminal of ['/dev/null', '/dev/tty', '/dev/pts/99999', '/dev/pts/../null'])
    await assert.rejects(gateway.ask('person.setFirstPin', { pin: testPin, terminal }), /TERMINAL_UNUSABLE/);
  const easy = await nucleusOnTerminal(home, ['pin', 'set'], firstPin('123456'));
  assert.equal(easy.code, 2, easy.screen);
  assert.match(easy.screen, /is guessed at once; choose another PIN/);
  const different = await nucleusOnTerminal(home, ['pin', 'set'], firstPin(testPin, '481517'));
  assert.equal(different.code, 2, different.screen);
  const atOnce = await nucleusOnTerminal(home, ['pin', 'set'], [...firstPin(), numberAnswer(0)]);
  assert.equal(atOnce.code, 1, atOnce.screen);
  assert.equal((await gateway.ask('person.ways', {})).hasPin, false);

  const done = await nucleusOnTerminal(home, ['pin', 'set'], [...firstPin(), numberAnswer()]);
  assert.equal(done.code, 0, done.screen);
  assert.match(done.screen, /the approval PIN is set/);
  assert.doesNotMatch(done.screen, new RegExp(testPin));
  assert.equal((await nucleusOnTerminal(home, ['pin', 'set'])).code, 5);
  // Sealed, and in no file in clear: without the passphrase nobody reads it, and everything is refused.
  assert.deepEqual((await gateway.status()).warnings, []);

  const changed = await nucleusOnTerminal(home, ['pin', 'change'], [...firstPin('271828'), pinAnswer()]);
  assert.equal(changed.code, 0, changed.screen);
  const removed = await nucleusOnTerminal(
    home,
    ['pin', 'remove'],
    [pinAnswer(), { shown: '4 tries are left', typed: '' }, pinAnswer('271828')],
  );
  assert.equal(removed.code, 0, removed.screen);
  assert.equal((await gateway.ask('person.ways', {})).hasPin, false);
});

test('five wrong PINs lock it for 15 minutes, whoever gave them and over a restart', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await setPin(home);
  await nucleusOk(home, ['lock']);
  const first = await nucleusOnTerminal(home, ['unlock'], Array(3).fill(pinAnswer('000001')));
  assert.equal(first.code, 5);
  assert.match(first.screen, /2 tries are left/);
  const guesses = Array.from({ length: 6 }, (_, index) =>
    gateway.ask('person.askWithPin', { question: 'lock.release', input: {}, pin: `guess-${index}` }).then(
      () => assert.fail('a guess was right'),
      (error: Error) => error.message,
    ),
  );
  const answers = await Promise.all(guesses);
  assert.deepEqual(
    answers.map((answer) => /1 try is left/.test(answer)),
    [true, false, false, false, false, false],
  );
  assert.match(answers[5] ?? '', /was given wrong 5 times and is locked until 20/);

  await nucleusOk(home, ['stop']);
  await startGateway(t, home);
  const right = await nucleusOnTerminal(home, ['unlock']);
  assert.equal(right.code, 5, right.screen);
  assert.match(right.screen, /the approval PIN is locked until 20/);
  assert.notEqual(await lockedAt(home), null);
  const { pinLockedUntil } = (await nucleusJson(home, ['pin'])) as { pinLockedUntil: number };
  assert.ok(Math.abs(pinLockedUntil - Date.now() - 15 * 60_000) < 60_000);
});

test('a lock outlives a restart, and only a person ends it', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await setPin(home);
  await nucleusOk(home, ['lock']);
  const at = await lockedAt(home);
  assert.ok(at !== null && Date.now() - at < 60_000);
  await assert.rejects(gateway.ask('lock.release' as 'lock.engage', {}), /does not know/);
  assert.equal((await nucleus(home, ['unlock'], { stdin: `${testPin}\n` })).code, 5);
  assert.equal((await nucleus(home, ['unlock', '--no-input'])).code, 5);
  await nucleusOk(home, ['stop']);
  await startGateway(t, home);
  assert.equal(await lockedAt(home), at);

  const unlocked = await nucleusOnTerminal(home, ['unlock'], [pinAnswer()]);
  assert.equal(unlocked.code, 0, unlocked.screen);
  assert.match(unlocked.screen, /Unlock everything\? It is locked since 20/);
  assert.doesNotMatch(unlocked.screen, new RegExp(testPin));
  assert.equal(await lockedAt(home), null);
});

test('a waiting call is allowed by the PIN on a terminal, which shows all of it, and by nothing else', async (t) => {
  verifies('NEW-002', 'NEW-018');
  const home = createHome(t, '[approval]\npark_after = "5m"\n');
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'atlas', '--tools', '1'), 'fake:atlas', { env: 'prod' });
  await setPin(home);
  const client = await connectClient(t, home);
  const call = (text: string) => client.callTool({ name: 'fake_atlas_echo', arguments: { text } });
  const question = async (): Promise<string> => {
    const { waiting } = await until('a question waits', async () => {
      const known = await gateway.ask('approvals.list', {});
      return known.waiting.length > 0 ? known : null;
    });
    return waiting[0]?.id ?? '';
  };

  const first = call('hidden \u200b here');
  const id = await question();
  assert.match(
    (await nucleusOk(home, ['approvals'])).stdout,
    new RegExp(`^${id.slice(0, 8)} +fake:atlas +prod`, 'm'),
  );
  const piped = await nucleus(home, ['approvals', 'allow', id], { stdin: `${testPin}\n` });
  assert.equal(piped.code, 5);
  const wrong = await nucleusOnTerminal(
    home,
    ['approvals', 'allow', id.slice(0, 8)],
    [pinAnswer('000001'), pinAnswer('')],
  );
  assert.equal(wrong.code, 5, wrong.screen);
  const allowed = await nucleusOnTerminal(home, ['approvals', 'allow', id.slice(0, 8)], [pinAnswer()]);
  assert.equal(allowed.code, 0, allowed.screen);
  assert.match(
    allowed.screen,
    /Allow echo on fake:atlas \(prod\)\?[^]*test-client[^]*hidden \[U\+200B\] here/,
  );
  assert.equal(nucleusErrorOf(await first), undefined);
  assert.equal((await nucleus(home, ['approvals', 'allow', id])).code, 4);

  const second = call('again');
  const words = ['approvals', 'allow', await question(), '--calls', '2'];
  const granted = await nucleusOnTerminal(home, words, [pinAnswer(testPin, 600)]);
  assert.equal(granted.code, 0, granted.screen);
  assert.match(granted.screen, /And echo on fake:atlas 2 times, whatever its arguments/);
  assert.equal(nucleusErrorOf(await second), undefined);
  assert.equal(nucleusErrorOf(await call('without a question')), undefined);
  const { stdout } = await nucleusOk(home, ['approvals', 'grants']);
  assert.match(stdout, /^\S+ +fake:atlas +prod +echo +/m);
});

test('anybody gives a class where there is none, only a person changes one', async (t) => {
  verifies('NEW-004');
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  const fake = createFake(home, 'atlas', '--tools', '1');
  await gateway.add(fake);
  const env = async (id = 'fake:atlas'): Promise<string> =>
    (await nucleusOk(home, ['env', id])).stdout.trim();
  assert.equal(await env(), 'none');
  await nucleusOk(home, ['env', 'fake:atlas', 'prod']);
  assert.equal(await env(), 'prod');
  assert.match((await nucleusOk(home, ['list'])).stdout, /^ID +DEFAULT +CLASS[^]*^fake:atlas +prod /m);

  const refused = await nucleus(home, ['env', 'fake:atlas', 'dev']);
  assert.equal(refused.code, 5);
  await assert.rejects(gateway.ask('profiles.setEnv', { id: 'fake:atlas', env: 'dev' }), /PERSON_REQUIRED/);
  await assert.rejects(gateway.add(fake, 'fake:atlas', { replace: true, env: 'dev' }), /PERSON_REQUIRED/);
  await gateway.add(fake, 'fake:atlas', { replace: true });
  await gateway.ask('profiles.rename', { id: 'fake:atlas', name: 'moved' });
  assert.equal(await env('fake:moved'), 'prod');

  await setPin(home);
  const changed = await nucleusOnTerminal(home, ['env', 'fake:moved', 'none'], [pinAnswer()]);
  assert.equal(changed.code, 0, changed.screen);
  assert.match(changed.screen, /Change the class of fake:moved from prod to none\?/);
  assert.equal(await env('fake:moved'), 'none');
});

test('a class edited in the registry judges nothing, and status says so', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'atlas', '--tools', '1'), 'fake:atlas', { env: 'prod' });
  await nucleusOk(home, ['stop']);
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(`${home.state}/registry.db`);
  db.exec("UPDATE profiles SET env = 'dev'");
  db.close();
  const [profile] = (await nucleusJson(home, ['list'])) as Profile[];
  assert.equal(profile?.env, 'prod');
  const { warnings } = await (await startGateway(t, home)).status();
  assert.match(
    warnings.join('\n'),
    /the class of fake:atlas was changed outside Nucleus; it is judged as prod/,
  );
});

test('add asks a person for the class, with a guess from the name, and no script', async (t) => {
  const home = createHome(t);
  const add = (name: string): string[] => ['add', 'mine', name, '--command', 'true', '--no-connect'];
  await nucleusOk(home, [...add('scripted-prod')]);
  await nucleusOk(home, [...add('given'), '--env', 'staging', '--env', 'PORT=1']);
  const guessed = await nucleusOnTerminal(home, add('atlas-prod'), [
    { shown: 'Class of mine:atlas-prod (prod, staging, dev, personal, none) [prod]: ', typed: '\r' },
  ]);
  assert.equal(guessed.code, 0, guessed.screen);
  const none = await nucleusOnTerminal(home, add('other'), [
    { shown: '[none]: ', typed: 'live\r' },
    { shown: '[none]: ', typed: 'dev\r' },
  ]);
  assert.equal(none.code, 0, none.screen);
  assert.equal((await nucleusOnTerminal(home, [...add('silent-prod'), '--no-input'])).code, 0);
  const profiles = (await nucleusJson(home, ['list'])) as Profile[];
  assert.deepEqual(Object.fromEntries(profiles.map(({ name, env }) => [name, env])), {
    'atlas-prod': 'prod',
    given: 'staging',
    other: 'dev',
    'scripted-prod': undefined,
    'silent-prod': undefined,
  });
  const wrong = await nucleus(home, [...add('wrong'), '--env', 'SECRET']);
  assert.equal(wrong.code, 2);
  assert.doesNotMatch(wrong.stderr, /SECRET/);
});
