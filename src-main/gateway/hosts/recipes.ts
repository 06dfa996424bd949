import { join } from 'node:path';
import { applyEdits } from './edit.ts';
import { createHostTable, ourName } from './host-table.ts';
import { appFolder, type Place } from './places.ts';

/** What a person puts into the file of a client by hand. */
export interface Recipe {
  readonly client: string;
  readonly title: string;
  /** Where it goes. */
  readonly file: string;
  /** The text itself, in the client's own format, with our entry alone. */
  readonly text: string;
  /** What `text` is, parsed; null where it is not JSON. */
  readonly json: object | null;
}

/** Clients whose files are not written by us, and how an entry looks in them. */
const rows: readonly Row[] = [
  {
    client: 'amp',
    title: 'Amp',
    file: ({ user }) => join(user, '.config', 'amp', 'settings.json'),
    section: 'amp.mcpServers',
  },
  {
    client: 'antigravity',
    title: 'Antigravity',
    file: ({ user }) => join(user, '.gemini', 'antigravity', 'mcp_config.json'),
  },
  {
    client: 'cline',
    title: 'Cline',
    file: (place) =>
      join(
        appFolder(place),
        'Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      ),
  },
  {
    client: 'continue',
    title: 'Continue',
    file: ({ user }) => join(user, '.continue', 'config.yaml'),
    write: ({ command, args }) =>
      yaml(['mcpServers:', '  - name: nucleus', '    type: stdio'], '    ', { command, args }),
  },
  {
    client: 'copilot',
    title: 'Copilot CLI',
    file: ({ user }) => join(user, '.copilot', 'mcp-config.json'),
    entry: ({ command, args }) => ({ type: 'local', command, args, tools: ['*'] }),
  },
  {
    client: 'crush',
    title: 'Crush',
    file: ({ user }) => join(user, '.config', 'crush', 'crush.json'),
    section: 'mcp',
    entry: (ours) => ({ type: 'stdio', ...ours }),
  },
  {
    client: 'goose',
    title: 'Goose',
    file: (place) =>
      place.platform === 'win32'
        ? join(appFolder(place), 'Block', 'goose', 'config', 'config.yaml')
        : join(place.user, '.config', 'goose', 'config.yaml'),
    write: ({ command, args }) =>
      yaml(
        ['extensions:', '  nucleus:', '    type: stdio', '    name: nucleus', '    enabled: true'],
        '    ',
        // Seconds; a call that waits for a person takes a while.
        { cmd: command, args, timeout: 300 },
      ),
  },
  {
    client: 'kimi',
    title: 'Kimi CLI',
    file: ({ user }) => join(user, '.kimi', 'mcp.json'),
  },
  { client: 'kiro', title: 'Kiro', file: ({ user }) => join(user, '.kiro', 'settings', 'mcp.json') },
  { client: 'lm-studio', title: 'LM Studio', file: ({ user }) => join(user, '.lmstudio', 'mcp.json') },
  {
    client: 'opencode',
    title: 'OpenCode',
    file: ({ user }) => join(user, '.config', 'opencode', 'opencode.json'),
    section: 'mcp',
    entry: ({ command, args }) => ({ type: 'local', command: [command, ...args], enabled: true }),
  },
  { client: 'qoder', title: 'Qoder', file: ({ user }) => join(user, '.qoder', 'mcp.json') },
  { client: 'trae', title: 'Trae', file: (place) => join(appFolder(place), 'Trae', 'User', 'mcp.json') },
  {
    client: 'vscode-insiders',
    title: 'VS Code Insiders',
    file: (place) => join(appFolder(place), 'Code - Insiders', 'User', 'mcp.json'),
    section: 'servers',
    entry: (ours) => ({ type: 'stdio', ...ours }),
  },
];

/** Every client there is a recipe for beside the hosts we write to ourselves. */
export const recipeNames: readonly string[] = rows.map(({ client }) => client);

/** What goes into the file of this client, one of ours or of the table; null for one nobody knows. */
export function recipeFor(client: string, place: Place & { readonly shim: string }): Recipe | null {
  const host = createHostTable(place).find((one) => one.host === client);
  if (host) {
    const [section] = host.path;
    return {
      client,
      title: host.title,
      file: host.files()[0] ?? host.usualFile,
      text: applyEdits('', host.format.set('', host.path, host.entry)),
      json: host.host === 'codex' ? null : { [section]: { [ourName]: host.entry } },
    };
  }
  const row = rows.find((one) => one.client === client);
  if (!row) return null;
  const ours = { command: place.shim, args: ['serve', '--client', client] };
  const about = { client, title: row.title, file: row.file(place) };
  if (row.write) return { ...about, text: row.write(ours), json: null };
  const json = { [row.section ?? 'mcpServers']: { [ourName]: row.entry?.(ours) ?? ours } };
  return { ...about, text: `${JSON.stringify(json, null, 2)}\n`, json };
}

interface Ours {
  readonly command: string;
  readonly args: readonly string[];
}

interface Row {
  readonly client: string;
  readonly title: string;
  readonly file: (place: Place) => string;
  /** Where servers are in its JSON, unless `mcpServers`. */
  readonly section?: string;
  readonly entry?: (ours: Ours) => object;
  /** For what is not JSON. */
  readonly write?: (ours: Ours) => string;
}

/** Every JSON value is a YAML value: https://yaml.org/spec/1.2.2/#chapter-1-introduction-to-yaml */
function yaml(head: readonly string[], indent: string, values: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(values).map(([name, value]) => `${indent}${name}: ${JSON.stringify(value)}`);
  return `${[...head, ...lines].join('\n')}\n`;
}
