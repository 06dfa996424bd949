import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';

/*
 * Reads and replaces a text file that belongs to another program, which may write it at the same moment. Not
 * storage/files.ts: that one keeps our own private files and may set their mode as it likes.
 */

/** A configuration is a few kilobytes, but for Claude Code's, which holds what was typed as well. */
const maxBytes = 20 * 1024 * 1024;
const byteOrderMark = '\uFEFF';

/** A file that is there, exactly as it was at one moment. */
export interface Found {
  readonly state: 'found';
  readonly bytes: Buffer;
  /** Without the byte order mark. */
  readonly text: string;
  /** Where it really is when `file` is a link. */
  readonly target: string;
  readonly isLink: boolean;
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number };
}

export type Reading =
  Found | { readonly state: 'absent' } | { readonly state: 'unreadable'; readonly problem: string };

/** Reads the file; what is in the way is told as one sentence, never thrown. */
export function readConfig(file: string): Reading {
  const unreadable = (what: string): Reading => ({ state: 'unreadable', problem: `${file} ${what}` });
  let target: string;
  let isLink: boolean;
  try {
    isLink = lstatSync(file).isSymbolicLink();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { state: 'absent' };
    return unreadable(`cannot be read (${codeOf(error)}); check its owner and mode`);
  }
  let handle: number;
  try {
    target = realpathSync(file);
    // Opening a FIFO for reading waits for a writer without O_NONBLOCK.
    handle = openSync(target, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const code = codeOf(error);
    if (isLink && (code === 'ENOENT' || code === 'ELOOP'))
      return unreadable('is a link that leads nowhere; mend or remove the link');
    // Gone since the look at it.
    if (code === 'ENOENT') return { state: 'absent' };
    // A socket cannot even be opened.
    if (code === 'ENXIO') return unreadable('is not a regular file; move it away');
    return unreadable(`cannot be read (${code}); check its owner and mode`);
  }
  try {
    const { mode, uid, gid, ...stat } = fstatSync(handle);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG)
      return unreadable('is not a regular file; move it away');
    const bytes = stat.size > maxBytes ? null : readAll(handle);
    if (!bytes) return unreadable('is larger than 20 MiB, which Nucleus does not read; make it smaller');
    const text = decode(bytes);
    if (text === null) return unreadable('is not UTF-8 text; save it as UTF-8');
    return { state: 'found', bytes, text, target, isLink, mode: mode & 0o7777, owner: { uid, gid } };
  } catch (error) {
    return unreadable(`cannot be read (${codeOf(error)}); check its owner and mode`);
  } finally {
    closeSync(handle);
  }
}

/** What to make of a file: its next bytes, `remove`, or null to leave it alone. */
export type Verdict = Buffer | 'remove' | null;

/**
 * Replaces the file by what `decide` makes of it, whole or not at all, with its mode and owner. When somebody wrote
 * to it while we decided, it is read and decided once more; the second time it is left to them.
 */
export function replaceConfig(file: string, decide: (reading: Reading) => Verdict): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    const before = readConfig(file);
    const verdict = decide(before);
    if (verdict === null || act(file, before, verdict)) return;
  }
  throw new NucleusError(
    'STATE_UNUSABLE',
    `${file} changes while Nucleus edits it, so it was left alone; close the program that writes it, then try again`,
    { path: file },
  );
}

/** The bytes of a new text of the file: a byte order mark it had, it keeps. */
export function encode(text: string, before: Reading): Buffer {
  const hadMark = before.state === 'found' && before.bytes.toString('utf8', 0, 3) === byteOrderMark;
  return Buffer.from(`${hadMark ? byteOrderMark : ''}${text}`);
}

/** The text of the bytes without a byte order mark, null when they are no UTF-8. */
export function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The one thing it throws for.
    return null;
  }
}

/** false when the file is no longer what it was. */
function act(file: string, before: Reading, verdict: Buffer | 'remove'): boolean {
  if (before.state === 'unreadable') throw new NucleusError('CONFIG_INVALID', before.problem, { path: file });
  const target = before.state === 'found' ? before.target : file;
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    if (before.state === 'found') checkWritable(file, before);
    if (verdict !== 'remove') writeTemporary(temporary, verdict, before);
    if (!isSame(before, readConfig(file))) return false;
    if (verdict === 'remove') rmSync(target, { force: true });
    else renameSync(temporary, target);
    return true;
  } catch (error) {
    if (error instanceof NucleusError) throw error;
    throw new NucleusError(
      'STATE_UNUSABLE',
      `${file} cannot be written (${codeOf(error)}); check its owner and mode and whether the disk has room, or close the program that holds it`,
      { path: file },
      { cause: error },
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Replacing needs only the folder, so the file's own "read only" is asked for: some set it to keep others out. */
function checkWritable(file: string, { target, mode }: Found): void {
  if ((mode & 0o222) === 0)
    throw new NucleusError('STATE_UNUSABLE', `${file} is read-only; make it writable, then try again`, {
      path: file,
    });
  try {
    accessSync(target, constants.W_OK);
  } catch (error) {
    // Gone meanwhile: the look before the replacing says so.
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function writeTemporary(path: string, bytes: Buffer, before: Reading): void {
  const handle = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(handle, bytes);
    if (before.state === 'found' && process.platform !== 'win32') {
      const { uid, gid } = fstatSync(handle);
      const { owner } = before;
      if (uid !== owner.uid || gid !== owner.gid) fchownSync(handle, owner.uid, owner.gid);
      // After the owner: changing that clears bits of the mode.
      fchmodSync(handle, before.mode);
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function isSame(before: Reading, now: Reading): boolean {
  if (before.state !== 'found' || now.state !== 'found') return before.state === now.state;
  return before.target === now.target && before.bytes.equals(now.bytes);
}

/** null when there is more than may be. Not by the size alone: somebody may be writing. */
function readAll(handle: number): Buffer | null {
  const chunks: Buffer[] = [];
  for (let length = 0; length <= maxBytes;) {
    const chunk = Buffer.alloc(64 * 1024);
    const read = readSync(handle, chunk, 0, chunk.length, null);
    if (read === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, read));
    length += read;
  }
  return null;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
