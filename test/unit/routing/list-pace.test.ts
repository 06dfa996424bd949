import assert from 'node:assert/strict';
import test from 'node:test';
import { createListPace } from '../../../src-main/gateway/routing/list-pace.ts';
import { createFakeClock, createFakeLog } from '../../helpers/fake-clock.ts';

const id = 'db:prod';

function setUp() {
  const clock = createFakeClock();
  const log = createFakeLog();
  const pace = createListPace({ clock, log });
  /** A reading after so many notices that takes this long. */
  const read = async (notices: number, milliseconds: number): Promise<void> => {
    for (let notice = 0; notice < notices; notice += 1) pace.noticed(id);
    const end = pace.begin(id);
    await clock.advance(milliseconds);
    end();
  };
  return { clock, log, pace, read };
}

test('single changes are read a quarter of a second later, however long the list takes', async () => {
  const { pace, read } = setUp();
  assert.equal(pace.noticed(id), 250);
  await read(1, 2_000);
  assert.equal(pace.noticed(id), 250);
});

test('in a storm a tenth of the time goes into reading, and half a minute is the longest wait', async () => {
  const { clock, pace, read } = setUp();
  await read(10, 400);
  assert.equal(pace.noticed(id), 3_600);
  assert.equal(pace.noticed('db:other'), 250);
  await clock.advance(3_000);
  assert.equal(pace.noticed(id), 600);
  await read(10, 20_000);
  assert.equal(pace.noticed(id), 30_000);
  pace.forget(id);
  assert.equal(pace.noticed(id), 250);
});

test('an upstream that goes on and on is told of once in ten minutes', async () => {
  const { clock, log, read } = setUp();
  await read(99, 1);
  assert.deepEqual(log.lines, []);
  for (let reading = 0; reading < 5; reading += 1) await read(100, 1);
  const line = 'warn upstream says over and over that its lists changed; they are read only now and then';
  assert.deepEqual(log.lines, [line]);
  assert.deepEqual(log.fields, [{ profile: id, notices: 100 }]);
  await clock.advance(600_000);
  await read(100, 1);
  assert.deepEqual(log.lines, [line, line]);
});
