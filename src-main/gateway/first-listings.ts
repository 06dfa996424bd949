import { toNucleusError } from '../../src-shared/errors.ts';
import type { Clock } from './platform.ts';
import type { Catalog } from './routing/catalog.ts';
import type { View } from './routing/view.ts';

/** A list that meets a profile never seen waits this long for it, once. */
const settleMs = 5_000;

/** First listings under way; a list waits for them, not for retries. */
export interface FirstListings {
  /** Lists those of these profiles that were never seen. */
  begin(ids: readonly string[]): void;
  /** Waits until the profiles of the view that were never seen are, or had their time. */
  settle(view: View): Promise<void>;
}

export function createFirstListings({
  catalog,
  clock,
}: {
  readonly catalog: Pick<Catalog, 'offer' | 'refresh'>;
  readonly clock: Clock;
}): FirstListings {
  const running = new Map<string, Promise<void>>();
  return {
    begin(ids) {
      for (const id of ids) {
        if (catalog.offer(id) !== null || running.has(id)) continue;
        const listing = catalog
          .refresh(id)
          // Said by the supervisor already; status shows it.
          .catch(toNucleusError)
          .then(() => void running.delete(id));
        const patience = Promise.withResolvers<void>();
        const forget = clock.after(settleMs, patience.resolve);
        running.set(id, Promise.race([listing, patience.promise]).finally(forget));
      }
    },
    async settle(view) {
      await Promise.all(view.missing().map((id) => running.get(id)));
    },
  };
}
