/* Without zod, so that pages can know classes without bringing it along. */

/** How much depends on an account. Riskiest first. */
export const envClasses = ['prod', 'staging', 'dev', 'personal'] as const;

/** The class a name suggests; null where it suggests none. */
export function guessEnv(name: string): (typeof envClasses)[number] | null {
  const words = name.toLowerCase().split(/[^a-z]+/);
  const has = (...known: readonly string[]): boolean => words.some((word) => known.includes(word));
  if (has('prod', 'production', 'live', 'prd')) return 'prod';
  if (has('staging', 'stage', 'stg', 'preprod', 'uat', 'preview')) return 'staging';
  if (has('dev', 'develop', 'development', 'local', 'test', 'testing', 'sandbox', 'demo')) return 'dev';
  if (has('personal', 'private', 'home', 'me', 'mine')) return 'personal';
  return null;
}
