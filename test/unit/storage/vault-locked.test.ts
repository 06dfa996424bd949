import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, fakeKeychain, fakePlatform } from './support.ts';
import { dump, keyAccount, openVault, store } from './vault-support.ts';

const commands = 'nucleus vault status | move | recover';

test('with neither keychain nor passphrase the vault is locked and lists the ways out', async (t) => {
  const home = openVault(t, { platform: fakePlatform(null) });
  await assert.rejects(
    home.vault.put('atlas:default', { token: 'x' }),
    failsWith(
      'VAULT_LOCKED',
      'libsecret-1.so.0',
      'gnome-keyring, libsecret-1-0',
      'NUCLEUS_VAULT_PASSPHRASE_FILE',
    ),
  );
  const { state, backend, reason } = await home.vault.status();
  assert.deepEqual([state, backend], ['locked', null]);
  assert.match(reason ?? '', /unlock or install a keychain .* or set NUCLEUS_VAULT_PASSPHRASE_FILE/);
  assert.deepEqual(dump(home.db), { meta: [], records: [] });
});

test('a status tells that there is no place for a key before any secret is stored', async (t) => {
  const { vault } = openVault(t, { platform: fakePlatform(null) });
  assert.equal((await vault.status()).state, 'locked');
});

test('a keychain that hangs is given up after 3 s', async (t) => {
  const home = openVault(t);
  home.keychain.hang = true;
  const storing = home.vault.put('atlas:default', { token: 'x' });
  while (home.platform.clock.waiting === 0) await new Promise(setImmediate);
  home.platform.clock.advance(2_999);
  assert.equal(await Promise.race([storing.catch(() => 'refused'), Promise.resolve('waiting')]), 'waiting');
  home.platform.clock.advance(1);
  await assert.rejects(storing, failsWith('VAULT_LOCKED', 'did not answer within 3 s'));
});

test('a library that hangs while it loads is given up after 3 s', async (t) => {
  const platform = fakePlatform(null);
  platform.loadKeychain = () => new Promise(() => {});
  const { vault } = openVault(t, { platform });
  const storing = vault.put('atlas:default', { token: 'x' });
  while (platform.clock.waiting === 0) await new Promise(setImmediate);
  platform.clock.advance(3_000);
  await assert.rejects(storing, failsWith('VAULT_LOCKED', 'did not answer within 3 s'));
});

test('while one keychain call hangs no second one is started', async (t) => {
  const home = openVault(t);
  home.keychain.hang = true;
  for (let attempt = 0; attempt < 5; attempt++) {
    const storing = home.vault.put('atlas:default', { token: 'x' });
    while (home.platform.clock.waiting === 0) await new Promise(setImmediate);
    home.platform.clock.advance(3_000);
    await assert.rejects(storing, failsWith('VAULT_LOCKED'));
    home.platform.clock.advance(2_000);
  }
  assert.equal(home.keychain.log.length, 1);
});

test('a call that was given up is not made when the keychain answers again', async (t) => {
  const home = openVault(t);
  let answer = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const write = home.keychain.setPassword.bind(home.keychain);
  home.keychain.setPassword = async (...entry) => {
    await answered;
    await write(...entry);
  };
  for (let attempt = 0; attempt < 3; attempt++) {
    const storing = home.vault.put('atlas:default', { token: 'x' });
    while (home.platform.clock.waiting === 0) await new Promise(setImmediate);
    home.platform.clock.advance(3_000);
    await assert.rejects(storing, failsWith('VAULT_LOCKED'));
    home.platform.clock.advance(2_000);
  }
  answer();
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  assert.deepEqual(
    home.keychain.log.map((line) => line.split(' ')[0]),
    ['set', 'get', 'delete'],
  );
  assert.deepEqual([...home.keychain.entries], []);
});

test('many who need a locked vault at the same moment ask the keychain once', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const { vault } = home.reopen();
  home.keychain.failure = 'locked';
  const asked = home.keychain.log.length;
  const readings = Array.from({ length: 10 }, () => vault.get('atlas:default', 'token'));
  for (const reading of readings) await assert.rejects(reading, failsWith('VAULT_LOCKED'));
  assert.equal(home.keychain.log.length, asked + 1);
});

test('a locked vault is asked again only after 2 s, and opens when the keychain is unlocked', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const { vault } = home.reopen();
  home.keychain.failure = 'the collection is locked';
  const locked = failsWith('VAULT_LOCKED', 'the OS keychain', 'the collection is locked', commands);
  await assert.rejects(vault.get('atlas:default', 'token'), locked);
  home.keychain.failure = null;
  const asked = home.keychain.log.length;
  home.platform.clock.advance(1_999);
  await assert.rejects(vault.get('atlas:default', 'token'), locked);
  assert.equal((await vault.status()).state, 'locked');
  assert.equal(home.keychain.log.length, asked);
  home.platform.clock.advance(1);
  assert.equal(await vault.get('atlas:default', 'token'), 'x');
  assert.deepEqual(await vault.status(), { state: 'open', backend: 'keychain', records: 1, reason: null });
});

