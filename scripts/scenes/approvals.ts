import type { Page } from 'playwright-core';
import type { PendingApproval } from '../../src-shared/policy.ts';
import * as policy from '../shots-policy.ts';
import {
  choose,
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

const only = (one: PendingApproval): object => ({ waiting: [one], answered: [] });

export const approvalsScenes: readonly Scene[] = [
  {
    name: 'approvals-wide-font',
    answers: on('approvals'),
    act: (page) => page.evaluate(wideFont).then(() => ready(page)),
  },
  { name: 'approvals', answers: on('approvals'), act: (page) => ready(page) },
  {
    name: 'approvals-long',
    answers: { ...on('approvals'), 'approvals.list': only(policy.long) },
    act: (page) => page.getByText('Scroll to the end').waitFor(),
  },
  {
    name: 'approvals-too-fast',
    answers: { ...on('approvals'), 'approvals.deny': { counted: false } },
    act: async (page) => {
      await ready(page);
      await press(page, 'Deny');
      await page.getByText('so it was not counted').waitFor();
      await ready(page);
    },
  },
  {
    name: 'approvals-none',
    answers: { ...on('approvals'), 'approvals.list': quiet, 'approvals.grants': [] },
  },
  {
    name: 'approvals-answered',
    answers: { ...on('approvals'), 'approvals.list': { ...policy.approvals, waiting: [] } },
  },
  {
    name: 'approvals-answered-narrow',
    answers: { ...on('approvals'), 'approvals.list': { ...policy.approvals, waiting: [] } },
    size: { width: 640, height: 640 },
  },
  ...(['github:work', 'sqlite:staging', 'github:personal', 'notes:home'] as const).map((id) => ({
    name: `approvals-of-${id.replace(':', '-')}`,
    answers: on('approvals'),
    act: async (page: Page) => {
      await choose(page, new RegExp(`^${id}`));
      await ready(page);
    },
  })),
  ...small({
    name: 'approvals-grant',
    answers: on('approvals'),
    act: async (page) => {
      await ready(page);
      await press(page, /^Allow 15 min/);
      await page.getByText('All writes').click();
      await page.getByRole('button', { name: 'Allow 5 min on prod', disabled: false }).waitFor();
    },
  }),
  {
    name: 'approvals-grants',
    answers: on('approvals'),
    act: async (page) => {
      await press(page, '2 open grants');
      await ready(page);
    },
  },
  {
    name: 'approvals-grants-narrow',
    answers: on('approvals'),
    size: { width: 640, height: 640 },
    act: async (page) => {
      await page.evaluate(wideFont);
      await press(page, '2 open grants');
      await ready(page);
    },
  },
  {
    name: 'approvals-account',
    answers: { ...on('approvals'), 'approvals.list': only(policy.account) },
    act: (page) => page.getByRole('button', { name: 'Use this account' }).waitFor(),
  },
  ...small({
    name: 'approvals-account-chosen',
    answers: { ...on('approvals'), 'approvals.list': only(policy.account) },
    act: async (page) => {
      await page.getByRole('radio', { name: /^sqlite:staging/ }).check();
      await page.getByRole('button', { name: 'Use sqlite:staging' }).waitFor();
    },
  }),
  ...small({
    name: 'approvals-elsewhere',
    answers: { ...on('approvals'), 'approvals.list': only(policy.elsewhere) },
    act: (page) => page.getByText('Its rule wants the answer').waitFor(),
  }),
  ...small({ name: 'approvals-locked', answers: { ...on('approvals'), ...everythingLocked } }),
  { name: 'approvals-forced', answers: on('approvals'), forcedColors: true, act: (page) => ready(page) },
  {
    name: 'approvals-narrow',
    answers: on('approvals'),
    size: { width: 640, height: 640 },
    act: (page) => ready(page),
  },
  { name: 'approvals-loading', answers: { ...on('approvals'), 'approvals.list': { $never: true } } },
  {
    name: 'approvals-broken',
    answers: {
      ...on('approvals'),
      'approvals.list': failing('STATE_UNUSABLE', 'what waits for a person cannot be read'),
    },
  },
  { name: 'approvals-offline', answers: on('approvals'), act: (page) => lose(page) },
  ...wideAndLarge({ name: 'approvals', answers: on('approvals') }),
  ...narrow([{ name: 'approvals', answers: on('approvals'), act: (page) => ready(page) }]),
];

async function ready(page: Page): Promise<void> {
  await page.locator('[data-scroll]').evaluate((box) => (box.scrollTop = box.scrollHeight));
  await page.getByRole('button', { name: /^Allow once/, disabled: false }).waitFor();
}
