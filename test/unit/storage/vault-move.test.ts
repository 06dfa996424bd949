import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from './support.ts';
import { dump, keyAccount, openVault, store, type VaultHome } from './vault-support.ts';

const sealedOf = (home: VaultHome) =>
  home.db.prepare("SELECT hex(sealed) FROM vault_records WHERE profile_id = 'atlas:default'").pluck().get();

test('moving to the passphrase takes the key out of the keychain and leaves the records as they are', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const { records } = dump(home.db);
  home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
  assert.deepEqual(await home.vault.move('passphrase'), {
    state: 'open',
    backend: 'passphrase',
    records: 1,
    reason: null,
  });
  assert.deepEqual([...home.keychain.entries], []);
  assert.deepEqual(dump(home.db).records, records);
  assert.equal(await home.reopen().vault.get('atlas:default', 'token'), 'x');
});

test('moving back to the keychain forgets the sealed key', async (t) => {
  const home = openVault(t);
  home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
  home.keychain.failure = 'locked';
  await store(home.vault, 'atlas:default', { token: 'x' });
  home.keychain.failure = null;
  assert.equal((await home.vault.move('keychain')).backend, 'keychain');
  assert.doesNotMatch(JSON.stringify(dump(home.db).meta), /vault_passphrase/);
  delete home.platform.env['NUCLEUS_VAULT_PASSPHRASE'];
  assert.equal(await home.reopen().vault.get('atlas:default', 'token'), 'x');
});

test('moving to where the key is changes nothing', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const before = { dump: dump(home.db), entries: [...home.keychain.entries] };
  assert.equal((await home.vault.move('keychain')).backend, 'keychain');
  assert.deepEqual({ dump: dump(home.db), entries: [...home.keychain.entries] }, before);
});

test('moving to a passphrase that was not given is refused and changes nothing', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const before = { dump: dump(home.db), entries: [...home.keychain.entries] };
  await assert.rejects(
    home.vault.move('passphrase'),
    failsWith('VAULT_LOCKED', 'NUCLEUS_VAULT_PASSPHRASE_FILE'),
  );
  assert.deepEqual({ dump: dump(home.db), entries: [...home.keychain.entries] }, before);
  assert.equal(home.vault.current().state, 'open');
});

test('a move whose registry write fails takes the key out of the new place again', async (t) => {
  const home = openVault(t);
  home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
  home.keychain.failure = 'locked';
  await store(home.vault, 'atlas:default', { token: 'x' });
  home.keychain.failure = null;
  const before = dump(home.db);
  home.db.pragma('query_only = ON');
  await assert.rejects(home.vault.move('keychain'), failsWith('REGISTRY_UNWRITABLE'));
  home.db.pragma('query_only = OFF');
  assert.deepEqual([...home.keychain.entries], []);
  assert.deepEqual(dump(home.db), before);
  assert.equal(await home.reopen().vault.get('atlas:default', 'token'), 'x');
});

test('an old key that cannot be removed is told and does not undo the move', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
  home.keychain.failure = 'locked';
  assert.equal((await home.vault.move('passphrase')).backend, 'passphrase');
  assert.ok(home.platform.warnings.some((line) => line.includes('stays in the keychain')));
});

test('a new key seals every record anew, and the old key opens none', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  await store(home.vault, 'atlas:a', { token: 'y' });
  const name = `nucleusmcp/${keyAccount(home.paths)}`;
  const old = home.keychain.entries.get(name) ?? '';
  const sealed = sealedOf(home);
  assert.equal((await home.vault.rekey()).state, 'open');
  assert.notEqual(home.keychain.entries.get(name), old);
  assert.deepEqual([...home.keychain.entries.keys()], [name]);
  assert.notEqual(sealedOf(home), sealed);
  for (const { vault } of [home, home.reopen()]) {
    assert.equal(await vault.get('atlas:default', 'token'), 'x');
    assert.equal(await vault.get('atlas:a', 'token'), 'y');
  }
  home.keychain.entries.set(name, old);
  await assert.rejects(
    home.reopen().vault.get('atlas:default', 'token'),
    failsWith('VAULT_LOCKED', 'another key'),
  );
});

test('a new key under a passphrase needs that passphrase after a restart', async (t) => {
  const home = openVault(t, { backend: 'passphrase' });
  home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
  await store(home.vault, 'atlas:default', { token: 'x' });
  const sealed = sealedOf(home);
  await home.vault.rekey();
  assert.notEqual(sealedOf(home), sealed);
  assert.equal(await home.reopen().vault.get('atlas:default', 'token'), 'x');
});

test('a change of keys that the registry refuses leaves the old key and its records', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const before = { dump: dump(home.db), entries: [...home.keychain.entries] };
  home.db.pragma('query_only = ON');
  await assert.rejects(home.vault.rekey(), failsWith('REGISTRY_UNWRITABLE'));
  home.db.pragma('query_only = OFF');
  assert.deepEqual({ dump: dump(home.db), entries: [...home.keychain.entries] }, before);
  assert.equal(await home.vault.get('atlas:default', 'token'), 'x');
});

test('a crash between registry and keychain while the key changes loses nothing', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  // From the write of the second entry on the keychain answers no more: the registry has the new key, it has not.
  home.keychain.onWrite = (account) => {
    if (!account.endsWith(':next')) return;
    const read = home.keychain.getPassword.bind(home.keychain);
    home.keychain.getPassword = async (service, name) => {
      home.keychain.getPassword = read;
      const value = await read(service, name);
      home.keychain.failure = 'crashed';
      return value;
    };
  };
  await home.vault.rekey();
  assert.equal(home.keychain.entries.size, 2);
  home.keychain.onWrite = null;
  home.keychain.failure = null;
  assert.equal(await home.reopen().vault.get('atlas:default', 'token'), 'x');
  assert.deepEqual([...home.keychain.entries.keys()], [`nucleusmcp/${keyAccount(home.paths)}`]);
});

test('a secret whose sealing began before a change of keys is sealed with the new one', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const write = await home.vault.put('atlas:default', { token: 'y' });
  await home.vault.rekey();
  write();
  assert.equal(await home.reopen().vault.get('atlas:default', 'token'), 'y');
});

test('a damaged record does not stop a change of keys', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  await store(home.vault, 'atlas:a', { token: 'y' });
  home.db.exec("UPDATE vault_records SET sealed = x'00' WHERE profile_id = 'atlas:a'");
  await home.vault.rekey();
  assert.equal(await home.vault.get('atlas:default', 'token'), 'x');
  await assert.rejects(home.vault.get('atlas:a', 'token'), failsWith('SECRET_MISSING'));
});
