import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ensurePrivateFolder,
  readTextIfExists,
  removeIfExists,
  writePrivateFile,
} from '../../../src-main/gateway/storage/files.ts';
import { failsWith, isRoot, otherUid, temporaryFolder } from './support.ts';

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('a folder is made with its parents, for this user only', (t) => {
  const folder = join(temporaryFolder(t), 'a', 'b');
  ensurePrivateFolder(folder);
  assert.equal(mode(folder), '700');
  assert.equal(mode(join(folder, '..')), '700');
});

test('a folder of ours that others may enter is closed to them', (t) => {
  const folder = join(temporaryFolder(t), 'open');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  ensurePrivateFolder(folder);
  assert.equal(mode(folder), '700');
});

test('a folder of another user is refused with a fix', { skip: !isRoot && 'needs root' }, (t) => {
  const folder = join(temporaryFolder(t), 'foreign');
  mkdirSync(folder, { mode: 0o777 });
  chownSync(folder, otherUid, otherUid);
  assert.throws(
    () => ensurePrivateFolder(folder),
    failsWith('STATE_UNUSABLE', folder, 'another user', 'chown'),
  );
});

test('a file where the folder should be is refused', (t) => {
  const path = join(temporaryFolder(t), 'file');
  writeFileSync(path, '');
  assert.throws(() => ensurePrivateFolder(path), failsWith('STATE_UNUSABLE', path, 'not a folder'));
  assert.throws(() => ensurePrivateFolder(join(path, 'below')), failsWith('STATE_UNUSABLE', 'not a folder'));
});

test('a written file is readable by this user only, whatever the umask', (t) => {
  const path = join(temporaryFolder(t), 'file');
  const before = process.umask(0);
  try {
    writePrivateFile(path, 'first');
    process.umask(0o777);
    writePrivateFile(`${path}2`, Buffer.from('second'));
  } finally {
    process.umask(before);
  }
  assert.equal(mode(path), '600');
  assert.equal(mode(`${path}2`), '600');
  assert.equal(readFileSync(`${path}2`, 'utf8'), 'second');
});

test('a file is replaced whole and leaves no temporary one', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'file');
  writePrivateFile(path, 'a long first content');
  writePrivateFile(path, 'short');
  assert.equal(readFileSync(path, 'utf8'), 'short');
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('a write that fails keeps the old file and leaves nothing behind', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'taken');
  mkdirSync(join(path, 'in the way'), { recursive: true });
  assert.throws(() => writePrivateFile(path, 'text'), failsWith('STATE_UNUSABLE', path));
  assert.deepEqual(readdirSync(folder), ['taken']);
});

test('a write replaces a link and not what it points at', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'target'), 'untouched');
  symlinkSync(join(folder, 'target'), join(folder, 'link'));
  writePrivateFile(join(folder, 'link'), 'new');
  assert.equal(readFileSync(join(folder, 'target'), 'utf8'), 'untouched');
});

test('a missing file reads as null', (t) => {
  assert.equal(readTextIfExists(join(temporaryFolder(t), 'none')), null);
});

test('text comes back as it was written', (t) => {
  const path = join(temporaryFolder(t), 'ünï code');
  writePrivateFile(path, 'käse\n');
  assert.equal(readTextIfExists(path), 'käse\n');
});

test('a FIFO is refused at once and not waited for', { skip: process.platform === 'win32' }, (t) => {
  const path = join(temporaryFolder(t), 'fifo');
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  assert.throws(() => readTextIfExists(path), failsWith('STATE_UNUSABLE', path, 'not a regular file'));
});

test('a folder is refused where a file is read', (t) => {
  const folder = temporaryFolder(t);
  assert.throws(() => readTextIfExists(folder), failsWith('STATE_UNUSABLE', 'not a regular file'));
});

test('a file above 10 MiB is refused unread', (t) => {
  const path = join(temporaryFolder(t), 'big');
  writeFileSync(path, '');
  truncateSync(path, 10 * 1024 * 1024);
  assert.equal(readTextIfExists(path)?.length, 10 * 1024 * 1024);
  truncateSync(path, 10 * 1024 * 1024 + 1);
  assert.throws(() => readTextIfExists(path), failsWith('STATE_UNUSABLE', '10 MiB'));
});

test('removing a file that is not there is fine', (t) => {
  const path = join(temporaryFolder(t), 'file');
  writePrivateFile(path, '');
  removeIfExists(path);
  removeIfExists(path);
  assert.equal(existsSync(path), false);
});
