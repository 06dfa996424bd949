// The app as a person uses it, from the first start to quitting, with a client of the command line beside it.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { needsApp, startApp } from '../helpers/app.ts';
import { connectClient, textOf } from '../helpers/client.ts';
import { startDesktopHost } from '../helpers/desktop-host.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

/** A database of the home with one table, `users`, of one user. */
function createDatabase(home: Home, name: string, user: string): string {
  const file = home.path(`${name}.db`);
  const db = new Database(file);
  db.exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, '${user}')`);
  db.close();
  return file;
}

/** Saves what the window shows where NUCLEUS_E2E_SHOTS says, for people to look at. */
async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['NUCLEUS_E2E_SHOTS'];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** Fills in what the gallery leads to. */
async function addSqlite(page: Page, name: string, file: string): Promise<void> {
  await page.getByRole('button', { name: /^SQLite/ }).click();
  await page.getByLabel('Database file').fill(file);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Check and add' }).click();
  await page.getByRole('option', { name: new RegExp(`^${name}\\b`) }).waitFor();
}

test('two accounts are added from the window, used by one client, guarded, switched from the tray', async (t) => {
  if (!needsApp(t)) return;
  verifies('NEW-039');
  const home = createHome(t, '# kept\n');
  home.write('policy.toml', '[[rule]]\nmatch = "sqlite:prod"\nconfirm = ["query"]\napprove = "human"\n');
  const desktop = await startDesktopHost(t);
  const app = await startApp(t, home, { env: desktop.env });
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await shoot(page, '1-first-run');

  await page.keyboard.press('Control+n');
  await addSqlite(page, 'prod', createDatabase(home, 'prod', 'Ada'));
  await desktop.tray.choose('Add a profile…');
  await addSqlite(page, 'staging', createDatabase(home, 'staging', 'Grace'));
  await shoot(page, '2-profiles');

  const client = await connectClient(t, home);
  let told = 0;
  client.fallbackNotificationHandler = async ({ method }) => {
    if (method === 'notifications/tools/list_changed') told += 1;
  };
  const names = async () => (await client.listTools()).tools.map(({ name }) => name);
  assert.deepEqual(
    (await names()).filter((name) => name.endsWith('_query')),
    ['sqlite_prod_query', 'sqlite_staging_query'],
  );

  await desktop.tray.menuWith('both profiles', ({ items }) =>
    items.some(
      ({ label, items: choices }) =>
        label === 'SQLite file' && choices.some((choice) => choice.label === '◆ STAGING staging'),
    ),
  );
  await desktop.tray.choose('SQLite file', '◆ STAGING staging');
  await until('the client is told', () => told > 0);
  assert.match((await names())[0] ?? '', /^sqlite_staging_/);

  const query = { sql: 'SELECT name FROM users' };
  const allowed = client.callTool({ name: 'sqlite_prod_query', arguments: query });
  const asked = await desktop.notification('the question');
  assert.equal(asked.title, '■ PROD sqlite:prod: allow query?');
  // Answers within 400 ms of the question do not count, so a person would press again.
  await until('the answer counts', async () => {
    desktop.press(asked.id, 'Allow once');
    return Promise.race([allowed.then(() => true), new Promise((resolve) => setImmediate(resolve, false))]);
  });
  assert.match(textOf(await allowed), /Ada/);

  const denied = client.callTool({ name: 'sqlite_prod_query', arguments: query });
  await page.keyboard.press('Control+2');
  const deny = page.getByRole('button', { name: /^Deny/ });
  await deny.waitFor();
  await shoot(page, '3-approval');
  await until('the answer counts', async () => {
    await deny.click({ timeout: 1_000 }).catch(() => {});
    return Promise.race([denied.then(() => true), new Promise((resolve) => setImmediate(resolve, false))]);
  });
  const refused = await denied;
  assert.equal(refused.isError, true);
  assert.match(textOf(refused), /^a person refused query on sqlite:prod/);
  assert.match(textOf(await client.callTool({ name: 'sqlite_staging_query', arguments: query })), /Grace/);

  await page.keyboard.press('Control+5');
  await page.getByLabel('Find a tool').fill('query');
  const hits = page.getByRole('option');
  await until('both accounts show their tool', async () => (await hits.count()) === 2);
  await page.keyboard.press('Tab');
  // The first key chooses the first, the next goes on.
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('aside:focus').getByText('it only reads').waitFor();
  await shoot(page, '4-tools');
  await page.keyboard.press('Escape');
  await page.locator('[role=listbox]:focus [aria-selected=true]').getByText('sqlite_prod_query').waitFor();
  told = 0;
  await page.getByRole('radio', { name: 'Search' }).check();
  await page.getByText('The mode is Search now.').first().waitFor();
  await until('the client is told', () => told > 0);
  assert.deepEqual(
    (await names()).filter((name) => name.startsWith('sqlite_')),
    [],
  );
  assert.match(
    readFileSync(join(home.state, 'config.toml'), 'utf8'),
    /^# kept\n\n\[surface\]\nmode = "search"$/m,
  );
  await page.keyboard.press('Control+z');
  await until('all tools are back', async () => (await names()).includes('sqlite_prod_query'));
  await page.keyboard.press('Control+,');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await shoot(page, '5-settings');

  const file = join(home.user, '.mcp-profiles.toml');
  writeFileSync(file, '[sqlite]\nprofile = "prod"\nalias = "live"\n');
  await page.getByRole('button', { name: 'Trust…' }).click();
  await page.getByText('as live').waitFor();
  await shoot(page, '6-trust');
  assert.ok((await names()).includes('sqlite_staging_query'));
  await page.getByRole('button', { name: 'Trust this content' }).click();
  await until('only the account of this folder is left', async () => {
    const own = (await names()).filter((name) => name.startsWith('sqlite_'));
    return own.length > 0 && own.every((name) => name.startsWith('sqlite_live_'));
  });
  await page.getByText('Trusted', { exact: true }).waitFor();
  await page.locator('button:focus').getByText('Forget…').waitFor();
});
