// Where secrets are, where they are not, and what happens without a vault.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { VaultStatus } from '../../src-shared/contract.ts';
import { attach, controlGateway, jsonOf, nucleusErrorOf, textOf } from '../helpers/client.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { startKeyring } from '../helpers/keyring.ts';
import { nucleus, nucleusJson, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { needs } from '../helpers/require.ts';
import { verifies } from '../helpers/requirements.ts';

const secret = 'SENTINEL-8f3a';

const addSecret = (home: Home, fake: Fake, env: Record<string, string> = {}) =>
  nucleus(home, ['add', 'fake', fake.name, ...fake.flags, '--secret-env', 'TOKEN', '--token-stdin'], {
    env,
    stdin: `${secret}\n`,
  });

/** Files below HOME and NUCLEUS_HOME that hold the secret, in plain, base64 or hexadecimal. */
function filesWithSecret(home: Home): string[] {
  const forms = [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
  ];
  return [home.state, home.user]
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => forms.some((form) => readFileSync(path, 'latin1').includes(form)));
}

async function proveInVault(
  t: test.TestContext,
  env: (home: Home) => Promise<Record<string, string>>,
  backend: string,
): Promise<void> {
  const home = createHome(t);
  const variables = await env(home);
  const fake = createFake(home, 'kept');
  const added = await addSecret(home, fake, variables);
  assert.equal(added.code, 0, added.stderr);
  assert.equal(fake.starts()[0]?.env?.['TOKEN'], secret);
  assert.doesNotMatch(added.stderr + added.stdout, new RegExp(secret));

  await nucleusOk(home, ['start'], { env: variables });
  const client = await attach(t, home);
  await client.initialize();
  assert.equal(jsonOf(await client.call('fake_kept_env', { names: ['TOKEN'] }))['TOKEN'], secret);
  const status = await (await controlGateway(t, home)).ask('vault.status', {});
  assert.deepEqual({ ...status, reason: null }, { state: 'open', backend, records: 1, reason: null });
  const { stdout } = await nucleusOk(home, ['info', '--json', '--no-probe']);
  assert.doesNotMatch(stdout, new RegExp(secret));
  assert.deepEqual(filesWithSecret(home), []);
}

test('a secret in the keychain is in no file and in the child that needs it', async (t) => {
  verifies('NUC-010');
  if (!needs(t, 'keyring')) return;
  await proveInVault(t, async (home) => ({ ...(await startKeyring(t, home)).env }), 'keychain');
});

test('a secret sealed by a passphrase is in no file and in the child that needs it', async (t) => {
  verifies('NUC-010');
  await proveInVault(t, async (home) => passphrase(home), 'passphrase');
});

test('without keychain and passphrase what needs a secret ends with 5 and the ways out, all else works', async (t) => {
  verifies('NUC-010');
  const home = createHome(t);
  const refused = await addSecret(home, createFake(home, 'locked'));
  assert.equal(refused.code, 5);
  assert.equal(refused.stdout, '');
  assert.match(refused.stderr, /^Error: the vault is locked: /m);
  assert.match(refused.stderr, /NUCLEUS_VAULT_PASSPHRASE_FILE/);
  assert.doesNotMatch(refused.stderr, new RegExp(secret));
  assert.deepEqual(await nucleusJson(home, ['list']), []);
  assert.deepEqual(filesWithSecret(home), []);

  const open = createFake(home, 'open', '--tools', '1');
  await nucleusOk(home, ['add', 'fake', 'open', ...open.flags]);
  const { stdout } = await nucleusOk(home, ['call', 'fake_open_echo', '--args', '{"text":"works"}']);
  assert.match(stdout, /works/);
  const status = (await nucleusJson(home, ['vault', 'status'])) as VaultStatus;
  assert.equal(status.state, 'locked');
  assert.match(status.reason ?? '', /NUCLEUS_VAULT_PASSPHRASE_FILE/);
});

test('a vault that is locked later locks its profile only, and loses nothing', async (t) => {
  verifies('NUC-010');
  const home = createHome(t);
  const env = passphrase(home);
  assert.equal((await addSecret(home, createFake(home, 'sealed'), env)).code, 0);
  await nucleusOk(home, ['add', 'fake', 'plain', ...createFake(home, 'plain').flags]);

  await nucleusOk(home, ['start']);
  const client = await attach(t, home);
  await client.initialize();
  const locked = await client.call('fake_sealed_echo');
  assert.equal(locked['isError'], true);
  assert.equal(nucleusErrorOf(locked)?.code, 'VAULT_LOCKED');
  assert.match(textOf(locked), /NUCLEUS_VAULT_PASSPHRASE_FILE/);
  assert.equal(textOf(await client.call('fake_plain_echo', { text: 'unaffected' })), 'unaffected');
  await nucleusOk(home, ['stop']);

  const wrong = await nucleus(home, ['call', 'fake_sealed_echo', '--args', '{}'], {
    env: passphrase(home, 'not the words'),
  });
  assert.match(
    wrong.stderr,
    /^Error: the vault is locked: .*the passphrase of NUCLEUS_VAULT_PASSPHRASE_FILE is another one/,
  );
  assert.equal(wrong.code, 5);
  const right = await nucleusOk(home, ['call', 'fake_sealed_env', '--args', '{"names":["TOKEN"]}'], {
    env: passphrase(home),
  });
  assert.match(right.stdout, new RegExp(secret));
});

test('removing a profile takes its secret and its connector with it', async (t) => {
  verifies('NUC-039');
  const home = createHome(t);
  const env = passphrase(home);
  assert.equal((await addSecret(home, createFake(home, 'leaving'), env)).code, 0);
  const records = async () =>
    ((await nucleusJson(home, ['vault', 'status'], { env })) as VaultStatus).records;
  assert.equal(await records(), 1);
  assert.deepEqual(readdirSync(join(home.state, 'connectors')), ['fake.toml']);

  const { stderr } = await nucleus(home, ['remove', 'fake:leaving']);
  assert.match(stderr, /fake:leaving/);
  assert.equal(await records(), 1);
  // Without the vault's key too: what is deleted need not be read.
  await nucleusOk(home, ['remove', 'fake:leaving', '--force']);
  assert.equal(await records(), 0);
  assert.deepEqual(readdirSync(join(home.state, 'connectors')), []);
  assert.deepEqual(await nucleusJson(home, ['list']), []);
});
