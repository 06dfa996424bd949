// For each host a file with what people and programs leave in them: ours is added, all else stays byte for byte.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createHosts, type Hosts } from '../../../src-main/gateway/hosts/hosts.ts';
import { createHostTable, type Host } from '../../../src-main/gateway/hosts/host-table.ts';
import { hostNames } from '../../../src-shared/host-names.ts';
import type { HostName, HostStatus } from '../../../src-shared/hosts.ts';
import { createFakeClock, createFakeLog } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';
import { shim, temporaryHome } from './support.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/hosts');

/** What stands in each file for us, as the host wants it. */
const entries: Readonly<Record<HostName, object>> = {
  'claude-desktop': { command: shim, args: ['serve', '--client', 'claude-desktop'] },
  'claude-code': {
    type: 'stdio',
    command: shim,
    args: ['serve', '--client', 'claude-code'],
    env: {},
  },
  cursor: { command: shim, args: ['serve', '--client', 'cursor'] },
  vscode: { type: 'stdio', command: shim, args: ['serve', '--client', 'vscode'] },
  windsurf: { command: shim, args: ['serve', '--client', 'windsurf'] },
  codex: { command: shim, args: ['serve', '--client', 'codex'] },
  gemini: { command: shim, args: ['serve', '--client', 'gemini'] },
  zed: { source: 'custom', command: shim, args: ['serve', '--client', 'zed'] },
};

/** Where each file is on Linux, and its section. */
const places: Readonly<Record<HostName, readonly [file: string, section: string]>> = {
  'claude-desktop': ['.config/Claude/claude_desktop_config.json', 'mcpServers'],
  'claude-code': ['.claude.json', 'mcpServers'],
  cursor: ['.cursor/mcp.json', 'mcpServers'],
  vscode: ['.config/Code/User/mcp.json', 'servers'],
  windsurf: ['.codeium/windsurf/mcp_config.json', 'mcpServers'],
  codex: ['.codex/config.toml', 'mcp_servers'],
  gemini: ['.gemini/settings.json', 'mcpServers'],
  zed: ['.config/zed/settings.json', 'context_servers'],
};

interface Desk {
  readonly host: Host;
  readonly hosts: Hosts;
  readonly file: string;
  status(): HostStatus;
  read(): Buffer;
  /** All that its file names, as the host would read it. */
  entries(): Readonly<Record<string, unknown>>;
}

/** One host of somebody on Linux. `content` null: it is installed, without a file. */
function createDesk(t: TestContext, name: HostName, content: Buffer | string | null): Desk {
  const user = temporaryHome(t);
  const place = { user, env: {}, platform: 'linux' as const, shim };
  const host = createHostTable(place).find((one) => one.host === name) as Host;
  const file = join(user, places[name][0]);
  if (name === 'claude-code') mkdirSync(join(user, '.claude'));
  mkdirSync(dirname(file), { recursive: true });
  if (content !== null) writeFileSync(file, content, { mode: 0o644 });
  const hosts = createHosts({
    ...place,
    folder: join(user, 'state/hosts'),
    clock: createFakeClock(),
    log: createFakeLog(),
  });
  return {
    host,
    hosts,
    file,
    status: () => hosts.list().find((one) => one.host === name) as HostStatus,
    read: () => readFileSync(file),
    entries: () => hosts.servers().find((one) => one.host === name)?.entries ?? {},
  };
}

function fixture(name: HostName): Buffer {
  return readFileSync(join(fixtures, `${name}.${name === 'codex' ? 'toml' : 'json'}`));
}

/** What was put in between, when nothing else is different. */
function inserted(before: Buffer, after: Buffer): string {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  assert.equal(start + end, before.length, `more than an insertion: ${after.toString()}`);
  return after.subarray(start, after.length - end).toString();
}

