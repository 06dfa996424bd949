import type { Page } from 'playwright-core';
import * as data from '../shots-data.ts';
import { everythingLocked, failing, lose, type Scene } from './scene.ts';

/* The palette, and the sheet of keys. */

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
  { name: 'palette-200-percent', zoom: 2, act: (page) => type(page, 'prod') },
  {
    name: 'palette-loading',
    answers: { 'profiles.list': { $never: true }, 'tools.list': { $never: true } },
    act: (page) => page.keyboard.press('Control+k'),
  },
  {
    name: 'palette-failed',
    answers: { 'settings.set': failing('STATE_UNUSABLE', 'the settings cannot be kept: the disk is full') },
    act: async (page) => {
      await type(page, 'theme dark');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'palette-offline',
    act: async (page) => {
      await lose(page);
      await type(page, 'prod');
    },
  },
  { name: 'palette-locked', answers: everythingLocked, act: (page) => type(page, 'lock') },
];

async function type(page: Page, query: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(query);
}
