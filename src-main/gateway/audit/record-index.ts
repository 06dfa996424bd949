import type { FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import { sqliteCode } from '../storage/sqlite-errors.ts';
import { closeLogFiles, openLogFiles, type LogFile } from './open-files.ts';
import { openIndexStore, removeIndex, type IndexedFile, type IndexStore } from './index-store.ts';
import { kindOf } from './kind.ts';
import { linesOf, type Line } from './lines.ts';
import { readStoredLine } from './stored-line.ts';

/** What was written together is read together. */
const gatherMs = 500;
/** How long a question waits for lines that are not in the index yet. */
const waitMs = 2_000;
/** What tells whether the file still ends as it did. */
const tailBytes = 64;

/** Finds records of audit.log. It follows the files by itself and is made anew when it does not fit them. */
export interface RecordIndex {
  /** The log has new lines: reads them soon. */
  written(): void;
  /**
   * Runs `work` with the index, after it read what was written; `isComplete` is false when that takes too long. Once
   * more with a new index when it turns out to be damaged.
   */
  use<T>(work: (store: IndexStore, isComplete: boolean) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Thrown by `work` when a line is not what the index says. */
export class IndexUnfit extends Error {}

export function createRecordIndex(deps: {
  /** audit.log. */
  readonly path: string;
  /** Where the index is kept. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Lines that a question missed are in the index now. */
  readonly onCaughtUp: () => void;
}): RecordIndex {
  const { clock, log } = deps;
  let store: IndexStore | null = null;
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  let wasMissed = false;
  let isClosed = false;
  let forget: (() => void) | null = null;
  /** Once the file could not be used, memory is. */
  let file = deps.file;

  function open(): IndexStore {
    if (isClosed) throw new NucleusError('GATEWAY_STOPPED', 'the gateway is ending; ask again');
    if (store) return store;
    try {
      return (store = openIndexStore(file));
    } catch (error) {
      if (file === ':memory:') throw error;
      if (!isEnvironment(error)) removeIndex(file);
      else useMemory(error);
      return (store = openIndexStore(file));
    }
  }

  function useMemory(error: unknown): void {
    log.warn('the index of the audit log is kept in memory', { reason: (error as Error).message });
    file = ':memory:';
  }

  /** Away with an index that is damaged or does not fit; a disk that is full or read-only is another matter. */
  function discard(unfit: IndexStore, error: unknown): void {
    if (store !== unfit) return;
    unfit.close();
    store = null;
    if (file === ':memory:') return;
    if (isEnvironment(error)) return useMemory(error);
    log.info('the index of the audit log is made anew', { reason: (error as Error).message });
    removeIndex(file);
  }

  /** One at a time; all who come while one runs wait for the same next one, which sees what is there now. */
  async function fill(): Promise<void> {
    next ??= running
      // Its failure is for those who waited for it.
      .catch(() => {})
      .then(() => {
        next = null;
        return (running = fillOnce());
      });
    return next;
  }

  async function fillOnce(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const current = open();
      try {
        await read(current);
        break;
      } catch (error) {
        if (isClosed) return;
        if (attempt > 0 || !isReasonToDiscard(error)) throw error;
        discard(current, error);
      }
    }
    if (wasMissed) deps.onCaughtUp();
    wasMissed = false;
  }

  async function read(into: IndexStore): Promise<void> {
    const files = await openLogFiles(deps.path);
    try {
      const begun = files.flatMap((file) => (file.head === null ? [] : [{ file, head: file.head }]));
      for (const file of await leftOut(into, begun))
        while (into.drop(file)) {
          await nextTurn();
          if (isClosed) return;
        }
      for (const [index, { file, head }] of begun.entries()) {
        const known = into.files[index] ?? into.addFile(file.node, head);
        if (!(await readInto(into, known, file, file !== files.at(-1)))) return;
      }
    } finally {
      await closeLogFiles(files);
    }
  }

  async function readInto(
    into: IndexStore,
    known: IndexedFile,
    file: LogFile,
    withTail: boolean,
  ): Promise<boolean> {
    if (known.until === file.size) return true;
    let at = known;
    // Each turn of this loop is one read of the file, which lets everybody else run.
    for await (const lines of linesOf(file.handle, { from: known.until, withTail })) {
      if (isClosed) return false;
      at = add(into, at, lines);
    }
    return true;
  }

  return {
    written() {
      if (isClosed) return;
      forget ??= clock.after(gatherMs, () => {
        forget = null;
        fill().catch((error: unknown) => {
          if (!isClosed) log.warn('the audit log could not be indexed', { reason: (error as Error).message });
        });
      });
    },
    async use(work) {
      for (let attempt = 0; ; attempt++) {
        const isComplete = await within(clock, waitMs, fill());
        if (!isComplete) wasMissed = true;
        const current = open();
        try {
          return await work(current, isComplete);
        } catch (error) {
          const wasDiscarded = current.isClosed && !isClosed;
          if (attempt > 0 || !(wasDiscarded || isReasonToDiscard(error))) throw error;
          discard(current, error);
        }
      }
    },
    async close() {
      isClosed = true;
      forget?.();
      await running.catch(() => {});
      store?.close();
    },
  };
}

function add(into: IndexStore, file: IndexedFile, lines: readonly Line[]): IndexedFile {
  const rows: Parameters<IndexStore['add']>[2][number][] = [];
  for (const { bytes, start, length } of lines) {
    const line = readStoredLine(bytes);
    if (line.kind !== 'record') continue;
    const { record } = line;
    rows.push({
      start,
      length,
      at: Date.parse(record.ts),
      kind: kindOf(record),
      duration: Math.round(record.duration_ms),
      seq: record.seq ?? null,
    });
  }
  const last = lines.at(-1);
  if (!last) return file;
  const end = Buffer.alloc(last.bytes && last.length > last.bytes.length ? 1 : 0, '\n');
  const tail = Buffer.concat([last.bytes?.subarray(-tailBytes) ?? Buffer.alloc(0), end]);
  return into.add(file, { until: last.start + last.length, tail }, rows);
}

/**
 * Files of the index that were rotated away. Throws unless the rest are the oldest that are there, in this order and
 * with what was read of them.
 */
async function leftOut(
  { files }: IndexStore,
  there: readonly { readonly file: LogFile; readonly head: string }[],
): Promise<readonly IndexedFile[]> {
  if (files.length === 0) return [];
  const first = there[0];
  const gone = files.findIndex(({ node, head }) => node === first?.file.node && head === first.head);
  if (gone < 0) throw new IndexUnfit('the files of the log are others');
  for (const [index, known] of files.slice(gone).entries()) {
    const found = there[index];
    const isSame =
      found?.file.node === known.node &&
      found.head === known.head &&
      (await endsSo(found.file.handle, known));
    if (!isSame) throw new IndexUnfit('a file of the log is another one than was read');
  }
  return files.slice(0, gone);
}

async function endsSo(handle: FileHandle, { until, tail }: IndexedFile): Promise<boolean> {
  const buffer = Buffer.alloc(tail.length);
  await handle.read(buffer, 0, buffer.length, until - tail.length);
  return buffer.equals(tail);
}

/** Whether it came to its end in time; its failure is the caller's. */
async function within(clock: Clock, milliseconds: number, work: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const forget = clock.after(milliseconds, () => late.resolve(false));
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    forget();
    // When it is too late, whoever comes next is told.
    work.catch(() => {});
  }
}

/** What a new file would not mend. */
function isEnvironment(error: unknown): boolean {
  const code = sqliteCode(error) ?? (error as NodeJS.ErrnoException).code ?? '';
  return /^(E[A-Z]+$|STATE_UNUSABLE|SQLITE_(FULL|READONLY|CANTOPEN|PERM|AUTH|BUSY|LOCKED|IOERR|NOLFS))/.test(
    code,
  );
}

function isReasonToDiscard(error: unknown): boolean {
  return error instanceof IndexUnfit || sqliteCode(error) !== null;
}
