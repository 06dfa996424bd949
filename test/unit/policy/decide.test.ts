import assert from 'node:assert/strict';
import test from 'node:test';
import { decide } from '../../../src-main/gateway/policy/decide.ts';
import type { Decision, Facts } from '../../../src-main/gateway/policy/decision.ts';
import { traceOf } from '../../../src-main/gateway/policy/explain.ts';
import { parsePolicy } from '../../../src-main/gateway/policy/policy-file.ts';
import { compilePolicy, type CompiledPolicy } from '../../../src-main/gateway/policy/rules.ts';
import type { PolicyFile } from '../../../src-shared/policy.ts';
import { verifies } from '../../helpers/requirements.ts';
import { createChance, randomFacts, randomFile, seeds } from './random-policy.ts';
import { judge } from './reference-model.ts';

const call: Facts = {
  principal: 'local',
  client: 'claude',
  profile: 'db:prod',
  connector: 'db',
  alias: 'prod',
  kind: 'tool',
  name: 'drop_table',
  operation: 'drop_table',
  env: null,
  effect: { does: 'destroys', basis: 'manifest' },
  arguments: { table: 'users', options: { force: true, list: ['a', 2] } },
};

function policy(text: string): CompiledPolicy {
  const { file, problems } = parsePolicy(text);
  assert.deepEqual(problems, []);
  return compilePolicy(file as PolicyFile);
}

const judged = (text: string, change: Partial<Facts> = {}): Decision =>
  decide(policy(text), { ...call, ...change });
const kindOf = (text: string, change: Partial<Facts> = {}): Decision['kind'] => judged(text, change).kind;
const denies = (text: string, change: Partial<Facts> = {}): boolean => kindOf(text, change) === 'deny';

const named = (name: string): Partial<Facts> => ({ name, operation: name });

test('tools are named by patterns with * for any characters, whatever their case', () => {
  verifies('NUC-085');
  const vectors: [pattern: string, tool: string, hits: boolean][] = [
    ['apply_*', 'apply_', true],
    ['apply_*', 'apply_migration', true],
    ['apply_*', 'applied_things', false],
    ['*_sql', 'execute_sql', true],
    ['*_sql', 'sqlx_thing', false],
    ['create_*_branch', 'create_x_branch', true],
    ['create_*_branch', 'create_branch', false],
    ['*', 'anything', true],
    ['drop_table', 'drop_table', true],
    ['drop_table', 'drop_tables', false],
    ['Apply_*', 'aPPLY_migration', true],
  ];
  for (const [pattern, tool, hits] of vectors)
    assert.equal(
      denies(`[[rule]]\nmatch = "*:*"\ndeny = ["${pattern}"]`, named(tool)),
      hits,
      `${pattern} ${tool}`,
    );
});

test('an operation that a tool hides is named with its tool', () => {
  const hidden = { name: 'execute', operation: 'execute>delete_project' };
  for (const [pattern, hits] of [
    ['execute', true],
    ['execute>delete_*', true],
    ['*delete*', true],
    ['delete_*', false],
  ] as const)
    assert.equal(denies(`[[rule]]\ndeny = ["${pattern}"]`, hidden), hits, pattern);
});

test('match names a profile by its id, and by the alias a client gave it', () => {
  verifies('NUC-086');
  const rule = (match: string): string => `[[rule]]\nmatch = "${match}"\ndeny = ["*"]`;
  for (const [match, hits] of [
    ['db:prod', true],
    ['DB:Prod', true],
    ['db:x', true],
    ['*:prod', true],
    ['db:*', true],
    ['*:*', true],
    ['db:pro*', false],
    ['d*:prod', false],
    ['mail:prod', false],
    ['db:staging', false],
    ['*:db', false],
  ] as const)
    assert.equal(denies(rule(match), { alias: 'x' }), hits, match);
});

