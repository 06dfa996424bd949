import { chmodSync, copyFileSync, existsSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensurePrivateFolder, writePrivateFile } from '../storage/files.ts';
import { createPaths, type Paths } from '../storage/paths.ts';

/**
 * Writes `~/.nucleusmcp/bin/nucleus`, the command that client entries name: it follows wherever this copy of Nucleus
 * lies, so an update or a moved folder breaks no client. Rewritten at each start. `appImage`: the file this copy runs
 * from when it is one, mounted only for as long as it runs, so that the command is kept beside and told of the file.
 */
export function writeStableShim(paths: Paths, resources: string, appImage: string | null = null): void {
  // On Windows hosts get node.exe or the native shim, never a script.
  if (process.platform === 'win32') return;
  const packed = join(resources, 'bin', 'nucleus');
  // A package made without a compiler holds no command; one that another copy wrote goes on working.
  if (!existsSync(packed)) return;
  ensurePrivateFolder(dirname(paths.shim));
  const target = appImage === null ? packed : keep(packed, join(dirname(paths.shim), 'nucleus-app-image'));
  writePrivateFile(
    paths.shim,
    [
      '#!/bin/sh',
      '# Written by Nucleus at each start; client entries point here.',
      // Clients hand over a clean environment, so another state folder than the usual one has to stand here.
      ...(isUsual(paths) ? [] : [`export NUCLEUS_HOME=${quote(paths.home)}`]),
      ...(appImage === null ? [] : [`export NUCLEUS_APP=${quote(appImage)}`]),
      `exec ${quote(target)} "$@"`,
      '',
    ].join('\n'),
  );
  chmodSync(paths.shim, 0o700);
}

/** Copies a program beside its place and then into it: the one that is there may be running. */
function keep(program: string, target: string): string {
  const fresh = `${target}.${process.pid}.tmp`;
  copyFileSync(program, fresh);
  chmodSync(fresh, 0o700);
  renameSync(fresh, target);
  return target;
}

function isUsual({ home }: Paths): boolean {
  return home === createPaths({ HOME: homedir() }).home;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
