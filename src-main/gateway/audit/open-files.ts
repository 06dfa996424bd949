import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { unusable } from '../storage/files.ts';
import { auditNames } from './files.ts';

/** What tells the first lines of two files apart. */
const headBytes = 64 * 1024;

/** One open file of the log. */
export interface LogFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** Stays the same when the file is renamed, and while it grows; a later file may get it once this one is gone. */
  readonly node: string;
  /** Of its first line, which tells it from all others; null until that is there. */
  readonly head: string | null;
  readonly size: number;
}

/**
 * Handles on all files that are there, oldest first; those that are not there are no error. Opened newest first: a
 * rotation in between then makes one file appear twice, which its inode shows, where the other order would miss one.
 */
export async function openLogFiles(path: string): Promise<readonly LogFile[]> {
  const files: LogFile[] = [];
  try {
    for (const name of auditNames(path)) {
      const file = await openLogFile(name);
      if (!file) continue;
      if (files.some(({ node }) => node === file.node)) await file.handle.close();
      else files.push(file);
    }
  } catch (error) {
    await closeLogFiles(files);
    throw error;
  }
  return files.reverse();
}

export async function closeLogFiles(files: readonly LogFile[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()));
}

/** null when there is none, or something that is no regular file. */
async function openLogFile(path: string): Promise<LogFile | null> {
  const handle = await openIfExists(path);
  if (!handle) return null;
  try {
    const stat = await handle.stat({ bigint: true });
    if (stat.isFile()) {
      const head = await headOf(handle);
      return { path, handle, node: `${stat.dev}-${stat.ino}`, head, size: Number(stat.size) };
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

async function openIfExists(path: string): Promise<FileHandle | null> {
  try {
    // Opening a FIFO for reading waits for a writer without O_NONBLOCK.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw unusable(path, error);
  }
}

async function headOf(handle: FileHandle): Promise<string | null> {
  for (const size of [4_096, headBytes]) {
    const buffer = Buffer.allocUnsafe(size);
    const { bytesRead } = await handle.read(buffer, 0, size, 0);
    const end = buffer.subarray(0, bytesRead).indexOf(10);
    if (end < 0 && bytesRead < size) return null;
    if (end >= 0 || size === headBytes)
      return createHash('sha256')
        .update(buffer.subarray(0, end >= 0 ? end : bytesRead))
        .digest('hex')
        .slice(0, 16);
  }
  return null;
}
