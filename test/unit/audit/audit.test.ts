import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { argumentsHash } from '../../../src-main/gateway/audit/arguments-hash.ts';
import { createAudit, noAudit } from '../../../src-main/gateway/audit/audit.ts';
import { auditCall as call } from '../../helpers/audit-log.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';

function setUp(
  t: TestContext,
  options: {
    fullArguments?: boolean;
    path?: (folder: string) => string;
    /** Milliseconds the time of day is off by. */
    shift?: () => number;
  } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-audit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = options.path?.(folder) ?? join(folder, 'audit.log');
  const log = createFakeLog();
  const clock = createFakeClock();
  const audit = createAudit({
    path,
    fullArguments: options.fullArguments ?? false,
    clock: { ...clock, now: () => clock.now() + (options.shift?.() ?? 0) },
    log,
    seals: null,
  });
  return { folder, path, log, clock, audit, text: () => unchained(readFileSync(path, 'utf8')) };
}

/** The lines of calls, without their places in the chain. */
function unchained(text: string): string {
  return text
    .replace(/^\{"audit":2,.*\n/gm, '')
    .replace(/,"seq":\d+,"prev":"[0-9a-f]{64}","hash":"[0-9a-f]{64}"\}$/gm, '}');
}

test('a call is one line with its keys in the order of the original', (t) => {
  const { audit, text } = setUp(t);
  audit.record(call());
  void audit.close();
  assert.equal(
    text(),
    '{"ts":"2026-01-02T03:04:05.678Z","connector":"db","alias":"main","profile_id":"db:prod","tool":"query",' +
      '"via":"direct","decision":"allowed","outcome":"ok","duration_ms":12,"args_keys":["sql"],' +
      '"args_hash":"sha256:f25189374bfbf48658282bc196f4f8b6d09c7e4aa745f5b2351c827a8ef5aad9",' +
      '"client":"tester","principal":"local"}\n',
  );
});

test('a reason stands before the client, and a call without arguments has neither keys nor hash', (t) => {
  const { audit, text } = setUp(t);
  for (const empty of [undefined, {}, null, [1], 'text'])
    audit.record(call({ arguments: empty, decision: 'denied', outcome: 'blocked', reason: 'rule 3' }));
  void audit.close();
  const line =
    '{"ts":"2026-01-02T03:04:05.678Z","connector":"db","alias":"main","profile_id":"db:prod","tool":"query",' +
    '"via":"direct","decision":"denied","outcome":"blocked","duration_ms":12,"reason":"rule 3",' +
    '"client":"tester","principal":"local"}\n';
  assert.equal(text(), line.repeat(5));
});

test('prompts and resources are told from tools, and no address of a resource is kept', (t) => {
  const { audit, text } = setUp(t);
  const { target } = call();
  audit.record(call({ target: { ...target, kind: 'prompt', name: 'review' } }));
  audit.record(
    call({
      target: { ...target, kind: 'resource', name: 'file:///secret' },
      arguments: { uri: 'file:///secret' },
    }),
  );
  void audit.close();
  const lines = text()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ tool }) => tool),
    ['prompts/get review', 'resources/read'],
  );
  assert.deepEqual(lines[1]?.['args_keys'], ['uri']);
  assert.doesNotMatch(text(), /secret/);
});

test('no value of an argument is in the file, at whatever depth', (t) => {
  const { audit, text } = setUp(t);
  audit.record(
    call({ arguments: { password: 'SENTINEL', list: ['SENTINEL'], map: { SENTINEL: 'SENTINEL' } } }),
  );
  void audit.close();
  assert.doesNotMatch(text(), /SENTINEL/);
  assert.match(text(), /"args_keys":\["list","map","password"\]/);
});

test('with full arguments they are kept as they came', (t) => {
  const { audit, text } = setUp(t, { fullArguments: true });
  audit.record(call({ arguments: JSON.parse('{"b":[1,{"c":null}],"a":"x","__proto__":{"d":1}}') }));
  void audit.close();
  assert.match(
    text(),
    /"args_hash":"sha256:[0-9a-f]{64}","args":\{"b":\[1,\{"c":null\}\],"a":"x","__proto__":\{"d":1\}\}/,
  );
});

