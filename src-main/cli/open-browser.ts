import { spawn } from 'node:child_process';
import { strangersEnvironment } from '../gateway/storage/session-env.ts';

/** The program that opens an address with what the person chose for it. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
  linux: ['xdg-open'],
};

/** How long it may take to say that it cannot. One that goes on is the browser itself. */
const startMs = 3_000;

/** Opens a page in the system's browser, through no shell; rejects where that does not work. */
export async function openBrowser(
  url: URL,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Error('only web pages are opened');
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  await start([command, ...args, url.href], null, env);
}

/**
 * The same for an address that lets its reader in. On macOS every user reads the arguments of every program, so it goes
 * to one that reads it from stdin; on Windows nobody does, and on Linux whoever comes is asked for (ui/same-user.ts).
 */
export async function openPrivately(
  url: URL,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (process.platform !== 'darwin') return openBrowser(url, env);
  await start(['osascript', '-'], `open location "${url.href}"\n`, env);
}

async function start(
  [command, ...args]: readonly [string, ...string[]],
  input: string | null,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stdin = input === null ? 'ignore' : 'pipe';
  const child = spawn(command, args, {
    stdio: [stdin, 'ignore', 'ignore'],
    detached: true,
    env: strangersEnvironment(env),
  });
  // One that ends without reading says so by its code.
  child.stdin?.on('error', () => {}).end(input);
  const timer = setTimeout(resolve, startMs);
  child.once('error', reject);
  child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  child.unref();
  await promise.finally(() => clearTimeout(timer));
}
