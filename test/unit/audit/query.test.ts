import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AuditFilter, formatAuditLine, readAudit } from '../../../src-main/gateway/audit/query.ts';
import { type AuditRecord, StoredAuditRecord } from '../../../src-shared/audit.ts';
import { verifies } from '../../helpers/requirements.ts';

const now = Date.parse('2026-11-20T12:00:00Z');

function record(changes: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ts: '2026-11-20T11:00:00.123456789Z',
    connector: 'github',
    alias: 'work',
    profile_id: 'github:work',
    tool: 'list_issues',
    via: 'direct',
    decision: 'allowed',
    outcome: 'ok',
    duration_ms: 12,
    ...changes,
  };
}

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

async function tools(path: string, filter: AuditFilter = {}): Promise<string> {
  return (await readAudit(path, filter, now)).records.map(({ tool }) => tool).join(' ');
}

test('rotations and the active file are read oldest first', async (context) => {
  verifies('NUC-097');
  const path = log(
    context,
    [record({ tool: 'g' }), record({ tool: 'h' })],
    [record({ tool: 'f' })],
    [record({ tool: 'd' }), record({ tool: 'e' })],
    null,
    [record({ tool: 'b' })],
    [record({ tool: 'a' })],
    [record({ tool: 'too-old' })],
  );
  assert.equal(await tools(path), 'a b d e f g h');
});