test('a hash is that of the canonical JSON the original made', () => {
  verifies('NUC-093');
  const hashes: [unknown, string][] = [
    // printf '%s' '{"sql":"SELECT 1"}' | sha256sum
    [{ sql: 'SELECT 1' }, 'f25189374bfbf48658282bc196f4f8b6d09c7e4aa745f5b2351c827a8ef5aad9'],
    // printf '%s' '{}' | sha256sum
    [{}, '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'],
    // printf '%s' '{"a":{"x":[],"y":{}},"b":[1,2.5,true,null,"ü"]}' | sha256sum
    [
      { b: [1, 2.5, true, null, 'ü'], a: { y: {}, x: [] } },
      '0ff211d43b03a1a239d230da6810a0e9b7d1af93546ae90db6ae9da372eea079',
    ],
    // printf '%s' '{"h":"\u003cb\u003e \u0026 \u2028"}' | sha256sum
    [{ h: '<b> & \u2028' }, '781df8f9e6d00295a91ea835fb25ca01290cb1098d36bfb7eea7b223f3e15de5'],
  ];
  for (const [args, hash] of hashes)
    assert.equal(argumentsHash(args), `sha256:${hash}`, JSON.stringify(args));
});

test('keys that look like numbers are sorted as the texts they are', () => {
  // printf '%s' '{"10":1,"9":2,"a":3}' | sha256sum
  assert.equal(
    argumentsHash({ a: 3, 9: 2, 10: 1 }),
    'sha256:d6e62753b8541dd53e8db28349f1b082a93958576574f1b34b4fd86fbbd78916',
  );
});

test('keys are sorted by their bytes, as Go does', () => {
  // printf '{"\xef\xbf\xbd":1,"\xf0\x9f\x99\x82":2}' | sha256sum
  assert.equal(
    argumentsHash({ '🙂': 2, '\ufffd': 1 }),
    'sha256:1d47484d1ceeea1ad7c17cc6e8916a2f57496944d50fb9053184cd9ac6a53581',
  );
});

test('the order of keys does not change a hash, anything else does', () => {
  verifies('NUC-093');
  const one = argumentsHash({ a: 1, b: { c: 2, d: 3 } });
  assert.equal(argumentsHash({ b: { d: 3, c: 2 }, a: 1 }), one);
  for (const other of [
    { a: 1, b: { c: 2, d: '3' } },
    { a: 1, b: { c: 2 } },
    { a: [1], b: { c: 2, d: 3 } },
  ])
    assert.notEqual(argumentsHash(other), one);
  assert.notEqual(argumentsHash(JSON.parse('{"__proto__":{"a":1}}')), argumentsHash({}));
});

test('lines are appended in the order of the calls', async (t) => {
  const { audit, text } = setUp(t);
  for (let n = 0; n < 3; n += 1) audit.record(call({ client: `c${n}` }));
  await settled();
  audit.record(call({ client: 'c3' }));
  void audit.close();
  assert.deepEqual(
    text()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { client?: string }).client),
    ['c0', 'c1', 'c2', 'c3'],
  );
});

test('recording waits for nothing: the line is written after the answer', async (t) => {
  const { audit, path, text } = setUp(t);
  audit.record(call());
  assert.equal(existsSync(path), false);
  await settled();
  assert.match(text(), /\n$/);
});

test('of calls in quick succession the first is written at once, the others together', async (t) => {
  const { audit, clock, text } = setUp(t);
  const lines = () => text().split('\n').length - 1;
  audit.record(call());
  await settled();
  for (let n = 0; n < 3; n += 1) {
    audit.record(call());
    await settled();
  }
  assert.equal(lines(), 1);
  await clock.advance(9);
  assert.equal(lines(), 1);
  await clock.advance(1);
  assert.equal(lines(), 4);
  await clock.advance(10);
  audit.record(call());
  await settled();
  assert.equal(lines(), 5);
});

test('a clock that is set back holds no record back', async (t) => {
  const { clock, text, audit } = setUp(t, { shift: () => shift });
  let shift = 0;
  audit.record(call());
  await settled();
  shift = -3_600_000;
  audit.record(call());
  await clock.advance(10);
  assert.equal(text().split('\n').length - 1, 2);
});

test('close writes what is queued, and may be called twice', (t) => {
  const { audit, text } = setUp(t);
  audit.record(call());
  void audit.close();
  void audit.close();
  assert.equal(text().split('\n').length, 2);
});

test('the file is readable by its owner alone', { skip: process.platform === 'win32' }, (t) => {
  verifies('NUC-006');
  const { audit, path } = setUp(t);
  const before = process.umask(0);
  try {
    audit.record(call());
    void audit.close();
  } finally {
    process.umask(before);
  }
  assert.equal((statSync(path).mode & 0o777).toString(8), '600');
});

