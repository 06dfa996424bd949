import type { Topic } from '../../src-shared/contract.ts';
import type { Clock } from './platform.ts';

/** Changes that come together are told as one. */
const gapMs = 50;

/** Tells whoever shows the gateway to people what to ask about again; says nothing itself. */
export interface Announcer {
  announce(topic: Topic): void;
  /** The returned function ends the listening. */
  onChange(listener: (topics: readonly Topic[]) => void): () => void;
}

export function createAnnouncer(clock: Clock): Announcer {
  const listeners = new Set<(topics: readonly Topic[]) => void>();
  const due = new Set<Topic>();
  return {
    announce(topic) {
      if (due.size === 0)
        clock.after(gapMs, () => {
          const topics = [...due];
          due.clear();
          for (const listener of listeners) listener(topics);
        });
      due.add(topic);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
