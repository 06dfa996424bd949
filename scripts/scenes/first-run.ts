import type { Page } from 'playwright-core';
import * as signIn from '../shots-sign-in.ts';
import * as clients from '../shots-clients.ts';
import * as data from '../shots-data.ts';
import { failing, lose, narrow, nothing, press, small, wideAndLarge, wideFont, type Scene } from './scene.ts';

/** A machine with two clients that hold four servers. */
const found: data.Answers = {
  ...nothing,
  'import.look': clients.plan,
  'hosts.list': clients.unconnected,
  'connectors.list': { connectors: signIn.connectors, problems: [] },
};

export const firstRunScenes: readonly Scene[] = [
  { name: 'first-run', answers: nothing },
  {
    name: 'first-run-form',
    answers: nothing,
    act: (page) => press(page, /^SQLite file/),
  },
  {
    name: 'first-run-consent',
    answers: nothing,
    act: async (page) => {
      await page.getByText('Add an account').waitFor();
      const first = data.profiles.filter(({ id }) => id === 'sqlite:prod');
      await page.evaluate(
        `shots.set(${JSON.stringify({ 'profiles.list': first, 'profiles.add': { profile: first[0], probe: probe(), notes: [] } })})`,
      );
      await press(page, /^SQLite file/);
      await press(page, 'Choose…');
      await press(page, 'Check and add');
      await press(page, 'Show difference');
    },
  },
  ...small({ name: 'first-run-found', answers: found }),
  {
    name: 'first-run-mixed',
    answers: { ...found, 'import.look': clients.mixedPlan },
    size: { width: 960, height: 900 },
    act: async (page) => {
      await page.getByLabel('Class of github:work').selectOption('dev');
      await page.getByLabel('Bring in filesystem:notes').uncheck();
      await page.getByText('What stays where it is').click();
    },
  },
  {
    name: 'first-run-importing',
    answers: { ...found, 'import.run': { $never: true } },
    act: (page) => press(page, 'Bring in 4 servers'),
  },
  {
    name: 'first-run-refused',
    answers: {
      ...found,
      'import.run': failing(
        'IMPORT_CHANGED',
        'the file of Cursor says something else by now, so nothing was brought in; look at it and bring it in again',
      ),
    },
    act: (page) => press(page, 'Bring in 4 servers'),
  },
  ...small({ name: 'first-run-imported', answers: found, act: (page) => bringIn(page) }),
  {
    name: 'first-run-undone',
    answers: found,
    act: async (page) => {
      await bringIn(page);
      await page.evaluate(`shots.set(${JSON.stringify(found)})`);
      await press(page, 'Undo the import');
      await page.getByRole('main').getByText('Undone').waitFor();
    },
  },
  { name: 'first-run-forced', answers: found, forcedColors: true },
  { name: 'first-run-wide-font', answers: found, act: (page) => page.evaluate(wideFont) },
  { name: 'first-run-loading', answers: { ...nothing, 'import.look': { $never: true } } },
  { name: 'first-run-offline', answers: found, act: (page) => lose(page) },
  {
    name: 'first-run-locked',
    answers: {
      ...found,
      'gateway.status': { ...(nothing['gateway.status'] as object), lockedAt: data.now - 7_000 },
    },
  },
  ...wideAndLarge({ name: 'first-run-found', answers: found }),
  ...narrow([
    { name: 'first-run', answers: { ...found, 'import.look': clients.mixedPlan } },
    { name: 'first-run-imported', answers: found, act: (page) => bringIn(page) },
    { name: 'first-run-gallery', answers: nothing },
  ]),
];

/** Brings in what the first run found. */
async function bringIn(page: Page): Promise<void> {
  await page.getByText('4 servers in').first().waitFor();
  await page.evaluate(
    `shots.set(${JSON.stringify({
      'profiles.list': clients.profiles,
      'import.look': clients.importedPlan,
      'hosts.list': clients.connected,
    })})`,
  );
  await press(page, 'Bring in 4 servers');
  await page.getByRole('heading', { name: '4 profiles brought in' }).waitFor();
  await page.getByRole('button', { name: 'Undo the import' }).waitFor();
}

function probe(): object {
  return { ok: true, tools: 5, prompts: 0, resources: 0, server: 'nucleus-sqlite 0.1.0', milliseconds: 312 };
}
