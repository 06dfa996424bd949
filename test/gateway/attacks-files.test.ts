// A program with a shell of the same user edits what lies in the state folder: the policy, the registry, connectors.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import Sqlite from 'better-sqlite3';
import { attach, controlGateway, type Attached } from '../helpers/client.ts';
import { codeOf } from '../helpers/attacker.ts';
import { createFake } from '../helpers/fake.ts';
import { openGuarded, type Guarded } from '../helpers/guarded.ts';
import { openDesk } from '../helpers/host.ts';
import { nucleus, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const strict = `
[[rule]]
match = "db:a"
deny = ["drop_*"]

[[rule]]
match = "db:a"
confirm = ["execute"]
approve = "human"
`;
const nobody = { isAttended: false } as const;

/** A gateway with nobody before it, and a policy a person accepted. */
async function openAccepted(t: TestContext): Promise<Guarded> {
  const guarded = await openGuarded(t, { a: 'staging' }, { ...nobody, policy: strict });
  await isAccepted(guarded);
  return guarded;
}

async function isAccepted({ gateway }: Pick<Guarded, 'gateway'>): Promise<void> {
  await until(
    'the policy is accepted',
    async () => (await gateway.ask('policy.get', {})).accepted === strict,
  );
}

async function open(t: TestContext, { home }: Guarded): Promise<Attached> {
  const client = await attach(t, home);
  await client.initialize();
  return client;
}

async function codesOf(client: Attached): Promise<string[]> {
  const call = async (name: string): Promise<string> =>
    codeOf(await client.request('tools/call', { name: `db_a_${name}`, arguments: {} }));
  return [await call('drop_everything'), await call('execute')];
}
const refused = ['POLICY_DENIED', 'APPROVAL_REFUSED'];

const loose = `${strict.replaceAll('db:a', 'db:b')}\n[[rule]]\nmatch = "db:a"\nallow = ["*"]\n`;
/** What may be done to a file; each is given its path. */
const acts: Readonly<Record<string, (path: string) => void>> = {
  empties: (path) => writeFileSync(path, ''),
  removes: (path) => rmSync(path),
  'turns the rules of the class off': (path) => writeFileSync(path, 'defaults = false\n'),
  'writes about another account': (path) => writeFileSync(path, loose),
  'takes one rule out': (path) => writeFileSync(path, strict.slice(strict.indexOf('[[rule]]', 10))),
  'asks the client instead': (path) => writeFileSync(path, `${strict}approve_via = ["client"]\n`),
  'narrows it to another client': (path) =>
    writeFileSync(path, strict.replaceAll('deny', 'client = ["other"]\ndeny')),
  'asks for a phrase instead': (path) =>
    writeFileSync(path, strict.replace('approve = "human"', 'phrase = "x"')),
  'writes it in comments': (path) => writeFileSync(path, strict.replaceAll('\n', '\n# ')),
  'breaks it': (path) => writeFileSync(path, `${strict}[[rule`),
  'writes what is no UTF-8': (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00])),
  'makes it huge': (path) => writeFileSync(path, `# ${'x'.repeat(2 * 1024 * 1024)}\n`),
  'puts a link to nothing there': (path) => replace(path, () => symlinkSync('/nowhere', path)),
  'puts a link to itself there': (path) => replace(path, () => symlinkSync(path, path)),
  'puts a link to an empty file there': (path) => replace(path, () => symlinkSync('/dev/null', path)),
  'puts a pipe there': (path) => replace(path, () => execFileSync('mkfifo', [path])),
  'puts a folder there': (path) => replace(path, () => mkdirSync(path)),
};

function replace(path: string, act: () => void): void {
  rmSync(path, { force: true });
  act();
}

test('whatever becomes of policy.toml, what a person accepted judges on', async (t) => {
  verifies('NEW-002', 'NUC-081');
  const guarded = await openAccepted(t);
  const client = await open(t, guarded);
  const path = guarded.home.path('state', 'policy.toml');
  assert.deepEqual(await codesOf(client), refused);
  for (const [what, act] of Object.entries(acts)) {
    act(path);
    assert.deepEqual(await codesOf(client), refused, what);
    rmSync(path, { recursive: true, force: true });
    writeFileSync(path, strict);
    assert.deepEqual(await codesOf(client), refused, `after: ${what}`);
  }
  assert.equal((await guarded.gateway.ask('policy.get', {})).accepted, strict);
  assert.deepEqual(guarded.reached('a'), []);
});

test('no call passes while the file is swapped back and forth', async (t) => {
  verifies('NUC-081');
  const guarded = await openAccepted(t);
  const client = await open(t, guarded);
  const path = guarded.home.path('state', 'policy.toml');
  const [one, other] = [guarded.home.path('strict'), guarded.home.path('loose')];
  writeFileSync(one, strict);
  writeFileSync(other, loose);
  const script = `while :; do cp "$1" "$3"; cp "$2" "$3"; rm -f "$3"; cp "$2" "$3.x"; mv "$3.x" "$3"; ln -sf "$1" "$3.y"; mv "$3.y" "$3"; done`;
  const swapping = spawn('sh', ['-c', script, 'sh', one, other, path], { stdio: 'ignore' });
  t.after(() => void swapping.kill('SIGKILL'));
  for (let round = 0; round < 150; round += 1)
    assert.deepEqual(await codesOf(client), refused, `round ${round}`);
  await until(
    'another text was seen',
    async () => (await guarded.gateway.ask('policy.get', {})).state !== 'accepted',
  );
  swapping.kill('SIGKILL');
  assert.equal((await guarded.gateway.ask('policy.get', {})).accepted, strict);
  assert.deepEqual(guarded.reached('a'), []);
});

