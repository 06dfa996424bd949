import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { ensureElectron } from '../../scripts/ensure-electron.ts';
import type { Reply } from '../../src-shared/bridge.ts';
import type { Home, Scope } from './home.ts';
import { definedOf } from './nucleus.ts';
import { withDeadline } from './until.ts';

const root = join(import.meta.dirname, '..', '..');

/** The desktop app of a home, as `npm run build` left it, in a real Electron with its sandbox on. */
export interface App {
  readonly electron: ElectronApplication;
  /** Waits for the end of its process; its exit code. */
  end(): Promise<number | null>;
  /** The page of the window, as soon as there is one that can ask. */
  page(): Promise<Page>;
  windows(): Promise<number>;
  /** Starts the app a second time, as a person would, and waits for the end of that process. */
  startAgain(): Promise<number | null>;
}

export interface AppOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** False, with the test skipped, where Electron cannot run as it does for people. */
export function needsApp(t: TestContext): boolean {
  if (process.env['DISPLAY'] && process.getuid?.() !== 0) return true;
  t.skip('no display, or root, for whom Electron has no sandbox; run npm run test:e2e');
  return false;
}

/** Starts the app and waits until its main process answers. */
export async function startApp(scope: Scope, home: Home, options: AppOptions = {}): Promise<App> {
  const { executable } = await ensureElectron(() => {});
  // Which Electron, scripts/e2e.ts says in the environment. Not `executablePath`: with it Playwright does not hold the app back until it is attached, and when both are busy at
  // once it waits for a page for ever (1 start of 40 on a loaded machine).
  const env = appEnvironment(home, options);
  // Cookies need no keyring here; without the switch Chromium starts one and asks for its password.
  const args = ['--password-store=basic', root, ...(options.args ?? [])];
  const electron = await _electron.launch({ args, chromiumSandbox: true, env, timeout: 60_000 });
  const child = electron.process();
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  scope.after(async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await ended;
  });
  return {
    electron,
    end: () => withDeadline('the end of the app', ended, 40_000),
    async page() {
      const page = electron.windows()[0] ?? (await electron.waitForEvent('window'));
      await page.waitForFunction(() => 'nucleus' in globalThis);
      return page;
    },
    windows: () => countWindows(electron),
    startAgain: () => runApp(executable, args, env),
  };
}

/** On a busy machine the app's process may lose what Playwright asked it right after its start: then it is asked again. */
async function countWindows(electron: ElectronApplication): Promise<number> {
  const count = (): Promise<number> =>
    electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
  return count().catch((error: unknown) => {
    if (error instanceof Error && error.message.includes('promise was garbage collected')) return count();
    throw error;
  });
}

/** Puts a question as the page does. */
export async function askIn(page: Page, name: string, input: unknown): Promise<unknown> {
  const reply = await page.evaluate(
    ([question, value]) =>
      (
        globalThis as unknown as { nucleus: { ask(name: unknown, input: unknown): Promise<Reply> } }
      ).nucleus.ask(question, value),
    [name, input] as const,
  );
  if (!reply.ok) throw new Error(`${name}: ${reply.error.code} ${reply.error.message}`);
  return reply.value;
}

/** Runs the app to its end; for starts that do not come far. */
export async function runApp(
  executable: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onStderr: (text: string) => void = () => {},
): Promise<number | null> {
  const child = spawn(executable, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.setEncoding('utf8').on('data', onStderr);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return withDeadline('the end of a second start', ended, 20_000).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
}

/** What the app of this home is started with: its own variables and the display of the tests. */
export function appEnvironment(home: Home, options: AppOptions = {}): Record<string, string> {
  const { DISPLAY, XAUTHORITY } = process.env;
  return definedOf({ ...home.env, DISPLAY, XAUTHORITY, NUCLEUS_TEST_HOOKS: '1', ...options.env });
}
