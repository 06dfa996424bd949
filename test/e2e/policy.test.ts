// What needs a person, and the places where they say yes: notification, window, terminal. And locking.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { needsApp, startApp } from '../helpers/app.ts';
import { connectClient, controlGateway, nucleusErrorOf } from '../helpers/client.ts';
import { startDesktopHost } from '../helpers/desktop-host.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { firstPin, nucleusOnTerminal, pinAnswer } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

function createDatabase(home: Home, name: string): string {
  const file = home.path(`${name}.db`);
  const db = new Database(file);
  db.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, plan TEXT); INSERT INTO users VALUES (1, 'free')");
  db.close();
  return file;
}

function planOf(file: string): unknown {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare('SELECT plan FROM users').pluck().get();
  } finally {
    db.close();
  }
}

async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['NUCLEUS_E2E_SHOTS'];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

test('reads ask nothing, a write on prod asks once, and the yes comes from notification, window or terminal', async (t) => {
  if (!needsApp(t)) return;
  verifies('NEW-002', 'NEW-004', 'NEW-019');
  const home = createHome(t);
  const desktop = await startDesktopHost(t);
  const app = await startApp(t, home, { env: desktop.env });
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const gateway = await controlGateway(t, home);
  const files: Record<string, string> = {};
  for (const env of ['prod', 'staging'] as const) {
    const file = createDatabase(home, env);
    files[env] = file;
    await gateway.ask('profiles.add', {
      connector: 'sqlite',
      name: env,
      metadata: { file },
      readOnly: false,
      env,
    });
  }
  const client = await connectClient(t, home);
  const run = (account: string, sql: string) =>
    client.callTool({ name: `sqlite_${account}_query`, arguments: { sql } });
  const waiting = async () => (await gateway.ask('approvals.list', {})).waiting;

  // Two accounts compared, and a write where nothing is at stake.
  const compared = await client.callTool({
    name: 'nucleus_call_plan',
    arguments: {
      steps: [{ name: 'sqlite_prod_query' }, { name: 'sqlite_staging_query' }],
      shared_arguments: { sql: 'SELECT id, plan FROM users ORDER BY id' },
      compare: true,
    },
  });
  assert.equal(compared.isError, undefined, JSON.stringify(compared));
  assert.equal(nucleusErrorOf(await run('staging', "UPDATE users SET plan = 'pro'")), undefined);
  assert.equal(planOf(files['staging'] ?? ''), 'pro');
  assert.deepEqual((await gateway.ask('approvals.list', {})).answered, [], 'nobody was asked anything');

  // By notification.
  const first = run('prod', "UPDATE users SET plan = 'one'");
  const asked = await desktop.notification('the question');
  assert.equal(asked.title, '■ PROD sqlite:prod: allow query?');
  await until('the answer counts', async () => {
    desktop.press(asked.id, 'Allow once');
    return (await waiting()).length === 0;
  });
  assert.equal(nucleusErrorOf(await first), undefined);
  assert.equal(planOf(files['prod'] ?? ''), 'one');

  // In the window, in the colour, shape and word of the class.
  const second = run('prod', "UPDATE users SET plan = 'two'");
  await page.keyboard.press('Control+2');
  const prompt = page.locator('.ApprovalPrompt[data-env=prod]');
  await prompt.getByText("SET plan = 'two'").waitFor();
  assert.match(await prompt.innerText(), /Prod\s+sqlite\s*:prod/);
  await shoot(page, 'policy-1-prompt');
  const allow = page.getByRole('button', { name: /^Allow once on prod/ });
  await until('the answer counts', async () => {
    await allow.click({ timeout: 1_000 }).catch(() => {});
    return (await waiting()).length === 0;
  });
  assert.equal(nucleusErrorOf(await second), undefined);
  assert.equal(planOf(files['prod'] ?? ''), 'two');

  // On a terminal: the first PIN takes a click in the app.
  const setting = nucleusOnTerminal(home, ['pin', 'set'], firstPin());
  await page.getByText('Set the approval PIN that was typed on a terminal').first().waitFor();
  const yes = page.getByRole('button', { name: /^Allow once/ });
  await until('the answer counts', async () => {
    await yes.click({ timeout: 1_000 }).catch(() => {});
    return (await waiting()).length === 0;
  });
  assert.equal((await setting).code, 0, (await setting).screen);
  const third = run('prod', "UPDATE users SET plan = 'three'");
  const { id } = await until('the question waits', async () => (await waiting())[0]);
  assert.equal((await nucleus(home, ['approvals', 'allow', id], { stdin: '481516\n' })).code, 5);
  const typed = await nucleusOnTerminal(home, ['approvals', 'allow', id], [pinAnswer()]);
  assert.equal(typed.code, 0, typed.screen);
  assert.match(typed.screen, /sqlite:prod/);
  assert.equal(nucleusErrorOf(await third), undefined);
  assert.equal(planOf(files['prod'] ?? ''), 'three');

  const { answered } = await gateway.ask('approvals.list', {});
  assert.deepEqual(
    answered.filter(({ profile }) => profile === 'sqlite:prod').map(({ via }) => via),
    ['terminal', 'app', 'app'],
  );
  const records = await until('the record has them', async () => {
    const { stdout } = await nucleusOk(home, ['logs', '--json']);
    const lines = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Json]));
    const allowed = lines.filter(({ approval }) => approval !== undefined);
    return allowed.length === 3 && allowed;
  });
  for (const { policy, decision } of records) {
    assert.match(String(policy), /^p-[0-9a-f]{12}$/);
    assert.equal(decision, 'allowed');
  }

  // Locked from the tray, opened by a click.
  await desktop.tray.choose('Lock everything');
  await until('it is locked', async () => (await gateway.status()).lockedAt !== null);
  assert.equal(nucleusErrorOf(await run('staging', 'SELECT 1'))?.code, 'LOCKED');
  await page.locator('.LockedBanner').getByText('Everything is locked', { exact: true }).waitFor();
  await shoot(page, 'policy-2-locked');
  await page.getByRole('button', { name: 'Unlock' }).first().click();
  await until('it is open', async () => (await gateway.status()).lockedAt === null);
  assert.equal(nucleusErrorOf(await run('staging', 'SELECT 1')), undefined);
});

