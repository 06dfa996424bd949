import type { Topic } from '../../src-shared/contract.ts';
import type { Clock, Log } from './platform.ts';

/** Changes that come together are told as one. */
const gapMs = 50;

/** Tells whoever shows the gateway to people what to ask about again; says nothing itself. */
export interface Announcer {
  announce(topic: Topic): void;
  /** The returned function ends the listening. */
  onChange(listener: (topics: readonly Topic[]) => void): () => void;
}

export function createAnnouncer(deps: { readonly clock: Clock; readonly log: Log }): Announcer {
  const listeners = new Set<(topics: readonly Topic[]) => void>();
  const due = new Set<Topic>();
  return {
    announce(topic) {
      if (due.size === 0)
        deps.clock.after(gapMs, () => {
          const topics = [...due];
          due.clear();
          for (const listener of listeners)
            try {
              listener(topics);
            } catch (error) {
              // What shows the gateway must not be able to end it.
              deps.log.error('telling of a change failed', { reason: (error as Error).message });
            }
        });
      due.add(topic);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
