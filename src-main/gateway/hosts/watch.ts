import { realpathSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock, Log } from '../platform.ts';

/** A program that writes a file does so in several steps, and the biggest are read whole: looked at when they are over. */
const settleMs = 500;
/** How often is looked for what the system does not tell: a host installed since, a folder that cannot be watched. */
const lookMs = 60_000;

export interface FileWatch {
  /** Follows the files to folders that appeared or went since. */
  sync(): void;
  close(): void;
}

/**
 * Calls `onTouched` after something happened to one of the files. Their folders are watched, since a replaced file
 * takes the watch on it along; where none can be (missing, a network drive, the system's limit), it is called now
 * and then instead.
 */
export function watchFiles(deps: {
  readonly files: () => readonly string[];
  readonly onTouched: () => void;
  readonly clock: Clock;
  readonly log: Log;
}): FileWatch {
  const { clock, log } = deps;
  const watchers = new Map<string, FSWatcher>();
  let isClosed = false;
  let forgetTouched: (() => void) | null = null;
  let forgetLook: (() => void) | null = null;

  function touched(): void {
    // Never put off: a program that writes all the time must not keep us from looking.
    forgetTouched ??= clock.after(settleMs, () => {
      forgetTouched = null;
      sync();
      deps.onTouched();
    });
  }

  function drop(folder: string): void {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  function add(folder: string): void {
    try {
      const watcher = watch(folder, (event, name) => {
        // The folder itself went or moved: Linux names it so, and this watch follows it away.
        const isFolder = event === 'rename' && name === basename(folder);
        if (isFolder) drop(folder);
        if (isFolder || name === null || namesIn(folder).has(name)) touched();
      });
      watcher.on('error', (error) => {
        log.debug('a folder is no longer watched', { folder, error: String(error) });
        drop(folder);
        touched();
      });
      watchers.set(folder, watcher);
    } catch (error) {
      log.debug('a folder cannot be watched', { folder, error: String(error) });
    }
  }

  /** The names that count in a folder. */
  function namesIn(folder: string): Set<string> {
    return new Set(
      places(deps.files()).flatMap((file) => (dirname(file) === folder ? [basename(file)] : [])),
    );
  }

  /** Whether all is as it was, and watched. */
  function follow(): boolean {
    const folders = new Set(places(deps.files()).map((file) => dirname(file)));
    const gone = [...watchers.keys()].filter((folder) => !folders.has(folder));
    const added = [...folders].filter((folder) => !watchers.has(folder));
    gone.forEach(drop);
    added.forEach(add);
    return gone.length + added.length === 0;
  }

  function sync(): void {
    if (isClosed) return;
    follow();
    forgetLook ??= clock.after(lookMs, () => {
      forgetLook = null;
      const isSame = follow();
      sync();
      if (!isSame) deps.onTouched();
    });
  }

  sync();
  return {
    sync,
    close() {
      isClosed = true;
      forgetTouched?.();
      forgetLook?.();
      for (const folder of watchers.keys()) drop(folder);
    },
  };
}

/** Each file and, where it is a link, what it leads to. */
function places(files: readonly string[]): string[] {
  return [...new Set(files.flatMap((file) => [file, targetOf(file)]))];
}

function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // Not there, or a link that leads nowhere: its own folder tells when that changes.
    return file;
  }
}
