/**
 * Scenarios of the client role that belong to a part that is not built: signing in to upstreams with OAuth. They are
 * run by nobody, and counted as what is not there yet, so that no count takes them for passed.
 */
export const later = { prefix: 'auth/', reason: 'sign-in with OAuth is not built yet' } as const;

export function isLater(scenario: string): boolean {
  return scenario.startsWith(later.prefix);
}
