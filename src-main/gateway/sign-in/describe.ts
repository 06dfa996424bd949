import type { SignInInfo } from '../../../src-shared/contract.ts';
import type { SignInStore } from '../storage/sign-in-store.ts';
import { reasons, type Reason } from './errors.ts';

/** Who is signed in for a profile, for people; null where that was never a question. */
export function describeSignIn(store: SignInStore, profile: string): SignInInfo | null {
  const found = store.get(profile);
  const { issuer, account, signedInAt, problem } = found;
  if (issuer === null && problem === null) return null;
  const why = problem !== null && Object.hasOwn(reasons, problem) ? reasons[problem as Reason] : problem;
  return { account, issuer, signedInAt, problem: why, sameAs: store.sameAccount(found) };
}
