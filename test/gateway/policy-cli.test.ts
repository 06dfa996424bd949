// nucleus policy, as a person types it.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import test from 'node:test';
import { createScope } from '../helpers/home.ts';
import { openGuarded } from '../helpers/guarded.ts';
import { nucleus, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { nucleusOnTerminal, pinAnswer } from '../helpers/terminal.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const rules = `[[rule]]
match = "db:prod"
deny = ["drop_*"]
reason = "Schema goes through CI."

[[rule]]
match = "db:dev"
confirm = ["execute"]
arguments = { query = "*delete*" }
`;
const opened = openGuarded(scope, { prod: 'prod', dev: null }, { policy: rules });

test('test says what would become of a call, and touches nothing', async () => {
  verifies('NEW-020');
  const { home, reached } = await opened;
  const denied = await nucleus(home, ['policy', 'test', 'db_prod_drop_everything']);
  assert.deepEqual(denied, {
    code: 6,
    stderr: '',
    stdout: `decision: denied
call:     drop_everything on db:prod (prod)
effect:   destroys, as its server says
rule:     1
reason:   BLOCKED by policy: tool "drop_everything" on profile db:prod is denied (rule match="db:prod", pattern="drop_*"). Reason: Schema goes through CI.
`,
  });
  const asked = await nucleus(home, ['policy', 'explain', 'execute', '--profile', 'db:prod']);
  assert.equal(asked.code, 6);
  assert.equal(
    asked.stdout,
    `decision: a person's yes is needed
call:     execute on db:prod (prod)
effect:   writes, as nothing says otherwise
rule:     3
reason:   A person is asked: Prod class: writes need a person.

- Rule 1 does not fit: the tool is not in its lists.
- Rule 2 does not fit: the profile is not db:dev.
+ Rule 3 (of the class) fits and needs a person's yes.
- Rule 4 (of the class) does not fit: the class is another.
`,
  );
  const call = ['policy', 'test', 'db_dev_execute', '--arg', 'query=DELETE all'];
  assert.match((await nucleus(home, call)).stdout, /CONFIRMATION REQUIRED: .* set to "db:dev" to proceed/);
  const said = (await nucleusJson(home, [...call, '--args', '{"__nucleus_confirm":"db:dev"}'])) as object;
  assert.partialDeepStrictEqual(said, { decision: 'allow', rule: 2, reason: 'Its phrase is said.' });
  assert.equal((await nucleus(home, ['policy', 'test', 'db_prod_list_things'])).code, 0);
  assert.equal((await nucleus(home, ['policy', 'test', 'db_prod_nothing'])).code, 4);
  assert.deepEqual([reached('prod'), reached('dev')], [[], []]);
});

test('show tells what judges, and by which rules', async () => {
  const { home } = await opened;
  const { stdout } = await nucleusOk(home, ['policy']);
  const lines = stdout.replace(/version: p-[0-9a-f]{12}/, 'version: P').split('\n');
  assert.deepEqual(
    lines,
    [
      `file:    ${home.state}/policy.toml`,
      'state:   the file judges',
      'version: P',
      '',
      'RULE  DOES           TOOLS    WHERE                      LINE  REASON',
      '1     deny           drop_*   db:prod                    1     Schema goes through CI.',
      '2     want a phrase  execute  db:dev, query is *delete*  6     -',
      '3     ask a person   *        prod, writes               -     Prod class: writes need a person.',
      '4     ask a person   *        staging, destroys          -     Staging class: what destroys needs a person.',
      '',
    ].map((line) => line),
  );
});

test('check tells every problem with its place, of the file or of one that is to become it', async () => {
  verifies('NUC-090');
  const { home } = await opened;
  assert.equal((await nucleus(home, ['policy', 'check'])).code, 0);
  const file = home.write('../next.toml', '[[rule]]\nmatch = "db:other"\ndeny = ["*"]\n');
  const warned = await nucleus(home, ['policy', 'check', 'next.toml'], { cwd: home.root });
  assert.equal(warned.code, 0);
  assert.match(warned.stdout, /^next\.toml:2:1 warning: match "db:other" of rule 1 fits no profile there is/);
  home.write('../next.toml', '[[rule]]\ndeni = ["*"]\ngrants = 1\n');
  const broken = await nucleus(home, ['policy', 'check', file]);
  assert.equal(broken.code, 2);
  assert.deepEqual(broken.stdout.trim().split('\n'), [
    `${file}:2:1 error: unknown key deni of rule 1; did you mean deny?`,
    `${file}:3:1 error: grants of rule 1 must be true or false, and is a number; correct the file`,
  ]);
  const problems = (await nucleus(home, ['policy', 'check', file, '--json'])).stdout;
  assert.equal((JSON.parse(problems) as unknown[]).length, 2);
  assert.equal((await nucleus(home, ['policy', 'check', 'absent.toml'])).code, 2);
});

test('what allows more waits for a person, whom a command without a terminal does not find', async () => {
  const { home, policy } = await opened;
  const state = async (): Promise<unknown> =>
    ((await nucleusJson(home, ['policy'])) as { state: string }).state;
  await until('the first version is kept', async () => {
    const { accepted } = (await nucleusJson(home, ['policy'])) as { accepted: string | null };
    return accepted === rules;
  });
  assert.match((await nucleusOk(home, ['policy', 'accept'])).stderr, /nothing to accept/);
  rmSync(`${home.state}/policy.toml`);
  assert.equal(await state(), 'pending');
  const refused = await nucleus(home, ['policy', 'accept'], { stdin: '1234\n' });
  assert.equal(refused.code, 5);
  assert.equal(await state(), 'pending');
  policy('[[rule]]\ndeni = 1\n');
  assert.equal((await nucleus(home, ['policy', 'accept'])).code, 2);
  assert.equal((await nucleus(home, ['policy', 'test', 'db_prod_drop_everything'])).code, 6);
  policy(rules);
  assert.equal(await state(), 'accepted');
});

test('a person at a terminal sees what changes, and accepts it with the PIN', async () => {
  const { home, desk, policy } = await opened;
  await desk.host.person.pin.set({ pin: '482913' }, { signal: new AbortController().signal });
  const looser = rules.replace('drop_*', 'drop_it');
  policy(looser);
  const { code, screen } = await nucleusOnTerminal(home, ['policy', 'accept'], [pinAnswer('482913')]);
  assert.equal(code, 0, screen);
  assert.match(screen, /\n-deny = \["drop_\*"\]\s+\+deny = \["drop_it"\]\s/);
  const info = (await nucleusJson(home, ['policy'])) as { state: string; accepted: string };
  assert.deepEqual([info.state, info.accepted], ['accepted', looser]);
});

test('flags and words in the wrong place are refused', async () => {
  const { home } = await opened;
  for (const args of [['show', 'x'], ['accept', 'x'], ['test'], ['show', '--arg', 'a=b'], ['nonsense']])
    assert.equal((await nucleus(home, ['policy', ...args])).code, 2, args.join(' '));
});
