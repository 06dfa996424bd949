import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { Facts } from '../../../src-main/gateway/policy/decision.ts';
import { createPolicies } from '../../../src-main/gateway/policy/policies.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';

const facts: Facts = {
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
  arguments: {},
};
const reads = {
  ...facts,
  name: 'query',
  operation: 'query',
  effect: { does: 'reads', basis: 'manifest' },
} as const;

const deny = '[[rule]]\nmatch = "db:prod"\ndeny = ["drop_*"]\nreason = "No."\n';
const confirm = '[[rule]]\nmatch = "db:prod"\nconfirm = ["*"]\n';
const allow = '[[rule]]\nmatch = "db:prod"\nallow = ["*"]\n';
const broken = '[[rule]]\nmatch = "db:prod"\ndeni = ["*"]\n';

/** What a person accepted, as it is kept from one gateway to the next. */
function createSeal(text: string | null | 'unreadable' = null) {
  const seal = { text, isStuck: false, writes: [] as (string | null)[] };
  return Object.assign(seal, {
    read: () => seal.text,
    write: async (next: string | null) => {
      if (seal.isStuck) throw new Error('locked');
      seal.writes.push(next);
      seal.text = next;
    },
  });
}

function setUp(
  t: TestContext,
  { text, seal = createSeal() }: { text?: string; seal?: ReturnType<typeof createSeal> } = {},
) {
  const root = mkdtempSync(join(tmpdir(), 'nucleus-policies-'));
  t.after(() => rmSync(root, { recursive: true }));
  const path = join(root, 'policy.toml');
  const write = (next: string): void => writeFileSync(path, next);
  if (text !== undefined) write(text);
  const clock = createFakeClock();
  const log = createFakeLog();
  const open = () => createPolicies({ path, accepted: seal, profiles: () => ['db:prod'], clock, log });
  const policies = open();
  const kind = (call: Facts = facts): string => policies.decide(call).decision.kind;
  /** The state and what becomes of a call. */
  const now = (): string => `${policies.info().state} ${kind()}`;
  return { path, write, remove: () => unlinkSync(path), clock, log, seal, policies, open, kind, now };
}

test('without a file nothing is refused, and its coming, changing and going count for the next call', async (t) => {
  verifies('NUC-081');
  const { policies, write, remove, now, kind, clock, seal } = setUp(t);
  assert.equal(now(), 'none allow');
  const first = policies.decide(facts).version;
  write(confirm);
  assert.equal(kind(), 'confirm');
  const second = policies.decide(facts).version;
  write(confirm + deny);
  assert.equal(now(), 'accepted deny');
  assert.equal(new Set([first, second, policies.decide(facts).version]).size, 3);
  await clock.advance(1_000);
  assert.deepEqual(seal.writes, [confirm + deny]);
  remove();
  assert.equal(now(), 'pending deny');
});

test('the version is the same for the same text, and in each decision', (t) => {
  const one = setUp(t, { text: deny });
  const other = setUp(t, { text: deny });
  const { version } = one.policies.info();
  assert.match(version, /^p-[0-9a-f]{12}$/);
  assert.equal(other.policies.decide(facts).version, version);
  assert.equal(other.policies.explain(facts).version, version);
});

test('a change that allows more is judged by the stricter of both until a person accepts it', async (t) => {
  verifies('NUC-081');
  const { policies, write, remove, now, clock, seal, open } = setUp(t, { text: deny });
  assert.equal(now(), 'accepted deny');
  await clock.advance(1_000);
  for (const looser of [
    '',
    confirm,
    `defaults = false\n${deny}`,
    allow + deny,
    deny.replace('drop_*', 'x'),
  ]) {
    write(looser);
    assert.equal(now(), 'pending deny', looser);
    await clock.advance(5_000);
    assert.equal(now(), 'pending deny', looser);
    // Nor by starting anew.
    assert.equal(open().decide(facts).decision.kind, 'deny');
  }
  remove();
  assert.equal(now(), 'pending deny');
  write(confirm);
  const { version, accepted, text } = policies.info();
  assert.deepEqual([accepted, text], [deny, confirm]);
  const info = await policies.accept(version);
  assert.deepEqual(
    [info.state, info.accepted, seal.text, now()],
    ['accepted', confirm, confirm, 'accepted confirm'],
  );
  // What was looser once is not accepted for having been accepted before.
  write(deny + confirm);
  assert.equal(now(), 'accepted deny');
  await clock.advance(1_000);
  assert.equal(seal.text, deny + confirm);
  write(confirm);
  assert.equal(now(), 'pending deny');
});

test('no file can be accepted as well', async (t) => {
  const { policies, remove, now, seal, clock } = setUp(t, { text: deny });
  now();
  await clock.advance(1_000);
  remove();
  const info = await policies.accept(policies.info().version);
  assert.deepEqual([info.state, info.text, seal.text, now()], ['none', null, null, 'none allow']);
});

test('what was shown is what is accepted', async (t) => {
  const { policies, write, now, clock } = setUp(t, { text: deny });
  now();
  await clock.advance(1_000);
  write(confirm);
  const { version } = policies.info();
  write(allow);
  await assert.rejects(policies.accept(version), { code: 'POLICY_CHANGED' });
  assert.equal(now(), 'pending deny');
});

