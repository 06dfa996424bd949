// What a person sees of the calls that were made, in the window of the real app.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { needsApp, startApp } from '../helpers/app.ts';
import { connectClient, controlGateway } from '../helpers/client.ts';
import { startDesktopHost } from '../helpers/desktop-host.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const old = 100_000;

function createDatabase(home: Home): string {
  const file = home.path('prod.db');
  const db = new Database(file);
  db.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Ada')");
  db.close();
  return file;
}

/** What the original wrote in many weeks. */
function writeOldLog(home: Home): void {
  const began = Date.now() - 40 * 86_400_000;
  const lines = Array.from({ length: old }, (_, index) =>
    JSON.stringify({
      ts: new Date(began + index * 30_000).toISOString(),
      connector: 'sqlite',
      alias: 'prod',
      profile_id: 'sqlite:prod',
      tool: index === 0 ? 'the_first_of_all' : 'query',
      via: 'direct',
      decision: 'allowed',
      outcome: 'ok',
      duration_ms: index % 400,
      args_keys: ['sql'],
    }),
  );
  home.write('audit.log', `${lines.join('\n')}\n`);
}

const row = (page: Page, name: RegExp) => page.getByRole('row', { name });

test('calls show as they are made, waiting ones among them, and lead to what there is to know', async (t) => {
  if (!needsApp(t)) return;
  verifies('NUC-091', 'NEW-027');
  const home = createHome(t);
  const desktop = await startDesktopHost(t);
  const app = await startApp(t, home, { env: desktop.env });
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const gateway = await controlGateway(t, home);
  const metadata = { file: createDatabase(home) };
  await gateway.ask('profiles.add', {
    connector: 'sqlite',
    name: 'prod',
    metadata,
    readOnly: false,
    env: 'prod',
  });
  await page.keyboard.press('Control+3');
  await page.getByText('No calls yet').waitFor();

  const client = await connectClient(t, home);
  const run = (sql: string) => client.callTool({ name: 'sqlite_prod_query', arguments: { sql } });
  await run('SELECT name FROM users');
  await row(page, /sqlite ?:prod Prod query \d/).waitFor();

  const writing = run("UPDATE users SET name = 'Bo'");
  await row(page, /sqlite ?:prod Prod query Waiting/).click();
  await page.getByRole('button', { name: 'Review…' }).waitFor();
  const { waiting } = await gateway.ask('approvals.list', {});
  await until('the no counts', async () => {
    for (const { id } of waiting) await gateway.ask('approvals.deny', { id });
    return (await gateway.ask('approvals.list', {})).waiting.length === 0;
  });
  assert.equal((await writing).isError, true);
  await row(page, /Waiting/).waitFor({ state: 'detached' });
  await page
    .getByRole('button', { name: /^\d+ new$/ })
    .click({ timeout: 3_000 })
    .catch(() => {});
  const denied = row(page, /sqlite ?:prod Prod query Denied/);
  await denied.click();
  const detail = page.getByRole('complementary', { name: /^Call of query/ });
  await detail.getByText('Refused before it was sent').waitFor();
  await detail.getByText('Nothing reached the server.').waitFor();
  await detail.getByText('#', { exact: false }).first().waitFor();
  await detail.getByRole('button', { name: 'Test again' }).click();
  await page.getByRole('heading', { level: 1, name: 'Policy' }).waitFor();
  await page.getByText('A person is asked', { exact: true }).waitFor();

  await page.keyboard.press('Control+3');
  await page.getByLabel('Filter calls').fill('outcome:denied');
  await row(page, /\d ms/).first().waitFor({ state: 'detached' });
  await denied.waitFor();
  await page.getByLabel('Filter calls').fill('');
  await row(page, /query \d/).waitFor();

  await page.getByRole('button', { name: /Check the record now/ }).click();
  await page.getByText('Live, chain intact').waitFor();
  const file = join(home.state, 'audit.log');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('"decision":"denied"', '"decision":"allowed"'));
  await page.getByRole('button', { name: /Check the record now/ }).click();
  await page.getByText(/^Record \d+ does not match its seal\.$/).waitFor();
});

test('100,000 calls of the original are one list, of which a few rows exist, to its end by one key', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  writeOldLog(home);
  const desktop = await startDesktopHost(t);
  const app = await startApp(t, home, { env: desktop.env });
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();
  // There is no profile, and the welcome is over with the first view that is chosen.
  await page.keyboard.press('Control+3');
  const grid = page.getByRole('grid', { name: 'Calls' });
  await page.getByRole('combobox', { name: 'Time' }).selectOption('All');
  await page.locator(`[role=grid][aria-rowcount="${old + 1}"]`).waitFor({ timeout: 60_000 });
  const rows = page.locator('.ActivityRow');
  const most = async (): Promise<number> => {
    const there = await rows.count();
    assert.ok(there < 120, `${there} rows exist`);
    return there;
  };
  await most();
  await grid.focus();
  await page.keyboard.press('End');
  await row(page, /the_first_of_all/).waitFor({ timeout: 60_000 });
  await page.getByRole('complementary', { name: /^Call of the_first_of_all/ }).waitFor();
  await page.getByText('from before the chain').waitFor();
  await most();
  await page.keyboard.press('Home');
  await page.locator('[aria-rowindex="2"][aria-selected=true]').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.locator('[aria-rowindex="3"][aria-selected=true]').waitFor();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'ASIDE');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate('document.activeElement.getAttribute(`role`)'), 'grid');
  await most();
});
