// What policy.toml does to calls, through real clients before real servers.
import assert from 'node:assert/strict';
import test from 'node:test';
import { attach, nucleusErrorOf, textOf } from '../helpers/client.ts';
import { createScope } from '../helpers/home.ts';
import { openGuarded } from '../helpers/guarded.ts';
import { nucleus } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const deny = (match: string, tool: string): string =>
  `[[rule]]\nmatch = "${match}"\ndeny = ["${tool}"]\nreason = "Schema goes through CI."\n`;

test('a rule of policy.toml holds, and one of the file NUCLEUSMCP_POLICY names', async (t) => {
  verifies('NUC-081', 'NUC-082');
  const usual = await openGuarded(t, { a: null, b: null }, { policy: deny('db:a', 'drop_*') });
  const client = await attach(t, usual.home);
  await client.initialize();
  const refused = await client.call('db_a_drop_everything', { query: 'x' });
  assert.equal(
    textOf(refused),
    'BLOCKED by policy: tool "drop_everything" on profile db:a is denied (rule match="db:a", pattern="drop_*"). Reason: Schema goes through CI.',
  );
  assert.equal(refused['isError'], true);
  assert.deepEqual((refused['_meta'] as Record<string, unknown>)['dev.nucleus/error'], {
    code: 'POLICY_DENIED',
    profile: 'db:a',
    rule: 1,
    pattern: 'drop_*',
    reason: 'Schema goes through CI.',
  });
  await client.call('db_b_drop_everything', {});
  await client.call('db_a_execute', {});
  assert.deepEqual([usual.reached('a'), usual.reached('b')], [['execute'], ['drop_everything']]);

  const elsewhere = `${usual.home.root}/elsewhere.toml`;
  usual.home.write('../elsewhere.toml', deny('db:a', 'execute'));
  const named = await openGuarded(t, { a: null }, { env: { NUCLEUSMCP_POLICY: elsewhere } });
  const other = await attach(t, named.home);
  await other.initialize();
  assert.match(textOf(await other.call('db_a_execute', {})), /^BLOCKED by policy/);
  assert.deepEqual(named.reached('a'), []);
});

test('a phrase is asked for, must be exact, and goes no further', async (t) => {
  verifies('NUC-083', 'NUC-084', 'NUC-088');
  const { home, reached, fakes } = await openGuarded(
    t,
    { a: null },
    {
      policy:
        '[[rule]]\nmatch = "db:a"\nconfirm = ["execute"]\nphrase = "yes, db"\nreason = "Writes production."\n\n[[rule]]\nmatch = "db:a"\nconfirm = ["apply_*"]\n',
    },
  );
  const client = await attach(t, home);
  await client.initialize();
  const say = async (tool: string, said?: unknown): Promise<string> => {
    const result = await client.call(`db_a_${tool}`, {
      query: 'q',
      ...(said !== undefined && { __nucleus_confirm: said }),
    });
    return `${nucleusErrorOf(result)?.code ?? 'ok'} ${textOf(result)}`;
  };
  assert.equal(
    await say('execute'),
    'CONFIRM_REQUIRED CONFIRMATION REQUIRED: tool "execute" on profile db:a requires explicit confirmation. Writes production. Re-call this tool with an extra argument "__nucleus_confirm" set to "yes, db" to proceed.',
  );
  assert.equal(
    await say('execute', 'Yes, db'),
    'CONFIRM_MISMATCH CONFIRMATION MISMATCH: tool "execute" on profile db:a requires "__nucleus_confirm"="yes, db" but got "Yes, db". Re-call with the exact phrase to proceed.',
  );
  assert.deepEqual(reached('a'), []);
  assert.match(await say('execute', 'yes, db'), /^ok/);
  assert.match(await say('apply_change', 'db:a'), /^ok/, 'without a phrase the match is one');
  const sent = fakes['a']?.received('tools/call').map(({ message }) => message?.params?.['arguments']);
  assert.deepEqual(sent, [{ query: 'q' }, { query: 'q' }]);
});

test('a rule on a profile holds under every name a view gives it, and one on a name for that name', async (t) => {
  verifies('NUC-086');
  const { home, reached } = await openGuarded(
    t,
    { a: null },
    { policy: `${deny('db:a', 'execute')}\n${deny('db:main', 'apply_change')}` },
  );
  const renamed = await attach(t, home, { profiles: [{ id: 'db:a', alias: 'harmless' }] });
  await renamed.initialize();
  assert.match(textOf(await renamed.call('db_harmless_execute', {})), /profile db:harmless is denied/);
  const aliased = await attach(t, home, { profiles: [{ id: 'db:a', alias: 'main' }] });
  await aliased.initialize();
  assert.match(textOf(await aliased.call('db_main_apply_change', {})), /^BLOCKED/);
  assert.deepEqual(reached('a'), []);
  await renamed.call('db_harmless_apply_change', {});
  assert.deepEqual(reached('a'), ['apply_change']);
});

test('deny goes before confirm in any order, and two phrases are said as a list', async (t) => {
  verifies('NUC-087');
  const phrase = (words: string): string =>
    `[[rule]]\nmatch = "db:a"\nconfirm = ["execute", "drop_*"]\nphrase = "${words}"\n`;
  const { home, reached } = await openGuarded(
    t,
    { a: null },
    { policy: `${phrase('one')}\n${deny('db:*', 'drop_*')}\n${phrase('two')}` },
  );
  const client = await attach(t, home);
  await client.initialize();
  assert.match(
    textOf(await client.call('db_a_drop_everything', { __nucleus_confirm: ['one', 'two'] })),
    /^BLOCKED/,
  );
  const asked = textOf(await client.call('db_a_execute', {}));
  assert.match(asked, /\["one","two"\]/);
  for (const said of ['one', 'two', ['one'], ['one', 'one']])
    assert.equal(
      nucleusErrorOf(await client.call('db_a_execute', { __nucleus_confirm: said }))?.code,
      'CONFIRM_MISMATCH',
    );
  assert.equal(
    nucleusErrorOf(await client.call('db_a_execute', { __nucleus_confirm: ['two', 'one'] })),
    undefined,
  );
  assert.deepEqual(reached('a'), ['execute']);
});

