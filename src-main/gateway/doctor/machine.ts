import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { Finding } from '../../../src-shared/doctor.ts';
import { describeCommand } from '../profiles/launch.ts';
import { createProfileStore } from '../storage/profile-store.ts';
import { createLoginPath } from '../upstream/environment.ts';
import type { Check } from './examine.ts';
import { fail, ok } from './finding.ts';
import type { Inside, Outside } from './scene.ts';

/** What runs us, and what Claude Code is started by. */
export function machineChecks({ platform }: Outside): Check[] {
  return [
    { ids: ['runtime'], look: () => [ok('runtime', describeRuntime(process.versions))] },
    {
      ids: ['claude'],
      look() {
        // Many have no Claude Code, and nothing of ours needs it.
        const path = findProgram('claude', platform.env['PATH'] ?? '');
        return path === null ? [] : [ok('claude', `Claude Code is ${path}`)];
      },
    },
  ];
}

/** The programs that accounts are started by, and no others. */
export function programChecks({ platform, paths }: Outside, { registry, connectors }: Inside): Check[] {
  const loginPath = createLoginPath(platform);
  return [
    {
      ids: ['program'],
      async look() {
        const wanted = new Map<string, string[]>();
        for (const profile of createProfileStore(registry.db).list()) {
          const start = describeCommand(profile, connectors.of(profile)).find((word) => !isAssignment(word));
          if (start === undefined || /^(https?:\/\/|builtin:)/.test(start)) continue;
          const cwd = profile.launch?.cwd ?? paths.home;
          const program = /[\\/]/.test(start) ? resolve(cwd, start) : start;
          for (const name of [program, ...companions(program)])
            wanted.set(name, [...(wanted.get(name) ?? []), profile.id]);
        }
        if (wanted.size === 0) return [];
        const searched = [...wanted.keys()].some((name) => !isAbsolute(name)) ? await loginPath() : '';
        return [...wanted].map(([name, profiles]) => describeProgram(name, profiles, searched));
      },
    },
  ];
}

/** The version of what runs this code. */
export function describeRuntime({ electron, node }: NodeJS.ProcessVersions): string {
  return electron === undefined ? `Node ${node}` : `Electron ${electron} (Node ${node})`;
}

/** Where a program lies that is started by its name, or null; one with a path is looked for there only. */
export function findProgram(name: string, path: string): string | null {
  const folders = isAbsolute(name) ? [''] : path.split(delimiter).filter((folder) => folder !== '');
  const endings =
    process.platform === 'win32' ? ['', ...(process.env['PATHEXT'] ?? '.EXE;.CMD').split(';')] : [''];
  for (const folder of folders)
    for (const ending of endings) {
      const file = folder === '' ? name + ending : join(folder, name + ending);
      if (isProgram(file)) return file;
    }
  return null;
}

function describeProgram(name: string, profiles: readonly string[], path: string): Finding {
  const found = findProgram(name, path);
  const whom = nameSome(profiles);
  if (found !== null) return ok('program', `${name} is there for ${whom}`, { subject: name });
  const where = isAbsolute(name)
    ? 'is no program that can be started'
    : 'is not on the PATH of your login shell';
  return fail(
    'program',
    `${name} ${where}, so ${whom} cannot start`,
    installs[name] ??
      `install it, or add ${profiles.length === 1 ? 'the account' : 'the accounts'} again with another --command`,
    { subject: name },
  );
}

/** As many as a person reads, then how many more. */
export function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** These are scripts that look for Node by themselves. */
function companions(program: string): string[] {
  return program === 'npx' || program === 'npm' ? ['node'] : [];
}

function isAssignment(word: string): boolean {
  return /^[A-Za-z_]\w*=/.test(word);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not ours to start: the next folder may have it.
    return false;
  }
}

const node =
  'install Node.js from https://nodejs.org, or add its folder to PATH in the profile of your shell';
const installs: Readonly<Record<string, string>> = {
  node,
  npx: node,
  npm: node,
  uvx: 'install uv from https://docs.astral.sh/uv, or add its folder to PATH in the profile of your shell',
  docker:
    'install Docker from https://docs.docker.com/get-docker, or add its folder to PATH in the profile of your shell',
};
