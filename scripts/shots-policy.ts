import type {
  AnsweredApproval,
  GrantInfo,
  PendingApproval,
  PolicyInfo,
  PolicyTest,
  RuleView,
} from '../src-shared/policy.ts';

/* What judges on the same person's Friday, who waits for an answer, and what was answered. */

/** The moment all figures are taken. */
export const now = Date.parse('2026-11-20T14:31:07Z');
const minute = 60_000;

const approval = (id: string, secondsAgo: number, more: Partial<PendingApproval>): PendingApproval => ({
  id,
  kind: 'call',
  profile: 'sqlite:prod',
  env: 'prod',
  tool: 'query',
  client: 'claude-code',
  effect: { does: 'writes', basis: 'sql' },
  arguments: '{}',
  before: null,
  reason: 'Prod class: writes need a person.',
  via: ['app', 'terminal', 'system'],
  mayGrant: true,
  choices: [],
  isParked: false,
  askedAt: now - secondsAgo * 1_000,
  endsAt: now - secondsAgo * 1_000 + 5 * minute,
  ...more,
});

const json = (value: unknown): string => JSON.stringify(value, null, 2);
const statement =
  "update users\n   set plan = 'pro', trial_ends = null\n where org_id = 4821\u200B\n returning id, email, plan";
const earlier =
  "update users\n   set plan = 'free', trial_ends = now()\n where org_id = 4820\n returning id, email, plan";

export const waiting: readonly PendingApproval[] = [
  approval('a1', 40, {
    arguments: json({ sql: statement, limit: 50, note: 'for \u202Eeman\u202C at ACME' }),
    before: json({ sql: earlier, limit: 50 }),
  }),
  approval('a2', 38, {
    profile: 'github:work',
    env: 'dev',
    tool: 'delete_branch',
    client: 'cursor-vscode',
    effect: { does: 'destroys', basis: 'server' },
    reason: 'Hard to get back',
    mayGrant: false,
    isParked: true,
    arguments: json({ owner: 'acme', repo: 'web', branch: 'feature/billing-v2' }),
  }),
  approval('a3', 20, {
    profile: 'sqlite:staging',
    env: 'staging',
    effect: { does: 'destroys', basis: 'sql' },
    reason: 'Staging class: what destroys needs a person.',
    arguments: json({ sql: 'drop table sessions_2025' }),
  }),
  approval('a4', 8, {
    profile: 'github:personal',
    env: 'personal',
    tool: 'create_gist',
    effect: { does: 'writes', basis: 'unknown' },
    reason: 'Hard to get back',
    arguments: json({ public: true, files: { 'notes.md': 'hello' } }),
  }),
  approval('a5', 4, {
    profile: 'notes:home',
    env: null,
    tool: 'move_file',
    effect: { does: 'writes', basis: 'server' },
    reason: 'Nothing leaves the folder',
    arguments: json({ source: '/home/dana/My notes/a.md', destination: '/tmp/a.md' }),
  }),
];

export const account: PendingApproval = approval('a6', 6, {
  kind: 'account',
  profile: 'sqlite',
  env: null,
  reason: 'no account of sqlite is the default here, and this call writes',
  mayGrant: false,
  choices: [
    { profile: 'sqlite:prod', env: 'prod' },
    { profile: 'sqlite:staging', env: 'staging' },
    { profile: 'sqlite:local', env: 'dev' },
  ],
  arguments: json({ sql: "insert into notes (text) values ('call Ada')" }),
});

/** One whose rule wants the yes on a terminal or in the client. */
export const elsewhere: PendingApproval = approval('a7', 6, {
  via: ['terminal', 'client'],
  arguments: json({ sql: "update flags set is_on = 1 where name = 'checkout'" }),
});

/** One that does not fit the box. */
export const long: PendingApproval = approval('a8', 4, {
  tool: 'run_migration',
  effect: { does: 'destroys', basis: 'manifest' },
  mayGrant: false,
  arguments: json({
    name: '2026-11-20-plans',
    statements: Array.from(
      { length: 24 },
      (_, index) => `alter table plan_${index} add column seats integer`,
    ),
  }),
});

const answered: readonly AnsweredApproval[] = [
  answer('b1', 29, { tool: 'apply_migration', answer: 'denied' }),
  answer('b2', 44, { profile: 'sqlite:staging', env: 'staging', answer: 'granted' }),
  answer('b3', 61, {
    profile: 'github:work',
    env: 'dev',
    tool: 'merge_pull_request',
    answer: 'allowed',
    via: 'terminal',
  }),
  answer('b4', 92, { profile: 'notes:home', env: null, tool: 'move_file', answer: 'unanswered', via: null }),
];

function answer(id: string, minutesAgo: number, more: Partial<AnsweredApproval>): AnsweredApproval {
  return {
    id,
    profile: 'sqlite:prod',
    env: 'prod',
    tool: 'query',
    client: 'claude-code',
    answer: 'allowed',
    via: 'app',
    at: now - minutesAgo * minute,
    ...more,
  };
}

export const approvals = { waiting, answered };

