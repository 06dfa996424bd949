import type { Clock, Log } from '../../src-main/gateway/platform.ts';

/** A clock whose hands a test turns. */
export interface FakeClock extends Clock {
  /** Timers that wait. */
  readonly waiting: number;
  /** Turns the hands: what falls due acts in order, each at its own time, and what follows from it happens in between. */
  advance(milliseconds: number): Promise<void>;
}

/** Starts at 2026-01-02T03:04:05.678Z. */
export function createFakeClock(): FakeClock {
  let now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  let made = 0;
  const timers = new Map<number, { readonly at: number; readonly act: () => void }>();

  const earliest = (): [number, { readonly at: number; readonly act: () => void }] | undefined =>
    [...timers].sort(([a, first], [b, second]) => first.at - second.at || a - b)[0];

  return {
    now: () => now,
    after(milliseconds, act) {
      const key = made++;
      timers.set(key, { at: now + Math.max(0, milliseconds), act });
      return () => void timers.delete(key);
    },
    get waiting() {
      return timers.size;
    },
    async advance(milliseconds) {
      const end = now + milliseconds;
      await settled();
      for (let next = earliest(); next && next[1].at <= end; next = earliest()) {
        const [key, timer] = next;
        timers.delete(key);
        now = Math.max(now, timer.at);
        timer.act();
        await settled();
      }
      now = end;
    },
  };
}

/** Everything that follows without time passing has happened: promises first, then what they left for later. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A log that remembers `level message`, with the fields beside it. */
export interface FakeLog extends Log {
  readonly lines: string[];
  readonly fields: (Readonly<Record<string, unknown>> | undefined)[];
}

export function createFakeLog(): FakeLog {
  const lines: string[] = [];
  const fields: (Readonly<Record<string, unknown>> | undefined)[] = [];
  const write =
    (level: string) =>
    (message: string, more?: Readonly<Record<string, unknown>>): void => {
      lines.push(`${level} ${message}`);
      fields.push(more);
    };
  return {
    lines,
    fields,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}
