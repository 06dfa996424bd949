import {
  everythingLocked,
  failing,
  lose,
  narrow,
  on,
  press,
  ruled,
  small,
  wideAndLarge,
  wideFont,
  type Scene,
} from './scene.ts';
import { updateScenes } from './updates.ts';

export const settingsScenes: readonly Scene[] = [
  { name: 'settings', answers: on('settings') },
  ...updateScenes,
  {
    name: 'settings-pin',
    answers: {
      ...on('settings'),
      'person.ways': { hasPin: true, hasApp: true, hasSystem: false, pinLockedUntil: null },
    },
  },
  ...small({
    name: 'settings-pin-typed',
    answers: on('settings'),
    act: async (page) => {
      await press(page, 'Set a PIN…');
      await page.getByLabel('New PIN').fill('482913');
      await page.getByLabel('The same again').fill('482914');
      await page.keyboard.press('Enter');
      await page.getByText('The two are not the same').waitFor();
    },
  }),
  { name: 'settings-small', answers: on('settings'), size: { width: 640, height: 420 } },
  {
    name: 'settings-ruled',
    answers: { ...on('settings'), 'surface.get': ruled },
    act: async (page) => {
      await page.evaluate(wideFont);
      await page.getByText('no such profile').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'settings-wrong',
    answers: on('settings'),
    act: async (page) => {
      await page.getByLabel('Budget').fill('lots');
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'settings-workspaces',
    answers: on('settings'),
    act: (page) =>
      page
        .getByText('Workspaces')
        .scrollIntoViewIfNeeded()
        .then(() => page.mouse.wheel(0, 5_000)),
  },
  {
    name: 'settings-trust',
    answers: on('settings'),
    act: async (page) => {
      await press(page, 'Trust…');
      await page.getByText('Trust this content').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'settings-trust-small',
    answers: on('settings'),
    size: { width: 640, height: 420 },
    act: (page) => press(page, 'Trust…'),
  },
  {
    name: 'settings-forget',
    answers: {
      ...on('settings'),
      'workspaces.forget': failing('WORKSPACE_FILE', 'the file changed since it was shown, or is gone'),
    },
    act: (page) => press(page, 'Forget…'),
  },
  {
    name: 'settings-plain',
    answers: { ...on('settings'), 'workspaces.list': [] },
    act: (page) => page.mouse.move(500, 400).then(() => page.mouse.wheel(0, 5_000)),
  },
  {
    name: 'settings-loading',
    answers: {
      ...on('settings'),
      'person.ways': { $never: true },
      'surface.get': { $never: true },
      'workspaces.list': { $never: true },
    },
  },
  {
    name: 'settings-broken',
    answers: {
      ...on('settings'),
      'person.ways': failing('STATE_UNUSABLE', 'what proves a person cannot be read'),
      'surface.get': failing('CONFIG_INVALID', '/home/dana/.nucleusmcp/config.toml:4:8: invalid value'),
      'workspaces.list': failing('STATE_UNUSABLE', 'the workspaces cannot be read'),
    },
  },
  { name: 'settings-locked', answers: { ...on('settings'), ...everythingLocked } },
  { name: 'settings-offline', answers: on('settings'), act: (page) => lose(page) },
  ...wideAndLarge({ name: 'settings', answers: on('settings') }),
  ...narrow([
    { name: 'settings', answers: on('settings') },
    { name: 'settings-trust', answers: on('settings'), act: (page) => press(page, 'Trust…') },
  ]),
];
