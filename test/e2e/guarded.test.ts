// What a person does about guarded calls, rules and the lock in the window of the real app.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { needsApp, startApp } from '../helpers/app.ts';
import { connectClient, textOf } from '../helpers/client.ts';
import { startDesktopHost } from '../helpers/desktop-host.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { until } from '../helpers/until.ts';

function createDatabase(home: Home): string {
  const file = home.path('prod.db');
  const db = new Database(file);
  db.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Ada')");
  db.close();
  return file;
}

async function addProd(page: Page, file: string): Promise<void> {
  await page.getByRole('button', { name: /^SQLite/ }).click();
  await page.getByLabel('Database file').fill(file);
  await page.getByRole('switch', { name: 'Read only' }).uncheck();
  await page.getByLabel('Name', { exact: true }).fill('prod');
  await page.getByText('Guessed from the name').waitFor();
  await page.getByRole('button', { name: 'Check and add' }).click();
  await page.getByRole('option', { name: /^prod, Prod,/ }).waitFor();
}

test('a write on prod is allowed in the window, a rule of one’s own refuses it, and the lock stops all', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t, '# kept\n');
  const desktop = await startDesktopHost(t);
  const app = await startApp(t, home, { env: desktop.env });
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Control+n');
  await addProd(page, createDatabase(home));
  const client = await connectClient(t, home);
  const read = () =>
    client.callTool({ name: 'sqlite_prod_query', arguments: { sql: 'SELECT name FROM users' } });
  const write = () =>
    client.callTool({ name: 'sqlite_prod_query', arguments: { sql: "UPDATE users SET name = 'Bo'" } });

  assert.match(textOf(await read()), /Ada/);
  assert.equal(desktop.notifications.length, 0, 'a read asks nobody');

  const written = write();
  const asked = await desktop.notification('the question');
  assert.equal(asked.title, '■ PROD sqlite:prod: allow query?');
  await page.keyboard.press('Control+2');
  const prompt = page.getByRole('region', { name: /wants to run query/ });
  await prompt.getByText('Prod class: writes need a person.').waitFor();
  await prompt.getByText('Writes data: its SQL does.').waitFor();
  await page.getByRole('button', { name: /^Allow once on prod/, disabled: false }).waitFor();
  // Neither of these is a yes.
  await page.getByRole('button', { name: /^Allow once on prod/ }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Space');
  assert.equal(await page.getByText('Allowed once').count(), 0);
  await page.keyboard.press('Control+Enter');
  assert.notEqual((await written).isError, true);
  await page.getByText('Allowed once').waitFor();
  assert.match(textOf(await read()), /Bo/);

  await page.keyboard.press('Control+4');
  await page.getByRole('button', { name: 'New policy.toml' }).click();
  await page
    .getByRole('textbox', { name: 'policy.toml' })
    .fill('[[rule]]\nmatch = "sqlite:prod"\ndeny = ["query"]\nreason = "Not today"\n');
  await page.getByRole('button', { name: 'Save', disabled: false }).click();
  await page.getByText(/^Loaded .* rules$/).waitFor();
  assert.match(readFileSync(join(home.state, 'policy.toml'), 'utf8'), /Not today/);
  assert.match(textOf(await read()), /Not today/);
  await page.getByRole('radio', { name: 'Table' }).check();
  await page.getByRole('combobox', { name: 'Tool' }).fill('query');
  await page.getByText('It is refused').waitFor();
  await page.getByText('Rule 1, policy.toml line 1').waitFor();

  await page.keyboard.press('Control+Shift+L');
  await page.getByText('Every call is refused and all servers are stopped.').waitFor();
  assert.match(textOf(await read()), /locked/i);
  await desktop.tray.propertiesWith(
    'the lock',
    ({ ToolTip }) => ToolTip[2] === 'Nucleus: everything is locked',
  );
  await page.locator('main').getByRole('button', { name: 'Unlock' }).click();
  // It is written to disk before it holds.
  await until('it is open again', async () => /Not today/.test(textOf(await read())), 20_000);
  await page.getByText('Every call is refused').waitFor({ state: 'detached' });
});
