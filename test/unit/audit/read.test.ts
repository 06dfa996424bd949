import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AuditFilter } from '../../../src-main/gateway/audit/match.ts';
import { readAudit, readAuditTail, type AuditTail } from '../../../src-main/gateway/audit/read.ts';
import type { AuditRecord } from '../../../src-shared/audit.ts';
import {
  auditRecord,
  createAuditWriter,
  originalLines,
  writeOriginalLog,
} from '../../helpers/audit-files.ts';
import { verifies } from '../../helpers/requirements.ts';

const now = Date.parse('2026-11-20T12:00:00Z');

/** A log whose files hold the given lines, the active file first. */
function log(context: TestContext, ...files: readonly (readonly (AuditRecord | string)[] | null)[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-audit-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'audit.log');
  for (const [index, lines] of files.entries()) {
    if (!lines) continue;
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
    writeFileSync(index === 0 ? path : `${path}.${index}`, text);
  }
  return path;
}

/** All of a log, or its last so many, and whichever way it is read the same. */
async function read(path: string, filter: AuditFilter = {}, last = Infinity): Promise<AuditTail> {
  const tail = await readAuditTail(path, filter, last);
  if (last < Infinity) return tail;
  const found = [];
  let malformed = 0;
  for await (const reading of readAudit(path, filter)) {
    found.push(...reading.found);
    malformed += reading.malformed;
  }
  assert.deepEqual({ found, malformed }, { found: tail.found, malformed: tail.malformed });
  return tail;
}

async function tools(path: string, filter: AuditFilter = {}, last?: number): Promise<string> {
  return (await read(path, filter, last)).found.map(({ record }) => record.tool).join(' ');
}

test('rotations and the active file are read oldest first', async (context) => {
  verifies('NUC-097');
  const path = log(
    context,
    [auditRecord({ tool: 'g' }), auditRecord({ tool: 'h' })],
    [auditRecord({ tool: 'f' })],
    [auditRecord({ tool: 'd' }), auditRecord({ tool: 'e' })],
    null,
    [auditRecord({ tool: 'b' })],
    [auditRecord({ tool: 'a' })],
    [auditRecord({ tool: 'too-old' })],
  );
  assert.equal(await tools(path), 'a b d e f g h');
});

test('every filter compares whole words without regard to case, and all must hold', async (context) => {
  verifies('NUC-097');
  const path = log(context, [
    auditRecord({ tool: 'a' }),
    auditRecord({ tool: 'b', connector: 'gitlab' }),
    auditRecord({ tool: 'c', alias: 'home' }),
    auditRecord({ tool: 'd', outcome: 'blocked', decision: 'denied' }),
    auditRecord({ tool: 'e', outcome: 'upstream-error' }),
    auditRecord({ tool: 'f', alias: 'home', outcome: 'blocked', decision: 'confirm-required' }),
  ]);
  for (const [filter, expected] of [
    [{}, 'a b c d e f'],
    [{ connector: 'GitLab' }, 'b'],
    [{ connector: 'git' }, ''],
    [{ alias: 'HOME' }, 'c f'],
    [{ tool: 'A' }, 'a'],
    [{ outcome: 'Blocked' }, 'd f'],
    [{ decision: 'DENIED' }, 'd'],
    [{ outcome: 'blocked', alias: 'home' }, 'f'],
    [{ outcome: 'blocked', alias: 'home', tool: 'a' }, ''],
  ] as const)
    assert.equal(await tools(path, filter), expected, JSON.stringify(filter));
});

