// The page of `nucleus ui` in a real browser, on the gateway of a real home.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { browse } from '../helpers/browse.ts';
import { openChromium, openTab, type Tab } from '../helpers/chromium.ts';
import { attach, nucleusErrorOf } from '../helpers/client.ts';
import { openGuarded, type Guarded } from '../helpers/guarded.ts';
import { createScope } from '../helpers/home.ts';
import { nucleusOk } from '../helpers/nucleus.ts';
import { needs } from '../helpers/require.ts';
import { verifies } from '../helpers/requirements.ts';
import { addGuarded, startWorld } from '../helpers/sign-in-world.ts';
import { testPin } from '../helpers/terminal.ts';
import { startUi, type Ui } from '../helpers/ui.ts';
import { until } from '../helpers/until.ts';

const context = { signal: new AbortController().signal };
const wrongPin = '271828';

/** One gateway, which nobody sits before, and one browser for all tests; each has a `nucleus ui` of its own. */
interface World {
  readonly guarded: Guarded;
  readonly browser: Browser;
}
const scope = createScope();
let world: Promise<World> | null = null;

async function openWorld(): Promise<World> {
  const guarded = await openGuarded(scope, { prod: 'prod', open: null }, { isAttended: false });
  return { guarded, browser: await openChromium(scope) };
}

interface Opened extends World, Tab {
  readonly ui: Ui;
}

/** A browser that came in by the link, to a gateway with this PIN. */
async function open(t: test.TestContext, pin: string | null = testPin): Promise<Opened> {
  const { guarded, browser } = await (world ??= openWorld());
  const { person } = guarded.desk.host;
  if (pin === null) await person.pin.remove({}, context);
  else await person.pin.set({ pin }, context);
  await person.lock.release({}, context);
  const ui = await startUi(t, guarded.home);
  const tab = await openTab(t, browser);
  await tab.page.goto(ui.link);
  await tab.page.getByRole('heading', { name: 'Profiles' }).waitFor();
  return { guarded, browser, ui, ...tab };
}

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Prove it is you' });

test('the link opens the window of the app once, and what changes shows by itself', async (t) => {
  verifies('NEW-028');
  if (!needs(t, 'chromium')) return;
  const { guarded, browser, ui, page, problems } = await open(t);
  assert.equal(new URL(page.url()).pathname, '/', 'the token is out of the address bar');
  await page.getByRole('option', { name: /^prod/ }).waitFor();
  await page.getByRole('option', { name: /^open/ }).waitFor();
  const second = await openTab(t, browser);
  const refused = await second.page.goto(ui.link);
  assert.equal(refused?.status(), 403);
  assert.match((await refused?.text()) ?? '', /opened already/);
  const file = guarded.home.path('shop.db');
  writeFileSync(file, '');
  await nucleusOk(guarded.home, ['add', 'sqlite', 'shop', '--metadata', `file=${file}`, '--no-connect']);
  await page.getByRole('option', { name: /^shop/ }).waitFor();
  await page.reload();
  await page.getByRole('option', { name: /^shop/ }).waitFor();
  assert.deepEqual(problems, []);
  await second.page.goto(await ui.another());
  await second.page.getByRole('option', { name: /^shop/ }).waitFor();
  assert.equal(await ui.end(), 0);
});

test('a call that waits is allowed with the PIN, and a wrong one is told', async (t) => {
  verifies('NEW-028', 'NEW-002');
  if (!needs(t, 'chromium')) return;
  const { guarded, page, problems } = await open(t);
  const client = await attach(t, guarded.home);
  await client.initialize();
  const call = client.call('db_prod_execute', { query: 'from the page' });
  await page.getByRole('link', { name: /Approvals/ }).click();
  await page.getByText('from the page').waitFor();
  assert.equal(await page.title(), '(1) Nucleus', 'a tab in the background says so, too');
  await page.getByRole('button', { name: 'Allow once on prod', disabled: false }).click();
  await dialog(page).getByText('Allow execute on db:prod for line-client').waitFor();
  await page.getByLabel('Approval PIN').fill(wrongPin);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await dialog(page).getByText('4 tries are left').first().waitFor();
  assert.deepEqual(await axe(page, 'dialog'), []);
  assert.deepEqual(guarded.reached('prod'), []);
  assert.equal(await page.getByLabel('Approval PIN').inputValue(), '', 'what was typed is gone');
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByText('was not confirmed with your PIN').waitFor();
  assert.deepEqual(guarded.reached('prod'), []);
  await page.getByRole('button', { name: 'Allow once on prod', disabled: false }).click();
  await page.getByLabel('Approval PIN').fill(testPin);
  await page.keyboard.press('Enter');
  await dialog(page).waitFor({ state: 'detached' });
  assert.equal(nucleusErrorOf(await call), undefined);
  assert.deepEqual(guarded.reached('prod'), ['execute']);
  assert.deepEqual(problems, []);
});

