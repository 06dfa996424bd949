import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Home } from './home.ts';
import { fencesOf } from './markdown.ts';
import { nucleusBin } from './nucleus.ts';
import { withDeadline } from './until.ts';

/** A block a reader would type, marked ```sh run, or ```sh run exit=1 where its last command ends so. */
export interface Block {
  readonly line: number;
  readonly text: string;
  readonly exit: number;
  /** The ```text block right below it, where there is one. */
  readonly expected: string | null;
}

export interface Ran {
  readonly block: Block;
  readonly output: string;
}

/** How a machine's network is taken away from a command; empty where that is not possible. */
export type Offline = readonly string[];

export const withoutNetwork: Offline = [
  'unshare',
  '--user',
  '--map-root-user',
  '--net',
  'sh',
  '-c',
  'ip link set lo up && exec "$@"',
  'sh',
];

/** The blocks of a page that are to be run. A mark that is misspelt is an error: it would never run. */
export function blocksOf(page: string): Block[] {
  const fences = fencesOf(page);
  return fences.flatMap(({ line, language, words, text }, index) => {
    if (language !== 'sh' || words.length === 0) return [];
    const mark = words.join(' ');
    const exit = /^run(?: exit=(\d+))?$/.exec(mark);
    if (!exit) throw new Error(`line ${line}: "${mark}" is no mark; there are "run" and "run exit=N"`);
    const next = fences[index + 1];
    const isOutput = next?.language === 'text' && next.followsFence;
    return [{ line, text, exit: Number(exit[1] ?? 0), expected: isOutput ? next.text : null }];
  });
}

/**
 * Types the blocks of a page into one shell, as a reader with one terminal would: in a home folder of their own with
 * the databases prod.db and staging.db in it, two clients with servers, `nucleus` on PATH, and a gateway that runs as it
 * does beside an open app. Fails at the first command that does.
 */
export async function runPage(
  home: Home,
  blocks: readonly Block[],
  offline: Offline,
  within: number,
): Promise<readonly Ran[]> {
  const folder = home.path('output');
  mkdirSync(folder);
  createDatabases(home.user);
  writeClients(home.user);
  const output = (index: number): string => join(folder, `${index}.txt`);
  const typing = blocks.map((block, index) => typed(block, output(index)));
  // Also the cheapest way: a command beside a gateway takes a quarter of one that has to be the gateway itself.
  writeFileSync(join(folder, 'session.sh'), ['nucleus start', ...typing].join('\n'));

  const [command, ...args] = [...offline, 'sh', '-e', join(folder, 'session.sh')];
  const child = spawn(command, args, { cwd: home.user, env: reader(home), stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    // Not 'close': a gateway that was started goes on.
    child.once('exit', resolve);
  });
  const code = await withDeadline('the end of the page', ended, within).catch((error: unknown) => {
    child.kill('SIGKILL');
    return (error as Error).message;
  });
  const ran = blocks
    .map((block, index) => ({ block, file: output(index) }))
    .filter(({ file }) => existsSync(file))
    .map(({ block, file }) => ({ block, output: readFileSync(file, 'utf8') }));
  if (code === 0) return ran;
  const last = ran.at(-1);
  const line = last?.block.line ?? blocks[0]?.line ?? 0;
  throw new Error(`line ${line}: ${ending(code)}\n${last?.block.text ?? ''}\n\n${last?.output ?? ''}`);
}

/** What is wrong with the output of a block, null when it is as the page says. */
export function problemOf({ block, output }: Ran): string | null {
  if (block.expected === null || patternOf(block.expected).test(withoutTrailingSpace(output))) return null;
  return `line ${block.line}: the page says\n\n${block.expected}\n\nand it printed\n\n${output}`;
}

/** `…` stands for anything within a line, and alone on a line for any lines. */
function patternOf(expected: string): RegExp {
  const lines = withoutTrailingSpace(expected)
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${line.split('…').map(literal).join('.*?')}\\n`));
  return new RegExp(`^${lines.join('')}$`);
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function withoutTrailingSpace(text: string): string {
  return `${text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()}\n`;
}

function typed({ text, exit }: Block, file: string): string {
  const head = `exec >'${file}' 2>&1 </dev/null\n`;
  return exit === 0
    ? `${head}${text}\n`
    : `${head}set +e\n${text}\nended=$?\nset -e\ntest "$ended" -eq ${exit}\n`;
}

function ending(code: number | string | null): string {
  return typeof code === 'string' ? code : `this block ended with ${code ?? 'a signal'}`;
}

function reader(home: Home): Record<string, string> {
  const { NUCLEUS_HOME: _, ...env } = home.env;
  // The socket lies in the folder that is deleted at the end, whoever the user is without the network.
  const runtime = home.path('runtime');
  mkdirSync(runtime, { mode: 0o700 });
  return {
    ...env,
    XDG_RUNTIME_DIR: runtime,
    // Several pages run at once, and where they share a network only one of them could have the usual port.
    NUCLEUS_HTTP_LISTEN: '127.0.0.1:0',
    PATH: [dirname(nucleusBin), env['PATH']].join(delimiter),
  };
}

const users = [
  { id: 1, email: 'ada@example.com', plan: 'pro' },
  { id: 2, email: 'grace@example.com', plan: 'team' },
  { id: 3, email: 'linus@example.com', plan: 'free' },
];

function createDatabases(folder: string): void {
  for (const [name, rows] of [
    ['prod.db', users],
    ['staging.db', users.slice(0, 2).map((user) => ({ ...user, plan: 'pro' }))],
  ] as const) {
    const db = new Database(join(folder, name));
    db.exec('CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, plan TEXT NOT NULL)');
    const insert = db.prepare('INSERT INTO users VALUES (@id, @email, @plan)');
    for (const row of rows) insert.run(row);
    db.close();
  }
}

/** What many people have: one service twice, and tokens in the clear. None of these can be reached from here. */
function writeClients(folder: string): void {
  const github = (digit: string): object => ({
    url: 'https://api.githubcopilot.com/mcp/',
    headers: { Authorization: `Bearer ghp_${digit.repeat(36)}` },
  });
  const files = {
    '.cursor/mcp.json': {
      github: github('1'),
      'github-work': github('2'),
    },
    '.codeium/windsurf/mcp_config.json': {
      notes: {
        command: 'npx',
        args: ['-y', 'notes-mcp@2.1.0'],
        env: { NOTES_TOKEN: `nt_${'3'.repeat(20)}` },
      },
    },
  };
  for (const [file, mcpServers] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), JSON.stringify({ mcpServers }, null, 2));
  }
}
