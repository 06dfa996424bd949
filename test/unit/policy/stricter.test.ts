import assert from 'node:assert/strict';
import test from 'node:test';
import { decide } from '../../../src-main/gateway/policy/decide.ts';
import type { Decision } from '../../../src-main/gateway/policy/decision.ts';
import { judgeByBoth } from '../../../src-main/gateway/policy/judges.ts';
import { parsePolicy } from '../../../src-main/gateway/policy/policy-file.ts';
import { compilePolicy } from '../../../src-main/gateway/policy/rules.ts';
import { isPlainlyStricter, stricterOf } from '../../../src-main/gateway/policy/stricter.ts';
import type { PolicyFile } from '../../../src-shared/policy.ts';
import { createChance, randomFacts, randomFile, randomRule, seeds, type Chance } from './random-policy.ts';

const strictness = { allow: 0, confirm: 1, approve: 2, deny: 3 } as const;

/** Why the second decision lets pass what the first did not; null when it does not. */
function milder(before: Decision, after: Decision): string | null {
  if (strictness[after.kind] < strictness[before.kind]) return `${before.kind} became ${after.kind}`;
  if (before.kind === 'approve' && after.kind === 'approve') {
    if (after.via.some((way) => !before.via.includes(way)))
      return `via ${before.via.join()} became ${after.via.join()}`;
    if (after.mayGrant && !before.mayGrant) return 'grants became possible';
  }
  if (before.kind === 'confirm' && after.kind === 'confirm')
    return before.phrases.every((phrase) => after.phrases.includes(phrase)) ? null : 'a phrase is missing';
  return null;
}

/** One step of what somebody may do to a file. */
function changed(chance: Chance, file: PolicyFile): PolicyFile {
  const at = chance.below(file.rule.length + 1);
  const add = (): PolicyFile => ({ ...file, rule: file.rule.toSpliced(at, 0, randomRule(chance)) });
  return chance.one([
    add,
    add,
    add,
    () => ({ ...file, rule: file.rule.toSpliced(at, 1) }),
    () => ({ ...file, rule: file.rule.toReversed() }),
    () => ({ ...file, defaults: !file.defaults }),
    () => randomFile(chance),
  ])();
}

for (const seed of seeds)
  test(`nothing gets milder without a person, on 10,000 random changes (seed ${seed})`, () => {
    const chance = createChance(seed);
    const count = { stricter: 0, pending: 0, differing: 0 };
    for (let round = 0; round < 10_000; round += 1) {
      const accepted = randomFile(chance);
      let file = changed(chance, accepted);
      if (chance.is(50)) file = changed(chance, file);
      const isStricter = isPlainlyStricter(accepted, file);
      count[isStricter ? 'stricter' : 'pending'] += 1;
      const before = compilePolicy(accepted);
      const own = compilePolicy(file);
      const both = judgeByBoth({ text: 'a', file: accepted }, { text: 'b', file });
      for (let calls = 0; calls < 8; calls += 1) {
        const facts = randomFacts(chance);
        const old = decide(before, facts);
        const now = isStricter ? decide(own, facts) : both.decide(facts);
        const because = milder(old, now);
        if (now.kind !== old.kind) count.differing += 1;
        assert.equal(because, null, JSON.stringify({ round, isStricter, accepted, file, facts, old, now }));
        // Nor does what was accepted take away from what the file asks for.
        if (!isStricter && because === null)
          assert.ok(strictness[now.kind] >= strictness[decide(own, facts).kind]);
      }
    }
    assert.ok(
      count.stricter > 1_500 && count.pending > 3_000 && count.differing > 1_000,
      JSON.stringify(count),
    );
  });

const file = (text: string): PolicyFile => {
  const { file: read, problems } = parsePolicy(text);
  assert.deepEqual(problems, []);
  return read as PolicyFile;
};

