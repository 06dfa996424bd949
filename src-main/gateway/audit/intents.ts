import { closeSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { AuditIntent } from '../../../src-shared/audit.ts';
import { readBytesIfExists } from '../storage/files.ts';

/**
 * Calls that are under way, in a file of their own: written before an upstream is touched, so that a gateway that is
 * killed leaves word of what it had asked for (docs/adr/0010-the-audit-chain.md).
 */
export interface Intents {
  /** Writes that a call goes out; `members` is JSON without its braces. Throws what the file system says. */
  open(members: string): number;
  /** Writes which calls get the lines from `seq` on, before those lines are written; null for a line of no open call. */
  mark(ids: readonly (number | null)[], seq: number): void;
  /** The lines of these calls are written, or will never be. */
  settle(ids: readonly (number | null)[]): void;
  /** Finds out whether the file can be written again. */
  probe(): void;
  /** The calls a gateway before this one left; still open here, under these ids. Asks for the log's last line. */
  leftovers(lastSeq: () => number): { readonly id: number; readonly intent: AuditIntent }[];
  close(): void;
}

/** Above this the file begins anew, with the calls that are open. */
const compactBytes = 512 * 1024;
/** It never grows to this while it can be written anew. */
const maxBytes = 256 * 1024 * 1024;

export function createIntents(path: string): Intents {
  /** What is open, as it stands in the file. */
  const open = new Map<number, string>();
  let descriptor: number | null = null;
  let bytes = 0;
  let next = 1;
  let isTorn = false;

  function append(text: string): void {
    descriptor ??= openSync(path, 'a', 0o600);
    // A line that was not written to its end must not swallow the next one.
    const whole = isTorn ? `\n${text}` : text;
    isTorn = true;
    const written = writeSync(descriptor, whole);
    if (written !== Buffer.byteLength(whole))
      throw Object.assign(new Error(`ENOSPC: ${path} took half a line`), { code: 'ENOSPC' });
    isTorn = false;
    bytes += written;
  }

  function compact(): void {
    let kept = 0;
    for (const line of open.values()) kept += line.length;
    if (kept * 4 > bytes) return;
    if (open.size === 0) {
      if (descriptor !== null) ftruncateSync(descriptor, 0);
      bytes = 0;
      return;
    }
    const temporary = `${path}.tmp`;
    const fresh = openSync(temporary, 'w', 0o600);
    const text = [...open.values()].join('');
    try {
      if (writeSync(fresh, text) !== Buffer.byteLength(text)) throw new Error('the disk is full');
      renameSync(temporary, path);
    } catch {
      // The old file still says all; it is only longer than it has to be.
      closeSync(fresh);
      rmSync(temporary, { force: true });
      return;
    }
    if (descriptor !== null) closeSync(descriptor);
    closeSync(fresh);
    descriptor = openSync(path, 'a', 0o600);
    bytes = Buffer.byteLength(text);
  }

  return {
    open(members) {
      const id = next++;
      const line = `{"open":${id},${members}}\n`;
      append(line);
      open.set(id, line);
      return id;
    },
    mark(ids, seq) {
      if (ids.some((id) => id !== null)) append(`{"ends":${JSON.stringify(ids)},"seq":${seq}}\n`);
    },
    settle(ids) {
      for (const id of ids) if (id !== null) open.delete(id);
      if (bytes > compactBytes) compact();
    },
    probe: () => append('\n'),
    leftovers(lastSeq) {
      const text = readBytesIfExists(path, maxBytes)?.toString('utf8') ?? '';
      if (text === '') return [];
      const { opened, ends } = readIntents(text);
      bytes = text.length;
      const last = opened.size === 0 ? 0 : lastSeq();
      next = Math.max(0, ...opened.keys()) + 1;
      const left = [...opened]
        .filter(([id]) => (ends.get(id) ?? Infinity) > last)
        .map(([id, intent]) => ({ id, intent }));
      isTorn = true;
      for (const { id, intent } of left) open.set(id, `${JSON.stringify(intent)}\n`);
      return left;
    },
    close() {
      if (open.size === 0) rmSync(path, { force: true });
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
      bytes = 0;
      isTorn = true;
    },
  };
}

/** What cannot be read was not written to its end, and its call never went out. */
function readIntents(text: string): {
  readonly opened: Map<number, AuditIntent>;
  /** The seq each call's line has, where that was decided; the last word counts. */
  readonly ends: Map<number, number>;
} {
  const opened = new Map<number, AuditIntent>();
  const ends = new Map<number, number>();
  for (const line of text.split('\n')) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      continue;
    }
    const { ends: ids, seq } = (value ?? {}) as { ends?: unknown; seq?: unknown };
    if (Array.isArray(ids) && typeof seq === 'number')
      ids.forEach((id, index) => typeof id === 'number' && ends.set(id, seq + index));
    const intent = AuditIntent.safeParse(value);
    if (intent.success) opened.set(intent.data.open, intent.data);
  }
  return { opened, ends };
}
