import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { StoredAuditRecord } from '../../../src-shared/audit.ts';
import { NucleusError } from '../../../src-shared/errors.ts';

/** Rotations kept beside the active file, `.1` the newest. */
const rotations = 5;
/** A line longer than this is counted as malformed instead of held in memory. */
const maxLineChars = 16 * 1024 * 1024;
const maxReasonChars = 80;

/** Which records to answer; all that are given must hold. Words are compared whole, without regard to case. */
export interface AuditFilter {
  readonly connector?: string;
  readonly alias?: string;
  readonly tool?: string;
  readonly outcome?: string;
  readonly decision?: string;
  /** Not older than this many milliseconds. */
  readonly sinceMs?: number;
  /** The last so many of what the rest lets through; 0 or none for all. */
  readonly last?: number;
}

export interface AuditReading {
  /** Oldest first. */
  readonly records: readonly StoredAuditRecord[];
  /** Lines that are no record and were left out. */
  readonly malformed: number;
}

/** Reads audit.log and its rotations, oldest first. Files that are not there are no error. */
export async function readAudit(path: string, filter: AuditFilter, now: number): Promise<AuditReading> {
  const files = await openAll(path);
  const last = filter.last ?? 0;
  const oldest = filter.sinceMs === undefined ? null : now - filter.sinceMs;
  const records: StoredAuditRecord[] = [];
  let malformed = 0;
  try {
    for (const file of files) {
      for await (const line of linesOf(file)) {
        const record = line === null ? null : parseLine(line);
        if (!record) malformed++;
        else if (matches(record, filter, oldest)) records.push(record);
        // Cut now and then, so that a long log does not stay in memory for a short tail.
        if (last > 0 && records.length >= last * 2 + 1_000) records.splice(0, records.length - last);
      }
    }
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
  return { records: last > 0 ? records.slice(-last) : records, malformed };
}

/** One record as one line for people; nothing in it can move the cursor or colour the terminal. */
export function formatAuditLine(
  record: StoredAuditRecord,
  { showHash, showArgs }: { readonly showHash: boolean; readonly showArgs: boolean },
): string {
  const columns = [
    localTime(record.ts),
    marks[record.outcome.toLowerCase()] ?? '?? ',
    pad(escapeControls(`${record.connector}:${record.alias}`), 22),
    pad(escapeControls(record.tool), 22),
    `${String(Math.round(record.duration_ms)).padStart(4)}ms`,
    pad(escapeControls(record.via), 18),
    cut(escapeControls((record.reason ?? '').replace(/\s*(\r\n|\n|\r)\s*/g, ' ⏎ ')), maxReasonChars),
  ];
  if (showHash && record.args_hash !== undefined) columns.push(escapeControls(record.args_hash));
  if (showArgs) columns.push(escapeControls(argumentsOf(record)));
  return columns.join(' ').trimEnd();
}

const marks: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  ok: 'OK ',
  blocked: 'BLK',
  'upstream-error': 'ERR',
  'transport-error': 'ERR',
});

/** The values where the log has them, else the names. */
function argumentsOf(record: StoredAuditRecord): string {
  if (record.args !== undefined) return JSON.stringify(record.args);
  return record.args_keys ? `{${record.args_keys.join(', ')}}` : '';
}

/**
 * Handles on all files that are there, oldest first. Opened newest first: a rotation in between then makes one file
 * appear twice, which its inode shows, where the other order would miss one.
 */
async function openAll(path: string): Promise<readonly FileHandle[]> {
  const files: FileHandle[] = [];
  const seen = new Set<string>();
  const names = [path, ...Array.from({ length: rotations }, (_, index) => `${path}.${index + 1}`)];
  try {
    for (const name of names) {
      const file = await openFile(name);
      if (!file) continue;
      files.push(file);
      const stat = await file.stat({ bigint: true });
      const identity = `${stat.dev} ${stat.ino}`;
      if (stat.isFile() && !seen.has(identity)) seen.add(identity);
      else await files.pop()?.close();
    }
  } catch (error) {
    await Promise.all(files.map((file) => file.close()));
    throw error;
  }
  return files.reverse();
}

async function openFile(name: string): Promise<FileHandle | null> {
  try {
    // Opening a FIFO for reading waits for a writer without O_NONBLOCK.
    return await open(name, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new NucleusError(
      'STATE_UNUSABLE',
      `${name} cannot be read (${code}); check its owner and its mode`,
      { path: name },
      { cause: error },
    );
  }
}

/**
 * The lines of a file, null for one that is too long. Not node:readline: that one also ends lines at U+2028, which
 * JSON allows inside a text.
 */
async function* linesOf(file: FileHandle): AsyncGenerator<string | null> {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let length = 0;
  const add = (part: string): void => {
    length += part.length;
    if (length > maxLineChars) parts = [];
    else parts.push(part);
  };
  const take = (): string | null => {
    const line = length > maxLineChars ? null : parts.join('');
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of file.createReadStream({ autoClose: false, start: 0 })) {
    const pieces = decoder.write(chunk as Buffer).split('\n');
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) {
        const line = take();
        if (line !== '') yield line;
      }
      add(piece);
    }
  }
  add(decoder.end());
  const line = take();
  if (line !== '') yield line;
}

function parseLine(line: string): StoredAuditRecord | null {
  try {
    const parsed = StoredAuditRecord.safeParse(JSON.parse(line));
    return parsed.success && !Number.isNaN(Date.parse(parsed.data.ts)) ? parsed.data : null;
  } catch {
    // Not JSON: counted by the caller.
    return null;
  }
}

const words = ['connector', 'alias', 'tool', 'outcome', 'decision'] as const;

function matches(record: StoredAuditRecord, filter: AuditFilter, oldest: number | null): boolean {
  if (oldest !== null && Date.parse(record.ts) < oldest) return false;
  return words.every((word) => {
    const wanted = filter[word];
    return wanted === undefined || wanted.toLowerCase() === record[word].toLowerCase();
  });
}

/** `2026-11-20 14:03:07` where the reader is. */
function localTime(ts: string): string {
  const date = new Date(ts);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length));
}

/** Cuts between characters, never inside one. */
function cut(text: string, length: number): string {
  const chars = [...text];
  return chars.length <= length ? text : `${chars.slice(0, length - 1).join('')}…`;
}

/** Control characters, marks that turn the reading direction, and halves of characters, written as \u{…}. */
function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}
