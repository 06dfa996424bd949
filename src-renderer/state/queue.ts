import type { PendingApproval } from '../../src-shared/policy.ts';

/** Nothing counts for this long after a question is painted: nobody reads faster. */
export const inertMs = 400;
/** The next question waits this long after an answer, so that a second click does not meet it. */
export const nextMs = 300;

/** The order of the queue never changes under the pointer: who was there stays where it was, newcomers go to the end. */
export function orderQueue(
  before: readonly string[],
  list: readonly PendingApproval[],
): readonly PendingApproval[] {
  const place = new Map(before.map((id, index) => [id, index]));
  const placeOf = ({ id }: PendingApproval): number => place.get(id) ?? before.length;
  return [...list].sort((a, b) => placeOf(a) - placeOf(b) || a.askedAt - b.askedAt);
}

/** Why Allow does not act right now, or null when it would. */
export function whyNotAllow(prompt: {
  readonly isReady: boolean;
  readonly isAnswering: boolean;
  readonly hasReachedEnd: boolean;
  /** Answered elsewhere only. */
  readonly isElsewhere: boolean;
  /** Of several accounts one has to be chosen, and none is. */
  readonly needsChoice: boolean;
}): string | null {
  if (prompt.isAnswering) return 'the answer is under way';
  if (prompt.isElsewhere) return 'it is answered elsewhere';
  if (!prompt.hasReachedEnd) return 'scroll to the end first';
  if (prompt.needsChoice) return 'choose an account first';
  if (!prompt.isReady) return 'read it first';
  return null;
}
