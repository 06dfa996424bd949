import { chmodSync, lstatSync } from 'node:fs';
import Database from 'better-sqlite3';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { ensurePrivateFolder, unusable } from './files.ts';
import type { Paths } from './paths.ts';
import { sqliteCode } from './sqlite-errors.ts';

/** The right to be the gateway of a state folder. The system takes it back when the process dies, however it dies. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock of the state folder, or answers null when somebody has it. Never open `lock.db` by other means:
 * closing any descriptor of a file drops the POSIX locks this process holds on it.
 */
export function acquireLock(paths: Paths): Lock | null {
  ensurePrivateFolder(paths.home);
  ensurePrivateFolder(paths.run);
  checkRegular(paths.lock);
  let db: Database.Database | null = null;
  try {
    db = new Database(paths.lock, { timeout: 0 });
    if (process.platform !== 'win32') chmodSync(paths.lock, 0o600);
    db.exec('BEGIN EXCLUSIVE');
    return held(db);
  } catch (error) {
    db?.close();
    const code = sqliteCode(error);
    if (code === null) throw unusable(paths.lock, error);
    if (code.startsWith('SQLITE_BUSY')) return null;
    throw new NucleusError(
      'STATE_UNUSABLE',
      `${paths.lock} cannot be locked (${code}); remove it, or point NUCLEUS_HOME at a local disk that can be written`,
      { path: paths.lock, sqlite: code },
      { cause: error },
    );
  }
}

/**
 * Whether somebody has the lock. Makes nothing: without a file there is none. Not for the holder itself, whose lock it
 * would end.
 */
export function isLockTaken(paths: Paths): boolean {
  if (lstatSync(paths.lock, { throwIfNoEntry: false })?.isFile() !== true) return false;
  let db: Database.Database | null = null;
  try {
    db = new Database(paths.lock, { timeout: 0, fileMustExist: true });
    db.exec('BEGIN EXCLUSIVE');
    db.exec('ROLLBACK');
    return false;
  } catch (error) {
    // What cannot be opened is nobody's lock; the next to take it says what is wrong.
    return sqliteCode(error)?.startsWith('SQLITE_BUSY') ?? false;
  } finally {
    db?.close();
  }
}

/** Waits without blocking until the lock is ours; null when the time is up or `signal` was aborted. */
export async function waitForLock(
  paths: Paths,
  options: {
    readonly timeoutMs: number;
    readonly clock?: Clock;
    readonly signal?: AbortSignal;
    /** Called once, when the lock was taken at the first look. */
    onWait?(): void;
  },
): Promise<Lock | null> {
  const clock = options.clock ?? wallClock;
  const deadline = clock.now() + options.timeoutMs;
  for (let pause = firstPause, looked = false; ; pause = Math.min(pause * 1.5, longestPause)) {
    if (options.signal?.aborted) return null;
    const lock = acquireLock(paths);
    if (lock !== null) return lock;
    const left = deadline - clock.now();
    if (left <= 0) return null;
    if (!looked) options.onWait?.();
    looked = true;
    // Two that look at one instant may both see it taken; they should not look together again.
    await rest(clock, Math.min(pause * (0.75 + Math.random() / 2), left), options.signal);
  }
}

const firstPause = 20;
const longestPause = 100;

/** Keeps the process alive, unlike the gateway's clock: a command that waits has nothing else to live for. */
const wallClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
};

function rest(clock: Clock, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      forget();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const forget = clock.after(milliseconds, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

function held(db: Database.Database): Lock {
  return {
    release() {
      if (!db.open) return;
      db.exec('ROLLBACK');
      db.close();
    },
  };
}

function checkRegular(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isFile()) return;
  throw new NucleusError('STATE_UNUSABLE', `${path} is not a regular file; move it away`, { path });
}
