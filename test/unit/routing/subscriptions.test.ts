import assert from 'node:assert/strict';
import test from 'node:test';
import { createSubscriptions } from '../../../src-main/gateway/routing/subscriptions.ts';
import { createFakeLog } from '../../helpers/fake-clock.ts';

function setUp() {
  const told: [string, string, unknown][] = [];
  const subscriptions = createSubscriptions({
    log: createFakeLog(),
    supervisor: () => ({
      request(profile, method, params) {
        told.push([profile, method, params?.['uri']]);
        return Promise.reject(new Error('gone'));
      },
    }),
  });
  return { subscriptions, told };
}

test('only the last who wants no more is told upstream', () => {
  const { subscriptions, told } = setUp();
  const [one, other] = [{}, {}];
  for (const client of [one, one, other])
    subscriptions.add(client, 'db:prod', 'file:///a', 'nucleus://db/prod/file:///a');
  assert.equal(subscriptions.remove(one, 'db:prod', 'file:///a'), false);
  assert.equal(subscriptions.remove(one, 'db:prod', 'file:///a'), false);
  assert.equal(subscriptions.remove(other, 'db:prod', 'file:///a'), true);
  assert.deepEqual(told, []);
});

test('each client hears of a resource under the addresses it knows, and of the account it meant', () => {
  const { subscriptions } = setUp();
  const [one, other] = [{}, {}];
  subscriptions.add(one, 'db:prod', 'file:///a', 'nucleus://db/prod/file:///a');
  subscriptions.add(one, 'db:prod', 'file:///a', 'nucleus://db/main/file:///a');
  subscriptions.add(other, 'db:prod', 'file:///a', 'file:///a');
  assert.deepEqual(subscriptions.namesFor(one, 'db:prod', 'file:///a'), [
    'nucleus://db/prod/file:///a',
    'nucleus://db/main/file:///a',
  ]);
  assert.deepEqual(subscriptions.namesFor(other, 'db:prod', 'file:///a'), ['file:///a']);
  assert.deepEqual(subscriptions.namesFor(other, 'db:staging', 'file:///a'), []);
});

test('a client that goes takes its wishes along, and a server that restarts hears those that are left', () => {
  const { subscriptions, told } = setUp();
  const [one, other] = [{}, {}];
  subscriptions.add(one, 'db:prod', 'file:///a', 'a');
  subscriptions.add(one, 'db:prod', 'file:///b', 'b');
  subscriptions.add(other, 'db:prod', 'file:///b', 'b');
  subscriptions.release(one);
  assert.deepEqual(told.splice(0), [['db:prod', 'resources/unsubscribe', 'file:///a']]);
  subscriptions.ready('db:prod');
  subscriptions.ready('db:staging');
  assert.deepEqual(told, [['db:prod', 'resources/subscribe', 'file:///b']]);
});

test('one client cannot subscribe without end', () => {
  const { subscriptions } = setUp();
  const client = {};
  for (let n = 0; n < 1_000; n += 1)
    assert.equal(subscriptions.add(client, 'db:prod', `file:///${n}`, `${n}`), 'first');
  assert.equal(subscriptions.add(client, 'db:prod', 'file:///more', 'more'), 'full');
  assert.equal(subscriptions.add(client, 'db:prod', 'file:///1', '1'), 'known');
  assert.equal(subscriptions.add({}, 'db:prod', 'file:///more', 'more'), 'first');
});
