import type { Page } from 'playwright-core';
import * as data from './shots-data.ts';
import * as policy from './shots-policy.ts';
import { found } from './shots-updates.ts';
import type { Scene } from './shots.ts';

/* What npm run shots shows of the palette, the sheet of keys and the popover at the tray. */

const popover = {
  page: 'popover.html',
  size: { width: 380, height: 560 },
} as const;

const asked = policy.approvals.waiting[0];
const quiet = { waiting: [], answered: [] };

const type = async (page: Page, query: string): Promise<void> => {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(query);
};
const focused = (page: Page): Promise<unknown> => page.evaluate(`window.dispatchEvent(new Event('focus'))`);

export const paletteScenes: readonly Scene[] = [
  { name: 'palette', act: (page) => page.keyboard.press('Control+k') },
  { name: 'palette-profiles', act: (page) => type(page, 'prod') },
  { name: 'palette-actions', act: (page) => type(page, 'theme') },
  {
    name: 'palette-tools',
    answers: { 'tools.list': { tools: data.manyTools, missing: [] } },
    act: (page) => type(page, 'rows'),
  },
  { name: 'palette-nothing', act: (page) => type(page, 'oracle at the far end of the world') },
  { name: 'palette-narrow', size: { width: 360, height: 420 }, act: (page) => type(page, 's') },
  { name: 'palette-forced', forcedColors: true, act: (page) => type(page, 'prod') },
  { name: 'palette-keys', act: (page) => page.keyboard.press('?') },
  { name: 'palette-keys-small', size: { width: 640, height: 420 }, act: (page) => page.keyboard.press('?') },
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
  // What a person sees who needs everything twice as large.
  ...(['profiles', 'approvals', 'activity', 'tools', 'policy', 'doctor', 'settings'] as const).map(
    (view): Scene => ({
      name: `zoom-${view}`,
      zoom: 2,
      answers: { 'settings.get': { ...data.settings, view } },
    }),
  ),
  { name: 'zoom-palette', zoom: 2, act: (page) => type(page, 'prod') },
];
