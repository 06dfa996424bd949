/** So long a call waits for a person before its client is told to come back: most clients give up after 60 s. */
const usualMs = 45_000;
/** Less than this nobody could answer in. */
const leastMs = 5_000;
/** Of the time after which a client gave up. */
const share = 3 / 4;
/** Clients whose limit is another one, by how they call themselves. */
const knownLimits: readonly (readonly [RegExp, number])[] = [
  [/^claude-code$/i, 100_000],
  [/^mcp-inspector/i, 60_000],
  [/^cursor/i, 60_000],
  [/^(zed|windsurf)/i, 60_000],
];
const maxClients = 200;

/** How long each client may be kept waiting, as far as that is known. */
export interface Patience {
  /** Milliseconds a call of this client waits for a person. */
  of(client: string): number;
  /** The client took a call back that had waited this long. */
  gaveUp(client: string, waitedMs: number): void;
}

/** `atMostMs` is what config.toml sets. */
export function createPatience(atMostMs: number = usualMs): Patience {
  const learned = new Map<string, number>();
  return {
    of(client) {
      const limit =
        learned.get(client) ??
        knownLimits.find(([name]) => name.test(client))?.[1] ??
        Number.POSITIVE_INFINITY;
      return Math.min(atMostMs, Math.max(leastMs, limit * share));
    },
    gaveUp(client, waitedMs) {
      const before = learned.get(client) ?? Number.POSITIVE_INFINITY;
      // A person who cancels is no limit; nothing that ends so early is one.
      if (waitedMs < leastMs || waitedMs >= before) return;
      learned.set(client, waitedMs);
      if (learned.size > maxClients) learned.delete(learned.keys().next().value as string);
    },
  };
}
