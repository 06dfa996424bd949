import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';

/** Longest text file Nucleus reads whole; everything it keeps as text is far smaller. */
const maxTextBytes = 10 * 1024 * 1024;

/** Makes the folder, its parents too, so that only this user gets in; refuses one that is somebody else's. */
export function ensurePrivateFolder(path: string): void {
  try {
    makeFolder(path);
    const stat = statSync(path);
    if (!stat.isDirectory()) throw notAFolder(path);
    if (process.platform === 'win32') return;
    checkOwner(path, stat.uid);
    if ((stat.mode & 0o077) !== 0) chmodSync(path, 0o700);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Node's own recursive mkdir never returns below /proc (seen with 24.21). Others may be making the same folders. */
function makeFolder(path: string): void {
  if (tryFolder(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  if (!tryFolder(path)) mkdirSync(path, { mode: 0o700 });
}

/** false when the folder above is missing. */
function tryFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    if (code !== 'EEXIST') throw error;
  }
  return true;
}

/** Writes the file whole or not at all, readable by this user only. */
export function writePrivateFile(path: string, content: string | Buffer): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      // The umask may have taken more than the mode asked for.
      if (process.platform !== 'win32') fchmodSync(file, 0o600);
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unusable(path, error);
  }
}

/** The text of a regular file, or null when there is none; anything else than a regular file is refused, unread. */
export function readTextIfExists(path: string): string | null {
  return readBytesIfExists(path, maxTextBytes)?.toString('utf8') ?? null;
}

/** The same as bytes, with a limit of the caller's. */
export function readBytesIfExists(path: string, maxBytes: number): Buffer | null {
  let file: number;
  try {
    // Opening a FIFO for reading waits for a writer without O_NONBLOCK.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (isMissing(error)) return null;
    throw unusable(path, error);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) {
      throw new NucleusError('STATE_UNUSABLE', `${path} is not a regular file; move it away`, { path });
    }
    if (stat.size > maxBytes) {
      const size = `${maxBytes / 1024 / 1024} MiB`;
      throw new NucleusError('STATE_UNUSABLE', `${path} is larger than ${size}; move it away`, { path });
    }
    return readFileSync(file);
  } catch (error) {
    throw unusable(path, error);
  } finally {
    closeSync(file);
  }
}

/** Removes the file; that there is none is fine. */
export function removeIfExists(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Refuses what another user owns: that user could read or swap what we put there. */
export function checkOwner(path: string, owner: number): void {
  const self = process.getuid?.();
  if (self === undefined || owner === self) return;
  throw new NucleusError(
    'STATE_UNUSABLE',
    `${path} belongs to another user (uid ${owner}, this is uid ${self}); give it back with chown, or point NUCLEUS_HOME at a folder of your own`,
    { path },
  );
}

/** A file system failure as a sentence; what already is one stays. */
export function unusable(path: string, error: unknown): NucleusError {
  if (error instanceof NucleusError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  if (code === 'EEXIST' || code === 'ENOTDIR') return notAFolder(path);
  const fix = fixes[code] ?? 'check the path, its owner and its mode';
  return new NucleusError(
    'STATE_UNUSABLE',
    `${path} cannot be used (${code}); ${fix}`,
    { path },
    { cause: error },
  );
}

const fixes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full, make room',
  EDQUOT: 'the disk quota is used up, make room',
  EROFS: 'the file system is read-only, point NUCLEUS_HOME at one that can be written',
  ENAMETOOLONG: 'the path is too long, point NUCLEUS_HOME at a shorter one',
};

function notAFolder(path: string): NucleusError {
  return new NucleusError('STATE_UNUSABLE', `${path} is not a folder, or lies below a file; move that away`, {
    path,
  });
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
