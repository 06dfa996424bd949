// Every secret is sealed together with an id that only the guard's record has: who loses the one loses the other.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  createGuard,
  emptyGuard,
  type Guard,
  type GuardState,
} from '../../../src-main/gateway/storage/guard-store.ts';
import { seal, unseal } from '../../../src-main/gateway/storage/seal.ts';
import { binding, guardPlace } from '../../../src-main/gateway/storage/vault-records.ts';
import { createFakeLog } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';
import { failsWith, fakeKeychain, fakePlatform } from './support.ts';
import { dump, keyAccount, openVault, store, type VaultHome } from './vault-support.ts';

const signIn = { profile_id: 'atlas:b', issuer: 'https://as.example', kind: 'grant' };
const gone = failsWith('SECRET_MISSING', 'atlas:a', 'does not open', 'is gone', 'nucleus add');
const damaged = failsWith('VAULT_LOCKED', 'what a person accepted does not open', 'nucleus vault recover');

/** The guard of a home as a start finds it. */
async function load({ vault, db, platform }: VaultHome): Promise<Guard> {
  const guard = createGuard({ vault, db, clock: platform.clock, log: createFakeLog() });
  await guard.load();
  return guard;
}

const prod = (state: GuardState): GuardState => ({ ...state, envs: { 'atlas:a': 'prod' } });

async function storeSome({ vault }: VaultHome): Promise<void> {
  await store(vault, 'atlas:a', { token: 'of a', second: 'also of a' });
  (await vault.keep(signIn, 'of b'))();
}

async function opens(home: VaultHome): Promise<void> {
  assert.equal(await home.vault.get('atlas:a', 'token'), 'of a');
  assert.equal(await home.vault.get('atlas:a', 'second'), 'also of a');
  assert.equal(await home.vault.read(signIn), 'of b');
}

/** Secrets, and a guard that was sealed after them. */
async function openGuarded(t: TestContext): Promise<VaultHome> {
  const home = openVault(t);
  await storeSome(home);
  await (await load(home)).change(prod);
  return home;
}

interface Row {
  readonly nonce: Buffer;
  readonly sealed: Buffer;
}
const guardRow = ({ db }: VaultHome): Row => db.prepare('SELECT nonce, sealed FROM vault_own').get() as Row;
const setGuardRow = ({ db }: VaultHome, { nonce, sealed }: Row): void =>
  void db.prepare('UPDATE vault_own SET nonce = ?, sealed = ?').run(nonce, sealed);
const dropGuardRow = ({ db }: VaultHome): void => void db.exec('DELETE FROM vault_own');

/** The guard's record as it was written before it had an id. */
function withoutId(home: VaultHome, state: GuardState): Row {
  const key = Buffer.from(home.keychain.entries.get(`nucleusmcp/${keyAccount(home.paths)}`) ?? '', 'base64');
  return seal(key, Buffer.from(JSON.stringify(state)), binding(guardPlace, null));
}

/** A registry from before: secrets and a guard that are sealed by the key alone. */
async function openOld(t: TestContext): Promise<VaultHome> {
  const home = openVault(t);
  await storeSome(home);
  const { nonce, sealed } = withoutId(home, prod(emptyGuard));
  home.db
    .prepare('INSERT INTO vault_own (issuer, kind, nonce, sealed) VALUES (?, ?, ?, ?)')
    .run(guardPlace.issuer, guardPlace.kind, nonce, sealed);
  return home;
}

test('without the guard’s record no secret opens, and a new guard brings none back', async (t) => {
  verifies('NEW-002');
  const home = await openGuarded(t);
  await opens(home);
  await opens(home.reopen());
  dropGuardRow(home);
  const later = home.reopen();
  const guard = await load(later);
  assert.deepEqual(guard.state(), emptyGuard);
  await assert.rejects(later.vault.get('atlas:a', 'token'), gone);
  await assert.rejects(later.vault.read(signIn), failsWith('SECRET_MISSING', 'atlas:b'));
  await guard.change((state) => ({ ...state, lockedAt: 1 }));
  await assert.rejects(later.vault.get('atlas:a', 'token'), gone);
  // What is given again is sealed together with the new one.
  await store(later.vault, 'atlas:a', { token: 'again' });
  assert.equal(await later.reopen().vault.get('atlas:a', 'token'), 'again');
  assert.deepEqual((await later.vault.recover()).lost, ['atlas:a', 'atlas:b']);
});

test('a guard of another time or without an id opens nothing', async (t) => {
  verifies('NEW-002');
  const home = await openGuarded(t);
  setGuardRow(home, withoutId(home, emptyGuard));
  const later = home.reopen();
  assert.deepEqual((await load(later)).state(), emptyGuard);
  await assert.rejects(later.vault.get('atlas:a', 'token'), gone);
});

