import { Topic, type Handlers } from '../../src-shared/contract.ts';
import type { Announcer } from './announcer.ts';
import type { Clock } from './platform.ts';

/** Somebody who watches hears something after so long at most, if only that nothing changed. */
const watchMs = 30_000;
/** Of more than so many who watch, the oldest is answered with nothing. */
const maxWatching = 200;

/** Tells those who cannot be called, because they come over a socket, what to ask about again. */
export function createChangeFeed(deps: {
  readonly announcer: Pick<Announcer, 'onChange'>;
  readonly clock: Clock;
}): { readonly watch: Handlers['gateway']['watch'] } {
  const { announcer, clock } = deps;
  /** Begins at the time, so that a number of a gateway before this one is told from ours. */
  const first = clock.now();
  let seq = first;
  /** When each topic changed last. */
  const changed = new Map<Topic, number>();
  const watching = new Set<() => void>();

  announcer.onChange((topics) => {
    seq += 1;
    for (const topic of topics) changed.set(topic, seq);
    for (const wake of Array.from(watching)) wake();
  });

  function newsSince(since: number): Topic[] {
    if (since < first || since > seq) return [...Topic.options];
    return [...changed].filter(([, at]) => at > since).map(([topic]) => topic);
  }

  return {
    async watch({ since }, { signal }) {
      if (since === null) return { seq, topics: [] };
      if (newsSince(since).length === 0) await change(signal);
      return { seq, topics: newsSince(since) };
    },
  };

  async function change(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const [oldest] = watching;
    if (watching.size >= maxWatching) oldest?.();
    watching.add(resolve);
    const forget = clock.after(watchMs, resolve);
    const leave = (): void => resolve();
    signal.addEventListener('abort', leave, { once: true });
    await promise;
    signal.removeEventListener('abort', leave);
    watching.delete(resolve);
    forget();
  }
}
