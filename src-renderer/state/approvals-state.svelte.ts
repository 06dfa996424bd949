import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import type { AnsweredApproval, EnvClass, GrantAsked, PendingApproval } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { inertMs, nextMs, orderQueue, whyNotAllow } from './queue.ts';
import { keepSelected } from './roving.ts';
import { sentence, span } from './words.ts';

export type Grant = Required<Pick<GrantAsked, 'scope' | 'minutes' | 'calls'>>;

/** The narrowest there is: what a person has not widened stays so. */
const leastGrant: Grant = { scope: 'tool', minutes: 5, calls: 3 };

/** The Approvals view: which question shows, and whether an answer to it would count. */
export class ApprovalsState {
  queue = $state.raw<readonly PendingApproval[]>([]);
  shown = $state<string | null>(null);
  /** It has been in sight long enough to be read. */
  isReady = $state(false);
  hasReachedEnd = $state(false);
  answering = $state<'allow' | 'deny' | null>(null);
  /** The yes that is being put together for more than this call; null while it is for this one. */
  granting = $state.raw<Grant | null>(null);
  /** Of an `account` question the account that is chosen. */
  choice = $state<string | null>(null);
  /** Whether the list of grants shows. */
  isListing = $state(false);
  revoking = $state<string | null>(null);
  problem = $state.raw<NucleusError | null>(null);
  /** The act that ran into it, once more. */
  again: (() => Promise<unknown>) | null = null;
  /** What became of the last answer when the eye does not see it. */
  notice = $state('');
  now = $state(Date.now());
  readonly current: PendingApproval | null = $derived(this.queue.find(({ id }) => id === this.shown) ?? null);
  /** Where the yes to what is shown may not be given here: a page's is the PIN's, as on a terminal. */
  readonly isElsewhere: boolean = $derived.by(
    () =>
      this.current !== null && !this.current.via.includes(this.#app.shell === 'page' ? 'terminal' : 'app'),
  );
  /** The class the yes is for: of the account, chosen or named. */
  readonly env: EnvClass | null = $derived(
    this.current?.kind === 'account'
      ? (this.current.choices.find(({ profile }) => profile === this.choice)?.env ?? null)
      : (this.current?.env ?? null),
  );
  /** Newest first, since midnight here. */
  readonly answered: readonly AnsweredApproval[] = $derived.by(() => {
    const midnight = new Date(this.now).setHours(0, 0, 0, 0);
    const all = this.#app.approvals.value?.answered ?? [];
    return all.filter(({ at }) => at >= midnight).toSorted((a, b) => b.at - a.at);
  });
  readonly whyNotAllow: string | null = $derived(
    whyNotAllow({
      isReady: this.isReady,
      isAnswering: this.answering !== null,
      hasReachedEnd: this.hasReachedEnd,
      isElsewhere: this.isElsewhere,
      needsChoice: this.current?.kind === 'account' && this.choice === null,
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
    const list = orderQueue(ids, this.#app.approvals.value?.waiting ?? []);
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
    this.granting = null;
    this.choice = null;
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

  /** Opens the choice of a yes for more than this call, or changes it. What shows is another thing then: inert again. */
  grant(change: Partial<Grant> = {}): void {
    if (!this.current?.mayGrant || this.isElsewhere) return;
    this.granting = { ...(this.granting ?? leastGrant), ...change };
    this.painted();
  }

  leaveGrant(): void {
    if (this.granting === null) return;
    this.granting = null;
    this.painted();
  }

  choose(profile: string): void {
    this.choice = profile;
    this.painted();
  }

  async revoke(id: string): Promise<void> {
    if (this.revoking !== null) return;
    this.revoking = id;
    this.problem = null;
    this.again = () => this.revoke(id);
    try {
      await this.#app.api.approvals.revoke({ id });
      this.#app.announce('approvals', text.approvals.grants.revoked);
    } catch (error) {
      this.problem = toNucleusError(error);
    }
    await this.#app.grants.refresh();
    this.revoking = null;
  }

  async answer(answer: 'allow' | 'deny'): Promise<void> {
    const { current } = this;
    if (!current || !this.isReady || this.answering !== null) return;
    if (answer === 'allow' && this.whyNotAllow !== null) return;
    this.answering = answer;
    this.notice = '';
    try {
      const { id } = current;
      const { approvals } = this.#app.api;
      const { granting: grant, choice } = this;
      const { counted } = await (answer === 'allow'
        ? approvals.allow({ id, grant, choice })
        : approvals.deny({ id }));
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
