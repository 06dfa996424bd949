import type {
  AnsweredApproval,
  ApprovalWay,
  GrantAsked,
  PendingApproval,
} from '../../../src-shared/policy.ts';
import type { Clock } from '../platform.ts';
import type { Facts } from './decision.ts';

/** Nobody reads a question faster; such an answer was meant for something else. */
const tooFastMs = 400;
/** No answer by then is a no. */
const limitMs = 5 * 60_000;
/** What a client was told to come back for is kept this long from the time it was asked. */
const ticketMs = 10 * 60_000;
/** So long a call that was allowed may be continued by a client that is asked by an answer. */
const continuedMs = 3 * 60_000;
const maxPending = 100;
const maxAnswered = 50;
/** Tools whose last allowed arguments are kept, to show what is different. */
const maxRemembered = 500;

/**
 * How a question ended for one who waits. `allowed`: for this one and no other. `spent`: a like call took the yes.
 * `parked`: it goes on, and the ticket is what to come back with. `nobody`: there is nowhere a person could answer.
 */
export type Verdict =
  | { readonly kind: 'allowed'; readonly id: string; readonly ticket: string | null }
  | { readonly kind: 'parked'; readonly ticket: string }
  | { readonly kind: 'chosen'; readonly id: string; readonly choice: string }
  | { readonly kind: 'denied' | 'unanswered' | 'withdrawn' | 'spent' | 'nobody' | 'full' };

/** What is shown of a question, but for what the queue adds. */
export type Question = Omit<PendingApproval, 'id' | 'before' | 'isParked' | 'askedAt' | 'endsAt'> & {
  readonly principal: string;
  /** What one yes is for: two calls that differ in anything have another one. */
  readonly key: string;
  /** What a yes for more calls than this one goes by; null where it can be for this one only. */
  readonly facts: Facts | null;
  /** The rules it is asked under. */
  readonly version: string;
};

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the one who waits is told to come back; without it, it waits to the end. */
  readonly parkAfter?: number;
  /** It goes on with a call that was allowed before: it is allowed without asking, or the answer is `nobody`. */
  readonly isContinued?: boolean;
  /** Asks the person in the client; called for a new question only. A text is a choice; null: it could not be asked. */
  readonly askClient?: ((signal: AbortSignal) => Promise<boolean | string | null>) | undefined;
}

/** Questions only a person can answer. What a yes takes is not decided here: whoever calls `allow` has the proof. */
export interface Approvals {
  wait(question: Question, options?: WaitOptions): Promise<Verdict>;
  list(): PendingApproval[];
  /** The last ones that ended, newest first. */
  answered(): readonly AnsweredApproval[];
  /** false when the answer did not count: too fast, in another way than the question takes, or it is over. */
  allow(id: string, via: ApprovalWay, more?: { grant?: GrantAsked | null; choice?: string | null }): boolean;
  deny(id: string, via: ApprovalWay | null): boolean;
  /** The call goes on in a further request of its client. */
  continues(key: string): void;
  /** Ends the questions that nobody can be asked any more. */
  recheck(): void;
  /** Ends every question, or those about a profile, with a no; those whose yes waits for its client too. */
  drop(profile?: string): void;
  onChange(listener: () => void): void;
}

interface Waiter {
  readonly settle: (verdict: Verdict) => void;
}

interface Open {
  readonly question: Question;
  pending: PendingApproval;
  /** In the order they came; the first one alive takes the yes. */
  readonly waiters: Set<Waiter>;
  ticket: string | null;
  /** Said while nobody waited: kept for who comes back. */
  outcome: Verdict | null;
  readonly ending: AbortController;
  /** The client itself is asked as well. */
  isAskedInClient: boolean;
  forgetTimer: () => void;
}

