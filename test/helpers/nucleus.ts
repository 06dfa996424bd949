import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from './home.ts';
import { withDeadline } from './until.ts';

/** The command people run. */
export const nucleusBin = join(import.meta.dirname, '..', '..', 'resources', 'bin', 'nucleus');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  /** On top of the home's own; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly within?: number;
  /** Another program than the script of this checkout. */
  readonly command?: string;
}

/** Runs one command of the real CLI to its end. */
export async function nucleus(
  home: Home,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(options.command ?? nucleusBin, args, {
    cwd: options.cwd ?? home.user,
    env: definedOf({ ...home.env, ...options.env }),
    stdio: 'pipe',
  });
  const outcome = Promise.withResolvers<Outcome>();
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.once('error', outcome.reject);
  child.once('close', (code) => outcome.resolve({ code, stdout, stderr }));
  // A command that ends without reading its input is no failure of the test.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  try {
    return await withDeadline(
      `the end of: nucleus ${args.join(' ')}`,
      outcome.promise,
      options.within ?? 20_000,
    );
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${(error as Error).message}\nstdout: ${stdout}\nstderr: ${stderr}`, { cause: error });
  }
}

/** As `nucleus`, and fails with what was printed when the exit code is not 0. */
export async function nucleusOk(
  home: Home,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const outcome = await nucleus(home, args, options);
  if (outcome.code !== 0)
    throw new Error(
      `nucleus ${args.join(' ')} ended with ${outcome.code}\n${outcome.stderr}${outcome.stdout}`,
    );
  return outcome;
}

/** What a command with --json printed. */
export async function nucleusJson(
  home: Home,
  args: readonly string[],
  options: RunOptions = {},
): Promise<unknown> {
  return JSON.parse((await nucleusOk(home, [...args, '--json'], options)).stdout);
}

/** Variables that open the vault of this home with a passphrase. */
export function passphrase(home: Home, words = 'correct horse battery staple'): Record<string, string> {
  const file = home.path('passphrase');
  writeFileSync(file, `${words}\n`, { mode: 0o600 });
  return { NUCLEUS_VAULT_PASSPHRASE_FILE: file };
}

/** Without the entries that are undefined. */
export function definedOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
