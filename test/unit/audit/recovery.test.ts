import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import { auditCall, linesOf, openAudit, readSet, verdictOf } from '../../helpers/audit-log.ts';
import { verifies } from '../../helpers/requirements.ts';
import { temporaryFolder } from '../storage/support.ts';

const original =
  '{"ts":"2025-01-02T03:04:05.678901234Z","connector":"atlas","alias":"work","tool":"list","via":"direct","decision":"allowed","outcome":"ok","duration_ms":12}\n';

/** Lines of calls: who called, and how it ended. */
const callsIn = (folder: string): string[] =>
  linesOf(readSet(folder))
    .filter(({ isNote }) => !isNote)
    .map(({ record }) => `${String(record['client'])} ${String(record['outcome'])}`);

test('a call that was under way when the gateway ended becomes a line with outcome unknown', async (t) => {
  verifies('NUC-091');
  const folder = temporaryFolder(t);
  const killed = openAudit(folder);
  const done = killed.begin(auditCall({ client: 'done' }));
  killed.begin(
    auditCall({ client: 'open', approval: 'g-1', effect: 'destroys', plan: { id: 'p', step: 2 } }),
  );
  killed.record(auditCall({ client: 'done' }), done);
  await settled();
  assert.deepEqual(callsIn(folder), ['done ok']);

  const log = createFakeLog();
  const next = openAudit(folder, { log });
  assert.deepEqual(callsIn(folder), ['done ok', 'open unknown']);
  const last = linesOf(readSet(folder)).at(-1);
  assert.match(
    String(last?.text),
    /^\{"ts":"2026-01-02T03:04:05.678Z","connector":"db","alias":"main","profile_id":"db:prod","tool":"query","via":"direct","decision":"allowed","outcome":"unknown","duration_ms":0,"reason":"the gateway ended before the call did","client":"open","principal":"local","approval":"g-1","effect":"destroys","plan":\{"id":"p","step":2\},"seq":3,/,
  );
  assert.deepEqual(log.lines, [
    'warn calls were under way when the gateway ended; how they ended is unknown',
  ]);
  await next.close();
  assert.equal(existsSync(join(folder, 'audit.open')), false);
  await openAudit(folder).close();
  assert.equal(callsIn(folder).length, 2);
  assert.equal((await verdictOf(folder)).state, 'intact');
});

test('a call whose line was decided and never written is unknown too, one whose line was written is not', async (t) => {
  const folder = temporaryFolder(t);
  const killed = openAudit(folder);
  for (const client of ['a', 'b']) killed.record(auditCall({ client }), killed.begin(auditCall({ client })));
  await settled();
  // As if the kill had come between the two writes, or in the middle of the second one.
  const path = join(folder, 'audit.log');
  const text = readFileSync(path, 'utf8');
  truncateSync(path, text.lastIndexOf('\n', text.length - 2) + 1 + 20);
  await openAudit(folder).close();
  assert.deepEqual(callsIn(folder), ['a ok', 'b unknown']);
  assert.equal((await verdictOf(folder)).state, 'intact');
});

test('a line that was cut short is kept beside the log, and the log says so', async (t) => {
  const folder = temporaryFolder(t);
  const first = openAudit(folder);
  first.record(auditCall({ client: 'a' }));
  await first.close();
  const path = join(folder, 'audit.log');
  writeFileSync(path, '{"ts":"2026-01-0', { flag: 'a' });
  const log = createFakeLog();
  const next = openAudit(folder, { log });
  next.record(auditCall({ client: 'b' }));
  await next.close();
  assert.deepEqual(callsIn(folder), ['a ok', 'b ok']);
  assert.equal(readFileSync(`${path}.torn-3`, 'utf8'), '{"ts":"2026-01-0');
  assert.deepEqual(linesOf(readSet(folder))[2]?.record['torn'], {
    bytes: 16,
    // printf '%s' '{"ts":"2026-01-0' | sha256sum
    sha256: '0833fb6147d3beb988cd25385896e5686079fdf745cc78c841518d4562818a8f',
  });
  assert.match(String(log.lines[0]), /^warn the last audit line was cut short/);
  assert.equal((await verdictOf(folder)).state, 'intact');
});

test('of lines that were cut short the last five are kept', async (t) => {
  const folder = temporaryFolder(t);
  for (let round = 0; round < 8; round += 1) {
    const audit = openAudit(folder);
    audit.record(auditCall());
    await audit.close();
    writeFileSync(join(folder, 'audit.log'), 'torn', { flag: 'a' });
  }
  assert.equal(readdirSync(folder).filter((name) => name.includes('torn')).length, 5);
});

test('a first line that was cut short is begun anew', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'audit.log'), '{"audit":2,"ts":"20');
  const audit = openAudit(folder);
  audit.record(auditCall());
  await audit.close();
  const { state, lines } = await verdictOf(folder);
  assert.deepEqual([state, lines], ['intact', 3]);
});

test('files of the original move aside unchanged, and the first line of the chain answers for them', async (t) => {
  verifies('NUC-095');
  const folder = temporaryFolder(t);
  const path = join(folder, 'audit.log');
  writeFileSync(path, original);
  writeFileSync(`${path}.1`, original.repeat(2));
  writeFileSync(`${path}.2`, original.repeat(3));
  const audit = openAudit(folder);
  assert.equal(readFileSync(path, 'utf8'), original, 'as long as there is nothing to write');
  audit.record(auditCall());
  await audit.close();
  assert.deepEqual(
    [1, 2, 3].map((n) => readFileSync(`${path}.${n}`, 'utf8')),
    [original, original.repeat(2), original.repeat(3)],
  );
  const { state, lines, unchained } = await verdictOf(folder);
  assert.deepEqual([state, lines, unchained], ['intact', 2, 6]);

  for (const n of [1, 2, 3]) {
    const kept = readFileSync(`${path}.${n}`);
    writeFileSync(`${path}.${n}`, kept.toString().replace('atlas', 'atlos'));
    const { problem } = await verdictOf(folder);
    assert.deepEqual(
      [problem?.file, problem?.what],
      [`audit.log.${n}`, 'it is not the file it was when the chain began'],
    );
    rmSync(`${path}.${n}`);
    assert.equal((await verdictOf(folder)).state, 'broken');
    writeFileSync(`${path}.${n}`, kept);
  }
});

