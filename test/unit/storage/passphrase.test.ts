import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  findPassphrase,
  unwrapKey,
  WrappedKey,
  wrapKey,
} from '../../../src-main/gateway/storage/passphrase.ts';
import { failsWith, fakePlatform, temporaryFolder } from './support.ts';
import { dump, openVault, store } from './vault-support.ts';

/** A vault on a machine without a keychain, with this passphrase. */
function headless(t: TestContext, passphrase: string) {
  const platform = fakePlatform(null);
  platform.env['NUCLEUS_VAULT_PASSPHRASE'] = passphrase;
  return openVault(t, { platform });
}

test('without a keychain the passphrase seals the key, in the registry', async (t) => {
  const home = headless(t, 'correct horse');
  await store(home.vault, 'atlas:default', { token: 'x' });
  assert.deepEqual(await home.vault.status(), {
    state: 'open',
    backend: 'passphrase',
    records: 1,
    reason: null,
  });
  const row = home.db.prepare("SELECT val FROM meta WHERE key = 'vault_passphrase'").pluck().get();
  const { n, r, p } = WrappedKey.parse(JSON.parse(String(row)));
  assert.deepEqual({ n, r, p }, { n: 131_072, r: 8, p: 1 });
  assert.equal(await home.reopen().vault.get('atlas:default', 'token'), 'x');
});

test('a wrong passphrase locks the vault and rewrites nothing', async (t) => {
  const home = headless(t, 'right');
  await store(home.vault, 'atlas:default', { token: 'x' });
  const before = dump(home.db);
  home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'wrong';
  const { vault } = home.reopen();
  const locked = failsWith(
    'VAULT_LOCKED',
    'sealed by a passphrase',
    'NUCLEUS_VAULT_PASSPHRASE is another one',
    'nucleus vault status | move | recover',
  );
  await assert.rejects(vault.get('atlas:default', 'token'), locked);
  await assert.rejects(vault.put('atlas:default', { token: 'y' }), locked);
  assert.equal((await vault.status()).state, 'locked');
  assert.deepEqual(dump(home.db), before);
  home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'right';
  home.platform.clock.advance(2_000);
  assert.equal(await vault.get('atlas:default', 'token'), 'x');
});

test('a passphrase that is not given any more locks the vault and says what to set', async (t) => {
  const home = headless(t, 'right');
  await store(home.vault, 'atlas:default', { token: 'x' });
  delete home.platform.env['NUCLEUS_VAULT_PASSPHRASE'];
  await assert.rejects(
    home.reopen().vault.get('atlas:default', 'token'),
    failsWith('VAULT_LOCKED', 'no passphrase was given', 'NUCLEUS_VAULT_PASSPHRASE_FILE'),
  );
});

test('a sealed key that is missing or absurdly expensive locks the vault', async (t) => {
  const home = headless(t, 'right');
  await store(home.vault, 'atlas:default', { token: 'x' });
  const locked = failsWith('VAULT_LOCKED', 'missing or damaged');
  home.db.exec("UPDATE meta SET val = json_set(val, '$.n', 1073741824) WHERE key = 'vault_passphrase'");
  await assert.rejects(home.reopen().vault.get('atlas:default', 'token'), locked);
  home.db.exec("DELETE FROM meta WHERE key = 'vault_passphrase'");
  await assert.rejects(home.reopen().vault.get('atlas:default', 'token'), locked);
});

test('a wrapped key opens with its passphrase and with no other', async () => {
  const key = Buffer.alloc(32, 9);
  const wrapped = await wrapKey(key, 'pässword');
  assert.deepEqual(await unwrapKey(wrapped, 'pässword'), key);
  assert.equal(await unwrapKey(wrapped, 'password'), null);
});

test('the same key and passphrase are never wrapped the same way twice', async () => {
  const [first, second] = await Promise.all([wrapKey(Buffer.alloc(32), 'p'), wrapKey(Buffer.alloc(32), 'p')]);
  assert.notEqual(first.salt, second.salt);
  assert.notEqual(first.wrapped, second.wrapped);
});

test('a named file goes before the service credential, and that before the variable', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'nucleus-vault-passphrase'), 'from credential');
  writeFileSync(join(folder, 'file'), 'from file');
  const variable = { NUCLEUS_VAULT_PASSPHRASE: 'from variable' };
  const credential = { ...variable, CREDENTIALS_DIRECTORY: folder };
  const file = { ...credential, NUCLEUS_VAULT_PASSPHRASE_FILE: join(folder, 'file') };
  assert.deepEqual(findPassphrase(file), { text: 'from file', from: 'NUCLEUS_VAULT_PASSPHRASE_FILE' });
  assert.deepEqual(findPassphrase(credential), { text: 'from credential', from: 'CREDENTIALS_DIRECTORY' });
  assert.deepEqual(findPassphrase(variable), { text: 'from variable', from: 'NUCLEUS_VAULT_PASSPHRASE' });
  assert.equal(findPassphrase({}), null);
});

test('a credentials folder without our credential is passed over', (t) => {
  const env = { CREDENTIALS_DIRECTORY: temporaryFolder(t), NUCLEUS_VAULT_PASSPHRASE: 'v' };
  assert.deepEqual(findPassphrase(env), { text: 'v', from: 'NUCLEUS_VAULT_PASSPHRASE' });
});

test('one line end after the passphrase is not part of it', (t) => {
  const file = join(temporaryFolder(t), 'file');
  for (const [content, text] of [
    ['pass\n', 'pass'],
    ['pass\r\n', 'pass'],
    [' pass \n\n', ' pass \n'],
  ] as const) {
    writeFileSync(file, content);
    assert.deepEqual(findPassphrase({ NUCLEUS_VAULT_PASSPHRASE_FILE: file }), {
      text,
      from: 'NUCLEUS_VAULT_PASSPHRASE_FILE',
    });
  }
});

test('a named file that is missing, empty or a folder is a problem, and no other place is tried', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'empty'), '\n');
  for (const [name, words] of [
    ['none', /does not exist/],
    ['empty', /is empty/],
    ['folder', /not a regular file/],
  ] as const) {
    const found = findPassphrase({
      NUCLEUS_VAULT_PASSPHRASE_FILE: join(folder, name),
      NUCLEUS_VAULT_PASSPHRASE: 'v',
    });
    assert.match(found !== null && 'problem' in found ? found.problem : '', words);
  }
  const platform = fakePlatform(null);
  platform.env['NUCLEUS_VAULT_PASSPHRASE_FILE'] = join(folder, 'none');
  const { vault } = openVault(t, { platform });
  await assert.rejects(
    vault.put('atlas:default', { token: 'x' }),
    failsWith('VAULT_LOCKED', 'does not exist'),
  );
});
