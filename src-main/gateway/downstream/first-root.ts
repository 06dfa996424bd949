import { fileURLToPath } from 'node:url';
import type { Clock } from '../platform.ts';
import { isObject } from '../wire/frame.ts';
import type { PeerAnswer, PeerRequest } from '../wire/peer.ts';

/** A client that does not say its folders in this time stays where it was. */
const patienceMs = 10_000;

/** Follows the folders of a client of the legacy era (MCP 2025-11-25, client/roots): the first is where it works. */
export function createFirstRoot(deps: {
  readonly clock: Clock;
  ask(request: PeerRequest): Promise<PeerAnswer>;
  onFolder(folder: string | null): void;
}): { changed(): void } {
  let isAsking = false;
  let isDue = false;

  async function look(): Promise<void> {
    const late = new AbortController();
    const forget = deps.clock.after(patienceMs, () => late.abort());
    const answer = await deps.ask({ method: 'roots/list', params: undefined, signal: late.signal });
    forget();
    const roots = 'result' in answer && isObject(answer.result) ? answer.result['roots'] : undefined;
    // An error, or something else than a list: nothing is known of where it works.
    if (Array.isArray(roots)) deps.onFolder(firstFolder(roots));
  }

  function changed(): void {
    isDue = true;
    if (isAsking) return;
    isAsking = true;
    isDue = false;
    void look().finally(() => {
      isAsking = false;
      // It said so again while it was asked: its answer may be from before.
      if (isDue) changed();
    });
  }

  return { changed };
}

function firstFolder(roots: readonly unknown[]): string | null {
  for (const root of roots) {
    const uri = isObject(root) ? root['uri'] : undefined;
    if (typeof uri !== 'string' || uri.length > 4_096 || !uri.startsWith('file:')) continue;
    try {
      return fileURLToPath(uri);
    } catch {
      // Another machine's, or no path here: the next one may be.
    }
  }
  return null;
}
