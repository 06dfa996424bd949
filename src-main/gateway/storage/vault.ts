import type { Database } from 'better-sqlite3';
import type { VaultStatus } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Platform } from '../platform.ts';
import { createDataKey } from './data-key.ts';
import { createGuardRecord } from './guard-record.ts';
import type { Paths } from './paths.ts';
import { seal } from './seal.ts';
import { onRegistry } from './sqlite-errors.ts';
import { secretMissing, vaultLocked, type Backend } from './vault-errors.ts';
import {
  binding,
  createVaultRecords,
  guardPlace,
  openRecord,
  reseal,
  type Opener,
  type SecretPlace,
} from './vault-records.ts';

/** The only home of secrets. */
export interface Vault {
  /** The truth: opens a vault that has a key, and looks for a place for the key of one that has none. */
  status(): Promise<VaultStatus>;
  /** What is known without touching anything. */
  current(): VaultStatus;
  /**
   * Opens the vault and answers the function that writes the records. It is synchronous so that it can run in the
   * transaction that writes the profile: no row without its secrets, no secret without its row.
   */
  put(profileId: string, secrets: Readonly<Record<string, string>>): Promise<() => void>;
  get(profileId: string, name: string): Promise<string>;
  /** Names of the secrets people typed for a profile; needs no key. */
  names(profileId: string): string[];
  /** As `put`, for one secret that belongs to an authorization server. */
  keep(place: SecretPlace, value: string): Promise<() => void>;
  /** The secret of a place; null where there is none. */
  read(place: SecretPlace): Promise<string | null>;
  drop(place: SecretPlace): void;
  /** What only a person may loosen; null where nothing was sealed. Read before any secret is. */
  readGuard(): Promise<string | null>;
  /**
   * As `put`, for what only a person may loosen. From the first time on the secrets of all profiles open together with
   * that record alone. `written` when the transaction went through.
   */
  keepGuard(text: string): Promise<{ readonly write: () => void; readonly written: () => void }>;
  /** As `put`: what one profile has becomes another's, sealed anew, because a record is bound to its profile's id. */
  rename(from: string, to: string): Promise<() => void>;
  remove(profileId: string): void;
  /** Where records lie that do not open with the key of the vault, which is opened for it. */
  unopenable(): Promise<readonly SecretPlace[]>;
  /** Whether it ever had a key: only then is a keychain asked for anything that no person needs. */
  hasKey(): boolean;
  /** The count kept beside the key, outside of the registry; null where there is none, as with a passphrase. */
  readCount(): Promise<number | null>;
  writeCount(count: number): Promise<void>;
  move(to: Backend): Promise<VaultStatus>;
  rekey(): Promise<VaultStatus>;
  recover(): Promise<{ lost: string[]; status: VaultStatus }>;
  /** Forgets the key. */
  close(): void;
}

/** Issuer of a secret that people typed. */
const typed = '';

/** A locked vault is asked again after this long: somebody may have unlocked the keychain meanwhile. */
const retryMs = 2_000;

