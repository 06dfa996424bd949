// The palette, the keys and the tray's popover, in the real app.
import assert from 'node:assert/strict';
import test from 'node:test';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { askIn, needsApp, startApp, type App } from '../helpers/app.ts';
import { connectClient, controlGateway } from '../helpers/client.ts';
import { startDesktopHost } from '../helpers/desktop-host.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { until as untilWithin } from '../helpers/until.ts';

function createDatabase(home: Home, name: string): string {
  const file = home.path(`${name}.db`);
  const db = new Database(file);
  db.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Ada')");
  db.close();
  return file;
}

/** A machine with other work takes its time. */
const until = <T>(what: string, look: () => T | Promise<T>) => untilWithin(what, look, 30_000);
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });
const focused = (page: Page, attribute: string): Promise<string | null> =>
  page.evaluate(`document.activeElement?.getAttribute(${JSON.stringify(attribute)}) ?? null`);

/** Clicks the tray's icon where a system says where it lies; under Xvfb nobody does. */
async function clickIcon({ electron }: App): Promise<boolean> {
  return electron.evaluate(
    (_, icon) => {
      const { nucleusTest } = globalThis as unknown as {
        nucleusTest: { popover: { toggle(icon: object): boolean } };
      };
      return nucleusTest.popover.toggle(icon);
    },
    { x: 900, y: 0, width: 22, height: 22 },
  );
}

async function popoverPage({ electron }: App): Promise<Page> {
  return until('the page of the popover', () =>
    electron.windows().find((one) => one.url().endsWith('/popover.html')),
  );
}

async function isPopoverShown({ electron }: App): Promise<boolean> {
  return electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().some(
      (one) => one.webContents.getURL().endsWith('/popover.html') && one.isVisible(),
    ),
  );
}

test('views, profiles and answers are in reach of the keyboard, and a question of the tray’s popover', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  const desktop = await startDesktopHost(t);
  const app = await startApp(t, home, { env: desktop.env, args: ['--hidden'] });
  // Panels here do not tell where the icon lies: there is no place for the popover, and a click opens the window.
  await desktop.tray.propertiesWith('the icon', ({ ToolTip }) => ToolTip[2] !== '');
  assert.equal(await app.windows(), 0);
  await desktop.tray.click();
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(await app.windows(), 1);
  const gateway = await controlGateway(t, home);
  for (const [name, env] of [
    ['prod', 'prod'],
    ['staging', 'staging'],
  ] as const) {
    const metadata = { file: createDatabase(home, name) };
    await gateway.ask('profiles.add', { connector: 'sqlite', name, metadata, readOnly: false, env });
  }

  await page.keyboard.press('Control+2');
  await heading(page, 'Approvals').waitFor();
  await page.keyboard.press('Control+3');
  await heading(page, 'Activity').waitFor();
  await page.keyboard.press('Control+,');
  await heading(page, 'Settings').waitFor();

  // By the palette to a profile, whose row then has the focus.
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Profile, view, action or tool' }).fill('stag');
  await page.getByRole('option', { name: /^sqlite:staging, Staging, SQLite/, selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await heading(page, 'Profiles').waitFor();
  await page.getByRole('complementary', { name: 'sqlite:staging' }).waitFor();
  await until('the row', async () => (await focused(page, 'data-profile')) === 'sqlite:staging');
  await page.keyboard.press('Enter');
  await until('its detail', async () => (await focused(page, 'aria-label')) === 'sqlite:staging');
  await page.keyboard.press('Escape');
  await until('its row again', async () => (await focused(page, 'data-profile')) === 'sqlite:staging');

  // A tool is found in its list, wherever there it lies.
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Profile, view, action or tool' }).fill('staging_query');
  await page.getByRole('option', { name: /^sqlite_staging_query, Staging/, selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'sqlite_staging_query' }).waitFor();
  await page.getByRole('option', { name: /^sqlite_staging_query/, selected: true }).waitFor();
  await page.keyboard.press('Control+1');
  const row = page.getByRole('option', { name: /^staging, Staging/ });
  await row.focus();

  // Esc gives the focus back to where it was, from the palette and from the sheet of keys.
  for (const [key, name] of [
    ['Control+k', 'Find profiles, views and actions'],
    ['?', 'Keys'],
  ] as const) {
    await page.keyboard.press(key);
    await page.getByRole('dialog', { name }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name }).waitFor({ state: 'detached' });
    assert.equal(await focused(page, 'data-profile'), 'sqlite:staging', name);
  }

  // A question: first in the popover, and answered where its arguments are complete.
  const client = await connectClient(t, home);
  const writing = client.callTool({
    name: 'sqlite_prod_query',
    arguments: { sql: "UPDATE users SET name = 'Bo'" },
  });
  await page.getByRole('link', { name: /^Approvals 1 waiting/ }).waitFor();
  assert.equal(await clickIcon(app), true);
  const popover = await popoverPage(app);
  const question = popover.getByRole('region', { name: 'Approval waiting' });
  await question.getByText(/ wants to run query$/).waitFor();
  await question.getByText("sql: UPDATE users SET name = 'Bo'").waitFor();
  assert.equal(await popover.getByRole('button', { name: /Allow/ }).count(), 0);
  // Nor could its page, whatever ran in it, ask for more than it shows.
  for (const ask of ['approvals.allow', 'pin.set', 'policy.save', 'hosts.connect', 'app.quit'])
    await assert.rejects(askIn(popover, ask, {}), /METHOD_UNKNOWN/, ask);
  await until('it is in sight', () => isPopoverShown(app));
  // Arrows walk the rows, Space makes one the default, Esc puts it away.
  await popover.getByRole('radio', { name: /^prod/ }).focus();
  await popover.keyboard.press('ArrowDown');
  await popover.keyboard.press('Space');
  await popover.getByRole('radio', { name: /^staging/, checked: true }).waitFor();
  const listed = await gateway.ask('profiles.list', {});
  assert.deepEqual(
    listed.filter(({ isDefault }) => isDefault).map(({ id }) => id),
    ['sqlite:staging'],
  );
  await popover.keyboard.press('Escape');
  await until('it is out of sight', async () => !(await isPopoverShown(app)));
  await until('it opens again', async () => {
    if (!(await isPopoverShown(app))) await clickIcon(app);
    return isPopoverShown(app);
  });
  await popover.getByRole('button', { name: 'Review and answer' }).click();
  await heading(page, 'Approvals').waitFor();
  await until('it made room', async () => !(await isPopoverShown(app)));

  await page.getByRole('button', { name: /^Deny/, disabled: false }).waitFor();
  await page.keyboard.press('d');
  assert.equal((await writing).isError, true);
});
