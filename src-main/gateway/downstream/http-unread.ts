import type { ServerResponse } from 'node:http';

/** What clients have not read yet of what was sent to them, over all their connections. */
export interface Unread {
  /** Counts the response until it is closed; what a client left unread for longest goes when all of it is too much. */
  watch(principal: string, response: ServerResponse): void;
}

export function createUnread(maxBytes: number): Unread {
  const byPrincipal = new Map<string, Set<ServerResponse>>();
  return {
    watch(principal, response) {
      const responses = byPrincipal.get(principal) ?? new Set();
      byPrincipal.set(principal, responses);
      if (!responses.has(response)) {
        responses.add(response);
        response.once('close', () => {
          responses.delete(response);
          if (responses.size === 0 && byPrincipal.get(principal) === responses) byPrincipal.delete(principal);
        });
      }
      let held = 0;
      for (const { writableLength } of responses) held += writableLength;
      for (const slow of responses) {
        if (held <= maxBytes) return;
        held -= slow.writableLength;
        if (slow.writableLength > 0) slow.destroy();
      }
    },
  };
}
