import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { seal } from '../../../src-main/gateway/storage/seal.ts';
import { binding, openRecord } from '../../../src-main/gateway/storage/vault-records.ts';
import { createNoVault } from '../../../src-main/gateway/storage/vault.ts';
import { verifies } from '../../helpers/requirements.ts';
import { failsWith, fakeKeychain, fakePlatform, profile } from './support.ts';
import { dump, keyAccount, openVault, store } from './vault-support.ts';

test('a secret comes back as it was stored, and its name is known without a key', async (t) => {
  const { vault } = openVault(t);
  await store(vault, 'atlas:default', { token: 'gehüim\u0000\n', 'other key': '' });
  assert.equal(await vault.get('atlas:default', 'token'), 'gehüim\u0000\n');
  assert.equal(await vault.get('atlas:default', 'other key'), '');
  assert.deepEqual(vault.names('atlas:default'), ['other key', 'token']);
  vault.close();
  assert.deepEqual(vault.names('atlas:default'), ['other key', 'token']);
});

test('a secret outlives the process that stored it', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'SENTINEL' });
  assert.equal(await home.reopen().vault.get('atlas:default', 'token'), 'SENTINEL');
});

test('nothing is loaded, opened or written before a secret is needed', async (t) => {
  const home = openVault(t);
  assert.deepEqual(home.vault.current(), { state: 'unopened', backend: null, records: 0, reason: null });
  assert.deepEqual(home.vault.names('atlas:default'), []);
  home.vault.remove('atlas:default');
  (await home.vault.put('atlas:default', {}))();
  await assert.rejects(home.vault.get('atlas:default', 'token'), failsWith('SECRET_MISSING'));
  assert.equal(home.platform.loads, 0);
  assert.deepEqual(dump(home.db).meta, []);
});

test('a status of an untouched vault says where the key would be, and makes none', async (t) => {
  const home = openVault(t);
  assert.deepEqual(await home.vault.status(), {
    state: 'unopened',
    backend: 'keychain',
    records: 0,
    reason: null,
  });
  assert.deepEqual([...home.keychain.entries], []);
  assert.deepEqual(dump(home.db).meta, []);
});

test('a status opens a vault that has a key', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x', second: 'y' });
  assert.deepEqual(await home.reopen().vault.status(), {
    state: 'open',
    backend: 'keychain',
    records: 2,
    reason: null,
  });
});

test('the key is 32 bytes in base64 under the service nucleusmcp, and the probe leaves nothing', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const [[name, value] = ['', '']] = home.keychain.entries;
  assert.equal(home.keychain.entries.size, 1);
  assert.equal(name, `nucleusmcp/${keyAccount(home.paths)}`);
  assert.match(name, /^nucleusmcp\/vault-key:[0-9a-f]{12}$/);
  assert.equal(Buffer.from(value, 'base64').length, 32);
});

test('no secret and no key lies in the state folder in the clear', async (t) => {
  verifies('NUC-010');
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'SENTINEL-value' });
  const key = Buffer.from([...home.keychain.entries.values()][0] ?? '', 'base64');
  for (const name of readdirSync(home.paths.home, { recursive: true, encoding: 'utf8' })) {
    const path = join(home.paths.home, name);
    if (!/registry/.test(name)) continue;
    const bytes = readFileSync(path);
    assert.equal(bytes.includes('SENTINEL'), false, name);
    assert.equal(bytes.includes(key), false, name);
  }
});

test('records are written with the profile or not at all', async (t) => {
  const home = openVault(t);
  const write = await home.vault.put('atlas:new', { token: 'x' });
  assert.equal(home.vault.current().records, 0);
  assert.throws(
    home.db.transaction(() => {
      write();
      home.profiles.insert(profile('atlas:new'));
      throw new Error('the row failed');
    }),
    /the row failed/,
  );
  assert.deepEqual(home.vault.names('atlas:new'), []);
  assert.equal(home.profiles.get('atlas:new'), null);
  home.db.transaction(() => {
    write();
    home.profiles.insert(profile('atlas:new'));
  })();
  assert.equal(await home.vault.get('atlas:new', 'token'), 'x');
});

test('a secret without a profile cannot be written', async (t) => {
  const { vault } = openVault(t);
  const write = await vault.put('atlas:nobody', { token: 'x' });
  assert.throws(write, /FOREIGN KEY/);
  assert.equal(vault.current().records, 0);
});

test('storing again replaces one secret and leaves the others', async (t) => {
  const { vault } = openVault(t);
  await store(vault, 'atlas:default', { token: 'old', other: 'kept' });
  await store(vault, 'atlas:default', { token: 'new' });
  assert.equal(await vault.get('atlas:default', 'token'), 'new');
  assert.equal(await vault.get('atlas:default', 'other'), 'kept');
});