test('locking needs nothing, unlocking the PIN, and five wrong ones lock that', async (t) => {
  verifies('NEW-019', 'NEW-028');
  if (!needs(t, 'chromium')) return;
  const { guarded, page } = await open(t);
  const isLocked = async (): Promise<boolean> => (await guarded.gateway.status()).lockedAt !== null;
  await page.getByRole('button', { name: 'Lock everything' }).click();
  await until('everything is locked', isLocked, 30_000);
  await page.getByRole('button', { name: 'Unlock' }).first().click();
  await page.getByLabel('Approval PIN').fill(testPin);
  await page.keyboard.press('Enter');
  await until('everything is open again', async () => !(await isLocked()), 30_000);
  await page.getByRole('button', { name: 'Lock everything' }).click();
  await until('everything is locked', isLocked, 30_000);
  await page.getByRole('button', { name: 'Unlock' }).first().click();
  for (let left = 4; left > 0; left -= 1) {
    await page.getByLabel('Approval PIN').fill(wrongPin);
    await page.keyboard.press('Enter');
    await dialog(page)
      .getByText(new RegExp(`${left} (tries are|try is) left`))
      .first()
      .waitFor();
  }
  await page.getByLabel('Approval PIN').fill(wrongPin);
  await page.keyboard.press('Enter');
  await dialog(page)
    .getByText(/Five wrong tries: the PIN is locked until/)
    .waitFor();
  await dialog(page).getByRole('button', { name: 'Close' }).click();
  assert.equal(await isLocked(), true);
});

test('without a PIN the page says how to set one', async (t) => {
  if (!needs(t, 'chromium')) return;
  const { guarded, page } = await open(t, null);
  await page.getByRole('button', { name: 'Lock everything' }).click();
  await page.getByRole('button', { name: 'Unlock' }).first().click();
  await dialog(page).getByText('nucleus pin set').waitFor();
  assert.equal(await page.getByLabel('Approval PIN').count(), 0);
  assert.deepEqual(await axe(page, 'dialog'), []);
  await page.keyboard.press('Escape');
  assert.notEqual((await guarded.gateway.status()).lockedAt, null);
});

test('a sign-in shows its page to open, and takes the address a browser elsewhere ended at', async (t) => {
  verifies('NEW-028');
  if (!needs(t, 'chromium')) return;
  const { guarded, page } = await open(t);
  await addGuarded(guarded.gateway, 'wiki:work', await startWorld(scope));
  await page.getByRole('option', { name: /^work/ }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const link = page.getByRole('link', { name: 'Open the sign-in page' });
  const href = (await link.getAttribute('href')) ?? '';
  assert.deepEqual(
    [await link.getAttribute('target'), await link.getAttribute('rel')],
    ['_blank', 'noopener noreferrer'],
  );
  const cameBack = page.getByLabel('Address it ended at');
  await cameBack.fill('http://127.0.0.1/elsewhere');
  await page.keyboard.press('Enter');
  await page.getByText('That is not the address this sign-in ends at').waitFor();
  await cameBack.fill((await browse(href)).href);
  await page.getByRole('button', { name: 'Take it' }).click();
  await page.getByText('Signed in as alice@example.com').first().waitFor();
});

test('each view opens at any width without a complaint of the browser, and nothing scrolls sideways', async (t) => {
  verifies('NEW-028');
  if (!needs(t, 'chromium')) return;
  const { page, problems } = await open(t);
  for (const width of [1_100, 360]) {
    await page.setViewportSize({ width, height: 720 });
    const links = page.getByRole('navigation', { name: 'Views' }).getByRole('link');
    for (let index = 0; index < (await links.count()); index += 1) {
      await links.nth(index).click();
      const name = (await links.nth(index).getAttribute('title')) ?? '';
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await page.locator('.Skeleton').waitFor({ state: 'detached' });
      assert.deepEqual(await page.evaluate(tooWide), [], `${name} at ${width}`);
    }
  }
  assert.deepEqual(problems, []);
});

test('who signs out has to open another link, and so has everybody once the command ended', async (t) => {
  if (!needs(t, 'chromium')) return;
  const { ui, page } = await open(t);
  await page.getByRole('link', { name: /Settings/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Signed out' }).waitFor();
  assert.deepEqual(await axe(page, 'body'), []);
  await page.reload();
  await page.getByRole('heading', { name: 'Signed out' }).waitFor();
  await page.goto(await ui.another());
  await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
  assert.equal(await ui.end(), 0);
  await page.getByText('Gateway does not answer').waitFor({ state: 'attached' });
});

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong in an element for those who do not see it, or use no mouse. */
async function axe(page: Page, within: string): Promise<unknown> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axeSource);
  return page.evaluate(
    `axe.run('${within}').then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`,
  );
}

/** What of the page is wider than it, in a page. */
const tooWide = `(() => {
  const wide = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];
  for (const element of document.querySelectorAll('*')) {
    const { overflowX } = getComputedStyle(element);
    const isScroller = overflowX === 'auto' || overflowX === 'scroll';
    if (isScroller && element.scrollWidth > element.clientWidth + 1 && !element.matches('pre, code, textarea, table, [data-sideways]'))
      wide.push(element.tagName + '.' + element.className + ' ' + element.scrollWidth + ' > ' + element.clientWidth);
  }
  return wide;
})()`;
