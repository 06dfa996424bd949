import type { ActivityFilters, ActivityPage, ActivityRow } from '../../src-shared/audit.ts';
import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';

const pageSize = 200;
/** Newcomers are few, most of the time. */
const headSize = 20;
/** More of them than these pages hold are not gathered one by one. */
const maxHeadPages = 5;
/** What is older than so many calls is reached by choosing a time. */
export const maxRows = 100_000;
/** Old rows stay in sight while others are asked for; only when there are none a skeleton shows, and not at once. */
const slowMs = 150;

/** Calls, newest first: pages of older ones as far as somebody scrolls, newcomers at the top or gathered in a pill. */
export class ActivityList {
  rows = $state.raw<readonly ActivityRow[]>([]);
  /** Newcomers that are not among the rows yet. */
  fresh = $state.raw<readonly ActivityRow[]>([]);
  /** There are even more newcomers; they come with a new first page. */
  isGapped = $state(false);
  /** The first page is there. */
  isLoaded = $state(false);
  /** There are no older ones. */
  isEnd = $state(false);
  isSlow = $state(false);
  isComplete = $state(true);
  problem = $state.raw<NucleusError | null>(null);
  /** The rows may move: nobody reads them or points at them. */
  isFollowing = true;
  readonly isFull: boolean = $derived(this.rows.length >= maxRows);
  readonly #ask: (filters: ActivityFilters, before: string | null, limit: number) => Promise<ActivityPage>;
  readonly #onNew: (rows: readonly ActivityRow[]) => void;
  #filters: ActivityFilters | null = null;
  /** Answers of earlier rounds count for nothing. */
  #round = 0;
  #wanted = 0;
  #isReading = false;
  #isLooking = false;
  #mustLook = false;

  constructor(deps: {
    ask(filters: ActivityFilters, before: string | null, limit: number): Promise<ActivityPage>;
    /** Calls that were made since. */
    onNew(rows: readonly ActivityRow[]): void;
  }) {
    this.#ask = (filters, before, limit) => deps.ask(filters, before, limit);
    this.#onNew = (rows) => deps.onNew(rows);
  }

  /** Begins anew at the newest one. */
  async load(filters: ActivityFilters): Promise<void> {
    const round = ++this.#round;
    this.#filters = filters;
    this.#wanted = 0;
    this.#isReading = true;
    const slow = setTimeout(() => (this.isSlow = round === this.#round && !this.isLoaded), slowMs);
    try {
      const page = await this.#ask(filters, null, pageSize);
      if (round !== this.#round) return;
      this.rows = page.rows;
      this.fresh = [];
      this.isGapped = false;
      this.isEnd = page.next === null;
      this.isComplete = page.isComplete;
      this.isLoaded = true;
      this.problem = null;
    } catch (error) {
      if (round === this.#round) this.problem = toNucleusError(error);
    } finally {
      clearTimeout(slow);
      if (round === this.#round) this.#isReading = this.isSlow = false;
    }
    if (round === this.#round) await this.reach(this.#wanted);
  }

  /** Somebody looks at the row with this index, or is about to: reads pages until it is there. */
  async reach(index: number): Promise<void> {
    this.#wanted = index;
    const filters = this.#filters;
    if (this.#isReading || !filters) return;
    const round = this.#round;
    this.#isReading = true;
    try {
      while (this.rows.length <= this.#wanted && this.isLoaded && !this.isEnd && !this.isFull) {
        const page = await this.#ask(filters, this.rows.at(-1)?.id ?? null, pageSize);
        if (round !== this.#round) return;
        this.rows = [...this.rows, ...page.rows];
        this.isEnd = page.next === null;
        this.isComplete = page.isComplete;
        this.problem = null;
      }
    } catch (error) {
      if (round !== this.#round) return;
      this.problem = toNucleusError(error);
      // Scrolling on asks again; it must not do so by itself.
      this.#wanted = 0;
    } finally {
      if (round === this.#round) this.#isReading = false;
    }
  }

  /** There are newer ones, or there may be. */
  async look(): Promise<void> {
    this.#mustLook = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#mustLook) {
        this.#mustLook = false;
        await this.#lookOnce();
        this.problem = null;
      }
    } catch (error) {
      this.problem = toNucleusError(error);
    } finally {
      this.#isLooking = false;
    }
  }

  /** Puts the newcomers among the rows. */
  async showFresh(): Promise<void> {
    if (this.isGapped && this.#filters) return this.load(this.#filters);
    this.#put(this.fresh);
    this.fresh = [];
  }

  async #lookOnce(): Promise<void> {
    const filters = this.#filters;
    if (!filters || this.isGapped) return;
    const newest = this.fresh[0] ?? this.rows[0];
    if (!newest || !this.isComplete) return this.load(filters);
    const round = this.#round;
    const found: ActivityRow[] = [];
    let before: string | null = null;
    for (let pages = 0; ; pages += 1) {
      const page: ActivityPage = await this.#ask(filters, before, pages === 0 ? headSize : pageSize);
      if (round !== this.#round) return;
      const known = page.rows.findIndex(({ id }) => id === newest.id);
      found.push(...(known < 0 ? page.rows : page.rows.slice(0, known)));
      if (known >= 0) break;
      // What was the newest is gone, so the rows are those of a log that is not there any more.
      if (page.next === null) return this.load(filters);
      before = page.next;
      if (pages + 1 < maxHeadPages) continue;
      this.isGapped = true;
      break;
    }
    if (found.length === 0) return;
    this.#onNew(found);
    if (this.isFollowing && this.fresh.length === 0 && !this.isGapped) this.#put(found);
    else this.fresh = [...found, ...this.fresh];
    if (this.fresh.length > maxHeadPages * pageSize) this.isGapped = true;
  }

  #put(rows: readonly ActivityRow[]): void {
    const all = [...rows, ...this.rows];
    if (all.length > maxRows) this.isEnd = false;
    this.rows = all.slice(0, maxRows);
  }
}
