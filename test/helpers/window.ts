import type { TestContext } from 'node:test';
import { createApi } from '../../src-renderer/api.ts';
import type { AppState } from '../../src-renderer/state/app-state.svelte.ts';
import type { ActivityRow, AuditVerification } from '../../src-shared/audit.ts';
import type { Reply } from '../../src-shared/bridge.ts';
import type { GatewayStatus, Surface, Topic } from '../../src-shared/contract.ts';
import type { ConnectorSummary, Profile } from '../../src-shared/model.ts';
import type { PendingApproval, PolicyInfo } from '../../src-shared/policy.ts';
import { readRunes } from './runes.ts';

readRunes();

export const status: GatewayStatus = {
  version: '0.1.0',
  pid: 1,
  home: '/home',
  socket: null,
  http: null,
  httpProblem: null,
  startedAt: 0,
  clients: [],
  upstreams: [],
  vault: { state: 'open', backend: 'keychain', records: 0, reason: null },
  surface: { mode: 'auto', chosen: 'expose-all', tools: 0, tokens: 4 },
  lockedAt: null,
  warnings: [],
};
export const surface: Surface = {
  mode: 'auto',
  chosen: 'merged',
  budget: 10_000,
  alwaysOn: [],
  costs: {
    'expose-all': { tools: 214, tokens: 38_120 },
    merged: { tools: 84, tokens: 6_140 },
    hybrid: { tools: 96, tokens: 14_870 },
    search: { tools: 1, tokens: 1_210 },
    compat: { tools: 2, tokens: 480 },
  },
  warnings: [],
  file: '/home/config.toml',
  origins: {
    mode: { line: 2, ruledBy: null },
    budget: { line: null, ruledBy: null },
    alwaysOn: { line: null, ruledBy: null },
  },
};
export const profile = (name: string): Profile => ({
  id: `sqlite:${name}`,
  connector: 'sqlite',
  name,
  metadata: {},
  createdAt: 0,
  isDefault: false,
  launch: null,
  readOnly: null,
  stderr: 'null',
});
/** What a gateway answers about questions. */
export const waiting = (...list: readonly PendingApproval[]): object => ({ waiting: list, answered: [] });
export const policy: PolicyInfo = {
  file: '/home/policy.toml',
  version: 'v1',
  state: 'accepted',
  loadedAt: 0,
  problems: [],
  rules: [],
  text: '',
  accepted: '',
};
export const approval = (id: string, change: Partial<PendingApproval> = {}): PendingApproval => ({
  id,
  kind: 'call',
  profile: 'sqlite:prod',
  env: 'prod',
  tool: 'query',
  client: 'claude-code',
  effect: { does: 'writes', basis: 'sql' },
  arguments: '{}',
  before: null,
  reason: '',
  via: ['app', 'terminal'],
  mayGrant: true,
  choices: [],
  isParked: false,
  askedAt: 0,
  endsAt: 300_000,
  ...change,
});
export const connector: ConnectorSummary = {
  name: 'crm',
  title: 'CRM',
  description: '',
  kind: 'builtin',
  transport: 'http',
  auth: 'token',
  url: 'https://crm.example/mcp',
  metadata: [],
  secrets: ['token'],
  methods: [],
  readOnly: null,
  pickers: [],
  docs: null,
  note: null,
  variants: {},
  checked: null,
};

/** What a gateway says of a log without a chain. */
export const unverified: AuditVerification = {
  state: 'empty',
  lines: 0,
  from: null,
  to: null,
  sealedTo: null,
  unchained: 0,
  problem: null,
};
/** The call with this number, made so many milliseconds after the beginning of time. */
export const call = (seq: number, change: Partial<ActivityRow> = {}): ActivityRow => ({
  id: `00000000000000aa-${seq}`,
  seq,
  ts: new Date(seq).toISOString(),
  connector: 'sqlite',
  alias: 'prod',
  profile: 'sqlite:prod',
  env: 'prod',
  tool: 'query',
  via: 'direct',
  decision: 'allowed',
  outcome: 'ok',
  duration: 3,
  reason: null,
  client: 'claude-code',
  principal: 'local',
  policy: null,
  approval: null,
  effect: 'reads',
  plan: null,
  ...change,
});

export type Answer = unknown | ((input: unknown) => unknown);

/** The window's state on a gateway that answers what it is told to; time stands still. */
export async function openWindow(
  t: TestContext,
  answers: Record<string, Answer>,
  shell: AppState['shell'] = 'window',
): Promise<{ app: AppState; asked: [string, unknown][]; push(...topics: Topic[]): Promise<void> }> {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { AppState } = await import('../../src-renderer/state/app-state.svelte.ts');
  const asked: [string, unknown][] = [];
  const all: Record<string, Answer> = {
    'profiles.list': [profile('prod'), profile('staging')],
    'connectors.list': { connectors: [connector], problems: [] },
    'gateway.status': status,
    'approvals.list': waiting(),
    'approvals.grants': [],
    'policy.get': policy,
    'person.ways': { hasPin: false, hasApp: true, hasSystem: false, pinLockedUntil: null },
    'hosts.list': [],
    'surface.get': surface,
    'audit.query': { rows: [], next: null, isComplete: true },
    'audit.timeline': { buckets: [], total: 0, failed: 0, blocked: 0, p95: null, isComplete: true },
    'audit.record': { line: null, isWhole: true, isSealed: false },
    'audit.verify': unverified,
    'settings.get': { theme: 'system', autostart: false, view: 'profiles', wantsAdd: false, updates: null },
    'settings.set': {},
    'signIn.list': [],
    'workspaces.list': [],
    'profiles.info': [],
    'profiles.removeLater': {},
    'profiles.keep': { kept: true },
    ...answers,
  };
  let listener = (_topics: readonly Topic[]): void => {};
  const app = new AppState(
    createApi({
      async ask(name, input): Promise<Reply> {
        asked.push([name, input]);
        const answer = all[name];
        const value: unknown = await (typeof answer === 'function' ? answer(input) : answer);
        if (value instanceof Error) return { ok: false, error: { code: value.name, message: value.message } };
        return { ok: true, value };
      },
      on: (heard) => ((listener = heard), () => {}),
    }),
    shell,
  );
  app.start();
  await settled();
  asked.length = 0;
  return {
    app,
    asked,
    push: (...topics) => (listener(topics), settled()),
  };
}

/** All that was answered has arrived. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
