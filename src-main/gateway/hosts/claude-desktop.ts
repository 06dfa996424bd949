import { readdirSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { HostStatus } from '../../../src-shared/hosts.ts';
import type { EntryPath } from './edit.ts';

/** One host we can register ourselves with. */
export interface Host {
  readonly host: HostStatus['host'];
  readonly title: string;
  /** Where our entry is in its file. */
  readonly path: EntryPath;
  readonly entry: { readonly command: string; readonly args: readonly string[] };
  /** Its configuration files, one per installation found; the files themselves may not exist yet. */
  files(): string[];
  /** Where the file would be if it were installed. */
  readonly usualFile: string;
}

const fileName = 'claude_desktop_config.json';

/** Claude Desktop: where its configuration lies on three systems, and what stands in it for us. */
export function claudeDesktop(deps: {
  readonly user: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly shim: string;
}): Host {
  return {
    host: 'claude-desktop',
    title: 'Claude Desktop',
    path: ['mcpServers', 'nucleus'],
    entry: { command: deps.shim, args: ['serve', '--client', 'claude-desktop'] },
    files: () =>
      [usualFolder(deps), ...packagedFolders(deps)].filter(isFolder).map((folder) => join(folder, fileName)),
    usualFile: join(usualFolder(deps), fileName),
  };
}

type Place = Parameters<typeof claudeDesktop>[0];

function usualFolder({ user, env, platform }: Place): string {
  if (platform === 'win32') return join(env['APPDATA'] || join(user, 'AppData', 'Roaming'), 'Claude');
  if (platform === 'darwin') return join(user, 'Library', 'Application Support', 'Claude');
  const config = env['XDG_CONFIG_HOME'];
  // A relative one is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  return join(config && isAbsolute(config) ? config : join(user, '.config'), 'Claude');
}

/** The Store (MSIX) build sees its %APPDATA% redirected into its package: claude-code#34359. */
function packagedFolders({ user, env, platform }: Place): string[] {
  if (platform !== 'win32') return [];
  const packages = join(env['LOCALAPPDATA'] || join(user, 'AppData', 'Local'), 'Packages');
  return namesIn(packages)
    .filter((name) => /^claude_/i.test(name))
    .sort()
    .map((name) => join(packages, name, 'LocalCache', 'Roaming', 'Claude'));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No such folder, or none of ours to read: then no package of Claude's is in it for us.
    return [];
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Missing, or out of reach: not installed for this person either way.
    return false;
  }
}
