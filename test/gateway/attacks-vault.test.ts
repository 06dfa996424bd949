// A program with a shell of the same user makes Nucleus forget what a person accepted, to say anew what may run. It has
// not the vault's key: with the record of what was accepted go the accounts.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import Sqlite from 'better-sqlite3';
import { codeOf } from '../helpers/attacker.ts';
import {
  attach,
  controlGateway,
  startGateway,
  textOf,
  type Attached,
  type Gateway,
} from '../helpers/client.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { nucleusJson, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { addGuarded, signedIn, startWorld, type SignInWorld } from '../helpers/sign-in-world.ts';
import { setPin, testPin } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

interface Kept {
  readonly home: Home;
  readonly env: Record<string, string>;
  readonly gateway: Gateway;
  readonly fake: Fake;
  readonly world: SignInWorld;
}

const policy = '[[rule]]\nmatch = "svc:work"\ndeny = ["whoami"]\n';
const tool = { name: 'execute', inputSchema: { type: 'object' } };

/** A gateway with one account by a secret and one by a sign-in; nothing of either may run. */
async function openKept(t: TestContext): Promise<Kept> {
  const home = createHome(t, '[http]\nenabled = false\n[approval]\npark_after = "100ms"\n');
  const env = passphrase(home);
  const gateway = await startGateway(t, home, env);
  const file = home.path('tools.json');
  writeFileSync(file, JSON.stringify([tool]));
  const fake = createFake(home, 'a', '--tool-file', file);
  await gateway.add(fake, 'db:a', {
    launch: { ...fake.launch, secretEnv: ['TOKEN'] },
    secrets: { TOKEN: 'SENTINEL-token' },
    env: 'prod',
  });
  const world = await startWorld(t);
  await addGuarded(gateway, 'svc:work', world);
  await signedIn(gateway, 'svc:work');
  await setPin(home, env);
  home.write('policy.toml', policy);
  const kept = { home, env, gateway, fake, world };
  const client = await open(t, kept);
  assert.deepEqual(await codesOf(client), ['APPROVAL_PENDING', 'POLICY_DENIED']);
  client.close();
  return kept;
}

async function open(t: TestContext, { home }: Pick<Kept, 'home'>): Promise<Attached> {
  const client = await attach(t, home);
  await client.initialize();
  return client;
}

async function codesOf(client: Attached): Promise<string[]> {
  const codes = [];
  for (const name of ['db_a_execute', 'svc_work_whoami'])
    codes.push(codeOf(await client.request('tools/call', { name, arguments: {} })));
  return codes;
}

function edit({ home }: Kept, sql: string): void {
  const db = new Sqlite(`${home.state}/registry.db`);
  db.exec(sql);
  db.close();
}
const remove = 'DELETE FROM vault_own';
const corrupt = "UPDATE vault_own SET sealed = x'00'";

const recover = ({ home, env }: Kept): Promise<unknown> =>
  nucleusJson(home, ['vault', 'recover', '--force'], { env });

/** The running gateway mends a record that it writes to meanwhile; an attacker tries again. */
const loseWhileItRuns = (kept: Kept, sql: string): Promise<unknown> =>
  until('the record is lost', async () => {
    edit(kept, sql);
    return ((await recover(kept)) as { isGuardLost: boolean }).isGuardLost;
  });

/** What makes Nucleus forget; each ends with a gateway that runs. */
const attacks: Readonly<Record<string, (kept: Kept) => Promise<void>>> = {
  'takes the record away while it is stopped': async (kept) => {
    await nucleusOk(kept.home, ['stop']);
    edit(kept, remove);
    await nucleusOk(kept.home, ['start'], { env: kept.env });
  },
  'damages the record and gives it up': async (kept) => {
    await nucleusOk(kept.home, ['stop']);
    edit(kept, corrupt);
    await recover(kept);
    await nucleusOk(kept.home, ['start'], { env: kept.env });
  },
  'takes the record away under the running gateway and gives it up': async (kept) => {
    await loseWhileItRuns(kept, remove);
  },
  'damages the record under the running gateway and gives it up': async (kept) => {
    await loseWhileItRuns(kept, corrupt);
  },
};

for (const [what, attack] of Object.entries(attacks))
  test(`an attack that ${what} gets to no account`, async (t) => {
    verifies('NEW-002', 'NUC-010', 'NUC-011');
    const kept = await openKept(t);
    const { home, env, fake, world } = kept;
    const before = { starts: fake.starts().length, tokens: world.server.tokens.length };
    await attack(kept);
    // The number that is typed is read from the terminal the program made; it may say what runs from here on.
    await setPin(home, env);
    const gateway = await controlGateway(t, home);
    const say = (question: string, input: object): Promise<unknown> =>
      gateway.ask('person.askWithPin', { question, input, pin: testPin });
    await say('lock.release', {});
    for (const id of ['db:a', 'svc:work']) await say('profiles.changeEnv', { id, env: 'dev' });
    const { text: base } = await gateway.ask('policy.get', {});
    await say('policy.save', { text: '', base });
    const { state } = await gateway.ask('policy.get', {});
    assert.equal(state, 'accepted');
    const client = await open(t, kept);
    assert.deepEqual(await codesOf(client), ['SECRET_MISSING', 'SIGN_IN_REQUIRED']);
    assert.match(
      textOf(await client.call('db_a_execute')),
      /profile db:a has no usable secret "TOKEN" .*nucleus add/s,
    );
    assert.match(
      textOf(await client.call('svc_work_whoami')),
      /svc:work needs a sign-in: the vault cannot open its sign-in any more.*nucleus sign-in svc:work/s,
    );
    assert.deepEqual(fake.received('tools/call'), []);
    assert.deepEqual(world.server.calls, []);
    assert.deepEqual({ starts: fake.starts().length, tokens: world.server.tokens.length }, before);
    // Who gives the accounts again has them again.
    await gateway.ask('profiles.setSecrets', { id: 'db:a', secrets: { TOKEN: 'SENTINEL-again' } });
    await signedIn(gateway, 'svc:work');
    assert.deepEqual(await codesOf(client), ['ran', 'ran']);
  });

test('what opens is not given up, and what a person accepted stays', async (t) => {
  verifies('NEW-002');
  const kept = await openKept(t);
  await recover(kept);
  const client = await open(t, kept);
  assert.deepEqual(await codesOf(client), ['APPROVAL_PENDING', 'POLICY_DENIED']);
  assert.equal((await kept.gateway.ask('person.ways', {})).hasPin, true);
  await nucleusOk(kept.home, ['vault', 'rekey'], { env: kept.env });
  await kept.gateway.ask('profiles.rename', { id: 'db:a', name: 'b' });
  const [info] = await kept.gateway.ask('profiles.info', { id: 'db:b', probe: true });
  assert.equal(info?.probe?.ok, true);
});