const deny = '[[rule]]\ndeny = ["drop_*"]\n';
const confirm = '[[rule]]\nmatch = "db:prod"\nconfirm = ["*"]\n';
const allow = '[[rule]]\nmatch = "db:prod"\nallow = ["query"]\n';
const ask = (more = ''): string => `[[rule]]\nmatch = "db:x"\napprove = "human"\n${more}\n`;

for (const [what, before, after, isStricter] of [
  ['the same', deny + allow, deny + allow, true],
  ['a comment', deny, `# why\n${deny}`, true],
  ['one more deny', deny, confirm + deny, true],
  ['one more phrase', deny, deny + confirm, true],
  ['a person for a rule', deny, ask() + deny, true],
  ['a person in the app', deny, deny + ask('approve_via = ["app"]'), true],
  ['an exemption less', deny + allow, deny, true],
  ['the rules of the classes back', 'defaults = false', deny, true],
  ['no rule any more', deny, '', false],
  ['one rule less', deny + confirm, confirm, false],
  ['an exemption more', deny, deny + allow, false],
  ['an exemption in a new deny', deny, `${deny}${deny}allow = ["*"]`, false],
  ['without the rules of the classes', deny, `defaults = false\n${deny}`, false],
  ['another pattern', deny, deny.replace('drop_*', 'drop_t*'), false],
  ['one condition more', deny, `${deny}env = "dev"`, false],
  ['another reason for who is asked', ask('reason = "a"'), ask('reason = "b"'), false],
  ['the client may say yes', '', ask('approve_via = ["client"]'), false],
  [
    'a way that other rules do not have',
    ask('approve_via = ["app"]'),
    ask('approve_via = ["app"]') + ask('approve_via = ["terminal"]'),
    false,
  ],
  ['another order', deny + confirm, confirm + deny, false],
] as const)
  test(`${what} ${isStricter ? 'is accepted by itself' : 'waits for a person'}`, () => {
    assert.equal(isPlainlyStricter(file(before), file(after)), isStricter);
  });

test('of two that ask, a person has to be where both say', () => {
  const asked = { kind: 'approve', rule: 1, mayGrant: true, reason: '' } as const;
  const both = stricterOf(
    { ...asked, via: ['app', 'client'] },
    { ...asked, via: ['client'], mayGrant: false },
  );
  assert.deepEqual(both, { ...asked, via: ['client'], mayGrant: false });
  const apart = stricterOf({ ...asked, via: ['app'] }, { ...asked, via: ['client'] });
  assert.deepEqual(apart, { ...asked, via: ['app'] });
});

test('while both judge, each rule has a number of its own', () => {
  const accepted = { text: deny + confirm + allow, file: file(deny + confirm + allow) };
  const now = { text: confirm + ask(), file: file(confirm + ask()) };
  const judge = judgeByBoth(accepted, now);
  const rows = judge.rules.map(({ number, then, line, toml }) => [
    number,
    then,
    line,
    toml.split('\n').at(-1),
  ]);
  assert.deepEqual(rows, [
    [5, 'deny', null, 'deny = ["drop_*"]'],
    [2, 'ask', 4, 'approve = "human"'],
    [1, 'confirm', 1, 'confirm = ["*"]'],
    [6, 'allow', null, 'allow = ["query"]'],
    [3, 'ask', null, ''],
    [4, 'ask', null, ''],
  ]);
});

test('an exemption that goes brings a class’s rule back, so where a yes may come from is for a person to see', () => {
  const rules = '[[rule]]\nmatch = "db:staging"\napprove = "human"\napprove_via = ["client"]\n';
  const exempt = `${rules}[[rule]]\neffect = "destroys"\nallow = ["*"]\n`;
  assert.equal(isPlainlyStricter(file(exempt), file(rules)), false);
  const inApp = rules.replace('"client"', '"app"');
  assert.equal(isPlainlyStricter(file(exempt.replace('"client"', '"app"')), file(inApp)), true);
});