export const grants: readonly GrantInfo[] = [
  grant('g1', { profile: 'sqlite:staging', env: 'staging' }),
  grant('g2', {
    profile: 'github:work',
    env: 'dev',
    tool: 'create_issue',
    scope: 'writes',
    client: 'cursor-vscode',
    callsLeft: null,
    endsAt: now + 48 * minute,
  }),
];

function grant(id: string, more: Partial<GrantInfo>): GrantInfo {
  return {
    id,
    profile: 'sqlite:prod',
    env: 'prod',
    scope: 'tool',
    tool: 'query',
    client: 'claude-code',
    principal: 'local',
    createdAt: now - 3 * minute,
    endsAt: now + 12 * minute,
    callsLeft: 7,
    isKept: false,
    ...more,
  };
}

const rule = (number: number, then: RuleView['then'], more: Partial<RuleView>): RuleView => ({
  number,
  // oxlint-disable-next-line unicorn/no-thenable -- a word, which nobody can wait for
  then,
  profiles: [],
  envs: [],
  clients: [],
  tools: [],
  effects: [],
  arguments: [],
  reason: '',
  line: null,
  toml: '',
  ...more,
});

const text = `# What agents may do at ACME.

[[rule]]
match = "sqlite:prod"
deny = ["apply_migration", "drop_*"]
reason = "Schema goes through CI"

[[rule]]
profile = "github:*"
env = ["dev", "personal"]
confirm = ["delete_*", "create_gist"]
approve = "human"
reason = "Hard to get back"

[[rule]]
client = "cursor*"
profile = "notes:home"
confirm = ["move_file"]
phrase = "move it"
arguments = { destination = "/tmp/*" }
`;

const rules: readonly RuleView[] = [
  rule(1, 'deny', {
    profiles: ['sqlite:prod'],
    tools: ['apply_migration', 'drop_*'],
    reason: 'Schema goes through CI',
    line: 3,
    toml: text.split('\n').slice(2, 6).join('\n'),
  }),
  rule(2, 'ask', {
    profiles: ['github:*'],
    envs: ['dev', 'personal'],
    tools: ['delete_*', 'create_gist'],
    reason: 'Hard to get back',
    line: 8,
    toml: text.split('\n').slice(7, 13).join('\n'),
  }),
  rule(3, 'confirm', {
    profiles: ['notes:home'],
    clients: ['cursor*'],
    tools: ['move_file'],
    arguments: ['destination is /tmp/*'],
    reason: 'Nothing leaves the folder',
    line: 15,
    toml: text.split('\n').slice(14, 20).join('\n'),
  }),
  rule(4, 'ask', {
    envs: ['prod'],
    effects: ['writes', 'destroys'],
    reason: 'Prod class: writes need a person.',
  }),
  rule(5, 'ask', {
    envs: ['staging'],
    effects: ['destroys'],
    reason: 'Staging class: what destroys needs a person.',
  }),
];

export const accepted: PolicyInfo = {
  file: '/home/dana/.nucleusmcp/policy.toml',
  version: '7f3a91c2',
  state: 'accepted',
  loadedAt: now - 29 * minute,
  problems: [],
  rules: [...rules],
  text,
  accepted: text,
};
export const pending: PolicyInfo = {
  ...accepted,
  state: 'pending',
  version: '0bd2e417',
  text: text.replace('deny = ["apply_migration", "drop_*"]', 'deny = ["drop_*"]'),
};
export const invalid: PolicyInfo = {
  ...accepted,
  state: 'invalid',
  text: text.replace('phrase = "move it"', 'phrase = 12'),
  problems: [{ severity: 'error', line: 19, column: 10, message: 'phrase must be text' }],
};
export const invalidFirst: PolicyInfo = { ...invalid, accepted: null, rules: [] };
export const none: PolicyInfo = {
  ...accepted,
  state: 'none',
  rules: rules.filter(({ line }) => line === null).map((one, index) => ({ ...one, number: index + 1 })),
  text: null,
  accepted: null,
};

export const verdict: PolicyTest = {
  decision: 'approve',
  reason: 'Prod class: writes need a person.',
  profile: 'sqlite:prod',
  env: 'prod',
  tool: 'query',
  effect: { does: 'writes', basis: 'sql' },
  rule: 4,
  trace: [
    { rule: 1, hit: false, text: 'Rule 1 does not fit: the tool is not in its lists.' },
    { rule: 2, hit: false, text: 'Rule 2 does not fit: sqlite:prod is none of its profiles.' },
    { rule: 3, hit: false, text: 'Rule 3 does not fit: the client is not cursor*.' },
    { rule: 4, hit: true, text: "Rule 4 (of the class) fits and needs a person's yes." },
    { rule: 5, hit: false, text: 'Rule 5 (of the class) does not fit: its class is not staging.' },
  ],
  version: '7f3a91c2',
};
export const refused: PolicyTest = {
  ...verdict,
  decision: 'deny',
  tool: 'drop_table',
  reason: 'Schema goes through CI',
  effect: { does: 'destroys', basis: 'manifest' },
  rule: 1,
  trace: [{ rule: 1, hit: true, text: 'Rule 1 fits and denies it by "drop_*".' }],
};
