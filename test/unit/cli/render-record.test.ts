import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeJsonControls, renderRecord } from '../../../src-main/cli/render-record.ts';
import { type AuditRecord, StoredAuditRecord } from '../../../src-shared/audit.ts';
import { auditRecord } from '../../helpers/audit-files.ts';
import { verifies } from '../../helpers/requirements.ts';

const plain = { showHash: false, showArgs: false, showPolicy: false, columns: null };

function line(changes: Partial<AuditRecord> | Record<string, unknown> = {}, options = {}): string {
  const stored = StoredAuditRecord.parse({ ...auditRecord(), ...changes });
  return renderRecord(stored, { ...plain, ...options });
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

test('which rules judged it, and the yes it ran on, are shown when asked for', () => {
  const changes = { policy: 'p1', approval: '\u001bq' };
  assert.ok(!line(changes).includes('p1'));
  assert.ok(line(changes, { showPolicy: true }).endsWith(' policy=p1 approval=\\u{1b}q'));
});

test('a line is cut to the terminal, between characters as people see them', () => {
  verifies('NUC-098');
  const cut = (tool: string, columns: number): string => rest(line({ tool }, { columns: columns + 20 }));
  assert.equal(cut('t', 40), 'OK  github:work            t           …');
  assert.equal(cut('t', 200), rest(line({ tool: 't' })));
  // Two columns each, and one for the mark.
  assert.equal(cut('😀'.repeat(9), 34), `OK  github:work            ${'😀'.repeat(3)}…`);
  assert.equal(cut('漢'.repeat(9), 35), `OK  github:work            ${'漢'.repeat(3)}…`);
  assert.equal(cut('👩‍👩‍👧'.repeat(9), 32), `OK  github:work            ${'👩‍👩‍👧'.repeat(2)}…`);
  assert.equal(cut('e\u0301'.repeat(9), 30), `OK  github:work            ${'e\u0301'.repeat(2)}…`);
});

test('what was asked for by name is not cut off', () => {
  const changes = { args_hash: 'sha256:ab' };
  assert.ok(line(changes, { showHash: true, columns: 40 }).endsWith(' sha256:ab'));
});

test('JSON on a terminal says the same and acts on nothing', () => {
  const text = JSON.stringify({ tool: '\u009b31m\u202e\u001b', emoji: '😀' });
  const shown = escapeJsonControls(text);
  assert.ok(!/[\u009b\u202e]/.test(shown));
  assert.deepEqual(JSON.parse(shown), JSON.parse(text));
});
