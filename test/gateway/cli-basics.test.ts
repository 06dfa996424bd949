// The command line as people and scripts meet it, without a gateway running: each command is its own gateway.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import Database from 'better-sqlite3';
import type { Profile } from '../../src-shared/model.ts';
import { startShim } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';

const scope = createScope();
const home = createHome(scope);
const three = createFake(home, 'three', '--tools', '3');
const dead = createFake(home, 'dead', '--exit-before-init', '3');

before(async () => {
  await nucleusOk(home, [
    'add',
    'fake',
    'three',
    ...three.flags,
    '--metadata',
    'zone=b',
    '--metadata',
    'area=a',
  ]);
  await nucleusOk(home, ['add', 'fake', 'dead', ...dead.flags, '--no-connect']);
});

test('--version prints the name and the version', async () => {
  verifies('NUC-001');
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  assert.match(version, /^\d+\.\d+\.\d+/);
  const { code, stdout, stderr } = await nucleus(home, ['--version']);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `nucleus ${version}\n`, stderr: '' });
});

test('all ten commands of the original and their aliases explain their flags', async () => {
  verifies('NUC-002');
  const flags: Record<string, readonly string[]> = {
    serve: ['--mode', '--profile', '--standalone'],
    add: ['--name', '--url', '--metadata', '--transport', '--scope', '--command', '--token-stdin'],
    list: ['--json'],
    ls: ['--json'],
    info: ['--no-probe'],
    inspect: ['--no-probe'],
    status: ['--no-probe'],
    remove: ['--force'],
    rm: ['--force'],
    delete: ['--force'],
    use: ['--clear'],
    connectors: ['--json'],
    install: ['--help'],
    logs: ['--help'],
    doctor: ['--help'],
  };
  await Promise.all(
    Object.entries(flags).map(async ([command, names]) => {
      const { code, stdout } = await nucleus(home, [command, '--help']);
      assert.equal(code, 0, command);
      assert.match(stdout, /Options:/, command);
      for (const name of names) assert.ok(stdout.includes(name), `${command} --help does not name ${name}`);
    }),
  );
});

test('an error is one sentence on stderr with an exit code, and nothing on stdout', async () => {
  verifies('NUC-003');
  const { code, stdout, stderr } = await nucleus(home, ['info', 'nope:x']);
  assert.equal(code, 4);
  assert.equal(stdout, '');
  assert.match(stderr, /^Error: no profile with id "nope:x"/);
  assert.equal(stderr.trimEnd().split('\n').length, 1);
});

test('stdout holds the table alone, or JSON', async () => {
  verifies('NUC-004', 'NUC-035');
  const table = await nucleusOk(home, ['list']);
  const rows = table.stdout.trimEnd().split('\n');
  assert.match(rows[0] ?? '', /^ID +DEFAULT +AGE +METADATA$/);
  assert.match(rows[1] ?? '', /^fake:dead +-? +\d+s +-$/);
  assert.match(rows[2] ?? '', /^fake:three +-? +\d+s +area=a zone=b$/);
  assert.equal(rows.length, 3);

  const json = (await nucleusJson(home, ['list'])) as Profile[];
  assert.deepEqual(
    json.map(({ id, metadata, isDefault }) => ({ id, metadata, isDefault })),
    [
      { id: 'fake:dead', metadata: {}, isDefault: false },
      { id: 'fake:three', metadata: { area: 'a', zone: 'b' }, isDefault: false },
    ],
  );
});

test('a list without profiles says how to add one, on stderr', async (t) => {
  verifies('NUC-035');
  const { code, stdout, stderr } = await nucleus(createHome(t), ['list']);
  assert.equal(code, 0);
  assert.equal(stdout, '');
  assert.match(stderr, /nucleus add/);
  assert.match(stderr, /sqlite/);
});

test('serve starts without a config file', async (t) => {
  verifies('NUC-005');
  const shim = startShim(t, createHome(t), { args: ['--standalone'] });
  const { serverInfo } = await shim.initialize();
  assert.equal((serverInfo as { name: string }).name, 'nucleus');
  assert.equal(await shim.close(), 0);
});