test('a_b:c and a:b_c have separate secrets, and removing one keeps the other', async (t) => {
  verifies('FIX-015');
  const { vault } = openVault(t);
  await store(vault, 'a_b:c', { token: 'first' });
  await store(vault, 'a:b_c', { token: 'second' });
  assert.equal(await vault.get('a_b:c', 'token'), 'first');
  vault.remove('a_b:c');
  await assert.rejects(vault.get('a_b:c', 'token'), failsWith('SECRET_MISSING', 'a_b:c', '"token"'));
  assert.equal(await vault.get('a:b_c', 'token'), 'second');
});

test('a record moved to another profile, secret or issuer does not open', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:a', { token: 'of a' });
  await store(home.vault, 'atlas:b', { token: 'of b', second: 'also b' });
  home.db.exec(`UPDATE vault_records SET (nonce, sealed) =
    (SELECT nonce, sealed FROM vault_records WHERE profile_id = 'atlas:a') WHERE profile_id = 'atlas:b'`);
  const refused = failsWith('SECRET_MISSING', 'atlas:b', 'does not open', 'nucleus add');
  await assert.rejects(home.vault.get('atlas:b', 'token'), refused);
  await assert.rejects(home.vault.get('atlas:b', 'second'), refused);
  assert.equal(await home.vault.get('atlas:a', 'token'), 'of a');

  home.db.exec("UPDATE vault_records SET issuer = 'https://as.example' WHERE profile_id = 'atlas:a'");
  await assert.rejects(home.vault.get('atlas:a', 'token'), failsWith('SECRET_MISSING'));
  home.db.exec("UPDATE vault_records SET issuer = '', kind = 'other' WHERE profile_id = 'atlas:a'");
  await assert.rejects(home.vault.get('atlas:a', 'other'), failsWith('SECRET_MISSING', 'does not open'));
});

test('a record opens for its own profile, issuer and name only, and beside its own guard', () => {
  const key = Buffer.alloc(32, 3);
  const place = { profile_id: 'atlas:a', issuer: 'https://as.example', kind: 'access_token' };
  for (const guardId of [null, 'one']) {
    const record = { ...place, ...seal(key, Buffer.from('value'), binding(place, guardId)) };
    assert.equal(openRecord({ key, guardId }, record)?.toString(), 'value');
    assert.equal(openRecord({ key: Buffer.alloc(32, 4), guardId }, record), null);
    for (const other of [null, 'one', 'two'].filter((id) => id !== guardId))
      assert.equal(openRecord({ key, guardId: other }, record), null);
    for (const change of [{ profile_id: 'atlas:b' }, { issuer: '' }, { kind: 'refresh_token' }])
      assert.equal(openRecord({ key, guardId }, { ...record, ...change }), null);
  }
});

test('a record with any bit changed, cut, or of another type does not open', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:a', { token: 'value' });
  const row = home.db.prepare('SELECT nonce, sealed FROM vault_records').get() as {
    nonce: Buffer;
    sealed: Buffer;
  };
  const set = home.db.prepare('UPDATE vault_records SET nonce = ?, sealed = ?');
  const attempts: [unknown, unknown][] = [
    [row.nonce, row.sealed.subarray(0, 10)],
    [row.nonce, Buffer.alloc(0)],
    [row.nonce.subarray(1), row.sealed],
    ['text', 'text'],
  ];
  for (let position = 0; position < row.sealed.length; position++) {
    const changed = Buffer.from(row.sealed);
    changed[position] = (changed[position] ?? 0) ^ 1;
    attempts.push([row.nonce, changed]);
  }
  for (const [nonce, sealed] of attempts) {
    set.run(nonce, sealed);
    await assert.rejects(home.vault.get('atlas:a', 'token'), failsWith('SECRET_MISSING', 'does not open'));
  }
  set.run(row.nonce, row.sealed);
  assert.equal(await home.vault.get('atlas:a', 'token'), 'value');
});

test('the same secret is never sealed twice with the same nonce', async (t) => {
  const home = openVault(t);
  const seen = new Set<string>();
  for (let round = 0; round < 100; round++) {
    await store(home.vault, 'atlas:a', { token: 'value' });
    seen.add((home.db.prepare('SELECT nonce FROM vault_records').pluck().get() as Buffer).toString('hex'));
  }
  assert.equal(seen.size, 100);
});

