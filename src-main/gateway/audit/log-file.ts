import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Clock, Log } from '../platform.ts';
import { linkLine } from './chain.ts';
import { rotateFiles } from './files.ts';
import { findHead, type Found, type Head } from './head.ts';
import { noteOf } from './line.ts';

/** As the original: a file this large becomes `.1`. */
const defaultRotateBytes = 10 * 1024 * 1024;
/** Ends of lines that were cut off, `audit.log.torn-<seq>`; so many are kept. */
const keptTorn = 5;

/** audit.log as its one writer sees it: a chain of lines over files that rotate. */
export interface LogFile {
  /** The number the next line gets; takes the log over the first time. Throws what the file system says. */
  nextSeq(): number;
  /** Writes these lines, of `lineOf`, all of them or none. Throws what the file system says. */
  append(lines: readonly string[]): void;
  /** The last line that is written; null before the first. */
  head(): Head | null;
  close(): void;
}

export function createLogFile(deps: {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly rotateBytes?: number | undefined;
  onRotated(): void;
}): LogFile {
  const { path, clock } = deps;
  const rotateBytes = deps.rotateBytes ?? defaultRotateBytes;
  let head: Head | null = null;
  /** What the log has to say of itself before the next call. */
  let notes: string[] = [];
  let file: { readonly descriptor: number; readonly identity: string } | null = null;
  let size = 0;
  /** Files without a chain that the first line of the next file answers for. */
  let uncovered: Found['uncovered'] = [];
  let needsHeader = false;

  function prepare(): { readonly descriptor: number; readonly head: Head } {
    if (head === null) head = takeOver();
    if (file !== null && identityOf(statSync(path, { throwIfNoEntry: false })) !== file.identity) close();
    file ??= openFile();
    return { descriptor: file.descriptor, head };
  }

  /** Goes on where the gateway before this one ended, whatever ended it. */
  function takeOver(): Head {
    const found = findHead(path);
    size = found.size;
    if (found.torn) notes.push(cutTorn(found, found.torn));
    if (found.active === 'moves aside') {
      rotateFiles(path);
      size = 0;
    }
    uncovered = found.uncovered;
    return found.head;
  }

  /** A line that was not written to its end is kept beside the log, which says so. */
  function cutTorn(found: Found, torn: Buffer): string {
    const seq = found.head.seq + 1;
    const name = `${path}.torn-${seq}`;
    writeFileSync(name, torn, { mode: 0o600 });
    const descriptor = openSync(path, 'r+');
    try {
      ftruncateSync(descriptor, found.size);
    } finally {
      closeSync(descriptor);
    }
    forgetOldTorn(path);
    deps.log.warn(
      'the last audit line was cut short, by a crash or a full disk; what there was of it is kept',
      {
        file: name,
        bytes: torn.length,
      },
    );
    return noteOf(clock.now(), { torn: { bytes: torn.length, sha256: hash('sha256', torn) } });
  }

  function openFile(): NonNullable<typeof file> {
    let descriptor = openSync(path, 'a', 0o600);
    let stat = fstatSync(descriptor);
    // Somebody else shortened it: what is left stays as it is.
    if (stat.size !== 0 && stat.size < size) {
      closeSync(descriptor);
      rotateFiles(path);
      descriptor = openSync(path, 'a', 0o600);
      stat = fstatSync(descriptor);
    }
    // What failed half-way is written again.
    if (stat.size > size && size > 0) ftruncateSync(descriptor, size);
    needsHeader = stat.size === 0;
    if (needsHeader) size = 0;
    return { descriptor, identity: identityOf(fstatSync(descriptor)) };
  }

  function headerOf([before, ...older]: Found['uncovered']): string {
    return noteOf(clock.now(), { before, older: older.length > 0 ? older : undefined });
  }

  function close(): void {
    if (file !== null) closeSync(file.descriptor);
    file = null;
  }

  return {
    nextSeq: () => prepare().head.seq + (needsHeader ? 1 : 0) + notes.length + 1,
    append(lines) {
      const { descriptor, head: before } = prepare();
      let { seq, hash: prev } = before;
      let text = '';
      const add = (line: string): void => {
        const linked = linkLine(line, (seq += 1), prev);
        text += linked.text;
        prev = linked.hash;
      };
      if (needsHeader) add(headerOf(uncovered));
      notes.forEach(add);
      lines.forEach(add);
      if (text === '') return;
      const bytes = Buffer.from(text);
      try {
        // Unlike writeSync it goes on until all of it is written.
        writeFileSync(descriptor, bytes);
      } catch (error) {
        try {
          ftruncateSync(descriptor, size);
        } catch {
          // Cut when it is opened again, as after a crash.
        }
        close();
        throw error;
      }
      size += bytes.length;
      head = { seq, hash: prev };
      if (needsHeader) uncovered = [];
      needsHeader = false;
      notes = [];
      if (size < rotateBytes) return;
      close();
      rotateFiles(path);
      size = 0;
      deps.onRotated();
    },
    head: () => head,
    close,
  };
}

function identityOf(stat: { readonly dev: number; readonly ino: number } | undefined): string {
  return stat ? `${stat.dev} ${stat.ino}` : '';
}

function forgetOldTorn(path: string): void {
  const start = `${basename(path)}.torn-`;
  const seqOf = (name: string): number => Number(name.slice(start.length));
  const all = readdirSync(dirname(path)).filter((name) => name.startsWith(start) && seqOf(name) > 0);
  all.sort((a, b) => seqOf(b) - seqOf(a));
  for (const name of all.slice(keptTorn)) rmSync(join(dirname(path), name), { force: true });
}
