// resources/bin/nucleus: the shell file that finds Node.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { nucleusBin } from '../../helpers/nucleus.ts';

const folder = mkdtempSync(join(tmpdir(), 'nucleus-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string, args: readonly string[], path = '/usr/bin:/bin') {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(file, args, { cwd: folder, env: { PATH: path } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

/** A root without node_modules whose PATH has a node that answers `-p` like this and else prints its arguments. */
function createRoot(name: string, answer: string): { bin: string; path: string } {
  const bin = join(folder, name, 'resources', 'bin', 'nucleus');
  mkdirSync(join(folder, name, 'node'), { recursive: true });
  cpSync(nucleusBin, bin);
  const script = `#!/bin/sh\nif [ "$1" = -p ]; then echo ${answer}; else printf '%s\\n' "$@"; fi\n`;
  writeFileSync(join(folder, name, 'node', 'node'), script, { mode: 0o755 });
  return { bin, path: `${join(folder, name, 'node')}:/usr/bin:/bin` };
}

test('it is found through links, absolute and relative ones', async () => {
  symlinkSync(nucleusBin, join(folder, 'first'));
  symlinkSync('first', join(folder, 'second'));
  const { code, stdout } = await run('./second', ['--version']);
  assert.equal(code, 0);
  assert.match(stdout, /^nucleus \d/);
});

test('without its own Node it takes one from PATH, and hands the words on as they are', async () => {
  const { bin, path } = createRoot('with spaces in it', 'true');
  const { stdout } = await run(bin, ['call', 'a b', '', "c'd"], path);
  assert.deepEqual(stdout.split('\n').slice(2), [
    join(folder, 'with spaces in it', 'src-main', 'cli', 'main.mjs'),
    'call',
    'a b',
    '',
    "c'd",
    '',
  ]);
});

test('a Node that is too old, or none, is one sentence and exit code 3', async () => {
  const old = createRoot('old', 'false');
  for (const path of [old.path, '/usr/bin/nowhere:/bin/nowhere']) {
    const { code, stdout, stderr } = await run(old.bin, ['list'], path);
    assert.deepEqual({ code, stdout }, { code: 3, stdout: '' });
    assert.match(stderr, /^Error: Nucleus needs Node 22\.13 or newer; run npm ci in .*old to get one, .*\n$/);
  }
});