type Json = Readonly<Record<string, unknown>>;

test('a policy that allows more than was accepted waits for a click, and is tested and written in the window', async (t) => {
  if (!needsApp(t)) return;
  verifies('NUC-081', 'NEW-020');
  const home = createHome(t);
  home.write('policy.toml', '[[rule]]\nmatch = "sqlite:prod"\ndeny = ["query"]\nreason = "Not here."\n');
  const app = await startApp(t, home);
  const page = await app.page();
  const gateway = await controlGateway(t, home);
  const metadata = { file: createDatabase(home, 'prod') };
  await gateway.ask('profiles.add', { connector: 'sqlite', name: 'prod', metadata, env: 'prod' });
  await page.keyboard.press('Control+4');
  await page.getByText('Not here.').first().waitFor();
  await until('it was accepted', async () => (await gateway.ask('policy.get', {})).accepted !== null);
  const state = async () => ((await nucleusJson(home, ['policy'])) as { state: string }).state;

  await page.getByLabel('Tool', { exact: true }).fill('query');
  await page
    .getByText('Refused', { exact: false })
    .or(page.getByText('BLOCKED', { exact: false }))
    .first()
    .waitFor();
  await shoot(page, 'policy-3-tester');

  home.write('policy.toml', '# nothing any more\n');
  await until('it waits for a person', async () => (await state()) === 'pending');
  await page.getByText('policy.toml allows more than what you accepted.').waitFor();
  const refused = await nucleus(home, ['call', 'sqlite_prod_query', '--args', '{"sql":"SELECT 1"}']);
  assert.match(refused.stdout + refused.stderr, /BLOCKED/);
  await page.getByRole('button', { name: 'Accept change…' }).click();
  await shoot(page, 'policy-4-accept');
  await page
    .getByRole('button', { name: /^Accept/ })
    .last()
    .click();
  await until('it is accepted', async () => (await state()) === 'accepted');
  await nucleusOk(home, ['call', 'sqlite_prod_query', '--args', '{"sql":"SELECT 1"}']);
});
