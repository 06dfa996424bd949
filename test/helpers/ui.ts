import { spawn, type ChildProcess } from 'node:child_process';
import type { Home, Scope } from './home.ts';
import { definedOf, nucleusBin, type RunOptions } from './nucleus.ts';
import { withDeadline } from './until.ts';

/** Building the pages of a checkout included, on a busy machine. */
const patience = 120_000;

/** `nucleus ui`, as it runs in a terminal. */
export interface Ui {
  readonly child: ChildProcess;
  /** The first link, which lets one browser in. */
  readonly link: string;
  /** Presses Enter and answers the next link. */
  another(): Promise<string>;
  /** Ends it as Ctrl-C does; its exit code. */
  end(): Promise<number | null>;
  stderr(): string;
}

/** Starts it in a home, without a browser unless `args` say otherwise, and waits for its link. */
export async function startUi(
  scope: Scope,
  home: Home,
  args: readonly string[] = ['--no-browser'],
  options: Pick<RunOptions, 'env'> = {},
): Promise<Ui> {
  const child = spawn(nucleusBin, ['ui', ...args], {
    cwd: home.user,
    env: definedOf({ ...home.env, ...options.env }),
    stdio: 'pipe',
  });
  const links: string[] = [];
  let waiting: ((link: string) => void)[] = [];
  let rest = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    links.push(...lines);
    const ready = waiting.splice(0, links.length);
    for (const take of ready) take(links.shift() ?? '');
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  scope.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });

  async function next(): Promise<string> {
    const known = links.shift();
    if (known !== undefined) return known;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    waiting = [...waiting, resolve];
    void ended.then((code) => reject(new Error(`nucleus ui ended with ${code}: ${stderr}`)));
    return withDeadline('a link of nucleus ui', promise, patience);
  }

  return {
    child,
    link: await next(),
    another() {
      child.stdin.write('\n');
      return next();
    },
    end() {
      child.kill('SIGINT');
      return withDeadline('the end of nucleus ui', ended, 30_000);
    },
    stderr: () => stderr,
  };
}
