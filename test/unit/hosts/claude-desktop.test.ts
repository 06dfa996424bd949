import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHostTable, type Host } from '../../../src-main/gateway/hosts/host-table.ts';
import { verifies } from '../../helpers/requirements.ts';
import { shim, temporaryHome } from './support.ts';

const name = 'claude_desktop_config.json';
const claudeDesktop = (place: Parameters<typeof createHostTable>[0]): Host =>
  createHostTable(place)[0] as Host;
const packaged = 'Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude';

test('the entry is the stdio command with the stable path', () => {
  verifies('NEW-040');
  const { path, entry } = claudeDesktop({ user: '/home/ada', env: {}, platform: 'linux', shim });
  assert.deepEqual(path, ['mcpServers', 'nucleus']);
  assert.deepEqual(entry, {
    command: '/home/ada/.nucleusmcp/bin/nucleus',
    args: ['serve', '--client', 'claude-desktop'],
  });
});

for (const [platform, env, folder] of [
  ['linux', {}, '.config/Claude'],
  ['darwin', { XDG_CONFIG_HOME: '/elsewhere' }, 'Library/Application Support/Claude'],
  ['win32', {}, 'AppData/Roaming/Claude'],
] as const)
  test(`its file is found on ${platform}`, (t) => {
    const user = temporaryHome(t);
    const desktop = claudeDesktop({ user, env, platform, shim });
    assert.deepEqual(desktop.files(), []);
    assert.equal(desktop.usualFile, join(user, folder, name));
    mkdirSync(join(user, folder), { recursive: true });
    assert.deepEqual(desktop.files(), [join(user, folder, name)]);
  });

test('on Linux XDG_CONFIG_HOME counts when it is absolute', (t) => {
  const user = temporaryHome(t);
  const at = (folder: string): string =>
    claudeDesktop({ user, env: { XDG_CONFIG_HOME: folder }, platform: 'linux', shim }).usualFile;
  assert.equal(at(join(user, 'x')), join(user, 'x/Claude', name));
  assert.equal(at('x'), join(user, '.config/Claude', name));
  assert.equal(at(''), join(user, '.config/Claude', name));
});

test('on Windows the usual and the Store installation are both found, each by its variable', (t) => {
  const user = temporaryHome(t);
  const env = { APPDATA: join(user, 'roam'), LOCALAPPDATA: join(user, 'local') };
  const desktop = claudeDesktop({ user, env, platform: 'win32', shim });
  mkdirSync(join(user, 'local', packaged), { recursive: true });
  assert.deepEqual(desktop.files(), [join(user, 'local', packaged, name)]);
  mkdirSync(join(user, 'roam/Claude'), { recursive: true });
  assert.deepEqual(desktop.files(), [join(user, 'roam/Claude', name), join(user, 'local', packaged, name)]);
});

test('on Windows without the variables the profile folder is looked through', (t) => {
  const user = temporaryHome(t);
  mkdirSync(join(user, 'AppData/Local', packaged), { recursive: true });
  mkdirSync(join(user, 'AppData/Local/Packages/Claudette_1/LocalCache/Roaming/Claude'), { recursive: true });
  mkdirSync(join(user, 'AppData/Local/Packages/Claude_never_started'), { recursive: true });
  assert.deepEqual(claudeDesktop({ user, env: {}, platform: 'win32', shim }).files(), [
    join(user, 'AppData/Local', packaged, name),
  ]);
});

test('a file where the folder should be is no installation', (t) => {
  const user = temporaryHome(t);
  mkdirSync(join(user, '.config'));
  writeFileSync(join(user, '.config/Claude'), '');
  assert.deepEqual(claudeDesktop({ user, env: {}, platform: 'linux', shim }).files(), []);
});