test('a log that cannot be written is said once and stops no call', async (t) => {
  const { audit, clock, log } = setUp(t, { path: (folder) => join(folder, 'missing', 'audit.log') });
  for (let n = 0; n < 3; n += 1) {
    audit.record(call());
    await settled();
    await clock.advance(10);
  }
  void audit.close();
  assert.deepEqual(log.lines, ['error audit log cannot be written']);
  assert.match(String(log.fields[0]?.['reason']), /ENOENT/);
});

test('a log that can be written again gets what was waiting, and says so when it cannot once more', async (t) => {
  const { audit, clock, log, folder, path } = setUp(t, {
    path: (parent) => join(parent, 'later', 'audit.log'),
  });
  audit.record(call({ client: 'first' }));
  await settled();
  audit.record(call({ client: 'blocked', outcome: 'blocked' }));
  assert.match(String(audit.problem()), /audit\.log cannot be written \(ENOENT\); /);
  assert.match(String(audit.warnings()), /; 2 lines of the audit log wait in memory$/);
  mkdirSync(join(folder, 'later'));
  audit.record(call({ client: 'last' }));
  await clock.advance(1_000);
  assert.equal(audit.problem(), null);
  assert.deepEqual(
    [...readFileSync(path, 'utf8').matchAll(/"client":"(\w+)".*"seq":(\d)/g)].map(([, client, seq]) => [
      client,
      seq,
    ]),
    [
      ['first', '2'],
      ['blocked', '3'],
      ['last', '4'],
    ],
  );
  rmSync(join(folder, 'later'), { recursive: true });
  audit.record(call());
  await clock.advance(10);
  assert.deepEqual(log.lines, [
    'error audit log cannot be written',
    'info the audit log can be written again',
    'error audit log cannot be written',
  ]);
});

test('arguments too deep to be hashed cost their call the hash and no other call its line', (t) => {
  const { audit, log, text } = setUp(t);
  const depth = 100_000;
  audit.record(call({ client: 'before' }));
  audit.record(
    call({ client: 'deep', arguments: { deep: JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) } }),
  );
  audit.record(call({ client: 'after' }));
  void audit.close();
  assert.deepEqual(
    text()
      .trim()
      .split('\n')
      .map((line) => {
        const { client, args_hash: hash } = JSON.parse(line) as { client: string; args_hash?: string };
        return [client, hash !== undefined];
      }),
    [
      ['before', true],
      ['deep', false],
      ['after', true],
    ],
  );
  assert.deepEqual(log.lines, []);
});

test('a file begins with a line of its own, and every line holds the hash of the one before', (t) => {
  verifies('NUC-091');
  const { audit, path } = setUp(t);
  audit.record(
    call({ policy: '0123456789ab', approval: 'g-1', effect: 'writes', plan: { id: 'p', step: 1 } }),
  );
  audit.record(call());
  void audit.close();
  // printf '%s' '<the line up to its hash>' | sha256sum
  const first = 'c0b92428010f2d414f388706a788d48e5b3ff70dcc8cb0790883d048ec149ecf';
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.equal(
    lines[0]?.replace(first, 'H1'),
    `{"audit":2,"ts":"2026-01-02T03:04:05.678Z","seq":1,"prev":"${'0'.repeat(64)}","hash":"H1"}`,
  );
  assert.match(
    String(lines[1]),
    new RegExp(
      `"client":"tester","principal":"local","policy":"0123456789ab","approval":"g-1","effect":"writes","plan":\\{"id":"p","step":1\\},"seq":2,"prev":"${first}","hash":"[0-9a-f]{64}"\\}$`,
    ),
  );
  for (const [index, line] of lines.slice(0, 3).entries()) {
    const hashed = line.slice(0, line.lastIndexOf(',"hash":'));
    const { seq, hash } = JSON.parse(line) as { seq: number; hash: string };
    assert.equal(hash, createHash('sha256').update(hashed).digest('hex'));
    assert.equal(seq, index + 1);
  }
});

test('a call that was stopped is in the file before its answer goes out', (t) => {
  const { audit, text } = setUp(t);
  audit.record(call({ decision: 'denied', outcome: 'blocked', reason: 'no' }));
  assert.match(text(), /"outcome":"blocked"/);
});

test('who shows the log hears of new lines, four times a second at most', async (t) => {
  const { audit, clock } = setUp(t);
  let heard = 0;
  audit.onWritten(() => (heard += 1));
  for (let n = 0; n < 100; n += 1) {
    audit.record(call());
    await clock.advance(10);
  }
  assert.ok(heard >= 3 && heard <= 4, String(heard));
});

test('without a state folder nothing is kept', () => {
  noAudit.record(call());
  void noAudit.close();
});
