import type { Updates } from '../../src-shared/updates.ts';
import type { Clock, Log } from '../gateway/platform.ts';
import type { PreferenceStore } from './preferences.ts';
import { afterLook, newsOf, waitFor, type LookAnswer } from './update-answer.ts';

/** A start has better things to do. */
const startMs = 60_000;
/** A timer does not count the time a machine sleeps, so it is asked more often how late it is. */
const turnMs = 60 * 60_000;

export interface UpdateDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly preferences: PreferenceStore;
  /** Of this app. */
  readonly version: string;
  /** Asks for the newest release; the one thing here that leaves the machine. */
  ask(signal: AbortSignal): Promise<LookAnswer>;
  /** There is something else to show. */
  onChange(): void;
}

/** Looks for newer versions, once a day, where a person wants that. It tells of them; it fetches none. */
export interface UpdateWatch {
  get(): Updates;
  /** The version to tell of outside the settings. */
  newVersion(): string | null;
  /** Switched on it looks at once, switched off it forgets a look under way. */
  set(isOn: boolean): void;
  /** Looks now, unless it is off or looking already. */
  look(): void;
  close(): void;
}

export function createUpdates(deps: UpdateDeps): UpdateWatch {
  const { clock, log, preferences, version } = deps;
  let flight: AbortController | null = null;
  let forgetTimer = (): void => {};
  let isClosed = false;

  const isOn = (): boolean => preferences.get().looksForUpdates;
  const news = (): Pick<Updates, 'newer' | 'last'> => {
    const { lastLook } = preferences.get();
    return lastLook && isOn() ? newsOf(lastLook, version) : { newer: null, last: null };
  };
  const plan = (least: number): void => {
    forgetTimer();
    if (isClosed || !isOn()) return;
    const wait = Math.max(least, waitFor(preferences.get().lastLook, clock.now()));
    forgetTimer = clock.after(Math.min(wait, turnMs), () => {
      if (waitFor(preferences.get().lastLook, clock.now()) === 0) look();
      else plan(0);
    });
  };
  const look = (): void => {
    if (isClosed || flight || !isOn()) return;
    forgetTimer();
    const own = new AbortController();
    const at = clock.now();
    flight = own;
    deps.onChange();
    void deps.ask(own.signal).then((answer) => {
      // Switched off meanwhile: nobody wants to know.
      if (own.signal.aborted) return;
      flight = null;
      const lastLook = afterLook(preferences.get().lastLook, at, answer);
      preferences.set({ lastLook });
      log.info('looked for a newer version', { version: lastLook.version, reason: lastLook.problem });
      plan(0);
      deps.onChange();
    });
  };
  const drop = (): void => {
    forgetTimer();
    flight?.abort();
    flight = null;
  };
  plan(startMs);

  return {
    get: () => ({ isOn: isOn(), isLooking: flight !== null, ...news() }),
    newVersion: () => news().newer?.version ?? null,
    set(wanted) {
      if (isClosed || wanted === isOn()) return;
      preferences.set({ looksForUpdates: wanted });
      if (!wanted) drop();
      look();
      deps.onChange();
    },
    look,
    close() {
      isClosed = true;
      drop();
    },
  };
}
