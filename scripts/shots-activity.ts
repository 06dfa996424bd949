import type { ActivityRow, AuditVerification, Timeline } from '../src-shared/audit.ts';
import type { EnvClass } from '../src-shared/policy.ts';
import { now } from './shots-policy.ts';

/* The calls of the same person's Friday, as the record tells them. */

const second = 1_000;
const minute = 60 * second;

const classes: Readonly<Record<string, EnvClass | null>> = {
  'sqlite:prod': 'prod',
  'sqlite:staging': 'staging',
  'sqlite:local': 'dev',
  'github:work': 'dev',
  'github:personal': 'personal',
  'notes:home': null,
};

let made = 0;

function call(
  secondsAgo: number,
  profile: string,
  tool: string,
  duration: number,
  more: Partial<ActivityRow> = {},
): ActivityRow {
  const [connector = '', alias = ''] = profile.split(':');
  const seq = 48_221 - made++;
  return {
    id: `9f3a0c417be2d655-${seq}`,
    seq,
    ts: new Date(now - secondsAgo * second).toISOString(),
    connector,
    alias,
    profile,
    env: classes[profile] ?? null,
    tool,
    via: 'direct',
    decision: 'allowed',
    outcome: 'ok',
    duration,
    reason: null,
    client: 'claude-code',
    principal: 'local',
    policy: 'p-3f09c2a71b44',
    approval: null,
    effect: 'reads',
    plan: null,
    ...more,
  };
}

const failed: Partial<ActivityRow> = { outcome: 'transport-error', reason: 'no answer within 5 s' };
const denied: Partial<ActivityRow> = {
  decision: 'denied',
  outcome: 'blocked',
  effect: 'destroys',
  reason: 'drop_* is refused on sqlite:prod: Schema goes through CI',
};

export const rows: readonly ActivityRow[] = [
  call(29, 'sqlite:staging', 'query', 184),
  call(29, 'sqlite:prod', 'list_tables', 231, { via: 'nucleus_call_plan', plan: { id: 'k7', step: 1 } }),
  call(132, 'github:work', 'list_branches', 412, { client: 'cursor-vscode', principal: 'cursor' }),
  call(347, 'sqlite:prod', 'query', 5_002, failed),
  call(598, 'github:work', 'create_issue', 655, { effect: 'writes' }),
  call(1_114, 'sqlite:prod', 'drop_table', 0, denied),
  call(1_377, 'github:personal', 'search_code', 390),
  call(1_996, 'sqlite:staging', 'query', 61, { effect: 'writes', approval: 'q-51' }),
  call(2_220, 'sqlite:local', 'query', 3),
  call(2_301, 'sqlite:local', 'query', 4, {
    outcome: 'upstream-error',
    effect: 'writes',
    reason: 'tool error',
  }),
  call(2_440, 'notes:home', 'read_file', 12, { client: null }),
  call(2_610, 'sqlite:prod', 'query', 0, {
    decision: 'confirm-required',
    outcome: 'blocked',
    effect: 'writes',
    reason: 'writes on prod take a phrase',
  }),
  call(2_900, 'github:work', 'merge_pull_request', 1_204, { outcome: 'unknown', effect: null }),
  ...Array.from({ length: 60 }, (_, index) => {
    const profiles = Object.keys(classes);
    return call(2_950 + index * 9, profiles[(index * 5) % profiles.length] ?? '', 'list_issues', 40 + index);
  }),
];

/** Calls that come while somebody reads. */
export const newcomers: readonly ActivityRow[] = Array.from({ length: 12 }, (_, index) => ({
  ...call(20 - index, 'github:work', 'list_issues', 90),
  id: `0d41c2aa9be07716-${900 - index}`,
  seq: 48_300 - index,
}));

export const page = { rows, next: null, isComplete: true };

/** Calls a minute, more of them at half past. */
export const timeline: Timeline = summed(
  Array.from({ length: 60 }, (_, index) => {
    const wave = Math.max(0, Math.round(9 * Math.sin(index / 7) + 5));
    const byEnv = {
      dev: Math.round(wave * 0.5),
      staging: Math.round(wave * 0.35),
      prod: index % 5 === 0 ? Math.round(wave * 0.2) : 0,
      personal: index % 7 === 0 && wave > 0 ? 1 : 0,
      ...(index % 19 === 3 && { none: 1 }),
    };
    return {
      at: Math.ceil((now + 1) / minute) * minute - (60 - index) * minute,
      failed: [21, 40, 53].includes(index) ? 1 : 0,
      blocked: 0,
      byEnv,
    };
  }),
);

function summed(buckets: readonly Omit<Timeline['buckets'][number], 'total'>[]): Timeline {
  const all = buckets.map((one) => ({
    ...one,
    total: Object.values(one.byEnv).reduce((sum, calls) => sum + calls, 0),
  }));
  const total = all.reduce((sum, one) => sum + one.total, 0);
  return { buckets: all, total, failed: 3, blocked: 2, p95: 320, isComplete: true };
}

export const noCalls: Timeline = {
  ...timeline,
  buckets: timeline.buckets.map((one) => ({ ...one, total: 0, failed: 0, byEnv: {} })),
  total: 0,
  failed: 0,
  p95: null,
};

export const intact: AuditVerification = {
  state: 'intact',
  lines: 48_221,
  from: 1,
  to: 48_221,
  sealedTo: 48_216,
  unchained: 0,
  problem: null,
};

export const broken: AuditVerification = {
  ...intact,
  state: 'broken',
  problem: { file: 'audit.log.1', line: 1_872, seq: 48_213, what: 'its hash is another one than it says' },
};

export const record = {
  line: JSON.stringify({
    ts: new Date(now - 347 * second).toISOString(),
    connector: 'sqlite',
    alias: 'prod',
    profile_id: 'sqlite:prod',
    tool: 'query',
    via: 'direct',
    decision: 'allowed',
    outcome: 'transport-error',
    duration_ms: 5_002,
    args_keys: ['limit', 'sql'],
    args_hash: 'sha256:9f3a0c417be2d655a0f1c3d2e4b5a69788796a5b4c3d2e1f00112233445cc41e',
    client: 'claude-code',
    seq: 48_213,
  }),
  isWhole: true,
  isSealed: true,
};

export const fullRecord = {
  ...record,
  line: record.line.replace(
    '"client"',
    '"args":{"sql":"select id, email\\u200B from users\\n where org_id = 4821","limit":50},"client"',
  ),
};

export const answers: Readonly<Record<string, unknown>> = {
  'audit.query': page,
  'audit.timeline': timeline,
  'audit.record': record,
  'audit.verify': intact,
};
