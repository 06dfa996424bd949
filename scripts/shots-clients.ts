import type { ClientInfo } from '../src-shared/contract.ts';
import type { Finding } from '../src-shared/doctor.ts';
import type { HostName, HostStatus } from '../src-shared/hosts.ts';
import type { ImportPlan, ImportResult, ImportServer, ImportUndone } from '../src-shared/import.ts';
import type { Profile } from '../src-shared/model.ts';
import { now } from './shots-policy.ts';

/* The clients of one person's computer, what stands in their files, and what the doctor says of it all. */

const minute = 60_000;
const user = '/home/dana';

const files: Readonly<Record<HostName, readonly [title: string, file: string]>> = {
  'claude-desktop': ['Claude Desktop', `${user}/.config/Claude/claude_desktop_config.json`],
  'claude-code': ['Claude Code', `${user}/.claude.json`],
  cursor: ['Cursor', `${user}/.cursor/mcp.json`],
  vscode: ['VS Code', `${user}/.config/Code/User/mcp.json`],
  windsurf: ['Windsurf', `${user}/.codeium/windsurf/mcp_config.json`],
  codex: ['Codex', `${user}/.codex/config.toml`],
  gemini: ['Gemini CLI', `${user}/.gemini/settings.json`],
  zed: ['Zed', `${user}/.config/zed/settings.json`],
};

const entry = (host: HostName): string => `--- ${files[host][1].split('/').at(-1)}
+++ ${files[host][1].split('/').at(-1)}
@@ -2,4 +2,8 @@
   "mcpServers": {
+    "nucleus": {
+      "command": "${user}/.nucleusmcp/bin/nucleus",
+      "args": ["serve", "--client", "${host}"]
+    },
     "filesystem": {
       "command": "npx",
`;

const host = (name: HostName, more: Partial<HostStatus>): HostStatus => {
  const isWanted = more.state === 'missing' || more.state === 'changed';
  return {
    host: name,
    title: files[name][0],
    state: 'connected',
    file: files[name][1],
    consented: true,
    preview: isWanted ? entry(name) : '',
    backup: null,
    problem: null,
    others: [],
    duplicates: [],
    repairedAt: null,
    ...more,
  };
};
const absent = (name: HostName): HostStatus => host(name, { state: 'not-installed', consented: false });

/** One of each kind. */
export const hosts: readonly HostStatus[] = [
  host('claude-desktop', {
    others: ['filesystem', 'memory', 'github', 'notion'],
    backup: `${user}/.nucleusmcp/hosts/claude-desktop/claude_desktop_config.json.2026-11-20T13-58-04`,
    repairedAt: now - 2 * minute,
  }),
  host('claude-code', { others: ['filesystem', 'memory'] }),
  host('cursor', { state: 'missing', others: ['supabase', 'sentry', 'linear', 'github'], consented: false }),
  host('vscode', { state: 'missing', consented: false }),
  host('codex', { state: 'changed', others: ['playwright'], duplicates: ['nucleus-old', 'nucleus2'] }),
  host('windsurf', {
    state: 'unreadable',
    problem: `${files.windsurf[1]} line 14 is no JSON: a comma is missing; mend it there, it is read again by itself`,
  }),
  absent('gemini'),
  absent('zed'),
];

/** The one that drops entries, without ours. */
export const dropped: HostStatus = host('claude-desktop', {
  state: 'missing',
  others: ['filesystem', 'memory'],
});

/** None has our entry yet. */
export const unconnected: readonly HostStatus[] = [
  host('claude-desktop', { state: 'missing', consented: false, others: ['filesystem', 'github'] }),
  host('claude-code', { state: 'missing', consented: false, others: ['memory'] }),
  host('cursor', { state: 'missing', consented: false, others: ['github-work', 'sentry'] }),
  absent('vscode'),
  absent('windsurf'),
  absent('codex'),
  absent('gemini'),
  absent('zed'),
];

export const connected = unconnected.map((one) =>
  one.state === 'missing'
    ? host(one.host, {
        others: one.others,
        backup: `${user}/.nucleusmcp/hosts/${one.host}/2026-11-20T14-00-00`,
      })
    : one,
);

