import { dirname, join } from 'node:path';
import type { Clock, Log } from '../platform.ts';
import type { AuditSeals } from '../storage/audit-seals.ts';
import { openAuditFiles } from './files.ts';
import { createIntents } from './intents.ts';
import {
  endsOf,
  lineOf,
  lineOfUnknown,
  noteOf,
  type CallRecord,
  type CallStart,
  type LineEnds,
} from './line.ts';
import { createLogFile } from './log-file.ts';
import { createSealer } from './seal.ts';
import { verifyAudit, type AuditVerdict } from './verify.ts';

export type { CallRecord, CallStart } from './line.ts';

/** Records of busy times are written together: a write each would cost more than the rest of the call. */
const groupMs = 10;
const groupCalls = 128;
/** A log that cannot be written is tried again this often. */
const retryMs = 1_000;
/** Lines that wait for a log that cannot be written. */
const maxWaiting = 10_000;
const maxWaitingChars = 16 * 1024 * 1024;
/** Who shows the log hears of new lines no more often. */
const newsMs = 250;

/** A call of which is written that it goes out. */
export interface Begun {
  /** Its number among what is under way; null when it could not be written down. */
  readonly id: number | null;
  readonly ends: LineEnds;
}

export interface Audit {
  /** Writes down that a call is about to be made. Never throws and never waits; `problem` says when it failed. */
  begin(call: CallStart): Begun;
  /** Queues one line; never throws and never waits. That of a call that was stopped is written at once. */
  record(call: CallRecord, begun?: Begun): void;
  /** Why calls cannot be written down now, in a sentence with the way out; null while they can. */
  problem(): string | null;
  /** What a person should know, in sentences. */
  warnings(): string[];
  /** Reads all of it and checks every line. */
  verify(): Promise<AuditVerdict>;
  /** Called after lines were written, four times a second at most. */
  onWritten(listener: () => void): void;
  /** Writes what is queued, seals it where that can be done, and lets go of the files. */
  close(): Promise<void>;
}

/**
 * Appends one JSON line per call to audit.log. Arguments are kept as their names and a hash unless `fullArguments`;
 * results never. What a gateway before this one left under way is written first, as `unknown`.
 */
