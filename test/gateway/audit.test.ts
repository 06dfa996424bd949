// The audit log of a real gateway: what is in it, and what becomes of calls when it cannot be written.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createAuditSeals } from '../../src-main/gateway/storage/audit-seals.ts';
import { openRegistry } from '../../src-main/gateway/storage/database.ts';
import { createPaths } from '../../src-main/gateway/storage/paths.ts';
import { createVault } from '../../src-main/gateway/storage/vault.ts';
import { linesOf, readSet, verdictOf } from '../helpers/audit-log.ts';
import { attach, nucleusErrorOf, startGateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { openGuarded } from '../helpers/guarded.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';
import { fakePlatform } from '../unit/storage/support.ts';

const quiet = '[http]\nenabled = false\n';

const callsIn = (home: Home): Record<string, unknown>[] =>
  linesOf(readSet(home.state))
    .filter(({ isNote }) => !isNote)
    .map(({ record }) => record);

test('every way to call leaves one line with its words, and nothing of arguments or results', async (t) => {
  verifies('NUC-091');
  verifies('NUC-092');
  verifies('NUC-094');
  const home = createHome(t, quiet);
  home.write('policy.toml', '[[rule]]\nmatch = "fake:x"\ndeny = ["env"]\n');
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'x'));
  const client = await attach(t, home);
  await client.initialize();
  const before = callsIn(home).length;
  await client.call('fake_x_echo', { text: 'SENTINEL' });
  await client.call('fake_x_fail', { text: 'SENTINEL' });
  await client.request('tools/call', {
    name: 'fake_x_error',
    arguments: { code: -32_050, message: 'SENTINEL', data: 'SENTINEL' },
  });
  await client.call('fake_x_env');
  await client.call('nucleus_call', { name: 'fake_x_echo', arguments: { text: 'SENTINEL' } });
  await client.call('nucleus_call_plan', {
    steps: [1, 2].map((n) => ({ name: 'fake_x_echo', arguments: { text: `SENTINEL ${n}` } })),
  });
  await client.call('fake_x_die');
  await nucleusOk(home, ['call', 'fake_x_echo', '--args', '{"text":"SENTINEL"}']);
  const calls = await until('all are written', () => {
    const all = callsIn(home).slice(before);
    return all.length >= 9 && all;
  });
  const word = (call: Record<string, unknown>): string =>
    ['tool', 'via', 'decision', 'outcome', 'reason']
      .map((key) => (call[key] as string | undefined) ?? '-')
      .join(' ');
  assert.deepEqual(calls.map(word).sort(), [
    'die direct allowed transport-error UPSTREAM_EXITED',
    'echo cli allowed ok -',
    'echo direct allowed ok -',
    'echo nucleus_call allowed ok -',
    'echo nucleus_call_plan allowed ok -',
    'echo nucleus_call_plan allowed ok -',
    'env direct denied blocked BLOCKED by policy: tool "env" on profile fake:x is denied (rule match="fake:x", pattern="env"). Reason: policy denies env on fake:x',
    'error direct allowed upstream-error JSON-RPC error -32050',
    'fail direct allowed upstream-error the tool answered isError',
  ]);
  const steps = calls.flatMap(({ plan }) => (plan ? [plan as { id: string; step: number }] : []));
  assert.deepEqual(new Set(steps.map(({ step }) => step)), new Set([0, 1]));
  assert.equal(steps.length, 2);
  assert.equal(new Set(steps.map(({ id }) => id)).size, 1);
  for (const name of ['audit.log', 'audit.open'])
    assert.doesNotMatch(readFileSync(join(home.state, name), 'utf8'), /SENTINEL/);
  await nucleusOk(home, ['stop']);
  await until('the journal is closed', () => !existsSync(join(home.state, 'audit.open')));
  assert.equal((await verdictOf(home.state)).state, 'intact');
});

test('with full arguments their values are kept', async (t) => {
  verifies('NUC-092');
  const home = createHome(t, quiet);
  const gateway = await startGateway(t, home, { NUCLEUSMCP_AUDIT_FULL_ARGS: '1' });
  await gateway.add(createFake(home, 'x'));
  const client = await attach(t, home);
  await client.initialize();
  await client.call('fake_x_echo', { text: 'SENTINEL' });
  await until('it is written', () =>
    callsIn(home).some(({ args }) => JSON.stringify(args) === '{"text":"SENTINEL"}'),
  );
});