test('what cannot be kept as accepted is not accepted', async (t) => {
  const { policies, write, now, clock, seal, log } = setUp(t, { text: deny });
  now();
  await clock.advance(1_000);
  seal.isStuck = true;
  write(confirm);
  await assert.rejects(policies.accept(policies.info().version), /locked/);
  assert.equal(now(), 'pending deny');
  // What is stricter judges all the same.
  write(deny + confirm);
  assert.equal(now(), 'accepted deny');
  await clock.advance(1_000);
  assert.deepEqual(log.lines, ['warn the new policy.toml judges but could not be kept as accepted']);
});

test('half a save is judged and not kept', async (t) => {
  const { write, now, clock, seal } = setUp(t, { text: confirm });
  now();
  await clock.advance(1_000);
  // The condition that narrows the new rule is not written yet.
  write(`${confirm}[[rule]]\ndeny = ["*"]\n`);
  assert.equal(now(), 'accepted deny');
  await clock.advance(500);
  write(`${confirm}[[rule]]\ndeny = ["*"]\nenv = "prod"\n`);
  assert.equal(now(), 'accepted confirm');
  await clock.advance(600);
  assert.equal(seal.writes.length, 1);
  await clock.advance(400);
  assert.deepEqual(seal.writes.at(-1), `${confirm}[[rule]]\ndeny = ["*"]\nenv = "prod"\n`);
});

test('half a save that nobody looked at is not kept either', async (t) => {
  const { write, now, clock, seal } = setUp(t, { text: confirm });
  now();
  await clock.advance(500);
  write(confirm + deny);
  await clock.advance(500);
  assert.deepEqual(seal.writes, []);
  await clock.advance(1_000);
  assert.deepEqual(seal.writes, [confirm + deny]);
});

test('a second change within one tick of the clock is seen a second later at the latest', async (t) => {
  const { kind, write, clock } = setUp(t);
  for (let round = 0; round < 20; round += 1) {
    write(deny);
    assert.equal(kind(), 'deny');
    // As long, in the same file, and mostly at the same time as far as the file system tells.
    write(deny.replace('drop_*', 'none_*'));
    await clock.advance(1_000);
    assert.equal(kind(), 'allow');
    write('');
    await clock.advance(1_000);
    kind();
  }
});

test('a broken file leaves the judging to what was accepted last', async (t) => {
  verifies('NUC-090');
  const { policies, write, now, clock } = setUp(t, { text: deny });
  now();
  await clock.advance(1_000);
  const { version } = policies.info();
  write(broken);
  assert.equal(now(), 'invalid deny');
  const info = policies.info();
  assert.equal(info.version, version);
  assert.deepEqual(info.problems, [
    { severity: 'error', line: 3, column: 1, message: 'unknown key deni of rule 1; did you mean deny?' },
  ]);
  assert.deepEqual(
    info.rules.map(({ number, line }) => [number, line]),
    [
      [1, null],
      [2, null],
      [3, null],
    ],
  );
  await assert.rejects(policies.accept(version), {
    code: 'POLICY_INVALID',
    message: /policy\.toml:3:1: unknown key deni/,
  });
  write(deny);
  assert.equal(now(), 'accepted deny');
});

test('a file that is broken from the start lets only pass what reads', (t) => {
  verifies('NUC-090');
  const { policies, path, write, now, kind } = setUp(t, { text: broken });
  assert.equal(now(), 'invalid deny');
  assert.equal(kind(reads), 'allow');
  assert.deepEqual(policies.decide(facts).decision, {
    kind: 'deny',
    rule: null,
    match: '',
    pattern: '',
    reason: `${path}:3:1: unknown key deni of rule 1; did you mean deny? Until then only calls that read pass.`,
  });
  write(confirm);
  assert.equal(now(), 'accepted confirm');
});

test('what was accepted and cannot be opened lets only pass what reads, until a person accepts anew', async (t) => {
  const seal = createSeal('unreadable');
  const { policies, now, kind, clock } = setUp(t, { text: confirm, seal });
  assert.equal(now(), 'invalid deny');
  assert.equal(kind(reads), 'allow');
  assert.match(
    policies.info().problems[0]?.message ?? '',
    /policy\.toml cannot be opened; nucleus vault says why/,
  );
  // It may only have been locked.
  seal.text = deny + confirm;
  assert.equal(kind(), 'deny');
  await clock.advance(1_000);
  assert.equal(now(), 'pending deny');

  const lost = setUp(t, { text: confirm, seal: createSeal('unreadable') });
  await lost.policies.accept(lost.policies.info().version);
  assert.equal(lost.now(), 'accepted confirm');
  // So does a text that this version cannot read any more.
  assert.equal(setUp(t, { text: confirm, seal: createSeal('nonsense = 1') }).now(), 'invalid deny');
});

