import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { describeRoom } from '../../../src-main/gateway/doctor/state-folder.ts';
import type { Finding } from '../../../src-shared/doctor.ts';

const nobody = 65_534;

function createFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-doctor-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'state'), { mode: 0o700 });
  return folder;
}

const module = (path: string): string =>
  JSON.stringify(new URL(`../../../src-main/${path}`, import.meta.url));

/**
 * What the checks of the state folder say that is not fine, to a user whom file modes hold back: where the tests are
 * root's, a process that becomes nobody when its code is loaded.
 */
function complaints(folder: string): Finding[] {
  const isRoot = process.getuid?.() === 0;
  if (isRoot)
    for (const entry of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
      chownSync(join(folder, entry), nobody, nobody);
  const code = `
    import { stateChecks } from ${module('gateway/doctor/state-folder.ts')};
    import { createPaths } from ${module('gateway/storage/paths.ts')};
    const paths = createPaths({ NUCLEUS_HOME: ${JSON.stringify(join(folder, 'state'))} });
    if (${isRoot}) { process.setgroups([]); process.setgid(${nobody}); process.setuid(${nobody}); }
    const findings = stateChecks({ paths, platform: { clock: { now: Date.now } } }).flatMap(({ look }) => look());
    console.log(JSON.stringify(findings.filter(({ level }) => level !== 'ok')));
  `;
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, code], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(stderr, '');
  return JSON.parse(stdout) as Finding[];
}

test('a state folder of a person’s own has nothing to complain of', (t) => {
  const folder = createFolder(t);
  writeFileSync(join(folder, 'state', 'config.toml'), '', { mode: 0o644 });
  assert.deepEqual(complaints(folder), []);
});

test('a state folder that cannot be written fails, and so does one that cannot be reached', (t) => {
  for (const [part, message, fix] of [
    ['state', /^state folder \S+ cannot be written \(EACCES\)$/, /^give it back to yourself: chmod 700 /],
    ['.', /^state folder \S+ cannot be reached \(EACCES\)$/, /^check owner and mode of the folders above it/],
  ] as const) {
    const folder = createFolder(t);
    chmodSync(join(folder, part), part === '.' ? 0o000 : 0o500);
    const found = complaints(folder);
    chmodSync(join(folder, part), 0o700);
    assert.deepEqual(
      found.map(({ check, level }) => [check, level]),
      [['home', 'fail']],
    );
    assert.match(found[0]?.message ?? '', message);
    assert.match(found[0]?.fix ?? '', fix);
  }
});

test('a file of ours that we may not read fails', (t) => {
  const folder = createFolder(t);
  const file = join(folder, 'state', 'registry.db');
  writeFileSync(file, '', { mode: 0o600 });
  chmodSync(file, 0o000);
  const found = complaints(folder);
  assert.deepEqual(
    found.map(({ check, level, message, isFixable }) => [check, level, message, isFixable]),
    [['file-mode', 'fail', `${file} cannot be read and written (EACCES)`, false]],
  );
});

test('what the app or a person keeps beside our files is nobody’s business', (t) => {
  const folder = createFolder(t);
  mkdirSync(join(folder, 'state', 'Cache'), { mode: 0o755 });
  writeFileSync(join(folder, 'state', 'notes.txt'), '', { mode: 0o666 });
  assert.deepEqual(complaints(folder), []);
});

test('little room on the disk is a warning, none a failure', () => {
  const mebibytes = (count: number) => describeRoom('/home/state', count * 1024 * 1024);
  assert.deepEqual(mebibytes(64), []);
  assert.deepEqual(
    [mebibytes(63.5), mebibytes(0.5)].map(([finding]) => [finding?.level, finding?.message]),
    [
      ['warn', 'the disk of /home/state has 63 MiB left'],
      ['fail', 'the disk of /home/state has 0 MiB left: no call can be recorded and nothing be stored'],
    ],
  );
});
