import assert from 'node:assert/strict';
import test from 'node:test';
import { allowAll, noLimits, type Target } from '../../../src-main/gateway/policy/policy.ts';

const target: Target = {
  principal: 'local',
  profile: 'db:prod',
  connector: 'db',
  alias: 'prod',
  kind: 'tool',
  name: 'drop_everything',
};

test('without rules every call is allowed', () => {
  assert.deepEqual(allowAll.decide(target), { kind: 'allow' });
});

test('without limits a place is taken and given back any number of times', () => {
  for (let call = 0; call < 1_000; call += 1) noLimits.take(target);
  const giveBack = noLimits.take(target);
  giveBack();
  giveBack();
});
