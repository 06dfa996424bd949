import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Log } from '../platform.ts';
import { ensurePrivateFolder, readTextIfExists, removeIfExists, writePrivateFile } from '../storage/files.ts';

/** How many copies of a host's files are kept; one that can still be undone to is kept longer. */
const kept = 10;
const stateFile = 'state.json';
/** When it was made, as a name that every file system takes. */
const copyName = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.json$/;

export interface Undo {
  /** Name of the copy made before our write. */
  readonly backup: string;
  /** Hash of that copy: one that was altered since is not put back. */
  readonly backupHash: string;
  /** Hash of the file as we left it. */
  readonly hash: string;
  /** Whether there was a file before our write. */
  readonly existed: boolean;
}

export interface Memory {
  readonly version: 1;
  /** Unix milliseconds of the click; null: nobody said yes, or took it back. */
  readonly consentedAt: number | null;
  /** By configuration file. */
  readonly undo: Readonly<Record<string, Undo>>;
}

const nothing: Memory = { version: 1, consentedAt: null, undo: {} };

/** Remembers, for one host, the person's yes and how its files were before we wrote to them. */
export interface Backups {
  read(): Memory;
  write(memory: Memory): void;
  /** Keeps these bytes; answers the name of the copy. */
  keep(bytes: Buffer): string;
  /** The bytes of a copy, null when it is gone or not what it was. */
  load(undo: Undo): Buffer | null;
  pathOf(name: string): string;
}

export function createBackups(deps: {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}): Backups {
  const { folder, clock, log } = deps;
  const pathOf = (name: string): string => join(folder, name);

  function read(): Memory {
    const text = readTextIfExists(pathOf(stateFile));
    if (text === null) return nothing;
    const found = parseJson(text);
    if (isMemory(found)) return found;
    log.warn('what was remembered of a host is damaged; its consent and undo are lost', { folder });
    return nothing;
  }

  function names(): string[] {
    return readdirSync(folder)
      .filter((name) => copyName.test(name))
      .sort();
  }

  return {
    read,
    pathOf,
    write(memory) {
      ensurePrivateFolder(folder);
      writePrivateFile(pathOf(stateFile), `${JSON.stringify(memory, null, 2)}\n`);
      const needed = new Set(Object.values(memory.undo).map(({ backup }) => backup));
      for (const name of names().slice(0, -kept)) if (!needed.has(name)) removeIfExists(pathOf(name));
    },
    keep(bytes) {
      ensurePrivateFolder(folder);
      // The order of the names is the order of the copies, also within a millisecond or when the clock was set back.
      const last = names().at(-1);
      const time = last === undefined ? clock.now() : Math.max(clock.now(), timeOf(last) + 1);
      const name = `${new Date(time).toISOString().replaceAll(':', '-')}.json`;
      writePrivateFile(pathOf(name), bytes);
      return name;
    },
    load({ backup, backupHash }) {
      try {
        const bytes = readFileSync(pathOf(backup));
        return hashOf(bytes) === backupHash ? bytes : null;
      } catch (error) {
        log.warn('the copy to undo to cannot be read', { backup, error: String(error) });
        return null;
      }
    },
  };
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function timeOf(name: string): number {
  return Date.parse(name.slice(0, -'.json'.length).replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No memory either, which is what is asked next.
    return undefined;
  }
}

/** Checked by hand: this folder is one of few that do without zod, and three fields do not need it. */
function isMemory(found: unknown): found is Memory {
  if (!isObject(found) || found['version'] !== 1) return false;
  const { consentedAt, undo } = found;
  if (consentedAt !== null && typeof consentedAt !== 'number') return false;
  return isObject(undo) && Object.values(undo).every(isUndo);
}

function isUndo(found: unknown): boolean {
  if (!isObject(found)) return false;
  const { backup, backupHash, hash, existed } = found;
  const isCopy = typeof backup === 'string' && copyName.test(backup);
  return isCopy && typeof backupHash === 'string' && typeof hash === 'string' && typeof existed === 'boolean';
}

function isObject(found: unknown): found is Record<string, unknown> {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}
