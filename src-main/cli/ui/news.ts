import type { Topic } from '../../../src-shared/contract.ts';
import type { Clock } from '../../gateway/platform.ts';
import type { Line, OpenLine } from './door.ts';

/** How long to wait before a gateway that went away is looked for again. */
const againMs = 2_000;

/** What changed in the gateway, told to every open page. */
export interface News {
  listen(listener: (topics: readonly Topic[]) => void): () => void;
  close(): void;
}

/** Watches the gateway over one connection for all pages, and the next gateway when it is replaced. */
export function createNews(deps: { readonly open: OpenLine; readonly clock: Clock }): News {
  const { open, clock } = deps;
  const listeners = new Set<(topics: readonly Topic[]) => void>();
  const over = new AbortController();
  let line: Line | null = null;

  function tell(topics: readonly Topic[]): void {
    for (const listener of Array.from(listeners)) listener(topics);
  }

  async function watch(): Promise<void> {
    let since: number | null = null;
    while (!over.signal.aborted) {
      try {
        line ??= await open();
        const { seq, topics } = await line.api.gateway.watch({ since });
        since = seq;
        if (topics.length > 0) tell(topics);
      } catch {
        // Pages ask for the status then and are told why; here it is only tried again.
        line?.close();
        line = null;
        if (over.signal.aborted) return;
        tell(['status']);
        await pause();
      }
    }
    line?.close();
  }

  async function pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const forget = clock.after(againMs, resolve);
    over.signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    forget();
  }

  void watch();
  return {
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      over.abort();
      line?.close();
    },
  };
}
