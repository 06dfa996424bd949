import assert from 'node:assert/strict';
import test from 'node:test';
import { startDesktopHost, type TrayMenuItem } from '../helpers/desktop-host.ts';
import { watchTrayHost } from '../../src-main/electron/status-notifier.ts';
import { until, withDeadline } from '../helpers/until.ts';
import { approval, quietLog, snapshot } from '../fixtures/electron-parts/examples.ts';
import { needsDesktop, startParts } from '../fixtures/electron-parts/launch.ts';

/* The tray in a real Electron, seen by a panel on a session bus. */

const twoSqlite = snapshot([
  ['sqlite', 'prod', true],
  ['sqlite', 'staging', false],
]);

test('the tray shows profiles and waiting calls, and does what is chosen', async (t) => {
  if (!needsDesktop(t)) return;
  const { env, tray } = await startDesktopHost(t);
  const { run } = await startParts(t, env);
  const heard = (event: string) => until(event, () => run((parts, e) => parts.events.includes(e), event));

  await run((parts, next) => parts.setSnapshot(next), twoSqlite);
  const menu = await tray.menuWith('two profiles', (seen) => labels(seen).includes('2 profiles, no client'));
  assert.deepEqual(labels(menu), [
    '2 profiles, no client',
    '',
    'SQLite',
    '',
    'Add a profile…',
    'Lock everything',
    'Open Nucleus',
    'Quit Nucleus',
  ]);
  assert.equal(menu.items[0]?.enabled, false);
  const choices = menu.items[2]?.items ?? [];
  assert.deepEqual(
    choices.map(({ label, type, isChecked }) => [label, type, isChecked]),
    [
      ['◌ NO CLASS prod', 'radio', true],
      ['◌ NO CLASS staging', 'radio', false],
      ['', 'separator', null],
      ['Actions for ◌ NO CLASS prod', 'standard', null],
      ['Actions for ◌ NO CLASS staging', 'standard', null],
    ],
  );
  const quiet = await tray.propertiesWith(
    'the words',
    ({ ToolTip }) => ToolTip[2] === 'Nucleus: 2 profiles, no client',
  );

  await tray.click();
  await heard('open');
  await tray.choose('SQLite', '◌ NO CLASS staging');
  await heard('use sqlite:staging');
  await tray.choose('Add a profile…');
  await heard('add');

  await run((parts, next) => parts.setSnapshot(next), { ...twoSqlite, approvals: [approval('a1')] });
  const asking = await tray.propertiesWith(
    'a call',
    ({ ToolTip }) => ToolTip[2] === 'Nucleus: 1 approval waiting',
  );
  assert.notDeepEqual(asking.IconPixmap, quiet.IconPixmap);
  await tray.menuWith('the call', (seen) => labels(seen).includes('■ PROD sqlite:prod: query'));
  await tray.choose('■ PROD sqlite:prod: query', 'Review…');
  await heard('open approvals');
  await tray.choose('■ PROD sqlite:prod: query', 'Deny');
  await heard('deny a1');
  await tray.choose('Lock everything');
  await heard('lock');

  // Whoever is on the bus may press what is in a menu: it opens the window, and only that.
  const locked = { ...twoSqlite, status: { ...twoSqlite.status, lockedAt: 1 } };
  await run((parts, next) => parts.setSnapshot(next), locked);
  await tray.propertiesWith('the lock', ({ ToolTip }) => ToolTip[2] === 'Nucleus: everything is locked');
  const before = await run((parts) => parts.events.length, null);
  await tray.choose('Unlock…');
  await until('the window', () => run((parts, from) => parts.events.slice(from).includes('open'), before));
  assert.deepEqual(await run((parts, from) => parts.events.slice(from), before), ['open']);
  await tray.choose('Quit Nucleus');
  await heard('quit');
});

