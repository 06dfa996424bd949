import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldSame, lineDiff, textDiff } from '../../../src-renderer/state/line-diff.ts';
import { policyState } from '../../../src-renderer/state/policy-words.ts';
import { ruleProfile, ruleProfiles, ruleTools } from '../../../src-renderer/state/rule-words.ts';
import { placeIn } from '../../../src-renderer/state/text-place.ts';
import type { PolicyInfo, PolicyProblem, PolicyTest, RuleView } from '../../../src-shared/policy.ts';
import { openWindow as open, policy, settled } from '../../helpers/window.ts';

const rule = (change: Partial<RuleView>, then: RuleView['then'] = 'ask'): RuleView => ({
  number: 1,
  // oxlint-disable-next-line unicorn/no-thenable -- a word, which nobody can wait for
  then,
  profiles: [],
  envs: [],
  clients: [],
  tools: [],
  effects: [],
  arguments: [],
  reason: '',
  line: null,
  toml: '',
  ...change,
});
const mistake: PolicyProblem = { severity: 'error', line: 2, column: 3, message: 'phrase must be text' };
const verdict: PolicyTest = {
  decision: 'deny',
  reason: '',
  profile: 'sqlite:prod',
  env: 'prod',
  tool: 'query',
  effect: { does: 'writes', basis: 'sql' },
  rule: 1,
  trace: [],
  version: 'v1',
};
const file = (text: string, change: Partial<PolicyInfo> = {}): PolicyInfo => ({ ...policy, text, ...change });

test('what is typed is checked after a pause, and saved with what it began with', async (t) => {
  const saved = file('new', { version: 'v2' });
  const { app, asked } = await open(t, {
    'policy.get': file('old'),
    'policy.check': [],
    'policy.save': saved,
  });
  const view = app.policyView;
  view.write('ne');
  view.write('new');
  t.mock.timers.tick(249);
  assert.deepEqual(asked, []);
  t.mock.timers.tick(1);
  await settled();
  assert.deepEqual(asked, [['policy.check', { text: 'new' }]]);
  await view.save();
  assert.deepEqual(asked[1], ['policy.save', { text: 'new', base: 'old' }]);
  assert.deepEqual([view.draft, view.text], [null, 'new']);
});

test('with a mistake nothing is saved, and a warning stops nobody', async (t) => {
  let problems = [mistake];
  const { app, asked } = await open(t, {
    'policy.get': file('old'),
    'policy.check': () => problems,
    'policy.save': file('new'),
  });
  const view = app.policyView;
  const type = async (text: string): Promise<void> => {
    view.write(text);
    t.mock.timers.tick(250);
    await settled();
    asked.length = 0;
  };
  await type('new');
  await view.save();
  assert.deepEqual([view.mistakes, asked], [1, []]);
  problems = [{ ...mistake, severity: 'warning' }];
  await type('newer');
  await view.save();
  assert.deepEqual(asked[0], ['policy.save', { text: 'newer', base: 'old' }]);
});

test('a file that changed outside is not written over, and what stands there can be taken', async (t) => {
  let text = 'old';
  const { app, asked, push } = await open(t, { 'policy.get': () => file(text), 'policy.check': [] });
  const view = app.policyView;
  view.write('mine');
  text = 'theirs';
  await push('policy');
  assert.deepEqual([view.isStale, view.text], [true, 'mine']);
  asked.length = 0;
  await view.save();
  assert.deepEqual(asked, []);
  view.discard();
  assert.deepEqual([view.isStale, view.text], [false, 'theirs']);
});

test('a save that is refused keeps what was typed and says why', async (t) => {
  const { app } = await open(t, {
    'policy.get': file('old'),
    'policy.check': [],
    'policy.save': Object.assign(new Error('it is locked'), { name: 'LOCKED' }),
  });
  app.policyView.write('new');
  await app.policyView.save();
  assert.deepEqual([app.policyView.text, app.policyView.problem?.message], ['new', 'it is locked']);
});

test('a yes is to what was shown: a newer file takes the question away', async (t) => {
  let info = file('looser', { state: 'pending', version: 'v2' });
  const { app, asked, push } = await open(t, {
    'policy.get': () => info,
    'policy.accept': () => file('looser', { version: 'v2' }),
  });
  const view = app.policyView;
  view.ask();
  info = file('loosest', { state: 'pending', version: 'v3' });
  await push('policy');
  assert.equal(view.question, null);
  asked.length = 0;
  await view.accept();
  assert.deepEqual(asked, []);
  view.ask();
  await view.accept();
  assert.deepEqual(asked[0], ['policy.accept', { version: 'v3' }]);
});

test('the tester answers as one types, and only the last answer counts', async (t) => {
  const answers: PromiseWithResolvers<PolicyTest>[] = [];
  const { app, asked } = await open(t, {
    'policy.get': file('', { rules: [rule({}), rule({}, 'deny')] }),
    'policy.test': () => (answers.push(Promise.withResolvers<PolicyTest>()), answers.at(-1)?.promise),
    'tools.list': { tools: [], missing: [] },
  });
  const { tester } = app.policyView;
  tester.open();
  await settled();
  asked.length = 0;
  const type = (tool: string): void => {
    tester.tool = tool;
    tester.changed();
    t.mock.timers.tick(60);
  };
  type('drop');
  type('drop_table');
  await settled();
  answers[0]?.resolve({ ...verdict, tool: 'drop' });
  await settled();
  answers[1]?.resolve({ ...verdict, tool: 'drop_table' });
  await settled();
  assert.equal(tester.verdict.value?.tool, 'drop_table');
  // The rule that decided, as what it did: it also asks of other tools.
  assert.equal(tester.rule?.then, 'deny');
  assert.deepEqual(asked.at(-1), [
    'policy.test',
    { name: 'drop_table', profile: 'sqlite:prod', arguments: {} },
  ]);
});

