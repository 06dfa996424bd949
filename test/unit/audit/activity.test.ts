import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import type * as z from 'zod';
import { createActivity } from '../../../src-main/gateway/audit/activity.ts';
import { createRecordIndex } from '../../../src-main/gateway/audit/record-index.ts';
import { systemClock } from '../../../src-main/gateway/clock.ts';
import type { Clock } from '../../../src-main/gateway/platform.ts';
import type { ActivityPage } from '../../../src-shared/audit.ts';
import { contract } from '../../../src-shared/contract.ts';
import type { EnvClass } from '../../../src-shared/policy.ts';
import {
  auditRecord,
  createAuditWriter,
  originalLines,
  writeOriginalLog,
} from '../../helpers/audit-files.ts';
import { createFakeLog } from '../../helpers/fake-clock.ts';
import { longestTurn } from '../../helpers/longest-turn.ts';
import { verifies } from '../../helpers/requirements.ts';
import { until } from '../../helpers/until.ts';

const { query, timeline } = contract.audit;
type Query = z.input<typeof query.input>;

function createWorld(context: TestContext, clock: Clock = systemClock) {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-activity-'));
  const path = join(folder, 'audit.log');
  const file = join(folder, 'audit.db');
  const log = createFakeLog();
  const envs = new Map<string, EnvClass>([
    ['github:work', 'prod'],
    ['github:home', 'personal'],
  ]);
  let caughtUp = 0;
  const open = () => {
    const index = createRecordIndex({ path, file, clock, log, onCaughtUp: () => caughtUp++ });
    const activity = createActivity({
      index,
      path,
      envOf: (profile) => envs.get(profile) ?? null,
      sealedTo: async () => 3,
    });
    return { index, activity };
  };
  let world = open();
  const { signal } = new AbortController();
  context.after(async () => {
    await world.index.close();
    rmSync(folder, { recursive: true });
  });
  return {
    path,
    file,
    log,
    writer: createAuditWriter(path),
    get index() {
      return world.index;
    },
    caughtUp: () => caughtUp,
    async reopen(between = (): void => {}) {
      await world.index.close();
      between();
      world = open();
    },
    query: async (input: Query = {}): Promise<ActivityPage> =>
      query.output.parse(await world.activity.query(query.input.parse(input), { signal })),
    timeline: async (input: z.input<typeof timeline.input>) =>
      timeline.output.parse(await world.activity.timeline(timeline.input.parse(input), { signal })),
    record: async (input: z.input<typeof contract.audit.record.input>) =>
      contract.audit.record.output.parse(await world.activity.record(input, { signal })),
    /** What a page shows, by the names of its tools. */
    async tools(input: Query = {}): Promise<string> {
      return (await this.query(input)).rows.map(({ tool }) => tool).join(' ');
    },
  };
}

const call = (tool: string, changes: Record<string, unknown> = {}) => auditRecord({ tool, ...changes });

test('records come newest first, over rotations, with the class their profile has now', async (context) => {
  const world = createWorld(context);
  world.writer.append(call('a'), call('b', { profile_id: 'github:home' }));
  world.writer.rotate();
  world.writer.append(call('c', { profile_id: 'github:gone', plan: { id: 'p', step: 2 }, effect: 'writes' }));
  const { rows, next, isComplete } = await world.query();
  assert.deepEqual(
    rows.map(({ tool, env, seq }) => [tool, env, seq]),
    [
      ['c', null, 5],
      ['b', 'personal', 3],
      ['a', 'prod', 2],
    ],
  );
  assert.deepEqual([next, isComplete], [null, true]);
  const { id, ...first } = rows[0] ?? assert.fail();
  assert.match(id, /^[0-9a-f]{16}-\d+$/);
  assert.deepEqual(first, {
    seq: 5,
    ts: '2026-11-20T11:00:00.123Z',
    connector: 'github',
    alias: 'work',
    profile: 'github:gone',
    env: null,
    tool: 'c',
    via: 'direct',
    decision: 'allowed',
    outcome: 'ok',
    duration: 12,
    reason: null,
    client: 'claude',
    principal: 'local',
    policy: null,
    approval: null,
    effect: 'writes',
    plan: { id: 'p', step: 2 },
  });
});

