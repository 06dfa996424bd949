import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { ensureElectron } from '../../scripts/ensure-electron.ts';
import { appEnvironment, askIn, needsApp, runApp, startApp } from '../helpers/app.ts';
import { connectClient, jsonOf } from '../helpers/client.ts';
import { startDesktopHost } from '../helpers/desktop-host.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { nucleus, nucleusOk } from '../helpers/nucleus.ts';
import { until } from '../helpers/until.ts';

/* How the desktop app starts, goes on and ends, beside clients that only want their calls answered. */

/** About a second of work that nothing but the end of the server stops. */
const longQuery =
  'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 8000000) SELECT count(*) AS n FROM c';

function addShop(home: Home): Promise<unknown> {
  const file = home.path('shop.db');
  new Database(file).exec('CREATE TABLE book (title); INSERT INTO book VALUES (1), (2)').close();
  return nucleusOk(home, ['add', 'sqlite', 'shop', '--metadata', `file=${file}`]);
}

const query = (client: Awaited<ReturnType<typeof connectClient>>, sql: string): Promise<unknown> =>
  client.callTool({ name: 'sqlite_shop_query', arguments: { sql } }).then((result) => jsonOf(result)['rows']);

const isStopped = (home: Home): boolean => existsSync(join(home.state, 'run', 'stopped'));

/** The page may be gone before Playwright hears that it asked. */
const quitIn = (page: Page): Promise<unknown> =>
  page.evaluate("void window.nucleus.ask('app.quit', {})").catch(() => {});

function prepare(t: TestContext): Home | null {
  return needsApp(t) ? createHome(t) : null;
}

test('the app takes the place of a gateway without a window, which finishes its calls first', async (t) => {
  const home = prepare(t);
  if (!home) return;
  await nucleusOk(home, ['start']);
  const headless = home.endpoint()?.pid;
  await addShop(home);
  const client = await connectClient(t, home);
  const call = query(client, longQuery);
  const app = await startApp(t, home);
  assert.deepEqual(await call, [{ n: 8_000_000 }]);
  const page = await app.page();
  const status = (await askIn(page, 'gateway.status', {})) as { pid: number };
  assert.notEqual(status.pid, headless);
  assert.equal(home.endpoint()?.pid, status.pid);
  // A built-in server of the app is a process of Electron's, and answers as ever.
  const after = await connectClient(t, home);
  assert.deepEqual(await query(after, 'SELECT count(*) AS n FROM book'), [{ n: 2 }]);
});

test('keep serving: window and tray go, calls do not fail, the next start has both again; stop ends it', async (t) => {
  const home = prepare(t);
  if (!home) return;
  const { env, tray } = await startDesktopHost(t);
  const app = await startApp(t, home, { env: { ...env, NUCLEUS_TEST_QUIT_ANSWER: 'keep' } });
  await addShop(home);
  const client = await connectClient(t, home);
  const page = await app.page();
  await Promise.all([page.waitForEvent('close'), quitIn(page)]);
  assert.equal(await app.windows(), 0);
  assert.deepEqual(await query(client, 'SELECT 1 AS one'), [{ one: 1 }]);

  const call = query(client, longQuery);
  const second = await startApp(t, home, { env: { ...env, NUCLEUS_TEST_QUIT_ANSWER: 'stop' } });
  const shown = await second.page();
  assert.equal(await app.end(), 0);
  assert.deepEqual(await call, [{ n: 8_000_000 }]);
  await tray.menuWith('the client', ({ items }) => items[0]?.label === '1 profile, 1 client');
  assert.deepEqual(await query(client, 'SELECT 1 AS one'), [{ one: 1 }]);
  await quitIn(shown);
  assert.equal(await second.end(), 0);
  assert.equal(isStopped(home), true);
  assert.equal(home.endpoint(), null);
  assert.match((await nucleus(home, ['serve'])).stderr, /Nucleus was stopped by you; run nucleus start/);

  const again = await startApp(t, home);
  await again.page();
  assert.equal(isStopped(home), false);
});

test('quitting without clients asks nothing and leaves no mark; nucleus stop ends the app too', async (t) => {
  const home = prepare(t);
  if (!home) return;
  const first = await startApp(t, home, { env: { NUCLEUS_TEST_QUIT_ANSWER: 'cancel' } });
  await quitIn(await first.page());
  assert.equal(await first.end(), 0);
  assert.equal(isStopped(home), false);

  const second = await startApp(t, home, { args: ['--hidden'] });
  await until('the gateway listens', () => home.endpoint());
  assert.equal(await second.windows(), 0);
  await nucleusOk(home, ['stop']);
  assert.equal(await second.end(), 0);
  assert.equal(isStopped(home), true);
});