test('every filter compares whole words without regard to case, and all must hold', async (context) => {
  verifies('NUC-097');
  const path = log(context, [
    record({ tool: 'a' }),
    record({ tool: 'b', connector: 'gitlab' }),
    record({ tool: 'c', alias: 'home' }),
    record({ tool: 'd', outcome: 'blocked', decision: 'denied' }),
    record({ tool: 'e', outcome: 'upstream-error' }),
    record({ tool: 'f', alias: 'home', outcome: 'blocked', decision: 'confirm-required' }),
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

test('the tail is taken after the filters, and 0 means all', async (context) => {
  verifies('NUC-097');
  const path = log(
    context,
    [record({ tool: 'c' }), record({ tool: 'd', alias: 'home' })],
    [record({ tool: 'a' }), record({ tool: 'b', alias: 'home' })],
  );
  assert.equal(await tools(path, { alias: 'work', last: 2 }), 'a c');
  assert.equal(await tools(path, { last: 1 }), 'd');
  assert.equal(await tools(path, { last: 0 }), 'a b c d');
  assert.equal(await tools(path, { last: 99 }), 'a b c d');
});

test('a tail of a long log is the right one', async (context) => {
  const lines = Array.from({ length: 5_000 }, (_, index) => record({ tool: `t${index}` }));
  assert.equal(await tools(log(context, lines), { last: 3 }), 't4997 t4998 t4999');
});

test('only what is new enough is answered, across rotations', async (context) => {
  verifies('NUC-097');
  const at = (tool: string, ts: string): AuditRecord => record({ tool, ts });
  const path = log(
    context,
    [at('c', '2026-11-20T11:59:00Z')],
    [at('a', '2026-11-20T10:59:59.999Z'), at('b', '2026-11-20T12:00:00.000000001+01:00')],
  );
  assert.equal(await tools(path, { sinceMs: 3_600_000 }), 'b c');
});

test('lines that are no record are counted and the rest is read', async (context) => {
  verifies('NUC-098');
  const path = log(context, [
    record({ tool: 'a' }),
    '{"ts":"2026-11',
    'null',
    '[]',
    '"text"',
    '{"ts":"yesterday","tool":"x"}',
    '{"ts":"2026-11-20T11:00:00Z","tool":7}',
    '',
    '\u0000\u0000\u0000',
    record({ tool: 'b' }),
    '{"ts":"2026-11-20T11:00:00Z","tool":"c","outcome":"o","future":{"x":1}}',
  ]);
  const { records, malformed } = await readAudit(path, {}, now);
  assert.deepEqual([records.map(({ tool }) => tool), malformed], [['a', 'b', 'c'], 7]);
  assert.deepEqual(records[2]?.['future'], { x: 1 }, 'what later versions write is kept');
});

test('a line of 2 MiB and one cut inside a character are read', async (context) => {
  verifies('NUC-098');
  // An odd offset lets the pieces of the stream end inside these three-byte characters.
  const reason = `x${'⏎'.repeat(700_000)}`;
  const path = log(context, [record({ tool: 'a', reason }), record({ tool: 'b' })]);
  const { records, malformed } = await readAudit(path, {}, now);
  assert.deepEqual([records.length, malformed], [2, 0]);
  assert.equal(records[0]?.reason, reason);
});

test('a line beyond 16 MiB is counted as malformed and not kept', async (context) => {
  const path = log(context, [record({ reason: 'x'.repeat(17 * 1024 * 1024) }), record({ tool: 'b' })]);
  const { records, malformed } = await readAudit(path, {}, now);
  assert.deepEqual([records.map(({ tool }) => tool), malformed], [['b'], 1]);
});

test('a line separator of Unicode inside a text ends no line', async (context) => {
  const path = log(context, [record({ reason: 'a\u2028b\u0085c' })]);
  assert.equal((await readAudit(path, {}, now)).records[0]?.reason, 'a\u2028b\u0085c');
});

test('a last line without an end is read', async (context) => {
  const path = log(context, []);
  writeFileSync(path, JSON.stringify(record({ tool: 'a' })));
  assert.equal(await tools(path), 'a');
});

test('no log at all is an empty one', async (context) => {
  assert.deepEqual(await readAudit(log(context), {}, now), { records: [], malformed: 0 });
});

test('a folder or a FIFO in place of a log is passed over', async (context) => {
  const path = log(context, [record({ tool: 'a' })]);
  execFileSync('mkfifo', [`${path}.1`]);
  mkdirSync(`${path}.2`);
  assert.equal(await tools(path), 'a');
});

function line(changes: Partial<AuditRecord> | Record<string, unknown> = {}, options = {}): string {
  const stored = StoredAuditRecord.parse({ ...record(), ...changes });
  return formatAuditLine(stored, { showHash: false, showArgs: false, ...options });
}

/** The line without its time, which depends on where the test runs. */
const rest = (text: string): string => text.slice('2026-11-20 00:00:00 '.length);

test('the columns stand where people expect them', () => {
  verifies('NUC-098');
  assert.equal(
    rest(line({ reason: 'because' })),
    'OK  github:work            list_issues              12ms direct             because',
  );
  assert.equal(
    rest(line({ outcome: 'blocked', via: 'nucleus_call_plan', duration_ms: 12_345.6 })),
    'BLK github:work            list_issues            12346ms nucleus_call_plan',
  );
});

test('the time is local', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  assert.ok(line({ ts: at.toISOString() }).startsWith('2026-01-02 03:04:05 OK '));
});

test('every outcome has its mark, an unknown one a question mark', () => {
  const mark = (outcome: string): string => rest(line({ outcome })).slice(0, 4);
  assert.deepEqual(
    ['ok', 'OK', 'blocked', 'upstream-error', 'transport-error', 'unknown', 'x', '', 'constructor'].map(mark),
    ['OK  ', 'OK  ', 'BLK ', 'ERR ', 'ERR ', '??  ', '??  ', '??  ', '??  '],
  );
});

test('a long name is kept whole', () => {
  const tool = 't'.repeat(40);
  assert.ok(line({ tool }).includes(` ${tool}   12ms `));
});

const reasonOf = (reason: string): string => line({ reason }).split('direct').at(-1)?.trimStart() ?? '';

test('a reason is one line of at most 80 characters, cut between them', () => {
  verifies('NUC-098');
  assert.equal(reasonOf('a\nb\r\nc\rd'), 'a ⏎ b ⏎ c ⏎ d');
  assert.equal(reasonOf('😀'.repeat(80)), '😀'.repeat(80));
  assert.equal(reasonOf('😀'.repeat(81)), `${'😀'.repeat(79)}…`);
});

test('nothing in a record can move the cursor, colour the terminal or turn the text', () => {
  assert.equal(
    reasonOf('\u001b[31m\u0007\u009b\u202e\u2028\ud800'),
    '\\u{1b}[31m\\u{7}\\u{9b}\\u{202e}\\u{2028}\\u{d800}',
  );
  const all = line(
    {
      connector: '\u001b',
      alias: '\u001b',
      tool: '\u001b',
      via: '\u001b',
      reason: '\u001b',
      args_hash: '\u001b',
      args_keys: ['\u001b'],
    },
    { showHash: true, showArgs: true },
  );
  assert.ok(!all.includes('\u001b'));
});

test('hash and arguments are shown when asked for', () => {
  const changes = { args_hash: 'sha256:ab', args_keys: ['owner', 'repo'] };
  assert.ok(!line(changes).includes('sha256'));
  assert.ok(line(changes, { showHash: true }).endsWith(' sha256:ab'));
  assert.ok(line(changes, { showArgs: true }).endsWith(' {owner, repo}'));
  assert.ok(line({ ...changes, args: { owner: 'x' } }, { showArgs: true }).endsWith(' {"owner":"x"}'));
  assert.ok(line({}, { showHash: true, showArgs: true }).endsWith('direct'));
});
