import { openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createLog, type SettableLog } from '../gateway/log.ts';
import { ensurePrivateFolder } from '../gateway/storage/files.ts';
import type { Paths } from '../gateway/storage/paths.ts';

const maxLogBytes = 5 * 1024 * 1024;

/** The app's own log, `logs/app.log`: nobody reads a menubar app's stdout. */
export function openShellLog(paths: Paths): SettableLog {
  ensurePrivateFolder(paths.logs);
  const path = join(paths.logs, 'app.log');
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxLogBytes) renameSync(path, `${path}.1`);
  const file = openSync(path, 'a', 0o600);
  return createLog({
    write(line) {
      try {
        writeSync(file, line);
      } catch {
        // A full disk: there is nowhere to say so, and what was logged goes on.
      }
    },
    now: Date.now,
  });
}
