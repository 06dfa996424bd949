import { hash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, renameSync, writeFileSync } from 'node:fs';
import type { AuditRecord } from '../../../src-shared/audit.ts';
import type { Clock, Log } from '../platform.ts';
import type { Target } from '../policy/decision.ts';
import { isObject } from '../wire/frame.ts';

/** As the original: a file this large becomes `.1`, and five are kept. */
const rotateBytes = 10 * 1024 * 1024;
const keptFiles = 5;
/** Records of busy times are written together: a write each would cost more than the rest of the call. */
const groupMs = 10;

/** One finished call, as the road saw it. */
export interface CallRecord {
  readonly target: Target;
  readonly via: AuditRecord['via'];
  readonly client: string;
  readonly decision: AuditRecord['decision'];
  readonly outcome: AuditRecord['outcome'];
  readonly reason?: string | undefined;
  readonly arguments: unknown;
  /** Id of the version of the rules that judged it. */
  readonly policy: string;
  /** The yes it ran on; null where it needed none. */
  readonly approval: string | null;
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
  readonly clock: Clock;
  readonly log: Log;
}): Audit {
  const { clock } = deps;
  let queue: CallRecord[] = [];
  let scheduled = false;
  let failed = false;
  let descriptor: number | null = null;
  let flushedAt = 0;

  function flush(): void {
    scheduled = false;
    flushedAt = clock.now();
    const calls = queue;
    queue = [];
    if (calls.length === 0) return;
    try {
      descriptor ??= openSync(deps.path, 'a', 0o600);
      const text = calls.map((call) => `${lineOf(call, deps.fullArguments)}\n`).join('');
      // Unlike writeSync it goes on until all of it is written.
      writeFileSync(descriptor, text);
      if (fstatSync(descriptor).size >= rotateBytes) rotate();
      failed = false;
    } catch (error) {
      if (!failed) deps.log.error('audit log cannot be written', { reason: (error as Error).message });
      failed = true;
    }
  }

  /** `.1` is the newest of the kept ones; the oldest goes. */
  function rotate(): void {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
    for (let index = keptFiles; index > 0; index -= 1) {
      const from = index === 1 ? deps.path : `${deps.path}.${index - 1}`;
      if (existsSync(from)) renameSync(from, `${deps.path}.${index}`);
    }
  }

  return {
    record(call) {
      queue.push(call);
      if (scheduled) return;
      scheduled = true;
      const early = flushedAt + groupMs - clock.now();
      // In any case after the answer has gone out: hashing a large argument is not the caller's time.
      // The time of day may have been set back since.
      if (early > 0) clock.after(Math.min(early, groupMs), flush);
      else setImmediate(flush);
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

function lineOf(call: CallRecord, fullArguments: boolean): string {
  try {
    return JSON.stringify(toRecord(call, fullArguments));
  } catch {
    // Nested too deeply to be written; the record matters more than the hash.
    return JSON.stringify(toRecord({ ...call, arguments: undefined }, fullArguments));
  }
}

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
    // What is undefined is left out of the line.
    args_keys: keys.length > 0 ? keys : undefined,
    args_hash: keys.length > 0 ? argumentsHash(args) : undefined,
    args: fullArguments && keys.length > 0 ? args : undefined,
    reason: call.reason,
    client: call.client,
    principal: target.principal,
    policy: call.policy === '' ? undefined : call.policy,
    approval: call.approval ?? undefined,
  };
}

function toolName(target: Target): string {
  if (target.kind === 'tool' || target.kind === 'other') return target.name;
  return target.kind === 'prompt' ? `prompts/get ${target.name}` : 'resources/read';
}

/** `sha256:` over the original's canonical JSON: keys sorted at every level, `<>&` escaped as Go does. */
export function argumentsHash(args: unknown): string {
  const escaped = canonical(args).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `sha256:${hash('sha256', escaped)}`;
}

/** Written by hand: an object would put keys that look like numbers first, whatever order they were added in. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort(byBytes)
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}

/** As Go compares strings; JavaScript's own order differs beyond the first 65,536 characters of Unicode. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
