import type { Clock, Log } from '../platform.ts';

/** A storm of list_changed becomes at most this often one reading. */
const shortestMs = 250;
/** So many notices since the last reading are a storm. */
const stormNotices = 10;
/** In a storm reading takes at most one part in so many of the time: long lists that never keep still must not hold up others. */
const share = 10;
const longestMs = 30_000;
/** So many are told of, once in a while. */
const manyNotices = 100;
const tellAgainMs = 600_000;

/** How soon the lists of an upstream are read after it said that they changed. */
export interface ListPace {
  /** It said so: how many milliseconds to wait. */
  noticed(profile: string): number;
  /** A reading begins; what comes back is called when it is over. */
  begin(profile: string): () => void;
  forget(profile: string): void;
}

interface Pace {
  /** Notices since the last reading began. */
  notices: number;
  /** When the next reading may begin. */
  notBefore: number;
  toldAt: number;
}

export function createListPace({ clock, log }: { readonly clock: Clock; readonly log: Log }): ListPace {
  const paces = new Map<string, Pace>();

  function paceOf(profile: string): Pace {
    const known = paces.get(profile) ?? { notices: 0, notBefore: -Infinity, toldAt: -Infinity };
    paces.set(profile, known);
    return known;
  }

  return {
    noticed(profile) {
      const pace = paceOf(profile);
      pace.notices += 1;
      return Math.max(shortestMs, Math.min(pace.notBefore - clock.now(), longestMs));
    },
    begin(profile) {
      const pace = paceOf(profile);
      const began = clock.now();
      const { notices } = pace;
      pace.notices = 0;
      if (notices >= manyNotices && began - pace.toldAt >= tellAgainMs) {
        pace.toldAt = began;
        log.warn('upstream says over and over that its lists changed; they are read only now and then', {
          profile,
          notices,
        });
      }
      return () => {
        const ended = clock.now();
        pace.notBefore = notices < stormNotices ? -Infinity : ended + (share - 1) * (ended - began);
      };
    },
    forget: (profile) => void paces.delete(profile),
  };
}
