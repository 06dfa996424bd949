// Looking for newer versions, in the real app. Nothing here reaches a network.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { AppSettings } from '../../src-shared/contract.ts';
import { askIn, needsApp, startApp } from '../helpers/app.ts';
import { createHome } from '../helpers/home.ts';

const patience = { timeout: 30_000 };

test('in a new home it is off, and then not even a question for it asks anybody', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  const page = await (await startApp(t, home)).page();
  const off = { isOn: false, isLooking: false, newer: null, last: null };
  const { updates } = (await askIn(page, 'app.lookForUpdate', {})) as AppSettings;
  assert.deepEqual(updates, off);
  assert.doesNotMatch(readFileSync(join(home.state, 'logs', 'app.log'), 'utf8'), /looked for/);
});

test('what was found yesterday is told after a restart, and hidden when it is switched off', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  const folder = join(home.state, 'app');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const preferences = join(folder, 'preferences.json');
  const lastLook = { at: Date.now(), version: '99.0.0', problem: null };
  writeFileSync(preferences, JSON.stringify({ view: 'settings', looksForUpdates: true, lastLook }), {
    mode: 0o600,
  });
  const page = await (await startApp(t, home)).page();
  await page.getByRole('button', { name: 'Skip for now' }).click(patience);
  await page.keyboard.press('Control+,');
  await page.getByText('Version 99.0.0 is there').waitFor(patience);
  await page.getByRole('switch', { name: 'Look for new versions once a day' }).click(patience);
  await page.getByText('Version 99.0.0 is there').waitFor({ ...patience, state: 'detached' });
  const kept = JSON.parse(readFileSync(preferences, 'utf8')) as object;
  assert.deepEqual(Object.fromEntries(Object.entries(kept).filter(([key]) => key !== 'place')), {
    theme: 'system',
    view: 'settings',
    looksForUpdates: false,
    lastLook,
  });
});
