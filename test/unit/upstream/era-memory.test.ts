import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createEraStore } from '../../../src-main/gateway/storage/era-store.ts';
import { createEraMemory } from '../../../src-main/gateway/upstream/era-memory.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const week = 7 * 24 * 60 * 60_000;

function setUp(t: TestContext) {
  const registry = openRegistry('memory');
  t.after(() => registry.close());
  const clock = createFakeClock();
  const launches = new Map([['db:prod', 'one']]);
  const memory = createEraMemory({
    store: createEraStore(registry.db),
    clock,
    launchOf(profile) {
      const launch = launches.get(profile);
      return launch === undefined ? null : { connector: 'db', launch };
    },
  });
  return { memory, clock, launches };
}

test('what was found is remembered for all profiles that start the same', (t) => {
  const { memory, launches } = setUp(t);
  assert.equal(memory.recall('db:prod'), null);
  memory.note('db:prod', 'legacy', 'fake 1', true);
  launches.set('db:staging', 'one').set('db:other', 'two');
  assert.deepEqual(['db:prod', 'db:staging', 'db:other', 'db:gone'].map(memory.recall), [
    'legacy',
    'legacy',
    null,
    null,
  ]);
});

test('an older server is asked again after a week, a newer one when it fails', async (t) => {
  const { memory, clock, launches } = setUp(t);
  launches.set('db:new', 'two');
  memory.note('db:prod', 'legacy', 'fake 1', true);
  memory.note('db:new', 'modern', 'fake 1', true);
  await clock.advance(week - 1);
  // Being greeted as remembered proves nothing anew.
  memory.note('db:prod', 'legacy', 'fake 1', false);
  assert.equal(memory.recall('db:prod'), 'legacy');
  await clock.advance(1);
  assert.equal(memory.recall('db:prod'), null);
  assert.equal(memory.recall('db:new'), 'modern');
});

test('another version is asked again, and so is another launch', (t) => {
  const { memory, launches } = setUp(t);
  memory.note('db:prod', 'legacy', 'fake 1', true);
  launches.set('db:prod', 'two');
  assert.equal(memory.recall('db:prod'), null);
  launches.set('db:prod', 'one');
  memory.note('db:prod', 'legacy', 'fake 2', false);
  assert.equal(memory.recall('db:prod'), null);
});
