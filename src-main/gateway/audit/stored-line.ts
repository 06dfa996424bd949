import { StoredAuditRecord } from '../../../src-shared/audit.ts';

/** What a line of the log is. A header begins each file and says nothing of a call. */
export type StoredLine =
  | { readonly kind: 'record'; readonly record: StoredAuditRecord; readonly text: string }
  | { readonly kind: 'header' | 'empty' | 'malformed' };

/** Reads one line; what is no record is told apart from what cannot be read. */
export function readStoredLine(bytes: Buffer | null): StoredLine {
  if (bytes === null) return malformed;
  if (bytes.length === 0) return { kind: 'empty' };
  const text = bytes.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: counted by whoever reads.
    return malformed;
  }
  if (isHeader(value)) return { kind: 'header' };
  const parsed = StoredAuditRecord.safeParse(value);
  if (!parsed.success || Number.isNaN(Date.parse(parsed.data.ts))) return malformed;
  return { kind: 'record', record: parsed.data, text };
}

const malformed = { kind: 'malformed' } as const;

function isHeader(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'audit' in value && !('tool' in value);
}
