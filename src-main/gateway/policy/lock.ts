import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import type { Guard } from '../storage/guard-store.ts';

/** Nothing passes while it is locked. */
export interface Lock {
  /** Unix milliseconds; null while it is open. */
  lockedAt(): number | null;
  /** Whether calls are refused: locked, or nobody can tell whether a person locked it. */
  isClosed(): boolean;
  /** Throws LOCKED while calls are refused. */
  check(): void;
  /** At once; kept as soon as it can be. */
  engage(): Promise<number>;
  /** For a person only. Rejects when it cannot be stored, and stays locked. */
  release(): Promise<void>;
}

/** Locks everything, for longer than the process lives. */
export function createLock(deps: {
  readonly guard: Guard;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when calls are refused from now on, or no more. */
  readonly onChange: () => void;
}): Lock {
  const { guard, clock, log } = deps;
  /** Engaged here: holds before it is stored, and where it cannot be. */
  let own: number | null = null;
  let wasClosed = isClosed();

  function stored(): number | null | 'unknown' {
    const state = guard.state();
    return state === 'unreadable' ? 'unknown' : state.lockedAt;
  }

  function lockedAt(): number | null {
    const at = stored();
    return at === 'unknown' ? own : (at ?? own);
  }

  function isClosed(): boolean {
    return own !== null || stored() !== null;
  }

  function tell(): void {
    if (isClosed() === wasClosed) return;
    wasClosed = !wasClosed;
    deps.onChange();
  }
  guard.onChange(tell);

  return {
    lockedAt,
    isClosed,
    check() {
      const at = lockedAt();
      if (at !== null)
        throw new NucleusError(
          'LOCKED',
          `everything is locked since ${new Date(at).toISOString()}; the user can unlock it in the app, or with nucleus unlock`,
          { lockedAt: at },
        );
      if (stored() === 'unknown')
        throw new NucleusError(
          'LOCKED',
          'nothing passes while what a person locked and accepted cannot be read; the user can unlock the vault: nucleus vault status says why it is locked',
        );
    },
    async engage() {
      const at = lockedAt() ?? clock.now();
      own = at;
      tell();
      try {
        await guard.change((state) => ({ ...state, lockedAt: state.lockedAt ?? at }));
      } catch (error) {
        log.error('the lock does not outlive this process', { reason: toNucleusError(error).message });
      }
      return at;
    },
    async release() {
      await guard.change((state) => ({ ...state, lockedAt: null }));
      own = null;
      tell();
    },
  };
}
