import type { Page } from 'playwright-core';
import * as clients from '../shots-clients.ts';
import * as signIn from '../shots-sign-in.ts';
import { everythingLocked, failing, narrow, press, small, wideAndLarge, type Scene } from './scene.ts';

export const addScenes: readonly Scene[] = [
  { name: 'add', act: (page) => press(page, 'Add profile') },
  {
    name: 'add-sqlite',
    act: async (page) => {
      await press(page, 'Add a SQLite file profile');
      await press(page, 'Choose…');
    },
  },
  {
    name: 'add-sqlite-problem',
    answers: {
      'profiles.add': failing(
        'METADATA_INVALID',
        'metadata field "file" names no file: /srv/acme/data/pord.db',
        { key: 'file' },
      ),
    },
    act: async (page) => {
      await press(page, 'Add a SQLite file profile');
      await page.getByLabel('Database file').fill('/srv/acme/data/pord.db');
      await press(page, 'Check and add');
    },
  },
  {
    name: 'add-token',
    act: async (page) => {
      await press(page, 'Add profile');
      await press(page, /^Grafana/);
      await page.getByLabel('Address').fill('https://grafana.acme.dev');
      await press(page, 'Check and add');
    },
  },
  {
    name: 'add-command',
    answers: { 'profiles.add': { $never: true } },
    act: async (page) => {
      await press(page, 'Add profile');
      await press(page, /^By command/);
      await page.getByLabel('Command line').fill('npx -y @acme/crm-mcp@3.2.0 --workspace "Acme Europe"');
      await press(page, 'Add a variable');
      await page.getByLabel('Variable').fill('CRM_REGION');
      await page.getByLabel('Value').fill('eu');
      await press(page, 'Add a secret');
      await page.getByLabel('Variable').nth(1).fill('CRM_TOKEN');
      await page.getByLabel('Value').nth(1).fill('secret of the screenshot');
      await page.getByLabel('Connector', { exact: true }).fill('crm');
      await page.getByLabel('Name', { exact: true }).fill('europe');
      await press(page, 'Check and add');
    },
  },
  ...small({ name: 'add-gallery', answers: signIn.accounts, act: (page) => press(page, 'Add profile') }),
  ...small({
    name: 'add-oauth',
    answers: signIn.detected,
    act: (page) => openForm(page, /^Supabase/),
  }),
  ...small({
    name: 'add-own-app',
    answers: signIn.accounts,
    act: async (page) => {
      await openForm(page, /^GitHub/);
      await page.getByRole('radio', { name: 'Sign in' }).check();
      await press(page, 'Add and sign in');
    },
  }),
  ...small({
    name: 'add-known-clients',
    answers: signIn.accounts,
    act: async (page) => {
      await openForm(page, /^Figma/);
      await page.getByLabel('Server').selectOption('remote');
    },
  }),
  {
    name: 'add-address',
    answers: signIn.accounts,
    act: async (page) => {
      await press(page, 'Add profile');
      await page.getByRole('searchbox').fill('https://mcp.notes.acme-enterprises.example/v1/mcp');
      await press(page, /^By address/);
    },
  },
  ...small({ name: 'add-waiting', answers: signIn.accounts, act: (page) => addSupabase(page, 'billing') }),
  ...small({
    name: 'add-failed',
    answers: { ...signIn.accounts, 'signIn.wait': signIn.refused },
    act: (page) => addSupabase(page, 'billing'),
  }),
  ...small({
    name: 'add-pick',
    answers: { ...signIn.accounts, 'signIn.wait': signIn.done },
    act: async (page) => {
      await addSupabase(page, 'billing');
      await page.getByRole('radio', { name: /acme-service-2/ }).check();
    },
  }),
  {
    name: 'add-pick-broken',
    answers: {
      ...signIn.accounts,
      'signIn.wait': signIn.done,
      'profiles.choices': failing('UPSTREAM_ERROR', 'supabase:prod could not list them: too many requests'),
    },
    act: (page) => addSupabase(page, 'billing'),
  },
  {
    name: 'add-found',
    answers: { 'import.look': clients.plan },
    act: (page) => press(page, 'Add profile'),
  },
  {
    name: 'add-found-shown',
    answers: { 'import.look': clients.plan },
    act: async (page) => {
      await press(page, 'Add profile');
      await press(page, 'Show them');
    },
  },
  {
    name: 'add-not-found',
    answers: signIn.accounts,
    act: async (page) => {
      await press(page, 'Add profile');
      await page.getByRole('searchbox').fill('oracle');
    },
  },
  {
    name: 'add-loading',
    answers: { 'connectors.list': { $never: true } },
    act: (page) => press(page, 'Add profile'),
  },
  {
    name: 'add-broken',
    answers: { 'connectors.list': failing('STATE_UNUSABLE', 'the folder of the connectors cannot be read') },
    act: (page) => press(page, 'Add profile'),
  },
  {
    name: 'add-offline',
    answers: {
      'profiles.add': failing(
        'UPSTREAM_UNREACHABLE',
        'grafana.acme.dev cannot be reached from this computer; see whether it is online, and check once more',
      ),
    },
    act: async (page) => {
      await openForm(page, /^Grafana/);
      await page.getByLabel('Address').fill('https://grafana.acme.dev');
      await page.locator('input[type=password]').fill('token of the screenshot');
      await page.getByLabel('Name', { exact: true }).fill('dev');
      await press(page, 'Check and add');
      await page.getByText('cannot be reached').waitFor();
    },
  },
  {
    name: 'add-locked',
    answers: { ...signIn.accounts, ...everythingLocked },
    act: (page) => openForm(page, /^Supabase/),
  },
  {
    name: 'add-found-locked',
    answers: { 'import.look': clients.plan, ...everythingLocked },
    act: async (page) => {
      await press(page, 'Add profile');
      await press(page, 'Show them');
    },
  },
  ...wideAndLarge({ name: 'add', act: (page) => press(page, 'Add profile') }),
  ...narrow([
    { name: 'add', answers: { 'import.look': clients.plan }, act: (page) => press(page, 'Add profile') },
    {
      name: 'add-form',
      answers: signIn.accounts,
      act: (page) => openForm(page, /^Supabase/),
    },
  ]),
];

async function openForm(page: Page, connector: RegExp): Promise<void> {
  await press(page, 'Add profile');
  await press(page, connector);
}

async function addSupabase(page: Page, name: string): Promise<void> {
  await openForm(page, /^Supabase/);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('radio', { name: 'Dev', exact: true }).check();
  await press(page, 'Add and sign in');
}
