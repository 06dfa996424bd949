/** Connections one upstream may get for calls during which it asks back. */
const maxLanes = 4;

/**
 * Over stdio nothing tells which call a question of an upstream is about. One that asked while several clients' calls
 * were open gets a connection of its own for each call from then on, so that the next question has one call only it
 * can be about.
 */
export interface Lanes {
  /** The upstream of this profile asked, and nobody could tell of which call. */
  split(profile: string): void;
  isSplit(profile: string): boolean;
  /** The connection a call takes, the least busy one; it is taken until `giveBack`. */
  take(profile: string): { readonly key: string; giveBack(): void };
  /** Every connection the profile may have. */
  keysOf(profile: string): readonly string[];
}

export function createLanes(): Lanes {
  /** How many calls each connection of a split profile has. */
  const taken = new Map<string, number[]>();
  const keyOf = (profile: string, lane: number): string => (lane === 0 ? profile : `${profile}#${lane}`);

  return {
    split(profile) {
      if (!taken.has(profile)) taken.set(profile, Array<number>(maxLanes).fill(0));
    },
    isSplit: (profile) => taken.has(profile),
    take(profile) {
      const calls = taken.get(profile) ?? [0];
      const lane = calls.indexOf(Math.min(...calls));
      calls[lane] = (calls[lane] ?? 0) + 1;
      return {
        key: keyOf(profile, lane),
        giveBack: () => void (calls[lane] = (calls[lane] ?? 1) - 1),
      };
    },
    keysOf: (profile) => (taken.get(profile) ?? [0]).map((_, lane) => keyOf(profile, lane)),
  };
}