test('a restart, another file and a copy of the state forget nothing a person accepted', async (t) => {
  verifies('NUC-082', 'NEW-004');
  const guarded = await openAccepted(t);
  const { home, fakes } = guarded;
  const path = home.path('state', 'policy.toml');
  await guarded.desk.host.close();
  rmSync(path);
  writeFileSync(home.path('loose.toml'), loose);
  for (const elsewhere of ['', home.path('loose.toml'), '/nowhere/policy.toml']) {
    const desk = await openDesk(t, home, { ...nobody, env: { NUCLEUSMCP_POLICY: elsewhere } });
    const client = await open(t, guarded);
    assert.deepEqual(await codesOf(client), refused, elsewhere);
    client.close();
    await desk.host.close();
  }
  const copy = home.path('copy');
  cpSync(home.state, copy, { recursive: true });
  const config = home.path('other.toml');
  writeFileSync(config, '[approval]\npark_after = "1s"\n');
  const run = (name: string, ...more: string[]): Promise<{ code: number | null; stderr: string }> =>
    nucleus(home, ['call', `db_a_${name}`, ...more], { env: { ...passphrase(home), NUCLEUS_HOME: copy } });
  const dropped = await run('drop_everything', '--config', config);
  assert.match(dropped.stderr, /BLOCKED by policy/);
  const executed = await run('execute');
  assert.match(executed.stderr, /needs a person's yes/);
  assert.deepEqual(fakes['a']?.received('tools/call'), []);
});

test('what is written into the registry gives no class, no reading tool, no grant and no PIN', async (t) => {
  verifies('NEW-002', 'NEW-004', 'NEW-018');
  const guarded = await openGuarded(t, { a: 'prod' }, nobody);
  const { home, reached } = guarded;
  const forged = {
    policy: null,
    pin: null,
    lockedAt: null,
    envs: {},
    grants: [
      {
        id: 'forged',
        profile: 'db:a',
        env: 'prod',
        scope: 'tool',
        tool: 'execute',
        client: 'line-client',
        principal: 'local',
        createdAt: Date.now(),
        endsAt: null,
        callsLeft: null,
        isKept: true,
        most: 'destroys',
        version: (await guarded.gateway.ask('policy.get', {})).version,
      },
    ],
    hasApp: false,
  };
  const forge = (): void => {
    const db = new Sqlite(`${home.state}/registry.db`);
    db.exec('UPDATE profiles SET env = NULL');
    db.exec(
      `UPDATE listings SET definition = replace(definition, '"name":"execute"', '"annotations":{"readOnlyHint":true},"name":"execute"')`,
    );
    db.prepare('INSERT OR REPLACE INTO meta (key, val) VALUES (?, ?)').run('guard', JSON.stringify(forged));
    db.close();
  };
  const tries = async (client: Attached): Promise<string> =>
    codeOf(await client.request('tools/call', { name: 'db_a_execute', arguments: {} }));
  const client = await open(t, guarded);
  forge();
  assert.equal(await tries(client), 'APPROVAL_REFUSED', 'while it runs');
  await guarded.desk.host.close();
  forge();
  const desk = await openDesk(t, home, nobody);
  assert.equal(await tries(await open(t, guarded)), 'APPROVAL_REFUSED', 'after a restart');
  assert.match(
    (await (await controlGateway(t, home)).status()).warnings.join('\n'),
    /was changed outside Nucleus/,
  );
  await desk.host.close();
  const db = new Sqlite(`${home.state}/registry.db`);
  db.prepare('UPDATE vault_own SET sealed = ?').run(Buffer.from(JSON.stringify(forged)));
  db.close();
  await openDesk(t, home, nobody);
  const last = await open(t, guarded);
  for (const name of ['db_a_execute', 'db_a_list_things'])
    assert.equal(codeOf(await last.request('tools/call', { name, arguments: {} })), 'LOCKED');
  assert.deepEqual(reached('a'), []);
});

test('a connector of the user’s own folder cannot make a call milder', async (t) => {
  verifies('NEW-004');
  const guarded = await openGuarded(t, { a: 'prod' }, nobody);
  const { home, gateway, reached } = guarded;
  const file = createFake(home, 'shop', '--tool-file', home.path('tools.json'));
  const manifest = `schema = 1\nname = "shop"\ntransport = "stdio"\nauth = "none"\n[stdio]\nruntime = "binary"\ncommand = ${JSON.stringify(file.launch.command)}\nargs = ${JSON.stringify(file.launch.args)}\n[[metadata]]\nkey = "project"\n`;
  home.write('connectors/shop.toml', manifest);
  await gateway.ask('profiles.add', { connector: 'shop', name: 'a', env: 'prod' });
  const claims = '[tools]\nread = ["execute", "drop_everything"]\n';
  home.write(
    'connectors/shop.toml',
    `${manifest}\n${claims}[[discover]]\nfield = "project"\ntool = "drop_everything"\n`,
  );
  const db = home.path('state', 'connectors', 'db.toml');
  renameSync(db, `${db}.before`);
  writeFileSync(db, `schema = 1\nname = "db"\ntransport = "stdio"\nauth = "none"\n${claims}`);
  const client = await open(t, guarded);
  assert.deepEqual((await gateway.ask('connectors.list', {})).problems, []);
  for (const name of ['db_a_execute', 'db_a_drop_everything', 'shop_a_execute', 'shop_a_drop_everything'])
    assert.equal(
      codeOf(await client.request('tools/call', { name, arguments: {} })),
      'APPROVAL_REFUSED',
      name,
    );
  await assert.rejects(
    gateway.ask('profiles.choices', { id: 'shop:a', field: 'project' }),
    /needs a person's yes/,
  );
  assert.deepEqual(reached('a'), []);
  assert.deepEqual(file.received('tools/call'), []);
});

test('nothing that may be asked over the socket takes a class or a rule away', async (t) => {
  verifies('NEW-004');
  const guarded = await openGuarded(
    t,
    { a: 'prod', dev: 'dev' },
    { ...nobody, policy: strict.replaceAll('db:a', 'db:dev') },
  );
  const { gateway, fakes, desk, reached } = guarded;
  const client = await open(t, guarded);
  const launch = fakes['a']?.launch ?? assert.fail();
  for (const env of ['dev', 'personal', 'staging'] as const) {
    await assert.rejects(gateway.ask('profiles.setEnv', { id: 'db:a', env }), /PERSON_REQUIRED/);
    const again = { connector: 'db', name: 'a', launch, replace: true, env };
    await assert.rejects(gateway.ask('profiles.add', again), /PERSON_REQUIRED/);
  }
  for (const env of [null, undefined] as const)
    await gateway.ask('profiles.add', {
      connector: 'db',
      name: 'a',
      launch,
      replace: true,
      ...(env === null && { env }),
    });
  const cli = await nucleus(guarded.home, ['env', 'db:a', 'dev'], { stdin: '481516\n' });
  assert.equal(cli.code, 5, cli.stderr);
  await assert.rejects(gateway.ask('profiles.rename', { id: 'db:dev', name: 'free' }), /POLICY_DENIED/);
  await gateway.ask('profiles.rename', { id: 'db:a', name: 'free' });
  assert.equal(
    codeOf(await client.request('tools/call', { name: 'db_free_execute', arguments: {} })),
    'APPROVAL_REFUSED',
  );
  // On its way out, an account is nobody's.
  await gateway.ask('profiles.removeLater', { id: 'db:free', undoMs: 60_000 });
  assert.equal(
    codeOf(await client.request('tools/call', { name: 'db_free_execute', arguments: {} })),
    'TOOL_UNKNOWN',
  );
  await gateway.ask('profiles.keep', { id: 'db:free' });
  assert.equal(
    codeOf(await client.request('tools/call', { name: 'db_free_execute', arguments: {} })),
    'APPROVAL_REFUSED',
  );
  assert.deepEqual(reached('a'), []);
  assert.equal((await gateway.ask('profiles.list', {})).find(({ id }) => id === 'db:free')?.env, 'prod');
  assert.equal(desk.log().includes('changed outside'), false);
});

test('a workspace file that is edited after it was trusted leads around no rule', async (t) => {
  verifies('FIX-013');
  const guarded = await openGuarded(t, { a: 'prod', b: 'dev' }, nobody);
  const { home, desk, gateway, reached } = guarded;
  const file = `${home.user}/.mcp-profiles.toml`;
  const signal = new AbortController().signal;
  writeFileSync(file, '[db]\nprofile = "b"\n');
  const hash =
    (await gateway.ask('workspaces.resolve', { folder: home.user })).files[0]?.hash ?? assert.fail();
  await desk.host.person.workspaces.trust({ file, hash }, { signal });
  writeFileSync(file, '[db]\nprofile = "a"\nalias = "b"\n');
  await assert.rejects(
    async () => desk.host.person.workspaces.trust({ file, hash }, { signal }),
    /changed since it was shown/,
  );
  const client = await attach(t, home);
  await client.initialize();
  const call = async (name: string): Promise<string> =>
    codeOf(await client.request('tools/call', { name, arguments: {} }));
  assert.deepEqual([await call('db_a_execute'), await call('db_b_execute')], ['TOOL_UNKNOWN', 'ran']);
  // What the file says now would be another account under the name of the one that may write.
  await desk.host.person.workspaces.trust(
    { file, hash: (await gateway.ask('workspaces.resolve', { folder: home.user })).files[0]?.hash ?? '' },
    { signal },
  );
  assert.equal(await call('db_b_execute'), 'APPROVAL_REFUSED', 'even when it was trusted');
  assert.deepEqual(reached('a'), []);
});
