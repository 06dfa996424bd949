import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import type { AuditRecord } from '../../src-shared/audit.ts';

/** A record as most calls leave one. */
export function auditRecord(changes: Partial<AuditRecord> & Record<string, unknown> = {}): AuditRecord {
  return {
    ts: '2026-11-20T11:00:00.123Z',
    connector: 'github',
    alias: 'work',
    profile_id: 'github:work',
    tool: 'list_issues',
    via: 'direct',
    decision: 'allowed',
    outcome: 'ok',
    duration_ms: 12,
    client: 'claude',
    principal: 'local',
    ...changes,
  };
}

/** Writes an audit log as the gateway does: chained, a header in each file, rotated when it is told to. */
export interface AuditWriter {
  readonly path: string;
  /** Chained lines; a text is written as it is, outside of the chain. Answers the number of the last link. */
  append(...records: readonly (AuditRecord | string)[]): number;
  /** The written file becomes `.1`. */
  rotate(): void;
}

export function createAuditWriter(path: string): AuditWriter {
  let seq = 0;
  let prev = '0'.repeat(64);

  function link(value: object): string {
    seq += 1;
    const hashed = `${JSON.stringify(value).slice(0, -1)},"seq":${seq},"prev":"${prev}"`;
    prev = createHash('sha256').update(hashed).digest('hex');
    return `${hashed},"hash":"${prev}"}\n`;
  }

  return {
    path,
    append(...records) {
      const header = existsSync(path) ? '' : link({ audit: 2, ts: '2026-11-20T00:00:00.000Z' });
      const lines = records.map((record) => (typeof record === 'string' ? `${record}\n` : link(record)));
      appendFileSync(path, header + lines.join(''), { mode: 0o600 });
      return seq;
    },
    rotate() {
      for (let index = 5; index > 0; index -= 1) {
        const from = index === 1 ? path : `${path}.${index - 1}`;
        if (existsSync(from)) renameSync(from, `${path}.${index}`);
      }
    },
  };
}

/** The lines of the original's log, newest file first, as it left them: no client, no chain, nanoseconds. */
export function writeOriginalLog(path: string, ...files: readonly (readonly string[])[]): void {
  for (const [index, lines] of files.entries())
    writeFileSync(index === 0 ? path : `${path}.${index}`, lines.map((line) => `${line}\n`).join(''), {
      mode: 0o600,
    });
}

/** One line of each kind the original wrote (reference/originals.md N-66), oldest first. */
export const originalLines: readonly string[] = [
  '{"ts":"2026-03-01T09:00:00.123456789Z","connector":"supabase","alias":"atlas","profile_id":"supabase:atlas","tool":"list_projects","via":"direct","decision":"allowed","outcome":"ok","duration_ms":412}',
  '{"ts":"2026-03-01T09:00:01.5Z","connector":"supabase","alias":"atlas","tool":"execute_sql","via":"nucleus_call","decision":"denied","outcome":"blocked","duration_ms":0,"args_keys":["project_id","query"],"args_hash":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","reason":"rule 2: no writes\\non prod"}',
  '{"ts":"2026-03-01T09:00:02Z","connector":"supabase","alias":"atlas","profile_id":"supabase:atlas","tool":"apply_migration","via":"nucleus_call","decision":"confirm-required","outcome":"blocked","duration_ms":0}',
  '{"ts":"2026-03-01T09:00:03.25Z","connector":"supabase","alias":"atlas","profile_id":"supabase:atlas","tool":"apply_migration","via":"nucleus_call","decision":"confirm-mismatch","outcome":"blocked","duration_ms":0}',
  '{"ts":"2026-03-01T09:00:04.000000001Z","connector":"github","alias":"work","profile_id":"github:work","tool":"create_issue","via":"nucleus_call_plan","decision":"allowed","outcome":"upstream-error","duration_ms":88,"args":{"title":"x"},"reason":"tool error"}',
  '{"ts":"2026-03-01T09:00:05Z","connector":"github","alias":"work","profile_id":"github:work","tool":"get_me","via":"direct","decision":"allowed","outcome":"transport-error","duration_ms":30000,"reason":"EOF","meta":{}}',
];