test('first openings at the same moment make one key', async (t) => {
  const home = openVault(t);
  const ids = Array.from({ length: 20 }, (_, index) => `atlas:${index}`);
  await Promise.all(ids.map((id) => store(home.vault, id, { token: id })));
  const writes = home.keychain.log.filter((line) => line === `set ${keyAccount(home.paths)}`);
  assert.equal(writes.length, 1);
  for (const id of ids) assert.equal(await home.reopen().vault.get(id, 'token'), id);
});

test('a failing registry takes a new key out of the keychain again', async (t) => {
  verifies('NUC-028');
  const home = openVault(t);
  home.keychain.onWrite = (account) => {
    if (account === keyAccount(home.paths)) home.db.pragma('query_only = ON');
  };
  await assert.rejects(home.vault.put('atlas:default', { token: 'x' }), failsWith('REGISTRY_UNWRITABLE'));
  assert.deepEqual([...home.keychain.entries], []);
  home.db.pragma('query_only = OFF');
  home.keychain.onWrite = null;
  await store(home.vault, 'atlas:default', { token: 'x' });
  assert.equal(await home.vault.get('atlas:default', 'token'), 'x');
});

test('a key that is in the keychain already is used and never overwritten', async (t) => {
  const home = openVault(t);
  const name = `nucleusmcp/${keyAccount(home.paths)}`;
  const old = Buffer.alloc(32, 7).toString('base64');
  home.keychain.entries.set(name, old);
  home.db.pragma('query_only = ON');
  await assert.rejects(home.vault.put('atlas:default', { token: 'x' }), failsWith('REGISTRY_UNWRITABLE'));
  assert.equal(home.keychain.entries.get(name), old);
  home.db.pragma('query_only = OFF');
  await store(home.vault, 'atlas:default', { token: 'x' });
  assert.equal(home.keychain.entries.get(name), old);
});

test('a keychain that does not give back what was written is not trusted with a key', async (t) => {
  const home = openVault(t);
  home.keychain.getPassword = () => Promise.resolve('something else');
  await assert.rejects(home.vault.put('a:b', { token: 'x' }), failsWith('VAULT_LOCKED', 'did not give back'));
  assert.deepEqual(dump(home.db).meta, []);
});

test('a closed vault forgets the key and opens again when needed', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const write = await home.vault.put('atlas:default', { token: 'y' });
  home.vault.close();
  assert.equal(home.vault.current().state, 'unopened');
  assert.throws(write, failsWith('VAULT_LOCKED', 'closed'));
  assert.equal(await home.vault.get('atlas:default', 'token'), 'x');
});

test('a vault that is closed while it opens keeps no key', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:default', { token: 'x' });
  const { vault } = home.reopen();
  const reading = vault.get('atlas:default', 'token');
  vault.close();
  await assert.rejects(reading, failsWith('VAULT_LOCKED', 'closed'));
  assert.equal(vault.current().state, 'unopened');
});

test('without state there is no vault: nothing is stored and the sentence says why', async () => {
  const vault = createNoVault();
  assert.deepEqual(await vault.status(), { state: 'off', backend: null, records: 0, reason: null });
  assert.deepEqual(vault.names('a:b'), []);
  (await vault.put('a:b', {}))();
  vault.remove('a:b');
  vault.close();
  await assert.rejects(vault.put('a:b', { token: 'x' }), failsWith('USAGE', '--servers'));
  await assert.rejects(vault.get('a:b', 'token'), failsWith('SECRET_MISSING', '--servers'));
  for (const act of [vault.move('keychain'), vault.rekey(), vault.recover()]) {
    await assert.rejects(act, failsWith('USAGE'));
  }
});

test('no error of the vault holds a secret or a passphrase', async (t: TestContext) => {
  const platform = fakePlatform(fakeKeychain());
  const home = openVault(t, { platform, backend: 'passphrase' });
  platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'SENTINEL-pass';
  await store(home.vault, 'atlas:default', { token: 'SENTINEL-value' });
  platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'SENTINEL-wrong';
  const errors: unknown[] = [];
  await home
    .reopen()
    .vault.get('atlas:default', 'token')
    .catch((error: unknown) => errors.push(error));
  home.db.exec("UPDATE vault_records SET sealed = x'00'");
  await home.vault.get('atlas:default', 'token').catch((error: unknown) => errors.push(error));
  await home.vault.get('atlas:default', 'none').catch((error: unknown) => errors.push(error));
  assert.equal(errors.length, 3);
  for (const error of errors) {
    const { message, data } = error as { message: string; data: unknown };
    assert.doesNotMatch(`${message} ${JSON.stringify(data)}`, /SENTINEL/);
  }
});
