// Claude Desktop finds the connector registered by one click, and gets its file back byte for byte.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { needsApp, startApp } from '../helpers/app.ts';
import { createHome } from '../helpers/home.ts';
import { verifies } from '../helpers/requirements.ts';

const before = `{
  // kept by hand
  "mcpServers": { "other": { "command": "/bin/other", "args": [] } },
  "theme" : "dark"
}\r\n`;

interface Entry {
  readonly command: string;
  readonly args: string[];
}

test('one click writes the entry, a wiped one is offered for repair, and undo restores every byte', async (t) => {
  if (!needsApp(t)) return;
  verifies('NEW-040');
  const home = createHome(t);
  const file = join(home.user, '.config', 'Claude', 'claude_desktop_config.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, before);
  const app = await startApp(t, home, { env: { XDG_CONFIG_HOME: join(home.user, '.config') } });
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Control+6');
  const card = page.getByRole('article', { name: 'Claude Desktop' });
  // Nothing is written before a person says so.
  await card.getByRole('button', { name: 'Connect' }).waitFor();
  assert.equal(readFileSync(file, 'utf8'), before);

  await card.getByRole('button', { name: 'Connect' }).click();
  await card.getByText('Connected', { exact: true }).waitFor();
  const written = readFileSync(file, 'utf8');
  const [ours] = /"nucleus":\{[^}]*\}/.exec(written) ?? assert.fail(written);
  const entry = (JSON.parse(`{${ours}}`) as { nucleus: Entry }).nucleus;
  assert.deepEqual(entry, {
    command: join(home.state, 'bin', 'nucleus'),
    args: ['serve', '--client', 'claude-desktop'],
  });
  assert.ok(
    written.includes('"other": { "command": "/bin/other", "args": [] }') &&
      written.includes('// kept by hand'),
  );

  // What Claude Desktop would start, with the environment such hosts give.
  const client = new Client({ name: 'claude-ai', version: '1.0.0' });
  const env = { ...getDefaultEnvironment(), HOME: home.user };
  await client.connect(new StdioClientTransport({ ...entry, env, stderr: 'ignore' }));
  t.after(() => client.close());
  assert.equal(client.getServerVersion()?.name, 'nucleus');
  await page.getByText('claude-ai').first().waitFor();

  // The host forgets us, as hosts do when they are updated; the app notices by itself.
  writeFileSync(file, before);
  await card.getByRole('button', { name: 'Repair' }).click();
  await card.getByText('Connected', { exact: true }).waitFor();
  assert.equal(readFileSync(file, 'utf8'), written);

  await card.getByRole('button', { name: 'Undo' }).click();
  await card.getByRole('button', { name: 'Connect' }).waitFor();
  assert.equal(readFileSync(file, 'utf8'), before);
});

test('a host that drops all its servers is noticed and mended by itself, and the row says so', async (t) => {
  if (!needsApp(t)) return;
  verifies('NEW-023');
  const home = createHome(t);
  const file = join(home.user, '.config', 'Claude', 'claude_desktop_config.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, before);
  const app = await startApp(t, home, { env: { XDG_CONFIG_HOME: join(home.user, '.config') } });
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Control+6');
  const row = page.getByRole('article', { name: 'Claude Desktop' });
  await row.getByText('1 other server stays.').waitFor();
  await row.getByRole('button', { name: 'Show difference' }).click();
  await row.getByText('--client').waitFor();
  await row.getByRole('button', { name: 'Connect' }).click();
  await row.getByText('Restart Claude Desktop once').waitFor();

  writeFileSync(file, '{}\n');
  await row.getByText('put back just now').waitFor({ timeout: 30_000 });
  await row.getByText('Connected', { exact: true }).waitFor();
  assert.match(readFileSync(file, 'utf8'), /"nucleus"/);
});
