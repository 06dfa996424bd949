import type { ConnectorSummary, Profile } from '../../../src-shared/model.ts';

/** Services move their endpoints within a year. */
const oldAfterDays = 180;

/** A sentence for each connector somebody uses whose manifest was checked long ago. */
export function oldManifests(
  connectors: readonly ConnectorSummary[],
  profiles: readonly Pick<Profile, 'connector'>[],
  now: number,
): string[] {
  const used = new Set(profiles.map(({ connector }) => connector));
  return connectors.flatMap(({ name, kind, checked }) => {
    // What is checked by a test is checked with every version.
    if (kind !== 'builtin' || !used.has(name) || !checked || checked.method === 'live') return [];
    const days = Math.floor((now - Date.parse(checked.on)) / 86_400_000);
    return days > oldAfterDays ? [`what Nucleus knows of ${name} was checked ${days} days ago`] : [];
  });
}