/** The vault of one state folder. Nothing is opened or loaded before a secret is needed. */
export function createVault(deps: {
  readonly db: Database;
  readonly platform: Platform;
  readonly paths: Paths;
  readonly backend?: 'auto' | Backend;
}): Vault {
  const { db, platform } = deps;
  const dataKey = createDataKey({ ...deps, backend: deps.backend ?? 'auto' });
  const rows = createVaultRecords(db);
  const guard = createGuardRecord(rows);
  let key: Buffer | null = null;
  let refusal: { readonly error: NucleusError; readonly at: number } | null = null;
  let chosen: Backend | null = null;
  let flight: Promise<Buffer> | null = null;
  let tail: Promise<unknown> = Promise.resolve();
  let closings = 0;

  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const done = tail.then(work);
    tail = done.catch(() => null);
    return done;
  };
  const isUsed = () => dataKey.isRecorded() || rows.count() > 0;
  const forget = () => {
    key?.fill(0);
    key = null;
  };
  const noting = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work();
      refusal = null;
      return result;
    } catch (error) {
      if (isLocked(error)) refusal = { error, at: platform.clock.now() };
      throw error;
    }
  };
  const openNow = async (before = closings): Promise<Buffer> => {
    if (key !== null) return key;
    const opened = await noting(() => (isUsed() ? dataKey.unlock() : dataKey.make()));
    if (closings !== before) throw vaultLocked('it was closed while it was being opened');
    key = opened;
    return opened;
  };
  const throwFreshRefusal = () => {
    if (refusal !== null && platform.clock.now() - refusal.at < retryMs) throw refusal.error;
  };
  const open = async (): Promise<Buffer> => {
    if (key !== null) return key;
    throwFreshRefusal();
    const asked = closings;
    flight ??= exclusive(() => openNow(asked)).finally(() => (flight = null));
    const opened = await flight;
    if (key !== opened) throw vaultLocked('it was closed meanwhile');
    return opened;
  };

  const current = (): VaultStatus => ({
    state: key !== null ? 'open' : refusal !== null ? 'locked' : 'unopened',
    backend: dataKey.backend() ?? chosen,
    records: rows.count(),
    reason: key === null && refusal !== null ? String(refusal.error.data['reason']) : null,
  });

  // Looked up only when something is sealed: the key may have been changed since, and its records with it.
  const opener = (): Opener => {
    if (key === null) throw vaultLocked('it was closed before the secrets were written');
    return { key, guardId: guard.id(key) };
  };
  const write = (place: SecretPlace, value: string): void => {
    const { key, guardId } = opener();
    rows.write(place, seal(key, Buffer.from(value, 'utf8'), binding(place, guardId)));
  };
  const resealAll = (from: Opener, to: Opener): void => {
    // Left as it is: it opened before no more than it will from now on.
    for (const { profile_id } of reseal(rows, from, to))
      platform.log.warn('a damaged secret was left behind', { profile: profile_id });
  };
  const read = async (place: SecretPlace): Promise<string | null> => {
    if (rows.read(place) === null) return null;
    const opened = await open();
    const record = rows.read(place);
    const content = record && openRecord({ key: opened, guardId: guard.id(opened) }, record);
    if (content === null)
      throw secretMissing(
        place.profile_id,
        place.kind,
        'its record does not open: it is damaged, or the record of what a person accepted, which it was sealed together with, is gone',
      );
    return content.toString('utf8');
  };

  return {
    current,
    async status() {
      try {
        if (isUsed()) await open();
        else {
          throwFreshRefusal();
          chosen = await exclusive(() => noting(dataKey.choose));
        }
      } catch (error) {
        // Being locked is an answer here, not a failure.
        if (!isLocked(error)) throw error;
      }
      return current();
    },
    async put(profileId, secrets) {
      const entries = Object.entries(secrets);
      if (entries.length > 0) await open();
      return () => {
        for (const [name, value] of entries)
          write({ profile_id: profileId, issuer: typed, kind: name }, value);
      };
    },
    async get(profileId, name) {
      const value = await read({ profile_id: profileId, issuer: typed, kind: name });
      if (value === null) throw secretMissing(profileId, name, 'none is stored');
      return value;
    },
    names: (profileId) => rows.kinds(profileId, typed),
    async keep(place, value) {
      await open();
      return () => write(place, value);
    },
    read,
    drop: (place) => rows.drop(place),
    async readGuard() {
      return rows.read(guardPlace) && guard.read(await open());
    },
    async keepGuard(text) {
      await open();
      const fresh = guard.newId();
      let id = fresh;
      return {
        write() {
          const from = opener();
          id = from.guardId ?? fresh;
          if (from.guardId === null) resealAll(from, { ...from, guardId: id });
          guard.write(from.key, id, text);
        },
        written: () => guard.hold(id),
      };
    },
    async rename(from, to) {
      const moved: (readonly [SecretPlace, string])[] = [];
      for (const place of rows.places(from)) {
        const value = await read(place);
        if (value !== null) moved.push([{ ...place, profile_id: to }, value]);
      }
      return () => {
        for (const [place, value] of moved) write(place, value);
        rows.remove(from);
      };
    },
    remove: (profileId) => rows.remove(profileId),
    async unopenable() {
      if (rows.count() === 0) return [];
      const opened = await open();
      const still = { key: opened, guardId: guard.remaining(opened) };
      return rows
        .all()
        .filter((record) => openRecord(still, record) === null)
        .map(({ profile_id, issuer, kind }) => ({ profile_id, issuer, kind }));
    },
    hasKey: () => dataKey.isRecorded(),
    readCount: async () => (dataKey.backend() === 'keychain' ? dataKey.counter.read() : null),
    async writeCount(count) {
      if (dataKey.backend() === 'keychain') await dataKey.counter.write(count);
    },
    move: (to) =>
      exclusive(async () => {
        const opened = await openNow();
        if (dataKey.backend() !== to) await dataKey.move(opened, to);
        return current();
      }),
    rekey: () =>
      exclusive(async () => {
        const old = await openNow();
        const before = closings;
        const fresh = await dataKey.change((next) => {
          // One that does not open would be left behind, and with it all that opens together with it.
          guard.read(old);
          const guardId = guard.id(old);
          resealAll({ key: old, guardId }, { key: next, guardId });
        });
        forget();
        if (closings === before) key = fresh;
        return current();
      }),
    recover: () =>
      exclusive(async () => {
        if (!isUsed()) return { lost: [], status: current() };
        const opened = await openNow().catch((error: unknown) => {
          if (!isLocked(error)) throw error;
          return null;
        });
        // With the key at hand nothing is lost but records that do not open with it, or without the guard's.
        const still = opened && { key: opened, guardId: guard.remaining(opened) };
        const lost = rows.all().filter((record) => still === null || openRecord(still, record) === null);
        onRegistry(() =>
          db.transaction(() => {
            lost.forEach((record) => rows.drop(record));
            if (opened === null) dataKey.forget();
          })(),
        );
        if (opened === null) refusal = null;
        guard.forget();
        // A record of no profile is Nucleus's own.
        const losers = new Set(lost.map((record) => record.profile_id).filter((id) => id !== ''));
        return { lost: [...losers].sort(), status: current() };
      }),
    close() {
      closings++;
      forget();
      guard.forget();
    },
  };
}

