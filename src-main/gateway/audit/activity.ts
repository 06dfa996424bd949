import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  ActivityFilters,
  ActivityPage,
  ActivityRow,
  StoredAuditRecord,
} from '../../../src-shared/audit.ts';
import type { Handlers } from '../../../src-shared/contract.ts';
import type { EnvClass } from '../../../src-shared/policy.ts';
import { closeLogFiles, openLogFiles, type LogFile } from './open-files.ts';
import type { IndexedFile, IndexedRow, IndexStore, RowRange } from './index-store.ts';
import { fits, isAmong, kindOf, profileOfKind, type KindFilter } from './kind.ts';
import { wordsOf } from './match.ts';
import { IndexUnfit, type RecordIndex } from './record-index.ts';
import { readStoredLine } from './stored-line.ts';
import { countTimeline } from './timeline.ts';

/** Bytes of a file whose rows are looked at before others get their turn: some milliseconds at most. */
const stepBytes = 4 * 1024 * 1024;
/** A page ends early when its lines are longer than this together. */
const pageBytes = 4 * 1024 * 1024;
/** Longer texts are cut in a list. */
const maxChars = 1_000;
/** Longer lines are cut where one is looked at. */
const maxLineChars = 1024 * 1024;
/** What SQLite compares times with where there is no limit. */
const [earliest, latest] = [-8.64e15, 8.64e15];

/** Answers the questions about the calls that were made, except whether their chain is intact. */
export function createActivity(deps: {
  readonly index: RecordIndex;
  /** audit.log. */
  readonly path: string;
  /** The class a profile has now; null for one that has none or is gone. */
  readonly envOf: (profile: string) => EnvClass | null;
  /** The number of the last line that the vault vouches for. */
  readonly sealedTo: () => Promise<number | null>;
}): Omit<Handlers['audit'], 'verify'> {
  const { index, envOf } = deps;

  /** What is asked for, file by file, newest first, a few rows at a time. */
  async function* steps(
    store: IndexStore,
    asked: ActivityFilters,
    before: { readonly file: IndexedFile; readonly place: number } | null,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly file: IndexedFile; readonly range: RowRange }> {
    const filter = kindFilter(asked, envOf);
    const [since, until] = [asked.since ?? earliest, asked.until ?? latest];
    for (const file of store.files.toReversed()) {
      if (before && file.id > before.file.id) continue;
      if (file.earliest === null || file.earliest > until || (file.latest ?? 0) < since) continue;
      const all = store.kinds(file);
      const wanted = [...all].filter(([, kind]) => fits(kind, filter)).map(([id]) => id);
      if (wanted.length === 0) continue;
      const kinds = wanted.length === all.size ? null : wanted;
      const end = before?.file.id === file.id ? before.place : file.until;
      for (let to = end; to > 0; to -= stepBytes) {
        yield { file, range: { from: Math.max(0, to - stepBytes), to, kinds, since, until } };
        await nextTurn(undefined, { signal });
      }
    }
  }

  /** The record a row leads to; null when its file is gone, and IndexUnfit when another one stands there. */
  async function recordAt(
    store: IndexStore,
    file: IndexedFile,
    row: IndexedRow,
    files: readonly LogFile[],
  ): Promise<StoredAuditRecord | null> {
    const bytes = await lineAt(file, row, files);
    if (!bytes) return null;
    const line = readStoredLine(bytes);
    const kind = store.kinds(file).get(row.kind);
    if (
      line.kind === 'record' &&
      Date.parse(line.record.ts) === row.at &&
      JSON.stringify(kindOf(line.record)) === JSON.stringify(kind)
    )
      return line.record;
    throw new IndexUnfit('a line of the log is another one than was read');
  }

  return {
    query: ({ filters, before, limit }, { signal }) =>
      index.use(async (store, isComplete): Promise<ActivityPage> => {
        const cursor = before === null ? null : placeOf(store, before);
        // Rotated away, and with it all that is older.
        if (before !== null && !cursor) return { rows: [], next: null, isComplete };
        const files = await openLogFiles(deps.path);
        const rows: ActivityRow[] = [];
        let bytes = 0;
        try {
          for await (const { file, range } of steps(store, filters, cursor, signal)) {
            for (const row of store.find(file, range, limit - rows.length + 1)) {
              if (rows.length === limit || (rows.length > 0 && bytes + row.length > pageBytes))
                return { rows, next: rows.at(-1)?.id ?? null, isComplete };
              const record = await recordAt(store, file, row, files);
              if (!record) continue;
              bytes += row.length;
              rows.push(toActivity(idOf(file, row), record, envOf));
            }
          }
        } finally {
          await closeLogFiles(files);
        }
        return { rows, next: null, isComplete };
      }),
    timeline: ({ filters, since, until, buckets }, { signal }) =>
      index.use(async (store, isComplete) => {
        const within = {
          ...filters,
          since: Math.max(since, filters.since ?? since),
          until: Math.min(until - 1, filters.until ?? until),
        };
        const count = countTimeline({ since, until, buckets, envOf });
        for await (const { file, range } of steps(store, within, null, signal))
          count.add(store.kinds(file), store.facts(file, range));
        return { ...count.result(), isComplete };
      }),
    record: (asked) =>
      index.use(async (store) => {
        const found = 'seq' in asked ? store.bySeq(asked.seq) : rowOf(store, asked.id);
        const nothing = { line: null, isWhole: true, isSealed: false };
        if (!found) return nothing;
        const files = await openLogFiles(deps.path);
        try {
          await recordAt(store, found.file, found.row, files);
          const line = (await lineAt(found.file, found.row, files))?.toString();
          if (line === undefined) return nothing;
          const { seq } = found.row;
          return {
            line: line.slice(0, maxLineChars),
            isWhole: line.length <= maxLineChars,
            isSealed: seq !== null && seq <= ((await deps.sealedTo()) ?? 0),
          };
        } finally {
          await closeLogFiles(files);
        }
      }),
  };
}

