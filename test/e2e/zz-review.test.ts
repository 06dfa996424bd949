import assert from 'node:assert/strict';
import test from 'node:test';
import { needsApp, startApp, askIn } from '../helpers/app.ts';
import { connectClient } from '../helpers/client.ts';
import { startDesktopHost } from '../helpers/desktop-host.ts';
import { createHome } from '../helpers/home.ts';
import { nucleusOk } from '../helpers/nucleus.ts';
import { until } from '../helpers/until.ts';
import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

test('tray returns', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  const desktop = await startDesktopHost(t);
  const app = await startApp(t, home, { env: { ...desktop.env, NUCLEUS_TEST_QUIT_ANSWER: 'keep' } });
  await connectClient(t, home);
  const page = await app.page();
  await desktop.tray.menuWith('a client', ({ items }) => items[0]?.label === 'No profiles yet, 1 client');
  const before = desktop.tray.registered();
  await Promise.all([page.waitForEvent('close'), page.evaluate("void window.nucleus.ask('app.quit', {})")]);
  let gone = false;
  try { await desktop.tray.properties(); } catch (e) { gone = true; console.log('gone', String(e)); }
  console.log({ gone, before });
  assert.equal(await app.startAgain(), 0);
  await app.page();
  await new Promise((r) => setTimeout(r, 1500));
  console.log('registered', desktop.tray.registered());
  await desktop.tray.click();
  await desktop.tray.menuWith('a client', ({ items }) => items[0]?.label === 'No profiles yet, 1 client');
});

test('stop withdraws', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t, '[approval]\nask_for = ["sqlite:prod/query"]\n');
  const file = home.path('a.db');
  new Database(file).exec("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('Ada')").close();
  const desktop = await startDesktopHost(t);
  const app = await startApp(t, home, { env: desktop.env, args: ['--hidden'] });
  await until('the gateway listens', () => home.endpoint());
  await nucleusOk(home, ['add', 'sqlite', 'prod', '--metadata', `file=${file}`]);
  const client = await connectClient(t, home);
  const call = client.callTool({ name: 'sqlite_prod_query', arguments: { sql: 'SELECT 1' } }).catch(String);
  const asked = await desktop.notification('the question');
  await nucleusOk(home, ['stop']);
  assert.equal(await app.end(), 0);
  console.log(await call);
  await new Promise((r) => setTimeout(r, 500));
  const n = await desktop.notification('same', ({ id }) => id === asked.id);
  console.log(n);
  console.log(readFileSync(join(home.state, 'logs', 'app.log'), 'utf8'));
  assert.equal(n.isOpen, false);
});
