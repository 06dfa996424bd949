import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Log } from '../platform.ts';
import { ensurePrivateFolder, readTextIfExists, removeIfExists, writePrivateFile } from '../storage/files.ts';
import { emptyMemory, readMemory, type Memory, type Undo } from './memory.ts';

/** How many copies of a host's files are kept; one that can still be undone to is kept longer. */
const kept = 10;
const stateFile = 'state.json';

/** Remembers, for one host, the person's yes and how its files were before we wrote to them. */
export interface Backups {
  read(): Memory;
  write(memory: Memory): void;
  /** Keeps these bytes of a file whose name ends so; answers the name of the copy. */
  keep(bytes: Buffer, extension: '.json' | '.toml'): string;
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

  function names(): string[] {
    return readdirSync(folder)
      .filter((name) => copyName.test(name))
      .sort();
  }

  return {
    read() {
      const text = readTextIfExists(pathOf(stateFile));
      if (text === null) return emptyMemory;
      const found = readMemory(text, (name) => copyName.test(name));
      if (found) return found;
      log.warn('what was remembered of a host is damaged; its consent and undo are lost', { folder });
      return emptyMemory;
    },
    pathOf,
    write(memory) {
      ensurePrivateFolder(folder);
      writePrivateFile(pathOf(stateFile), `${JSON.stringify(memory, null, 2)}\n`);
      const needed = new Set(
        Object.values(memory.undo)
          .flat()
          .map(({ backup }) => backup),
      );
      for (const name of names().slice(0, -kept)) if (!needed.has(name)) removeIfExists(pathOf(name));
    },
    keep(bytes, extension) {
      ensurePrivateFolder(folder);
      // The order of the names is the order of the copies, also within a millisecond or when the clock was set back.
      const last = names().at(-1);
      const time = last === undefined ? clock.now() : Math.max(clock.now(), timeOf(last) + 1);
      const name = `${new Date(time).toISOString().replaceAll(':', '-')}${extension}`;
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

/** When it was made, as a name that every file system takes. */
const copyName = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.(?:json|toml)$/;

function timeOf(name: string): number {
  return Date.parse(name.slice(0, -'.json'.length).replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));
}
