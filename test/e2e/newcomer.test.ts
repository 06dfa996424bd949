// The first minute: what two clients have already becomes profiles by one click, and all of it can be taken back.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Locator, Page } from 'playwright-core';
import { askIn, needsApp, startApp } from '../helpers/app.ts';
import { textOf } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';

const tokens = {
  home: 'crm-token-of-home-7f3a91c2',
  work: 'crm-token-of-work-51be08d4',
  notes: 'notes-token-c40a77e1',
};

interface Launch {
  readonly command: string;
  readonly args: string[];
}

interface Machine {
  readonly home: Home;
  readonly env: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<'cursor' | 'desktop', { readonly file: string; readonly before: string }>>;
}

/** A machine of somebody who used Cursor and Claude Desktop so far. */
function createMachine(t: TestContext): Machine {
  const home = createHome(t);
  const crm = launchOf(home, 'crm', 3);
  const notes = launchOf(home, 'notes', 2);
  const files = launchOf(home, 'files', 1);
  const write = (file: string, before: string): { file: string; before: string } => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, before);
    return { file, before };
  };
  const cursor = `{
  "mcpServers": {
    "crm-work": ${JSON.stringify({ ...crm, env: { CRM_TOKEN: tokens.work } })},
    "files": ${JSON.stringify(files)}
  }
}
`;
  const desktop = `{
  "theme" : "dark",\r
  "mcpServers": { "crm": ${JSON.stringify({ ...crm, env: { CRM_TOKEN: tokens.home } })},
     "notes": ${JSON.stringify({ ...notes, env: { NOTES_TOKEN: tokens.notes } })} }
}`;
  return {
    home,
    env: { XDG_CONFIG_HOME: join(home.user, '.config'), ...passphrase(home) },
    files: {
      cursor: write(join(home.user, '.cursor', 'mcp.json'), cursor),
      desktop: write(join(home.user, '.config', 'Claude', 'claude_desktop_config.json'), desktop),
    },
  };
}

/** A server with so many tools and a program of its own: what starts the same program is the same service. */
function launchOf(home: Home, name: string, tools: number): Launch {
  const { launch } = createFake(home, name, '--tools', String(tools));
  const [shared = '', ...args] = launch.args;
  const own = home.path(`${name}${extname(shared)}`);
  copyFileSync(shared, own);
  return { command: launch.command, args: [own, ...args] };
}

/** A client started with what a client's file says, as that client would. */
async function startFrom(t: TestContext, machine: Machine, file: string): Promise<Client> {
  const { mcpServers } = JSON.parse(readFileSync(file, 'utf8')) as {
    mcpServers: Readonly<Record<string, Launch>>;
  };
  assert.deepEqual(Object.keys(mcpServers), ['nucleus']);
  const entry = mcpServers['nucleus'] ?? assert.fail('no entry');
  const client = new Client({ name: 'Cursor', version: '1.0.0' });
  t.after(() => client.close());
  const env = { ...getDefaultEnvironment(), HOME: machine.home.user };
  await client.connect(new StdioClientTransport({ ...entry, env, stderr: 'ignore' }));
  return client;
}

function createMouse(): { readonly clicks: number; click(target: Locator): Promise<void> } {
  let clicks = 0;
  return {
    get clicks() {
      return clicks;
    },
    async click(target) {
      clicks += 1;
      await target.click();
    },
  };
}

async function profilesIn(page: Page): Promise<string[]> {
  return ((await askIn(page, 'profiles.list', {})) as { id: string }[]).map(({ id }) => id).toSorted();
}

test('what two clients have becomes profiles by one click, answers for both accounts, and is taken back', async (t) => {
  if (!needsApp(t)) return;
  verifies('NEW-041');
  const machine = createMachine(t);
  const { home, files } = machine;
  const app = await startApp(t, home, { env: machine.env });
  const page = await app.page();
  const mouse = createMouse();
  const offer = page.getByRole('region', { name: '4 servers in Claude Desktop and Cursor' });
  await offer.waitFor();
  const shown = Date.now();
  assert.equal(await offer.getByText('2 profiles').count(), 1);
  assert.equal(await offer.getByText('1 token moves to').count(), 3);
  // Nothing is written before a person says so, and no token is on the page.
  for (const { file, before } of Object.values(files)) assert.equal(readFileSync(file, 'utf8'), before);
  const html = await page.content();
  for (const token of Object.values(tokens)) assert.ok(!html.includes(token));

  await mouse.click(offer.getByRole('button', { name: 'Bring in 4 servers' }));
  await page.getByRole('heading', { name: '4 profiles brought in' }).waitFor({ timeout: 60_000 });
  assert.deepEqual(await profilesIn(page), ['crm:default', 'crm:work', 'files:default', 'notes:default']);
  const written = Object.values(files).map(({ file }) => readFileSync(file, 'utf8'));
  for (const token of Object.values(tokens)) assert.ok(!written.join('').includes(token));
  assert.ok(written[1]?.startsWith('{\n  "theme" : "dark",\r\n'));

  const client = await startFrom(t, machine, files.cursor.file);
  const names = (await client.listTools()).tools.map(({ name }) => name);
  const accountOf = async (alias: string): Promise<string> => {
    const tool = `crm_${alias}_env`;
    assert.ok(names.includes(tool), names.join(' '));
    return textOf(await client.callTool({ name: tool, arguments: { names: ['CRM_TOKEN'] } }));
  };
  assert.deepEqual(
    [await accountOf('default'), await accountOf('work')].map((answer) => JSON.parse(answer) as unknown),
    [{ CRM_TOKEN: tokens.home }, { CRM_TOKEN: tokens.work }],
  );
  t.diagnostic(
    `${mouse.clicks} click, nothing typed, ${((Date.now() - shown) / 1_000).toFixed(1)} s to both answers`,
  );
  assert.ok(mouse.clicks <= 6);
  await page.getByText('Cursor is attached and sees your profiles.').waitFor();

  await mouse.click(page.getByRole('button', { name: 'Undo the import' }));
  const main = page.getByRole('main');
  await main.getByText('Undone: 4 profiles gone, 2 files as before.').waitFor({ timeout: 60_000 });
  for (const { file, before } of Object.values(files)) assert.equal(readFileSync(file, 'utf8'), before);
  assert.deepEqual(await profilesIn(page), []);
  await offer.getByRole('button', { name: 'Bring in 4 servers' }).waitFor();
});
