import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { NucleusError } from '../../src-shared/errors.ts';
import type { Context } from './context.ts';

/** What a script may read: stdout. */
export function print(context: Context, text: string): void {
  context.stdout.write(`${text}\n`);
}

/** Many lines, no faster than they are taken: a long log does not pile up in memory. */
export async function printAll({ stdout }: Context, lines: readonly string[]): Promise<void> {
  if (lines.length === 0 || stdout.write(`${lines.join('\n')}\n`)) return;
  // Closed between two pieces it never drains, and the command would be one of the gateway's for good.
  if (stdout.destroyed) throw new NucleusError('CALL_CANCELLED', 'whoever read this is gone');
  await once(stdout, 'drain');
}

/** What a script may read, as the gateway answered it. */
export function printJson(context: Context, value: unknown): void {
  print(context, JSON.stringify(value, null, 2));
}

/** What is said to a person: stderr. */
export function note(context: Context, text: string): void {
  context.stderr.write(`${text}\n`);
}

/** Columns as wide as their longest cell, two spaces apart; the last one is not padded. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(oneLine));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ''))));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Text from outside as a terminal may show it: escape sequences and control characters cannot act, lines stay. */
export function visible(text: string): string {
  return escapeControls(
    text.replaceAll('\r\n', '\n'),
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
  );
}

/** The same on one line. */
export function oneLine(text: string): string {
  return escapeControls(text, /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g);
}

function escapeControls(text: string, controls: RegExp): string {
  return text.replace(controls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** `k=v k=v` sorted by key, `-` for none. */
export function formatMetadata(metadata: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(metadata)
    .sort()
    .map((key) => `${key}=${metadata[key]}`);
  return pairs.length === 0 ? '-' : pairs.join(' ');
}
