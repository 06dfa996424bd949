import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Whose computer it is, as far as programs keep their settings by it. */
export interface Place {
  /** Home folder of the person. */
  readonly user: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/** Where desktop programs keep their settings. */
export function appFolder({ user, env, platform }: Place): string {
  if (platform === 'win32') return env['APPDATA'] || join(user, 'AppData', 'Roaming');
  if (platform === 'darwin') return join(user, 'Library', 'Application Support');
  return namedFolder(env['XDG_CONFIG_HOME']) ?? join(user, '.config');
}

/** Where a variable points to; a relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/ */
export function namedFolder(value: string | undefined): string | null {
  return value && isAbsolute(value) ? value : null;
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Missing, or out of reach: not installed for this person either way.
    return false;
  }
}

export function isThere(path: string): boolean {
  return existsSync(path);
}