test('every filter and every two of them let the right records through', async (context) => {
  const world = createWorld(context);
  const all = [
    call('a', { ts: '2026-11-20T10:00:00Z' }),
    call('b', { ts: '2026-11-20T10:00:01Z', profile_id: 'github:home', client: 'Cursor' }),
    call('c', {
      ts: '2026-11-20T10:00:02Z',
      outcome: 'blocked',
      decision: 'denied',
      reason: 'Rule 2: no Writes',
    }),
    call('d', { ts: '2026-11-20T10:00:03Z', outcome: 'upstream-error', via: 'nucleus_call' }),
    call('e', { ts: '2026-11-20T10:00:04Z', profile_id: 'github:gone', via: 'cli', outcome: 'unknown' }),
    call('f', {
      ts: '2026-11-20T10:00:05Z',
      client: 'cursor',
      outcome: 'blocked',
      decision: 'confirm-required',
    }),
  ];
  world.writer.append(...all.slice(0, 3));
  world.writer.rotate();
  world.writer.append(...all.slice(3));
  const since = Date.parse('2026-11-20T10:00:02Z');
  const filters = [
    [{ profile: ['github:home', 'github:gone'] }, 'be'],
    [{ env: ['prod'] }, 'acdf'],
    [{ env: ['personal', null] }, 'be'],
    [{ tool: 'C' }, 'c'],
    [{ tool: '' }, ''],
    [{ client: 'CURSOR' }, 'bf'],
    [{ outcome: ['blocked', 'unknown'] }, 'cef'],
    [{ decision: ['denied'] }, 'c'],
    [{ via: ['cli', 'nucleus_call'] }, 'de'],
    [{ since }, 'cdef'],
    [{ until: since }, 'abc'],
    [{ words: 'writes  RULE' }, 'c'],
    [{ words: 'cursor github' }, 'bf'],
    [{ words: '%' }, ''],
  ] as const;
  for (const [one, some] of filters)
    for (const [other, others] of filters) {
      // The same filter twice is one of them.
      if (Object.keys(one).some((key) => key in other) && one !== other) continue;
      const expected = 'fedcba'
        .split('')
        .filter((tool) => some.includes(tool) && others.includes(tool))
        .join(' ');
      const asked = { ...one, ...other } as NonNullable<Query['filters']>;
      assert.equal(await world.tools({ filters: asked }), expected, JSON.stringify(asked));
    }
});

test('pages follow each other without a gap, also while lines are added and files rotated', async (context) => {
  const world = createWorld(context);
  const names = Array.from({ length: 50 }, (_, index) => `t${index}`);
  for (const [index, tool] of names.entries()) {
    world.writer.append(call(tool));
    if (index % 20 === 19) world.writer.rotate();
  }
  const seen: string[] = [];
  let before: string | null = null;
  do {
    const page: ActivityPage = await world.query({ before, limit: 7 });
    seen.push(...page.rows.map(({ tool }) => tool));
    before = page.next;
    world.writer.append(call('new'));
    if (seen.length === 21) world.writer.rotate();
  } while (before !== null);
  assert.deepEqual(seen, names.toReversed());
});

test('a page ends when it is full, and says so only when there is more', async (context) => {
  const world = createWorld(context);
  world.writer.append(call('a'), call('b'));
  assert.equal((await world.query({ limit: 2 })).next, null);
  assert.notEqual((await world.query({ limit: 1 })).next, null);
});

test('what was rotated away is gone from the index, and a page in it is empty', async (context) => {
  const world = createWorld(context);
  world.writer.append(...Array.from({ length: 4_500 }, () => call('old')));
  const { next } = await world.query({ limit: 1 });
  for (let index = 0; index < 6; index++) {
    world.writer.rotate();
    world.writer.append(call('later'));
    await world.tools();
  }
  assert.deepEqual(await world.query({ before: next }), { rows: [], next: null, isComplete: true });
  assert.equal(await world.tools(), 'later later later later later later');
  assert.deepEqual(world.log.lines, [], 'nothing had to be made anew for it');
  await world.index.close();
  const db = new Database(world.file, { readonly: true });
  context.after(() => void db.close());
  const count = (table: string): unknown => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  assert.deepEqual(['files', 'kinds', 'rows'].map(count), [6, 6, 6]);
});

