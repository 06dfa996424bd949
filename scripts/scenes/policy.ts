import type { Page } from 'playwright-core';
import * as policy from '../shots-policy.ts';
import {
  everythingLocked,
  failing,
  lose,
  narrow,
  on,
  press,
  small,
  wideAndLarge,
  wideFont,
  type Scene,
} from './scene.ts';

export const policyScenes: readonly Scene[] = [
  ...small({ name: 'policy', answers: on('policy'), act: (page) => tryCall(page, 'query') }),
  {
    name: 'policy-refused',
    answers: { ...on('policy'), 'policy.test': policy.refused },
    act: async (page) => {
      await tryCall(page, 'drop_table');
      await page.getByText('Rule 1, policy.toml line 3').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'policy-wide-font',
    answers: on('policy'),
    act: (page) => page.evaluate(wideFont).then(() => tryCall(page, 'query')),
  },
  { name: 'policy-forced', answers: on('policy'), forcedColors: true, act: (page) => tryCall(page, 'query') },
  ...small({ name: 'policy-split', answers: on('policy'), act: (page) => layout(page, 'Split') }),
  ...small({
    name: 'policy-toml',
    answers: {
      ...on('policy'),
      'policy.check': [
        {
          severity: 'error',
          line: 12,
          column: 11,
          message: 'approve must be "human"; leave it out to ask for a phrase',
        },
        { severity: 'warning', line: 5, column: 29, message: 'no tool of sqlite:prod is called drop_*' },
      ],
    },
    act: async (page) => {
      await layout(page, 'TOML');
      const editor = page.getByRole('textbox', { name: 'policy.toml' });
      await editor.fill(policy.accepted.text?.replace('"human"', '"person"') ?? '');
      await page.getByText('Line 12, column 11').waitFor();
    },
  }),
  {
    name: 'policy-written',
    answers: on('policy'),
    act: async (page) => {
      await layout(page, 'TOML');
      await page
        .getByRole('textbox', { name: 'policy.toml' })
        .fill(`${policy.accepted.text ?? ''}\n# more\n`);
      await page.getByRole('button', { name: 'Save' }).waitFor();
    },
  },
  ...small({ name: 'policy-pending', answers: { ...on('policy'), 'policy.get': policy.pending } }),
  ...small({
    name: 'policy-accept',
    answers: { ...on('policy'), 'policy.get': policy.pending },
    act: (page) => press(page, 'Accept change…'),
  }),
  {
    name: 'policy-invalid',
    answers: { ...on('policy'), 'policy.get': policy.invalid },
    act: (page) => press(page, 'Show both'),
  },
  {
    name: 'policy-invalid-line',
    answers: { ...on('policy'), 'policy.get': policy.invalid },
    act: (page) => press(page, 'Open line 19'),
  },
  { name: 'policy-invalid-first', answers: { ...on('policy'), 'policy.get': policy.invalidFirst } },
  { name: 'policy-none', answers: { ...on('policy'), 'policy.get': policy.none } },
  {
    name: 'policy-none-classes',
    answers: { ...on('policy'), 'policy.get': { ...policy.none, rules: [] } },
  },
  {
    name: 'policy-new',
    answers: { ...on('policy'), 'policy.get': policy.none },
    act: (page) => press(page, 'New policy.toml'),
  },
  { name: 'policy-locked', answers: { ...on('policy'), ...everythingLocked } },
  { name: 'policy-loading', answers: { ...on('policy'), 'policy.get': { $never: true } } },
  {
    name: 'policy-broken',
    answers: {
      ...on('policy'),
      'policy.get': failing(
        'STATE_UNUSABLE',
        'policy.toml cannot be read: permission denied; make it readable',
      ),
    },
  },
  { name: 'policy-offline', answers: on('policy'), act: (page) => lose(page) },
  ...wideAndLarge({ name: 'policy', answers: on('policy') }),
  ...narrow([{ name: 'policy', answers: on('policy') }]),
];

async function layout(page: Page, name: string): Promise<void> {
  await page.getByRole('radio', { name, exact: true }).check();
}

async function tryCall(page: Page, tool: string): Promise<void> {
  await page.getByLabel('Profile', { exact: true }).selectOption('sqlite:prod');
  await page.getByRole('combobox', { name: 'Tool' }).fill(tool);
  await page.getByLabel('Arguments').fill('{ "sql": "delete from sessions" }');
  await page.getByText('Rule 1 does not fit').or(page.getByText('Rule 1 fits')).first().waitFor();
}