test('one rule holds on every way to a tool, and in a plan for its own step only', async (t) => {
  verifies('NUC-089', 'NEW-020');
  const { home, reached } = await openGuarded(t, { a: null, b: null }, { policy: deny('db:a', 'execute') });
  const client = await attach(t, home);
  await client.initialize();
  const direct = textOf(await client.call('db_a_execute', {}));
  const called = textOf(await client.call('nucleus_call', { name: 'db_a_execute', arguments: {} }));
  assert.equal(called, direct);
  const steps = [{ name: 'db_a_execute' }, { name: 'db_b_execute' }];
  const foreseen = (await client.call('nucleus_call_plan', { steps, dry_run: true }))[
    'structuredContent'
  ] as { results: { decision: string }[] };
  assert.deepEqual(
    foreseen.results.map(({ decision }) => decision),
    ['deny', 'allow'],
  );
  assert.deepEqual([reached('a'), reached('b')], [[], []], 'looking ahead touches nothing');
  const plan = (await client.call('nucleus_call_plan', { steps }))['structuredContent'] as {
    results: { error?: string }[];
  };
  assert.match(plan.results[0]?.error ?? '', /^BLOCKED by policy/);
  assert.equal(plan.results[1]?.error, undefined);
  assert.deepEqual([reached('a'), reached('b')], [[], ['execute']]);
});

test('a broken file changes nothing that was accepted, and says where it is broken', async (t) => {
  verifies('NUC-090');
  const { home, reached, policy, gateway } = await openGuarded(
    t,
    { a: null },
    { policy: deny('db:a', 'drop_*') },
  );
  const client = await attach(t, home);
  await client.initialize();
  await until('the file is accepted', async () => (await gateway.ask('policy.get', {})).accepted !== null);
  for (const broken of [
    `${deny('db:a', 'drop_*')}\n[[rule]\n`,
    '[[rule]]\nmatch = "db:a"\ndenny = ["x"]\n',
    '[[rule]]\nmatch = "a"\ndeny = ["x"]\n',
  ]) {
    policy(broken);
    const info = await until('the file is read', async () => {
      const now = await gateway.ask('policy.get', {});
      return now.state === 'invalid' && now;
    });
    assert.ok(info.problems.some(({ line, severity }) => severity === 'error' && line !== null));
    assert.match(textOf(await client.call('db_a_drop_everything', {})), /^BLOCKED/);
    assert.equal(nucleusErrorOf(await client.call('db_a_execute', {})), undefined);
    const { warnings } = await gateway.status();
    assert.ok(
      warnings.some((warning) => warning.includes('policy.toml')),
      warnings.join('\n'),
    );
    policy(deny('db:a', 'drop_*'));
  }
  assert.ok(!reached('a').includes('drop_everything'));
  const checked = await nucleus(home, ['policy', 'check']);
  assert.equal(checked.code, 0, checked.stderr);
  policy('[[rule]]\nmatch = "db:a"\ndenny = ["x"]\n');
  const wrong = await nucleus(home, ['policy', 'check']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stdout + wrong.stderr, /policy\.toml:3:1.*denny.*did you mean deny/s);
  const doctor = await nucleus(home, ['doctor']);
  assert.equal(doctor.code, 1);
  assert.match(doctor.stdout + doctor.stderr, /\[fail\] \S*policy\.toml:3:1: .*denny/);
});

test('with a broken file and none accepted before, only what reads passes', async (t) => {
  verifies('NUC-090');
  const { home, reached } = await openGuarded(t, { a: null }, { policy: '[[rule]]\nmatch = 5\n' });
  const client = await attach(t, home);
  await client.initialize();
  assert.equal(nucleusErrorOf(await client.call('db_a_list_things', {})), undefined);
  const refused = await client.call('db_a_execute', {});
  assert.equal(nucleusErrorOf(refused)?.code, 'POLICY_DENIED');
  assert.match(textOf(refused), /policy\.toml/);
  assert.deepEqual(reached('a'), ['list_things']);
});

const scope = createScope();
test('what the rules made of each call is in the record, with the version that judged it', async () => {
  const { home, gateway } = await openGuarded(
    scope,
    { a: null },
    { policy: `${deny('db:a', 'drop_*')}\n[[rule]]\nmatch = "db:a"\nconfirm = ["execute"]\n` },
  );
  const client = await attach(scope, home);
  await client.initialize();
  await client.call('db_a_drop_everything', {});
  await client.call('db_a_execute', {});
  await client.call('db_a_execute', { __nucleus_confirm: 'secret words' });
  await client.call('db_a_execute', { __nucleus_confirm: 'db:a' });
  const { version } = await gateway.ask('policy.get', {});
  const lines = await until('four records', async () => {
    const { stdout } = await nucleus(home, ['logs', '--json']);
    const found = stdout
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return found.length === 4 && found;
  });
  assert.deepEqual(
    new Set(
      lines.map(
        ({ decision, outcome, policy }) => `${String(decision)} ${String(outcome)} ${String(policy)}`,
      ),
    ),
    new Set([
      `allowed ok ${version}`,
      `confirm-mismatch blocked ${version}`,
      `confirm-required blocked ${version}`,
      `denied blocked ${version}`,
    ]),
  );
  assert.ok(!JSON.stringify(lines).includes('secret words'));
});
