import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import { EnvClass } from '../../../src-shared/policy.ts';
import type { Clock, Log } from '../platform.ts';
import { deleteMeta, readMeta, writeMeta } from './meta.ts';
import { onRegistry } from './sqlite-errors.ts';
import type { Vault } from './vault.ts';

/** What only a person may loosen. */
const GuardState = z.object({
  /** What a person accepted of policy.toml last. */
  policy: z.object({ text: z.string().nullable(), acceptedAt: z.number() }).nullable(),
  /** The approval PIN, hashed, and the wrong tries at it. The bounds keep a tampered row from eating the memory. */
  pin: z
    .object({
      salt: z.base64(),
      hash: z.base64(),
      n: z
        .int()
        .min(2 ** 14)
        .max(2 ** 18)
        .refine((n) => Number.isInteger(Math.log2(n))),
      r: z.int().min(1).max(8),
      p: z.int().min(1).max(4),
      wrong: z.int().min(0),
      /** Unix milliseconds; null while it may be tried. */
      lockedUntil: z.number().nullable(),
    })
    .nullable(),
  /** When everything was locked, Unix milliseconds. */
  lockedAt: z.number().nullable(),
  /** Classes of profiles by id. */
  envs: z.record(z.string(), EnvClass),
  /** Approvals that hold on after a restart. */
  grants: z.array(z.unknown()),
  /** Whether the app was ever there to ask a person in. */
  hasApp: z.boolean(),
});
export type GuardState = z.infer<typeof GuardState>;

/** As long as nothing was said. */
export const emptyGuard: GuardState = {
  policy: null,
  pin: null,
  lockedAt: null,
  envs: {},
  grants: [],
  hasApp: false,
};

/** The only home of what a person may loosen and nobody else. */
export interface Guard {
  /**
   * Reads what is kept; never throws. Clients are served after it. Again when the vault gave up what does not open:
   * `lost` when this is among it, and everything is locked then.
   */
  load(): Promise<'read' | 'lost'>;
  /** `unreadable`: something is kept and does not open, so the strictest of all there could be has to judge. */
  state(): GuardState | 'unreadable';
  /** false when it is kept in clear, because there was no vault to seal it. */
  isSealed(): boolean;
  /**
   * Stores what `fn` makes of the state, one change at a time; `alongside` runs in the same transaction. Rejects when
   * it could not be stored, or what is kept cannot be read: then nothing changed.
   */
  change(fn: (state: GuardState) => GuardState, alongside?: () => void): Promise<void>;
  onChange(listener: () => void): void;
  /** What a person should know of it, in sentences. */
  warnings(): string[];
}

const row = 'guard';
/** Clients wait for it this long at most. */
const loadMs = 2_500;
/** Where there was no vault to seal it, there may be one after this long; to look for one takes seconds. */
const noVaultMs = 10 * 60_000;
/** A vault that was locked may be open by now; it is asked again when something needs the answer. */
const retryMs = 5_000;

/**
 * Kept as one sealed record, so that a program that edits registry.db cannot forge it. Where no vault can be made the
 * first record is kept in clear; one that was sealed is never replaced by one in clear.
 */
