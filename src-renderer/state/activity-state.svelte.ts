import type { ActivityFilters, ActivityRow, Timeline } from '../../src-shared/audit.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import type { PendingApproval } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import { filterWord, isEmptyFilter, readFilter, type FilterKey, type ReadFilter } from './activity-filter.ts';
import { ActivityList, maxRows } from './activity-list.svelte.ts';
import { failuresSaid, profileOf, type Entry } from './activity-words.ts';
import type { AppState } from './app-state.svelte.ts';
import { createPace } from './pace.ts';
import { RecordCheck } from './record-check.svelte.ts';
import { readLine, rowOfLine, type RecordLine } from './record-line.ts';
import { Resource } from './resource.svelte.ts';
import { countWithin } from './timeline-bars.ts';
import { spanBetween, spanOf, type Range, type Span } from './time-range.ts';

/** A pause in the typing. */
const pauseMs = 150;
/** Updates of the list: at most four a second. */
const listGapMs = 250;
/** The timeline counts every call in it: less often, and never most of the time. */
const timelineGapMs = 1_000;
/** What was read so long ago is read anew when the view opens. */
const staleMs = 10 * 60_000;
/** Before this there was no Nucleus. */
const beginning = Date.UTC(2024, 0, 1);

export interface ShownTimeline extends Timeline {
  readonly span: Span;
  /** Which filter it is of. */
  readonly question: number;
}