test('every condition of a rule has to fit', () => {
  const rule = (conditions: string): string => `[[rule]]\n${conditions}\ndeny = ["*"]`;
  for (const [conditions, hits] of [
    ['', true],
    ['profile = "db:*"', true],
    ['profile = ["mail:*", "*:PROD"]', true],
    ['profile = "db"', false],
    ['connector = "d*"', true],
    ['connector = "mail"', false],
    ['alias = "pr*"', true],
    ['alias = "x"', false],
    ['env = "staging"', true],
    ['env = ["prod", "dev"]', false],
    ['effect = "destroys"', true],
    ['effect = "writes"', true],
    ['effect = "reads"', false],
    ['client = "CLAUDE"', true],
    ['client = "local"', true],
    ['client = "cursor"', false],
    ['arguments = { table = "US*" }', true],
    ['arguments = { table = ["a", "users"] }', true],
    ['arguments = { table = "a" }', false],
    ['arguments = { missing = "*" }', false],
    ['arguments = { options = "*force*" }', true],
    ['arguments = { "/options/force" = "true" }', true],
    ['arguments = { "/options/list/1" = "2" }', true],
    ['arguments = { "/options/list/length" = "2" }', false],
    ['arguments = { "/options/constructor/name" = "*" }', false],
    ['arguments = { toString = "*" }', false],
    ['arguments = { table = "users", missing = "*" }', false],
    ['profile = "db:*"\nenv = "prod"', false],
  ] as const)
    assert.equal(denies(rule(conditions), { env: 'staging' }), hits, conditions);
  assert.equal(denies(rule('env = "prod"'), { env: null }), false);
  assert.equal(denies(rule('effect = "destroys"'), { effect: { does: 'writes', basis: 'unknown' } }), false);
});

test('a deny wins over all else wherever it stands, and the first one is named', () => {
  verifies('NUC-087');
  const confirm = '[[rule]]\nmatch = "db:prod"\nconfirm = ["*"]\n';
  const ask = '[[rule]]\nmatch = "db:prod"\napprove = "human"\n';
  const deny = '[[rule]]\nmatch = "db:prod"\ndeny = ["x", "drop_*"]\nreason = "No."\nallow = ["*"]\n';
  for (const [text, rule] of [
    [confirm + ask + deny, 3],
    [deny + ask + confirm, 1],
    [ask + deny + deny, 2],
  ] as const)
    assert.deepEqual(judged(text), {
      kind: 'deny',
      rule,
      match: 'db:prod',
      pattern: 'drop_*',
      reason: 'No.',
    });
});

test('all phrases of all rules have to be said, each once, in their order', () => {
  verifies('NUC-087', 'NUC-088');
  const rule = (phrase: string, match = 'match = "db:prod"'): string =>
    `[[rule]]\n${match}\nconfirm = ["drop_*"]\n${phrase}\n`;
  const phrases = (text: string): unknown => (judged(text) as { phrases?: unknown }).phrases;
  assert.deepEqual(phrases(rule('')), ['db:prod']);
  assert.deepEqual(phrases(rule('phrase = ""')), ['db:prod']);
  assert.deepEqual(phrases(rule('', 'env = []').replace('env = []', '')), ['confirm']);
  assert.deepEqual(phrases(rule('phrase = "b"') + rule('phrase = "a"') + rule('phrase = "b"')), ['b', 'a']);
});

test('a person is asked instead of phrases, where every rule that asks lets them answer', () => {
  verifies('FIX-014');
  const ask = (more: string): string => `[[rule]]\nmatch = "db:prod"\napprove = "human"\n${more}\n`;
  const confirm = '[[rule]]\nmatch = "db:prod"\nconfirm = ["*"]\nphrase = "p"\n';
  const asked = {
    kind: 'approve',
    rule: 2,
    via: ['app', 'terminal', 'system'],
    mayGrant: true,
    reason: 'Rule 2 of policy.toml: “Why.”',
  };
  assert.deepEqual(judged(confirm + ask('reason = "Why."')), asked);
  const two = (first: string, second: string): unknown => {
    const { via, mayGrant } = judged(ask(first) + ask(second)) as Extract<Decision, { kind: 'approve' }>;
    return [...via, mayGrant];
  };
  assert.deepEqual(two('', 'approve_via = ["client", "app"]'), ['app', true]);
  assert.deepEqual(two('approve_via = ["client"]', 'approve_via = ["app"]'), ['client', true]);
  assert.deepEqual(two('grants = true', 'grants = false'), ['app', 'terminal', 'system', false]);
  // With confirm it is about those tools only, and what confirm names needs no phrase.
  assert.equal(kindOf(ask('confirm = ["query"]')), 'allow');
  assert.equal(kindOf(ask('confirm = ["drop_*"]')), 'approve');
});

