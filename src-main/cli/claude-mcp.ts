import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { NucleusError } from '../../src-shared/errors.ts';
import type { HostStatus } from '../../src-shared/hosts.ts';
import { readConfig } from '../gateway/hosts/config-text.ts';
import { isOurs } from '../gateway/hosts/entries.ts';
import { strangersEnvironment } from '../gateway/storage/session-env.ts';
import type { Context } from './context.ts';

/* Claude Code keeps its servers itself and has commands for them: those are asked where they can be. */

/** Beyond that it waits for something nobody sees. */
const limitMs = 60_000;
/** What it said last gets this long to arrive. */
const farewellMs = 1_000;

/** Where `claude` is, null when it is not on PATH. */
export function findClaude(context: Context): string | null {
  const folders = (context.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'claude')).find(isExecutable) ?? null;
}

/** Where Claude Code is to have the entry: for all folders unless somebody says otherwise. */
export function readScope(
  scope: string | null,
  { isClaude, claude }: { readonly isClaude: boolean; readonly claude: string | null },
): string {
  if (scope === null) return 'user';
  if (!isClaude) throw new NucleusError('USAGE', '--scope goes with claude-code only');
  if (claude === null && scope !== 'user')
    throw new NucleusError('USAGE', `--scope ${scope} takes the claude command, which is not on PATH`);
  return scope;
}

/** Whether Claude Code has our entry already, there where it is asked for. */
export function claudeHasUs(context: Context, { state, file }: HostStatus, scope: string): boolean {
  if (scope === 'user') return state === 'connected';
  const root = readJson(scope === 'project' ? join(context.cwd, '.mcp.json') : file);
  const own = scope === 'project' ? root : memberOf(memberOf(root, 'projects'), context.cwd);
  const ours = { command: context.paths.shim, args: ['serve', '--client', 'claude-code'] };
  return isOurs(memberOf(memberOf(own, 'mcpServers'), 'nucleus'), ours);
}

/** What `claude` is asked to add our entry. `--` ends its own flags. */
export function addArguments(shim: string, scope: string): string[] {
  return ['mcp', 'add', '--scope', scope, 'nucleus', '--', shim, 'serve', '--client', 'claude-code'];
}

export function removeArguments(scope: string): string[] {
  return ['mcp', 'remove', '--scope', scope, 'nucleus'];
}

/**
 * Runs it, in the environment of the command: that of the process may be the gateway's, which opens the vault. What it
 * says goes to a person. Answers its exit code.
 */
export async function runClaude(context: Context, claude: string, args: readonly string[]): Promise<number> {
  const { cwd, env, stderr, gone } = context;
  return new Promise((resolve, reject) => {
    const child = spawn(claude, args, {
      cwd,
      env: strangersEnvironment(env),
      stdio: gone === null ? ['ignore', stderr, stderr] : ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      ...(gone && { signal: gone }),
    });
    const said = [child.stdout, child.stderr].filter((stream) => stream !== null);
    for (const stream of said) stream.pipe(stderr, { end: false });
    // What it started may hold them open for good.
    child.once(
      'exit',
      () => void setTimeout(() => said.forEach((stream) => stream.destroy()), farewellMs).unref(),
    );
    child.once('error', (cause) =>
      reject(new NucleusError('INTERNAL', `${claude} could not be started: ${cause.message}`, {}, { cause })),
    );
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Absent or not ours to run: the next folder may have it.
    return false;
  }
}

function readJson(file: string): unknown {
  const reading = readConfig(file);
  try {
    return reading.state === 'found' ? JSON.parse(reading.text) : undefined;
  } catch {
    // Then claude itself says what is wrong with it.
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
