import type { Page } from 'playwright-core';
import * as activity from '../shots-activity.ts';
import type { Answers } from '../shots-data.ts';
import {
  everythingLocked,
  failing,
  lose,
  narrow,
  on,
  press,
  quiet,
  small,
  wideAndLarge,
  wideFont,
  type Scene,
} from './scene.ts';

const noCalls: Answers = {
  'audit.query': { ...activity.page, rows: [] },
  'audit.timeline': activity.noCalls,
  'approvals.list': quiet,
};

export const activityScenes: readonly Scene[] = [
  ...small({ name: 'activity', answers: on('activity'), act: (page) => chooseCall(page, /5,002|Failed/) }),
  { name: 'activity-plain', answers: on('activity') },
  {
    name: 'activity-denied',
    answers: on('activity'),
    act: (page) => chooseCall(page, /Denied/),
  },
  {
    name: 'activity-waiting',
    answers: on('activity'),
    act: (page) => chooseCall(page, /Waiting/),
  },
  {
    name: 'activity-arguments',
    answers: { ...on('activity'), 'audit.record': activity.fullRecord },
    act: (page) => chooseCall(page, /You allowed/),
  },
  {
    name: 'activity-unknown',
    answers: on('activity'),
    act: (page) => chooseCall(page, /Unknown/),
  },
  ...small({
    name: 'activity-keys',
    answers: on('activity'),
    act: async (page) => {
      await page.getByLabel('Filter calls').click();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
    },
  }),
  {
    name: 'activity-values',
    answers: on('activity'),
    act: async (page) => {
      await page.getByLabel('Filter calls').pressSequentially('class:prod profile:');
      await page.keyboard.press('ArrowDown');
    },
  },
  {
    name: 'activity-bad-time',
    answers: on('activity'),
    act: async (page) => {
      await page.getByLabel('Filter calls').fill('since:yesterday');
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'activity-brush',
    answers: on('activity'),
    act: async (page) => {
      const box = await page.locator('.chart').boundingBox();
      if (!box) throw new Error('there is no chart');
      await page.mouse.move(box.x + 200, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + 340, box.y + 30);
      await page.mouse.up();
      await page.getByText(/^Only /).waitFor();
    },
  },
  ...small({ name: 'activity-table', answers: on('activity'), act: (page) => press(page, 'Show as table') }),
  {
    name: 'activity-new',
    answers: on('activity'),
    act: async (page) => {
      await chooseCall(page, /Failed/);
      const rows = [...activity.newcomers, ...activity.rows];
      await page.evaluate(
        `shots.set(${JSON.stringify({ 'audit.query': { ...activity.page, rows } })}); shots.tell(['activity'])`,
      );
      await page.getByText('12 new').waitFor();
    },
  },
  ...small({ name: 'activity-broken', answers: { ...on('activity'), 'audit.verify': activity.broken } }),
  {
    name: 'activity-broken-shown',
    answers: {
      ...on('activity'),
      'audit.verify': activity.broken,
      'audit.record': { line: null, isWhole: true, isSealed: false },
    },
    act: async (page) => {
      await press(page, 'Show record');
      await page.getByText('There is no record').waitFor();
    },
  },
  {
    name: 'activity-none',
    answers: { ...on('activity'), ...noCalls },
    act: (page) => page.getByText('No calls yet').waitFor(),
  },
  {
    name: 'activity-none-fits',
    answers: { ...on('activity'), ...noCalls },
    act: async (page) => {
      await page.getByLabel('Filter calls').fill('tool:gone');
      await page.getByText('No call fits').waitFor();
    },
  },
  {
    name: 'activity-failing',
    answers: {
      ...on('activity'),
      'audit.query': failing('STATE_UNUSABLE', 'the audit log cannot be read: permission denied'),
    },
  },
  {
    name: 'activity-loading',
    answers: {
      ...on('activity'),
      'approvals.list': quiet,
      'audit.query': { $never: true },
      'audit.verify': { $never: true },
    },
    act: (page) => page.getByText('Loading').waitFor({ state: 'attached' }),
  },
  ...small({ name: 'activity-locked', answers: { ...on('activity'), ...everythingLocked } }),
  {
    name: 'activity-forced',
    answers: on('activity'),
    forcedColors: true,
    act: (page) => chooseCall(page, /Failed/),
  },
  {
    name: 'activity-wide-font',
    answers: on('activity'),
    act: (page) => page.evaluate(wideFont).then(() => chooseCall(page, /Denied/)),
  },
  { name: 'activity-zoomed', answers: on('activity'), zoom: 2, act: (page) => chooseCall(page, /Failed/) },
  { name: 'activity-offline', answers: on('activity'), act: (page) => lose(page) },
  ...wideAndLarge({ name: 'activity', answers: on('activity') }),
  ...narrow([
    { name: 'activity', answers: on('activity') },
    { name: 'activity-chosen', answers: on('activity'), act: (page) => chooseCall(page, /Failed/) },
  ]),
];

async function chooseCall(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('row', { name }).first().click();
  await page.locator('aside').waitFor();
}