/** The Activity view: what is looked for and when, the calls, their timeline, and the one that is looked at. */
export class ActivityState {
  range = $state<Range>('hour');
  /** The part of the timeline the list is limited to. */
  brush = $state.raw<{ readonly since: number; readonly until: number } | null>(null);
  isTable = $state(false);
  chosen = $state.raw<Entry | null>(null);
  /** There is a call of any time and kind; null while nobody knows. */
  hasAny = $state<boolean | null>(null);
  /** Something that was asked for in vain, in a sentence. */
  notice = $state('');
  readonly list: ActivityList;
  readonly timeline: Resource<ShownTimeline>;
  readonly check: RecordCheck;
  readonly line: Resource<(RecordLine & { readonly isWhole: boolean; readonly isSealed: boolean }) | null>;
  readonly read: ReadFilter = $derived.by(() => readFilter(this.filter, Date.now()));
  readonly isFiltered: boolean = $derived(!isEmptyFilter(this.read));
  readonly waiting: readonly Entry[] = $derived.by(() => this.#waiting());
  /** Rows the list has or could have. */
  readonly size: number = $derived.by(() => this.waiting.length + this.#calls());
  readonly #app: AppState;
  #filter = $state('');
  #pause: ReturnType<typeof setTimeout> | undefined;
  #isOpen = false;
  #loadedAt = -Infinity;
  /** Each filter has a number, so that the count of one is not taken for that of another. */
  #question = $state(0);
  /** When the oldest call was made. */
  #origin: number | null = null;
  readonly #lookSoon: () => void;
  readonly #countSoon: () => void;

  constructor(app: AppState) {
    this.#app = app;
    this.list = new ActivityList({
      ask: (filters, before, limit) => app.api.audit.query({ filters, before, limit }),
      onNew: (rows) => this.#arrived(rows),
    });
    this.timeline = new Resource(() => this.#count());
    this.check = new RecordCheck(app.api);
    this.line = new Resource(async () => {
      if (this.chosen?.kind !== 'call') return null;
      const { id, seq } = this.chosen.row;
      const asked = id === '' ? { seq: seq ?? 0 } : { id };
      const { line, ...more } = await app.api.audit.record(asked);
      return line === null ? null : { ...readLine(line), ...more };
    });
    this.#lookSoon = createPace(listGapMs, () => this.list.look());
    this.#countSoon = createPace(timelineGapMs, () => this.timeline.refresh());
  }

  get filter(): string {
    return this.#filter;
  }
  set filter(filter: string) {
    if (filter === this.#filter) return;
    this.#filter = filter;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.reload(), pauseMs);
  }

  /** The view is on screen: from here on it is kept fresh, until the returned function is called. */
  open(): () => void {
    this.#isOpen = true;
    // Whoever comes back soon finds what they read; after a while the beginning of the hour is another one.
    if (Date.now() - this.#loadedAt > staleMs) void this.reload();
    else this.logChanged();
    void this.check.open();
    return () => {
      this.#isOpen = false;
    };
  }

  /** New lines in the log. */
  logChanged(): void {
    if (!this.#isOpen) return;
    this.#lookSoon();
    this.#countSoon();
  }

  async reload(): Promise<void> {
    clearTimeout(this.#pause);
    this.#question += 1;
    this.#origin = null;
    this.#loadedAt = Date.now();
    this.hasAny = null;
    await Promise.all([this.list.load(this.#filters()), this.timeline.refresh()]);
    const { list } = this;
    if (list.rows.length > 0 || !list.isLoaded || list.problem) return;
    try {
      this.hasAny = (await this.#app.api.audit.query({ limit: 1 })).rows.length > 0;
    } catch (error) {
      list.problem = toNucleusError(error);
    }
  }

  choose(range: Range): void {
    this.range = range;
    this.#limit(null);
  }

  /** Only the calls of this time, or again all of the range. */
  limit(brush: { readonly since: number; readonly until: number } | null): void {
    if (brush?.since === this.brush?.since && brush?.until === this.brush?.until) return;
    this.#limit(brush);
  }

  #limit(brush: ActivityState['brush']): void {
    this.brush = brush;
    void this.reload();
  }

  entry(index: number): Entry | null {
    const waiting = this.waiting[index];
    if (waiting) return waiting;
    const row = this.list.rows[index - this.waiting.length];
    return row ? { kind: 'call', id: row.id, row } : null;
  }

  /** Where it stands in the list; -1 when it does not. */
  indexOf(id: string | undefined): number {
    if (id === undefined) return -1;
    const waiting = this.waiting.findIndex((one) => one.id === id);
    if (waiting >= 0) return waiting;
    const index = this.list.rows.findIndex((row) => row.id === id);
    return index < 0 ? -1 : index + this.waiting.length;
  }

  select(entry: Entry | null): void {
    if (entry?.id === this.chosen?.id && entry?.kind === this.chosen?.kind) return;
    this.chosen = entry;
    this.notice = '';
    this.line.clear();
    if (entry?.kind === 'call') void this.line.refresh();
  }

  /** The record with this number, wherever it is. */
  async selectNumber(seq: number): Promise<void> {
    try {
      const { line } = await this.#app.api.audit.record({ seq });
      const row = line === null ? null : rowOfLine(line, (id) => this.#app.envOf(id));
      if (row) this.select({ kind: 'call', id: `#${seq}`, row: { ...row, seq } });
      else this.notice = text.call.noNumber(seq);
    } catch (error) {
      this.notice = toNucleusError(error).message;
    }
  }

  sameTool(tool: string): void {
    this.filter = filterWord('tool', tool);
  }

  /** From elsewhere: all there is of one profile. */
  showProfile(id: string): void {
    this.#filter = filterWord('profile', id);
    this.#loadedAt = -Infinity;
    this.brush = null;
    this.select(null);
    this.#app.show('activity');
  }

  clearFilter(): void {
    this.filter = '';
  }

  /** What judges now, on the same call as far as it is kept. */
  testAgain(row: ActivityRow): void {
    const { tester } = this.#app.policyView;
    const { args, keys } = this.line.value ?? {};
    const known = args ?? Object.fromEntries((keys ?? []).map((key) => [key, '']));
    tester.profile = profileOf(row);
    tester.tool = row.tool;
    tester.client = row.client ?? '';
    tester.argumentsText = JSON.stringify(known, null, 2);
    this.#app.policyView.layout = 'table';
    this.#app.show('policy');
    tester.changed();
  }

  /** Values the filter's words can take, as far as they are known here. */
  readonly suggestions: Readonly<Record<FilterKey, readonly string[]>> = $derived.by(() => {
    const { rows } = this.list;
    const seen = rows.slice(0, 1_000);
    const clients = this.#app.status.value?.clients.map(({ name }) => name) ?? [];
    return {
      profile: unique([
        ...(this.#app.profiles.value ?? []).map(({ id }) => id),
        ...seen.map((row) => profileOf(row)),
      ]),
      class: ['prod', 'staging', 'dev', 'personal', 'none'],
      tool: unique(seen.map(({ tool }) => tool)).sort(),
      client: unique([...clients, ...seen.flatMap(({ client }) => client ?? [])]).sort(),
      outcome: ['ok', 'failed', 'denied', 'waiting', 'upstream-error', 'transport-error', 'unknown'],
      decision: ['allowed', 'denied', 'confirm-required', 'confirm-mismatch'],
      via: ['direct', 'nucleus_call', 'nucleus_call_plan', 'cli'],
      since: ['15m', '1h', '24h', '7d'],
      until: ['15m', '1h', '24h'],
    };
  });

  #filters(): ActivityFilters {
    const { filters } = readFilter(this.#filter, Date.now());
    const { brush, range } = this;
    if (brush) return { ...filters, since: brush.since, until: brush.until - 1 };
    if (filters.since !== null || filters.until !== null || range === 'all') return filters;
    return { ...filters, since: spanOf(range, Date.now()).since };
  }

  async #count(): Promise<ShownTimeline> {
    const question = this.#question;
    const { filters } = readFilter(this.#filter, Date.now());
    const span = await this.#span(filters);
    return { ...(await this.#app.api.audit.timeline({ filters, ...span })), span, question };
  }

  async #span(filters: ActivityFilters): Promise<Span> {
    const { range } = this;
    const now = Date.now();
    if (filters.since === null && filters.until === null && range !== 'all') return spanOf(range, now);
    return spanBetween(filters.since ?? (await this.#begin(filters)), filters.until ?? now + 1);
  }

  /** When the oldest call was made: found by counting, twice as a rule. */
  async #begin(filters: ActivityFilters): Promise<number> {
    if (this.#origin !== null) return this.#origin;
    const until = Date.now() + 1;
    let [since, width] = [beginning, Infinity];
    while (width > 3_600_000 && until - since > 86_400_000) {
      const asked = { filters: { ...filters, since: null }, since, until, buckets: 120 };
      const { buckets } = await this.#app.api.audit.timeline(asked);
      const first = buckets.find(({ total }) => total > 0);
      if (!first) break;
      since = first.at;
      const next = (until - since) / 120;
      if (next >= width * 0.9) break;
      width = next;
    }
    return (this.#origin = since === beginning ? until - 3_600_000 : since);
  }

  /** How many calls the list can show: those that are here, and those that the timeline counted. */
  #calls(): number {
    const { rows, fresh, isEnd, isLoaded } = this.list;
    if (!isLoaded || isEnd) return rows.length;
    const timeline = this.timeline.value;
    const isOurs = timeline?.question === this.#question;
    const counted = !isOurs ? 0 : this.brush ? countWithin(timeline.buckets, this.brush) : timeline.total;
    return Math.min(maxRows, Math.max(rows.length + 1, counted - fresh.length));
  }

  #waiting(): readonly Entry[] {
    const { filters } = this.read;
    if (this.brush || filters.until !== null || filters.decision.length + filters.via.length > 0) return [];
    return (this.#app.approvals.value?.waiting ?? [])
      .filter((approval) => approval.kind === 'call' && isWanted(approval, filters))
      .map((approval) => ({ kind: 'waiting' as const, id: `waiting-${approval.id}`, approval }))
      .reverse();
  }

  #arrived(rows: readonly ActivityRow[]): void {
    const failures = failuresSaid(rows);
    if (failures !== '') this.#app.announce('activity', failures);
    // The question that was looked at has become a call.
    const { chosen } = this;
    if (chosen?.kind !== 'waiting') return;
    const row = rows.find(({ approval }) => approval === chosen.approval.id);
    if (row) this.select({ kind: 'call', id: row.id, row });
  }
}

function isWanted(approval: PendingApproval, filters: ActivityFilters): boolean {
  const { profile, env, tool, client } = approval;
  const isSame = (wanted: string | null, value: string): boolean =>
    wanted === null || wanted.toLowerCase() === value.toLowerCase();
  const words = filters.words.toLowerCase().split(/\s+/);
  return (
    (filters.profile.length === 0 || filters.profile.some((one) => isSame(one, profile))) &&
    (filters.env.length === 0 || filters.env.includes(env)) &&
    (filters.outcome.length === 0 || filters.outcome.includes('waiting')) &&
    isSame(filters.tool, tool) &&
    isSame(filters.client, client) &&
    words.every((word) => [tool, profile, client].some((one) => one.toLowerCase().includes(word)))
  );
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '');
}
