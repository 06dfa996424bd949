import assert from 'node:assert/strict';
import test from 'node:test';
import { keepsRules } from '../../../src-main/gateway/policy/renaming.ts';
import { PolicyFile } from '../../../src-shared/policy.ts';

const file = (...rule: object[]): PolicyFile => PolicyFile.parse({ rule });

test('a new name may not lead out of a rule that restricts, but into one and along one', () => {
  const rules = file(
    { match: 'db:prod', deny: ['*'] },
    { profile: 'db:old*', confirm: ['x'] },
    { match: '*:*', approve: 'human', env: 'prod' },
  );
  assert.equal(keepsRules(rules, 'db:prod', 'db:harmless'), false);
  assert.equal(keepsRules(rules, 'DB:PROD', 'db:harmless'), false);
  assert.equal(keepsRules(rules, 'db:staging', 'db:prod'), true);
  assert.equal(keepsRules(rules, 'db:staging', 'db:dev'), true);
  assert.equal(keepsRules(rules, 'db:old1', 'db:old2'), true);
  assert.equal(keepsRules(rules, 'db:old1', 'db:new'), false);
  assert.equal(keepsRules(file(), 'db:prod', 'db:any'), true);
});

test('a new name may not lead into a rule that exempts, but out of one', () => {
  const rules = file({ match: 'db:dev', allow: ['*'] });
  assert.equal(keepsRules(rules, 'db:prod', 'db:dev'), false);
  assert.equal(keepsRules(rules, 'db:dev', 'db:prod'), true);
  const both = file({ match: 'db:dev', allow: ['a'], deny: ['b'] });
  assert.equal(keepsRules(both, 'db:prod', 'db:dev'), false);
  assert.equal(keepsRules(both, 'db:dev', 'db:prod'), false);
});

test('all that a rule says of ids counts together', () => {
  const rules = file({ match: '*:prod', profile: ['db:*', 'web:*'], deny: ['*'] });
  assert.equal(keepsRules(rules, 'db:prod', 'db:x'), false);
  assert.equal(keepsRules(rules, 'mail:prod', 'mail:x'), true);
});
