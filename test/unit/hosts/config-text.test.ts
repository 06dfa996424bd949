import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  encode,
  readConfig,
  replaceConfig,
  type Reading,
} from '../../../src-main/gateway/hosts/config-text.ts';
import { failsWith, isRoot, otherUid } from '../storage/support.ts';
import { temporaryHome } from './support.ts';
import { asOrdinaryUser } from '../../helpers/ordinary-user.ts';

const place = (t: TestContext, content?: string | Buffer): string => {
  const file = join(temporaryHome(t), 'c.json');
  if (content !== undefined) writeFileSync(file, content);
  return file;
};
const problemOf = (reading: Reading): string => {
  assert.equal(reading.state, 'unreadable');
  return reading.state === 'unreadable' ? reading.problem : '';
};
const plus = (reading: Reading): Buffer =>
  encode(`${reading.state === 'found' ? reading.text : ''}+`, reading);
const folderOf = (file: string): string[] => readdirSync(dirname(file));

test('a file that is not there is absent, and made readable by its owner only', (t) => {
  const file = place(t);
  assert.deepEqual(readConfig(file), { state: 'absent' });
  replaceConfig(file, plus);
  assert.equal(readFileSync(file, 'utf8'), '+');
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a byte order mark is no part of the text and stays', (t) => {
  const file = place(t, '\uFEFFa');
  const reading = readConfig(file);
  assert.equal(reading.state === 'found' && reading.text, 'a');
  replaceConfig(file, plus);
  assert.equal(readFileSync(file, 'utf8'), '\uFEFFa+');
});

test('a replaced file keeps its mode, and nothing else is left in the folder', (t) => {
  const file = place(t, 'a');
  for (const mode of [0o640, 0o666, 0o600, 0o755]) {
    chmodSync(file, mode);
    replaceConfig(file, plus);
    assert.equal(statSync(file).mode & 0o7777, mode);
  }
  assert.deepEqual(folderOf(file), ['c.json']);
});

test('a replaced file keeps its owner', { skip: !isRoot && 'needs root' }, (t) => {
  const file = place(t, 'a');
  chownSync(file, otherUid, otherUid);
  chmodSync(file, 0o640);
  replaceConfig(file, plus);
  const { uid, gid, mode } = statSync(file);
  assert.deepEqual([uid, gid, mode & 0o777], [otherUid, otherUid, 0o640]);
});

test('a link stays and what it leads to is written', (t) => {
  const file = place(t);
  const target = join(dirname(file), 'dotfiles/claude.json');
  mkdirSync(dirname(target));
  writeFileSync(target, 'a');
  symlinkSync('dotfiles/claude.json', join(dirname(file), 'hop.json'));
  symlinkSync('hop.json', file);
  replaceConfig(file, plus);
  assert.equal(readlinkSync(file), 'hop.json');
  assert.equal(readFileSync(target, 'utf8'), 'a+');
  assert(!lstatSync(target).isSymbolicLink());
  assert.deepEqual(folderOf(target), ['claude.json']);
});

test('a link in a circle or to nothing is refused and stays', (t) => {
  const file = place(t);
  symlinkSync('c.json', file);
  assert.match(problemOf(readConfig(file)), /c\.json is a link that leads nowhere; mend or remove the link$/);
  rmSync(file);
  symlinkSync('not-mounted/c.json', file);
  assert.match(problemOf(readConfig(file)), /is a link that leads nowhere/);
  assert.throws(() => replaceConfig(file, plus), failsWith('CONFIG_INVALID', 'leads nowhere'));
  assert.deepEqual(folderOf(file), ['c.json']);
});

test('what is no regular file is refused at once, a FIFO and a device too', (t) => {
  const file = place(t);
  mkdirSync(file);
  assert.match(problemOf(readConfig(file)), /is not a regular file; move it away$/);
  rmSync(file, { recursive: true });
  assert.equal(spawnSync('mkfifo', [file]).status, 0);
  assert.match(problemOf(readConfig(file)), /is not a regular file/);
  assert.throws(() => replaceConfig(file, plus), failsWith('CONFIG_INVALID', 'not a regular file'));
  assert(lstatSync(file).isFIFO());
  rmSync(file);
  symlinkSync('/dev/zero', file);
  assert.match(problemOf(readConfig(file)), /is not a regular file/);
});

test('a socket is refused', async (t) => {
  const file = place(t);
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(file, resolve));
  t.after(() => server.close());
  assert.match(problemOf(readConfig(file)), /is not a regular file/);
});

test('20 MiB are read, a byte more is refused', (t) => {
  const file = place(t, '');
  truncateSync(file, 20 * 1024 * 1024);
  assert.equal(readConfig(file).state, 'found');
  truncateSync(file, 20 * 1024 * 1024 + 1);
  assert.match(problemOf(readConfig(file)), /is larger than 20 MiB/);
  assert.throws(() => replaceConfig(file, plus), failsWith('CONFIG_INVALID', '20 MiB'));
  assert.equal(statSync(file).size, 20 * 1024 * 1024 + 1);
});

test('a file that lies about its length is read to its end', () => {
  const reading = readConfig('/proc/self/status');
  assert(reading.state === 'found' && reading.text.includes('Pid:'));
});

