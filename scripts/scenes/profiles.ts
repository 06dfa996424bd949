import * as policy from '../shots-policy.ts';
import {
  choose,
  everythingLocked,
  failing,
  locked,
  lose,
  narrow,
  nothing,
  press,
  wideAndLarge,
  wideFont,
  wiped,
  type Scene,
} from './scene.ts';

export const profilesScenes: readonly Scene[] = [
  { name: 'profiles' },
  { name: 'profiles-failing', act: (page) => choose(page, /^home/) },
  { name: 'profiles-locked', answers: locked, act: (page) => choose(page, /^work/) },
  { name: 'profiles-wiped', answers: wiped },
  { name: 'profiles-found', act: (page) => page.getByLabel('Find a profile').fill('staging') },
  { name: 'profiles-not-found', act: (page) => page.getByLabel('Find a profile').fill('oracle') },
  {
    name: 'profiles-rename',
    act: async (page) => {
      await choose(page, /^prod/);
      await press(page, 'Rename');
      await page.getByLabel('New name of sqlite:prod').fill('main');
    },
  },
  {
    name: 'profiles-removed',
    act: async (page) => {
      await choose(page, /^staging/);
      await press(page, 'Remove');
      await page.getByText('Removed').waitFor();
    },
  },
  { name: 'profiles-narrow', size: { width: 640, height: 640 } },
  { name: 'profiles-zoomed', zoom: 1.5 },
  { name: 'profiles-forced', forcedColors: true },
  { name: 'profiles-wide-font', act: (page) => page.evaluate(wideFont) },
  {
    name: 'profiles-none',
    answers: nothing,
    act: (page) => press(page, 'Skip for now'),
  },
  {
    name: 'profiles-broken',
    answers: { 'profiles.list': failing('REGISTRY_DAMAGED', 'the registry is damaged; run nucleus doctor') },
  },
  {
    name: 'profiles-loading',
    answers: { 'profiles.list': { $never: true } },
    act: (page) => page.getByText('Loading').waitFor({ state: 'attached' }),
  },
  { name: 'profiles-all-locked', answers: everythingLocked },
  {
    name: 'profiles-no-class',
    act: (page) => choose(page, /^home/),
  },
  {
    name: 'profiles-reclassed',
    act: async (page) => {
      await choose(page, /^prod/);
      await page.getByRole('radio', { name: 'Staging' }).check();
      await page.getByText('The class is').waitFor();
    },
  },
  { name: 'profiles-pending', answers: { 'policy.get': policy.pending } },
  { name: 'profiles-offline', act: (page) => lose(page) },
  ...wideAndLarge({ name: 'profiles' }),
  ...narrow([{ name: 'profiles' }, { name: 'profiles-chosen', act: (page) => choose(page, /^home/) }]),
];
