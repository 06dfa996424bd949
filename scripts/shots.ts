import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build } from 'vite';
import type { AppSettings, Surface } from '../src-shared/contract.ts';
import type { PendingApproval } from '../src-shared/policy.ts';
import { contentSecurityPolicy } from '../src-main/electron/app-protocol.ts';
import { pages } from './build.ts';
import * as activity from './shots-activity.ts';
import * as clients from './shots-clients.ts';
import * as data from './shots-data.ts';
import { measureFrames } from './shots-frames.ts';
import { measureLists } from './shots-lists.ts';
import { lookAt } from './shots-look.ts';
import { paletteScenes } from './shots-palette.ts';
import * as policy from './shots-policy.ts';
import { keepForReadme, readmeScale, readmeScenes } from './shots-readme.ts';
import * as signIn from './shots-sign-in.ts';
import { updateScenes } from './shots-updates.ts';

/*
 * npm run shots [-- WORD…]: the window in each view and state, light and dark, under the policy it runs under in the
 * app, with believable data. To look at: .cache/shots/NAME-{light,dark}.png. Fails on an error in the page, on what is
 * clipped or scrolls sideways, and on whatever axe-core finds.
 */

const root = join(import.meta.dirname, '..');
const out = join(root, '.cache/shots');
const app = join(out, 'app');
const words = process.argv.slice(2);
const isForReadme = words.includes('readme');

export interface Scene {
  readonly name: string;
  /** Which page; the window when it is left out. */
  readonly page?: 'popover.html';
  readonly answers?: data.Answers;
  readonly size?: { readonly width: number; readonly height: number };
  readonly zoom?: number;
  readonly forcedColors?: boolean;
  readonly act?: (page: Page) => Promise<unknown>;
}

const wiped: data.Answers = {
  'hosts.list': [clients.dropped],
};
const locked: data.Answers = {
  'gateway.status': {
    ...data.status,
    vault: {
      state: 'locked',
      backend: null,
      records: 0,
      reason:
        'there is no keychain here and no passphrase was given; set NUCLEUS_VAULT_PASSPHRASE_FILE and start again',
    },
    upstreams: data.status.upstreams.map((one) =>
      one.profile.startsWith('github') ? { ...one, state: 'locked' } : one,
    ),
  },
};
const quiet = { waiting: [], answered: [] };
const nothing: data.Answers = {
  'profiles.list': [],
  'approvals.list': quiet,
  'approvals.grants': [],
  'gateway.status': {
    ...data.status,
    upstreams: [],
    clients: [],
    vault: { ...data.status.vault, records: 0 },
  },
  'hosts.list': [{ ...clients.dropped, consented: false }],
};
/** A machine with two clients that hold four servers. */
const found: data.Answers = {
  ...nothing,
  'import.look': clients.plan,
  'hosts.list': clients.unconnected,
  'connectors.list': { connectors: signIn.connectors, problems: [] },
};
const everythingLocked: data.Answers = {
  'approvals.list': { waiting: [], answered: policy.approvals.answered },
  'approvals.grants': [],
  'gateway.status': {
    ...data.status,
    lockedAt: data.now - 7_000,
    upstreams: data.status.upstreams.map((one) => ({ ...one, state: 'asleep', pid: null })),
  },
};
const noCalls: data.Answers = {
  'audit.query': { ...activity.page, rows: [] },
  'audit.timeline': activity.noCalls,
  'approvals.list': quiet,
};
const only = (one: PendingApproval): object => ({ waiting: [one], answered: [] });
const on = (view: AppSettings['view']): data.Answers => ({ 'settings.get': { ...data.settings, view } });
const many: data.Answers = { ...on('tools'), 'tools.list': { tools: data.manyTools, missing: [] } };
const searchOnly: Surface = { ...data.surface, mode: 'search', chosen: 'search' };
const ruled: Surface = {
  ...data.surface,
  mode: 'hybrid',
  chosen: 'hybrid',
  alwaysOn: ['github:personal', 'supabase:gone'],
  warnings: ['surface.always_on names supabase:gone, which is no profile; nucleus list shows them'],
  origins: {
    mode: { line: 4, ruledBy: 'NUCLEUS_SURFACE_MODE' },
    budget: { line: null, ruledBy: 'a flag' },
    alwaysOn: { line: 5, ruledBy: null },
  },
};
const failing = (code: string, message: string, more: object = {}): unknown => ({
  $error: { code, message, data: more },
});

const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('button', { name }).first().click();
const choose = (page: Page, name: RegExp): Promise<void> => page.getByRole('option', { name }).click();

