import assert from 'node:assert/strict';
import test from 'node:test';
import { createPolicy, keepsRules, noLimits, type Target } from '../../../src-main/gateway/policy/policy.ts';

const target: Target = {
  principal: 'local',
  profile: 'db:prod',
  connector: 'db',
  alias: 'prod',
  kind: 'tool',
  name: 'drop_everything',
};

test('without rules every call is allowed', () => {
  assert.deepEqual(createPolicy([]).decide(target), { kind: 'allow' });
});

test('a tool that a pattern names needs a yes, with the pattern as reason', () => {
  for (const pattern of ['db:prod/drop_everything', 'db:*/drop_*', '*', 'DB:PROD/DROP_EVERYTHING'])
    assert.deepEqual(createPolicy(['x', pattern]).decide(target), {
      kind: 'approve',
      reason: `config.toml asks for a person's yes: approval.ask_for has "${pattern}".`,
    });
});

test('what no pattern names is allowed, prompts and resources too', () => {
  const policy = createPolicy(['db:staging/*', 'db:prod/drop', 'prod/drop_everything']);
  assert.deepEqual(policy.decide(target), { kind: 'allow' });
  assert.deepEqual(createPolicy(['*']).decide({ ...target, kind: 'prompt' }), { kind: 'allow' });
  assert.deepEqual(createPolicy(['*']).decide({ ...target, kind: 'resource' }), { kind: 'allow' });
});

test('a pattern is judged by the profile, not by the alias a view gives it', () => {
  assert.equal(createPolicy(['db:prod/*']).decide({ ...target, alias: 'harmless' }).kind, 'approve');
});

test('without limits a place is taken and given back any number of times', () => {
  for (let call = 0; call < 1_000; call += 1) noLimits.take(target);
  const giveBack = noLimits.take(target);
  giveBack();
  giveBack();
});

test('a new name may not lead out of a rule, but into one and along one', () => {
  const rules = ['db:prod/query', 'db:*/drop_*', 'DB:OLD*/x'];
  assert.equal(keepsRules(rules, 'db:prod', 'db:harmless'), false);
  assert.equal(keepsRules(rules, 'db:staging', 'db:prod'), true);
  assert.equal(keepsRules(rules, 'db:staging', 'db:dev'), true);
  assert.equal(keepsRules(rules, 'db:old1', 'db:old2'), true);
  assert.equal(keepsRules([], 'db:prod', 'db:any'), true);
});
