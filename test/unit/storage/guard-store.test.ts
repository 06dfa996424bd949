import assert from 'node:assert/strict';
import test from 'node:test';
import { createGuard, emptyGuard, type Guard } from '../../../src-main/gateway/storage/guard-store.ts';
import { createNoVault } from '../../../src-main/gateway/storage/vault.ts';
import { createFakeLog } from '../../helpers/fake-clock.ts';
import { failsWith, fakeKeychain, fakePlatform } from './support.ts';
import { openVault, store, type VaultHome } from './vault-support.ts';

function guardOf({ vault, db, platform }: VaultHome): Guard {
  return createGuard({ vault, db, clock: platform.clock, log: createFakeLog() });
}

async function load(home: VaultHome): Promise<Guard> {
  const guard = guardOf(home);
  await guard.load();
  return guard;
}

const classes = { envs: { 'atlas:a': 'prod' } } as const;

test('without anything kept no keychain is touched, nor for knowing that there is an app', async (t) => {
  const home = openVault(t);
  const guard = await load(home);
  assert.deepEqual(guard.state(), emptyGuard);
  await guard.change((state) => ({ ...state, hasApp: true }));
  await guard.change((state) => state);
  assert.equal(home.platform.loads, 0);
  assert.equal(guard.isSealed(), true);
  assert.deepEqual((await load(home.reopen())).state(), { ...emptyGuard, hasApp: true });
});

test('what is kept is sealed: the registry does not say it and a row in clear does not change it', async (t) => {
  const home = openVault(t);
  const guard = await load(home);
  await guard.change((state) => ({ ...state, ...classes, hasApp: true }));
  assert.equal(guard.isSealed(), true);
  assert.equal(home.db.prepare("SELECT count(*) FROM meta WHERE key = 'guard'").pluck().get(), 0);
  home.db.prepare('INSERT INTO meta (key, val) VALUES (?, ?)').run('guard', JSON.stringify(emptyGuard));
  const again = await load(home.reopen());
  assert.deepEqual(again.state(), { ...emptyGuard, ...classes, hasApp: true });
});

test('a record that does not open is unreadable and never replaced', async (t) => {
  const home = openVault(t);
  await (await load(home)).change((state) => ({ ...state, ...classes }));
  const locked = home.reopen({ platform: fakePlatform(null) });
  const guard = await load(locked);
  assert.equal(guard.state(), 'unreadable');
  await assert.rejects(
    guard.change(() => emptyGuard),
    failsWith('VAULT_LOCKED', 'cannot be read', 'nucleus vault recover'),
  );
  assert.match(guard.warnings().join(), /cannot be read/);
  assert.deepEqual((await load(home.reopen())).state(), { ...emptyGuard, ...classes });

  home.db.prepare('UPDATE vault_own SET sealed = ?').run(Buffer.from('forged'));
  assert.equal((await load(home.reopen())).state(), 'unreadable');
});

test('a vault that opens later is asked again when somebody needs to know', async (t) => {
  const keychain = fakeKeychain();
  const home = openVault(t, { keychain });
  await (await load(home)).change((state) => ({ ...state, ...classes }));
  const later = home.reopen({ platform: fakePlatform(keychain) });
  keychain.failure = 'it is locked';
  const guard = await load(later);
  assert.equal(guard.state(), 'unreadable');
  keychain.failure = null;
  assert.equal(guard.state(), 'unreadable');
  later.platform.clock.advance(5_000);
  const told = new Promise<void>((resolve) => guard.onChange(resolve));
  assert.equal(guard.state(), 'unreadable');
  await told;
  assert.deepEqual(guard.state(), { ...emptyGuard, ...classes });
});

test('a keychain that says nothing holds up no start', async (t) => {
  const keychain = fakeKeychain();
  const home = openVault(t, { keychain });
  await (await load(home)).change((state) => ({ ...state, ...classes }));
  keychain.hang = true;
  const silent = home.reopen({ platform: fakePlatform(keychain) });
  const guard = guardOf(silent);
  const loading = guard.load();
  await new Promise(setImmediate);
  silent.platform.clock.advance(2_500);
  assert.equal(await loading, 'read');
  assert.equal(guard.state(), 'unreadable');
});

