import assert from 'node:assert/strict';
import test from 'node:test';
import { createAccess } from '../../../../src-main/cli/ui/access.ts';
import { createFakeClock } from '../../../helpers/fake-clock.ts';

const minute = 60_000;
const hour = 60 * minute;

function setUp() {
  const clock = createFakeClock();
  const access = createAccess({ clock });
  const comeIn = (): { cookie: string; key: string } => {
    const cookie = access.open(access.makeLink()) ?? assert.fail('the link opens nothing');
    return { cookie, key: access.claim(cookie) ?? assert.fail('there is no key') };
  };
  return { clock, access, comeIn };
}

test('a link opens once, and for two minutes', async () => {
  const { clock, access } = setUp();
  const link = access.makeLink();
  assert.match(link, /^[\w-]{43}$/);
  assert.notEqual(access.open(link), null);
  assert.equal(access.open(link), null);
  const late = access.makeLink();
  await clock.advance(2 * minute);
  assert.equal(access.open(late), null);
  assert.equal(access.open('x'), null);
});

test('of too many links the oldest ends', () => {
  const { access } = setUp();
  const links = Array.from({ length: 6 }, () => access.makeLink());
  assert.deepEqual(
    links.map((link) => access.open(link) !== null),
    [false, true, true, true, true, true],
  );
});

test('a session is found by cookie and key together, and the key is given once and soon', async () => {
  const { clock, access, comeIn } = setUp();
  const { cookie, key } = comeIn();
  const other = comeIn();
  assert.notEqual(access.find(cookie, key), null);
  for (const [one, two] of [
    [cookie, other.key],
    [other.cookie, key],
    [cookie, ''],
    ['', key],
    [key, cookie],
  ] as const)
    assert.equal(access.find(one, two), null);
  assert.equal(access.claim(cookie), null);
  const unclaimed = access.open(access.makeLink()) ?? '';
  assert.equal(access.find(unclaimed, ''), null, 'before there is a key nothing opens it');
  await clock.advance(2 * minute + 1);
  assert.equal(access.claim(unclaimed), null);
});

test('a session ends after twelve hours, when it is told to, and with the command', async () => {
  const { clock, access, comeIn } = setUp();
  const old = comeIn();
  const { ended } = access.find(old.cookie, old.key) ?? assert.fail();
  await clock.advance(12 * hour - 1);
  assert.equal(ended.aborted, false);
  await clock.advance(1);
  assert.equal(ended.aborted, true);
  assert.equal(access.find(old.cookie, old.key), null);
  const left = comeIn();
  access.find(left.cookie, left.key)?.end();
  assert.equal(access.find(left.cookie, left.key), null);
  const last = comeIn();
  const session = access.find(last.cookie, last.key) ?? assert.fail();
  const link = access.makeLink();
  access.close();
  assert.equal(session.ended.aborted, true);
  assert.equal(access.open(link), null);
  assert.equal(clock.waiting, 0, 'no timer is left');
});

test('of too many sessions the oldest ends', () => {
  const { access, comeIn } = setUp();
  const all = Array.from({ length: 21 }, comeIn);
  assert.deepEqual(
    all.map(({ cookie, key }) => access.find(cookie, key) !== null),
    all.map((_, index) => index > 0),
  );
});

test('the id of a yes is taken once, and has to be one', () => {
  const { access, comeIn } = setUp();
  const { cookie, key } = comeIn();
  const session = access.find(cookie, key) ?? assert.fail();
  const id = '3f0e5a52-0b6c-4a6e-9a53-0d0b8a1c7e11';
  assert.deepEqual([session.isFresh(id), session.isFresh(id)], [true, false]);
  for (const odd of ['', 'short', 'a'.repeat(65), `${id}\n`, 'a b c d e f g h i j k'])
    assert.equal(session.isFresh(odd), false, odd);
});
