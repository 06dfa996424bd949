import type { ApprovalAnswer, PendingApproval } from '../../src-shared/contract.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { inertMs, nextMs, orderQueue, whyNotAllow } from './queue.ts';
import { keepSelected } from './roving.ts';
import { sentence, span } from './words.ts';

/** The Approvals view: which question shows, and whether an answer to it would count. */
export class ApprovalsState {
  queue = $state.raw<readonly PendingApproval[]>([]);
  shown = $state<string | null>(null);
  /** It has been in sight long enough to be read. */
  isReady = $state(false);
  hasReachedEnd = $state(false);
  answering = $state<ApprovalAnswer | null>(null);
  /** What became of the last answer when the eye does not see it. */
  notice = $state('');
  now = $state(Date.now());
  readonly current: PendingApproval | null = $derived(this.queue.find(({ id }) => id === this.shown) ?? null);
  readonly whyNotAllow: string | null = $derived(
    whyNotAllow({
      isReady: this.isReady,
      isAnswering: this.answering !== null,
      hasReachedEnd: this.hasReachedEnd,
    }),
  );
  readonly #app: AppState;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The place is empty for a moment, whatever the queue says meanwhile. */
  #isResting = false;

  constructor(app: AppState) {
    this.#app = app;
  }

  listChanged(): void {
    const before = this.queue;
    const ids = before.map(({ id }) => id);
    const list = orderQueue(ids, this.#app.approvals.value ?? []);
    const gone = this.current && !list.some(({ id }) => id === this.shown) ? this.current : null;
    this.queue = list;
    this.now = Date.now();
    // What nobody looked at leaves no word behind, and no word outlives the next question.
    if (before.length === 0) this.notice = '';
    if (gone && this.answering === null && this.#app.view === 'approvals')
      this.notice =
        gone.endsAt <= this.now
          ? text.approvals.expired(span(gone.endsAt - gone.askedAt), gone.client)
          : text.approvals.elsewhere;
    const next = keepSelected(
      this.shown,
      ids,
      list.map(({ id }) => id),
    );
    if (next === this.shown) return;
    if (gone) this.#selectSoon(next);
    else if (!this.#isResting) this.select(next);
  }

  select(id: string | null): void {
    if (id === this.shown) return;
    clearTimeout(this.#timer);
    this.#isResting = false;
    this.shown = id;
    this.isReady = false;
    this.hasReachedEnd = false;
  }

  step(by: 1 | -1): void {
    const index = this.queue.findIndex(({ id }) => id === this.shown);
    const next = this.queue[index + by];
    if (next) this.select(next.id);
  }

  /** What is shown has just been painted, or painted otherwise: from now on it can be read. */
  painted(): void {
    clearTimeout(this.#timer);
    this.isReady = false;
    this.#timer = setTimeout(() => {
      this.isReady = true;
    }, inertMs);
  }

  async answer(answer: ApprovalAnswer): Promise<void> {
    const { current } = this;
    if (!current || !this.isReady || this.answering !== null) return;
    if (answer === 'allow' && this.whyNotAllow !== null) return;
    this.answering = answer;
    this.notice = '';
    try {
      const { counted } = await this.#app.api.approvals.answer({ id: current.id, answer });
      await this.#app.refresh('approvals');
      const isOpen = this.queue.some(({ id }) => id === current.id);
      if (!counted) this.notice = isOpen ? text.approvals.tooFast : text.approvals.over(current.client);
      if (!counted && isOpen) this.painted();
    } catch (error) {
      this.notice = sentence(toNucleusError(error).message);
    } finally {
      this.answering = null;
    }
  }

  /** An empty place for a moment, so that no second click meets a question nobody has read. */
  #selectSoon(next: string | null): void {
    this.select(null);
    this.#isResting = true;
    this.#timer = setTimeout(() => {
      this.#isResting = false;
      // It may be gone as well by now.
      this.select(
        keepSelected(
          next,
          [],
          this.queue.map(({ id }) => id),
        ),
      );
    }, nextMs);
  }
}