test('while the guard’s record does not open, secrets are neither read nor written, and no key is changed', async (t) => {
  const home = await openGuarded(t);
  const row = guardRow(home);
  setGuardRow(home, { ...row, sealed: Buffer.from('forged') });
  const before = { dump: dump(home.db), entries: [...home.keychain.entries] };
  // Under the running gateway, which knows the id, a change of keys would leave the record behind.
  await assert.rejects(home.vault.rekey(), damaged);
  const later = home.reopen();
  assert.equal((await load(later)).state(), 'unreadable');
  await assert.rejects(later.vault.get('atlas:a', 'token'), damaged);
  await assert.rejects(store(later.vault, 'atlas:default', { token: 'x' }), damaged);
  await assert.rejects(later.vault.rename('atlas:a', 'atlas:1'), damaged);
  await assert.rejects(later.vault.rekey(), damaged);
  assert.deepEqual({ dump: dump(home.db), entries: [...home.keychain.entries] }, before);
  // Nothing is lost until a person gives it up.
  setGuardRow(home, row);
  await opens(later);
});

test('giving the guard up gives up every secret that opens with it, and says whose', async (t) => {
  verifies('NEW-002');
  for (const isRunning of [true, false]) {
    const home = await openGuarded(t);
    setGuardRow(home, { ...guardRow(home), sealed: Buffer.from('forged') });
    const { vault } = isRunning ? home : home.reopen();
    assert.deepEqual((await vault.recover()).lost, ['atlas:a', 'atlas:b']);
    assert.deepEqual([vault.current().records, vault.names('atlas:a')], [0, []]);
  }
});

test('where all opens, giving up changes nothing', async (t) => {
  const home = await openGuarded(t);
  const before = [dump(home.db), guardRow(home)];
  assert.deepEqual((await home.reopen().vault.recover()).lost, []);
  assert.deepEqual([dump(home.db), guardRow(home)], before);
  await opens(home.reopen());
});

test('a record taken away under a running gateway gets no secret sealed without it', async (t) => {
  verifies('NEW-002');
  // Known from the first sealing on, and from the start.
  for (const isNew of [true, false]) {
    const first = openVault(t);
    const guard = await load(first);
    await storeSome(first);
    await guard.change(prod);
    const home = isNew ? first : first.reopen();
    if (!isNew) await load(home);
    dropGuardRow(home);
    await store(home.vault, 'atlas:a', { token: 'renewed' });
    await assert.rejects(home.reopen().vault.get('atlas:a', 'token'), gone);
    // Given up while it runs, too.
    const { lost } = await home.vault.recover();
    assert.deepEqual(lost, ['atlas:a', 'atlas:b']);
  }
});

test('what the running gateway knows mends a record that was taken away', async (t) => {
  const home = openVault(t);
  await storeSome(home);
  const guard = await load(home);
  await guard.change(prod);
  dropGuardRow(home);
  await guard.change((state) => ({ ...state, lockedAt: 1 }));
  const later = home.reopen();
  assert.deepEqual((await load(later)).state(), { ...prod(emptyGuard), lockedAt: 1 });
  await opens(later);
});

test('secrets of a registry from before open, and are sealed anew with the next change of the guard', async (t) => {
  const home = await openOld(t);
  const guard = await load(home);
  assert.deepEqual(guard.state(), prod(emptyGuard));
  await opens(home);
  await store(home.vault, 'atlas:default', { token: 'in between' });
  await guard.change((state) => ({ ...state, lockedAt: 1 }));
  for (const now of [home, home.reopen()]) {
    await opens(now);
    assert.equal(await now.vault.get('atlas:default', 'token'), 'in between');
  }
  dropGuardRow(home);
  await assert.rejects(home.reopen().vault.get('atlas:a', 'token'), gone);
  await assert.rejects(home.reopen().vault.get('atlas:default', 'token'), failsWith('SECRET_MISSING'));
});

test('a guard in clear has no id: its secrets open, until it is sealed', async (t) => {
  const home = openVault(t, { platform: fakePlatform(null) });
  await (await load(home)).change(prod);
  const later = home.reopen({ platform: fakePlatform(fakeKeychain()) });
  const guard = await load(later);
  await storeSome(later);
  await opens(later.reopen());
  await guard.change((state) => ({ ...state, lockedAt: 1 }));
  await opens(later.reopen());
  dropGuardRow(later);
  await assert.rejects(later.reopen().vault.get('atlas:a', 'token'), gone);
});

/** Fails the n-th write of a sealed record from now on; the function that ends it. */
function failAt({ db }: VaultHome, n: number): () => void {
  db.exec(`
    CREATE TEMP TABLE writes (count INTEGER);
    INSERT INTO writes VALUES (0);
  `);
  for (const table of ['vault_records', 'vault_own'])
    for (const what of ['INSERT', 'UPDATE'])
      db.exec(`CREATE TEMP TRIGGER fail_${table}_${what} AFTER ${what} ON main.${table} BEGIN
        UPDATE writes SET count = count + 1;
        SELECT RAISE(ABORT, 'the disk is gone') FROM writes WHERE count = ${n};
      END`);
  return () => {
    for (const table of ['vault_records', 'vault_own'])
      for (const what of ['INSERT', 'UPDATE']) db.exec(`DROP TRIGGER fail_${table}_${what}`);
    db.exec('DROP TABLE temp.writes');
  };
}