function isLocked(error: unknown): error is NucleusError {
  return error instanceof NucleusError && error.code === 'VAULT_LOCKED';
}

/** The vault of a gateway that keeps no state: it has no secrets and takes none. */
export function createNoVault(): Vault {
  const off: VaultStatus = { state: 'off', backend: null, records: 0, reason: null };
  const refuse = (): Promise<never> =>
    Promise.reject(
      new NucleusError('USAGE', 'there is no vault with --servers; hand secrets over in the environment'),
    );
  return {
    status: () => Promise.resolve(off),
    current: () => off,
    put: (_profileId, secrets) => (Object.keys(secrets).length > 0 ? refuse() : Promise.resolve(() => {})),
    get: (profileId, name) =>
      Promise.reject(secretMissing(profileId, name, 'there is no vault with --servers')),
    names: () => [],
    keep: refuse,
    read: () => Promise.resolve(null),
    drop: () => {},
    readGuard: () => Promise.resolve(null),
    keepGuard: refuse,
    rename: () => Promise.resolve(() => {}),
    remove: () => {},
    unopenable: () => Promise.resolve([]),
    hasKey: () => false,
    readCount: () => Promise.resolve(null),
    writeCount: () => Promise.resolve(),
    move: refuse,
    rekey: refuse,
    recover: refuse,
    close: () => {},
  };
}