const day = 86_400;
const seconds = Math.floor(now / 1_000);
export const tokens: readonly ClientInfo[] = [
  { name: 'n8n', profiles: null, workspace: null, createdAt: seconds - 12 * day, expiresAt: null },
  {
    name: 'phone',
    profiles: [
      { id: 'github:work', alias: 'work' },
      { id: 'sqlite:staging', alias: 'staging' },
    ],
    workspace: null,
    createdAt: seconds - 2 * day,
    expiresAt: seconds + 28 * day,
  },
];
export const newToken = {
  client: { name: 'laptop', profiles: null, workspace: null, createdAt: seconds, expiresAt: null },
  token: 'a-token-of-the-screenshot-that-opens-nothing-anywhere',
  url: 'http://127.0.0.1:8787/mcp',
};

const server = (
  where: 'cursor' | 'claude-desktop' | 'nexus',
  name: string,
  connector: readonly [string, string],
  profile: string,
  more: Partial<ImportServer>,
): ImportServer => ({
  id: `${where}/${name}`,
  file: where === 'nexus' ? `${user}/nexus.toml` : files[where][1],
  name,
  connector: connector[0],
  title: connector[1],
  isBuiltin: true,
  profile,
  env: null,
  how: 'https://api.githubcopilot.com/mcp/',
  secrets: [],
  state: 'new',
  reason: null,
  ...more,
});
const github = ['github', 'GitHub'] as const;
const token = [{ name: 'token', place: 'headers.Authorization' }];

/** Two files, four servers, three tokens in the clear. */
export const plan: ImportPlan = {
  version: 'v1',
  sources: [
    { file: files.cursor[1], title: 'Cursor', host: 'cursor', problem: null },
    { file: files['claude-desktop'][1], title: 'Claude Desktop', host: 'claude-desktop', problem: null },
  ],
  servers: [
    server('claude-desktop', 'github', github, 'personal', { env: 'personal', secrets: token }),
    server('cursor', 'github-work', github, 'work', { secrets: token }),
    server('cursor', 'supabase-prod', ['supabase', 'Supabase'], 'prod', {
      env: 'prod',
      how: 'npx -y @supabase/mcp-server-supabase@0.7.0 --access-token {{secret.token}} --project-ref abcdefghijklmnop',
      secrets: token,
    }),
    server('claude-desktop', 'filesystem', ['filesystem', 'Files'], 'notes', {
      how: 'npx -y @modelcontextprotocol/server-filesystem /home/dana/My notes',
    }),
  ],
  last: null,
};

/** One is there already, one cannot come, one file cannot be read. */
export const mixedPlan: ImportPlan = {
  ...plan,
  sources: [
    ...plan.sources,
    { file: `${user}/nexus.toml`, title: 'nexus.toml', host: null, problem: null },
    {
      file: files.zed[1],
      title: 'Zed',
      host: 'zed',
      problem: `${files.zed[1]} line 3 is no JSON; mend it there and look again`,
    },
  ],
  servers: [
    ...plan.servers.map((one) => (one.name === 'github' ? { ...one, state: 'known' as const } : one)),
    server(
      'nexus',
      'enterprise-data-warehouse-europe',
      ['warehouse', 'Enterprise data warehouse'],
      'europe-west-1-replica',
      {
        isBuiltin: false,
        env: 'staging',
        how: 'uvx warehouse-mcp --dsn {{secret.dsn}} --region europe-west-1 --read-only',
        secrets: [
          { name: 'dsn', place: 'args[3]' },
          { name: 'password', place: 'env.PASSWORD' },
        ],
      },
    ),
    server('cursor', 'figma', ['figma', 'Figma'], 'default', {
      state: 'left',
      reason: 'it is reached through a socket of the Figma app, which Nucleus cannot open for it',
    }),
  ],
};

