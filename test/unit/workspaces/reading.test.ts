import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createWorkspaceStore } from '../../../src-main/gateway/storage/workspace-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { foldersUp, hashOf, readPlace, realFolder } from '../../../src-main/gateway/workspaces/reading.ts';
import { verifies } from '../../helpers/requirements.ts';

const fileName = '.mcp-profiles.toml';

function setUp(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'nucleus-reading-')));
  const registry = openRegistry('memory');
  t.after(() => {
    registry.close();
    rmSync(root, { recursive: true });
  });
  const home = join(root, 'home');
  mkdirSync(join(home, 'a/b'), { recursive: true });
  const store = createWorkspaceStore(registry.db);
  const write = (folder: string, text: string): string => {
    const path = join(root, folder, fileName);
    writeFileSync(path, text);
    return path;
  };
  let seconds = 0;
  const trust = (path: string, text: string): void => store.trust(path, hashOf(text), text, ++seconds);
  const read = (folder: string, isBound = false) =>
    readPlace({ folder: join(root, folder), isBound }, { home, store, rules: () => [] });
  return { root, home, store, write, trust, read };
}

const namedIn = ({ hints }: ReturnType<typeof readPlace>): string[] =>
  (hints.file?.connectors ?? []).map(({ connector }) => connector);

test('folders are looked at up to the home folder, from outside of it up to the root', (t) => {
  verifies('NUC-040');
  const { root, home } = setUp(t);
  assert.deepEqual(foldersUp(join(home, 'a/b'), home), [join(home, 'a/b'), join(home, 'a'), home]);
  assert.deepEqual(foldersUp(home, home), [home]);
  const outside = foldersUp(root, home);
  assert.deepEqual([outside[0], outside.at(-1)], [root, '/']);
  // A home behind a link is still the home.
  symlinkSync(home, join(root, 'link'));
  assert.deepEqual(foldersUp(realFolder(join(root, 'link/a')), join(root, 'link')), [join(home, 'a'), home]);
  assert.equal(foldersUp(join(home, 'no/such'), home)[0], join(home, 'no/such'));
});

test('what was trusted holds for the same content of the same file only', (t) => {
  verifies('FIX-013');
  const { write, trust, read } = setUp(t);
  const text = '[db]\npin = true\n';
  const path = write('home/a', text);
  assert.deepEqual([read('home/a').files[0]?.state, namedIn(read('home/a'))], ['untrusted', []]);
  trust(path, text);
  assert.deepEqual([read('home/a/b').files[0]?.state, namedIn(read('home/a/b'))], ['trusted', ['db']]);
  // The same words elsewhere were not agreed to there.
  write('home', text);
  assert.equal(read('home').files[0]?.state, 'untrusted');
  // One that changed leaves what was trusted last; an earlier one counts again.
  write('home/a', '[mail]\npin = true\n');
  assert.deepEqual([read('home/a').files[0]?.state, namedIn(read('home/a'))], ['changed', ['db']]);
  trust(path, '[mail]\npin = true\n');
  assert.deepEqual(namedIn(read('home/a')), ['mail']);
  write('home/a', text);
  assert.deepEqual([read('home/a').files[0]?.state, namedIn(read('home/a'))], ['trusted', ['db']]);
  write('home/a', 'not toml');
  assert.deepEqual([read('home/a').files[0]?.state, namedIn(read('home/a'))], ['changed', ['mail']]);
});

test('older content that was trusted once holds again, but not for who is bound to the folder', (t) => {
  const { write, trust, read } = setUp(t);
  const [wide, narrow] = ['[db]\npin = true\n[mail]\npin = true\n', '[db]\npin = true\n'];
  const path = write('home/a', wide);
  trust(path, wide);
  trust(path, narrow);
  assert.deepEqual(namedIn(read('home/a')), ['db', 'mail']);
  const bound = read('home/a', true);
  assert.deepEqual([bound.files[0]?.state, namedIn(bound)], ['changed', ['db']]);
  trust(path, wide);
  assert.deepEqual(namedIn(read('home/a', true)), ['db', 'mail']);
});

test('a removed file is gone for those who just work there, and holds for who is bound to it', (t) => {
  const { write, trust, read } = setUp(t);
  const path = write('home/a', '[db]\npin = true\n');
  trust(path, '[db]\npin = true\n');
  rmSync(path);
  assert.deepEqual([read('home/a').files, namedIn(read('home/a'))], [[], []]);
  assert.deepEqual([read('home/a', true).files[0]?.state, namedIn(read('home/a', true))], ['gone', ['db']]);
});

test('a link in the place of a bound folder leads nowhere', (t) => {
  const { root, write, trust, read } = setUp(t);
  trust(write('home/a', '[db]\npin = true\n'), '[db]\npin = true\n');
  mkdirSync(join(root, 'home/c'));
  trust(write('home/c', '[mail]\npin = true\n'), '[mail]\npin = true\n');
  rmSync(join(root, 'home/a'), { recursive: true });
  symlinkSync(join(root, 'home/c'), join(root, 'home/a'));
  assert.deepEqual(namedIn(read('home/a', true)), ['db']);
});

test('what is no text file of a fair size does not apply, and takes nothing away', (t) => {
  const { root, write, trust, read } = setUp(t);
  trust(write('home', '[db]\npin = true\n'), '[db]\npin = true\n');
  mkdirSync(join(root, 'home/a', fileName));
  assert.deepEqual(
    [read('home/a').files.map(({ state }) => state), namedIn(read('home/a'))],
    [['invalid', 'trusted'], ['db']],
  );
  write('home/a/b', `# ${'x'.repeat(65 * 1024)}`);
  assert.match(read('home/a/b').files[0]?.problems[0]?.message ?? '', /is larger than/);
});

test('trust is kept within bounds, the oldest goes', (t) => {
  const { store } = setUp(t);
  for (let n = 0; n < 30; n++) store.trust('/x', `hash ${n}`, `text ${n}`, 1);
  assert.equal(store.isTrusted('/x', 'hash 9'), false);
  assert.equal(store.isTrusted('/x', 'hash 10'), true);
  assert.equal(store.latestTrusted('/x'), 'text 29');
  store.trust('/x', 'hash 10', 'text 10', 1);
  assert.equal(store.latestTrusted('/x'), 'text 10');
  assert.deepEqual([store.forget('/x'), store.forget('/x'), store.latestTrusted('/x')], [true, false, null]);
});