for (const name of hostNames) {
  test(`${name}: ours is added and every other byte stays, and undo restores every byte`, (t) => {
    verifies('NUC-110', 'NEX-060');
    const before = fixture(name);
    const desk = createDesk(t, name, before);
    const others = desk.entries();
    assert.deepEqual([desk.status().state, desk.status().others], ['missing', Object.keys(others)]);
    const { status, changed } = desk.hosts.connect({ host: name });
    assert.equal(status.state, 'connected');
    assert.match(inserted(before, desk.read()), /nucleus/);
    assert.deepEqual(desk.entries(), { ...others, nucleus: entries[name] });
    assert.deepEqual(readFileSync(changed[0]?.backup ?? ''), before);
    assert.equal(statSync(desk.file).mode & 0o777, 0o644);
    assert.deepEqual(desk.hosts.undo({ host: name }), [{ file: desk.file, how: 'restored' }]);
    assert.deepEqual(desk.read(), before);
    assert.deepEqual([desk.status().consented, desk.status().backup], [false, null]);
  });

  test(`${name}: a new file is ours alone, private, and gone after undo`, (t) => {
    const desk = createDesk(t, name, null);
    assert.equal(desk.status().state, 'missing');
    desk.hosts.connect({ host: name });
    assert.deepEqual(desk.entries(), { nucleus: entries[name] });
    assert.equal(statSync(desk.file).mode & 0o777, 0o600);
    assert.equal(desk.host.path[0], places[name][1]);
    desk.hosts.undo({ host: name });
    assert.throws(desk.read, /ENOENT/);
  });

  test(`${name}: what somebody wrote since connecting is kept by undo`, (t) => {
    const before = fixture(name);
    const desk = createDesk(t, name, before);
    desk.hosts.connect({ host: name });
    appendFileSync(desk.file, name === 'codex' ? '\n[later]\nx = 1\n' : '\n\n');
    assert.deepEqual(desk.hosts.undo({ host: name }), [{ file: desk.file, how: 'merged' }]);
    const rest = desk.read().toString();
    assert.ok(!rest.includes(shim));
    assert.ok(rest.endsWith(name === 'codex' ? '[later]\nx = 1\n' : '\n\n'));
    assert.deepEqual(Object.keys(desk.entries()), Object.keys(createDesk(t, name, before).entries()));
  });

  test(`${name}: an edited entry is changed, and put right where it is`, (t) => {
    const desk = createDesk(t, name, fixture(name));
    const others = desk.entries();
    desk.hosts.connect({ host: name });
    const text = desk.read().toString();
    writeFileSync(desk.file, text.replace(shim, '/tmp/other'));
    assert.equal(desk.status().state, 'changed');
    assert.match(desk.status().preview, /^\+.*\.nucleusmcp\/bin\/nucleus/m);
    assert.equal(desk.hosts.connect({ host: name }).status.state, 'connected');
    assert.deepEqual(desk.entries(), { ...others, nucleus: entries[name] });
    desk.hosts.undo({ host: name });
    assert.deepEqual(desk.entries(), others);
  });

  test(`${name}: a malformed file is told about and left alone`, (t) => {
    for (const broken of name === 'codex' ? ['[mcp_servers', 'a = 1\na = 2\n'] : ['{', '[]', '{"a":1,,}']) {
      const desk = createDesk(t, name, broken);
      const { state, problem, preview } = desk.status();
      assert.deepEqual([state, preview], ['unreadable', '']);
      assert.match(problem ?? '', /mend it, Nucleus leaves it alone until then$/);
      assert.throws(() => desk.hosts.connect({ host: name }), { code: 'CONFIG_INVALID' });
      assert.equal(desk.read().toString(), broken);
    }
  });

  test(`${name}: a read-only file loses nothing, a link stays a link`, (t) => {
    const before = fixture(name);
    const desk = createDesk(t, name, null);
    const target = `${desk.file}.mine`;
    writeFileSync(target, before, { mode: 0o444 });
    symlinkSync(target, desk.file);
    assert.throws(() => desk.hosts.connect({ host: name }), { code: 'STATE_UNUSABLE' });
    assert.deepEqual(readFileSync(target), before);
    chmodSync(target, 0o600);
    desk.hosts.connect({ host: name });
    assert.ok(lstatSync(desk.file).isSymbolicLink());
    assert.match(inserted(before, readFileSync(target)), /nucleus/);
    desk.hosts.undo({ host: name });
    assert.ok(lstatSync(desk.file).isSymbolicLink());
    assert.deepEqual(readFileSync(target), before);
  });
}
