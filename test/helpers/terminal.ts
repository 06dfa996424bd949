import { spawn } from 'node:child_process';
import type { Home } from './home.ts';
import { nucleusBin, type RunOptions } from './nucleus.ts';
import { withDeadline } from './until.ts';

/** What came of a command on a pseudo terminal. */
export interface Screen {
  readonly code: number | null;
  readonly screen: string;
}

/** Runs a command of the real CLI on a terminal; `keys` makes of what it shows what is typed, once. */
export async function nucleusOnTerminal(
  home: Home,
  args: readonly string[],
  keys: (screen: string) => string | null,
  options: Pick<RunOptions, 'cwd'> & { readonly afterMs?: number } = {},
): Promise<Screen> {
  const command = [nucleusBin, ...args].map((word) => `'${word}'`).join(' ');
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: options.cwd ?? home.user,
    env: { ...home.env, TERM: 'xterm' },
  });
  let screen = '';
  let hasTyped = false;
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const typed = hasTyped ? null : keys(screen);
    if (typed === null) return;
    hasTyped = true;
    // A person takes longer than 400 ms to read; what is faster does not count.
    setTimeout(() => terminal.stdin.write(typed), options.afterMs ?? 600);
  });
  const ended = new Promise<number | null>((resolve) => terminal.once('close', resolve));
  try {
    return { code: await withDeadline(`the end of ${args.join(' ')}`, ended, 20_000), screen };
  } catch (error) {
    terminal.kill('SIGKILL');
    throw new Error(`${(error as Error).message}: ${screen}`, { cause: error });
  }
}

/** What is to be typed for a yes, once the question stands there. */
export function yesIn(screen: string): string | null {
  const word = /Type (\d{4}) for yes/.exec(screen)?.[1];
  return word === undefined ? null : `${word}\r`;
}

/** Trusts the workspace file of a folder as a person at a terminal does; what was shown. */
export async function trustOnTerminal(home: Home, folder: string): Promise<string> {
  const { code, screen } = await nucleusOnTerminal(home, ['workspace', 'trust', folder], yesIn);
  if (code !== 0) throw new Error(`not trusted: ${screen}`);
  return screen;
}
