import { chmodSync, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import { ensurePrivateFolder, writePrivateFile } from '../storage/files.ts';
import { createPaths, type Paths } from '../storage/paths.ts';

/**
 * Writes `~/.nucleusmcp/bin/nucleus`, the command that client entries name: it follows wherever this copy of Nucleus
 * lies, so an update or a moved folder breaks no client. Rewritten at each start.
 */
export function writeStableShim(paths: Paths, resources: string): void {
  // On Windows hosts get node.exe or the native shim, never a script.
  if (process.platform === 'win32') return;
  const target = join(resources, 'bin', 'nucleus');
  // A packaged app holds no command yet; one that an unpacked copy wrote goes on working.
  if (!existsSync(target)) return;
  ensurePrivateFolder(dirname(paths.shim));
  writePrivateFile(
    paths.shim,
    [
      '#!/bin/sh',
      '# Written by Nucleus at each start; client entries point here.',
      // Clients hand over a clean environment, so another state folder than the usual one has to stand here.
      ...(isUsual(paths) ? [] : [`export NUCLEUS_HOME=${quote(paths.home)}`]),
      `exec ${quote(target)} "$@"`,
      '',
    ].join('\n'),
  );
  chmodSync(paths.shim, 0o700);
}

/** Throws when there is no command yet that an entry could name. */
export function checkStableShim({ shim }: Paths): void {
  if (!existsSync(shim))
    throw new NucleusError(
      'STATE_UNUSABLE',
      'this copy of Nucleus has no command yet that a client could start; run it from a checkout once',
    );
}

function isUsual({ home }: Paths): boolean {
  return home === createPaths({ HOME: homedir() }).home;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
