import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildApp } from './build.ts';
import { ensureElectron } from './ensure-electron.ts';

/* npm start: makes sure there is an Electron, builds the app and opens it; arguments go to the app. */

const root = join(import.meta.dirname, '..');
const headless = 'For the gateway without a window run: npx nucleus start';

process.exitCode = await start();

async function start(): Promise<number> {
  const { env, platform } = process;
  if (platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) {
    console.error(`There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set). ${headless}`);
    return 1;
  }
  if (process.getuid?.() === 0) {
    console.error(`The app does not run as root, whose window would show pages with all rights. ${headless}`);
    return 1;
  }
  try {
    const electron = await ensureElectron((sentence) => console.error(sentence));
    const milliseconds = await buildApp();
    console.error(
      `Nucleus, built in ${(milliseconds / 1000).toFixed(1)} s, in Electron ${electron.version} (${electron.source})`,
    );
    return await open(electron.executable);
  } catch (error) {
    console.error(`Error: ${(error as Error).message}. ${headless}`);
    return 1;
  }
}

/** The app runs until somebody quits it; Ctrl-C here ends it too. */
async function open(executable: string): Promise<number> {
  // Terminals inside of an Electron editor may hand this on, and then Electron would be a Node.
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const child = spawn(executable, [root, ...process.argv.slice(2)], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