test('a person saves a file and accepts it by that', async (t) => {
  const { policies, path, write, seal, now, remove } = setUp(t, { text: deny });
  now();
  const info = await policies.save(confirm, deny);
  assert.deepEqual([info.state, info.text, seal.text], ['accepted', confirm, confirm]);
  assert.equal(readFileSync(path, 'utf8'), confirm);
  await assert.rejects(policies.save(allow, deny), { code: 'POLICY_CHANGED' });
  await assert.rejects(policies.save(broken, confirm), {
    code: 'POLICY_INVALID',
    message: /:3:1: unknown key/,
  });
  assert.equal(readFileSync(path, 'utf8'), confirm);
  write(allow);
  await assert.rejects(policies.save(deny, confirm), { code: 'POLICY_CHANGED' });
  remove();
  await policies.save(deny, null);
  assert.equal(now(), 'accepted deny');
});

test('a file behind a link is read and written where it is', async (t) => {
  const { path, policies, remove, now } = setUp(t, { text: deny });
  const real = `${path}.real`;
  writeFileSync(real, confirm);
  remove();
  symlinkSync(real, path);
  assert.equal(now(), 'accepted confirm');
  await policies.save(deny, confirm);
  assert.equal(readFileSync(real, 'utf8'), deny);
  writeFileSync(real, `${deny}${confirm}`);
  assert.equal(policies.info().rules.length, 4);
});

test('who listens hears of another version, also when nobody calls', async (t) => {
  const { policies, write, clock } = setUp(t, { text: deny });
  policies.info();
  let heard = 0;
  const stop = policies.onChange(() => (heard += 1));
  await clock.advance(4_000);
  const before = heard;
  write(confirm);
  await clock.advance(2_000);
  assert.equal(heard, before + 1);
  stop();
  write(deny);
  await clock.advance(10_000);
  assert.equal(heard, before + 1);
  assert.equal(clock.waiting, 0);
});

test('who listens is not told again and again of what cannot be opened', async (t) => {
  const { policies, clock } = setUp(t, { text: deny, seal: createSeal('unreadable') });
  policies.info();
  let heard = 0;
  policies.onChange(() => (heard += 1));
  await clock.advance(10_000);
  assert.equal(heard, 0);
  await policies.close();
});

test('closing keeps what was saved before this gateway, and leaves no timer', async (t) => {
  const { policies, seal, clock, now } = setUp(t, { text: deny });
  now();
  await clock.advance(1_000);
  await policies.close();
  await settled();
  assert.deepEqual([seal.text, clock.waiting], [deny, 0]);
});

test('the rules are shown in the order they judge in, with their own lines', (t) => {
  const text = `# first\n${allow}\n${deny}\n[rule.arguments]\ntable = ["a*", "b"]\n\n[[rule]]\nenv = "prod"\napprove = "human"\nconfirm = ["*"]\n\n${confirm}`;
  const { policies } = setUp(t, { text, seal: createSeal(text) });
  const [first, ...rest] = policies.info().rules;
  assert.deepEqual(first, {
    number: 2,
    // oxlint-disable-next-line unicorn/no-thenable -- a word, which nobody can wait for
    then: 'deny',
    profiles: ['db:prod'],
    envs: [],
    clients: [],
    tools: ['drop_*'],
    effects: [],
    arguments: ['table is a* or b'],
    reason: 'No.',
    line: 6,
    toml: `${deny}\n[rule.arguments]\ntable = ["a*", "b"]`,
  });
  assert.deepEqual(
    rest.map(({ number, then, line, reason }) => [number, then, line, reason]),
    [
      [3, 'ask', 14, ''],
      [4, 'confirm', 19, ''],
      [1, 'allow', 2, ''],
      [5, 'ask', null, 'Prod class: writes need a person.'],
      [6, 'ask', null, 'Staging class: what destroys needs a person.'],
    ],
  );
});

test('another name for a profile is no way around a rule, nor to an exemption', (t) => {
  const keeps = (text: string, from: string, to: string): boolean =>
    setUp(t, { text, seal: createSeal(text) }).policies.keepsRules(from, to);
  assert.equal(keeps(deny, 'db:prod', 'db:main'), false);
  assert.equal(keeps(deny, 'db:main', 'db:prod'), true);
  assert.equal(keeps(allow, 'db:prod', 'db:main'), true);
  assert.equal(keeps(allow, 'db:main', 'db:prod'), false);
  assert.equal(keeps('[[rule]]\nmatch = "db:*"\nprofile = "*:prod"\ndeny = ["*"]', 'db:prod', 'db:x'), false);
  assert.equal(keeps('[[rule]]\nmatch = "db:*"\ndeny = ["*"]', 'db:prod', 'db:x'), true);
  assert.equal(keeps('[[rule]]\nenv = "prod"\ndeny = ["*"]', 'db:prod', 'db:x'), true);
  const ask = '[[rule]]\nmatch = "db:x"\napprove = "human"\napprove_via = ["client"]';
  assert.equal(keeps(ask, 'db:prod', 'db:x'), false);
  // While two versions judge, by both.
  const { policies, write } = setUp(t, { text: deny, seal: createSeal(deny) });
  policies.info();
  write('');
  assert.equal(policies.keepsRules('db:prod', 'db:x'), false);
});