test('the rules of a class hold unless allow or defaults say otherwise', () => {
  verifies('NEW-004');
  const outcome = (text: string, env: Facts['env'], does: Facts['effect']['does']): Decision =>
    judged(text, { env, effect: { does, basis: 'unknown' } });
  const kinds = (text: string): string[] =>
    (['prod', 'staging', 'dev', 'personal', null] as const).map((env) =>
      (['reads', 'writes', 'destroys'] as const).map((does) => outcome(text, env, does).kind[1]).join(''),
    );
  const none = ['lll', 'lll', 'lll', 'lll', 'lll'];
  assert.deepEqual(kinds(''), ['lpp', 'llp', 'lll', 'lll', 'lll']);
  assert.deepEqual(kinds('defaults = false'), none);
  assert.deepEqual(kinds('[[rule]]\nmatch = "db:prod"\nallow = ["drop_*"]'), none);
  assert.deepEqual(kinds('[[rule]]\nallow = ["query"]'), kinds(''));
  const via = ['app', 'terminal', 'system'];
  assert.deepEqual(outcome('[[rule]]\ndeny = ["x"]', 'prod', 'writes'), {
    kind: 'approve',
    rule: 2,
    via,
    mayGrant: true,
    reason: 'Prod class: writes need a person.',
  });
  assert.deepEqual(outcome('[[rule]]\ndeny = ["x"]', 'staging', 'destroys'), {
    kind: 'approve',
    rule: 3,
    via,
    mayGrant: true,
    reason: 'Staging class: what destroys needs a person.',
  });
});

test('a phrase does not take the place of the person that a class asks for', () => {
  const confirm = '[[rule]]\nconfirm = ["*"]\n';
  assert.equal(kindOf(confirm, { env: 'prod' }), 'approve');
  assert.equal(kindOf(`${confirm}allow = ["*"]`, { env: 'prod' }), 'confirm');
});

test('a rule of the file that asks takes the place of the one of the class', () => {
  const text = '[[rule]]\nmatch = "db:prod"\napprove = "human"\napprove_via = ["client"]';
  const { via, rule } = judged(text, { env: 'prod' }) as Extract<Decision, { kind: 'approve' }>;
  assert.deepEqual([rule, via], [1, ['client']]);
});

test('nothing is allowed for what a client says of itself', () => {
  verifies('NUC-086');
  const prod = { env: 'prod' } as const;
  const allow = '[[rule]]\nmatch = "db:dev"\nallow = ["*"]';
  assert.equal(kindOf(allow, { ...prod, profile: 'db:dev', alias: 'x' }), 'allow');
  assert.equal(kindOf(allow, { ...prod, alias: 'dev' }), 'approve');
  const forClient = '[[rule]]\nclient = "laptop"\nallow = ["*"]';
  assert.equal(kindOf(forClient, { ...prod, principal: 'laptop' }), 'allow');
  assert.equal(kindOf(forClient, { ...prod, client: 'laptop' }), 'approve');
  assert.equal(kindOf(forClient, { ...prod, principal: 'key:laptop' }), 'approve');
  const deny = '[[rule]]\nclient = "laptop"\ndeny = ["*"]';
  assert.equal(kindOf(deny, { ...prod, principal: 'key:laptop' }), 'deny');
  // Nor does it choose whom it is asked by.
  const ask = '[[rule]]\nclient = "laptop"\napprove = "human"\napprove_via = ["client", "app"]';
  const viaOf = (change: Partial<Facts>): unknown => (judged(ask, change) as { via?: unknown }).via;
  assert.deepEqual(viaOf({ ...prod, client: 'laptop' }), ['app']);
  assert.deepEqual(viaOf({ ...prod, principal: 'laptop' }), ['client', 'app']);
  assert.deepEqual(viaOf({ client: 'laptop' }), ['client', 'app']);
});

