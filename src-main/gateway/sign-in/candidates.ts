import type { Authorization } from '../upstream/authorization.ts';
import { signInRequired } from './errors.ts';
import { isFor, type Grant } from './grant.ts';

/** Tokens of sign-ins that are not kept yet: good for asking whose they are, and for nothing else. */
export type Candidates = ReturnType<typeof createCandidates>;

export function createCandidates() {
  const grants = new Map<string, Grant>();

  return {
    /** Holds them while the work goes on. */
    async during<T>(signIn: string, grant: Grant, work: () => Promise<T>): Promise<T> {
      grants.set(signIn, grant);
      try {
        return await work();
      } finally {
        grants.delete(signIn);
      }
    },
    /** As that of a profile, without renewing: a sign-in that just took place needs none. */
    open(signIn: string, profile: string, server: URL): Authorization {
      const grant = grants.get(signIn);
      if (!grant || !isFor(grant, server)) throw signInRequired(profile, 'address');
      const header = `Bearer ${grant.access}`;
      return {
        current: () => header,
        fresh: () => Promise.resolve(header),
        concerns: (status) => status === 401,
        refused: () => Promise.reject(signInRequired(profile, 'refused')),
        secrets: () => [grant.access, grant.refresh ?? ''],
      };
    },
  };
}
