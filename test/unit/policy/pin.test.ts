import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { checkPin, createPin, type Pin } from '../../../src-main/gateway/policy/pin.ts';
import { createGuard } from '../../../src-main/gateway/storage/guard-store.ts';
import { createFakeLog } from '../../helpers/fake-clock.ts';
import { failsWith } from '../storage/support.ts';
import { openVault, type VaultHome } from '../storage/vault-support.ts';

const right = '481516';
const minutes = 60_000;

/** A PIN over a real registry and vault; `restart` is another process over the same. */
async function openPin(t: TestContext): Promise<{
  readonly pin: Pin;
  readonly clock: VaultHome['platform']['clock'];
  readonly lines: readonly string[];
  restart(): Promise<Pin>;
}> {
  const home = openVault(t);
  const log = createFakeLog();
  const open = async ({ vault, db, platform }: VaultHome): Promise<Pin> => {
    const guard = createGuard({ vault, db, clock: platform.clock, log });
    await guard.load();
    return createPin({ guard, clock: platform.clock, log });
  };
  return {
    pin: await open(home),
    clock: home.platform.clock,
    lines: log.lines,
    restart: () => open(home.reopen()),
  };
}

const triesOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'right',
    (error: { data: { triesLeft?: number } }) => error.data.triesLeft ?? error,
  );

test('ten guesses at once are five tries, and then the right PIN is refused for 15 minutes', async (t) => {
  const { pin, clock, lines } = await openPin(t);
  await pin.set(right);
  const guesses = Array.from({ length: 10 }, (_, index) => triesOf(pin.verify(`wrong-${index}`)));
  assert.deepEqual(await Promise.all(guesses), [4, 3, 2, 1, 0, 0, 0, 0, 0, 0]);
  assert.equal(lines.filter((line) => line === 'warn a wrong approval PIN was given').length, 5);
  assert.equal(pin.lockedUntil(), clock.now() + 15 * minutes);
  await assert.rejects(pin.verify(right), failsWith('PIN_WRONG', 'is locked until 1970-01-01T00:31:40.000Z'));
  clock.advance(15 * minutes - 1);
  assert.equal(await triesOf(pin.verify(right)), 0);
  clock.advance(1);
  assert.equal(pin.lockedUntil(), null);
  assert.equal(await triesOf(pin.verify('still wrong')), 4);
  assert.equal(await triesOf(pin.verify(right)), 'right');
});

test('a restart gives no tries back, a right PIN does', async (t) => {
  const { pin, restart } = await openPin(t);
  await pin.set(right);
  for (const left of [4, 3, 2]) assert.equal(await triesOf(pin.verify('nothing')), left);
  const again = await restart();
  assert.equal(await triesOf(again.verify('nothing')), 1);
  assert.equal(await triesOf(again.verify(right)), 'right');
  assert.equal(await triesOf(again.verify('nothing')), 4);
  for (let tries = 0; tries < 4; tries += 1) await triesOf(again.verify('nothing'));
  const locked = await restart();
  assert.notEqual(locked.lockedUntil(), null);
  assert.equal(await triesOf(locked.verify(right)), 0);
});

test('a try is written down before it is made', async (t) => {
  const { pin, restart } = await openPin(t);
  await pin.set(right);
  // The process ends while it is hashing: what came of the guess, nobody reads.
  const unread = pin.verify('nothing').catch(() => 'never read');
  const other = await restart();
  await unread;
  assert.equal(await triesOf((await restart()).verify('nothing')), 3);
  assert.equal(other.isSet(), true);
});

test('the first PIN does not take the place of one that was set meanwhile', async (t) => {
  const { pin } = await openPin(t);
  const [isFirst, isSecond] = await Promise.all([pin.setFirst(right), pin.setFirst('271828')]);
  assert.notEqual(isFirst, isSecond);
  await pin.verify(isFirst ? right : '271828');
  assert.equal(await pin.setFirst('314159'), false);
  await pin.remove();
  assert.equal(pin.isSet(), false);
  await assert.rejects(pin.verify(right), failsWith('PIN_WRONG', 'there is no approval PIN'));
});

test('what is guessed at once is no PIN', () => {
  for (const bad of ['12345', '', '111111', '123456', '567890', '654321', '098765', 'abcdef', 'zzzzzzzz'])
    assert.throws(() => checkPin(bad), failsWith('ARGUMENTS_INVALID'), bad);
  assert.throws(() => checkPin('x1'.repeat(51)), failsWith('ARGUMENTS_INVALID', 'at most 100'));
  assert.throws(() => checkPin('48151\u0000'), failsWith('ARGUMENTS_INVALID', 'control'));
  for (const good of [right, '112233', 'correct horse', 'ümläutß', '9x'.repeat(50)]) checkPin(good);
});

test('a letter typed in two ways is the same PIN', async (t) => {
  const { pin } = await openPin(t);
  await pin.set('Zu\u0308rich');
  await pin.verify('Z\u00fcrich');
});