test('long lines end a page early and are shown cut, the record whole', async (context) => {
  const world = createWorld(context);
  const reason = '😀'.repeat(500_000);
  world.writer.append(
    call('a', { reason }),
    call('b', { reason }),
    call('c', { reason }),
    call('d', { reason }),
  );
  const page = await world.query();
  assert.equal(page.rows.length, 2, 'two lines of 2 MB each are a page');
  assert.ok((page.rows[0]?.reason?.length ?? 0) <= 1_000);
  assert.ok(page.rows[0]?.reason?.isWellFormed());
  assert.equal(await world.tools({ before: page.next }), 'b a');
  const { line, isWhole } = await world.record({ id: page.rows[0]?.id ?? '' });
  assert.deepEqual([isWhole, JSON.parse(line ?? '').tool], [true, 'd']);
});

test('a record is found by its place and by its number, and said to be sealed or not', async (context) => {
  const world = createWorld(context);
  world.writer.append(call('a'));
  world.writer.rotate();
  world.writer.append(call('b'));
  const lines = [`${world.path}.1`, world.path].map((path) => readFileSync(path, 'utf8').split('\n')[1]);
  assert.deepEqual(await world.record({ seq: 2 }), { line: lines[0], isWhole: true, isSealed: true });
  assert.deepEqual(await world.record({ seq: 4 }), { line: lines[1], isWhole: true, isSealed: false });
  const [b] = (await world.query()).rows;
  assert.equal((await world.record({ id: b?.id ?? '' })).line, lines[1]);
  const none = { line: null, isWhole: true, isSealed: false };
  assert.deepEqual(await world.record({ seq: 1 }), none, 'a header is no record');
  assert.deepEqual(await world.record({ seq: 99 }), none);
  assert.deepEqual(await world.record({ id: `${'0'.repeat(16)}-7` }), none);
});

test('the log of the original is found like any other, without numbers', async (context) => {
  const world = createWorld(context);
  writeOriginalLog(world.path, originalLines.slice(3), originalLines.slice(0, 3));
  const { rows } = await world.query();
  assert.deepEqual(
    rows.map(({ tool, seq, profile }) => [tool, seq, profile]),
    [
      ['get_me', null, 'github:work'],
      ['create_issue', null, 'github:work'],
      ['apply_migration', null, 'supabase:atlas'],
      ['apply_migration', null, 'supabase:atlas'],
      ['execute_sql', null, null],
      ['list_projects', null, 'supabase:atlas'],
    ],
  );
  assert.equal(await world.tools({ filters: { profile: ['supabase:atlas'], words: 'rule' } }), 'execute_sql');
  const sql = rows[4]?.id ?? '';
  assert.deepEqual(await world.record({ id: sql }), {
    line: originalLines[1],
    isWhole: true,
    isSealed: false,
  });
});

test('what is no record is passed over: torn lines, headers, and a line that has no end yet', async (context) => {
  const world = createWorld(context);
  world.writer.append(call('a'), '{"ts":"2026', '', 'null', call('b'));
  appendFileSync(world.path, JSON.stringify(call('c')).slice(0, 50));
  assert.equal(await world.tools(), 'b a');
  appendFileSync(world.path, `${JSON.stringify(call('c')).slice(50)}\n`);
  assert.equal(await world.tools(), 'c b a');
});

test('the index is kept, private, and goes on where it was', async (context) => {
  const world = createWorld(context);
  world.writer.append(call('a'));
  assert.equal(await world.tools(), 'a');
  assert.equal(statSync(world.file).mode & 0o777, 0o600);
  await world.reopen(() => {
    world.writer.append(call('b'));
    world.writer.rotate();
    world.writer.append(call('c'));
  });
  assert.equal(await world.tools(), 'c b a');
  assert.deepEqual(world.log.lines, []);
});

