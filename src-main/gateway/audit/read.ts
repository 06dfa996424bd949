import type { StoredAuditRecord } from '../../../src-shared/audit.ts';
import { closeLogFiles, openLogFiles, type LogFile } from './open-files.ts';
import { linesOf, type Line } from './lines.ts';
import { createMatcher, type AuditFilter } from './match.ts';
import { readStoredLine } from './stored-line.ts';

/** A record, and its line as it stands in the log. */
export interface FoundRecord {
  readonly record: StoredAuditRecord;
  readonly text: string;
}

export interface AuditReading {
  /** Oldest first. */
  readonly found: readonly FoundRecord[];
  /** Lines that are no record and were left out; only those that were looked at. */
  readonly malformed: number;
}

interface Piece extends AuditReading {
  /** Where its file goes on behind it. */
  readonly end: number;
}

/** All that is let through of audit.log and its rotations, oldest first, a few at a time. */
export async function* readAudit(path: string, filter: AuditFilter): AsyncGenerator<AuditReading> {
  const files = await openLogFiles(path);
  try {
    for (const file of files) yield* readFile(file, filter);
  } finally {
    await closeLogFiles(files);
  }
}

export interface AuditTail extends AuditReading {
  /** How far the newest file was read; null when there is none. */
  readonly end: AuditPlace | null;
}

/** A place in the log, whatever its file is called by now. */
export interface AuditPlace {
  readonly node: string;
  readonly head: string | null;
  readonly offset: number;
}

/**
 * The last so many that are let through, oldest first. Older files are read only as far as they are needed. With
 * `isFollowed` a line that has no end yet is left for what goes on behind it.
 */
export async function readAuditTail(
  path: string,
  filter: AuditFilter,
  last: number,
  isFollowed = false,
): Promise<AuditTail> {
  const files = await openLogFiles(path);
  const newest = files.at(-1);
  let end: AuditPlace | null = null;
  let found: readonly FoundRecord[] = [];
  let malformed = 0;
  try {
    for (const file of files.toReversed()) {
      const tail: FoundRecord[] = [];
      const withTail = !(isFollowed && file === newest);
      for await (const reading of readFile(file, filter, { withTail })) {
        tail.push(...reading.found);
        malformed += reading.malformed;
        // Cut now and then, so that a long log does not stay in memory for a short tail.
        if (tail.length >= last * 2 + 1_000) tail.splice(0, tail.length - last);
        if (file === newest) end = { node: file.node, head: file.head, offset: reading.end };
      }
      if (file === newest) end ??= { node: file.node, head: file.head, offset: 0 };
      found = [...tail, ...found].slice(-last);
      if (found.length >= last) break;
    }
  } finally {
    await closeLogFiles(files);
  }
  return { found, malformed, end };
}

/** What one file lets through, from a place on. */
export async function* readFile(
  file: LogFile,
  filter: AuditFilter,
  options: { readonly from?: number; readonly withTail?: boolean } = { withTail: true },
): AsyncGenerator<Piece> {
  const read = createLineReader(filter);
  for await (const lines of linesOf(file.handle, options)) {
    const last = lines.at(-1);
    yield { ...read(lines), end: last ? last.start + last.length : (options.from ?? 0) };
  }
}

function createLineReader(filter: AuditFilter): (lines: readonly Line[]) => AuditReading {
  const matches = createMatcher(filter);
  const isTooOld = createAgeCheck(filter.since);
  return (lines) => {
    const found: FoundRecord[] = [];
    let malformed = 0;
    for (const { bytes } of lines) {
      if (bytes !== null && isTooOld(bytes)) continue;
      const line = readStoredLine(bytes);
      if (line.kind === 'malformed') malformed++;
      else if (line.kind === 'record' && matches(line.record)) found.push(line);
    }
    return { found, malformed };
  };
}

const beginning = Buffer.from('{"ts":"');
const [quote, zulu] = Buffer.from('"Z');

/**
 * Most lines of a long log are too old for what is asked, and parsing all of them takes seconds. Each begins with its
 * time: where that is in UTC and an earlier second, the line is passed over unparsed.
 */
function createAgeCheck(since: number | undefined): (bytes: Buffer) => boolean {
  // Other years are written with more than four digits.
  if (since === undefined || !(since >= 0 && since < Date.UTC(10_000, 0))) return () => false;
  const second = new Date(since).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length);
  return (bytes) => {
    const from = beginning.length;
    if (bytes.compare(beginning, 0, from, 0, Math.min(from, bytes.length)) !== 0) return false;
    const end = bytes.indexOf(quote ?? 0, from);
    if (end < from + second.length || bytes[end - 1] !== zulu) return false;
    return bytes.toString('latin1', from, from + second.length) < second;
  };
}