test('a config file that is no TOML stops serve, naming file and line', async (t) => {
  verifies('NUC-005');
  const broken = createHome(t, '# a comment\nx = ]\n');
  for (const args of [['serve', '--standalone'], ['serve']]) {
    const { code, stdout, stderr } = await nucleus(broken, args);
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.equal(stdout, '');
    assert.match(stderr, /^Error: .*config\.toml:2:5: /);
  }
});

test('a config file that was named and is not there is said, not replaced by defaults', async (t) => {
  const other = createHome(t);
  const { code, stderr } = await nucleus(other, ['list', '--config', 'gone.toml']);
  assert.deepEqual(
    { code, stderr },
    { code: 2, stderr: `Error: --config names ${join(other.user, 'gone.toml')}, which does not exist\n` },
  );
});

test('an unknown key of the config file is named', async (t) => {
  verifies('NUC-005');
  const { code, stderr } = await nucleus(createHome(t, '[upstream]\ncall_timeot = "1m"\n'), [
    'serve',
    '--standalone',
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /config\.toml/);
  assert.match(stderr, /call_timeot/);
});

test('only the user may read the state folder', () => {
  verifies('NUC-006');
  const modes = readdirSync(home.state, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return { path, mode: (statSync(path).mode & 0o777).toString(8), isFolder: entry.isDirectory() };
  });
  assert.equal((statSync(home.state).mode & 0o777).toString(8), '700');
  assert.ok(modes.some(({ path }) => path.endsWith('registry.db')));
  const open = modes.filter(({ path, mode, isFolder }) => {
    // The command that client entries point at has to be executable.
    const allowed = isFolder || path.endsWith('/bin/nucleus') ? '700' : '600';
    return mode !== allowed;
  });
  assert.deepEqual(open, []);
});

test('the registry is SQLite with the schema version and unique profiles', async (t) => {
  verifies('NUC-007');
  const path = home.path('copy.db');
  // A copy with the write-ahead log taken in, so that the registry itself is not touched.
  const registry = new Database(join(home.state, 'registry.db'), { readonly: true });
  await registry.backup(path);
  registry.close();
  const copy = new Database(path);
  t.after(() => copy.close());
  const version = copy.prepare(`SELECT val FROM meta WHERE key = 'schema_version'`).pluck().get() as string;
  assert.match(version, /^\d+$/);
  assert.ok(Number(version) >= 2, version);
  const row = copy
    .prepare(`SELECT id, connector, name, metadata FROM profiles WHERE id = 'fake:three'`)
    .get();
  assert.deepEqual(row, {
    id: 'fake:three',
    connector: 'fake',
    name: 'three',
    metadata: '{"zone":"b","area":"a"}',
  });
  assert.throws(
    () =>
      copy
        .prepare(
          `INSERT INTO profiles (id, connector, name, metadata, created_at) VALUES ('other:id', 'fake', 'three', '{}', 1)`,
        )
        .run(),
    /UNIQUE constraint failed: profiles\.connector, profiles\.name/,
  );
});

test('a profile name outside a-z 0-9 - _ is refused, naming the character', async () => {
  verifies('NUC-009');
  const refused = await nucleus(home, ['add', 'fake', 'A b', ...three.flags]);
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /^Error: invalid profile: name "A b" has invalid char 'A' \(allowed: a-z 0-9 - _\)/,
  );

  await nucleusOk(home, ['add', 'fake', 'a-z_09', ...three.flags, '--no-connect']);
  const { stderr } = await nucleusOk(home, ['remove', 'fake:a-z_09', '--force']);
  assert.match(stderr, /fake:a-z_09/);
});

test('connectors prints a sorted table', async () => {
  verifies('NUC-019');
  const { stdout } = await nucleusOk(home, ['connectors']);
  const [header = '', ...rows] = stdout.trimEnd().split('\n');
  assert.match(header, /^NAME +KIND +TRANSPORT +AUTH +DESCRIPTION$/);
  const names = rows.map((row) => row.split(' ')[0] ?? '');
  assert.deepEqual(names, names.toSorted());
  assert.ok(names.includes('fake'));
  const sqlite = rows.find((row) => row.startsWith('sqlite '));
  assert.match(sqlite ?? '', /^sqlite +builtin +stdio +none +\S/);
});

