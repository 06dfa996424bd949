import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync, type WriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { StoredAuditRecord } from '../../src-shared/audit.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import type { AuditReading } from '../gateway/audit/read.ts';
import { unusable } from '../gateway/storage/files.ts';
import type { Context } from './context.ts';
import { note, printJson } from './output.ts';

/** Writes records into a file of the caller's, for their eyes only; one that is there stays unless `force` says so. */
export async function exportRecords(
  context: Context,
  readings: AsyncIterable<AuditReading>,
  options: { readonly target: string; readonly format: string; readonly force: boolean },
): Promise<number> {
  const { target, format, force } = options;
  // A file that is replaced stays as it was until all of the new one is there.
  const path = force ? `${target}.${process.pid}.tmp` : target;
  const file = await create(path, target);
  const counts = { records: 0, malformed: 0 };
  try {
    await pipeline(textOf(readings, format, counts), file);
    if (force) renameSync(path, target);
  } catch (error) {
    rmSync(path, { force: true });
    throw unusable(target, error);
  }
  const { records, malformed } = counts;
  if (malformed > 0) note(context, `note: ${malformed} malformed lines were left out`);
  if (context.json) printJson(context, { file: target, records, malformed });
  else note(context, `${records} records are in ${target}`);
  return 0;
}

async function create(path: string, target: string): Promise<WriteStream> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  try {
    await once(file, 'open');
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(target, error);
    throw new NucleusError('USAGE', `${path} is there already; name another file, or add --force`);
  }
}

async function* textOf(
  readings: AsyncIterable<AuditReading>,
  format: string,
  counts: { records: number; malformed: number },
): AsyncGenerator<string> {
  if (format === 'csv') yield `${columns.join(',')}\r\n`;
  for await (const { found, malformed } of readings) {
    counts.malformed += malformed;
    counts.records += found.length;
    if (found.length > 0)
      yield found.map(({ record, text }) => (format === 'csv' ? csvLine(record) : `${text}\n`)).join('');
  }
}

const columns = [
  'ts',
  'connector',
  'alias',
  'profile_id',
  'tool',
  'via',
  'decision',
  'outcome',
  'duration_ms',
  'args_keys',
  'args_hash',
  'reason',
  'client',
  'principal',
  'policy',
  'approval',
  'effect',
  'seq',
] as const satisfies readonly (keyof StoredAuditRecord)[];

/** As RFC 4180 says. */
function csvLine(record: StoredAuditRecord): string {
  return `${columns.map((column) => csvCell(record[column])).join(',')}\r\n`;
}

function csvCell(value: string | number | readonly string[] | undefined): string {
  if (value === undefined) return '';
  const text = typeof value === 'object' ? value.join(' ') : String(value);
  // Names and reasons come from servers; a spreadsheet would run what begins like a formula.
  const harmless = typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