test('arguments that are no JSON object are tried by nobody, and what was said before goes', async (t) => {
  const { app, asked } = await open(t, {
    'policy.test': verdict,
    'tools.list': { tools: [], missing: [] },
  });
  const { tester } = app.policyView;
  tester.tool = 'query';
  tester.changed();
  t.mock.timers.tick(60);
  await settled();
  assert.equal(tester.verdict.value?.decision, 'deny');
  asked.length = 0;
  for (const wrong of ['{', '[]', '3', 'null']) {
    tester.argumentsText = wrong;
    tester.changed();
    t.mock.timers.tick(60);
  }
  await settled();
  assert.deepEqual([asked, tester.arguments, tester.verdict.value], [[], null, null]);
});

test('other rules are tried anew', async (t) => {
  const { app, asked, push } = await open(t, { 'policy.test': verdict });
  app.policyView.tester.tool = 'query';
  app.policyView.tester.changed();
  t.mock.timers.tick(60);
  await settled();
  asked.length = 0;
  await push('policy');
  t.mock.timers.tick(60);
  await settled();
  assert.deepEqual(
    asked.map(([name]) => name),
    ['policy.get', 'policy.test'],
  );
});

test('a new file begins with an example that is a rule for nobody yet', async (t) => {
  const { app } = await open(t, {
    'policy.get': { ...policy, state: 'none', text: null, accepted: null },
    'policy.check': [],
  });
  app.policyView.create();
  assert.equal(app.policyView.layout, 'toml');
  assert.ok(app.policyView.text.split('\n').every((line) => line === '' || line.startsWith('#')));
});

test('a rule is said by its patterns, its classes and what its calls do', () => {
  const known = (id: string) => (id === 'sqlite:prod' ? ('prod' as const) : undefined);
  assert.deepEqual(ruleProfile(rule({ profiles: ['sqlite:prod'] }), known), {
    id: 'sqlite:prod',
    env: 'prod',
  });
  assert.equal(ruleProfile(rule({ profiles: ['sqlite:*'] }), known), null);
  assert.equal(ruleProfile(rule({ profiles: ['sqlite:prod'], envs: ['prod'] }), known), null);
  assert.deepEqual(
    [rule({}), rule({ envs: ['prod'] }), rule({ profiles: ['a:b', 'c:*'] })].map(ruleProfiles),
    ['every profile', 'every', 'a:b, c:*'],
  );
  assert.deepEqual(
    [
      rule({}),
      rule({ tools: ['*'], effects: ['writes', 'destroys'] }),
      rule({ effects: ['destroys'] }),
      rule({ tools: ['delete_*', 'drop'] }),
    ].map((one) => Object.values(ruleTools(one))),
    [
      ['', 'any'],
      ['', 'anything that writes'],
      ['', 'destructive only'],
      ['delete_*, drop', ''],
    ],
  );
});

test('the state of the file is a glyph and a word', () => {
  const word = (state: PolicyInfo['state']) => policyState(file('', { state, rules: [rule({})] })).word;
  assert.match(word('accepted'), /^Loaded \d\d:\d\d, 1 rule$/);
  assert.deepEqual((['pending', 'invalid', 'none'] as const).map(word), [
    'Change not accepted',
    'Has a mistake',
    'No policy.toml',
  ]);
});

test('a difference keeps the lines both have in common in their order', () => {
  const kinds = (before: string, after: string): string =>
    textDiff(before, after)
      .map(({ kind, text }) => `${{ add: '+', del: '-', same: ' ', gap: '…' }[kind]}${text}`)
      .join('|');
  assert.equal(kinds('a\nb\nc\nd\n', 'a\nc\nx\nd\n'), ' a|-b| c|+x| d');
  assert.equal(kinds('', 'a'), '+a');
  assert.equal(kinds('a\na\n', 'a\n'), ' a|-a');
  assert.equal(kinds('a', 'a'), ' a');
});

test('texts too long to compare line by line still show all that is new and all that is gone', () => {
  const many = (mark: string): string[] => Array.from({ length: 2_000 }, (_, index) => `${mark}${index}`);
  const diff = lineDiff(['same', ...many('a'), 'end'], ['same', ...many('b'), 'end']);
  assert.deepEqual(
    [diff.length, diff[0]?.kind, diff.at(-1)?.kind, diff[1]?.kind, diff[2_001]?.kind],
    [4_002, 'same', 'same', 'del', 'add'],
  );
});

test('what stays far from any change is folded, and nothing that changes is', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const folded = foldSame(
    textDiff(lines.join('\n'), lines.with(10, 'other').join('\n')),
    (amount) => `${amount}`,
  );
  assert.deepEqual(
    folded.filter(({ kind }) => kind !== 'same').map(({ kind, text }) => `${kind} ${text}`),
    ['gap 7', 'del line 10', 'add other', 'gap 6'],
  );
  assert.equal(folded.length, 10);
});

test('a place in a text never goes behind its line or its end', () => {
  assert.deepEqual(
    [placeIn('ab\ncd', 1, 1), placeIn('ab\ncd', 1, 9), placeIn('ab\ncd', 2, 2), placeIn('ab\ncd', 9, 1)],
    [0, 2, 4, 5],
  );
});
