import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import {
  checkSocket,
  clearEndpoint,
  prepareSocketFolder,
  readEndpoint,
  socketPath,
  writeEndpoint,
} from '../../../src-main/gateway/storage/endpoint.ts';
import { createPaths } from '../../../src-main/gateway/storage/paths.ts';
import { failsWith, isRoot, otherUid, temporaryFolder, temporaryPaths } from './support.ts';

const endpoint = { pid: 4711, version: '0.1.0', socket: '/tmp/s', startedAt: 1_700_000_000_000 };
const ada = createPaths({ HOME: '/home/ada' });

test('an endpoint comes back as it was written, in a private file', (t) => {
  const paths = temporaryPaths(t);
  writeEndpoint(paths, endpoint);
  assert.deepEqual(readEndpoint(paths), endpoint);
  assert.equal(statSync(paths.endpoint).mode & 0o777, 0o600);
  assert.equal(statSync(paths.run).mode & 0o777, 0o700);
});

test('no endpoint reads as null', (t) => {
  assert.equal(readEndpoint(temporaryPaths(t)), null);
});

test('a cleared endpoint is gone, and clearing none is fine', (t) => {
  const paths = temporaryPaths(t);
  writeEndpoint(paths, endpoint);
  clearEndpoint(paths);
  clearEndpoint(paths);
  assert.equal(readEndpoint(paths), null);
});

test('garbage reads as null', (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.run, { recursive: true });
  const texts = [
    '',
    '{',
    'null',
    '[]',
    '"text"',
    '{}',
    JSON.stringify({ ...endpoint, pid: '4711' }),
    JSON.stringify({ ...endpoint, pid: -1 }),
    JSON.stringify({ ...endpoint, socket: '' }),
    JSON.stringify({ ...endpoint, startedAt: null }),
  ];
  for (const text of texts) {
    writeFileSync(paths.endpoint, text);
    assert.equal(readEndpoint(paths), null, text);
  }
});

test('a FIFO in its place reads as null and is replaced', { skip: process.platform === 'win32' }, (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.run, { recursive: true });
  assert.equal(spawnSync('mkfifo', [paths.endpoint]).status, 0);
  assert.equal(readEndpoint(paths), null);
  writeEndpoint(paths, endpoint);
  assert.deepEqual(readEndpoint(paths), endpoint);
});

test('the socket lies in the runtime folder, under a hash of the state folder', () => {
  assert.equal(
    socketPath(ada, { XDG_RUNTIME_DIR: '/run/user/1000' }, 1000, 'linux'),
    '/run/user/1000/nucleus-43ffe0f5f83f/s',
  );
});

test('without a usable runtime folder the socket lies in /tmp', () => {
  const fallback = '/tmp/nucleus-1000-43ffe0f5f83f/s';
  assert.equal(socketPath(ada, {}, 1000, 'linux'), fallback);
  assert.equal(socketPath(ada, { XDG_RUNTIME_DIR: 'relative' }, 1000, 'linux'), fallback);
  assert.equal(socketPath(ada, { XDG_RUNTIME_DIR: `/${'ü'.repeat(45)}` }, 1000, 'linux'), fallback);
});

test('on Windows the socket is a named pipe', () => {
  assert.equal(socketPath(ada, {}, 0, 'win32'), '\\\\.\\pipe\\nucleus-43ffe0f5f83f');
});

test('two state folders never share a socket, two spellings of one do', () => {
  const of = (home: string) => socketPath(createPaths({ NUCLEUS_HOME: home }), {}, 1, 'linux');
  assert.notEqual(of('/a/state'), of('/b/state'));
  assert.equal(of('/a/state'), of('/a/other/../state/'));
});

test('a state folder named by a relative path is the one below the present folder, wherever one goes', () => {
  const paths = createPaths({ NUCLEUS_HOME: 'state' });
  assert.deepEqual(
    [paths.home, paths.lock],
    [join(process.cwd(), 'state'), join(process.cwd(), 'state/run/lock.db')],
  );
});

test('asking for the path creates nothing', (t) => {
  const folder = temporaryFolder(t);
  const path = socketPath(ada, { XDG_RUNTIME_DIR: folder }, 1000);
  assert.equal(existsSync(dirname(path)), false);
});

test('the folder of the socket is made private, also when it was open', (t) => {
  const path = join(temporaryFolder(t), 'nucleus-x', 's');
  prepareSocketFolder(path);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  chmodSync(dirname(path), 0o777);
  prepareSocketFolder(path);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
});

test('a link where the folder of the socket should be is refused', (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'nucleus-x'));
  assert.throws(
    () => prepareSocketFolder(join(folder, 'nucleus-x', 's')),
    failsWith('STATE_UNUSABLE', 'not a folder'),
  );
});

test('a folder of another user is refused', { skip: !isRoot && 'needs root' }, (t) => {
  const path = join(temporaryFolder(t), 'nucleus-x', 's');
  mkdirSync(dirname(path));
  chownSync(dirname(path), otherUid, otherUid);
  assert.throws(() => prepareSocketFolder(path), failsWith('STATE_UNUSABLE', 'another user'));
});

test('a runtime folder that is gone is a sentence', (t) => {
  const path = join(temporaryFolder(t), 'gone', 'nucleus-x', 's');
  assert.throws(() => prepareSocketFolder(path), failsWith('STATE_UNUSABLE', dirname(path)));
});

test('a named pipe needs no folder', () => {
  prepareSocketFolder('\\\\.\\pipe\\nucleus-x');
});

test('a socket is trusted in a folder of our own that nobody else may enter, and nowhere else', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'nucleus-x', 's');
  checkSocket(path);
  prepareSocketFolder(path);
  checkSocket(path);
  writeFileSync(path, '');
  checkSocket(path);
  for (const mode of [0o710, 0o701, 0o777]) {
    chmodSync(dirname(path), mode);
    assert.throws(() => checkSocket(path), failsWith('STATE_UNUSABLE', dirname(path), 'chmod 700'));
  }
  chmodSync(dirname(path), 0o700);
  checkSocket(path);

  symlinkSync(dirname(path), join(folder, 'link'));
  assert.throws(() => checkSocket(join(folder, 'link', 's')), failsWith('STATE_UNUSABLE', 'not a folder'));
  assert.throws(() => checkSocket(join(path, 's')), failsWith('STATE_UNUSABLE', 'not a folder'));
});

test(
  'a socket of another user, or in a folder of one, is refused',
  { skip: !isRoot && 'needs root' },
  (t) => {
    const path = join(temporaryFolder(t), 'nucleus-x', 's');
    prepareSocketFolder(path);
    writeFileSync(path, '');
    chownSync(path, otherUid, otherUid);
    assert.throws(
      () => checkSocket(path),
      failsWith('STATE_UNUSABLE', `${path},`, 'another user (uid 65534)'),
    );
    chownSync(path, 0, 0);
    checkSocket(path);
    chownSync(dirname(path), otherUid, otherUid);
    assert.throws(() => checkSocket(path), failsWith('STATE_UNUSABLE', `${dirname(path)},`, 'another user'));
  },
);