for (const [what, harm] of [
  ['deleted', (file: string) => rmSync(file)],
  ['emptied', (file: string) => writeFileSync(file, '')],
  ['no database any more', (file: string) => writeFileSync(file, 'x'.repeat(20_000))],
  [
    'of another version',
    (file: string) => {
      const db = new Database(file);
      db.pragma('user_version = 99');
      db.close();
    },
  ],
  [
    'damaged inside',
    (file: string) => {
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0xa5, 4_096));
    },
  ],
] as const)
  test(`an index that is ${what} is made anew`, async (context) => {
    const world = createWorld(context);
    world.writer.append(...Array.from({ length: 300 }, (_, index) => call(`t${index}`)));
    const before = await world.query({ limit: 200 });
    await world.reopen(() => harm(world.file));
    assert.deepEqual(await world.query({ limit: 200 }), before);
    assert.equal((await world.timeline({ since: 0, until: 4e12, buckets: 1 })).total, 300);
  });

test('an index that does not fit the log any more is made anew', async (context) => {
  const world = createWorld(context);
  world.writer.append(call('older'));
  world.writer.rotate();
  world.writer.append(call('a'), call('b'));
  assert.equal(await world.tools(), 'b a older');
  const text = readFileSync(world.path, 'utf8');
  const header = text.slice(0, text.indexOf('\n') + 1);
  writeFileSync(world.path, text.replace('"tool":"a"', '"tool":"x"'));
  assert.equal(await world.tools(), 'b x older', 'a line that was edited in its place');
  assert.equal(await world.tools({ filters: { tool: 'x' } }), 'x');
  const others = [call('c'), call('d'), call('e')].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(world.path, header + others.join(''));
  const { total } = await world.timeline({ since: 0, until: 4e12, buckets: 1 });
  assert.equal(total, 4, 'other lines, and more of them');
  const ids = async (): Promise<string[]> => (await world.query()).rows.map(({ id }) => id);
  const before = await ids();
  writeFileSync(world.path, header.replace('2026-11-20T00', '2026-11-20T01') + others.join(''));
  assert.notDeepEqual(await ids(), before, 'another first line');
  writeFileSync(world.path, header);
  assert.equal(await world.tools(), 'older', 'lines that were cut off');
  rmSync(world.path);
  rmSync(`${world.path}.1`);
  assert.equal(await world.tools(), '', 'no log at all');
  world.writer.append(call('f'));
  assert.equal(await world.tools(), 'f');
  assert.deepEqual(world.log.lines, Array(5).fill('info the index of the audit log is made anew'));
});

test('where no index can be kept, one in memory does', async (context) => {
  const world = createWorld(context);
  world.writer.append(call('a'));
  await world.reopen(() => {
    rmSync(world.file, { force: true });
    // A folder in its place.
    mkdirSync(world.file);
  });
  assert.equal(await world.tools(), 'a');
  world.writer.append(call('b'));
  assert.equal(await world.tools(), 'b a');
  assert.deepEqual(world.log.lines, ['warn the index of the audit log is kept in memory']);
});

test('the log is indexed by itself once lines were written', async (context) => {
  const world = createWorld(context);
  world.writer.append(call('a'));
  world.index.written();
  await until('the index is there', () => existsSync(world.file));
  assert.equal(await world.tools(), 'a');
});

test('nobody waits long for an index that is being made, and who shows it hears when it is', async (context) => {
  // What is waited for is over at once.
  const hasty: Clock = {
    now: Date.now,
    after(_milliseconds, act) {
      const turn = setImmediate(act);
      return () => clearImmediate(turn);
    },
  };
  const world = createWorld(context, hasty);
  world.writer.append(...Array.from({ length: 5_000 }, (_, index) => call(`t${index}`)));
  assert.equal((await world.query()).isComplete, false);
  await until('the index is made', () => world.caughtUp() > 0);
  assert.equal(await world.tools({ limit: 2 }), 't4999 t4998');
});