/** The widest face a Linux without fonts of its own falls back to. */
const wideFont = `document.styleSheets[0].insertRule(':root { --sans: "DejaVu Sans"; --mono: "DejaVu Sans Mono"; }', document.styleSheets[0].cssRules.length)`;

const scenes: readonly Scene[] = [
  ...paletteScenes,
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
    name: 'approvals-wide-font',
    answers: on('approvals'),
    act: (page) => page.evaluate(wideFont).then(() => ready(page)),
  },
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
    name: 'loading',
    answers: { 'profiles.list': { $never: true } },
    act: (page) => page.getByText('Loading').waitFor({ state: 'attached' }),
  },
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
  ...small({ name: 'sign-in-needed', answers: signIn.accounts, act: (page) => choose(page, /^team/) }),
  ...small({ name: 'sign-in-same', answers: signIn.accounts, act: (page) => choose(page, /^personal/) }),
  {
    name: 'sign-in-long',
    answers: signIn.accounts,
    act: (page) => choose(page, /^enterprise/),
  },
  {
    name: 'sign-in-long-wide-font',
    answers: signIn.accounts,
    size: { width: 640, height: 420 },
    act: (page) => page.evaluate(wideFont).then(() => choose(page, /^enterprise/)),
  },
  {
    name: 'sign-in-again',
    answers: signIn.accounts,
    act: async (page) => {
      await choose(page, /^prod.*ops/);
      await press(page, 'Sign in again');
      await page.getByText('Waiting for you').waitFor();
    },
  },
  {
    name: 'sign-in-other',
    answers: { ...signIn.accounts, 'signIn.wait': signIn.turnedAway },
    act: async (page) => {
      await choose(page, /^prod.*ops/);
      await press(page, 'Sign in again');
      await page.getByText('This is dana').waitFor();
    },
  },
  {
    name: 'sign-in-refused',
    answers: { ...signIn.accounts, 'signIn.wait': signIn.refused },
    act: async (page) => {
      await choose(page, /^prod.*ops/);
      await press(page, 'Sign in again');
      await page.getByText('Nobody signed in').waitFor();
    },
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
  {
    name: 'approvals-narrow',
    answers: on('approvals'),
    size: { width: 640, height: 640 },
    act: (page) => ready(page),
  },
  ...small({ name: 'clients', answers: on('clients') }),
  {
    name: 'clients-difference',
    answers: on('clients'),
    act: (page) => page.getByRole('article', { name: 'Cursor' }).getByText('Show difference').click(),
  },
  {
    name: 'clients-many',
    answers: { ...on('clients'), 'hosts.list': clients.unconnected },
    act: async (page) => {
      await page.getByLabel('Connect Claude Code with the others').uncheck();
      await press(page, 'Preview changes');
    },
  },
  {
    name: 'clients-connected',
    answers: { ...on('clients'), 'hosts.list': clients.unconnected },
    act: async (page) => {
      await page.evaluate(`shots.set(${JSON.stringify({ 'hosts.list': clients.connected })})`);
      await press(page, 'Connect 3 clients');
      await page.getByText('Restart Cursor once').waitFor();
    },
  },
  {
    name: 'clients-failed',
    answers: {
      ...on('clients'),
      'hosts.connect': failing(
        'STATE_UNUSABLE',
        'the file of Cursor, /home/dana/.cursor/mcp.json, may not be written; make it writable and connect again',
      ),
    },
    act: async (page) => {
      await page.getByRole('article', { name: 'Cursor' }).getByText('Connect', { exact: true }).click();
      await page.getByText('may not be written').waitFor();
    },
  },
  {
    name: 'clients-bundle',
    answers: on('clients'),
    act: async (page) => {
      await press(page, 'Save .mcpb');
      await page.getByText('is saved').waitFor();
    },
  },
  ...small({
    name: 'clients-token',
    answers: on('clients'),
    act: async (page) => {
      await page.getByLabel('Name of the client').fill('laptop');
      await press(page, 'Make a token');
      await page.getByText('shown this once').scrollIntoViewIfNeeded();
    },
  }),
  {
    name: 'clients-token-removed',
    answers: on('clients'),
    act: async (page) => {
      await press(page, 'Remove…');
      await page.getByRole('button', { name: 'Remove n8n' }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'clients-none',
    answers: {
      ...on('clients'),
      'hosts.list': clients.hosts.map((one) => ({ ...one, state: 'not-installed', backup: null })),
      'clients.list': [],
      'gateway.status': { ...data.status, clients: [], http: null, httpProblem: 'port 8787 is taken' },
    },
    act: (page) => page.getByText('8 clients not installed').click(),
  },
  {
    name: 'clients-loading',
    answers: { ...on('clients'), 'hosts.list': { $never: true }, 'clients.list': { $never: true } },
    act: (page) => page.getByText('Looking at the clients').waitFor({ state: 'attached' }),
  },
  {
    name: 'clients-broken',
    answers: {
      ...on('clients'),
      'hosts.list': failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again'),
      'clients.list': failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again'),
    },
  },
  {
    name: 'clients-offline',
    answers: on('clients'),
    act: async (page) => {
      const gone = failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again');
      await page.evaluate(`shots.set(${JSON.stringify({ 'hosts.list': gone })}); shots.tell(['hosts'])`);
      await page.getByText('does not answer').waitFor();
    },
  },
  { name: 'clients-locked', answers: { ...on('clients'), ...everythingLocked } },
  { name: 'clients-forced', answers: on('clients'), forcedColors: true },
  { name: 'clients-wide-font', answers: on('clients'), act: (page) => page.evaluate(wideFont) },
  ...small({ name: 'doctor', answers: on('doctor') }),
  {
    name: 'doctor-facts',
    answers: on('doctor'),
    act: (page) => page.getByText('Upstream servers').scrollIntoViewIfNeeded(),
  },
  {
    name: 'doctor-how',
    answers: on('doctor'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Show how' }).nth(1).click();
      await page.locator('summary').click();
    },
  },
  {
    name: 'doctor-fixed',
    answers: on('doctor'),
    act: async (page) => {
      const rest = clients.findings.filter(({ check }) => check !== 'home-mode');
      await page.evaluate(`shots.set(${JSON.stringify({ 'doctor.run': rest })})`);
      await press(page, /^Fix/);
      await page.getByText('fixed just now').waitFor();
    },
  },
  { name: 'doctor-fine', answers: { ...on('doctor'), 'doctor.run': clients.fine } },
  {
    name: 'doctor-reaching',
    answers: on('doctor'),
    act: async (page) => {
      await page.evaluate(`shots.set(${JSON.stringify({ 'doctor.run': { $never: true } })})`);
      await press(page, 'Reach every server');
      await page.getByText('Leave this view').waitFor();
    },
  },
  {
    name: 'doctor-report',
    answers: on('doctor'),
    act: (page) => press(page, 'Copy report'),
  },
  {
    name: 'doctor-loading',
    answers: { ...on('doctor'), 'doctor.run': { $never: true }, 'gateway.status': { $never: true } },
    act: (page) => page.getByText('Looking at everything').first().waitFor({ state: 'attached' }),
  },
  {
    name: 'doctor-broken',
    answers: {
      ...on('doctor'),
      'doctor.run': failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again'),
      'gateway.status': failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again'),
    },
  },
  { name: 'doctor-locked', answers: { ...on('doctor'), ...everythingLocked } },
  { name: 'doctor-vault-locked', answers: { ...on('doctor'), ...locked } },
  { name: 'doctor-forced', answers: on('doctor'), forcedColors: true },
  { name: 'doctor-wide-font', answers: on('doctor'), act: (page) => page.evaluate(wideFont) },
  {
    name: 'clients-wiped',
    answers: { ...on('clients'), ...wiped, ...locked },
    act: async (page) => {
      await press(page, 'Show difference');
      await page.getByText('Hide difference').scrollIntoViewIfNeeded();
    },
  },
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
  { name: 'settings', answers: on('settings') },
  ...updateScenes,
  {
    name: 'settings-pin',
    answers: {
      ...on('settings'),
      'person.ways': { hasPin: true, hasApp: true, hasSystem: false, pinLockedUntil: null },
    },
  },
  ...small({
    name: 'settings-pin-typed',
    answers: on('settings'),
    act: async (page) => {
      await press(page, 'Set a PIN…');
      await page.getByLabel('New PIN').fill('482913');
      await page.getByLabel('The same again').fill('482914');
      await page.keyboard.press('Enter');
      await page.getByText('The two are not the same').waitFor();
    },
  }),
  { name: 'settings-small', answers: on('settings'), size: { width: 640, height: 420 } },
  {
    name: 'settings-ruled',
    answers: { ...on('settings'), 'surface.get': ruled },
    act: async (page) => {
      await page.evaluate(wideFont);
      await page.getByText('no such profile').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'settings-wrong',
    answers: on('settings'),
    act: async (page) => {
      await page.getByLabel('Budget').fill('lots');
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'settings-workspaces',
    answers: on('settings'),
    act: (page) =>
      page
        .getByText('Workspaces')
        .scrollIntoViewIfNeeded()
        .then(() => page.mouse.wheel(0, 5_000)),
  },
  {
    name: 'settings-trust',
    answers: on('settings'),
    act: async (page) => {
      await press(page, 'Trust…');
      await page.getByText('Trust this content').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'settings-trust-small',
    answers: on('settings'),
    size: { width: 640, height: 420 },
    act: (page) => press(page, 'Trust…'),
  },
  {
    name: 'settings-forget',
    answers: {
      ...on('settings'),
      'workspaces.forget': failing('WORKSPACE_FILE', 'the file changed since it was shown, or is gone'),
    },
    act: (page) => press(page, 'Forget…'),
  },
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
  ...narrow([
    { name: 'profiles' },
    { name: 'profiles-chosen', act: (page) => choose(page, /^home/) },
    { name: 'add', answers: { 'import.look': clients.plan }, act: (page) => press(page, 'Add profile') },
    {
      name: 'add-form',
      answers: signIn.accounts,
      act: (page) => openForm(page, /^Supabase/),
    },
    { name: 'approvals', answers: on('approvals'), act: (page) => ready(page) },
    { name: 'activity', answers: on('activity') },
    { name: 'activity-chosen', answers: on('activity'), act: (page) => chooseCall(page, /Failed/) },
    { name: 'policy', answers: on('policy') },
    { name: 'tools', answers: on('tools') },
    { name: 'tools-chosen', answers: on('tools'), act: (page) => choose(page, /^sqlite_prod_query/) },
    {
      name: 'clients',
      answers: on('clients'),
      act: (page) => page.getByRole('article', { name: 'Cursor' }).getByText('Show difference').click(),
    },
    {
      name: 'clients-token',
      answers: on('clients'),
      act: async (page) => {
        await page.getByLabel('Name of the client').fill('laptop');
        await press(page, 'Make a token');
        await page.getByText('shown this once').scrollIntoViewIfNeeded();
      },
    },
    { name: 'doctor', answers: on('doctor'), act: (page) => press(page, 'Copy report') },
    {
      name: 'doctor-how',
      answers: on('doctor'),
      act: (page) => page.getByRole('button', { name: 'Show how' }).nth(1).click(),
    },
    { name: 'settings', answers: on('settings') },
    { name: 'settings-trust', answers: on('settings'), act: (page) => press(page, 'Trust…') },
    { name: 'first-run', answers: { ...found, 'import.look': clients.mixedPlan } },
    { name: 'first-run-imported', answers: found, act: (page) => bringIn(page) },
    { name: 'first-run-gallery', answers: nothing },
  ]),
];

/** A scene at the usual size of the window and at its least. */
function small(scene: Scene): Scene[] {
  return [scene, { ...scene, name: `${scene.name}-small`, size: { width: 640, height: 420 } }];
}

/** The narrowest a page may get: half a small screen, or a usual one at 250 %. */
function narrow(list: readonly Scene[]): Scene[] {
  return list.map((scene) => ({ ...scene, name: `narrow-${scene.name}`, size: { width: 360, height: 640 } }));
}

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

function probe(): object {
  return { ok: true, tools: 5, prompts: 0, resources: 0, server: 'nucleus-sqlite 0.1.0', milliseconds: 312 };
}

async function chooseCall(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('row', { name }).first().click();
  await page.locator('aside').waitFor();
}

/** By the palette: a long list draws only what is in sight. */
async function openTool(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(name);
  await page.getByRole('option', { name, selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name }).waitFor();
}

async function layout(page: Page, name: string): Promise<void> {
  await page.getByRole('radio', { name, exact: true }).check();
}

async function tryCall(page: Page, tool: string): Promise<void> {
  await page.getByLabel('Profile', { exact: true }).selectOption('sqlite:prod');
  await page.getByRole('combobox', { name: 'Tool' }).fill(tool);
  await page.getByLabel('Arguments').fill('{ "sql": "delete from sessions" }');
  await page.getByText('Rule 1 does not fit').or(page.getByText('Rule 1 fits')).first().waitFor();
}

async function ready(page: Page): Promise<void> {
  await page.locator('[data-scroll]').evaluate((box) => (box.scrollTop = box.scrollHeight));
  await page.getByRole('button', { name: /^Allow once/, disabled: false }).waitFor();
}

/** The page's `window.nucleus`, and `shots` to change what it answers. */
const bridge = (answers: data.Answers): string => `
  const answers = ${JSON.stringify(answers)};
  const listeners = new Set();
  const removed = new Set();
  window.shots = {
    set(more) { Object.assign(answers, more); },
    tell(topics) { for (const listener of listeners) listener(topics); },
  };
  window.nucleus = {
    async ask(name, input) {
      if (name === 'profiles.removeLater') removed.add(input.id);
      if (name === 'profiles.keep') removed.delete(input.id);
      let value = answers[name];
      if (value?.$never) return new Promise(() => {});
      if (value?.$error) return { ok: false, error: value.$error };
      if (name === 'profiles.list') value = value.filter(({ id }) => !removed.has(id));
      if (name === 'profiles.info') value = [value[input.id]].filter(Boolean);
      if (name === 'profiles.changeEnv') {
        answers['profiles.list'] = answers['profiles.list'].map((one) =>
          one.id === input.id ? { ...one, env: input.env ?? undefined } : one);
      }
      if (name === 'settings.set') value = { ...value, ...input };
      return { ok: true, value: structuredClone(value) };
    },
    on(listener) { listeners.add(listener); return () => listeners.delete(listener); },
  };`;

async function take(
  browser: Browser,
  address: string,
  scene: Scene,
  colorScheme: 'light' | 'dark',
): Promise<string[]> {
  const { width, height } = scene.size ?? { width: 960, height: 640 };
  const zoom = scene.zoom ?? 1;
  const page = await browser.newPage({
    viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
    deviceScaleFactor: isForReadme ? readmeScale : zoom,
    colorScheme,
    reducedMotion: 'reduce',
    forcedColors: scene.forcedColors ? 'active' : 'none',
    timezoneId: 'UTC',
    locale: 'en-GB',
  });
  const problems: string[] = [];
  page.setDefaultTimeout(8_000);
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  await page.clock.install({ time: data.now });
  await page.addInitScript({ content: bridge({ ...data.answers, ...scene.answers }) });
  try {
    await page.goto(`${address}${scene.page ?? ''}`);
    await page.clock.runFor(1_000);
    const acting = scene.act?.(page);
    const beat = setInterval(() => void page.clock.runFor(100).catch(() => {}), 20);
    await acting?.finally(() => clearInterval(beat));
    clearInterval(beat);
    await page.mouse.move(0, 0);
    // What looks at the page waits for its clock as well.
    const looking = setInterval(() => void page.clock.runFor(10).catch(() => {}), 20);
    problems.push(
      ...(await lookAt(page, { structure: colorScheme === 'light', colours: !scene.forcedColors }).finally(
        () => clearInterval(looking),
      )),
    );
  } catch (error) {
    problems.push((error as Error).message);
  }
  const name = `${scene.name}-${colorScheme}.png`;
  await page.screenshot({ path: join(out, name) });
  if (isForReadme) problems.push(...[keepForReadme(join(out, name), name)].filter((one) => one !== null));
  await page.close();
  return problems;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** The built renderer with the app's own policy. */
async function serve(): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    const path = join(app, request.url === '/' ? 'index.html' : (request.url ?? ''));
    if (!path.startsWith(app) || !existsSync(path)) {
      // Chromium asks for an icon by itself; the app's protocol has none either.
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, {
      'Content-Type': types[extname(path)] ?? 'application/octet-stream',
      'Content-Security-Policy': contentSecurityPolicy,
    });
    response.end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  configFile: false,
  root: join(root, 'src-renderer'),
  base: '/',
  logLevel: 'warn',
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: app,
    emptyOutDir: true,
    target: 'chrome148',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [...pages] },
  },
});
const { server, address } = await serve();
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: '--no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update --disable-sync --no-first-run'.split(
    ' ',
  ),
});
let bad = 0;
for (const scene of scenes.filter(({ name }) =>
  isForReadme
    ? readmeScenes.includes(name)
    : words.length === 0 || words.some((word) => name.startsWith(word)),
)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const problems = await take(browser, address, scene, colorScheme);
    bad += problems.length;
    console.log(`${problems.length === 0 ? '✔' : '✖'} ${scene.name} ${colorScheme}`);
    for (const problem of problems) console.log(`    ${problem}`);
  }
}
// Figures, not pictures, and only when asked for: they are worth something on an idle machine alone.
if (words.includes('frames')) await measureFrames(browser, address);
if (words.includes('lists')) await measureLists(browser, address);
await browser.close();
server.close();
process.exitCode = bad === 0 ? 0 : 1;