/** For a gateway without state. */
export const noActivity: Omit<Handlers['audit'], 'verify'> = {
  query: () => ({ rows: [], next: null, isComplete: true }),
  timeline: ({ since, until, buckets }) => ({
    ...countTimeline({ since, until, buckets, envOf: () => null }).result(),
    isComplete: true,
  }),
  record: () => ({ line: null, isWhole: true, isSealed: false }),
};

function kindFilter(asked: ActivityFilters, envOf: (profile: string) => EnvClass | null): KindFilter {
  return {
    ...asked,
    words: wordsOf(asked.words),
    isWanted: (profile) =>
      isAmong(asked.profile, profile) && (asked.env.length === 0 || asked.env.includes(envOf(profile))),
  };
}

async function lineAt(
  { node }: IndexedFile,
  { start, length }: IndexedRow,
  files: readonly LogFile[],
): Promise<Buffer | null> {
  const file = files.find((other) => other.node === node);
  if (!file) return null;
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.handle.read(buffer, 0, length, start);
  const bytes = buffer.subarray(0, bytesRead);
  return bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes;
}

const idOf = ({ head }: IndexedFile, { start }: IndexedRow): string => `${head}-${start}`;

function placeOf(store: IndexStore, id: string): { file: IndexedFile; place: number } | null {
  const [head, place] = id.split('-');
  const file = store.files.find((one) => one.head === head);
  return file ? { file, place: Number(place) } : null;
}

function rowOf(store: IndexStore, id: string): { file: IndexedFile; row: IndexedRow } | null {
  const at = placeOf(store, id);
  const row = at && store.byPlace(at.file, at.place);
  return row ? { file: at.file, row } : null;
}

function toActivity(
  id: string,
  record: StoredAuditRecord,
  envOf: (profile: string) => EnvClass | null,
): ActivityRow {
  const cut = (text: string): string =>
    text.length <= maxChars ? text : `${text.slice(0, maxChars - 1).toWellFormed()}…`;
  const cutOrNull = (text: string | undefined): string | null => (text === undefined ? null : cut(text));
  return {
    id,
    seq: record.seq ?? null,
    ts: cut(record.ts),
    connector: cut(record.connector),
    alias: cut(record.alias),
    profile: cutOrNull(record.profile_id),
    env: envOf(profileOfKind(kindOf(record))),
    tool: cut(record.tool),
    via: cut(record.via),
    decision: cut(record.decision),
    outcome: cut(record.outcome),
    duration: record.duration_ms,
    reason: cutOrNull(record.reason),
    client: cutOrNull(record.client),
    principal: cutOrNull(record.principal),
    policy: cutOrNull(record.policy),
    approval: cutOrNull(record.approval),
    effect: cutOrNull(record.effect),
    plan: record.plan ?? null,
  };
}
