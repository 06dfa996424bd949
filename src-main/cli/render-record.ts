import type { StoredAuditRecord } from '../../src-shared/audit.ts';
import { cutToWidth } from './text-width.ts';

const maxReasonChars = 80;

/** What of a record is shown beside the columns everybody sees. */
export interface ShownOfRecord {
  readonly showHash: boolean;
  readonly showArgs: boolean;
  readonly showPolicy: boolean;
  /** Columns of the terminal; null where nothing has to be cut. */
  readonly columns: number | null;
}

/** One record as one line for people; nothing in it can move the cursor or colour the terminal. */
export function renderRecord(record: StoredAuditRecord, shown: ShownOfRecord): string {
  const { reason = '', args_hash, policy, approval } = record;
  const words = [
    localTime(record.ts),
    marks[record.outcome.toLowerCase()] ?? '?? ',
    pad(escapeControls(`${record.connector}:${record.alias}`), 22),
    pad(escapeControls(record.tool), 22),
    `${String(Math.round(record.duration_ms)).padStart(4)}ms`,
    pad(escapeControls(record.via), 18),
    cut(escapeControls(reason.replace(/\s*(\r\n|\n|\r)\s*/g, ' ⏎ ')), maxReasonChars),
  ];
  const more: string[] = [];
  if (shown.showHash && args_hash !== undefined) more.push(escapeControls(args_hash));
  if (shown.showArgs) more.push(escapeControls(argumentsOf(record)));
  if (shown.showPolicy && policy !== undefined) more.push(escapeControls(`policy=${policy}`));
  if (shown.showPolicy && approval !== undefined) more.push(escapeControls(`approval=${approval}`));
  const line = [...words, ...more].join(' ').trimEnd();
  // What somebody asked for by name is not cut off again.
  return shown.columns === null || more.length > 0 ? line : cutToWidth(line, shown.columns);
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

/** Control characters, marks that turn the reading direction, and halves of characters. */
const unsafe = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

/** The same text, with what a terminal would act on written as \u{…}. */
export function escapeControls(text: string): string {
  return text.replace(unsafe, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** The same JSON, with what a terminal would act on escaped as JSON does. */
export function escapeJsonControls(line: string): string {
  return line.replace(unsafe, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
