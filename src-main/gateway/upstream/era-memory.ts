import type { Clock } from '../platform.ts';
import type { EraStore } from '../storage/era-store.ts';
import type { Era } from '../wire/peer.ts';

/** A server that spoke the older era is asked again after this long: it may have been updated behind its address. */
const legacyHoldsMs = 7 * 24 * 60 * 60_000;

/** Which era the server of a profile was found to speak. */
export interface EraMemory {
  /** null when it has to be found out. */
  recall(profile: string): Era | null;
  /** A server was greeted as `server` in an era; `isFound` where it was asked for both. */
  note(profile: string, era: Era, server: string, isFound: boolean): void;
}

/** Remembers by connector and launch, so that what a server speaks is found out once and not at each start. */
export function createEraMemory(deps: {
  readonly store: EraStore;
  readonly clock: Clock;
  /** The connector of a profile and how it is started; null when it is gone. */
  launchOf(profile: string): { readonly connector: string; readonly launch: string } | null;
}): EraMemory {
  const { store, clock } = deps;
  return {
    recall(profile) {
      const key = deps.launchOf(profile);
      const known = key && store.load(key.connector, key.launch);
      if (!known) return null;
      if (known.era === 'modern') return 'modern';
      const age = clock.now() - known.foundAt;
      return known.era === 'legacy' && age >= 0 && age < legacyHoldsMs ? 'legacy' : null;
    },
    note(profile, era, server, isFound) {
      const key = deps.launchOf(profile);
      if (!key) return;
      if (isFound) return store.save(key.connector, key.launch, { era, server, foundAt: clock.now() });
      // Another version may speak another era: the next start finds out.
      const known = store.load(key.connector, key.launch);
      if (known && (known.server !== server || known.era !== era)) store.remove(key.connector, key.launch);
    },
  };
}
