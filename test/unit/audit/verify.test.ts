import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { linkLine } from '../../../src-main/gateway/audit/chain.ts';
import { createAuditSeals } from '../../../src-main/gateway/storage/audit-seals.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import {
  auditCall,
  linesOf,
  oldestFirst,
  openAudit,
  readSet,
  verdictOf,
  writeSet,
  type AuditSet,
  type ReadLine,
} from '../../helpers/audit-log.ts';
import { verifies } from '../../helpers/requirements.ts';
import { until } from '../../helpers/until.ts';
import { openVault, store, type VaultHome } from '../storage/vault-support.ts';

const original =
  '{"ts":"2025-01-02T03:04:05.678901234Z","connector":"atlas","alias":"work","tool":"list","via":"direct","decision":"allowed","outcome":"ok","duration_ms":12}\n';

/** A log of the original's file and several of ours, sealed; and how it was at two moments before. */
async function sealedLog(t: TestContext) {
  const home = openVault(t);
  const folder = dirname(home.paths.audit);
  await store(home.vault, 'atlas:a', { token: 'x' });
  const seals = createAuditSeals({ vault: home.vault, db: home.db });
  writeFileSync(home.paths.audit, original.repeat(3));
  const earlier: { readonly set: AuditSet; readonly rows: readonly Row[] }[] = [];
  for (let run = 0; run < 3; run += 1) {
    const audit = openAudit(folder, { seals, rotateBytes: 6_000, clock: createFakeClock() });
    for (let index = 0; index < 16; index += 1)
      audit.record(auditCall({ outcome: 'blocked', reason: `run ${run}, call ${index}` }));
    await audit.close();
    earlier.push({ set: readSet(folder), rows: rowsOf(home) });
  }
  const { set, rows } = earlier.pop() as (typeof earlier)[number];
  return { home, folder, seals, earlier, set, rows };
}

type Row = Record<string, unknown>;

const rowsOf = ({ db }: VaultHome): Row[] =>
  db.prepare<[], Row>("SELECT * FROM vault_own WHERE kind = 'audit'").all();

function putRows({ db }: VaultHome, rows: readonly Row[]): void {
  db.prepare("DELETE FROM vault_own WHERE kind = 'audit'").run();
  for (const row of rows)
    db.prepare('INSERT INTO vault_own VALUES (@issuer, @kind, @nonce, @sealed)').run(row);
}

test('a log that was written over several runs and files is intact, and sealed to its last line', async (t) => {
  verifies('NEW-027');
  const { folder, seals, set } = await sealedLog(t);
  const lines = linesOf(set);
  const last = lines.at(-1) as ReadLine;
  assert.ok(set.size > 3 && set.size < 6, String(set.size));
  assert.deepEqual(await verdictOf(folder, await seals.read()), {
    state: 'intact',
    lines: last.seq,
    from: 1,
    to: last.seq,
    sealedTo: last.seq,
    unchained: 3,
    problem: null,
  });
});

const fixedSeed = 20_261_120;

for (const [name, seed] of [
  ['fixed', fixedSeed],
  ['fresh', randomInt(2 ** 31)],
] as const)
  test(`of 200 random edits every one is found, and the first bad record named (${name} seed)`, async (t) => {
    verifies('NEW-027');
    verifies('FIX-017');
    t.diagnostic(`seed ${seed}`);
    const log = await sealedLog(t);
    const random = createRandom(seed);
    const pick = (below: number): number => Math.floor(random() * below);
    for (let round = 0; round < 200; round += 1) {
      const edit = edits[round % edits.length] as Edit;
      const edited = edit(
        log.set,
        pick,
        log.earlier.map(({ set }) => set),
      );
      const why = `seed ${seed}, round ${round}, ${edit.name}`;
      writeSet(log.folder, edited);
      const { state, problem } = await verdictOf(log.folder, await log.seals.read());
      assert.equal(state, 'broken', why);
      const first = firstDifference(linesOf(log.set), linesOf(edited));
      if (first?.seq == null) assert.ok(problem?.file, why);
      // What the first line of all says of itself is all there is to know of it.
      else if (first.seq > 1) assert.equal(problem?.seq, first.seq, `${why}: ${JSON.stringify(problem)}`);
    }
    writeSet(log.folder, log.set);
    assert.equal((await verdictOf(log.folder, await log.seals.read())).state, 'intact');
  });

