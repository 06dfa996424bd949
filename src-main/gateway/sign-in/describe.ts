import type { SignInInfo } from '../../../src-shared/sign-in.ts';
import type { SignInStore } from '../storage/sign-in-store.ts';
import { reasons, signInRequired, type Reason } from './errors.ts';

/** Who is signed in for a profile, for people; null where that was never a question. */
export function describeSignIn(store: SignInStore, profile: string): SignInInfo | null {
  const found = store.get(profile);
  const { issuer, account, signedInAt, problem } = found;
  if (issuer === null && problem === null && account === null) return null;
  const why = problem !== null && Object.hasOwn(reasons, problem) ? reasons[problem as Reason] : problem;
  return { account, issuer, signedInAt, problem: why, sameAs: store.sameAccount(found) };
}

/** Why a person has to sign in for a profile, in a sentence; null where nobody has to, as far as is known. */
export function signInNeeded(
  profile: string,
  store: SignInStore,
  manifest: { readonly auth: string } | null,
): string | null {
  const { issuer, problem } = store.get(profile);
  if (problem !== null && Object.hasOwn(reasons, problem))
    return signInRequired(profile, problem as Reason).message;
  const isMissing = issuer === null && manifest?.auth === 'oauth';
  return isMissing ? signInRequired(profile, 'signed-out').message : null;
}
