import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { AuditRecord } from '../../../src-shared/audit.ts';
import type { Log } from '../platform.ts';
import type { Target } from '../policy/policy.ts';
import { isObject } from '../wire/frame.ts';

/** One finished call, as the road saw it. */
export interface CallRecord {
  readonly target: Target;
  readonly via: AuditRecord['via'];
  readonly client: string;
  readonly decision: AuditRecord['decision'];
  readonly outcome: AuditRecord['outcome'];
  readonly reason?: string | undefined;
  readonly arguments: unknown;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Audit {
  /** Queues one line; never throws and never waits. */
  record(call: CallRecord): void;
  /** Writes what is queued. */
  close(): void;
}

/**
 * Appends one JSON line per call to audit.log. Arguments are kept as their names and a hash unless `fullArguments`;
 * results never. A log that cannot be written is said once and stops no call.
 */
export function createAudit(deps: {
  readonly path: string;
  readonly fullArguments: boolean;
  readonly log: Log;
}): Audit {
  let queue: CallRecord[] = [];
  let scheduled = false;
  let failed = false;
  let descriptor: number | null = null;

  function flush(): void {
    scheduled = false;
    const calls = queue;
    queue = [];
    if (calls.length === 0) return;
    try {
      descriptor ??= openSync(deps.path, 'a', 0o600);
      const text = calls.map((call) => `${JSON.stringify(toRecord(call, deps.fullArguments))}\n`).join('');
      writeSync(descriptor, text);
      failed = false;
    } catch (error) {
      if (!failed) deps.log.error('audit log cannot be written', { reason: (error as Error).message });
      failed = true;
    }
  }

  return {
    record(call) {
      queue.push(call);
      if (scheduled) return;
      scheduled = true;
      // After the answer has gone out: hashing a large argument is not the caller's time.
      setImmediate(flush);
    },
    close() {
      flush();
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}

/** For `serve --servers`, which keeps no state. */
export const noAudit: Audit = { record: () => {}, close: () => {} };

function toRecord(call: CallRecord, fullArguments: boolean): AuditRecord {
  const { target } = call;
  const args = isObject(call.arguments) ? call.arguments : {};
  const keys = Object.keys(args).sort();
  return {
    ts: new Date(call.startedAt).toISOString(),
    connector: target.connector,
    alias: target.alias,
    profile_id: target.profile,
    tool: toolName(target),
    via: call.via,
    decision: call.decision,
    outcome: call.outcome,
    duration_ms: Math.round(call.endedAt - call.startedAt),
    ...(keys.length > 0 && { args_keys: keys, args_hash: argumentsHash(args) }),
    ...(fullArguments && keys.length > 0 && { args }),
    ...(call.reason !== undefined && { reason: call.reason }),
    client: call.client,
    principal: target.principal,
  };
}

function toolName(target: Target): string {
  if (target.kind === 'tool') return target.name;
  return target.kind === 'prompt' ? `prompts/get ${target.name}` : 'resources/read';
}

/** `sha256:` over the original's canonical JSON: keys sorted at every level, `<>&` escaped as Go does. */
export function argumentsHash(args: unknown): string {
  const canonical = JSON.stringify(sorted(args)).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `sha256:${createHash('sha256').update(canonical).digest('hex')}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