type Edit = (
  set: AuditSet,
  pick: (below: number) => number,
  earlier: readonly AuditSet[],
) => Map<string, Buffer>;

const edits: readonly Edit[] = [
  function flip(set, pick) {
    const name = oldestFirst(set)[pick(set.size)] as string;
    const bytes = Buffer.from(set.get(name) as Buffer);
    const at = pick(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << pick(8));
    return new Map(set).set(name, bytes);
  },
  function remove(set, pick) {
    return changeLines(set, pick, (lines, at) => lines.splice(at, 1));
  },
  function swap(set, pick) {
    return changeLines(set, pick, (lines, at) => {
      const other = (at + 1 + pick(lines.length - 1)) % lines.length;
      [lines[at], lines[other]] = [lines[other] as string, lines[at] as string];
    });
  },
  function insert(set, pick) {
    const all = linesOf(set);
    const made = ['', '{}', original.trim(), (all[pick(all.length)] as ReadLine).text];
    return changeLines(set, pick, (lines, at) => lines.splice(at, 0, made[pick(made.length)] as string));
  },
  function cutTail(set, pick) {
    const name = oldestFirst(set).at(-1) as string;
    const bytes = set.get(name) as Buffer;
    return new Map(set).set(name, bytes.subarray(0, bytes.length - 1 - pick(bytes.length - 1)));
  },
  function splice(set, pick, earlier) {
    const [name, other] = twoOf(oldestFirst(set), pick);
    const old = earlier[pick(earlier.length)]?.get(name);
    const isUsable = old && !old.equals(set.get(name) as Buffer);
    return new Map(set).set(name, (isUsable && pick(2) === 0 ? old : set.get(other)) as Buffer);
  },
  function dropFile(set, pick) {
    const left = new Map(set);
    left.delete(oldestFirst(set)[pick(set.size)] as string);
    return left;
  },
  function putBack(_set, pick, earlier) {
    return new Map(earlier[pick(earlier.length)]);
  },
];

