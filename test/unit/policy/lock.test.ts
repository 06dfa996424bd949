import assert from 'node:assert/strict';
import test from 'node:test';
import { createLock, type Lock } from '../../../src-main/gateway/policy/lock.ts';
import { createGuard } from '../../../src-main/gateway/storage/guard-store.ts';
import { createFakeLog } from '../../helpers/fake-clock.ts';
import { failsWith, fakePlatform } from '../storage/support.ts';
import { openVault, type VaultHome } from '../storage/vault-support.ts';

async function openLock({ vault, db, platform }: VaultHome, onChange: () => void = () => {}): Promise<Lock> {
  const log = createFakeLog();
  const guard = createGuard({ vault, db, clock: platform.clock, log });
  await guard.load();
  return createLock({ guard, clock: platform.clock, log, onChange });
}

test('a lock holds from the first moment, over a restart, until it is released', async (t) => {
  const home = openVault(t);
  let changes = 0;
  const lock = await openLock(home, () => (changes += 1));
  lock.check();
  const engaging = lock.engage();
  assert.throws(() => lock.check(), failsWith('LOCKED', '1970-01-01T00:16:40.000Z', 'nucleus unlock'));
  assert.equal(await engaging, 1_000_000);
  home.platform.clock.advance(5);
  assert.equal(await lock.engage(), 1_000_000);
  assert.equal(changes, 1);

  const again = await openLock(home.reopen());
  assert.equal(again.lockedAt(), 1_000_000);
  await again.release();
  again.check();
  assert.equal((await openLock(home.reopen())).isClosed(), false);
});

test('where nobody can tell whether it was locked, nothing passes', async (t) => {
  const home = openVault(t);
  await (await openLock(home)).engage();
  const lock = await openLock(home.reopen({ platform: fakePlatform(null) }));
  assert.throws(() => lock.check(), failsWith('LOCKED', 'cannot be read'));
  await assert.rejects(lock.release(), failsWith('VAULT_LOCKED'));
  assert.equal(lock.isClosed(), true);
});

test('it locks where it cannot be kept, too', async (t) => {
  const home = openVault(t);
  await (await openLock(home)).engage();
  const blind = await openLock(home.reopen({ platform: fakePlatform(null) }));
  assert.equal(await blind.engage(), 1_000_000);
  assert.equal(blind.lockedAt(), 1_000_000);
});
