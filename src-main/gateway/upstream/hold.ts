import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';

/** A wait an upstream asked for, which what comes after keeps. */
export interface Hold {
  /** A failure, which may ask for one. */
  note(error: NucleusError): void;
  /** null: go on. A wait of up to `patienceMs` is waited out; a longer one is refused with what the upstream said. */
  keep(patienceMs: number): Promise<void> | null;
}

export function createHold(clock: Clock): Hold {
  let reason: NucleusError | null = null;
  let until = 0;
  return {
    note(error) {
      const wait = askedWait(error);
      if (wait === 0) return;
      reason = error;
      until = clock.now() + wait;
    },
    keep(patienceMs) {
      if (reason === null) return null;
      const wait = until - clock.now();
      // More than was asked for: the time of day was set back, and says nothing any more.
      if (wait > askedWait(reason)) reason = null;
      if (reason === null) return null;
      if (wait > patienceMs) throw stillHeld(reason, wait);
      if (wait > 0) return new Promise((resolve) => clock.after(wait, resolve));
      reason = null;
      return null;
    },
  };
}

/** How long an upstream asked to be left alone with this failure, in milliseconds. */
export function askedWait({ data }: NucleusError): number {
  const { retryAfterMs } = data;
  return typeof retryAfterMs === 'number' ? retryAfterMs : 0;
}

function stillHeld(reason: NucleusError, wait: number): NucleusError {
  return new NucleusError(reason.code, `${reason.message} (it has ${Math.ceil(wait / 1000)} s left)`, {
    ...reason.data,
    retryAfterMs: wait,
    outcome: 'not-run',
  });
}
