import type { Page } from 'playwright-core';
import type { Surface } from '../../src-shared/contract.ts';
import * as data from '../shots-data.ts';
import {
  choose,
  everythingLocked,
  failing,
  lose,
  narrow,
  on,
  ruled,
  wideAndLarge,
  wideFont,
  type Scene,
} from './scene.ts';

const many: data.Answers = { ...on('tools'), 'tools.list': { tools: data.manyTools, missing: [] } };
const searchOnly: Surface = { ...data.surface, mode: 'search', chosen: 'search' };

export const toolsScenes: readonly Scene[] = [
  { name: 'tools', answers: on('tools'), act: (page) => openTool(page, 'sqlite_prod_query') },
  {
    name: 'tools-found',
    answers: on('tools'),
    act: async (page) => {
      await page.getByLabel('Find a tool').fill('run sql on production');
      await page.getByText('Ranked').waitFor();
      await choose(page, /^sqlite_staging_query/);
    },
  },
  {
    name: 'tools-not-found',
    answers: { ...on('tools'), 'tools.find': { ...data.found, tools: [] } },
    act: async (page) => {
      await page.getByLabel('Find a tool').fill('oracle');
      await page.getByText('No tool fits').waitFor();
    },
  },
  {
    name: 'tools-changed',
    answers: on('tools'),
    act: async (page) => {
      await page.evaluate(`shots.set(${JSON.stringify({ 'surface.set': searchOnly })})`);
      await page.getByRole('radio', { name: 'Search' }).check();
      await page.getByText('The mode is').first().waitFor();
    },
  },
  { name: 'tools-many', answers: many, act: (page) => choose(page, /_a1b2_rows/) },
  { name: 'tools-many-small', answers: many, size: { width: 640, height: 420 } },
  {
    name: 'tools-small-open',
    answers: on('tools'),
    size: { width: 640, height: 420 },
    act: (page) => openTool(page, 'sqlite_prod_query'),
  },
  {
    name: 'tools-ruled',
    answers: { ...on('tools'), 'surface.get': ruled },
    act: (page) => page.evaluate(wideFont),
  },
  {
    name: 'tools-broken',
    answers: {
      ...on('tools'),
      'surface.set': failing(
        'CONFIG_INVALID',
        '/home/dana/.nucleusmcp/config.toml:4:8: invalid value; write it there by hand',
      ),
    },
    act: async (page) => {
      await page.getByRole('radio', { name: 'Hybrid' }).click();
      await page.getByText('Open config.toml').waitFor();
    },
  },
  {
    name: 'tools-none',
    answers: { ...on('tools'), 'tools.list': { tools: [], missing: [] } },
  },
  {
    name: 'tools-loading',
    answers: { ...on('tools'), 'tools.list': { $never: true } },
    act: (page) => page.getByText('Loading').waitFor({ state: 'attached' }),
  },
  { name: 'tools-forced', answers: on('tools'), forcedColors: true },
  {
    name: 'tools-unlisted',
    answers: {
      ...on('tools'),
      'tools.list': failing(
        'STATE_UNUSABLE',
        'the tools that were seen before cannot be read; run nucleus doctor',
      ),
    },
  },
  { name: 'tools-locked', answers: { ...on('tools'), ...everythingLocked } },
  { name: 'tools-offline', answers: on('tools'), act: (page) => lose(page) },
  ...wideAndLarge({ name: 'tools', answers: on('tools') }),
  ...narrow([
    { name: 'tools', answers: on('tools') },
    { name: 'tools-chosen', answers: on('tools'), act: (page) => choose(page, /^sqlite_prod_query/) },
  ]),
];

/** By the palette: a long list draws only what is in sight. */
async function openTool(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(name);
  await page.getByRole('option', { name, selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name }).waitFor();
}