test('an unknown connector without a URL or a command is explained with an example', async () => {
  verifies('NUC-023');
  const { code, stdout, stderr } = await nucleus(home, ['add', 'acme', '--no-input']);
  assert.notEqual(code, 0);
  assert.equal(stdout, '');
  assert.match(stderr, /acme/);
  assert.match(stderr, /nucleus add acme .*(https:\/\/|--command)/);
});

test('adding to a connector whose file is broken says what is wrong with the file', async (t) => {
  verifies('NUC-016');
  const other = createHome(t);
  const file = other.write('connectors/acme.toml', 'schema = 1\nname = "acme\n');
  const { code, stderr } = await nucleus(other, ['add', 'acme', '--no-input']);
  assert.equal(code, 2);
  assert.match(stderr, /^Error: connector acme: line 2, column 13: .*; correct line 2 of /);
  assert.ok(stderr.includes(file));
});

test('info probes each upstream and shows a dead one beside the others', async () => {
  verifies('NUC-036');
  const { stdout, code } = await nucleus(home, ['info']);
  assert.equal(code, 0);
  const [deadPart = '', threePart = ''] = stdout.split('═══ ').slice(1);
  assert.match(deadPart, /^fake:dead/);
  assert.match(deadPart, /✗ .*exit code 3|✗ .*code 3/);
  assert.match(threePart, /^fake:three/);
  assert.match(threePart, /✓ 3 tools/);
});

test('info --no-probe starts nothing', async () => {
  verifies('NUC-037');
  const startsBefore = three.starts().length + dead.starts().length;
  const { stdout } = await nucleusOk(home, ['info', 'fake:three', '--no-probe']);
  assert.match(stdout, /═══ fake:three/);
  assert.doesNotMatch(stdout, /[✓✗] .*tools/);
  assert.equal(three.starts().length + dead.starts().length, startsBefore);
});

test('use moves the one default of a connector, and --clear takes it away', async () => {
  verifies('NUC-038');
  const defaults = async () =>
    ((await nucleusJson(home, ['list'])) as Profile[])
      .filter((profile) => profile.isDefault)
      .map(({ id }) => id);
  await nucleusOk(home, ['use', 'fake:dead']);
  await nucleusOk(home, ['use', 'fake:three']);
  assert.deepEqual(await defaults(), ['fake:three']);
  assert.match((await nucleusOk(home, ['list'])).stdout, /^fake:three +✓ /m);
  await nucleusOk(home, ['use', '--clear', 'fake']);
  assert.deepEqual(await defaults(), []);
});

test('remove without --force says what would go and keeps it', async () => {
  verifies('NUC-039');
  const { code, stderr } = await nucleus(home, ['remove', 'fake:dead']);
  assert.match(stderr, /--force/);
  assert.ok(code !== 0 || /fake:dead/.test(stderr));
  const asJson = await nucleus(home, ['remove', 'fake:dead', '--json']);
  assert.equal(asJson.code, code);
  assert.deepEqual(JSON.parse(asJson.stdout), { removed: [], wouldRemove: ['fake:dead'] });
  const recover = await nucleus(home, ['vault', 'recover', '--json']);
  assert.deepEqual(JSON.parse(recover.stdout), { lost: [], wouldLose: [] });
  const left = (await nucleusJson(home, ['list'])) as Profile[];
  assert.deepEqual(
    left.map(({ id }) => id),
    ['fake:dead', 'fake:three'],
  );
});

test('remove of what is not there says so', async () => {
  verifies('NUC-039');
  const { code, stderr } = await nucleus(home, ['remove', 'fake:gone', '--force']);
  assert.equal(code, 4);
  assert.match(stderr, /^Error: no profile with id "fake:gone"/);
});
