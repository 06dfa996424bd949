import { randomBytes } from 'node:crypto';
import type { Clock, Keychain, Platform } from '../platform.ts';
import { homeHash, type Paths } from './paths.ts';
import { keyBytes } from './seal.ts';

/** The original's service name, so that people find our entries beside its. */
export const keychainService = 'nucleusmcp';

/** Longest wait for the keychain library, whatever it waits for. */
const limitMs = 3_000;

/** The data key's entries in the OS keychain. Every method rejects with a sentence, and never hangs. */
export interface KeychainPlace {
  /** Writes, reads and deletes a throw-away entry. */
  probe(): Promise<void>;
  /** The key, or null when there is none; an entry that is no key of ours rejects. */
  read(slot: Slot): Promise<Buffer | null>;
  /** Writes the key and reads it back. */
  write(slot: Slot, key: Buffer): Promise<void>;
  remove(slot: Slot): Promise<void>;
  /** How often something was sealed, null when never: an older registry put back knows a smaller number. */
  readCount(): Promise<number | null>;
  writeCount(count: number): Promise<void>;
}

/** `next` holds a new key while records are sealed anew, so that a crash between keychain and registry loses nothing. */
export type Slot = 'current' | 'next';

/** The keychain as a place for one key of this state folder. The library is loaded on first use. */
export function createKeychainPlace(deps: {
  readonly platform: Platform;
  readonly paths: Paths;
}): KeychainPlace {
  const { clock } = deps.platform;
  const account = `vault-key:${homeHash(deps.paths)}`;
  const counter = `audit-seals:${homeHash(deps.paths)}`;
  const accounts: Readonly<Record<Slot, string>> = { current: account, next: `${account}:next` };
  let loaded: Promise<Keychain> | null = null;
  let busy: Promise<unknown> = Promise.resolve();

  const load = () => {
    loaded ??= deps.platform.loadKeychain().catch((error: unknown) => {
      loaded = null;
      throw error;
    });
    return loaded;
  };
  // One at a time: a call that waits for an unlock dialog keeps one of the few threads of the process; a second
  // one would take another and open another dialog.
  const use = <T>(work: (keychain: Keychain) => Promise<T>): Promise<T> => {
    let late = false;
    const done = busy.then(async () => {
      if (late) throw new Error('the OS keychain does not answer');
      return work(await load());
    });
    busy = done.catch(() => null);
    return within(clock, done, () => (late = true));
  };

  return {
    probe: () =>
      use(async (keychain) => {
        const name = `probe:${randomBytes(6).toString('hex')}`;
        const value = randomBytes(12).toString('base64');
        await keychain.setPassword(keychainService, name, value);
        const back = await keychain.getPassword(keychainService, name);
        await keychain.deletePassword(keychainService, name);
        if (back !== value) throw new Error('the OS keychain did not give back what was written');
      }),
    read: (slot) =>
      use(async (keychain) => {
        const text = await keychain.getPassword(keychainService, accounts[slot]);
        if (text === null) return null;
        const key = Buffer.from(text, 'base64');
        if (key.length === keyBytes && key.toString('base64') === text) return key;
        throw new Error(`the entry ${accounts[slot]} of the OS keychain holds something else than a key`);
      }),
    write: (slot, key) =>
      use(async (keychain) => {
        await keychain.setPassword(keychainService, accounts[slot], key.toString('base64'));
        const back = await keychain.getPassword(keychainService, accounts[slot]);
        if (back === key.toString('base64')) return;
        await keychain.deletePassword(keychainService, accounts[slot]);
        throw new Error('the OS keychain did not give back the key that was written');
      }),
    remove: (slot) =>
      use(async (keychain) => {
        await keychain.deletePassword(keychainService, accounts[slot]);
      }),
    readCount: () =>
      use(async (keychain) => {
        const text = await keychain.getPassword(keychainService, counter);
        if (text === null) return null;
        if (/^\d{1,15}$/.test(text)) return Number(text);
        throw new Error(`the entry ${counter} of the OS keychain holds something else than a number`);
      }),
    writeCount: (count) => use((keychain) => keychain.setPassword(keychainService, counter, String(count))),
  };
}

function within<T>(clock: Clock, work: Promise<T>, onLate: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = clock.after(limitMs, () => {
      onLate();
      reject(new Error(`the OS keychain did not answer within ${limitMs / 1_000} s`));
    });
    work.then(resolve, reject).finally(forget);
  });
}
