import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { NucleusError } from '../../src-shared/errors.ts';

/** The terminal this process belongs to, wherever its streams lead; throws TERMINAL_UNUSABLE. */
export function ownTerminal(): string {
  const path =
    process.platform === 'linux' ? linuxTerminal() : process.platform === 'win32' ? null : psTerminal();
  if (path !== null) return path;
  throw new NucleusError(
    'TERMINAL_UNUSABLE',
    'this takes a person: run it in a terminal, or open the app; nothing was changed',
  );
}

/** By the device number of the controlling terminal (proc(5), /proc/pid/stat, tty_nr). */
function linuxTerminal(): string | null {
  // The name in brackets may hold anything, so what counts begins behind the last one.
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  const device = Number(fields[4]);
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `/dev/pts/${(major - 136) * 256 + minor}`;
  return major === 4 && minor > 0 && minor < 64 ? `/dev/tty${minor}` : null;
}

function psTerminal(): string | null {
  const options = { encoding: 'utf8', timeout: 5_000 } as const;
  const name = execFileSync('/bin/ps', ['-o', 'tty=', '-p', String(process.pid)], options).trim();
  return /^tty[A-Za-z]*\d+$/.test(name) ? `/dev/${name}` : null;
}
