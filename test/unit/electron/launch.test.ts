import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseLaunch, type Launch } from '../../../src-main/electron/launch.ts';

const usual: Launch = {
  platform: 'linux',
  env: { DISPLAY: ':0' },
  uid: 1000,
  isPackaged: true,
  hasSwitch: () => false,
};
const debugging = (name: string): Launch => ({ ...usual, hasSwitch: (given) => given === name });

test('an ordinary user with a display may start it', () => {
  assert.equal(refuseLaunch(usual), null);
  assert.equal(refuseLaunch({ ...usual, env: { WAYLAND_DISPLAY: 'wayland-0' } }), null);
  assert.equal(refuseLaunch({ ...usual, platform: 'darwin', env: {} }), null);
  assert.equal(refuseLaunch({ ...usual, platform: 'win32', env: {}, uid: null }), null);
});

test('without a display it names the command that needs none', () => {
  assert.match(refuseLaunch({ ...usual, env: { DISPLAY: '' } }) ?? '', /no display .* run "nucleus start"/);
});

test('root may not', () => {
  assert.match(refuseLaunch({ ...usual, uid: 0 }) ?? '', /does not run as root/);
});

for (const name of ['remote-debugging-port', 'remote-debugging-pipe'])
  test(`a package does not start with --${name}; a checkout does, for tests`, () => {
    assert.match(refuseLaunch(debugging(name)) ?? '', /remote debugging/);
    assert.equal(refuseLaunch({ ...debugging(name), isPackaged: false }), null);
  });
