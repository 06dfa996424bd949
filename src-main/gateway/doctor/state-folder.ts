import { accessSync, constants, existsSync, realpathSync, statfsSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Finding } from '../../../src-shared/doctor.ts';
import { findClearTokens } from '../storage/original.ts';
import type { Check } from './examine.ts';
import { fail, ok, warn } from './finding.ts';
import { leftovers, openFiles } from './own-files.ts';
import type { Outside } from './scene.ts';

/** Below this a log line or a token may not fit any more. */
const littleRoom = 64 * 1024 * 1024;
const noRoom = 1024 * 1024;

/** The state folder: whose it is, who else gets in, and what should not lie there. */
export function stateChecks({ paths, platform }: Outside): Check[] {
  const { home } = paths;
  return [
    { ids: ['home'], look: () => [checkHome(home)] },
    { ids: ['home-mode'], look: () => checkMode(home) },
    { ids: ['home-parent'], look: () => checkParents(home) },
    { ids: ['disk'], look: () => checkRoom(home) },
    { ids: ['file-mode'], look: () => checkFiles(paths) },
    {
      ids: ['leftover'],
      look: () =>
        leftovers(paths, platform.clock.now()).map((file) =>
          warn('leftover', `${file} was left behind by a write that did not end`, `rm ${file}`, {
            subject: file,
            isFixable: true,
          }),
        ),
    },
    {
      ids: ['clear-tokens'],
      look() {
        const clear = findClearTokens(paths);
        if (clear === null) return [];
        const { folder, names } = clear;
        return [
          warn(
            'clear-tokens',
            `the original Nucleus left the tokens of its sign-ins in clear text in ${folder} (${names})`,
            `sign in again with nucleus add, then remove the folder: rm -r ${folder}`,
            { subject: folder },
          ),
        ];
      },
    },
  ];
}

/** Whether it is a folder that can be read, or is not there yet. */
export function canLookInto(home: string): boolean {
  try {
    const stat = statSync(home, { throwIfNoEntry: false });
    if (stat) accessSync(home, constants.R_OK | constants.X_OK);
    return stat?.isDirectory() ?? true;
  } catch {
    // Which is told by the check of it.
    return false;
  }
}

function checkHome(home: string): Finding {
  let stat: Stats | undefined;
  try {
    stat = statSync(home, { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return fail(
      'home',
      `state folder ${home} cannot be reached (${code})`,
      'check owner and mode of the folders above it, or point NUCLEUS_HOME elsewhere',
    );
  }
  if (!stat) return ok('home', `state folder ${home} will be made with the first profile`);
  if (!stat.isDirectory())
    return fail(
      'home',
      `${home} is not a folder, so nothing can be kept there`,
      `move it away: mv ${home} ${home}.old`,
    );
  if (isForeign(stat))
    return fail(
      'home',
      `state folder ${home} belongs to another user (uid ${stat.uid})`,
      `give it back to yourself: sudo chown -R "$(id -un)" ${home}`,
    );
  try {
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok('home', `state folder ${home} can be written`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return fail(
      'home',
      `state folder ${home} cannot be written (${code})`,
      code === 'EROFS'
        ? 'its file system is read-only: point NUCLEUS_HOME at one that can be written'
        : `give it back to yourself: chmod 700 ${home}`,
    );
  }
}

function checkMode(home: string): Finding[] {
  const stat = lookAt(home);
  if (!stat || process.platform === 'win32' || !stat.isDirectory() || isForeign(stat)) return [];
  if ((stat.mode & 0o077) === 0) return [];
  return [
    warn(
      'home-mode',
      `state folder ${home} is open to other users (mode ${modeOf(stat)})`,
      `chmod 700 ${home}`,
      {
        subject: home,
        isFixable: true,
      },
    ),
  ];
}

/** Who may write a folder above can put another folder in the place of ours. */
function checkParents(home: string): Finding[] {
  if (process.platform === 'win32') return [];
  const findings: Finding[] = [];
  for (let folder = nearestFolder(dirname(home)); ; folder = dirname(folder)) {
    const stat = lookAt(folder);
    const why = stat ? whyOpen(stat) : null;
    if (why !== null)
      findings.push(
        warn(
          'home-parent',
          `${folder}, above the state folder, ${why}, who could put another folder in its place`,
          `chmod go-w ${folder}, or point NUCLEUS_HOME elsewhere`,
          { subject: folder },
        ),
      );
    if (dirname(folder) === folder) return findings;
  }
}

function whyOpen(stat: Stats): string | null {
  const self = process.getuid?.();
  if (stat.uid !== 0 && stat.uid !== self) return `belongs to another user (uid ${stat.uid})`;
  // Where only owners may remove what is theirs, as in /tmp.
  if ((stat.mode & 0o1000) !== 0) return null;
  if ((stat.mode & 0o002) !== 0) return 'can be written by every user';
  // A group of one's own, as most systems make it, holds nobody else.
  const isGroups = (stat.mode & 0o020) !== 0 && stat.gid !== 0 && stat.gid !== process.getgid?.();
  return isGroups ? `can be written by a group (gid ${stat.gid})` : null;
}

function checkRoom(home: string): Finding[] {
  const { bavail, bsize } = statfsSync(nearestFolder(home));
  const room = bavail * bsize;
  return describeRoom(home, room);
}

/** What so many free bytes mean. */
export function describeRoom(home: string, room: number): Finding[] {
  if (room >= littleRoom) return [];
  const left = `the disk of ${home} has ${Math.floor(room / 1024 / 1024)} MiB left`;
  return room < noRoom
    ? [fail('disk', `${left}: no call can be recorded and nothing be stored`, 'make room on it')]
    : [warn('disk', left, 'make room on it, before calls cannot be recorded any more')];
}

function checkFiles(paths: Outside['paths']): Finding[] {
  if (process.platform === 'win32' || !existsSync(paths.home)) return [];
  const { seen, open, locked } = openFiles(paths);
  const findings = [
    ...open.map(({ file, mode, wanted }) =>
      warn('file-mode', `${file} is open to other users (mode ${mode})`, `chmod ${wanted} ${file}`, {
        subject: file,
        isFixable: true,
      }),
    ),
    ...locked.map(({ file, why }) =>
      fail(
        'file-mode',
        `${file} ${why}`,
        `give it back to yourself: sudo chown "$(id -un)" ${file}; chmod 600 ${file}`,
        { subject: file },
      ),
    ),
  ];
  return findings.length > 0
    ? findings
    : [ok('file-mode', `${seen} files of the state folder are yours alone`)];
}

function nearestFolder(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    const stat = lookAt(folder);
    if (stat?.isDirectory() || dirname(folder) === folder) return realpathSync(folder);
  }
}

function isForeign({ uid }: Stats): boolean {
  const self = process.getuid?.();
  return self !== undefined && uid !== self;
}

function modeOf({ mode }: Stats): string {
  return (mode & 0o777).toString(8);
}

/** Nothing also for what cannot be reached: the folder itself is told of. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
