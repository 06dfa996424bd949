import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { decide } from '../../../src-main/gateway/policy/decide.ts';
import type { Facts } from '../../../src-main/gateway/policy/decision.ts';
import { parsePolicy } from '../../../src-main/gateway/policy/policy-file.ts';
import { compilePolicy } from '../../../src-main/gateway/policy/rules.ts';
import { policySchema } from '../../../src-shared/policy-keys.ts';
import type { PolicyFile } from '../../../src-shared/policy.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/policy.md'), 'utf8');
const examples = [...page.matchAll(/^```toml\n([^]*?)^```$/gm)].map(([, text = '']) => text);

/** What becomes of a call by the first example that has these words in it. */
function outcome(words: string, call: Partial<Facts> & Pick<Facts, 'profile' | 'name'>): string {
  const text = examples.find((example) => example.includes(words)) ?? assert.fail(`no example has ${words}`);
  const { file, problems } = parsePolicy(text);
  assert.deepEqual(problems, []);
  const [connector = '', alias = ''] = call.profile.split(':');
  return decide(compilePolicy(file as PolicyFile), {
    principal: 'local',
    client: 'claude',
    connector,
    alias,
    kind: 'tool',
    operation: call.name,
    env: null,
    effect: { does: 'writes', basis: 'unknown' },
    arguments: {},
    ...call,
  }).kind;
}

test('the examples of docs/policy.md are right and do what is said of them', () => {
  assert.equal(examples.length, 6);
  const first = 'Schema changes go through CI';
  assert.equal(outcome(first, { profile: 'supabase:prod', name: 'drop_table' }), 'deny');
  assert.equal(outcome(first, { profile: 'supabase:prod', name: 'insert' }), 'approve');
  assert.equal(outcome(first, { profile: 'gmail:me', name: 'send_mail' }), 'confirm');
  assert.equal(outcome(first, { profile: 'gmail:me', name: 'read_mail' }), 'allow');
  const work = { profile: 'github:work', env: 'prod' } as const;
  assert.equal(outcome('add_comment', { ...work, name: 'create_issue' }), 'allow');
  assert.equal(outcome('add_comment', { ...work, name: 'delete_repo' }), 'approve');
  const reads = { effect: { does: 'reads', basis: 'manifest' } } as const;
  assert.equal(outcome('bank', { profile: 'bank:a', name: 'pay' }), 'deny');
  assert.equal(outcome('bank', { profile: 'bank:a', name: 'list', ...reads }), 'approve');
  const drop = { arguments: { sql: 'DROP TABLE users' } };
  assert.equal(outcome('truncate', { profile: 'db:a', name: 'query', ...drop }), 'approve');
  const destroys = { effect: { does: 'destroys', basis: 'sql' } } as const;
  assert.equal(outcome('notes', { profile: 'notes:a', name: 'x', env: 'personal', ...destroys }), 'approve');
  assert.equal(
    outcome('destroy staging', { profile: 'a:b', name: 'x', env: 'staging', ...destroys }),
    'confirm',
  );
});

test('docs/policy.md tells every key', () => {
  const keys = Object.keys(policySchema().properties?.['rule']?.items?.properties ?? {});
  assert.equal(keys.length, 16);
  for (const key of [...keys, 'defaults']) assert.ok(page.includes(`\`${key}`), key);
});