test('the icon is there before the gateway, and what is chosen meanwhile is done when that is', async (t) => {
  if (!needsDesktop(t)) return;
  const { env, tray } = await startDesktopHost(t);
  const { run } = await startParts(t, env);
  await tray.menuWith('the start', (seen) => labels(seen).includes('Starting'));
  await tray.choose('Open Nucleus');
  // What was pressed has arrived once a later word over the same bus is answered.
  await tray.menuWith('the start', (seen) => labels(seen).includes('Starting'));
  assert.deepEqual(await run((parts) => parts.events, null), []);
  await run((parts, next) => parts.setSnapshot(next), twoSqlite);
  await until('it opens', () => run((parts) => parts.events.includes('open'), null));
  await tray.menuWith('two profiles', (seen) => labels(seen).includes('2 profiles, no client'));
});

test('an icon made before the panel came, or lost with it, is shown as soon as there is a panel', async (t) => {
  if (!needsDesktop(t)) return;
  const { env, tray } = await startDesktopHost(t, { tray: false });
  const { run } = await startParts(t, env);
  await run((parts, next) => parts.setSnapshot(next), twoSqlite);
  await until('the tray asked', () => run((parts) => parts.asked > 0, null));
  assert.equal(tray.registered(), 0);

  await tray.appear();
  await tray.menuWith('two profiles', (seen) => labels(seen).includes('2 profiles, no client'));

  await tray.leave();
  const before = tray.registered();
  await tray.appear();
  await tray.menuWith('two profiles', (seen) => labels(seen).includes('2 profiles, no client'));
  assert.ok(tray.registered() > before);
  await tray.click();
  await until('the click', () => run((parts) => parts.events.includes('open'), null));
});

test('a panel that came between the icon and the watch for it is found', async (t) => {
  if (!needsDesktop(t)) return;
  const { env } = await startDesktopHost(t);
  const { DBUS_SESSION_BUS_ADDRESS: before } = process.env;
  t.after(() => void (process.env['DBUS_SESSION_BUS_ADDRESS'] = before));
  Object.assign(process.env, env);
  // This process stands for an app whose icon was made too early: the panel is there, and no icon of ours is.
  const missing = Promise.withResolvers<void>();
  const watch = watchTrayHost({ log: quietLog, onMissing: missing.resolve });
  t.after(() => watch.close());
  await withDeadline('the icon to be missed', missing.promise);
});

test("the icon follows the panel's theme, not the one a person chose for the app", async (t) => {
  if (!needsDesktop(t)) return;
  const { env, tray } = await startDesktopHost(t);
  const { app, run } = await startParts(t, { ...env, XDG_CURRENT_DESKTOP: 'KDE' });
  await run((parts, next) => parts.setSnapshot(next), twoSqlite);
  await tray.menuWith('two profiles', (seen) => labels(seen).includes('2 profiles, no client'));
  const before = await tray.properties();
  await app.evaluate(async ({ nativeTheme }) => {
    const isUpdated = new Promise<void>((resolve) => nativeTheme.once('updated', () => resolve()));
    nativeTheme.themeSource = nativeTheme.shouldUseDarkColors ? 'light' : 'dark';
    await isUpdated;
  });
  assert.deepEqual((await tray.properties()).IconPixmap, before.IconPixmap);
});

test('a burst of changes is one question, and a menu that stays the same is not touched', async (t) => {
  if (!needsDesktop(t)) return;
  const { env, tray } = await startDesktopHost(t);
  const { run } = await startParts(t, env);
  await run((parts, next) => parts.setSnapshot(next), twoSqlite);
  const first = await tray.menuWith('two profiles', (seen) => labels(seen).includes('2 profiles, no client'));

  const before = await run((parts) => parts.asked, null);
  await run((parts, next) => {
    for (let i = 0; i < 100; i++) parts.setSnapshot(next);
  }, twoSqlite);
  await until('asked again', () => run((parts, asked) => parts.asked > asked, before));
  assert.ok((await run((parts) => parts.asked, null)) <= before + 2);
  // A rebuilt menu has new ids.
  assert.deepEqual(await tray.menu(), first);
});

function labels(menu: TrayMenuItem): string[] {
  return menu.items.map(({ label }) => label);
}
