import { spawn } from 'node:child_process';
import type { Home } from './home.ts';
import { definedOf, nucleusBin, nucleusJson, type RunOptions } from './nucleus.ts';
import { withDeadline } from './until.ts';

/** What came of a command on a pseudo terminal. */
export interface Screen {
  readonly code: number | null;
  readonly screen: string;
}

/** What is typed once the screen shows `shown`, behind what the answers before it were for. */
export interface Answer {
  readonly shown: string | RegExp;
  readonly typed: string | ((found: string) => string);
  /** A person takes longer than 400 ms to read a question; what is faster may not count. */
  readonly afterMs?: number;
}

/** Runs a command of the real CLI on a terminal and answers what it asks, in this order. */
export async function nucleusOnTerminal(
  home: Home,
  args: readonly string[],
  answers: readonly Answer[] = [],
  options: Pick<RunOptions, 'cwd' | 'env' | 'command'> = {},
): Promise<Screen> {
  const command = [options.command ?? nucleusBin, ...args].map((word) => `'${word}'`).join(' ');
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: options.cwd ?? home.user,
    env: { ...home.env, TERM: 'xterm', ...definedOf(options.env ?? {}) },
  });
  let screen = '';
  let read = 0;
  const left = [...answers];
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    for (let [next] = left; next !== undefined; [next] = left) {
      const { shown, typed, afterMs = 0 } = next;
      const behind = screen.slice(read);
      const found = typeof shown === 'string' ? shown : shown.exec(behind)?.[0];
      if (found === undefined || !behind.includes(found)) return;
      left.shift();
      read += behind.indexOf(found) + found.length;
      const keys = typeof typed === 'string' ? typed : typed(found);
      setTimeout(() => terminal.stdin.write(keys), afterMs);
    }
  });
  const ended = new Promise<number | null>((resolve) => terminal.once('close', resolve));
  try {
    return { code: await withDeadline(`the end of ${args.join(' ')}`, ended, 20_000), screen };
  } catch (error) {
    terminal.kill('SIGKILL');
    throw new Error(`${(error as Error).message}: ${screen}`, { cause: error });
  }
}

/** The PIN of the tests. */
export const testPin = '481516';

/** Types a PIN where one is asked for. */
export const pinAnswer = (pin = testPin, afterMs = 0): Answer => ({
  shown: 'Approval PIN: ',
  typed: `${pin}\r`,
  afterMs,
});

/** Types the number the gateway shows, for a yes. */
export const numberAnswer = (afterMs = 600): Answer => ({
  shown: /Type \d{4} for yes/,
  typed: (found) => `${/\d{4}/.exec(found)?.[0] ?? ''}\r`,
  afterMs,
});

/** What is typed to set a first PIN. */
export const firstPin = (pin = testPin, again = pin): Answer[] => [
  { shown: 'New approval PIN (at least 6 characters): ', typed: `${pin}\r` },
  { shown: 'The same again: ', typed: `${again}\r` },
];

/** Sets the PIN of a home as a person at a terminal does, where it has none. */
export async function setPin(home: Home, env: RunOptions['env'] = {}): Promise<void> {
  const { hasPin } = (await nucleusJson(home, ['pin'], { env })) as { hasPin: boolean };
  if (hasPin) return;
  const { code, screen } = await nucleusOnTerminal(home, ['pin', 'set'], [...firstPin(), numberAnswer()], {
    env,
  });
  if (code !== 0) throw new Error(`no PIN was set: ${screen}`);
}

/** Trusts the workspace file of a folder as a person at a terminal does; what was shown. */
export async function trustOnTerminal(home: Home, folder: string): Promise<string> {
  await setPin(home);
  const { code, screen } = await nucleusOnTerminal(home, ['workspace', 'trust', folder], [pinAnswer()]);
  if (code !== 0) throw new Error(`not trusted: ${screen}`);
  return screen;
}