test('without a vault it is kept in clear and says so, until there is one', async (t) => {
  const bare = openVault(t, { platform: fakePlatform(null) });
  const guard = await load(bare);
  await guard.change((state) => ({ ...state, ...classes }));
  assert.equal(guard.isSealed(), false);
  assert.match(guard.warnings().join(), /kept in clear/);

  const again = await load(bare.reopen({ platform: fakePlatform(fakeKeychain()) }));
  assert.deepEqual(again.state(), { ...emptyGuard, ...classes });
  await again.change((state) => ({ ...state, hasApp: true }));
  assert.equal(again.isSealed(), true);
  assert.equal(bare.db.prepare("SELECT count(*) FROM meta WHERE key = 'guard'").pluck().get(), 0);
});

test('what was sealed is not written in clear when the vault closes meanwhile', async (t) => {
  const home = openVault(t);
  const guard = await load(home);
  await guard.change((state) => ({ ...state, ...classes }));
  home.vault.close();
  home.keychain.failure = 'it is locked';
  await assert.rejects(
    guard.change((state) => ({ ...state, lockedAt: 1 })),
    failsWith('VAULT_LOCKED'),
  );
  assert.deepEqual(guard.state(), { ...emptyGuard, ...classes });
  assert.equal(home.db.prepare("SELECT count(*) FROM meta WHERE key = 'guard'").pluck().get(), 0);
});

test('it outlives profiles and another key, and what happens to them', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:a', { token: 'x' });
  await (await load(home)).change((state) => ({ ...state, ...classes }));
  (await home.vault.rename('atlas:a', 'atlas:b'))();
  home.vault.remove('atlas:b');
  await home.vault.rekey();
  assert.deepEqual((await load(home.reopen())).state(), { ...emptyGuard, ...classes });
});

test('a vault that gives it up leaves everything locked, and names no profile for it', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:a', { token: 'x' });
  await (await load(home)).change((state) => ({ ...state, ...classes }));
  home.keychain.entries.clear();
  const broken = home.reopen({ platform: fakePlatform(home.keychain) });
  const guard = await load(broken);
  assert.deepEqual((await broken.vault.recover()).lost, ['atlas:a']);
  assert.equal(await guard.load(), 'lost');
  assert.deepEqual(guard.state(), { ...emptyGuard, lockedAt: 1_000_000 });
  assert.deepEqual((await load(broken.reopen())).state(), { ...emptyGuard, lockedAt: 1_000_000 });
});

test('changes come one after the other, with what belongs to them or not at all', async (t) => {
  const home = openVault(t);
  const guard = await load(home);
  const add = (id: string) =>
    guard.change((state) => ({ ...state, envs: { ...state.envs, [id]: 'dev' as const } }));
  await Promise.all([add('a:a'), add('b:b'), add('c:c')]);
  const failing = guard.change(
    (state) => ({ ...state, envs: {} }),
    () => {
      home.profiles.remove('atlas:a');
      throw new Error('not now');
    },
  );
  await assert.rejects(failing, /not now/);
  assert.notEqual(home.profiles.get('atlas:a'), null);
  const again = await load(home.reopen());
  assert.deepEqual(again.state(), { ...emptyGuard, envs: { 'a:a': 'dev', 'b:b': 'dev', 'c:c': 'dev' } });
});

test('where there is no state, it is in memory alone', async (t) => {
  const { db, platform } = openVault(t);
  const guard = createGuard({ vault: createNoVault(), db, clock: platform.clock, log: createFakeLog() });
  await guard.change((state) => ({ ...state, ...classes }));
  assert.deepEqual(guard.state(), { ...emptyGuard, ...classes });
  assert.equal(guard.isSealed(), true);
  assert.equal(home(db), 0);
});

const home = (db: VaultHome['db']): unknown =>
  db
    .prepare("SELECT (SELECT count(*) FROM vault_own) + (SELECT count(*) FROM meta WHERE key = 'guard')")
    .pluck()
    .get();
