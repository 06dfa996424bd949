import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createAutostart, programAtLogin, type AutostartDeps } from '../../../src-main/electron/autostart.ts';
import { createHome, type Scope } from '../../helpers/home.ts';

test('on Linux it is a desktop entry that comes and goes', (t) => {
  const { autostart, file } = fixture(t, { execPath: '/opt/Nucleus/nucleus', args: ['--hidden'] });
  assert.equal(autostart.isOn(), false);
  autostart.set(false);
  autostart.set(true);
  assert.equal(autostart.isOn(), true);
  assert.equal(
    readFileSync(file, 'utf8'),
    `[Desktop Entry]
Type=Application
Name=Nucleus
Exec=/opt/Nucleus/nucleus --hidden
Terminal=false
StartupNotify=false
X-GNOME-Autostart-enabled=true
`,
  );
  autostart.set(true);
  autostart.set(false);
  assert.equal(autostart.isOn(), false);
  assert.equal(existsSync(file), false);
});

test('paths and arguments are quoted as the specification wants', (t) => {
  const { autostart, file } = fixture(t, {
    appName: 'A\\B\nC',
    execPath: '/home/a b/$x`y"z\\n',
    args: ['100%', 'ä', "it's"],
  });
  autostart.set(true);
  const lines = readFileSync(file, 'utf8').split('\n');
  assert.equal(lines[2], 'Name=A\\\\B\\nC');
  assert.equal(lines[3], 'Exec="/home/a b/\\\\$x\\\\`y\\\\"z\\\\\\\\n" 100%% "ä" "it\'s"');
});

test('an entry the desktop turned off is off', (t) => {
  const { autostart, file } = fixture(t);
  for (const line of ['Hidden=true', 'X-GNOME-Autostart-enabled=false']) {
    autostart.set(true);
    writeFileSync(file, `[Desktop Entry]\n${line}\n`);
    assert.equal(autostart.isOn(), false, line);
  }
});

test('a link somebody put there is not followed: its target stays as it was', (t) => {
  const { autostart, file, home } = fixture(t);
  const target = home.path('target');
  writeFileSync(target, 'theirs');
  mkdirSync(join(file, '..'), { recursive: true });
  symlinkSync(target, file);
  assert.equal(autostart.isOn(), false);
  autostart.set(true);
  assert.equal(lstatSync(file).isSymbolicLink(), false);
  assert.equal(readFileSync(target, 'utf8'), 'theirs');

  autostart.set(false);
  symlinkSync(target, file);
  assert.equal(readlinkSync(file), target);
  autostart.set(false);
  assert.equal(lstatSync(file, { throwIfNoEntry: false }), undefined);
  assert.equal(readFileSync(target, 'utf8'), 'theirs');
});

test('an image is started where the app runs from it, and not one whose terminal opened the app', () => {
  const own = { APPIMAGE: '/home/me/Nucleus.AppImage', APPDIR: '/tmp/.mount_Nucl' };
  const other = { APPIMAGE: '/home/me/Editor.AppImage', APPDIR: '/tmp/.mount_Edit' };
  const started = (env: object): string =>
    programAtLogin('/tmp/.mount_Nucl/resources', { ...env }, '/tmp/.mount_Nucl/nucleus-app');
  assert.equal(started(own), '/home/me/Nucleus.AppImage');
  for (const env of [other, { APPIMAGE: other.APPIMAGE }, { ...other, APPDIR: '' }, {}])
    assert.equal(started(env), '/tmp/.mount_Nucl/nucleus-app');
});

for (const platform of ['darwin', 'win32'] as const)
  test(`on ${platform} it is the system's login item`, (t) => {
    let isItem = false;
    const loginItems = { get: () => isItem, set: (on: boolean) => void (isItem = on) };
    const { autostart, home } = fixture(t, { platform, loginItems });
    autostart.set(true);
    assert.deepEqual([isItem, autostart.isOn()], [true, true]);
    autostart.set(false);
    assert.deepEqual([isItem, autostart.isOn()], [false, false]);
    assert.equal(existsSync(home.path('config')), false);
  });

function fixture(scope: Scope, change: Partial<AutostartDeps> = {}) {
  const home = createHome(scope);
  const autostart = createAutostart({
    appName: 'Nucleus',
    execPath: '/opt/nucleus',
    args: [],
    configHome: home.path('config'),
    platform: 'linux',
    loginItems: {
      get: () => assert.fail('not on Linux'),
      set: () => assert.fail('not on Linux'),
    },
    ...change,
  });
  return { home, autostart, file: home.path('config', 'autostart', 'nucleus.desktop') };
}
