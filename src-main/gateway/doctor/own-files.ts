import { accessSync, constants, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Paths } from '../storage/paths.ts';

/** No state folder of ours holds more that is looked at. */
const maxFiles = 2_000;
/** Who writes a file needs it for less. */
const writeMs = 60_000;

/** A file others may read or write, and the mode it should have. */
export interface OpenFile {
  readonly file: string;
  readonly mode: string;
  readonly wanted: '600' | '700';
}

/** What Nucleus writes in its folder, as far as others get at it or we do not. */
export function openFiles(paths: Paths): {
  readonly seen: number;
  readonly open: readonly OpenFile[];
  readonly locked: readonly { readonly file: string; readonly why: string }[];
} {
  const open: OpenFile[] = [];
  const locked: { file: string; why: string }[] = [];
  let seen = 0;
  for (const { file, stat } of ownFiles(paths)) {
    seen += 1;
    const why = whyLocked(file, stat);
    if (why !== null) locked.push({ file, why });
    // Files that people write hold no secret, and often come with the mode of an editor.
    else if ((stat.mode & (isPeoples(file, paths) ? 0o002 : 0o077)) !== 0)
      open.push({
        file,
        mode: (stat.mode & 0o777).toString(8),
        wanted: stat.isDirectory() || file === paths.shim ? '700' : '600',
      });
  }
  return { seen, open, locked };
}

/** Half-written files whose writer is gone. */
export function leftovers(paths: Paths, now: number): string[] {
  return ownFiles(paths)
    .filter(({ file, stat }) => stat.isFile() && isTemporary(file) && now - stat.mtimeMs > writeMs)
    .map(({ file }) => file);
}

/** The names `writePrivateFile` and a migration give what is not whole yet. */
function isTemporary(file: string): boolean {
  return /[\\/](\.[^\\/]+\.[0-9a-f]{12}\.tmp|registry\.db\.v\d+\.bak\.tmp)$/.test(file);
}

/** Links are left alone: they lead to what is somebody's own. */
function ownFiles(paths: Paths): { readonly file: string; readonly stat: Stats }[] {
  const found: { file: string; stat: Stats }[] = [];
  const visit = (folder: string, depth: number): void => {
    for (const name of namesIn(folder)) {
      const file = join(folder, name);
      const stat = lstatSync(file, { throwIfNoEntry: false });
      if (!stat || found.length >= maxFiles || !isOurs(file, paths)) continue;
      if (stat.isFile() || stat.isDirectory()) found.push({ file, stat });
      if (stat.isDirectory() && depth < 3) visit(file, depth + 1);
    }
  };
  visit(paths.home, 0);
  return found;
}

/** The app's own folder is Chromium's to keep, and what the original left is named by itself. */
function isOurs(file: string, paths: Paths): boolean {
  const [top = ''] = relative(paths.home, file).split(sep);
  return (
    ['run', 'hosts', 'logs', 'bin', 'connectors', 'config.toml', 'policy.toml'].includes(top) ||
    /^(registry|audit)\./.test(top) ||
    isTemporary(file)
  );
}

function isPeoples(file: string, paths: Paths): boolean {
  return file === paths.config || file === paths.policy || file.startsWith(paths.connectors + sep);
}

function whyLocked(file: string, stat: Stats): string | null {
  const self = process.getuid?.();
  if (self !== undefined && stat.uid !== self) return `belongs to another user (uid ${stat.uid})`;
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Somebody may keep a file of their own from being written by mistake.
    return code === 'EROFS' ? null : `cannot be read and written (${code})`;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // That it cannot be read is told of the folder itself.
    return [];
  }
}
