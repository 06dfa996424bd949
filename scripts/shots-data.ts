import type {
  AppSettings,
  ExposedTool,
  GatewayStatus,
  ProfileInfo,
  Surface,
} from '../src-shared/contract.ts';
import type { FoundTool, FoundTools } from '../src-shared/found-tools.ts';
import type { ConnectorSummary, MetadataField, Profile } from '../src-shared/model.ts';
import * as activity from './shots-activity.ts';
import * as clients from './shots-clients.ts';
import * as policy from './shots-policy.ts';
import { workspaces } from './shots-workspaces.ts';

/* What the window shows on its screenshots: one person's Friday, as the gateway would tell it. */

/** The moment all of them are taken. */
export const { now } = policy;
const minute = 60_000;

const field = (
  key: string,
  label: string,
  description: string,
  more: Partial<MetadataField>,
): MetadataField => ({
  key,
  label,
  description,
  required: true,
  kind: 'text',
  mustExist: false,
  default: null,
  choices: [],
  pattern: null,
  ...more,
});

const connector = (
  name: string,
  title: string,
  description: string,
  more: Partial<ConnectorSummary>,
): ConnectorSummary => ({
  name,
  title,
  description,
  kind: 'builtin',
  transport: 'stdio',
  auth: 'none',
  url: null,
  metadata: [],
  secrets: [],
  methods: [],
  readOnly: null,
  pickers: [],
  docs: null,
  note: null,
  variants: {},
  checked: { on: '2026-11-20', method: 'live', by: 'nucleus', sources: [] },
  ...more,
});

export const connectors: readonly ConnectorSummary[] = [
  connector(
    'sqlite',
    'SQLite file',
    'One SQLite database file on this machine: its tables, and queries in SQL.',
    {
      readOnly: { default: true, covers: 'sql', note: null },
      metadata: [
        field('file', 'Database file', 'Path of the .db, .sqlite or .sqlite3 file.', {
          kind: 'path',
          mustExist: true,
        }),
      ],
    },
  ),
  connector('github', 'GitHub', 'Repositories, issues and pull requests, by token', {
    transport: 'http',
    auth: 'token',
    url: 'https://api.githubcopilot.com/mcp/',
    secrets: ['token'],
  }),
  connector('grafana', 'Grafana', 'Dashboards, alerts and logs, by token', {
    auth: 'token',
    metadata: [
      field('url', 'Address', 'Where your Grafana answers.', { kind: 'url' }),
      field('region', 'Region', 'Where its stack runs.', { choices: ['eu', 'us', 'au'], default: 'eu' }),
      field('org', 'Organisation', 'Its number, when you are in several.', { required: false }),
    ],
    secrets: ['token'],
  }),
  connector('linear', 'Linear', 'Issues and projects, sign in', { transport: 'http', auth: 'oauth' }),
  connector('notes', 'notes', 'MCP servers started by a command of their own', {
    kind: 'custom',
    checked: null,
  }),
];

const profile = (connectorName: string, name: string, daysOld: number, more: Partial<Profile>): Profile => ({
  id: `${connectorName}:${name}`,
  connector: connectorName,
  name,
  metadata: {},
  createdAt: Math.floor(now / 1_000) - daysOld * 86_400,
  isDefault: false,
  launch: null,
  readOnly: null,
  stderr: 'null',
  ...more,
});

export const profiles: readonly Profile[] = [
  profile('github', 'personal', 20, { env: 'personal', account: 'danarv' }),
  profile('github', 'work', 41, { isDefault: true, env: 'dev', account: 'dana-acme' }),
  profile('notes', 'home', 3, {
    launch: {
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-filesystem@2026.8.31', '/home/dana/My notes'],
      env: { NODE_ENV: 'production' },
      secretEnv: [],
      cwd: null,
    },
  }),
  profile('sqlite', 'prod', 12, {
    metadata: { file: '/srv/acme/data/prod.db' },
    isDefault: true,
    readOnly: true,
    env: 'prod',
  }),
  profile('sqlite', 'staging', 12, {
    metadata: { file: '/srv/acme/data/staging.db' },
    readOnly: true,
    env: 'staging',
  }),
  profile('sqlite', 'local', 2, {
    metadata: { file: '/home/dana/code/acme/dev.db' },
    readOnly: false,
    env: 'dev',
  }),
];

