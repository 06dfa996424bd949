import type { Handlers, HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import type { ApprovalWay } from '../../../src-shared/policy.ts';
import type { Clock } from '../platform.ts';
import type { Approvals } from './approvals.ts';
import type { Grants } from './grants.ts';

/** Somebody who watches looks again after so long at most. */
const watchMs = 30_000;

/** Answers the questions about what waits for a person. */
export function createApprovalHandlers(deps: {
  readonly approvals: Approvals;
  readonly grants: Grants;
  readonly clock: Clock;
}): {
  readonly handlers: Handlers['approvals'];
  person(way: ApprovalWay): HandlersOf<PersonContract>['approvals'];
} {
  const { approvals, grants, clock } = deps;
  /** Those who wait for a change. */
  const watchers = new Set<() => void>();
  approvals.onChange(() => {
    for (const wake of Array.from(watchers)) wake();
  });

  return {
    handlers: {
      list: () => ({ waiting: approvals.list(), answered: [...approvals.answered()] }),
      deny: ({ id }) => ({ counted: approvals.deny(id, null) }),
      grants: () => grants.list(),
      revoke: ({ id }) => ({ revoked: grants.revoke(id) }),
      async watch(_input, { signal }) {
        const { promise, resolve } = Promise.withResolvers<void>();
        watchers.add(resolve);
        const forget = clock.after(watchMs, resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
        watchers.delete(resolve);
        forget();
        return {};
      },
    },
    person: (way) => ({
      allow: ({ id, grant, choice }) => ({ counted: approvals.allow(id, way, { grant, choice }) }),
    }),
  };
}
