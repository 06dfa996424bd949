import type { ApprovalAnswer, PendingApproval } from '../../../src-shared/contract.ts';
import type { Clock } from '../platform.ts';

/** Nobody reads a question faster; such an answer was meant for something else. */
const tooFastMs = 400;
/** No answer by then is a no. */
const limitMs = 5 * 60_000;
const maxPending = 100;

/** How a question ended. `nobody`: there is no app a person could answer in; `full`: too many wait already. */
export type Verdict = 'allowed' | 'denied' | 'unanswered' | 'withdrawn' | 'nobody' | 'full';

export type Question = Pick<PendingApproval, 'profile' | 'tool' | 'client' | 'arguments' | 'reason'>;

/** Questions that only a person can answer, and only where a model's programs cannot reach: the app's own windows. */
export interface Approvals {
  /** Waits for a person. One yes is for one call. */
  ask(question: Question, signal?: AbortSignal): Promise<Verdict>;
  list(): PendingApproval[];
  /** false when the answer did not count: too fast, or the question is over. */
  answer(id: string, answer: ApprovalAnswer): boolean;
  /** A person can see questions from now on; the returned function ends that, and every open question with a no. */
  attend(): () => void;
  onChange(listener: () => void): void;
}

interface Open {
  readonly pending: PendingApproval;
  readonly settle: (verdict: Verdict) => void;
}

export function createApprovals(deps: { readonly clock: Clock }): Approvals {
  const { clock } = deps;
  const open = new Map<string, Open>();
  const listeners: (() => void)[] = [];
  let attending = 0;

  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  function ask(question: Question, signal?: AbortSignal): Promise<Verdict> {
    if (attending === 0) return Promise.resolve('nobody');
    if (signal?.aborted) return Promise.resolve('withdrawn');
    if (open.size >= maxPending) return Promise.resolve('full');
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const id = crypto.randomUUID();
    const askedAt = clock.now();
    const onAbort = (): void => settle('withdrawn');
    const forget = clock.after(limitMs, () => settle('unanswered'));
    const settle = (verdict: Verdict): void => {
      if (!open.delete(id)) return;
      forget();
      signal?.removeEventListener('abort', onAbort);
      resolve(verdict);
      tell();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    open.set(id, { pending: { ...question, id, askedAt, endsAt: askedAt + limitMs }, settle });
    tell();
    return promise;
  }

  return {
    ask,
    list: () => [...open.values()].map(({ pending }) => pending),
    answer(id, answer) {
      const question = open.get(id);
      if (!question || clock.now() - question.pending.askedAt < tooFastMs) return false;
      question.settle(answer === 'allow' ? 'allowed' : 'denied');
      return true;
    },
    attend() {
      attending += 1;
      let isHere = true;
      return () => {
        if (!isHere) return;
        isHere = false;
        attending -= 1;
        if (attending === 0) for (const { settle } of open.values()) settle('nobody');
      };
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

const refusals: Readonly<Record<Exclude<Verdict, 'allowed'>, (call: string) => string>> = {
  denied: (call) => `a person refused ${call}; do not try it again unless they ask for it`,
  unanswered: (call) =>
    `nobody answered whether ${call} may run, which counts as no; tell the user that Nucleus asked`,
  withdrawn: (call) => `the question whether ${call} may run was withdrawn`,
  nobody: (call) =>
    `${call} needs a person's yes and the Nucleus app is not open to ask; the user can open it and try again`,
  full: (call) =>
    `${call} needs a person's yes and ${maxPending} questions wait already; the user has to answer those first`,
};

/** What the model reads when a person did not say yes. */
export function refusal(verdict: Exclude<Verdict, 'allowed'>, profile: string, tool: string): string {
  return refusals[verdict](`${tool} on ${profile}`);
}