const commands: Readonly<Record<string, readonly string[]>> = {
  sqlite: ['nucleus', 'sqlite', '--file', '{}', '--read-only={ro}'],
  notes: ['npx', '-y', '@modelcontextprotocol/server-filesystem@2026.8.31', '/home/dana/My notes'],
};

export const infos: Readonly<Record<string, ProfileInfo>> = Object.fromEntries(
  profiles.map((one) => [
    one.id,
    {
      profile: one,
      connector: connectors.find(({ name }) => name === one.connector) ?? null,
      command: (commands[one.connector] ?? []).map((word) =>
        word.replace('{}', one.metadata['file'] ?? '').replace('{ro}', String(one.readOnly)),
      ),
      credentials: one.connector === 'github' ? 'token (in the vault)' : null,
      signIn: null,
      probe: null,
    },
  ]),
);

const spawnProblem =
  'npx ended with code 1 while it started: could not find @modelcontextprotocol/server-filesystem@2026.8.31 in the registry';

export const status: GatewayStatus = {
  version: '0.1.0',
  pid: 41_207,
  home: '/home/dana/.nucleusmcp',
  socket: '/run/user/1000/nucleus-4f1c09ab/s',
  http: 'http://127.0.0.1:8787',
  httpProblem: null,
  startedAt: now - 4 * 3_600_000 - 12 * minute,
  surface: { mode: 'auto', chosen: 'merged', tools: 84, tokens: 6_140 },
  clients: [
    { name: 'claude-code', version: '2.4.1', principal: 'local', connectedAt: now - 26 * minute },
    {
      name: 'Claude Desktop',
      version: '1.18.0',
      principal: 'claude-desktop',
      connectedAt: now - 3 * 3_600_000,
    },
    { name: 'cursor-vscode', version: '3.1.4', principal: 'cursor', connectedAt: now - 9 * minute },
  ],
  upstreams: [
    upstream('github:work', 'ready', 29, { inFlight: 1 }),
    upstream('github:personal', 'asleep', 29, {}),
    upstream('notes:home', 'failing', 0, { problem: spawnProblem }),
    upstream('sqlite:prod', 'ready', 5, { pid: 41_311 }),
    upstream('sqlite:staging', 'starting', 5, { pid: 41_480 }),
    upstream('sqlite:local', 'resting', 5, {
      problem: 'it ended 3 times in a minute; it is tried again in 20 s',
    }),
  ],
  vault: { state: 'open', backend: 'keychain', records: 2, reason: null },
  lockedAt: null,
  warnings: [],
};

function upstream(
  id: string,
  state: GatewayStatus['upstreams'][number]['state'],
  tools: number,
  more: Partial<GatewayStatus['upstreams'][number]>,
): GatewayStatus['upstreams'][number] {
  return { profile: id, state, tools, pid: null, inFlight: 0, problem: null, oddities: 0, ...more };
}

const sqliteTools: Readonly<Record<string, string>> = {
  list_tables: 'Lists the tables and views of the database with their number of rows.',
  describe_table: 'Columns, types, keys and indexes of one table.',
  query: 'Runs one SQL statement that reads, and returns up to 1,000 rows.',
  explain: 'Shows how SQLite would run a statement, without running it.',
  pragma: '',
};
const githubTools =
  `add_issue_comment create_branch create_issue create_pull_request delete_branch fork_repository
  get_commit get_file_contents get_issue get_me get_pull_request get_pull_request_diff list_branches list_commits
  list_issues list_notifications list_pull_requests list_releases list_tags merge_pull_request push_files
  request_review search_code search_issues search_pull_requests search_repositories search_users update_issue
  update_pull_request`.split(/\s+/);

export const tools: readonly ExposedTool[] = profiles.flatMap(({ id, connector: of, name }) => {
  const own = of === 'sqlite' ? Object.entries(sqliteTools) : [];
  const theirs = githubTools.map(
    (tool) => [tool, `${tool.replaceAll('_', ' ')} on GitHub, as ${name}.`] as const,
  );
  return (of === 'github' ? theirs : own).map(([tool, description]) => ({
    name: `${of}_${name}_${tool}`,
    profile: id,
    tool,
    description,
    tokens: 90 + ((tool.length * 37) % 140),
  }));
});