export function createGuard(deps: {
  readonly vault: Vault;
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}): Guard {
  const { vault, db, clock, log } = deps;
  const listeners: (() => void)[] = [];
  let known: GuardState | 'unreadable' = emptyGuard;
  let reason = '';
  let place: 'nowhere' | 'vault' | 'clear' | 'memory' = 'nowhere';
  let readAt = 0;
  /** When there was no vault; null where that was not so. */
  let refusedAt: number | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const done = tail.then(work);
    tail = done.catch(() => null);
    return done;
  };
  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  async function read(): Promise<'read' | 'lost'> {
    readAt = clock.now();
    const before = known;
    let outcome: 'read' | 'lost' = 'read';
    try {
      if (place === 'memory') return outcome;
      const sealed = await vault.readGuard();
      const text = sealed ?? onRegistry(() => readMeta(db, row));
      known = text === null ? emptyGuard : GuardState.parse(JSON.parse(text));
      if (text !== null) place = sealed === null ? 'clear' : 'vault';
      else place = 'nowhere';
      if (text === null && place === 'nowhere' && (before === 'unreadable' || isWorthSealing(before))) {
        outcome = 'lost';
        await lockLost();
      }
    } catch (error) {
      // A damaged record is quoted nowhere.
      reason = error instanceof NucleusError ? error.message : 'its record is damaged';
      known = 'unreadable';
      if (before !== 'unreadable') log.warn('what a person accepted cannot be read', { reason });
    }
    if (JSON.stringify(known) !== JSON.stringify(before)) tell();
    return outcome;
  }

  /** What was kept is gone, as after `vault recover`. No program may loosen everything by losing a key. */
  async function lockLost(): Promise<void> {
    log.warn('what a person had accepted is lost, the approval PIN too; everything is locked', {});
    known = { ...emptyGuard, lockedAt: clock.now() };
    await write(known).catch((error: unknown) =>
      log.error('the lock does not outlive this process', { reason: toNucleusError(error).message }),
    );
  }

  async function write(next: GuardState, alongside: () => void = () => {}): Promise<void> {
    if (place === 'memory' || vault.current().state === 'off') {
      alongside();
      place = 'memory';
      return;
    }
    const text = JSON.stringify(next);
    const record = await sealing(next, text);
    onRegistry(() =>
      db.transaction(() => {
        alongside();
        if (record === null) return writeMeta(db, row, text);
        record.write();
        deleteMeta(db, row);
      })(),
    );
    record?.written();
    place = record === null ? 'clear' : 'vault';
  }

  /** What writes the sealed record; null where it is kept in clear. */
  async function sealing(
    next: GuardState,
    text: string,
  ): Promise<Awaited<ReturnType<Vault['keepGuard']>> | null> {
    const wasSealed = place === 'vault';
    if (!wasSealed && !isWorthSealing(next)) return null;
    if (refusedAt !== null && clock.now() - refusedAt < noVaultMs) return null;
    try {
      return await vault.keepGuard(text);
    } catch (error) {
      if (wasSealed || toNucleusError(error).code !== 'VAULT_LOCKED') throw error;
      refusedAt = clock.now();
      log.warn('what a person accepted is kept unsealed', { reason: toNucleusError(error).message });
      return null;
    }
  }

  return {
    async load() {
      const reading = exclusive(read);
      const late = Promise.withResolvers<'late'>();
      const forget = clock.after(loadMs, () => late.resolve('late'));
      const outcome = await Promise.race([reading, late.promise]);
      forget();
      if (outcome !== 'late') return outcome;
      known = 'unreadable';
      reason = 'the vault does not answer';
      tell();
      return 'read';
    },
    state() {
      if (known === 'unreadable' && clock.now() - readAt >= retryMs) {
        readAt = clock.now();
        void exclusive(read);
      }
      return known;
    },
    isSealed: () => place !== 'clear' || known === 'unreadable' || !isWorthSealing(known),
    change: (fn, alongside) =>
      exclusive(async () => {
        if (known === 'unreadable') await read();
        if (known === 'unreadable') throw unreadable(reason);
        const next = fn(known);
        if (next === known && alongside === undefined) return;
        await write(next, alongside);
        known = next;
        tell();
      }),
    onChange: (listener) => void listeners.push(listener),
    warnings() {
      if (known === 'unreadable') return [unreadable(reason).message];
      if (place !== 'clear' || !isWorthSealing(known)) return [];
      return [
        'the approval PIN and what else a person accepted are kept in clear, because there is no vault; see nucleus vault status',
      ];
    },
  };
}

/** The sentence of everything that needs the state while it cannot be read. */
export function unreadable(reason: string): NucleusError {
  return new NucleusError(
    'VAULT_LOCKED',
    `what a person accepted, the approval PIN too, cannot be read (${reason}); unlock the vault, or give it up with nucleus vault recover`,
    { reason },
  );
}

/** That there is an app is worth no keychain. */
function isWorthSealing(state: GuardState): boolean {
  return JSON.stringify({ ...state, hasApp: false }) !== JSON.stringify(emptyGuard);
}