test('a version without a chain in between leaves a file that is covered as well', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'audit.log');
  const first = openAudit(folder);
  first.record(auditCall());
  await first.close();
  // The older version rotates what it finds and writes lines of its own.
  writeFileSync(`${path}.1`, readFileSync(path));
  writeFileSync(path, original);
  const next = openAudit(folder);
  next.record(auditCall());
  await next.close();
  const { state, lines, from, to } = await verdictOf(folder);
  assert.deepEqual([state, lines, from, to], ['intact', 4, 1, 4]);
});

test('a log somebody edited at its end stays as it is: the chain goes on in another file and verify names the place', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'audit.log');
  const first = openAudit(folder);
  first.record(auditCall());
  await first.close();
  writeFileSync(path, 'edited\n', { flag: 'a' });
  const next = openAudit(folder);
  next.record(auditCall());
  await next.close();
  assert.match(readFileSync(`${path}.1`, 'utf8'), /edited\n$/);
  assert.deepEqual((await verdictOf(folder)).problem, {
    file: 'audit.log.1',
    line: 3,
    seq: 3,
    what: 'it is no line of the chain',
  });
});

test('five full files are kept beside the one that is written, the chain going through all', async (t) => {
  verifies('NUC-095');
  const folder = temporaryFolder(t);
  const clock = createFakeClock();
  const audit = openAudit(folder, { clock, rotateBytes: 3_000 });
  for (let n = 0; n < 200; n += 1) audit.record(auditCall({ client: `c${n}`, outcome: 'blocked' }));
  await audit.close();
  const set = readSet(folder);
  assert.ok(set.size >= 5 && set.size <= 6, String(set.size));
  for (const name of set.keys())
    if (name !== 'audit.log') assert.ok(statSync(join(folder, name)).size >= 3_000, name);
  const verdict = await verdictOf(folder);
  assert.equal(verdict.state, 'intact');
  assert.ok((verdict.from ?? 0) > 1);
  assert.equal(verdict.lines, (verdict.to ?? 0) - (verdict.from ?? 0) + 1);
  rmSync(join(folder, 'audit.log.5'));
  assert.equal((await verdictOf(folder)).problem?.what, 'the file before it is missing');
});

test('a rotation that a kill cut in two is made whole by the next one', async (t) => {
  const folder = temporaryFolder(t);
  const audit = openAudit(folder, { rotateBytes: 3_000 });
  for (let n = 0; n < 200; n += 1) audit.record(auditCall({ outcome: 'blocked' }));
  await audit.close();
  const before = readSet(folder);
  // The oldest went and the next one took its place, then the process was killed.
  for (const stopped of [5, 4, 3, 2]) {
    for (const [name, bytes] of before) writeFileSync(join(folder, name), bytes);
    for (let n = 5; n >= stopped; n -= 1) {
      writeFileSync(join(folder, `audit.log.${n}`), readFileSync(join(folder, `audit.log.${n - 1}`)));
      rmSync(join(folder, `audit.log.${n - 1}`));
    }
    const kept = (await verdictOf(folder)).from;
    const next = openAudit(folder, { rotateBytes: 3_000 });
    for (let n = 0; n < 8; n += 1) next.record(auditCall({ outcome: 'blocked' }));
    await next.close();
    const { state, from, to, lines } = await verdictOf(folder);
    assert.equal(state, 'intact', String(stopped));
    assert.equal(from, kept, 'the place that was free is used, and no other file goes for it');
    assert.equal(lines, (to ?? 0) - (from ?? 0) + 1);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  }
});

test('a log that was removed or moved away is begun anew, and verify says what is missing', async (t) => {
  const folder = temporaryFolder(t);
  const audit = openAudit(folder);
  audit.record(auditCall({ outcome: 'blocked' }));
  rmSync(join(folder, 'audit.log'));
  audit.record(auditCall({ outcome: 'blocked', client: 'after' }));
  await audit.close();
  assert.deepEqual(callsIn(folder), ['after blocked']);
  assert.equal((await verdictOf(folder)).problem?.what, 'the file before it is missing');
});

test('the file of calls under way stays small, and keeps those that take long', async (t) => {
  const folder = temporaryFolder(t);
  const clock = createFakeClock();
  const audit = openAudit(folder, { clock });
  audit.begin(auditCall({ client: 'long' }));
  for (let n = 0; n < 6_000; n += 1) {
    const call = auditCall({ client: `c${n}`, arguments: undefined });
    audit.record(call, audit.begin(call));
    if (n % 100 === 0) await clock.advance(10);
  }
  await clock.advance(10);
  assert.ok(statSync(join(folder, 'audit.open')).size < 600 * 1024);
  const next = openAudit(folder);
  await next.close();
  assert.deepEqual(
    callsIn(folder).filter((line) => !line.endsWith(' ok')),
    ['long unknown'],
  );
});

test('what stands in the file of calls under way is not believed blindly', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'audit.open'),
    '{"open":1}\nnonsense\n{"open":"x"}\n[]\nnull\n{"ends":["a"],"seq":"b"}\n{"open":2,"ts":',
  );
  await openAudit(folder).close();
  assert.deepEqual(callsIn(folder), []);
});
