import { existsSync, renameSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { basename } from 'node:path';
import { unusable } from '../storage/files.ts';

/** As the original: five full files are kept beside the one that is written. */
export const keptFiles = 5;

/** The files a log may consist of, newest first. */
export function auditNames(path: string): string[] {
  return [path, ...Array.from({ length: keptFiles }, (_, index) => `${path}.${index + 1}`)];
}

/**
 * Makes the written file `.1`, and every older one the next; the oldest of five goes. Oldest first, so that a kill in
 * between leaves a gap and loses nothing: the next rotation moves files up to the gap only.
 */
export function rotateFiles(path: string): void {
  const names = auditNames(path);
  const gap = names.findIndex((name, index) => index > 0 && !existsSync(name));
  for (let index = gap === -1 ? keptFiles : gap; index > 0; index -= 1) {
    const from = names[index - 1] as string;
    if (existsSync(from)) renameSync(from, names[index] as string);
  }
}

/** One open file of the log. */
export interface AuditFile {
  readonly name: string;
  /** What is there when it is read, from the start. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** All files of a log that are there, held open so that a rotation moves none away. */
export interface AuditFiles {
  /** Oldest first. */
  readonly files: readonly AuditFile[];
  /** Whether the last of them is the one that is written. */
  readonly hasActive: boolean;
  close(): Promise<void>;
}

/**
 * Opened newest first: a rotation in between then makes one file appear twice, which its inode shows, where the other
 * order would miss one.
 */
export async function openAuditFiles(path: string): Promise<AuditFiles> {
  const opened: { readonly name: string; readonly handle: FileHandle }[] = [];
  const seen = new Set<string>();
  const close = async (): Promise<void> => {
    await Promise.all(opened.map(({ handle }) => handle.close()));
  };
  let hasActive = false;
  try {
    for (const name of auditNames(path)) {
      const handle = await openFile(name);
      if (!handle) continue;
      const stat = await handle.stat({ bigint: true });
      const identity = `${stat.dev} ${stat.ino}`;
      if (!stat.isFile() || seen.has(identity)) {
        await handle.close();
        continue;
      }
      seen.add(identity);
      opened.push({ name: basename(name), handle });
      if (name === path) hasActive = true;
    }
  } catch (error) {
    await close();
    throw error;
  }
  const files = opened.reverse().map(({ name, handle }) => ({
    name,
    chunks: () => handle.createReadStream({ autoClose: false, start: 0, highWaterMark: readBytes }),
  }));
  return { files, hasActive, close };
}

const readBytes = 128 * 1024;

async function openFile(name: string): Promise<FileHandle | null> {
  try {
    // Opening a FIFO for reading waits for a writer without O_NONBLOCK.
    return await open(name, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw unusable(name, error);
  }
}
