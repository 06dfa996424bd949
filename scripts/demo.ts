import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import Database from 'better-sqlite3';

/*
 * npm run demo: two databases, two profiles, one client that asks both at once. Everything is real (command line,
 * gateway, shim, servers) and lives in a temporary folder that is gone at the end.
 */

interface User {
  readonly id: number;
  readonly name: string;
  readonly plan: string;
}

const accounts: Readonly<Record<string, readonly User[]>> = {
  prod: [
    { id: 1, name: 'Ada', plan: 'pro' },
    { id: 2, name: 'Grace', plan: 'team' },
    { id: 3, name: 'Linus', plan: 'free' },
    { id: 4, name: 'Margaret', plan: 'pro' },
  ],
  staging: [
    { id: 1, name: 'Ada', plan: 'pro' },
    { id: 2, name: 'Grace', plan: 'free' },
    { id: 3, name: 'Linus', plan: 'free' },
    { id: 5, name: 'Test user', plan: 'free' },
  ],
};
const question = 'SELECT id, name, plan FROM users ORDER BY id';

const nucleus = join(import.meta.dirname, '..', 'resources', 'bin', 'nucleus');
const folder = mkdtempSync(join(tmpdir(), 'nucleus-demo-'));
const home = join(folder, 'home');
const env = { ...getDefaultEnvironment(), NUCLEUS_HOME: home };

try {
  await demo();
} finally {
  await run('stop').catch(() => {});
  rmSync(folder, { recursive: true, force: true });
}

async function demo(): Promise<void> {
  heading('Two accounts of one service, added once');
  for (const [name, users] of Object.entries(accounts)) {
    const file = join(folder, `${name}.db`);
    createDatabase(file, users);
    await run('add', 'sqlite', name, '--metadata', `file=${file}`, '--no-input');
    console.log(`  nucleus add sqlite ${name} --metadata file=${name}.db`);
  }

  heading('One client, connected once, sees both');
  const client = new Client({ name: 'nucleus-demo', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({ command: nucleus, args: ['serve'], env, stderr: 'ignore' }),
  );
  const { tools } = await client.listTools();
  for (const { name, description } of tools)
    console.log(`  ${name.padEnd(30)} ${shorten(description ?? '')}`);

  heading(`One question to both at once: ${question}`);
  const answers = await Promise.all(
    Object.keys(accounts).map(async (name) => [name, await ask(client, `sqlite_${name}_query`)] as const),
  );
  await client.close();
  for (const [name, rows] of answers) {
    console.log(`  ${name}`);
    for (const { id, name: user, plan } of rows) console.log(`    ${id}  ${user.padEnd(10)} ${plan}`);
  }

  heading('What differs');
  const [prod, staging] = answers.map(([, rows]) => new Map(rows.map((row) => [row.id, row])));
  for (const line of difference(prod ?? new Map(), staging ?? new Map())) console.log(`  ${line}`);

  heading('Next: your own accounts, in the client you use');
  console.log('  resources/bin/nucleus add sqlite prod --metadata file=/path/to/your.db');
  console.log('  resources/bin/nucleus add github work --command npx --arg -y --arg PACKAGE@VERSION \\');
  console.log('      --secret-env GITHUB_PERSONAL_ACCESS_TOKEN');
  console.log('  resources/bin/nucleus install claude                  registers with Claude Code');
  console.log(
    '  resources/bin/nucleus install claude-desktop --print  what to put in claude_desktop_config.json',
  );
}

function createDatabase(file: string, users: readonly User[]): void {
  const db = new Database(file);
  db.exec('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, plan TEXT NOT NULL)');
  const insert = db.prepare('INSERT INTO users VALUES (@id, @name, @plan)');
  for (const user of users) insert.run(user);
  db.close();
}

async function ask(client: Client, tool: string): Promise<readonly User[]> {
  const answer = await client.callTool({ name: tool, arguments: { sql: question } });
  if (answer.isError) throw new Error(`${tool} failed: ${JSON.stringify(answer.content)}`);
  return (answer.structuredContent as { rows: User[] }).rows;
}

function difference(prod: ReadonlyMap<number, User>, staging: ReadonlyMap<number, User>): string[] {
  const ids = [...new Set([...prod.keys(), ...staging.keys()])].sort((a, b) => a - b);
  return ids.flatMap((id) => {
    const [here, there] = [prod.get(id), staging.get(id)];
    if (!there) return [`- ${id} ${here?.name}: only on prod`];
    if (!here) return [`+ ${id} ${there.name}: only on staging`];
    return here.plan === there.plan
      ? []
      : [`~ ${id} ${here.name}: plan is ${here.plan} on prod, ${there.plan} on staging`];
  });
}

async function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(nucleus, args, { env });
}

function heading(text: string): void {
  console.log(`\n${text}`);
}

function shorten(text: string): string {
  const line = text.replaceAll(folder, '').replace(/\s+/g, ' ');
  return line.length > 78 ? `${line.slice(0, 77)}…` : line;
}
