import { spawn } from 'node:child_process';

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
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(command, [...args, url.href], { stdio: 'ignore', detached: true, env });
  const timer = setTimeout(resolve, startMs);
  child.once('error', reject);
  child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  child.unref();
  await promise.finally(() => clearTimeout(timer));
}
