/*
 * Some questions are asked over a second connection to the server of a profile, which never serves a client:
 * - of the server as it is without what narrows the profile, as one that is limited to a project hides the tool that
 *   lists projects; a call that is meant for one project must not reach the others;
 * - with the tokens of a sign-in that is not kept yet, as nobody's calls may run on them before it is known whose they are.
 */

/** A connection that is not the profile's own. */
export interface Side {
  /** Without what narrows the profile. */
  readonly isBase: boolean;
  /** The sign-in whose tokens it takes along; null for those the profile has. */
  readonly signIn: string | null;
}

const whole = ' (as a whole)';
const signInMark = ' (sign-in ';

/** The supervisor's key of a connection. Of a side one no profile can have it as its id. */
export function connectionKey(profile: string, { isBase, signIn }: Side): string {
  return `${profile}${signIn === null ? '' : `${signInMark}${signIn})`}${isBase ? whole : ''}`;
}

/** The profile of a connection, and what is different with it. */
export function connectionOf(key: string): Side & { readonly profile: string; readonly isOwn: boolean } {
  const isBase = key.endsWith(whole);
  const rest = isBase ? key.slice(0, -whole.length) : key;
  const [profile = '', mark] = rest.split(signInMark);
  const signIn = mark === undefined ? null : mark.slice(0, -1);
  return { profile, isBase, signIn, isOwn: !isBase && signIn === null };
}