test('what is not UTF-8 is refused, since it could not be written back the same', (t) => {
  for (const bytes of [Buffer.from([0x7b, 0xe9, 0x7d]), Buffer.from('\uFEFF{}', 'utf16le')])
    assert.match(problemOf(readConfig(place(t, bytes))), /is not UTF-8 text; save it as UTF-8$/);
});

test('a file that may not be read is refused', (t) => {
  const file = place(t, 'a');
  chmodSync(file, 0);
  const reading = asOrdinaryUser(dirname(file), () => readConfig(file));
  assert.match(problemOf(reading), /cannot be read \(EACCES\)/);
});

test('a file below a file is refused', (t) => {
  assert.match(problemOf(readConfig(join(place(t, 'a'), 'c.json'))), /cannot be read \(ENOTDIR\)/);
});

test('a read-only file is read and not replaced, though its folder would allow it', (t) => {
  const file = place(t, 'a');
  chmodSync(file, 0o444);
  assert.equal(readConfig(file).state, 'found');
  assert.throws(() => replaceConfig(file, plus), failsWith('STATE_UNUSABLE', file, 'read-only'));
  assert.equal(readFileSync(file, 'utf8'), 'a');
  assert.deepEqual(folderOf(file), ['c.json']);
});

test('a folder that is gone is a failure with the path in it', (t) => {
  const file = place(t, 'a');
  assert.throws(
    () =>
      replaceConfig(file, (reading) => {
        rmSync(dirname(file), { recursive: true });
        return plus(reading);
      }),
    failsWith('STATE_UNUSABLE', `${file} cannot be written (ENOENT)`),
  );
});

test('a write of somebody else in between is kept: the file is read once more', (t) => {
  const file = place(t, 'a');
  let tries = 0;
  replaceConfig(file, (reading) => {
    if (tries++ === 0) writeFileSync(file, 'theirs');
    return plus(reading);
  });
  assert.equal(readFileSync(file, 'utf8'), 'theirs+');
  assert.equal(tries, 2);
  assert.deepEqual(folderOf(file), ['c.json']);
});

test('a file that appears, or goes, in between counts as a change too', (t) => {
  const file = place(t);
  const seen: string[] = [];
  replaceConfig(file, (reading) => {
    seen.push(reading.state);
    if (seen.length === 1) writeFileSync(file, 'theirs');
    return plus(reading);
  });
  assert.equal(readFileSync(file, 'utf8'), 'theirs+');
  replaceConfig(file, (reading) => {
    seen.push(reading.state);
    if (seen.length === 3) rmSync(file);
    return plus(reading);
  });
  assert.equal(readFileSync(file, 'utf8'), '+');
  assert.deepEqual(seen, ['absent', 'found', 'found', 'absent']);
});

test('a link that leads elsewhere in between counts as a change', (t) => {
  const file = place(t);
  const [one, two] = [join(dirname(file), 'one'), join(dirname(file), 'two')];
  for (const target of [one, two]) writeFileSync(target, 'same');
  symlinkSync('one', file);
  let tries = 0;
  replaceConfig(file, (reading) => {
    if (tries++ === 0) {
      rmSync(file);
      symlinkSync('two', file);
    }
    return plus(reading);
  });
  assert.deepEqual([readFileSync(one, 'utf8'), readFileSync(two, 'utf8')], ['same', 'same+']);
});

test('a file that somebody keeps writing is left to them', (t) => {
  const file = place(t, '0');
  let tries = 0;
  assert.throws(
    () =>
      replaceConfig(file, (reading) => {
        writeFileSync(file, `${++tries}`);
        return plus(reading);
      }),
    failsWith('STATE_UNUSABLE', file, 'left alone', 'try again'),
  );
  assert.equal(readFileSync(file, 'utf8'), '2');
  assert.deepEqual(folderOf(file), ['c.json']);
});

test('a removal leaves nothing, unless somebody wrote meanwhile', (t) => {
  const file = place(t, 'a');
  let tries = 0;
  replaceConfig(file, () => {
    if (tries++ > 0) return null;
    writeFileSync(file, 'theirs');
    return 'remove';
  });
  assert.equal(readFileSync(file, 'utf8'), 'theirs');
  replaceConfig(file, () => 'remove');
  assert.deepEqual(folderOf(file), []);
});

test('a folder that may not be written is told, and the file stays', (t) => {
  const file = place(t, 'a');
  chmodSync(dirname(file), 0o555);
  try {
    asOrdinaryUser(dirname(file), () =>
      assert.throws(() => replaceConfig(file, plus), failsWith('STATE_UNUSABLE', 'written (EACCES)')),
    );
  } finally {
    chmodSync(dirname(file), 0o755);
  }
  assert.equal(readFileSync(file, 'utf8'), 'a');
});

test('a file of somebody else is not replaced when it would become ours', (t) => {
  const file = place(t);
  symlinkSync('/etc/hostname', file);
  asOrdinaryUser(dirname(file), () =>
    assert.throws(() => replaceConfig(file, plus), failsWith('STATE_UNUSABLE', 'cannot be written')),
  );
});
