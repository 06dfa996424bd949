import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { trayIconFile } from '../../../src-main/electron/tray-icon.ts';

const icons = join(import.meta.dirname, '../../../resources/tray');
const file = (platform: NodeJS.Platform, isDark: boolean, desktop = '') =>
  trayIconFile('', 'normal', { platform, isDark, desktop });

test('the icon is light on dark panels, and a template where the system tints it', () => {
  assert.equal(file('linux', false, 'KDE'), 'normal-22Template.png');
  assert.equal(file('linux', true, 'KDE'), 'normal-22-light.png');
  assert.equal(file('linux', false, 'ubuntu:GNOME'), 'normal-22-light.png');
  assert.equal(file('win32', true), 'normal-16-light.png');
  assert.equal(file('darwin', true), 'normal-16Template.png');
});

test('every icon is there at both scales', () => {
  for (const state of ['normal', 'pending', 'sign-in', 'locked'] as const)
    for (const platform of ['linux', 'win32', 'darwin'] as const)
      for (const isDark of [true, false]) {
        const path = trayIconFile(icons, state, { platform, isDark, desktop: '' });
        for (const one of [path, path.replace(/\.png$/, '@2x.png')]) assert.ok(existsSync(one), one);
      }
});