test('profile, client, principal, text and an end of the time filter as well', async (context) => {
  verifies('NUC-097');
  const path = log(context, [
    auditRecord({ tool: 'a', ts: '2026-11-20T10:00:00Z' }),
    auditRecord({ tool: 'b', client: 'Cursor', principal: 'laptop', ts: '2026-11-20T10:00:01Z' }),
    auditRecord({ tool: 'c', profile_id: 'github:home', alias: 'h', ts: '2026-11-20T10:00:02Z' }),
    auditRecord({ tool: 'd', reason: 'Rule 3: no Writes', ts: '2026-11-20T10:00:03Z' }),
    // As the original left it out.
    JSON.stringify({ ...auditRecord({ tool: 'e', alias: 'home' }), profile_id: undefined }),
  ]);
  const until = Date.parse('2026-11-20T10:00:02Z');
  for (const [filter, expected] of [
    [{ client: 'cursor' }, 'b'],
    [{ client: 'cur' }, ''],
    [{ principal: 'LAPTOP' }, 'b'],
    [{ profile: 'github:home' }, 'c e'],
    [{ text: 'writes rule' }, 'd'],
    [{ text: 'writes nothing' }, ''],
    [{ text: 'CURSOR' }, 'b'],
    [{ until }, 'a b c'],
    [{ since: until, until }, 'c'],
    [{ since: until, profile: 'github:home' }, 'c e'],
    [{ since: until, text: 'home' }, 'c e'],
    [{ until, client: 'claude', text: 'a' }, 'a c'],
  ] as const)
    assert.equal(await tools(path, filter), expected, JSON.stringify(filter));
});

test('headers and what the log says of itself are no records and nothing malformed', async (context) => {
  const { append, rotate, path } = createAuditWriter(log(context));
  append(auditRecord({ tool: 'a' }));
  rotate();
  append(auditRecord({ tool: 'b' }), '{"audit":2,"ts":"2026-11-20T00:00:00.000Z","dropped":3}');
  const { found, malformed } = await read(path);
  assert.deepEqual(
    [found.map(({ record }) => [record.tool, record.seq]), malformed],
    [
      [
        ['a', 2],
        ['b', 4],
      ],
      0,
    ],
  );
});

test('every line is answered as it stands in the file', async (context) => {
  const { append, path } = createAuditWriter(log(context));
  append(auditRecord({ reason: '\u009b \u202e 😀', big: 1e21 }));
  const { found } = await read(path);
  assert.equal(found[0]?.text, readFileSync(path, 'utf8').split('\n')[1]);
});

test('logs of the original are read, rotations included', async (context) => {
  verifies('NUC-098');
  const path = log(context);
  writeOriginalLog(path, originalLines.slice(4), originalLines.slice(0, 4));
  const { found, malformed } = await read(path);
  assert.equal(malformed, 0);
  assert.deepEqual(
    found.map(({ record }) => [record.tool, record.outcome, record.duration_ms, record.profile_id ?? null]),
    [
      ['list_projects', 'ok', 412, 'supabase:atlas'],
      ['execute_sql', 'blocked', 0, null],
      ['apply_migration', 'blocked', 0, 'supabase:atlas'],
      ['apply_migration', 'blocked', 0, 'supabase:atlas'],
      ['create_issue', 'upstream-error', 88, 'github:work'],
      ['get_me', 'transport-error', 30_000, 'github:work'],
    ],
  );
  assert.equal(await tools(path, { since: Date.parse('2026-03-01T09:00:04Z') }), 'create_issue get_me');
});

test('a line that is torn inside a character is passed over, and the rest is read', async (context) => {
  verifies('NUC-098');
  const path = log(context, [auditRecord({ tool: 'a' })]);
  const torn = Buffer.from(JSON.stringify(auditRecord({ reason: '😀' })));
  appendFileSync(path, Buffer.concat([torn.subarray(0, torn.indexOf('😀') + 2), Buffer.from('\n')]));
  appendFileSync(path, `${JSON.stringify(auditRecord({ tool: 'b' }))}\n`);
  const { found, malformed } = await read(path);
  assert.deepEqual([found.map(({ record }) => record.tool), malformed], [['a', 'b'], 1]);
});

test('older files are left alone when the newest has what is asked for', async (context) => {
  const path = log(context, [auditRecord({ tool: 'b' })], ['not json']);
  assert.equal((await read(path, {}, 1)).malformed, 0);
  assert.equal((await read(path, {}, 2)).malformed, 1);
});

