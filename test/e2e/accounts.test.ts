// Two people sign in for two profiles of one service in the app's own windows, one after the other.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { partitionOf } from '../../src-main/electron/sign-in-rules.ts';
import { askIn, needsApp, startApp, type App } from '../helpers/app.ts';
import { startDesktopHost } from '../helpers/desktop-host.ts';
import { createHome } from '../helpers/home.ts';
import { json } from '../helpers/sign-in-server.ts';
import { nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { startWorld } from '../helpers/sign-in-world.ts';
import { until } from '../helpers/until.ts';

test('two people sign in one after the other, stay apart, and each is asked back by name', async (t) => {
  if (!needsApp(t)) return;
  verifies('NEW-001');
  const { authorization, server } = await startWorld(t);
  const home = createHome(t);
  const desktop = await startDesktopHost(t);
  const app = await startApp(t, home, { env: { ...desktop.env, ...passphrase(home) } });
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();

  await page.keyboard.press('Control+n');
  await page.getByRole('searchbox').fill(server.url);
  await page.getByRole('button', { name: /^By address/ }).click();
  await page.getByLabel('Connector', { exact: true }).fill('guarded');
  await page.getByLabel('Name', { exact: true }).fill('work');
  await page.getByRole('radio', { name: 'Dev', exact: true }).check();
  await page.getByRole('button', { name: 'Check and add' }).click();
  await page.getByText('Waiting for you at').waitFor();

  // Cancelled, nothing is left, and what was typed is still there.
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Check and add' }).click();
  await logIn(await signInPage(app, authorization.issuer), 'alice');
  await page.getByRole('option', { name: /^work\b.*alice@example\.com/ }).waitFor();

  await page.keyboard.press('Control+n');
  await page.getByRole('button', { name: /^guarded/i }).click();
  await page.getByLabel('Name', { exact: true }).fill('home');
  await page.getByRole('button', { name: 'Check and add' }).click();
  const second = await signInPage(app, authorization.issuer);
  assert.equal(await second.inputValue('input[name=person]'), '', 'the second window remembers nobody');
  await logIn(second, 'bob');
  await page.getByRole('option', { name: /^home\b.*bob@example\.com/ }).waitFor();
  await page.locator('aside').getByText('bob@example.com').first().waitFor();

  const cookies = await Promise.all(
    ['guarded:work', 'guarded:home', 'guarded:nobody'].map((id) => session(app, id)),
  );
  assert.ok(cookies[0] && cookies[1], 'each window remembers somebody');
  assert.notEqual(cookies[0], cookies[1]);
  assert.equal(cookies[2], null);
  const whoami = async (name: string): Promise<string> =>
    JSON.stringify(await askIn(page, 'tools.call', { name, arguments: {} }));
  assert.match(await whoami('guarded_work_whoami'), /"alice"/);
  assert.match(await whoami('guarded_home_whoami'), /"bob"/);
  const { stdout } = await nucleusOk(home, ['info']);
  assert.match(stdout, /guarded:work[\s\S]*alice@example\.com/);
  assert.match(stdout, /guarded:home[\s\S]*bob@example\.com/);

  // One of them is signed out at the service: only that profile asks, once, and only for who it was.
  for (const token of server.tokens) server.refused.add(token);
  authorization.answer = (path, _request, response) => {
    if (path !== '/token') return false;
    json(response, 400, { error: 'invalid_grant' });
    return true;
  };
  assert.match(await whoami('guarded_work_whoami').catch(String), /needs a sign-in/);
  const told = await desktop.notification(
    'the loss',
    ({ title }) => title === '△ DEV guarded:work needs sign-in',
  );
  assert.match(told.body, /^alice@example\.com: /);
  authorization.answer = () => false;
  await page.getByRole('option', { name: /^work\b.*needs sign-in/ }).click();
  await page.locator('aside').getByText('guarded:work needs sign-in').waitFor();
  desktop.press(told.id, 'Sign in');
  const again = await signInPage(app, authorization.issuer);
  await logIn(again, 'bob');
  await page.getByText('This is bob@example.com; guarded:work was alice@example.com.').waitFor();
  await page.getByRole('button', { name: 'Go back' }).click();
  await page.locator('aside').getByRole('button', { name: 'Sign in', exact: true }).click();
  await logIn(await signInPage(app, authorization.issuer), 'alice');
  await page.getByText('Signed in as alice@example.com.').first().waitFor();
  assert.match(await whoami('guarded_work_whoami'), /"alice"/);
  assert.equal(desktop.notifications.filter(({ title }) => title.endsWith('needs sign-in')).length, 1);
});

/** The page of a sign-in window that asks who somebody is. */
function signInPage(app: App, issuer: string): Promise<Page> {
  return until('a sign-in page', async () => {
    for (const page of app.electron.windows())
      if (
        page.url().startsWith(`${issuer}/interaction/`) &&
        (await page.title().catch(() => '')) === 'Log in'
      )
        return page;
    return null;
  });
}

async function logIn(page: Page, person: string): Promise<void> {
  await page.fill('input[name=person]', person);
  // Playwright's own click waits for a navigation to end; the one to the redirect never does.
  await page.evaluate(`document.querySelector('button').click()`);
}

/** Whoever is signed in at the authorization server, as the profile's cookies know it. */
async function session(app: App, profile: string): Promise<string | null> {
  return app.electron.evaluate(async ({ session: sessions }, name) => {
    const cookies = await sessions.fromPartition(name).cookies.get({ name: '_session' });
    return cookies[0]?.value ?? null;
  }, partitionOf(profile));
}