test('a timeline counts calls, failures and classes by equal parts of the time', async (context) => {
  const world = createWorld(context);
  const at = (minute: number, changes = {}) =>
    call('t', { ts: new Date(Date.UTC(2026, 10, 20, 10, minute)).toISOString(), ...changes });
  world.writer.append(
    at(-1),
    at(0, { duration_ms: 10 }),
    at(9, { outcome: 'upstream-error', duration_ms: 30 }),
    at(10, { profile_id: 'github:home', outcome: 'blocked', duration_ms: 9_000 }),
  );
  world.writer.rotate();
  world.writer.append(at(29, { profile_id: 'x:y', outcome: 'unknown', duration_ms: 20 }), at(30));
  const since = Date.UTC(2026, 10, 20, 10);
  const asked = { since, until: since + 1_800_000, buckets: 3 };
  assert.deepEqual(await world.timeline(asked), {
    buckets: [
      { at: since, total: 2, failed: 1, blocked: 0, byEnv: { prod: 2 } },
      { at: since + 600_000, total: 1, failed: 0, blocked: 1, byEnv: { personal: 1 } },
      { at: since + 1_200_000, total: 1, failed: 1, blocked: 0, byEnv: { none: 1 } },
    ],
    total: 4,
    failed: 2,
    blocked: 1,
    p95: 30,
    isComplete: true,
  });
  const { total, p95 } = await world.timeline({ ...asked, filters: { env: ['personal'] } });
  assert.deepEqual([total, p95], [1, null]);
});

test('p95 is what 95 of 100 calls needed at most', async (context) => {
  const world = createWorld(context);
  world.writer.append(...Array.from({ length: 100 }, (_, index) => call('t', { duration_ms: 100 - index })));
  assert.equal((await world.timeline({ since: 0, until: 4e12, buckets: 1 })).p95, 95);
});

test('readers see every record once while the log is written and rotated', async (context) => {
  const world = createWorld(context);
  const writing = new AbortController();
  const reading = [0, 1, 2].map(async () => {
    while (!writing.signal.aborted) {
      const { rows } = await world.query({ limit: 200 });
      const seen = rows.map(({ tool }) => Number(tool));
      assert.deepEqual(
        seen,
        Array.from(seen, (_, index) => (seen[0] ?? 0) - index),
      );
    }
  });
  for (let written = 0; written < 3_000; written += 1) {
    world.writer.append(call(String(written)));
    if (written % 700 === 699) world.writer.rotate();
    if (written % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
  }
  writing.abort();
  await Promise.all(reading);
  assert.equal((await world.timeline({ since: 0, until: 4e12, buckets: 1 })).total, 3_000);
});

test('100,000 records: small, quick to search in any way, and never in the way of calls', async (context) => {
  verifies('NUC-097');
  const world = createWorld(context);
  const count = 100_000;
  const lines = Array.from({ length: count }, (_, index) =>
    call(`tool_${index % 40}`, {
      ts: new Date(Date.UTC(2026, 10, 1) + index * 5_000).toISOString(),
      profile_id: `service:p${index % 12}`,
      client: `client ${index % 5}`,
      ...(index % 50 === 0 ? { outcome: 'upstream-error', reason: 'the server answered with an error' } : {}),
      args_hash: `sha256:${'0'.repeat(64)}`,
    }),
  );
  lines[7] = call('needle', { ts: lines[7]?.ts });
  world.writer.append(...lines);
  const filling = await longestTurn(async () => {
    while (!(await world.query({ limit: 1 })).isComplete);
  });
  assert.ok(filling.milliseconds < 50, `a batch held the loop for ${filling.milliseconds} ms`);
  const since = Date.UTC(2026, 10, 1);
  for (const [what, work] of [
    ['the newest', () => world.query({ limit: 200 })],
    ['the one, oldest', () => world.query({ filters: { words: 'NEEDLE' } })],
    ['none', () => world.query({ filters: { words: 'none such', env: [null], outcome: ['ok'] } })],
    [
      'few of many',
      () => world.query({ filters: { tool: 'tool_0', client: 'client 0', outcome: ['upstream-error'] } }),
    ],
    ['an old time', () => world.query({ filters: { until: since + 100_000, words: 'client' } })],
    ['a timeline', () => world.timeline({ since, until: since + count * 5_000, buckets: 120 })],
  ] as const) {
    const started = performance.now();
    const { milliseconds } = await longestTurn(async () => void (await work()));
    const took = performance.now() - started;
    assert.ok(took < 300, `${what} took ${took} ms`);
    assert.ok(milliseconds < 50, `${what} held the loop for ${milliseconds} ms`);
  }
  assert.equal(await world.tools({ filters: { words: 'needle' } }), 'needle');
  await world.index.close();
  const each = statSync(world.file).size / count;
  assert.ok(each < 60, `${each} bytes a row`);
});
