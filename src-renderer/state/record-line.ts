import type { ActivityRow } from '../../src-shared/audit.ts';
import type { EnvClass } from '../../src-shared/policy.ts';

/** What a line of the log says beside its row. */
export interface RecordLine {
  /** As it stands there, one member a line where it is JSON. */
  readonly text: string;
  readonly keys: readonly string[] | null;
  readonly hash: string | null;
  /** All arguments, where the setting keeps them; undefined where it does not. */
  readonly args: unknown;
}

export function readLine(line: string): RecordLine {
  const record = parse(line);
  const keys = record?.['args_keys'];
  return {
    text: record ? JSON.stringify(record, null, 2) : line,
    keys: Array.isArray(keys) ? keys.map(String) : null,
    hash: textOf(record?.['args_hash']),
    args: record?.['args'],
  };
}

/** The row of a line that was asked for by its number. */
export function rowOfLine(line: string, envOf: (profile: string) => EnvClass | null): ActivityRow | null {
  const record = parse(line);
  if (!record || typeof record['tool'] !== 'string') return null;
  const word = (key: string): string => textOf(record[key]) ?? '';
  const profile = textOf(record['profile_id']);
  return {
    id: '',
    seq: typeof record['seq'] === 'number' ? record['seq'] : null,
    ts: word('ts'),
    connector: word('connector'),
    alias: word('alias'),
    profile,
    env: envOf(profile ?? `${word('connector')}:${word('alias')}`),
    tool: record['tool'],
    via: word('via'),
    decision: word('decision'),
    outcome: word('outcome'),
    duration: typeof record['duration_ms'] === 'number' ? record['duration_ms'] : 0,
    reason: textOf(record['reason']),
    client: textOf(record['client']),
    principal: textOf(record['principal']),
    policy: textOf(record['policy']),
    approval: textOf(record['approval']),
    effect: textOf(record['effect']),
    plan: null,
  };
}

function parse(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null; // Damaged, or cut: it is shown as it is.
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