/** Changes the lines of one file of the chain; lines of the original are all the same. */
function changeLines(
  set: AuditSet,
  pick: (below: number) => number,
  change: (lines: string[], at: number) => void,
): Map<string, Buffer> {
  const names = oldestFirst(set).slice(1);
  const name = names[pick(names.length)] as string;
  const lines = (set.get(name) as Buffer).toString().split('\n').slice(0, -1);
  change(lines, pick(lines.length));
  return new Map(set).set(name, Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

function twoOf(names: readonly string[], pick: (below: number) => number): [string, string] {
  const at = pick(names.length);
  return [names[at] as string, names[(at + 1 + pick(names.length - 1)) % names.length] as string];
}

/** The first line that is not what it was; null when only what stands behind the last line changed. */
function firstDifference(before: readonly ReadLine[], after: readonly ReadLine[]): ReadLine | null {
  return before.find(({ text }, index) => after[index]?.text !== text) ?? null;
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('an older set of files and registry together is told from the true one by the keychain', async (t) => {
  verifies('NEW-027');
  const { home, folder, seals, earlier } = await sealedLog(t);
  for (const { set, rows } of earlier) {
    writeSet(folder, set);
    putRows(home, rows);
    const { state, problem } = await verdictOf(folder, await seals.read());
    assert.equal(state, 'broken');
    assert.equal(problem?.file, 'registry.db');
    assert.match(
      problem?.what,
      /older ones that were put back: the seal is number \d, and the keychain counts 3/,
    );
  }
});

test('a seal that was deleted or damaged is not taken for none', async (t) => {
  const { home, folder, seals, rows } = await sealedLog(t);
  putRows(home, []);
  assert.match(String((await verdictOf(folder, await seals.read())).problem?.what), /seal is gone/);
  const sealed = Buffer.from((rows[0] as Row)['sealed'] as Buffer);
  sealed[3] = (sealed[3] as number) ^ 1;
  putRows(home, [{ ...rows[0], sealed }]);
  assert.match(String((await verdictOf(folder, await seals.read())).problem?.what), /does not open/);
});

test('a line that was rewritten with a hash that fits it is found by the next one', async (t) => {
  const { folder, seals, set } = await sealedLog(t);
  const { file, line, seq, text, record } = linesOf(set).find(
    ({ isNote, seq: at }) => !isNote && at !== null && at > 5,
  ) as ReadLine;
  const members = text.slice(0, text.lastIndexOf(',"seq":')).replace('"tester"', '"nobody"');
  const forged = linkLine(members, seq as number, String(record['prev'])).text.trim();
  writeSet(
    folder,
    new Map(set).set(file, Buffer.from((set.get(file) as Buffer).toString().replace(text, forged))),
  );
  assert.deepEqual((await verdictOf(folder, await seals.read())).problem, {
    file,
    line: line + 1,
    seq: (seq as number) + 1,
    what: 'it does not follow the line before it',
  });
});

test('a chain that is written anew from some line on, hashes and all, is not what was sealed', async (t) => {
  const { folder, seals, set } = await sealedLog(t);
  const forged = openAudit(join(folder, 'forged'), { rotateBytes: 1_000_000 });
  for (let index = 0; index < linesOf(set).length; index += 1)
    forged.record(auditCall({ outcome: 'blocked' }));
  await forged.close();
  writeSet(folder, readSet(join(folder, 'forged')));
  assert.equal((await verdictOf(folder)).state, 'intact');
  const { problem } = await verdictOf(folder, await seals.read());
  assert.equal(problem?.what, 'it is another one than was sealed');
});

test('a writer that finds less than was sealed says so in the log for good, and a new seal hides nothing', async (t) => {
  verifies('NEW-027');
  const { folder, seals, earlier } = await sealedLog(t);
  writeSet(folder, earlier[0]?.set as AuditSet);
  const audit = openAudit(folder, { seals, rotateBytes: 6_000 });
  audit.record(auditCall());
  await audit.close();
  assert.match(
    String(audit.warnings()),
    /the audit log was changed: line \d+, which was sealed, is not there/,
  );
  const verdict = await verdictOf(folder, await seals.read());
  assert.equal(verdict.state, 'broken');
  assert.match(
    String(verdict.problem?.what),
    /the log was not what was sealed: line \d+, which was sealed, is not there/,
  );
});

test('without a vault the log is chained and not sealed, and no keychain is asked', async (t) => {
  const home = openVault(t);
  const folder = dirname(home.paths.audit);
  const seals = createAuditSeals({ vault: home.vault, db: home.db });
  const audit = openAudit(folder, { seals });
  audit.record(auditCall());
  await audit.close();
  assert.deepEqual(await seals.read(), { state: 'none' });
  assert.equal(home.platform.loads, 0);
  const { state, sealedTo, lines } = await verdictOf(folder, await seals.read());
  assert.deepEqual([state, sealedTo, lines], ['intact', null, 2]);
});

test('lines are sealed ten minutes after they were written, and at each rotation', async (t) => {
  const home = openVault(t);
  await store(home.vault, 'atlas:a', { token: 'x' });
  const seals = createAuditSeals({ vault: home.vault, db: home.db });
  const clock = createFakeClock();
  const audit = openAudit(dirname(home.paths.audit), { seals, clock, rotateBytes: 2_000 });
  const sealed = async (): Promise<number | null> => {
    const reading = await seals.read();
    return reading.state === 'sealed' ? reading.seal.seq : null;
  };
  audit.record(auditCall({ outcome: 'blocked' }));
  await clock.advance(9 * 60_000);
  assert.equal(await sealed(), null);
  await clock.advance(60_000);
  await until('it is sealed', async () => (await sealed()) === 2);
  for (let index = 0; index < 4; index += 1) audit.record(auditCall({ outcome: 'blocked' }));
  await until('it is sealed again', async () => ((await sealed()) ?? 0) > 2);
  await audit.close();
});

test('no file is no log, and a file from before the chain alone is none that is broken', async (t) => {
  const folder = dirname(openVault(t).paths.audit);
  assert.equal((await verdictOf(folder)).state, 'empty');
  writeFileSync(join(folder, 'audit.log'), original);
  const { state, unchained } = await verdictOf(folder);
  assert.deepEqual([state, unchained], ['empty', 1]);
});
