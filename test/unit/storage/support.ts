import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Clock, Keychain, Platform } from '../../../src-main/gateway/platform.ts';
import { createPaths, type Paths } from '../../../src-main/gateway/storage/paths.ts';
import { NucleusError, type ErrorCode } from '../../../src-shared/errors.ts';
import type { Profile } from '../../../src-shared/model.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-storage-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Paths of a state folder that does not exist yet. */
export function temporaryPaths(test: TestContext): Paths {
  return createPaths({ NUCLEUS_HOME: join(temporaryFolder(test), 'state') });
}

/** Matcher for assert.throws / assert.rejects: our code, and every part in the sentence. */
export function failsWith(code: ErrorCode, ...parts: readonly string[]) {
  return (error: unknown): boolean => {
    if (!(error instanceof NucleusError)) throw error;
    if (error.code !== code) throw error;
    const missing = parts.find((part) => !error.message.includes(part));
    if (missing !== undefined) throw new Error(`"${missing}" is not in: ${error.message}`);
    return true;
  };
}

export const isRoot = process.getuid?.() === 0;
/** Some other user of the system. */
export const otherUid = 65_534;

/** Turned by hand. */
export interface FakeClock extends Clock {
  advance(milliseconds: number): void;
  readonly waiting: number;
}

export function fakeClock(): FakeClock {
  let now = 1_000_000;
  const timers = new Set<{ at: number; act: () => void }>();
  return {
    now: () => now,
    after(milliseconds, act) {
      const timer = { at: now + milliseconds, act };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(milliseconds) {
      now += milliseconds;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        timers.delete(timer);
        timer.act();
      }
    },
    get waiting() {
      return timers.size;
    },
  };
}

/** A keychain in memory that can be told to misbehave. */
export interface FakeKeychain extends Keychain {
  readonly entries: Map<string, string>;
  readonly log: string[];
  /** Set: every call rejects with it. */
  failure: string | null;
  /** Set: calls wait until it is called. */
  hang: boolean;
  /** Runs after each write. */
  onWrite: ((account: string) => void) | null;
}

export function fakeKeychain(): FakeKeychain {
  const ready = async (fake: FakeKeychain, what: string) => {
    fake.log.push(what);
    if (fake.hang) await new Promise(() => {});
    if (fake.failure !== null) throw new Error(fake.failure);
  };
  return {
    entries: new Map(),
    log: [],
    failure: null,
    hang: false,
    onWrite: null,
    async getPassword(service, account) {
      await ready(this, `get ${account}`);
      return this.entries.get(`${service}/${account}`) ?? null;
    },
    async setPassword(service, account, password) {
      await ready(this, `set ${account}`);
      this.entries.set(`${service}/${account}`, password);
      this.onWrite?.(account);
    },
    async deletePassword(service, account) {
      await ready(this, `delete ${account}`);
      return this.entries.delete(`${service}/${account}`);
    },
  };
}

export interface FakePlatform extends Platform {
  readonly clock: FakeClock;
  readonly env: Record<string, string | undefined>;
  readonly warnings: string[];
  loads: number;
}

export function fakePlatform(keychain: Keychain | null): FakePlatform {
  const warnings: string[] = [];
  return {
    clock: fakeClock(),
    env: {},
    warnings,
    loads: 0,
    log: { debug() {}, info() {}, warn: (message) => void warnings.push(message), error() {} },
    spawnBuiltin: () => {
      throw new Error('storage starts nothing');
    },
    openBrowser: () => Promise.reject(new Error('storage opens nothing')),
    async loadKeychain() {
      this.loads++;
      await Promise.resolve();
      if (keychain === null) throw new Error('libsecret-1.so.0: cannot open shared object file');
      return keychain;
    },
  };
}

export function profile(id: string, changes: Partial<Profile> = {}): Profile {
  const [connector = '', name = ''] = id.split(':');
  return {
    id,
    connector,
    name,
    metadata: {},
    createdAt: 1_700_000_000,
    isDefault: false,
    launch: null,
    readOnly: null,
    stderr: 'null',
    ...changes,
  };
}

/** Lets a child of another user in, as far as the folder goes. */
export function openToAll(...folders: readonly string[]): void {
  for (const folder of folders) chmodSync(folder, 0o755);
}
