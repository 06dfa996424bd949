import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { noteStart, readLink, zeroHash, type Link } from './chain.ts';
import { auditNames } from './files.ts';

/** Where the chain ends. */
export type Head = Pick<Link, 'seq' | 'hash'>;

/** What a writer finds when it takes a log over. */
export interface Found {
  readonly head: Head;
  /**
   * What the written file is: none, one that goes on, or one that stays as it is and moves aside, because it holds no
   * chain (the original's) or no end of one (somebody edited it).
   */
  readonly active: 'none' | 'goes on' | 'moves aside';
  /** Bytes of the written file up to its last whole line. */
  readonly size: number;
  /** What stands behind, of a line that was not written to its end. */
  readonly torn: Buffer | null;
  /** SHA-256 of the files without a chain that nothing covers yet, newest first. */
  readonly uncovered: readonly string[];
}

/** Reads the ends of the files, and whole only those without a chain. */
export function findHead(path: string): Found {
  let active: Found['active'] = 'none';
  let size = 0;
  let torn: Buffer | null = null;
  const uncovered: string[] = [];
  for (const name of auditNames(path)) {
    const end = readEnd(name);
    if (end === null) continue;
    if (name === path) {
      active = end.isWhole ? 'goes on' : 'moves aside';
      if (active === 'goes on') ({ size, torn } = end);
    }
    const { head } = end;
    if (head) return { head, active, size, torn, uncovered };
    if (!end.isWhole) uncovered.push(`sha256:${hash('sha256', readFileSync(name))}`);
  }
  return { head: { seq: 0, hash: zeroHash }, active, size, torn, uncovered };
}

interface End {
  readonly head: Head | null;
  /** It ends with a line of the chain, but for what is torn. */
  readonly isWhole: boolean;
  readonly size: number;
  readonly torn: Buffer | null;
}

/** Null where there is no such file, or nothing in it. */
function readEnd(name: string): End | null {
  const file = openIfThere(name);
  if (file === null) return null;
  try {
    const stat = fstatSync(file);
    const { size } = stat;
    if (!stat.isFile() || size === 0) return null;
    for (let wanted = Math.min(blockBytes, size); ; wanted = Math.min(wanted * 4, size)) {
      const bytes = Buffer.alloc(wanted);
      const read = readSync(file, bytes, 0, wanted, size - wanted);
      const end = endOf(bytes.subarray(0, read), size - wanted, wanted === size);
      if (end) return end;
    }
  } finally {
    closeSync(file);
  }
}

const blockBytes = 64 * 1024;

/** The end of a file from its last bytes, which stand at `offset`; null when they are too few to tell. */
function endOf(bytes: Buffer, offset: number, isAll: boolean): End | null {
  const lastFeed = bytes.lastIndexOf(0x0a);
  const before = lastFeed <= 0 ? -1 : bytes.lastIndexOf(0x0a, lastFeed - 1);
  if (before === -1 && !isAll) return null;
  const size = offset + lastFeed + 1;
  const torn = lastFeed + 1 < bytes.length ? Buffer.from(bytes.subarray(lastFeed + 1)) : null;
  const last = lastFeed === -1 ? null : readLink(bytes.subarray(before + 1, lastFeed));
  if (last) return { head: last, isWhole: true, size, torn };
  // All of it is the first line of ours, cut short.
  if (lastFeed === -1 && bytes.subarray(0, noteHead.length).equals(noteHead))
    return { head: null, isWhole: true, size: 0, torn };
  if (!isAll) return null;
  return { head: lastLinkIn(bytes), isWhole: false, size, torn: null };
}

const noteHead = Buffer.from(noteStart);

function lastLinkIn(bytes: Buffer): Head | null {
  for (let end = bytes.lastIndexOf(0x0a); end > 0;) {
    const start = bytes.lastIndexOf(0x0a, end - 1);
    const link = readLink(bytes.subarray(start + 1, end));
    if (link) return link;
    end = start;
  }
  return null;
}

function openIfThere(name: string): number | null {
  try {
    // Opening a FIFO for reading waits for a writer without O_NONBLOCK.
    return openSync(name, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
