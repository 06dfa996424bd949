import { randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Platform } from '../platform.ts';
import { createKeychainPlace, type Slot } from './keychain.ts';
import { deleteMeta, readMeta, writeMeta } from './meta.ts';
import { findPassphrase, unwrapKey, WrappedKey, wrapKey } from './passphrase.ts';
import type { Paths } from './paths.ts';
import { keyBytes, seal, unseal } from './seal.ts';
import { onRegistry } from './sqlite-errors.ts';
import { backendName, vaultLocked, type Backend } from './vault-errors.ts';

const KeyCheck = z.object({
  backend: z.enum(['keychain', 'passphrase']),
  nonce: z.base64(),
  sealed: z.base64(),
});
type KeyCheck = z.infer<typeof KeyCheck>;

/** Tells whether a key is the one the records were sealed with, before any of them is tried. */
const checkRow = 'vault_key_check';
const wrappedRow = 'vault_passphrase';
const checkText = Buffer.from('nucleus vault');

const passphraseFix = 'set NUCLEUS_VAULT_PASSPHRASE_FILE to a file with the passphrase';
const waysOut = `unlock or install a keychain (on Debian: gnome-keyring, libsecret-1-0), or ${passphraseFix}`;

/** The data key of one state folder. The caller sees to it that one method runs at a time. */
export function createDataKey(deps: {
  readonly db: Database;
  readonly platform: Platform;
  readonly paths: Paths;
  readonly backend: 'auto' | Backend;
}) {
  const { db, platform } = deps;
  const keychain = createKeychainPlace(deps);

  /** Writes that `key` is kept by `backend`; `also` runs in the same transaction. */
  const record = (key: Buffer, backend: Backend, wrapped: WrappedKey | null, also?: () => void) => {
    const { nonce, sealed } = seal(key, checkText, backend);
    const check: KeyCheck = { backend, nonce: nonce.toString('base64'), sealed: sealed.toString('base64') };
    const write = db.transaction(() => {
      writeMeta(db, checkRow, JSON.stringify(check));
      if (wrapped === null) deleteMeta(db, wrappedRow);
      else writeMeta(db, wrappedRow, JSON.stringify(wrapped));
      also?.();
    });
    onRegistry(() => write());
  };

  const passphrase = () => {
    const found = findPassphrase(platform.env);
    if (found === null) throw new Error('no passphrase was given');
    if ('problem' in found) throw new Error(found.problem);
    return found;
  };

  /** Removes what is of no more use; that it stays is untidy, not wrong. */
  const tidy = async (slot: Slot) => {
    await keychain.remove(slot).catch((error: unknown) => {
      platform.log.warn('an unused vault key stays in the keychain', { slot, reason: sentence(error) });
    });
  };

  /** Puts the key in the keychain, runs the write that makes it count, and takes it back when that fails. */
  const keepInKeychain = async (slot: Slot, key: Buffer, before: Buffer | null, write: () => void) => {
    await keychain.write(slot, key);
    try {
      write();
    } catch (error) {
      if (before === null) await tidy(slot);
      else await keychain.write(slot, before);
      throw error;
    }
  };

  const promote = async (next: Buffer) => {
    try {
      await keychain.write('current', next);
    } catch (error) {
      // It is found in its second place as well.
      platform.log.warn('the new vault key could not take its place yet', { reason: sentence(error) });
      return;
    }
    await tidy('next');
  };

  const fromKeychain = async (check: KeyCheck): Promise<Buffer> => {
    const current = await keychain.read('current');
    if (current !== null && fits(current, check)) return current;
    const next = await keychain.read('next');
    if (next === null || !fits(next, check)) {
      throw new Error(current === null ? 'it has no key of this state folder' : 'it holds another key');
    }
    // A crash came between the registry and the keychain while the key was changed.
    await promote(next);
    return next;
  };

  const fromPassphrase = async (check: KeyCheck): Promise<Buffer> => {
    const wrapped = readJson(db, wrappedRow, WrappedKey);
    if (wrapped === null) throw new Error('that row is missing or damaged');
    const { text, from } = passphrase();
    const key = await unwrapKey(wrapped, text);
    if (key !== null && fits(key, check)) return key;
    throw new Error(`the passphrase of ${from} is another one`);
  };

  /** Where a new vault would keep its key; rejects when there is no such place. */
  const choose = async (): Promise<Backend> => {
    const problems: string[] = [];
    if (deps.backend !== 'passphrase') {
      try {
        await keychain.probe();
        return 'keychain';
      } catch (error) {
        problems.push(`the keychain cannot be used: ${sentence(error)}`);
      }
    }
    if (deps.backend !== 'keychain') {
      try {
        passphrase();
        return 'passphrase';
      } catch (error) {
        problems.push(sentence(error));
      }
    }
    throw vaultLocked(`there is no place for its key (${problems.join('; ')}); ${waysOut}`);
  };

  return {
    /** Whether a key was ever made. */
    isRecorded: (): boolean => onRegistry(() => readMeta(db, checkRow)) !== null,
    /** Where the key is kept, as far as the registry can tell. */
    backend: (): Backend | null => readJson(db, checkRow, KeyCheck)?.backend ?? null,
    choose,
    /** What counts seals outside of the registry; only a keychain does. */
    counter: { read: keychain.readCount, write: keychain.writeCount },

    /** The recorded key from its recorded place, or VAULT_LOCKED; writes nothing over anything. */
    async unlock(): Promise<Buffer> {
      const check = readJson(db, checkRow, KeyCheck);
      if (check === null) {
        throw vaultLocked(
          'the registry does not say where the key of its records is kept; restore a backup of registry.db, or give the secrets up: nucleus vault status | move | recover',
        );
      }
      try {
        return await (check.backend === 'keychain' ? fromKeychain(check) : fromPassphrase(check));
      } catch (error) {
        if (error instanceof NucleusError) throw error;
        const fix = check.backend === 'passphrase' ? passphraseFix : 'unlock the keychain';
        throw vaultLocked(
          `its key is kept in ${backendName[check.backend]}, but ${sentence(error)}; ${fix}, or see nucleus vault status | move | recover`,
        );
      }
    },

    /** A key for a vault that never had one. */
    async make(): Promise<Buffer> {
      const backend = await choose();
      if (backend === 'passphrase') {
        const key = randomBytes(keyBytes);
        record(key, backend, await wrapKey(key, passphrase().text));
        return key;
      }
      // One that is there already may belong to a registry that was moved away for a while: never overwritten.
      const before = await inKeychain(() => keychain.read('current'));
      const key = before ?? randomBytes(keyBytes);
      if (before !== null) record(key, backend, null);
      else await inKeychain(() => keepInKeychain('current', key, null, () => record(key, backend, null)));
      return key;
    },

    /** Keeps the key elsewhere. */
    async move(key: Buffer, to: Backend): Promise<void> {
      if (to === 'keychain') {
        await inKeychain(async () => {
          await keychain.probe();
          // Whatever stands there is not the key of this vault; it comes back when ours cannot be recorded.
          const before = await keychain.read('current').catch(() => null);
          await keepInKeychain('current', key, before, () => record(key, to, null));
        });
        return;
      }
      const { text } = orLocked(passphrase, passphraseFix);
      const wrapped = await wrapKey(key, text);
      const back = await unwrapKey(wrapped, text);
      if (back === null || !back.equals(key)) throw vaultLocked('the sealed key could not be opened again');
      record(key, to, wrapped);
      await tidy('current');
      await tidy('next');
    },

    /** Makes a new key; `reseal` runs in the transaction that makes it the recorded one. */
    async change(reseal: (fresh: Buffer) => void): Promise<Buffer> {
      const fresh = randomBytes(keyBytes);
      if (readJson(db, checkRow, KeyCheck)?.backend === 'passphrase') {
        const wrapped = await wrapKey(fresh, orLocked(passphrase, passphraseFix).text);
        record(fresh, 'passphrase', wrapped, () => reseal(fresh));
        return fresh;
      }
      await inKeychain(() =>
        keepInKeychain('next', fresh, null, () => record(fresh, 'keychain', null, () => reseal(fresh))),
      );
      await promote(fresh);
      return fresh;
    },

    /** Forgets that there was a key. */
    forget(): void {
      deleteMeta(db, checkRow);
      deleteMeta(db, wrappedRow);
    },
  };
}

function fits(key: Buffer, check: KeyCheck): boolean {
  const sealed = { nonce: Buffer.from(check.nonce, 'base64'), sealed: Buffer.from(check.sealed, 'base64') };
  return unseal(key, sealed, check.backend)?.equals(checkText) ?? false;
}

function readJson<T>(db: Database, row: string, schema: z.ZodType<T>): T | null {
  const text = onRegistry(() => readMeta(db, row));
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // A row nobody can read says no more than a missing one; `isRecorded` still tells them apart.
    return null;
  }
}

/** The keychain's failures as a locked vault; ours keep their code. */
async function inKeychain<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NucleusError) throw error;
    throw vaultLocked(`the keychain cannot be used: ${sentence(error)}; ${waysOut}`);
  }
}

function orLocked<T>(work: () => T, fix: string): T {
  try {
    return work();
  } catch (error) {
    throw vaultLocked(`${sentence(error)}; ${fix}`);
  }
}

/** The first line of a library's message; loaders add pages. */
function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').slice(0, 200) || 'no reason given';
}