export function createApprovals(deps: {
  readonly clock: Clock;
  /** Whether there is a person to be asked in one of these ways. */
  canAsk(via: readonly ApprovalWay[]): boolean;
  /** Calls like this one are allowed for a while. */
  onGrant(question: Question, asked: GrantAsked): void;
  newTicket(): string;
}): Approvals {
  const { clock } = deps;
  const open = new Map<string, Open>();
  const byKey = new Map<string, Open>();
  const continued = new Map<string, () => void>();
  const before = new Map<string, string>();
  const listeners: (() => void)[] = [];
  let answered: readonly AnsweredApproval[] = [];

  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  async function wait(question: Question, options: WaitOptions = {}): Promise<Verdict> {
    const { signal, isContinued = false } = options;
    if (signal?.aborted) return { kind: 'withdrawn' };
    if (isContinued) {
      const goesOn = continued.get(question.key);
      goesOn?.();
      return goesOn ? { kind: 'allowed', id: 'continued', ticket: null } : { kind: 'nobody' };
    }
    const known = byKey.get(question.key);
    if (known?.outcome) return take(known, known.outcome);
    if (!known && !deps.canAsk(question.via) && !options.askClient) return { kind: 'nobody' };
    if (!known && open.size >= maxPending) return { kind: 'full' };
    const asked = known ?? begin(question);
    const verdict = join(asked, options);
    if (!known && options.askClient) askClient(asked, options.askClient);
    return verdict;
  }

  function begin(question: Question): Open {
    const { key: _key, principal: _principal, facts: _facts, version: _version, ...shown } = question;
    const askedAt = clock.now();
    const asked: Open = {
      question,
      pending: {
        ...shown,
        id: crypto.randomUUID(),
        before: before.get(toolKey(question)) ?? null,
        isParked: false,
        askedAt,
        endsAt: askedAt + limitMs,
      },
      waiters: new Set(),
      ticket: null,
      outcome: null,
      ending: new AbortController(),
      isAskedInClient: false,
      forgetTimer: clock.after(limitMs, () => conclude(asked, 'unanswered', null)),
    };
    open.set(asked.pending.id, asked);
    byKey.set(question.key, asked);
    tell();
    return asked;
  }

  function join(asked: Open, { signal, parkAfter }: WaitOptions): Promise<Verdict> {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const onAbort = (): void => {
      waiter.settle({ kind: 'withdrawn' });
      // Who was told to come back may do so; a question nobody can come back to is nobody's.
      if (asked.waiters.size === 0 && asked.ticket === null && asked.outcome === null)
        conclude(asked, 'withdrawn', null);
    };
    const forget = parkAfter === undefined ? () => {} : clock.after(parkAfter, () => park(asked, waiter));
    const waiter: Waiter = {
      settle(verdict) {
        asked.waiters.delete(waiter);
        forget();
        signal?.removeEventListener('abort', onAbort);
        resolve(verdict);
      },
    };
    asked.waiters.add(waiter);
    signal?.addEventListener('abort', onAbort, { once: true });
    return promise;
  }

  function park(asked: Open, waiter: Waiter): void {
    asked.ticket ??= deps.newTicket();
    const isNew = !asked.pending.isParked;
    asked.pending = { ...asked.pending, isParked: true };
    waiter.settle({ kind: 'parked', ticket: asked.ticket });
    if (isNew) tell();
  }

  function askClient(asked: Open, ask: NonNullable<WaitOptions['askClient']>): void {
    asked.isAskedInClient = true;
    void ask(asked.ending.signal).then((said) => {
      asked.isAskedInClient = false;
      if (typeof said === 'string') allow(asked.pending.id, 'client', { choice: said });
      else if (said === true) allow(asked.pending.id, 'client');
      else if (said === false) deny(asked.pending.id, 'client');
      // It could not be asked, and nobody else can be.
      else if (!deps.canAsk(asked.question.via)) conclude(asked, 'nobody', null);
    });
  }

  /** The question is over. Its answer is for one who waits, else for who comes back. */
  function conclude(
    asked: Open,
    kind: 'allowed' | 'denied' | 'unanswered' | 'withdrawn' | 'nobody',
    via: ApprovalWay | null,
    choice: string | null = null,
    isGranted = false,
  ): void {
    const { pending, question, waiters } = asked;
    if (!open.delete(pending.id)) return;
    asked.forgetTimer();
    asked.ending.abort();
    const { id, profile, env, tool, client } = pending;
    const answer = kind === 'allowed' && isGranted ? 'granted' : kind === 'nobody' ? 'withdrawn' : kind;
    const last: AnsweredApproval = { id, profile, env, tool, client, answer, via, at: clock.now() };
    answered = [last, ...answered].slice(0, maxAnswered);
    if (kind === 'allowed') remember(question);
    const verdict: Verdict =
      kind !== 'allowed'
        ? { kind }
        : choice === null
          ? { kind, id, ticket: asked.ticket }
          : { kind: 'chosen', id, choice };
    const [first, ...others] = waiters;
    byKey.delete(question.key);
    if (kind !== 'allowed' || choice !== null)
      for (const waiter of Array.from(waiters)) waiter.settle(verdict);
    else if (first) {
      first.settle(verdict);
      for (const waiter of others) waiter.settle({ kind: 'spent' });
    }
    // What a person said is kept for its ticket where nobody took it; where there was nobody, there may be by then.
    if (!first && asked.ticket !== null && kind !== 'nobody') {
      asked.outcome = verdict;
      byKey.set(question.key, asked);
      asked.forgetTimer = clock.after(Math.max(0, pending.askedAt + ticketMs - clock.now()), () =>
        forgetOutcome(asked),
      );
    }
    tell();
  }

  function forgetOutcome({ question: { key } }: Open): void {
    byKey.delete(key);
  }

  /** An answer that was given while nobody waited; one call takes it. */
  function take(asked: Open, outcome: Verdict): Verdict {
    asked.forgetTimer();
    forgetOutcome(asked);
    return outcome;
  }

  function remember(question: Question): void {
    const key = toolKey(question);
    before.delete(key);
    before.set(key, question.arguments);
    if (before.size > maxRemembered) before.delete(before.keys().next().value as string);
  }

  function answerable(id: string): Open | null {
    const asked = open.get(id);
    return asked && clock.now() - asked.pending.askedAt >= tooFastMs ? asked : null;
  }

  function allow(
    id: string,
    via: ApprovalWay,
    { grant = null, choice = null }: { grant?: GrantAsked | null; choice?: string | null } = {},
  ): boolean {
    const asked = answerable(id);
    if (!asked?.question.via.includes(via)) return false;
    const { kind, choices, mayGrant } = asked.question;
    if (kind === 'account' && !choices.some(({ profile }) => profile === choice)) return false;
    if (grant && !mayGrant) return false;
    if (grant) deps.onGrant(asked.question, grant);
    conclude(asked, 'allowed', via, kind === 'account' ? choice : null, grant !== null);
    return true;
  }

  function deny(id: string, via: ApprovalWay | null): boolean {
    const asked = answerable(id);
    if (!asked) return false;
    conclude(asked, 'denied', via);
    return true;
  }

  return {
    wait,
    list: () => [...open.values()].map(({ pending }) => pending),
    answered: () => answered,
    allow,
    deny,
    continues(key) {
      continued.get(key)?.();
      const forget = clock.after(continuedMs, () => void continued.delete(key));
      continued.set(key, () => {
        forget();
        continued.delete(key);
      });
    },
    recheck() {
      for (const asked of Array.from(open.values()))
        if (!asked.isAskedInClient && !deps.canAsk(asked.question.via)) conclude(asked, 'nobody', null);
    },
    drop(profile) {
      const isMeant = ({ question }: Open): boolean => profile === undefined || question.profile === profile;
      for (const asked of Array.from(open.values()).filter(isMeant)) conclude(asked, 'denied', null);
      for (const asked of Array.from(byKey.values()).filter(isMeant)) take(asked, { kind: 'denied' });
      for (const forget of Array.from(continued.values())) forget();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

function toolKey({ profile, tool }: Question): string {
  return `${profile}\n${tool}`;
}
