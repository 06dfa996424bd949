/** A conversation that was silent for so long is over. */
const silenceMs = 30 * 60_000;
const none: ReadonlyMap<string, string> = new Map();

/** Which account of each connector a conversation used last: meant again when none is named. Kept in memory only. */
export interface Sticky {
  /** A call to this account succeeded. */
  used(client: object, connector: string, profile: string): void;
  /** Profile id by connector. */
  of(client: object | undefined): ReadonlyMap<string, string>;
}

/** A client is one conversation: a session of the legacy era, or all requests that come with one token. */
export function createSticky(clock: { now(): number }): Sticky {
  const conversations = new WeakMap<object, { at: number; readonly last: Map<string, string> }>();

  function alive(client: object) {
    const known = conversations.get(client);
    return known && clock.now() - known.at <= silenceMs ? known : undefined;
  }

  return {
    used(client, connector, profile) {
      const conversation = alive(client) ?? { at: 0, last: new Map<string, string>() };
      conversation.at = clock.now();
      conversation.last.set(connector, profile);
      conversations.set(client, conversation);
    },
    of: (client) => (client && alive(client)?.last) ?? none,
  };
}
