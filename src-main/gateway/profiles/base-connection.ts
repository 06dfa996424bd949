/*
 * Some questions are asked of a server as it is without what narrows a profile: one that is limited to a project hides
 * the tool that lists projects. That is a second connection of the same profile, with the same secrets, which never
 * serves a client: a call that is meant for one project must not reach the others.
 */

const suffix = ' (as a whole)';

/** The supervisor's key of that connection. No profile can have it as its id. */
export function baseConnection(profile: string): string {
  return `${profile}${suffix}`;
}

/** The profile of a connection, and whether it is the one without limits. */
export function connectionOf(key: string): { readonly profile: string; readonly isBase: boolean } {
  const isBase = key.endsWith(suffix);
  return { profile: isBase ? key.slice(0, -suffix.length) : key, isBase };
}