test('a second start opens the window; preferences that cannot be kept do no harm; Ctrl-C ends it', async (t) => {
  const home = prepare(t);
  if (!home) return;
  const app = await startApp(t, home, { args: ['--hidden'] });
  await until('the gateway listens', () => home.endpoint());
  const opened = app.electron.waitForEvent('window');
  assert.equal(await app.startAgain(), 0);
  const page = await opened;
  await page.waitForFunction(() => 'nucleus' in globalThis);
  const file = join(home.state, 'app', 'preferences.json');
  rmSync(file, { force: true });
  mkdirSync(file);
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(801, 601));
  await page.waitForFunction('innerWidth === 801');
  await Promise.all([page.waitForEvent('close'), page.evaluate('window.close()').catch(() => {})]);
  const log = (): string => readFileSync(join(home.state, 'logs', 'app.log'), 'utf8');
  await until('it is said', () => log().includes('preferences cannot be kept'));
  // As long as it runs it knows them all the same.
  const again = app.electron.waitForEvent('window');
  assert.equal(await app.startAgain(), 0);
  assert.equal(await (await again).evaluate('innerWidth'), 801);
  assert.equal((await nucleus(home, ['list'])).code, 0);
  app.electron.process().kill('SIGINT');
  assert.equal(await app.end(), 0);
  assert.doesNotMatch(log(), / error /);
});

test('a page that dies is opened again, and no call fails meanwhile', async (t) => {
  const home = prepare(t);
  if (!home) return;
  const app = await startApp(t, home);
  await app.page();
  await addShop(home);
  const client = await connectClient(t, home);
  const calls: Promise<unknown>[] = [];
  const reopened = app.electron.waitForEvent('window');
  for (let count = 0; count < 50; count++) {
    calls.push(query(client, 'SELECT 1 AS one'));
    if (count === 10)
      await app.electron.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
      );
  }
  assert.deepEqual(
    new Set((await Promise.all(calls)).map((rows) => JSON.stringify(rows))),
    new Set(['[{"one":1}]']),
  );
  const page = await reopened;
  await page.waitForFunction(() => 'nucleus' in globalThis);
  assert.ok(await askIn(page, 'gateway.status', {}));
});

test('the page is caged: no Node, no other place, no second window, no permission, no foreign file', async (t) => {
  const home = prepare(t);
  if (!home) return;
  const app = await startApp(t, home);
  const page = await app.page();
  const preferences = await app.electron.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    const contents = window?.webContents as unknown as { getLastWebPreferences(): object } | undefined;
    window?.webContents.openDevTools();
    return { ...contents?.getLastWebPreferences(), hasDevTools: window?.webContents.isDevToolsOpened() };
  });
  const wanted = {
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
    hasDevTools: false,
  };
  assert.deepEqual({ ...preferences, ...wanted }, preferences);
  assert.equal(
    await page.evaluate('[typeof process, typeof require, window.open("https://example.org/")].join()'),
    'undefined,undefined,',
  );
  await page.evaluate('void (location.href = "https://example.org/")');
  assert.equal(
    await page.evaluate('navigator.permissions.query({ name: "notifications" }).then(({ state }) => state)'),
    'denied',
  );
  assert.match(page.url(), /^app:\/\/nucleus\//);
  const found = await app.electron.evaluate(async ({ BrowserWindow }) => {
    const urls = ['app://nucleus/', 'app://nucleus/..%2fmain%2fmain.js', 'app://other/index.html'];
    const own = BrowserWindow.getAllWindows()[0]?.webContents.session;
    return own && Promise.all(urls.map((url) => own.fetch(url).then(({ status }) => status)));
  });
  assert.deepEqual(found, [200, 404, 404]);
  await assert.rejects(askIn(page, 'profiles.burn', {}), /METHOD_UNKNOWN/);
});

test('what it cannot do it says in one sentence', async (t) => {
  const home = prepare(t);
  if (!home) return;
  const { executable } = await ensureElectron(() => {});
  const { DISPLAY: _, ...headless } = appEnvironment(home);
  let said = '';
  assert.equal(
    await runApp(executable, [join(import.meta.dirname, '../..')], headless, (text) => (said += text)),
    1,
  );
  assert.match(said, /Error: There is no display .* run "nucleus start"/);

  const app = await startApp(t, home);
  await app.page();
  assert.match(readFileSync(join(home.state, 'logs', 'app.log'), 'utf8'), /info app started/);
});
