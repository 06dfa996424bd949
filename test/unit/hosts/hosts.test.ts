import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { HostStatus } from '../../../src-shared/hosts.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';
import { failsWith } from '../storage/support.ts';
import { createDesk, hashOf, minimal, ours, shim, temporaryHome, type Desk } from './support.ts';

const theirs = '{\n  // mine\n  "mcpServers": {\n    "fs": { "command": "x" },\n  },\n  "z": 1\n}';
const connected = `{
  // mine
  "mcpServers": {
    "nucleus": {
      "command": "/home/ada/.nucleusmcp/bin/nucleus",
      "args": [
        "serve",
        "--client",
        "claude-desktop"
      ]
    },
    "fs": { "command": "x" },
  },
  "z": 1
}`;
const copies = (desk: Desk): string[] => readdirSync(desk.kept).filter((name) => name !== 'state.json');

test('without Claude Desktop nothing is offered and nothing is made', (t) => {
  const desk = createDesk(t, { installed: false });
  assert.deepEqual(desk.status(), {
    host: 'claude-desktop',
    title: 'Claude Desktop',
    state: 'not-installed',
    file: desk.file,
    consented: false,
    preview: '',
    backup: null,
    problem: null,
    others: [],
    duplicates: [],
    repairedAt: null,
  });
  assert.throws(
    desk.connect,
    failsWith('REQUEST_INVALID', 'Claude Desktop is not installed', 'start it once'),
  );
  assert.equal(desk.undo().state, 'not-installed');
  assert.deepEqual(readdirSync(desk.user), []);
});

test('looking changes nothing: the entry waits for consent, with what would be written', (t) => {
  verifies('NEW-040');
  const desk = createDesk(t, { content: theirs });
  const status = desk.status();
  assert.deepEqual([status.state, status.consented, status.backup], ['missing', false, null]);
  assert.equal(
    status.preview,
    `--- ${desk.file}
+++ ${desk.file}
@@ -3,0 +4,8 @@
+    "nucleus": {
+      "command": "/home/ada/.nucleusmcp/bin/nucleus",
+      "args": [
+        "serve",
+        "--client",
+        "claude-desktop"
+      ]
+    },
`,
  );
  assert.equal(desk.read(), theirs);
  assert(!existsSync(desk.kept));
  assert.deepEqual(HostStatus.parse(status), status);
});

test('one yes writes the entry and leaves every other byte', (t) => {
  verifies('NEW-040');
  const desk = createDesk(t, { content: theirs });
  chmodSync(desk.file, 0o640);
  const status = desk.connect();
  assert.deepEqual([status.state, status.consented, status.preview], ['connected', true, '']);
  assert.equal(desk.read(), connected);
  assert.equal(statSync(desk.file).mode & 0o777, 0o640);
  assert.deepEqual(desk.status(), status);
});

test('a missing file is made with our entry alone', (t) => {
  const desk = createDesk(t);
  assert.match(desk.status().preview, /^--- \/dev\/null\n/);
  assert.equal(desk.connect().state, 'connected');
  assert.equal(desk.read(), minimal);
});

for (const content of ['', ' \n\t', '\uFEFF'])
  test(`an empty file (${JSON.stringify(content)}) gets our entry, and is as empty again after undo`, (t) => {
    const desk = createDesk(t, { content });
    desk.connect();
    assert.equal(desk.read().replace('\uFEFF', ''), minimal);
    assert.equal(desk.read().startsWith('\uFEFF'), content === '\uFEFF');
    desk.undo();
    assert.equal(desk.read(), content);
  });

test('the copy made before the write is exact, private and named in the status', (t) => {
  verifies('NEW-040');
  const desk = createDesk(t, { content: theirs });
  const before = desk.hash();
  const { backup } = desk.connect();
  assert.equal(backup, join(desk.kept, '2026-01-02T03-04-05.678Z.json'));
  assert.equal(hashOf(backup), before);
  for (const name of readdirSync(desk.kept))
    assert.equal(statSync(join(desk.kept, name)).mode & 0o777, 0o600, name);
  assert.equal(statSync(desk.kept).mode & 0o777, 0o700);
});

