import type { Page } from 'playwright-core';
import * as data from '../shots-data.ts';
import * as policy from '../shots-policy.ts';
import { lose, quiet, type Scene } from './scene.ts';
import { found } from './updates.ts';

const popover = {
  page: 'popover.html',
  size: { width: 380, height: 560 },
} as const;

const asked = policy.approvals.waiting[0];
const focused = (page: Page): Promise<unknown> => page.evaluate(`window.dispatchEvent(new Event('focus'))`);

export const popoverScenes: readonly Scene[] = [
  {
    name: 'popover',
    ...popover,
    answers: asked ? { 'approvals.list': { waiting: [asked], answered: [] } } : {},
    act: focused,
  },
  { name: 'popover-several', ...popover, act: focused },
  { name: 'popover-update', ...popover, answers: found, act: focused },
  { name: 'popover-quiet', ...popover, answers: { 'approvals.list': quiet }, act: focused },
  {
    name: 'popover-actions',
    ...popover,
    answers: { 'approvals.list': quiet },
    act: async (page) => {
      await focused(page);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'popover-locked',
    ...popover,
    answers: {
      'approvals.list': quiet,
      'gateway.status': { ...data.status, lockedAt: data.now - 7_000 },
    },
    act: focused,
  },
  {
    name: 'popover-empty',
    ...popover,
    answers: {
      'approvals.list': quiet,
      'profiles.list': [],
      'gateway.status': { ...data.status, upstreams: [], clients: [] },
    },
    act: focused,
  },
  {
    name: 'popover-failing',
    ...popover,
    answers: {
      'profiles.list': { $error: { code: 'INTERNAL', message: 'the gateway does not answer', data: {} } },
      'approvals.list': quiet,
    },
    act: focused,
  },
  {
    name: 'popover-loading',
    ...popover,
    answers: { 'profiles.list': { $never: true }, 'approvals.list': quiet },
    act: focused,
  },
  { name: 'popover-forced', ...popover, forcedColors: true, act: focused },
  {
    name: 'popover-offline',
    ...popover,
    answers: { 'approvals.list': quiet },
    act: async (page) => {
      await focused(page);
      await lose(page);
    },
  },
];
