import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createAudit, type Audit, type CallRecord } from '../../src-main/gateway/audit/audit.ts';
import { openAuditFiles } from '../../src-main/gateway/audit/files.ts';
import { verifyAudit, type AuditVerdict } from '../../src-main/gateway/audit/verify.ts';
import type { Clock, Log } from '../../src-main/gateway/platform.ts';
import type { AuditSeals, SealReading } from '../../src-main/gateway/storage/audit-seals.ts';
import { createFakeClock, createFakeLog } from './fake-clock.ts';

/** A finished call as the road tells of it. */
export const auditCall = (more: Partial<CallRecord> = {}): CallRecord => ({
  target: {
    principal: 'local',
    profile: 'db:prod',
    connector: 'db',
    alias: 'main',
    kind: 'tool',
    name: 'query',
  },
  via: 'direct',
  policy: '',
  approval: null,
  client: 'tester',
  decision: 'allowed',
  outcome: 'ok',
  arguments: { sql: 'SELECT 1' },
  startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  endedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 690) + 0.4,
  ...more,
});

/** The writer of audit.log in a folder. */
export function openAudit(
  folder: string,
  more: { clock?: Clock; log?: Log; seals?: AuditSeals | null; rotateBytes?: number } = {},
): Audit {
  mkdirSync(folder, { recursive: true });
  return createAudit({
    path: join(folder, 'audit.log'),
    fullArguments: false,
    clock: createFakeClock(),
    log: createFakeLog(),
    seals: null,
    ...more,
  });
}

/** What verify says of the files in a folder. */
export async function verdictOf(
  folder: string,
  reading: SealReading = { state: 'none' },
): Promise<AuditVerdict> {
  const opened = await openAuditFiles(join(folder, 'audit.log'));
  try {
    return await verifyAudit(opened, reading);
  } finally {
    await opened.close();
  }
}

/** All files of a log by name. */
export type AuditSet = ReadonlyMap<string, Buffer>;

export function readSet(folder: string): AuditSet {
  const names = readdirSync(folder).filter((name) => /^audit\.log(\.\d)?$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

export function writeSet(folder: string, set: AuditSet): void {
  for (const name of readSet(folder).keys()) rmSync(join(folder, name));
  for (const [name, bytes] of set) writeFileSync(join(folder, name), bytes);
}

/** Names of a log's files, oldest first. */
export function oldestFirst(set: AuditSet): string[] {
  return [...set.keys()].sort((a, b) => Number(b.slice(10)) - Number(a.slice(10)));
}

export interface ReadLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** null for a line from before the chain. */
  readonly seq: number | null;
  /** The log's word about itself. */
  readonly isNote: boolean;
  readonly record: Record<string, unknown>;
}

/** Every whole line, oldest first. */
export function linesOf(set: AuditSet): ReadLine[] {
  return oldestFirst(set).flatMap((file) =>
    (set.get(file) as Buffer)
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((text, index) => {
        const record = parsed(text);
        const seq = typeof record['seq'] === 'number' ? record['seq'] : null;
        return { file: basename(file), line: index + 1, text, seq, isNote: record['audit'] === 2, record };
      }),
  );
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