test('what is remembered is pinned', (t) => {
  const desk = createDesk(t, { content: theirs });
  const before = desk.hash();
  const { backup } = desk.connect();
  assert.deepEqual(JSON.parse(readFileSync(join(desk.kept, 'state.json'), 'utf8')), {
    version: 1,
    consentedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    undo: {
      [desk.file]: [
        {
          backup: basename(backup ?? ''),
          backupHash: before,
          hash: desk.hash(),
          existed: true,
          replaced: [],
        },
      ],
    },
    seen: { [desk.file]: ['fs'] },
    repairs: [],
  });
});

for (const [what, content] of [
  ['comments and trailing commas', theirs],
  ['CRLF', '{\r\n  "mcpServers": {\r\n    "fs": {}\r\n  }\r\n}\r\n'],
  ['a byte order mark', '\uFEFF{"mcpServers":{"fs":{}}}'],
  ['no section', '{"theme":"dark"}'],
  ['an entry of our name somebody made by hand', '{"mcpServers":{"nucleus":{"command":"npx"}}}'],
] as const)
  test(`undo restores a file with ${what} byte for byte`, (t) => {
    verifies('NEW-040');
    const desk = createDesk(t, { content });
    const before = desk.hash();
    assert.equal(desk.connect().state, 'connected');
    assert.notEqual(desk.hash(), before);
    const status = desk.undo();
    assert.equal(desk.hash(), before);
    assert.deepEqual([status.consented, status.backup], [false, null]);
  });

test('undo removes a file that was not there before', (t) => {
  const desk = createDesk(t);
  assert.notEqual(desk.connect().backup, null);
  const status = desk.undo();
  assert(!existsSync(desk.file));
  assert.deepEqual([status.state, status.consented, status.backup], ['missing', false, null]);
});

test('undo after somebody else wrote takes out our entry and keeps theirs', (t) => {
  verifies('NEW-040');
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  writeFileSync(desk.file, connected.replace('"z": 1', '"z": 2, "new": true'));
  desk.undo();
  assert.equal(desk.read(), theirs.replace('"z": 1', '"z": 2, "new": true'));
});

test('undo of a new file that somebody else wrote to since keeps the file', (t) => {
  const desk = createDesk(t);
  desk.connect();
  writeFileSync(desk.file, JSON.stringify({ mcpServers: { nucleus: ours, fs: {} } }));
  desk.undo();
  assert.equal(desk.read(), '{"mcpServers":{"fs":{}}}');
});

test('undo after somebody else wrote gives an entry made by hand back', (t) => {
  const desk = createDesk(t, { content: '{"mcpServers":{"nucleus":{"command":"npx"}}}' });
  desk.connect();
  writeFileSync(desk.file, JSON.stringify({ mcpServers: { nucleus: ours }, z: 1 }));
  desk.undo();
  assert.equal(desk.read(), '{"mcpServers":{"nucleus":{"command":"npx"}},"z":1}');
});

test('undo of a wiped entry leaves the file as it is', (t) => {
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  writeFileSync(desk.file, '{"wiped":true}');
  assert.equal(desk.undo().consented, false);
  assert.equal(desk.read(), '{"wiped":true}');
});

test('undo never puts back a copy that is gone or altered: our entry goes alone', (t) => {
  for (const spoil of [
    (path: string) => rmSync(path),
    (path: string) => writeFileSync(path, '{"mcpServers":{"evil":{"command":"sh"}}}'),
  ]) {
    const desk = createDesk(t, { content: theirs });
    const { backup } = desk.connect();
    assert(backup !== null);
    spoil(backup);
    desk.undo();
    assert.equal(desk.read(), theirs);
  }
});

test('undo without a yes before touches nothing, an entry made by hand included', (t) => {
  const content = JSON.stringify({ mcpServers: { nucleus: ours } });
  const desk = createDesk(t, { content });
  assert.equal(desk.undo().state, 'connected');
  assert.equal(desk.read(), content);
  assert(!existsSync(desk.kept));
});

test('undo twice is undo once', (t) => {
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  desk.undo();
  writeFileSync(desk.file, connected);
  desk.undo();
  assert.equal(desk.read(), connected);
});

