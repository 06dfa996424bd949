import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensurePrivateFolder, writePrivateFile } from '../storage/files.ts';
import type { Paths } from '../storage/paths.ts';

/**
 * Writes `~/.nucleusmcp/bin/nucleus`, the command that client entries name: it follows wherever this copy of Nucleus
 * lies, so an update or a moved folder breaks no client. Rewritten at each start.
 */
export function writeStableShim(paths: Paths, resources: string): void {
  // On Windows hosts get node.exe or the native shim, never a script.
  if (process.platform === 'win32') return;
  const target = join(resources, 'bin', 'nucleus');
  const quoted = `'${target.replaceAll("'", `'\\''`)}'`;
  ensurePrivateFolder(dirname(paths.shim));
  writePrivateFile(
    paths.shim,
    `#!/bin/sh\n# Written by Nucleus at each start; client entries point here.\nexec ${quoted} "$@"\n`,
  );
  chmodSync(paths.shim, 0o700);
}