test('the tail is taken after the filters', async (context) => {
  verifies('NUC-097');
  const path = log(
    context,
    [auditRecord({ tool: 'c' }), auditRecord({ tool: 'd', alias: 'home' })],
    [auditRecord({ tool: 'a' }), auditRecord({ tool: 'b', alias: 'home' })],
  );
  assert.equal(await tools(path, { alias: 'work' }, 2), 'a c');
  assert.equal(await tools(path, {}, 1), 'd');
  assert.equal(await tools(path), 'a b c d');
  assert.equal(await tools(path, {}, 99), 'a b c d');
});

test('a tail of a long log is the right one', async (context) => {
  const lines = Array.from({ length: 5_000 }, (_, index) => auditRecord({ tool: `t${index}` }));
  assert.equal(await tools(log(context, lines), {}, 3), 't4997 t4998 t4999');
});

test('only what is new enough is answered, across rotations', async (context) => {
  verifies('NUC-097');
  const at = (tool: string, ts: string): AuditRecord => auditRecord({ tool, ts });
  const path = log(
    context,
    [at('c', '2026-11-20T11:59:00Z'), at('d', '2026-11-20T09:30:00-02:00')],
    [at('a', '2026-11-20T10:59:59.999Z'), at('b', '2026-11-20T12:00:00.000000001+01:00')],
  );
  assert.equal(await tools(path, { since: now - 3_600_000 }), 'b c d');
});

test('lines that are no record are counted and the rest is read', async (context) => {
  verifies('NUC-098');
  const path = log(context, [
    auditRecord({ tool: 'a' }),
    '{"ts":"2026-11',
    'null',
    '[]',
    '"text"',
    '{"ts":"yesterday","tool":"x"}',
    '{"ts":"2026-11-20T11:00:00Z","tool":7}',
    '',
    '\u0000\u0000\u0000',
    auditRecord({ tool: 'b' }),
    '{"ts":"2026-11-20T11:00:00Z","tool":"c","outcome":"o","future":{"x":1}}',
  ]);
  const { found, malformed } = await read(path);
  const records = found.map(({ record }) => record);
  assert.deepEqual([records.map(({ tool }) => tool), malformed], [['a', 'b', 'c'], 7]);
  assert.deepEqual(records[2]?.['future'], { x: 1 }, 'what later versions write is kept');
});

test('a line of 2 MiB and one cut inside a character are read', async (context) => {
  verifies('NUC-098');
  // An odd offset lets the pieces of the stream end inside these three-byte characters.
  const reason = `x${'⏎'.repeat(700_000)}`;
  const path = log(context, [auditRecord({ tool: 'a', reason }), auditRecord({ tool: 'b' })]);
  const { found, malformed } = await read(path);
  const records = found.map(({ record }) => record);
  assert.deepEqual([records.length, malformed], [2, 0]);
  assert.equal(records[0]?.reason, reason);
});

test('a line beyond 16 MiB is counted as malformed and not kept', async (context) => {
  const path = log(context, [
    auditRecord({ reason: 'x'.repeat(17 * 1024 * 1024) }),
    auditRecord({ tool: 'b' }),
  ]);
  const { found, malformed } = await read(path);
  const records = found.map(({ record }) => record);
  assert.deepEqual([records.map(({ tool }) => tool), malformed], [['b'], 1]);
});

test('a line separator of Unicode inside a text ends no line', async (context) => {
  const path = log(context, [auditRecord({ reason: 'a\u2028b\u0085c' })]);
  assert.equal((await read(path)).found[0]?.record.reason, 'a\u2028b\u0085c');
});

test('a last line without an end is read', async (context) => {
  const path = log(context, []);
  writeFileSync(path, JSON.stringify(auditRecord({ tool: 'a' })));
  assert.equal(await tools(path), 'a');
});

test('no log at all is an empty one', async (context) => {
  assert.deepEqual(await read(log(context)), { found: [], malformed: 0, end: null });
});

test('a folder or a FIFO in place of a log is passed over', async (context) => {
  const path = log(context, [auditRecord({ tool: 'a' })]);
  execFileSync('mkfifo', [`${path}.1`]);
  mkdirSync(`${path}.2`);
  assert.equal(await tools(path), 'a');
});