export const imported: ImportResult = {
  added: [
    { profile: 'github:personal', tools: 29, problem: null },
    { profile: 'github:work', tools: 29, problem: null },
    {
      profile: 'supabase:prod',
      tools: null,
      problem: 'supabase said the token ended on 12 November; sign in again',
    },
    { profile: 'filesystem:notes', tools: 14, problem: null },
  ],
  failed: [],
  changed: plan.sources.map(({ file }) => ({ file, backup: `${user}/.nucleusmcp/import/1` })),
};
export const profiles: readonly Profile[] = imported.added.map(({ profile: id }) => {
  const [connector = '', name = ''] = id.split(':');
  const env = name === 'prod' ? 'prod' : name === 'personal' ? 'personal' : null;
  return {
    id,
    connector,
    name,
    metadata: {},
    createdAt: seconds,
    isDefault: name !== 'work',
    launch: null,
    readOnly: null,
    stderr: 'null',
    ...(env && { env }),
  };
});
export const importedPlan: ImportPlan = {
  ...plan,
  version: 'v2',
  servers: [],
  last: {
    at: now - 4_000,
    profiles: imported.added.map(({ profile }) => profile),
    files: plan.sources.map(({ file }) => file),
  },
};
export const undone: ImportUndone = {
  removed: imported.added.map(({ profile }) => profile),
  restored: [files.cursor[1]],
  merged: [files['claude-desktop'][1]],
};

const finding = (
  check: string,
  level: Finding['level'],
  message: string,
  more: Partial<Finding> = {},
): Finding => ({
  check,
  level,
  subject: null,
  message,
  fix: null,
  isFixable: false,
  ...more,
});

export const wrong: readonly Finding[] = [
  finding('home-mode', 'fail', 'other users of this computer can read /home/dana/.nucleusmcp (mode 755)', {
    fix: 'chmod 700 /home/dana/.nucleusmcp',
    isFixable: true,
  }),
  finding('upstream', 'fail', 'notes:home ended with code 1 while it started', {
    subject: 'notes:home',
    fix: 'run `npx -y @modelcontextprotocol/server-filesystem@2026.8.31` to see what it says, then nucleus test notes:home',
  }),
  finding('client-entry', 'warn', 'Cursor lost its entry in /home/dana/.cursor/mcp.json', {
    subject: 'cursor',
    fix: 'nucleus install cursor',
    isFixable: true,
  }),
  finding(
    'client-secret',
    'warn',
    'a token stands in the clear in /home/dana/.cursor/mcp.json, entry sentry',
    {
      subject: '/home/dana/.cursor/mcp.json',
      fix: 'nucleus import, which moves them to the vault',
    },
  ),
];
const passed = Object.entries({
  runtime: 'Node 24.11.1 in Electron 42.0.1',
  keychain: 'a secret can be kept, read and deleted',
  home: '/home/dana/.nucleusmcp belongs to you',
  registry: 'the registry is whole, version 14',
  'audit-log': 'calls can be recorded',
  'audit-chain': '48,213 records are as they were written',
  'audit-index': 'the index says what the log says',
  policy: '6 rules are in force',
  config: 'all settings are understood',
  connector: 'all connectors can be used',
  command: '/home/dana/.nucleusmcp/bin/nucleus, which clients start, leads to a program',
  socket: 'the gateway answers on its socket',
  http: 'the gateway answers on http://127.0.0.1:8787',
  gateway: 'one gateway runs, of this version',
  vault: 'open, with its key in the keychain',
  disk: 'there is room for some years of records',
  surface: 'clients are shown 84 tools, about 6140 tokens of 10000',
  claude: 'Claude Code is /usr/local/bin/claude',
}).map(([check, message]) => finding(check, 'ok', message));
export const fine: readonly Finding[] = [
  ...passed,
  ...['github:work', 'github:personal', 'sqlite:prod', 'sqlite:staging'].map((subject) =>
    finding('sign-in', 'ok', `${subject} is signed in`, { subject }),
  ),
];
export const findings: readonly Finding[] = [...wrong, ...fine];

/** What the bridge answers about these, in the usual case. */
export const answers = {
  'hosts.list': hosts,
  'hosts.connect': hosts[0],
  'hosts.undo': hosts[0],
  'hosts.bundle': { path: `${user}/Downloads/nucleus.mcpb` },
  'import.look': { version: 'v0', sources: [], servers: [], last: null },
  'import.run': imported,
  'import.undo': undone,
  'doctor.run': findings,
  'doctor.fix': { finding: null },
  'clients.list': tokens,
  'clients.add': newToken,
  'clients.remove': { removed: true },
};
