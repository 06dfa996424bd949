import { chmodSync, copyFileSync, existsSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import { ensurePrivateFolder, writePrivateFile } from '../storage/files.ts';
import { createPaths, type Paths } from '../storage/paths.ts';

/** Beside the command: the program of an AppImage. */
const keptName = 'nucleus-app-image';

/**
 * Writes `~/.nucleusmcp/bin/nucleus`, the command that client entries name: it follows wherever this copy of Nucleus
 * lies, so an update or a moved folder breaks no client. Rewritten at each start. An AppImage is mounted only while it
 * runs, so its command is kept beside and told of the image.
 */
export function writeStableShim(
  paths: Paths,
  resources: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): void {
  // On Windows hosts get node.exe or the native shim, never a script.
  if (process.platform === 'win32') return;
  const packed = join(resources, 'bin', 'nucleus');
  // A package made without a compiler holds no command; one that another copy wrote goes on working.
  if (!existsSync(packed)) return;
  ensurePrivateFolder(dirname(paths.shim));
  const appImage = appImageOf(resources, env);
  const target = appImage === null ? packed : keep(packed, join(dirname(paths.shim), keptName));
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

/** Throws when there is no command yet that an entry could name. */
export function checkStableShim({ shim }: Paths): void {
  if (!existsSync(shim))
    throw new NucleusError(
      'STATE_UNUSABLE',
      'this copy of Nucleus has no command yet that a client could start; run it from a checkout once',
    );
}

/** The AppImage these resources come from. Whatever else was started from one, such as a terminal, tells its own. */
export function appImageOf(
  resources: string,
  { APPIMAGE, APPDIR }: Readonly<Record<string, string | undefined>>,
): string | null {
  return APPIMAGE && APPDIR && resources.startsWith(`${APPDIR}/`) ? APPIMAGE : null;
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
