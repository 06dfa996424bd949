import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { appFolder, isFolder, type Place } from './places.ts';

const fileName = 'claude_desktop_config.json';

/** Claude Desktop: where its configuration lies on three systems, one file per installation found. */
export function claudeDesktopFiles(place: Place): { readonly files: string[]; readonly usual: string } {
  const usual = join(appFolder(place), 'Claude');
  return {
    files: [usual, ...packagedFolders(place)].filter(isFolder).map((folder) => join(folder, fileName)),
    usual: join(usual, fileName),
  };
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
