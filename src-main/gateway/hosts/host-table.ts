import { dirname, join } from 'node:path';
import type { HostName } from '../../../src-shared/hosts.ts';
import { claudeDesktopFiles } from './claude-desktop.ts';
import type { EntryPath } from './edit.ts';
import { json, toml, type Format } from './format.ts';
import { appFolder, isFolder, isThere, namedFolder, type Place } from './places.ts';

/** The name of our entry in every file. */
export const ourName = 'nucleus';

/** What stands in a file for us: the command, and what its host wants said beside it. */
export interface OurEntry {
  readonly command: string;
  readonly args: readonly string[];
  readonly [more: string]: unknown;
}

/** One host we can register ourselves with. */
export interface Host {
  readonly host: HostName;
  readonly title: string;
  readonly format: Format;
  /** Where our entry is in its file. */
  readonly path: EntryPath;
  readonly entry: OurEntry;
  /** Its configuration files, one per installation found; the files themselves may not exist yet. */
  files(): string[];
  /** Where the file would be if it were installed. */
  readonly usualFile: string;
}

interface Row {
  readonly host: HostName;
  readonly title: string;
  readonly format?: Format;
  /** Where servers are in its file. */
  readonly section?: string;
  /** What its entries say beside command and arguments. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  place(place: Place): { readonly files: string[]; readonly usual: string };
}

/** Every host, where its files lie and how an entry looks in them. */
const rows: readonly Row[] = [
  { host: 'claude-desktop', title: 'Claude Desktop', place: claudeDesktopFiles },
  {
    host: 'claude-code',
    title: 'Claude Code',
    // As `claude mcp add` writes it.
    before: { type: 'stdio' },
    after: { env: {} },
    place({ user, env }) {
      const named = namedFolder(env['CLAUDE_CONFIG_DIR']);
      if (named !== null && isFolder(named)) return one(join(named, '.claude.json'));
      const file = join(user, '.claude.json');
      return { files: isThere(file) || isFolder(join(user, '.claude')) ? [file] : [], usual: file };
    },
  },
  { host: 'cursor', title: 'Cursor', place: ({ user }) => one(join(user, '.cursor', 'mcp.json')) },
  {
    host: 'vscode',
    title: 'VS Code',
    section: 'servers',
    before: { type: 'stdio' },
    place: (place) => one(join(appFolder(place), 'Code', 'User', 'mcp.json')),
  },
  {
    host: 'windsurf',
    title: 'Windsurf',
    place: ({ user }) => one(join(user, '.codeium', 'windsurf', 'mcp_config.json')),
  },
  {
    host: 'codex',
    title: 'Codex',
    format: toml,
    section: 'mcp_servers',
    place: ({ user, env }) =>
      one(join(namedFolder(env['CODEX_HOME']) ?? join(user, '.codex'), 'config.toml')),
  },
  {
    host: 'gemini',
    title: 'Gemini CLI',
    place: ({ user }) => one(join(user, '.gemini', 'settings.json')),
  },
  {
    host: 'zed',
    title: 'Zed',
    section: 'context_servers',
    // Older versions tell kinds of servers apart by it, newer ones do not mind it.
    before: { source: 'custom' },
    place: (place) => one(join(zedFolder(place), 'settings.json')),
  },
];

/** The hosts of one person; `shim` is the command that entries name. */
export function createHostTable(place: Place & { readonly shim: string }): Host[] {
  return rows.map(({ host, title, format = json, section = 'mcpServers', before, after, place: find }) => ({
    host,
    title,
    format,
    path: [section, ourName],
    entry: { ...before, command: place.shim, args: ['serve', '--client', host], ...after },
    files: () => find(place).files,
    usualFile: find(place).usual,
  }));
}

/** A host with one file: it is installed when its folder is there. */
function one(file: string): { readonly files: string[]; readonly usual: string } {
  return { files: isFolder(dirname(file)) ? [file] : [], usual: file };
}

function zedFolder(place: Place): string {
  if (place.platform === 'win32') return join(appFolder(place), 'Zed');
  const named = place.platform === 'darwin' ? null : namedFolder(place.env['XDG_CONFIG_HOME']);
  return join(named ?? join(place.user, '.config'), 'zed');
}