export function createAudit(deps: {
  readonly path: string;
  readonly fullArguments: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** null: chained, but not sealed. */
  readonly seals: AuditSeals | null;
  readonly rotateBytes?: number;
}): Audit {
  const { clock, path, log } = deps;
  const intentsPath = join(dirname(path), 'audit.open');
  const intents = createIntents(intentsPath);
  const file = createLogFile({ ...deps, onRotated: () => sealer.sealSoon() });
  const sealer = createSealer({
    seals: deps.seals,
    path,
    clock,
    log,
    head: file.head,
    write(note) {
      waiting.push(noteOf(clock.now(), note));
      waitingIds.push(null);
      flush();
    },
  });
  const listeners: (() => void)[] = [];
  let queue: { readonly call: CallRecord; readonly begun: Begun | undefined }[] = [];
  /** Lines of finished calls, and beside them the numbers of those that were written down when they began. */
  let waiting: string[] = [];
  let waitingIds: (number | null)[] = [];
  let waitingChars = 0;
  let dropped = 0;
  /** What of `waiting` is marked already, and as lines from where on. */
  let marked = { count: 0, from: 0 };
  let isScheduled = false;
  let failure: { readonly file: string; readonly code: string } | null = null;
  let triedAt = -Infinity;
  let flushedAt = 0;
  let isTelling = false;
  let isRetrying = false;

  function flush(): void {
    isScheduled = false;
    flushedAt = clock.now();
    buildLines();
    const isEarly = failure !== null && Math.abs(clock.now() - triedAt) < retryMs;
    if (!isEarly && (waiting.length > 0 || dropped > 0 || failure !== null)) write();
  }

  function buildLines(): void {
    const records = queue;
    queue = [];
    for (const { call, begun } of records) {
      const line = lineOf(call, begun?.ends ?? endsOf(call), deps.fullArguments);
      const id = begun?.id ?? null;
      if (waiting.length < maxWaiting && waitingChars + line.length <= maxWaitingChars) {
        waiting.push(line);
        waitingIds.push(id);
        waitingChars += line.length;
        continue;
      }
      dropped += 1;
      if (id !== null) intents.settle([id]);
    }
  }

  function write(): void {
    triedAt = clock.now();
    const lines = dropped > 0 ? [...waiting, noteOf(clock.now(), { dropped })] : waiting;
    try {
      markLines();
      if (lines.length > 0) file.append(lines);
      if (failure?.file === intentsPath) intents.probe();
    } catch (error) {
      return fail((error as NodeJS.ErrnoException).path === intentsPath ? intentsPath : path, error);
    }
    intents.settle(waitingIds);
    waiting = [];
    waitingIds = [];
    waitingChars = 0;
    dropped = 0;
    marked = { count: 0, from: 0 };
    if (failure !== null) log.info('the audit log can be written again', { lines: lines.length });
    failure = null;
    if (lines.length === 0) return;
    sealer.written();
    tellSoon();
  }

  /** Says which lines the calls under way get, so that none of them is taken for one that never ended. */
  function markLines(): void {
    const from = file.nextSeq();
    const first = marked.from === from ? marked.count : 0;
    try {
      intents.mark(waitingIds.slice(first), from + first);
    } catch (error) {
      throw Object.assign(error as Error, { path: intentsPath });
    }
    marked = { count: waiting.length, from };
  }

  function fail(where: string, error: unknown): void {
    const { code = 'unknown error', message } = error as NodeJS.ErrnoException;
    if (failure === null) log.error('audit log cannot be written', { file: where, reason: message });
    failure = { file: where, code };
    if (isRetrying) return;
    isRetrying = true;
    clock.after(retryMs, () => {
      isRetrying = false;
      flush();
    });
  }

  function tellSoon(): void {
    if (isTelling || listeners.length === 0) return;
    isTelling = true;
    clock.after(newsMs, () => {
      isTelling = false;
      for (const listener of listeners) listener();
    });
  }

  function schedule(): void {
    // Calls that are kept for long cost more to forget than a write does.
    if (queue.length === groupCalls) setImmediate(flush);
    if (isScheduled) return;
    isScheduled = true;
    const early = flushedAt + groupMs - clock.now();
    // In any case after the answer has gone out: hashing a large argument is not the caller's time.
    // The time of day may have been set back since.
    if (early > 0) clock.after(Math.min(early, groupMs), flush);
    else setImmediate(flush);
  }

  function problem(): string | null {
    if (failure === null) return null;
    const fix = fixes[failure.code] ?? 'check the file, its folder, their owner and mode';
    return `${failure.file} cannot be written (${failure.code}); ${fix}`;
  }

  /** What was under way when the gateway before this one ended. */
  function recordLeftovers(): void {
    try {
      const left = intents.leftovers(() => {
        file.nextSeq();
        return file.head()?.seq ?? 0;
      });
      if (left.length === 0) return;
      waiting.push(...left.map(({ intent }) => lineOfUnknown(intent)));
      waitingIds.push(...left.map(({ id }) => id));
      log.warn('calls were under way when the gateway ended; how they ended is unknown', {
        calls: left.length,
      });
      write();
    } catch (error) {
      fail(intentsPath, error);
    }
  }

  recordLeftovers();
  return {
    begin(call) {
      const ends = endsOf(call);
      try {
        const id = intents.open(ends.last === '' ? ends.first : `${ends.first},${ends.last}`);
        return { id, ends };
      } catch (error) {
        fail(intentsPath, error);
        return { id: null, ends };
      }
    },
    record(call, begun) {
      queue.push({ call, begun });
      // Nothing else says that this call was stopped.
      if (call.outcome === 'blocked') flush();
      else schedule();
    },
    problem,
    warnings() {
      const why = problem();
      const lines = waiting.length + dropped;
      return [
        ...(why === null ? [] : [`${why}; ${lines} lines of the audit log wait in memory`]),
        ...sealer.warnings(),
      ];
    },
    async verify() {
      flush();
      const seal = await sealer.read();
      const opened = await openAuditFiles(path);
      try {
        return await verifyAudit(opened, seal);
      } finally {
        await opened.close();
      }
    },
    onWritten: (listener) => void listeners.push(listener),
    async close() {
      triedAt = -Infinity;
      flush();
      await sealer.close();
      flush();
      file.close();
      intents.close();
    },
  };
}

const fixes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full, make room',
  EDQUOT: 'the disk quota is used up, make room',
  EFBIG: 'the largest size a file may have is reached, raise it',
  EROFS: 'the file system is read-only',
};

/** For `serve --servers`, which keeps no state. */
export const noAudit: Audit = {
  begin: () => ({ id: null, ends: { first: '', last: '' } }),
  record: () => {},
  problem: () => null,
  warnings: () => [],
  verify: () =>
    Promise.resolve({
      state: 'empty',
      lines: 0,
      from: null,
      to: null,
      sealedTo: null,
      unchained: 0,
      problem: null,
    }),
  onWritten: () => {},
  close: () => Promise.resolve(),
};
