import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Updates } from '../../../src-shared/updates.ts';
import { openWindow } from '../../helpers/window.ts';

const off: Updates = { isOn: false, isLooking: false, newer: null, last: null };
const settings = (updates: Updates): object => ({
  theme: 'system',
  autostart: false,
  view: 'settings',
  wantsAdd: false,
  updates,
});

test('looking for new versions is switched on, and what was found comes by itself', async (t) => {
  const page = 'https://releases.example/latest';
  let updates = off;
  const { app, asked, push } = await openWindow(t, {
    'settings.get': () => settings(updates),
    'settings.set': () => settings((updates = { ...off, isOn: true, isLooking: true })),
    'app.openPage': {},
  });
  assert.deepEqual(app.settings.value?.updates, off);
  await app.settingsView.set({ looksForUpdates: true });
  assert.deepEqual(asked[0], ['settings.set', { looksForUpdates: true }]);
  assert.equal(app.settings.value?.updates?.isLooking, true);
  updates = {
    ...off,
    isOn: true,
    newer: { version: '1.2.3', page },
    last: { at: 0, problem: null, nextAt: 1 },
  };
  await push('settings');
  assert.equal(app.settings.value?.updates?.newer?.version, '1.2.3');
  await app.desktop.openPage(page);
  assert.deepEqual(asked.at(-1), ['app.openPage', { url: page }]);
});

test('a person looks again after a look that failed', async (t) => {
  const failed: Updates = {
    ...off,
    isOn: true,
    last: { at: 0, problem: 'a.example was not found', nextAt: 1 },
  };
  const { app, asked } = await openWindow(t, {
    'settings.get': settings(failed),
    'app.lookForUpdate': settings({ ...failed, isLooking: true }),
  });
  await app.settingsView.lookForUpdate();
  assert.deepEqual(asked, [['app.lookForUpdate', {}]]);
  assert.equal(app.settings.value?.updates?.isLooking, true);
  assert.equal(app.settingsView.problem, null);
});

test('a switch that could not be set says so and does not look set', async (t) => {
  const { app } = await openWindow(t, {
    'settings.get': settings(off),
    'settings.set': Object.assign(new Error('the app does not answer'), { name: 'INTERNAL' }),
  });
  await app.settingsView.set({ looksForUpdates: true });
  assert.equal(app.settings.value?.updates?.isOn, false);
  assert.equal(app.settingsView.problem?.message, 'the app does not answer');
});
