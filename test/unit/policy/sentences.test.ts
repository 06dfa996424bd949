import assert from 'node:assert/strict';
import test from 'node:test';
import type { Facts } from '../../../src-main/gateway/policy/decision.ts';
import {
  confirmationText,
  confirmed,
  deniedText,
  mismatchText,
} from '../../../src-main/gateway/policy/sentences.ts';
import { verifies } from '../../helpers/requirements.ts';

const facts: Facts = {
  principal: 'local',
  client: 'claude',
  profile: 'supabase:atlas',
  connector: 'supabase',
  alias: 'prod',
  kind: 'tool',
  name: 'apply_migration',
  operation: 'apply_migration',
  env: null,
  effect: { does: 'writes', basis: 'unknown' },
  arguments: {},
};
const deny = { kind: 'deny', rule: 1, match: 'supabase:*', pattern: 'apply_*', reason: 'PROD' } as const;
const confirm = { kind: 'confirm', rule: 1, phrases: ['supabase:atlas'], reason: 'PROD.' } as const;

test('a refusal names the tool, the account, the rule, its pattern and its reason', () => {
  verifies('NUC-082');
  assert.equal(
    deniedText(deny, facts),
    'BLOCKED by policy: tool "apply_migration" on profile supabase:prod is denied (rule match="supabase:*", pattern="apply_*"). Reason: PROD',
  );
  assert.equal(
    deniedText({ ...deny, reason: '' }, facts),
    'BLOCKED by policy: tool "apply_migration" on profile supabase:prod is denied (rule match="supabase:*", pattern="apply_*"). Reason: policy denies apply_* on supabase:prod',
  );
  assert.equal(
    deniedText(
      { ...deny, rule: null, reason: 'x cannot be used.' },
      { ...facts, kind: 'resource', operation: 'file:///"a"' },
    ),
    'BLOCKED by policy: resource "file:///\\"a\\"" on profile supabase:prod is denied. Reason: x cannot be used.',
  );
});

test('what takes a phrase says which, and how to say it', () => {
  verifies('NUC-083');
  assert.equal(
    confirmationText(confirm, facts),
    'CONFIRMATION REQUIRED: tool "apply_migration" on profile supabase:prod requires explicit confirmation. PROD. Re-call this tool with an extra argument "__nucleus_confirm" set to "supabase:atlas" to proceed.',
  );
  assert.equal(
    confirmationText({ ...confirm, reason: '' }, facts),
    'CONFIRMATION REQUIRED: tool "apply_migration" on profile supabase:prod requires explicit confirmation. Re-call this tool with an extra argument "__nucleus_confirm" set to "supabase:atlas" to proceed.',
  );
  assert.equal(
    mismatchText(confirm, facts, 'yes'),
    'CONFIRMATION MISMATCH: tool "apply_migration" on profile supabase:prod requires "__nucleus_confirm"="supabase:atlas" but got "yes". Re-call with the exact phrase to proceed.',
  );
});

test('several phrases are said as a list', () => {
  verifies('NUC-087');
  const both = { ...confirm, phrases: ['a', 'b'] };
  assert.equal(
    confirmationText(both, facts),
    'CONFIRMATION REQUIRED: tool "apply_migration" on profile supabase:prod requires explicit confirmation. PROD. Re-call this tool with an extra argument "__nucleus_confirm" set to the list ["a","b"] to proceed.',
  );
  assert.equal(
    mismatchText(both, facts, ['a', 'c']),
    'CONFIRMATION MISMATCH: tool "apply_migration" on profile supabase:prod requires "__nucleus_confirm"=["a","b"] but got a list with "a" and 1 more. Re-call with the exact phrases to proceed.',
  );
});

test('what was said comes back short, and steers nothing', () => {
  const got = (said: unknown): string =>
    /but got (.*)\. Re-call/.exec(mismatchText(confirm, facts, said))?.[1] ?? '';
  assert.equal(got('\u001b[31m\u202eno\u200b\n'), '"\\u001b[31m\\u202eno\\u200b\\n"');
  assert.equal(got('x'.repeat(5_000)), `"${'x'.repeat(100)}…"`);
  assert.equal(got([7]), 'a list with something else than a text');
});

test('exactly the phrases have to be said', () => {
  verifies('NUC-083', 'NUC-087');
  for (const [phrases, said, outcome] of [
    [['a'], 'a', 'ok'],
    [['a'], ['a'], 'ok'],
    [['a', 'b'], ['b', 'a'], 'ok'],
    [['a'], undefined, 'required'],
    [['a'], null, 'required'],
    [['a'], '', 'required'],
    [['a'], 7, 'required'],
    [['a'], { a: 1 }, 'required'],
    [['a', 'b'], [], 'required'],
    [['a'], 'A', 'mismatch'],
    [['a'], 'a ', 'mismatch'],
    [['a'], true, 'required'],
    [['a', 'b'], 'a', 'mismatch'],
    [['a', 'b'], ['a', 'a'], 'mismatch'],
    [['a', 'b'], ['a', 'b', 'c'], 'mismatch'],
    [['a'], [['a']], 'mismatch'],
  ] as const)
    assert.equal(confirmed(phrases, said), outcome, JSON.stringify([phrases, said]));
});