for (const [what, open] of [
  ['first sealing', openVault],
  ['sealing of one from before', openOld],
] as const)
  test(`the ${what} that fails at any write changes nothing, and the next one goes through`, async (t) => {
    for (let n = 1; ; n++) {
      const home = await open(t);
      if (what === 'first sealing') await storeSome(home);
      const guard = await load(home);
      const before = [guard.state(), dump(home.db), home.db.prepare('SELECT * FROM vault_own').all()];
      const mend = failAt(home, n);
      const failed = await guard.change(prodAndLocked).then(
        () => null,
        (error: Error) => error,
      );
      mend();
      if (failed === null) {
        // Three secrets, and the guard twice where there was one.
        assert.equal(n, what === 'first sealing' ? 5 : 6);
        return;
      }
      assert.match(failed.message, /the disk is gone/);
      const after = [guard.state(), dump(home.db), home.db.prepare('SELECT * FROM vault_own').all()];
      assert.deepEqual(after, before, `write ${n}`);
      for (const now of [home, home.reopen()]) await opens(now);
      await store(home.vault, 'atlas:default', { token: 'meanwhile' });
      await opens(home.reopen());
      await guard.change(prodAndLocked);
      const later = home.reopen();
      assert.deepEqual((await load(later)).state(), prodAndLocked(emptyGuard));
      await opens(later);
      assert.equal(await later.vault.get('atlas:default', 'token'), 'meanwhile');
    }
  });

const prodAndLocked = (state: GuardState): GuardState => ({ ...prod(state), lockedAt: 1 });

test('what belongs to a change of the guard and fails undoes the sealing too', async (t) => {
  const home = openVault(t);
  await storeSome(home);
  const guard = await load(home);
  home.db.exec(
    `CREATE TEMP TRIGGER late BEFORE DELETE ON main.meta BEGIN SELECT RAISE(ABORT, 'too late'); END`,
  );
  home.db.prepare('INSERT INTO meta (key, val) VALUES (?, ?)').run('guard', JSON.stringify(emptyGuard));
  await assert.rejects(guard.change(prod), /too late/);
  home.db.exec('DROP TRIGGER late');
  await store(home.vault, 'atlas:default', { token: 'x' });
  for (const now of [home, home.reopen()]) await opens(now);
  assert.equal(await home.reopen().vault.get('atlas:default', 'token'), 'x');
});

test('another key, another place for it and another name keep guard and secrets together', async (t) => {
  const home = await openGuarded(t);
  await home.vault.rekey();
  await opens(home);
  await opens(home.reopen());
  home.platform.env['NUCLEUS_VAULT_PASSPHRASE'] = 'pass';
  await home.vault.move('passphrase');
  const moved = home.reopen();
  assert.deepEqual((await load(moved)).state(), prod(emptyGuard));
  await opens(moved);
  await moved.vault.rekey();
  (await moved.vault.rename('atlas:a', 'atlas:1'))();
  const later = moved.reopen();
  assert.equal(await later.vault.get('atlas:1', 'token'), 'of a');
  assert.equal(await later.vault.read(signIn), 'of b');
  dropGuardRow(later);
  for (const id of ['atlas:1', 'atlas:b'])
    await assert.rejects(
      later.reopen().vault.read(id === 'atlas:b' ? signIn : { profile_id: id, issuer: '', kind: 'token' }),
      failsWith('SECRET_MISSING', id),
    );
});

test('a change of keys that the registry refuses leaves guard and secrets together', async (t) => {
  const home = await openGuarded(t);
  for (let n = 1; n <= 4; n++) {
    const mend = failAt(home, n);
    await assert.rejects(home.vault.rekey(), /the disk is gone/);
    mend();
    await opens(home);
    await opens(home.reopen());
  }
  await home.vault.rekey();
  await opens(home.reopen());
});

test('the id stands nowhere but in the sealed record, and each guard has its own', async (t) => {
  const ids = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const home = await openGuarded(t);
    const key = Buffer.from([...home.keychain.entries.values()][0] ?? '', 'base64');
    const content = unseal(key, guardRow(home), binding(guardPlace, null))?.toString() ?? '';
    const id = content.split('\n')[0] ?? '';
    assert.equal(Buffer.from(id, 'base64url').length, 32);
    ids.add(id);
    assert.equal(JSON.stringify(dump(home.db)).includes(id), false);
    const records = home.db.prepare('SELECT sealed FROM vault_records').pluck().all() as Buffer[];
    for (const sealed of records) assert.equal(sealed.includes(Buffer.from(id, 'base64url')), false);
  }
  assert.equal(ids.size, 3);
});