/** What a person meets who names things without an end, and more of them than fit. */
export const manyTools: readonly ExposedTool[] = Array.from({ length: 214 }, (_, index) => ({
  name: `enterprise_data_warehouse_eu_west_1_re_a1b${index}_rows`,
  profile: 'enterprise-data-warehouse:europe-west-1-read-replica-of-the-second-cluster',
  tool: `get_all_rows_of_the_materialised_view_with_number_${index}`,
  description: `Reads\u200B every row of the materialised view\nwith number ${index}, however long that takes.`,
  tokens: 1_204 + index,
}));

const hit = (
  connector: string,
  alias: string,
  tool: string,
  because: string[],
  alsoOn: string[] = [],
): FoundTool => ({
  name: `${connector}_${alias}_${tool}`,
  description: '',
  score: 1,
  connector,
  alias,
  also_on: alsoOn.map((other) => `${connector}_${other}_${tool}`),
  because,
});

export const found: FoundTools = {
  query: 'run sql on production',
  returned: 3,
  total_in_catalog: tools.length,
  tools: [
    hit(
      'sqlite',
      'prod',
      'query',
      ['matched "sql", "run" in description', 'understood as account "prod"'],
      ['staging', 'local'],
    ),
    hit('sqlite', 'prod', 'explain', ['matched "run" in description', 'understood as account "prod"']),
    hit('github', 'work', 'push_files', [
      'related "run" in parameter descriptions',
      'default account: "work"',
    ]),
  ],
};

export const definition = JSON.stringify({
  name: 'sqlite_prod_query',
  description:
    'Runs one SQL statement that reads, and returns up to 1,000 rows.\n\nWrites are refused: this account is opened for reading only.',
  inputSchema: {
    type: 'object',
    properties: {
      sql: { type: 'string', description: 'One statement, with ? for parameters.' },
      parameters: { type: 'array', items: { type: ['string', 'number', 'null'] } },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 200 },
    },
    required: ['sql'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
});

const unset = { line: null, ruledBy: null };

export const surface: Surface = {
  mode: 'auto',
  chosen: 'merged',
  budget: 10_000,
  alwaysOn: ['github:personal'],
  costs: {
    'expose-all': { tools: 214, tokens: 38_120 },
    merged: { tools: 84, tokens: 6_140 },
    hybrid: { tools: 96, tokens: 14_870 },
    search: { tools: 6, tokens: 1_210 },
    compat: { tools: 2, tokens: 480 },
  },
  warnings: [],
  file: '/home/dana/.nucleusmcp/config.toml',
  origins: { mode: { line: 4, ruledBy: null }, budget: unset, alwaysOn: { line: 5, ruledBy: null } },
};

export const settings: AppSettings = {
  theme: 'system',
  autostart: true,
  view: 'profiles',
  wantsAdd: false,
  updates: { isOn: false, isLooking: false, newer: null, last: null },
};

/** What the bridge answers, by question; a scene changes some. */
export type Answers = Readonly<Record<string, unknown>>;

export const answers: Answers = {
  'gateway.status': status,
  'connectors.list': { connectors, problems: [] },
  'profiles.list': profiles,
  'profiles.info': infos,
  'profiles.removeLater': {},
  'profiles.keep': { kept: true },
  'tools.list': { tools, missing: ['notes:home'] },
  'tools.find': found,
  'tools.describe': { definition },
  'surface.get': surface,
  'surface.set': surface,
  'approvals.list': policy.approvals,
  'approvals.grants': policy.grants,
  'approvals.allow': { counted: true },
  'approvals.deny': { counted: true },
  'approvals.revoke': { revoked: true },
  'policy.get': policy.accepted,
  'policy.check': [],
  'policy.test': policy.verdict,
  'policy.save': policy.accepted,
  'policy.accept': policy.accepted,
  ...activity.answers,
  ...clients.answers,
  'lock.engage': { lockedAt: now },
  'lock.release': {},
  'person.ways': { hasPin: false, hasApp: true, hasSystem: false, pinLockedUntil: null },
  'pin.set': {},
  'pin.remove': {},
  'profiles.changeEnv': profiles[0],
  'profiles.setEnv': profiles[0],
  'settings.get': settings,
  'settings.set': settings,
  'signIn.list': [],
  'connectors.detect': [],
  'app.openPage': {},
  'workspaces.list': workspaces,
  'workspaces.trust': {},
  'workspaces.forget': { forgotten: true },
  'app.copy': {},
  'app.openConfig': {},
  'app.quit': {},
  'app.pickFile': { path: '/srv/acme/data/Billing 2026.sqlite' },
};
