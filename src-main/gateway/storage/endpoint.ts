import { chmodSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Endpoint } from '../../../src-shared/attach.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import {
  checkOwner,
  ensurePrivateFolder,
  readTextIfExists,
  removeIfExists,
  unusable,
  writePrivateFile,
} from './files.ts';
import { homeHash, type Paths } from './paths.ts';

/** Longest socket path; the system's structure holds 104 to 108 bytes. */
const maxSocketPath = 100;

/** What the last gateway wrote about itself, or null; it may be dead, only the lock tells. */
export function readEndpoint(paths: Paths): Endpoint | null {
  try {
    return parse(JSON.parse(readTextIfExists(paths.endpoint) ?? 'null'));
  } catch {
    // Whatever stands there is no address; the next holder of the lock writes a new one.
    return null;
  }
}

/** Tells clients where the gateway listens. */
export function writeEndpoint(paths: Paths, endpoint: Endpoint): void {
  ensurePrivateFolder(paths.run);
  writePrivateFile(paths.endpoint, `${JSON.stringify(endpoint)}\n`);
}

/** Takes the address back. */
export function clearEndpoint(paths: Paths): void {
  removeIfExists(paths.endpoint);
}

/** Where the gateway of this state folder listens for clients of this user. Creates nothing. */
export function socketPath(
  paths: Paths,
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
  platform: NodeJS.Platform = process.platform,
): string {
  const hash = homeHash(paths);
  if (platform === 'win32') return `\\\\.\\pipe\\nucleus-${hash}`;
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime && isAbsolute(runtime)) {
    const path = join(runtime, `nucleus-${hash}`, 's');
    if (Buffer.byteLength(path) <= maxSocketPath) return path;
  }
  return `/tmp/nucleus-${uid}-${hash}/s`;
}

/** Makes the socket's folder; one that is a link, or another user's, is refused: /tmp belongs to everybody. */
export function prepareSocketFolder(path: string): void {
  if (path.startsWith('\\\\')) return;
  const folder = dirname(path);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(folder, error);
  }
  try {
    const stat = lstatSync(folder);
    if (!stat.isDirectory()) {
      throw new NucleusError(
        'STATE_UNUSABLE',
        `${folder} is not a folder, so no client could be sure whom it talks to; remove it`,
        { path: folder },
      );
    }
    checkOwner(folder, stat.uid);
    if ((stat.mode & 0o777) !== 0o700) chmodSync(folder, 0o700);
  } catch (error) {
    throw unusable(folder, error);
  }
}

/**
 * Refuses a socket that another user may have put there: an address outlives a restart of the machine, a folder in
 * /tmp does not, and then anybody may make it. To be asked before every connection; that nothing is there is fine.
 */
export function checkSocket(path: string): void {
  // A named pipe has no folder, and Node can read neither its owner nor its rights.
  if (process.platform === 'win32') return;
  const self = process.getuid?.();
  const folder = dirname(path);
  const found = look(folder);
  if (!found) return;
  const remove = `remove ${folder} (what is not yours, an administrator can)`;
  if (!found.isDirectory()) throw notOurs(folder, 'is not a folder', remove);
  if (found.uid !== self) throw notOurs(folder, `belongs to another user (uid ${found.uid})`, remove);
  if ((found.mode & 0o077) !== 0) throw notOurs(folder, 'is open to other users', `run chmod 700 ${folder}`);
  const socket = look(path);
  if (socket && socket.uid !== self)
    throw notOurs(path, `belongs to another user (uid ${socket.uid})`, remove);
}

/** null also for what we may not look at: nor could we connect to it. */
function look(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function notOurs(path: string, why: string, fix: string): NucleusError {
  return new NucleusError(
    'STATE_UNUSABLE',
    `${path}, where the gateway should listen, ${why}, so something else could answer in its place; nothing was sent. To mend it, ${fix}`,
    { path },
  );
}

// By hand, not with zod: the shim loads this file each time a client starts.
function parse(value: unknown): Endpoint | null {
  if (typeof value !== 'object' || value === null) return null;
  const { pid, version, socket, startedAt } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return null;
  if (typeof version !== 'string' || typeof socket !== 'string' || socket === '') return null;
  if (typeof startedAt !== 'number') return null;
  return { pid, version, socket, startedAt };
}
