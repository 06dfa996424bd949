import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import dbus from 'dbus-next';
import { startDesktopHost, type DesktopHost } from '../helpers/desktop-host.ts';
import { createScope } from '../helpers/home.ts';
import { until } from '../helpers/until.ts';
import { approval } from '../fixtures/electron-parts/examples.ts';
import {
  canRunElectron,
  needsDesktop,
  startParts,
  type PartsApp,
} from '../fixtures/electron-parts/launch.ts';

/* Notifications of a real Electron, answered at a notification daemon on a session bus. */

const scope = createScope();
let desktop: DesktopHost;
let app: PartsApp;

before(async () => {
  if (!canRunElectron()) return;
  desktop = await startDesktopHost(scope, { tray: false });
  app = await startParts(scope, desktop.env);
});

/** What the app heard about one question so far. */
const heard = (id: string) =>
  app.run((parts, wanted) => parts.events.filter((event) => event.endsWith(` ${wanted}`)), id);
const hears = (event: string) => until(event, () => app.run((parts, e) => parts.events.includes(e), event));
const ask = async (id: string, change: Parameters<typeof approval>[1] = {}) => {
  await app.run(
    (parts, question) => parts.show(question),
    approval(id, { client: `Claude ${id}`, ...change }),
  );
  return desktop.notification(`the question ${id}`, ({ body }) => body.startsWith(`Claude ${id}`));
};

test('a waiting call is allowed once, or denied, by the buttons of its notification', async (t) => {
  if (!needsDesktop(t)) return;
  const shown = await ask('one');
  assert.equal(shown.title, '■ PROD sqlite:prod: allow query?');
  assert.equal(shown.body, 'Claude one\n{ "sql": "delete from notes where id = 7" }');
  assert.deepEqual(
    shown.actions.filter((_action, index) => index % 2 === 1),
    ['Open Nucleus', 'Deny', 'Allow once'],
  );
  assert.equal(shown.urgency, 2);
  assert.equal(shown.isResident, true);
  desktop.press(shown.id, 'Allow once');
  await hears('allow one');

  const other = await ask('two');
  desktop.press(other.id, 'Deny');
  await hears('deny two');
  assert.deepEqual(await heard('one'), ['allow one']);
});

test('a click on the body opens the window, and closing the notification answers nothing', async (t) => {
  if (!needsDesktop(t)) return;
  const shown = await ask('three');
  desktop.dismiss(shown.id);
  desktop.press((await ask('four')).id, 'default');
  // The bus keeps the order, so what the first one did would have been heard before.
  await hears('open four');
  assert.deepEqual(await heard('three'), []);
});

test('what does not fit or is not all visible can be denied or reviewed, not allowed', async (t) => {
  if (!needsDesktop(t)) return;
  const long = await ask('five', { arguments: JSON.stringify({ sql: 'x'.repeat(200) }) });
  assert.ok(!long.actions.includes('Allow once'));
  desktop.press(long.id, 'Review');
  await hears('open five');

  const hidden = await ask('six', { arguments: '{"sql":"select 1\u202e"}' });
  assert.ok(!hidden.actions.includes('Allow once'));
  assert.equal(hidden.body, 'Claude six\n{"sql":"select 1[U+202E]"}');

  const markup = await ask('seven', { arguments: '{"html":"<b>&amp;</b>"}' });
  assert.equal(markup.body, 'Claude seven\n{"html":"&lt;b&gt;&amp;amp;&lt;/b&gt;"}');
});

test('a notification is withdrawn when its question is over, even before the daemon told its number', async (t) => {
  if (!needsDesktop(t)) return;
  const shown = await ask('eight');
  await app.run((parts, id) => parts.withdraw(id), 'eight');
  await desktop.notification('it closed', ({ id, isOpen }) => id === shown.id && !isOpen);

  await app.run(
    (parts, question) => {
      parts.show(question);
      parts.withdraw(question.id);
    },
    approval('nine', { client: 'Claude nine' }),
  );
  const closed = await desktop.notification(
    'the second closed',
    ({ body, isOpen }) => body.startsWith('Claude nine') && !isOpen,
  );
  desktop.press(closed.id, 'Allow once');
  desktop.press((await ask('ten')).id, 'Deny');
  await hears('deny ten');
  assert.deepEqual(await heard('nine'), []);
});

test('a click that overtakes the reply is not lost', async (t) => {
  if (!needsDesktop(t)) return;
  desktop.pressEarly('Allow once');
  await ask('eleven');
  await hears('allow eleven');
});

test('a signal that does not come from the daemon answers nothing, sent to all or to us alone', async (t) => {
  if (!needsDesktop(t)) return;
  const shown = await ask('twelve');
  const forger = dbus.sessionBus({ busAddress: desktop.env['DBUS_SESSION_BUS_ADDRESS'] ?? '' });
  const signal = (destination: string | null): dbus.Message => {
    const message = dbus.Message.newSignal(
      '/org/freedesktop/Notifications',
      'org.freedesktop.Notifications',
      'ActionInvoked',
      'us',
      [shown.id, 'allow'],
    );
    return destination === null ? message : Object.assign(message, { destination });
  };
  const names = await forger.call(
    new dbus.Message({
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'ListNames',
    }),
  );
  const connections = ((names?.body ?? [[]])[0] as string[]).filter((name) => name.startsWith(':'));
  assert.ok(connections.length > 1, 'the app and the daemon are on the bus');
  forger.send(signal(null));
  for (const connection of connections) forger.send(signal(connection));
  // Its reply proves that the bus has passed the signals on.
  await forger.releaseName('dev.nucleus.nobody');
  forger.disconnect();
  desktop.press(shown.id, 'Deny');
  await hears('deny twelve');
  assert.deepEqual(await heard('twelve'), ['deny twelve']);
});

test('a daemon cannot allow what it was given no button for', async (t) => {
  if (!needsDesktop(t)) return;
  const shown = await ask('sixteen', { via: ['terminal'] });
  assert.ok(!shown.actions.includes('Allow once'));
  desktop.pressKey(shown.id, 'allow');
  desktop.press(shown.id, 'Deny');
  await hears('deny sixteen');
  assert.deepEqual(await heard('sixteen'), ['deny sixteen']);
});

test('a daemon without buttons gets none, and one that comes late is found', async (t) => {
  if (!needsDesktop(t)) return;
  desktop.setCapabilities(['body']);
  const plain = await ask('thirteen', { arguments: '{"a":"<"}' });
  assert.deepEqual(plain.actions, ['default', 'Open Nucleus']);
  assert.equal(plain.body, 'Claude thirteen\n{"a":"<"}');
  desktop.press(plain.id, 'default');
  await hears('open thirteen');

  desktop.setCapabilities();
  await desktop.leave();
  await app.run((parts, question) => parts.show(question), approval('fourteen'));
  await until('it is told', () =>
    app.run((parts) => parts.log.some((line) => line.includes('notification not shown')), null),
  );
  await desktop.appear();
  desktop.press((await ask('fifteen')).id, 'Allow once');
  await hears('allow fifteen');
});