test('an open vault does not ask the keychain again', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const asked = home.keychain.log.length;
  home.keychain.failure = 'gone';
  assert.equal(await home.vault.get('atlas:default', 'token'), 'x');
  assert.equal(home.keychain.log.length, asked);
});

for (const [what, change] of [
  ['missing', null],
  ['another', Buffer.alloc(32, 1).toString('base64')],
  ['no', 'not a key'],
] as const) {
  test(`with ${what} key in the keychain the vault is locked and nothing is rewritten`, async (t) => {
    const home = openVault(t);
    await store(home.vault, 'atlas:default', { token: 'x' });
    const name = `nucleusmcp/${keyAccount(home.paths)}`;
    if (change === null) home.keychain.entries.delete(name);
    else home.keychain.entries.set(name, change);
    const before = { dump: dump(home.db), entries: [...home.keychain.entries] };
    // A passphrase at hand changes nothing: the recorded backend is the one that counts.
    home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
    const { vault } = home.reopen();

    const locked = failsWith('VAULT_LOCKED', 'the OS keychain', commands);
    await assert.rejects(vault.get('atlas:default', 'token'), locked);
    await assert.rejects(vault.put('atlas:default', { token: 'y' }), locked);
    await assert.rejects(vault.rekey(), locked);
    await assert.rejects(vault.move('passphrase'), locked);
    assert.equal((await vault.status()).state, 'locked');
    assert.deepEqual({ dump: dump(home.db), entries: [...home.keychain.entries] }, before);
  });
}

test('records whose key-check is gone keep the vault locked and make no new key', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  home.db.exec("DELETE FROM meta WHERE key LIKE 'vault%'");
  home.keychain.entries.clear();
  const { vault } = home.reopen();
  await assert.rejects(vault.put('atlas:a', { token: 'y' }), failsWith('VAULT_LOCKED', commands));
  assert.deepEqual([...home.keychain.entries], []);
});

test('a key-check nobody can read keeps the vault locked', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  home.vault.remove('atlas:default');
  home.db.exec("UPDATE meta SET val = '{' WHERE key = 'vault_key_check'");
  await assert.rejects(
    home.reopen().vault.put('atlas:a', { token: 'y' }),
    failsWith('VAULT_LOCKED', commands),
  );
});

test('a vault that is asked to use the other backend stays with the recorded one', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
  const { vault } = home.reopen({ backend: 'passphrase' });
  assert.equal(await vault.get('atlas:default', 'token'), 'x');
  assert.equal((await vault.status()).backend, 'keychain');
});

test('a wish for the keychain is not met by a passphrase', async (t) => {
  const platform = fakePlatform(null);
  platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
  const { vault } = openVault(t, { platform, backend: 'keychain' });
  await assert.rejects(vault.put('atlas:default', { token: 'x' }), failsWith('VAULT_LOCKED', 'libsecret'));
});

test('a wish for the passphrase does not load the keychain', async (t) => {
  const platform = fakePlatform(fakeKeychain());
  platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
  const home = openVault(t, { platform, backend: 'passphrase' });
  await store(home.vault, 'atlas:default', { token: 'x' });
  assert.equal((await home.vault.status()).backend, 'passphrase');
  assert.equal(platform.loads, 0);
});

test('recovering gives up the records whose key is lost and says whose they were', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:b', { token: 'x', second: 'y' });
  await store(home.vault, 'atlas:a', { token: 'z' });
  home.keychain.entries.clear();
  const { vault } = home.reopen();
  assert.deepEqual(await vault.recover(), {
    lost: ['atlas:a', 'atlas:b'],
    status: { state: 'unopened', backend: null, records: 0, reason: null },
  });
  assert.deepEqual(dump(home.db), { meta: [], records: [] });
  await store(vault, 'atlas:a', { token: 'new' });
  assert.equal(await home.reopen().vault.get('atlas:a', 'token'), 'new');
});

test('recovering with the key at hand gives up only what does not open', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:a', { token: 'x' });
  await store(home.vault, 'atlas:b', { token: 'y' });
  home.db.exec("UPDATE vault_records SET sealed = x'00' WHERE profile_id = 'atlas:b'");
  const { lost, status } = await home.reopen().vault.recover();
  assert.deepEqual(lost, ['atlas:b']);
  assert.deepEqual([status.state, status.records], ['open', 1]);
  assert.equal(await home.vault.get('atlas:a', 'token'), 'x');
});

test('recovering a vault that was never used makes no key', async (t) => {
  const home = openVault(t);
  assert.deepEqual((await home.vault.recover()).lost, []);
  assert.deepEqual([...home.keychain.entries], []);
});