test('an entry that is there already is agreed to without a write', (t) => {
  const content = JSON.stringify({ mcpServers: { nucleus: ours } });
  const desk = createDesk(t, { content });
  const status = desk.connect();
  assert.deepEqual([status.state, status.consented, status.backup], ['connected', true, null]);
  assert.equal(desk.read(), content);
  desk.undo();
  assert.equal(desk.read(), '{"mcpServers":{}}');
});

test('a wiped entry is missing with consent, and connecting again repairs it', (t) => {
  verifies('NEW-040');
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  writeFileSync(desk.file, '{\n  "mcpServers": {\n    "fs": {}\n  }\n}\n');
  const wiped = desk.status();
  assert.deepEqual([wiped.state, wiped.consented], ['missing', true]);
  assert.match(wiped.preview, /^\+ {4}"nucleus": \{$/m);
  assert.equal(desk.connect().state, 'connected');
  assert.deepEqual(JSON.parse(desk.read()), { mcpServers: { nucleus: ours, fs: {} } });
});

test('a file that was removed counts as wiped, a folder that was removed as not installed', (t) => {
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  rmSync(desk.file);
  assert.deepEqual([desk.status().state, desk.status().consented], ['missing', true]);
  rmSync(dirname(desk.file), { recursive: true });
  assert.deepEqual([desk.status().state, desk.status().consented], ['not-installed', true]);
  assert.equal(desk.undo().consented, false);
});

test('an entry somebody edited is changed, whatever the order of its members', (t) => {
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  const rewrite = (entry: unknown): string => {
    writeFileSync(desk.file, JSON.stringify({ mcpServers: { nucleus: entry } }));
    return desk.status().state;
  };
  assert.equal(rewrite({ args: ours.args, command: shim }), 'connected');
  assert.equal(rewrite({ ...ours, command: '/tmp/other' }), 'changed');
  assert.equal(rewrite({ ...ours, env: { A: '1' } }), 'changed');
  assert.equal(rewrite({ ...ours, args: ['serve'] }), 'changed');
  assert.equal(rewrite(null), 'changed');
  assert.match(desk.status().preview, /^-.*"nucleus":null/m);
  assert.equal(desk.connect().state, 'connected');
});

for (const [content, sentence] of [
  ['[]', 'is not a JSON object'],
  ['{"mcpServers": [', 'is not valid JSON (line 1, column 17)'],
  ['{"mcpServers": []}', 'has a "mcpServers" that is not an object'],
  ['{"mcpServers": {}, "mcpServers": {}}', 'has "mcpServers" twice'],
  [Buffer.from([0x7b, 0xff, 0x7d]), 'is not UTF-8 text'],
  [Buffer.alloc(20 * 1024 * 1024 + 1, 0x20), 'is larger than 20 MiB'],
] as const)
  test(`a file that ${sentence} is unreadable, with the sentence, and never touched`, (t) => {
    const desk = createDesk(t, { content });
    const before = desk.hash();
    const status = desk.status();
    assert.deepEqual([status.state, status.preview], ['unreadable', '']);
    assert(status.problem?.startsWith(`${desk.file} ${sentence}`), String(status.problem));
    assert.throws(desk.connect, failsWith('CONFIG_INVALID', sentence));
    assert.equal(desk.hash(), before);
    assert.equal(desk.status().consented, false);
    assert(!existsSync(desk.kept));
  });

test('a file that became unreadable since is not touched by undo, and can be undone once it is mended', (t) => {
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  writeFileSync(desk.file, `${connected} oops`);
  assert.throws(desk.undo, failsWith('CONFIG_INVALID', 'is not valid JSON'));
  assert.equal(desk.read(), `${connected} oops`);
  writeFileSync(desk.file, connected);
  desk.undo();
  assert.equal(desk.read(), theirs);
});

test('a read-only file is told apart: its state is known, writing fails and consents to nothing', (t) => {
  const desk = createDesk(t, { content: theirs });
  chmodSync(desk.file, 0o444);
  assert.equal(desk.status().state, 'missing');
  assert.throws(desk.connect, failsWith('STATE_UNUSABLE', 'read-only'));
  const status = desk.status();
  assert.deepEqual([status.consented, status.backup], [false, null]);
  assert.equal(desk.read(), theirs);
});

test('a linked file is followed, and undone, without harm to the link', (t) => {
  const desk = createDesk(t);
  const target = join(desk.user, 'dotfiles.json');
  writeFileSync(target, theirs);
  symlinkSync(target, desk.file);
  desk.connect();
  assert.equal(readlinkSync(desk.file), target);
  assert.equal(readFileSync(target, 'utf8'), connected);
  desk.undo();
  assert.equal(readlinkSync(desk.file), target);
  assert.equal(readFileSync(target, 'utf8'), theirs);
});

test('a new file that was moved behind a link since is not removed by undo', (t) => {
  const desk = createDesk(t);
  desk.connect();
  const target = join(desk.user, 'dotfiles.json');
  renameSync(desk.file, target);
  symlinkSync(target, desk.file);
  desk.undo();
  assert(lstatSync(desk.file).isSymbolicLink());
  assert.deepEqual(JSON.parse(readFileSync(target, 'utf8')), { mcpServers: {} });
});

test('a write of Claude’s between our look and our write is not lost, and undo keeps it too', (t) => {
  const clock = createFakeClock();
  let isArmed = true;
  // The clock is asked for the copy's name: after the file was read, before it is replaced.
  const desk = createDesk(t, {
    content: theirs,
    clock: {
      ...clock,
      now() {
        if (isArmed) writeFileSync(desk.file, theirs.replace('"z": 1', '"z": 2'));
        isArmed = false;
        return clock.now();
      },
    },
  });
  assert.equal(desk.connect().state, 'connected');
  assert.equal(desk.read(), connected.replace('"z": 1', '"z": 2'));
  desk.undo();
  assert.equal(desk.read(), theirs.replace('"z": 1', '"z": 2'));
});

test('a file Claude keeps writing is left to it, and nothing is consented', (t) => {
  const clock = createFakeClock();
  let count = 0;
  const desk: Desk = createDesk(t, {
    content: theirs,
    clock: {
      ...clock,
      now() {
        writeFileSync(desk.file, `{"z": ${++count}}`);
        return clock.now();
      },
    },
  });
  assert.throws(desk.connect, failsWith('STATE_UNUSABLE', 'left alone'));
  assert.equal(desk.read(), '{"z": 2}');
  assert.deepEqual([desk.status().consented, desk.status().backup], [false, null]);
});

test('the newest ten copies are kept, and the first', (t) => {
  const desk = createDesk(t, { content: '{"n":0}' });
  for (let n = 1; n <= 14; n++) {
    desk.connect();
    writeFileSync(desk.file, `{"n":${n}}`);
  }
  const kept = copies(desk).map((name) => readFileSync(join(desk.kept, name), 'utf8'));
  assert.deepEqual(
    kept.toSorted(),
    [0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((n) => `{"n":${n}}`).toSorted(),
  );
});

test('the copy to undo to is kept, however many came after it, and so is what is not ours', (t) => {
  const { usual, store, desk } = createWindows(t);
  writeFileSync(usual, theirs);
  desk.connect();
  writeFileSync(join(desk.kept, 'notes.json'), 'mine');
  for (let n = 0; n < 14; n++) {
    writeFileSync(store, '{}');
    desk.connect();
  }
  assert(existsSync(join(desk.kept, 'notes.json')));
  desk.undo();
  assert.equal(readFileSync(usual, 'utf8'), theirs);
});

test('a clock that was set back mixes no copies up', (t) => {
  const times = [3_000_000, 2_000_000, 1_000_000, 0];
  const clock = { ...createFakeClock(), now: () => times.shift() ?? 0 };
  const desk = createDesk(t, { content: '{"n":0}', clock });
  const first = desk.connect().backup;
  writeFileSync(desk.file, '{"n":1}');
  const second = desk.connect().backup;
  assert(first !== null && second !== null && first < second);
  assert.equal(readFileSync(second, 'utf8'), '{"n":1}');
});

test('what is remembered survives a restart', (t) => {
  const first = createDesk(t, { content: theirs });
  const before = first.hash();
  first.connect();
  const second = createDesk(t, { user: first.user });
  assert.deepEqual(second.status(), first.status());
  second.undo();
  assert.equal(second.hash(), before);
});

test('a damaged memory is said in the log and asks for consent again', (t) => {
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  for (const damage of [
    '{',
    '[]',
    '{"version":2,"consentedAt":1,"undo":{}}',
    '{"version":1,"consentedAt":"1","undo":{}}',
    '{"version":1,"consentedAt":1,"undo":{"/c":{}}}',
  ]) {
    writeFileSync(join(desk.kept, 'state.json'), damage);
    const status = desk.status();
    assert.deepEqual([status.state, status.consented, status.backup], ['connected', false, null]);
  }
  assert.match(desk.log.lines.at(-1) ?? '', /^warn .*consent and undo are lost$/);
});

test('a memory that points out of its folder is refused', (t) => {
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  const state = join(desk.kept, 'state.json');
  const memory = readFileSync(state, 'utf8').replace(/"backup": "[^"]*"/, '"backup": "../../x.json"');
  writeFileSync(state, memory);
  assert.equal(desk.status().consented, false);
});

test('the log never shows what is in the file', (t) => {
  const desk = createDesk(t, { content: '{"mcpServers":{"gh":{"env":{"TOKEN":"hunter2"}}}}' });
  assert.doesNotMatch(desk.status().preview, /hunter2/);
  desk.connect();
  desk.undo();
  assert.doesNotMatch(JSON.stringify([desk.log.lines, desk.log.fields]), /hunter2/);
});

/** Windows with the usual and the Store installation. */
function createWindows(t: Parameters<typeof createDesk>[0]) {
  const user = temporaryHome(t);
  const name = 'claude_desktop_config.json';
  const usual = join(user, 'AppData/Roaming/Claude', name);
  const store = join(user, 'AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude', name);
  for (const file of [usual, store]) mkdirSync(dirname(file), { recursive: true });
  return { usual, store, desk: createDesk(t, { user, platform: 'win32', installed: false }) };
}

test('on Windows both installations are written and undone', (t) => {
  verifies('NEW-040');
  const { usual, store, desk } = createWindows(t);
  writeFileSync(usual, theirs);
  const preview = desk.status().preview;
  assert(preview.includes(`+++ ${usual}\n`) && preview.includes(`+++ ${store}\n`));
  assert.equal(desk.connect().state, 'connected');
  assert.equal(readFileSync(usual, 'utf8'), connected);
  assert.equal(readFileSync(store, 'utf8'), minimal);
  assert.equal(copies(desk).length, 2);
  desk.undo();
  assert.equal(readFileSync(usual, 'utf8'), theirs);
  assert(!existsSync(store));
});

test('on Windows the installation that lost its entry is the one shown', (t) => {
  const { usual, store, desk } = createWindows(t);
  desk.connect();
  writeFileSync(store, '{}');
  const status = desk.status();
  assert.deepEqual([status.state, status.file, status.consented], ['missing', store, true]);
  assert(!status.preview.includes(usual));
});

test('on Windows an unreadable file of one installation keeps the other untouched', (t) => {
  const { usual, store, desk } = createWindows(t);
  writeFileSync(usual, theirs);
  writeFileSync(store, '[]');
  assert.deepEqual([desk.status().state, desk.status().file], ['unreadable', store]);
  assert.throws(desk.connect, failsWith('CONFIG_INVALID', store));
  assert.equal(readFileSync(usual, 'utf8'), theirs);
});

test('on Windows a write that fails half way can be undone', (t) => {
  const { usual, store, desk } = createWindows(t);
  writeFileSync(usual, theirs);
  writeFileSync(store, '{}');
  chmodSync(store, 0o444);
  assert.throws(desk.connect, failsWith('STATE_UNUSABLE', store, 'read-only'));
  assert.deepEqual([readFileSync(usual, 'utf8'), desk.status().consented], [connected, false]);
  assert.notEqual(desk.status().backup, null);
  desk.undo();
  assert.deepEqual([readFileSync(usual, 'utf8'), readFileSync(store, 'utf8')], [theirs, '{}']);
});

test('on macOS the file below Application Support is written', (t) => {
  const user = temporaryHome(t);
  const file = join(user, 'Library/Application Support/Claude/claude_desktop_config.json');
  mkdirSync(dirname(file), { recursive: true });
  const desk = createDesk(t, { user, platform: 'darwin', installed: false });
  assert.deepEqual([desk.connect().state, desk.status().file], ['connected', file]);
  assert.equal(readFileSync(file, 'utf8'), minimal);
});