test('prompts and resources are judged by their name and URI, other requests by deny and approve alone', () => {
  const other = { kind: 'other', ...named('tasks/cancel') } as const;
  const uri = { kind: 'resource', ...named('file:///etc/passwd') } as const;
  assert.equal(kindOf('[[rule]]\ndeny = ["file://*"]', uri), 'deny');
  assert.equal(kindOf('[[rule]]\nconfirm = ["drop_*"]', { kind: 'prompt' }), 'confirm');
  assert.equal(kindOf('[[rule]]\ndeny = ["tasks/*"]', other), 'deny');
  assert.equal(kindOf('[[rule]]\nconfirm = ["*"]', other), 'allow');
  assert.equal(kindOf('[[rule]]\napprove = "human"', other), 'approve');
  assert.equal(
    kindOf('[[rule]]\napprove = "human"', { ...other, effect: { does: 'reads', basis: 'protocol' } }),
    'allow',
  );
});

test('an argument that cannot be read is no way past a rule about it', () => {
  let deep: unknown = 'DROP';
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  const rule = '[[rule]]\ndeny = ["*"]\narguments = { table = "*drop*" }';
  assert.throws(() => judged(rule, { arguments: { table: deep } }), { code: 'ARGUMENTS_INVALID' });
});

for (const seed of seeds)
  test(`the decider agrees with the reference model on 10,000 random calls (seed ${seed})`, () => {
    verifies('NUC-089');
    const chance = createChance(seed);
    const kinds = new Map<string, number>();
    for (let round = 0; round < 10_000; round += 1) {
      const file = randomFile(chance);
      const facts = randomFacts(chance);
      const decision = decide(compilePolicy(file), facts);
      const wanted = judge(file, facts);
      assert.partialDeepStrictEqual(decision, wanted, JSON.stringify({ round, file, facts }));
      const kind = decision.kind === 'allow' && decision.rule !== null ? 'exempt' : decision.kind;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    for (const kind of ['allow', 'deny', 'confirm', 'approve', 'exempt'])
      assert.ok((kinds.get(kind) ?? 0) > 400, `${kind} came ${kinds.get(kind)} times`);
  });

test('what is said of each rule agrees with what it does', () => {
  verifies('NEW-020');
  const text = `
[[rule]]
match = "mail:*"
deny = ["*"]
[[rule]]
deny = ["query"]
[[rule]]
alias = "prod"
confirm = ["drop_*"]
[[rule]]
match = "db:prod"
allow = ["*"]
`;
  assert.deepEqual(traceOf(policy(text), { ...call, env: 'prod' }), [
    { rule: 1, hit: false, text: 'Rule 1 does not fit: the profile is not mail:*.' },
    { rule: 2, hit: false, text: 'Rule 2 does not fit: the tool is not in its lists.' },
    { rule: 3, hit: true, text: 'Rule 3 fits and needs its phrase.' },
    { rule: 4, hit: true, text: 'Rule 4 fits and exempts it from the rules of its class.' },
    { rule: 5, hit: false, text: 'Rule 5 (of the class) fits, and an allow exempts from it.' },
    { rule: 6, hit: false, text: 'Rule 6 (of the class) does not fit: the class is another.' },
  ]);
  const chance = createChance(7);
  for (let round = 0; round < 1_000; round += 1) {
    const compiled = compilePolicy(randomFile(chance));
    const facts = randomFacts(chance);
    const { kind, rule } = decide(compiled, facts);
    const hits = traceOf(compiled, facts).filter(({ hit }) => hit);
    if (rule !== null)
      assert.ok(
        hits.some((line) => line.rule === rule),
        `${kind} by ${rule}`,
      );
    else assert.deepEqual(hits, []);
  }
});