test('a gateway with a vault seals the log when it ends', async (t) => {
  verifies('NEW-027');
  const home = createHome(t, quiet);
  const env = passphrase(home);
  const fake = createFake(home, 'x');
  await nucleusOk(home, ['add', 'fake', 'x', ...fake.flags, '--secret-env', 'TOKEN', '--token-stdin'], {
    stdin: 'the token\n',
    env,
  });
  await nucleusOk(home, ['call', 'fake_x_echo', '--args', '{"text":"a"}'], { env });
  const paths = createPaths(home.env);
  const { db, close } = openRegistry({ paths });
  t.after(close);
  const platform = { ...fakePlatform(null), env };
  const seals = createAuditSeals({ vault: createVault({ db, platform, paths }), db });
  const verdict = await verdictOf(home.state, await seals.read());
  assert.equal(verdict.state, 'intact');
  assert.equal(verdict.sealedTo, verdict.to);
  assert.ok((verdict.to ?? 0) > 1);
});

test('while the log cannot be written guarded calls are refused, reads go on, and nothing is lost when there is room', async (t) => {
  verifies('NUC-096');
  const guarded = await openGuarded(t, { prod: 'prod', plain: null }, { env: {} });
  const { home, gateway } = guarded;
  const path = join(home.state, 'audit.log');
  const client = await attach(t, home);
  await client.initialize();
  await client.call('db_plain_list_things', {});
  await until('the log is there', () => existsSync(path));
  const written = readFileSync(path);
  // A disk with no room left, for this file.
  rmSync(path);
  symlinkSync('/dev/full', path);
  await client.call('db_plain_list_things', {});
  const warnings = await until('status warns', async () => {
    const all = (await gateway.status()).warnings.filter((one) => one.includes('audit.log'));
    return all.length > 0 && all;
  });
  assert.match(
    String(warnings),
    /audit\.log cannot be written \(ENOSPC\); the disk is full, make room; \d+ lines of the audit log wait in memory/,
  );

  const codeOf = async (name: string): Promise<string | undefined> =>
    nucleusErrorOf(await client.call(name, {}))?.code;
  assert.equal(await codeOf('db_prod_list_things'), undefined, 'a read');
  assert.equal(await codeOf('db_plain_drop_everything'), undefined, 'an account without a class');
  assert.equal(await codeOf('db_prod_apply_change'), 'AUDIT_UNWRITABLE');
  assert.equal(await codeOf('db_prod_drop_everything'), 'AUDIT_UNWRITABLE');
  assert.deepEqual(guarded.reached('prod'), ['list_things']);
  assert.equal((await guarded.desk.waiting()).length, 0, 'nobody was asked for a yes that could not be kept');

  rmSync(path);
  writeFileSync(path, written, { mode: 0o600 });
  await until('all is written', () => callsIn(home).length >= 6);
  await until('calls go on', async () =>
    (await gateway.status()).warnings.every((one) => !one.includes('audit.log')),
  );
  assert.deepEqual(
    callsIn(home).map(
      ({ profile_id: profile, tool, outcome }) => `${String(profile)} ${String(tool)} ${String(outcome)}`,
    ),
    [
      'db:plain list_things ok',
      'db:plain list_things ok',
      'db:prod list_things ok',
      'db:plain drop_everything ok',
      'db:prod apply_change blocked',
      'db:prod drop_everything blocked',
    ],
  );
  const { state } = await verdictOf(home.state);
  assert.equal(state, 'intact');
});

test('a log that can never be written stops no call that nothing guards, and says so once', async (t) => {
  verifies('NUC-096');
  const home = createHome(t, quiet);
  // Root may write everywhere, but not a file where a folder is.
  home.write('audit.log/keep', '');
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'x'));
  const client = await attach(t, home);
  await client.initialize();
  for (let n = 0; n < 5; n += 1) await client.call('fake_x_echo', { text: 'x' });
  const said = readFileSync(join(home.state, 'logs', 'gateway.log'), 'utf8');
  assert.equal(said.split('audit log cannot be written').length - 1, 1, said);
});
