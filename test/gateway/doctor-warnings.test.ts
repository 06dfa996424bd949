// What a person should know of their installation, planted all at once; and what holds a gateway up.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { acquireLock } from '../../src-main/gateway/storage/lock.ts';
import { createPaths } from '../../src-main/gateway/storage/paths.ts';
import type { Finding } from '../../src-shared/doctor.ts';
import {
  checkFinding,
  claudeFile,
  connected,
  createPatient,
  diagnose,
  listing,
  socketOf,
  type Fault,
} from '../helpers/doctor.ts';
import { nucleus } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

/** Works, and somebody should know: exit 0, with --strict 1. Planted in one home, so each has to be told beside the others. */
const warnings: readonly Fault[] = [
  {
    name: 'a state folder that others may look into',
    plant: ({ home }) => chmodSync(home.state, 0o755),
    check: 'home-mode',
    message: /^state folder \S+\/state is open to other users \(mode 755\)$/,
    fix: /^chmod 700 \S+\/state$/,
    isMended: true,
  },
  {
    name: 'a registry that others may read',
    plant: ({ home }) => chmodSync(home.path('state/registry.db'), 0o644),
    check: 'file-mode',
    message: /registry\.db is open to other users \(mode 644\)$/,
    fix: /^chmod 600 \S+registry\.db$/,
    isMended: true,
  },
  {
    name: 'what a write left that was killed',
    plant({ home }) {
      const file = home.write('run/.endpoint.json.0123456789ab.tmp', '{');
      utimesSync(file, 1, 1);
    },
    check: 'leftover',
    message: /\.endpoint\.json\.0123456789ab\.tmp was left behind by a write that did not end$/,
    fix: /^rm \S+\.tmp$/,
    isMended: true,
  },
  {
    name: 'a folder above that everybody may write',
    plant: ({ home }) => chmodSync(home.root, 0o777),
    check: 'home-parent',
    message: /above the state folder, can be written by every user/,
    fix: /^chmod go-w \S+, or point NUCLEUS_HOME elsewhere$/,
  },
  {
    name: 'clear tokens of the original',
    plant: ({ home }) => void home.write('oauth/atlas_work/tokens.json', '{"access_token":"SENTINEL"}'),
    check: 'clear-tokens',
    message: /left the tokens of its sign-ins in clear text in \S+oauth \(atlas_work\)$/,
    fix: /rm -r \S+oauth$/,
  },
  {
    name: 'an index that is no database',
    plant: ({ home }) => void home.write('audit.db', 'nothing that SQLite wrote'),
    check: 'audit-index',
    message: /audit\.db, by which calls are found, is damaged$/,
    fix: /^rm \S+audit\.db; it is made anew/,
    isMended: true,
  },
  {
    name: 'the address of a gateway that is gone',
    plant({ home }) {
      const endpoint = { pid: 2 ** 22 + 1, version: '0.1.0', socket: socketOf(home), startedAt: 1 };
      home.write('run/endpoint.json', JSON.stringify(endpoint));
    },
    check: 'endpoint',
    message: /endpoint\.json names process 4194305, which is gone$/,
    fix: /^rm \S+endpoint\.json; the first client starts a new gateway$/,
    isMended: true,
  },
  {
    name: 'a gateway that was stopped by hand',
    plant: ({ home }) => void home.write('run/stopped', ''),
    check: 'gateway',
    message: /^the gateway was stopped by you; clients wait$/,
    fix: /^nucleus start$/,
  },
  {
    name: 'a connector of one’s own that has the name of a built-in one',
    plant: ({ home }) =>
      void home.write(
        'connectors/linear.toml',
        'schema = 1\nname = "linear"\ntitle = "L"\ntransport = "http"\nurl = "http://127.0.0.1:9/mcp"\nauth = "none"\n',
      ),
    check: 'connector',
    message: /"linear" is a built-in connector; this file is ignored/,
    fix: /\S/,
  },
  {
    name: 'rules that allow more than what was accepted',
    made: {
      async use(api, _desk, home) {
        home.write('policy.toml', '[[rule]]\nmatch = "mine:main"\ndeny = ["drop_*"]\n');
        await until('the rules are kept', async () => (await api.policy.get({})).accepted !== null, 30_000);
      },
    },
    plant: ({ home }) => void home.write('policy.toml', '# nothing is denied\n'),
    check: 'policy',
    message: /policy\.toml allows more than what a person accepted, so the stricter of both judges$/,
    fix: /^nucleus policy accept$/,
  },
  {
    name: 'a file of a workspace that nobody trusted',
    made: {
      async use(api, _desk, home) {
        const folder = home.path('user/work');
        mkdirSync(folder);
        writeFileSync(join(folder, '.mcp-profiles.toml'), 'mine = "main"\n');
        await api.workspaces.add({ folder, name: 'work' });
      },
    },
    plant: () => {},
    check: 'workspace-file',
    message: /\.mcp-profiles\.toml does not apply: nobody said it may$/,
    fix: /nucleus workspace trust \S+\/work$/,
  },
  {
    name: 'an account nobody is signed in for',
    made: {
      use: async (api) => {
        await api.profiles.add({ connector: 'linear', name: 'work', connect: false });
      },
    },
    plant: () => {},
    check: 'sign-in',
    message: /^linear:work: /,
    fix: /^nucleus sign-in linear:work$/,
  },
  {
    name: 'more tools than the budget says',
    plant: ({ home }) =>
      void home.write('config.toml', '[http]\nenabled = false\n[surface]\nmode = "expose-all"\nbudget = 1\n'),
    check: 'surface',
    message: /^clients are shown \d+ tools, about \d+ tokens, over the 1 that surface\.budget says$/,
    fix: /surface\.mode = "auto"/,
  },
  {
    name: 'a client that dropped its entry',
    made: connected,
    plant: ({ home }) => writeFileSync(claudeFile(home), '{ "theme": "dark" }'),
    check: 'client-entry',
    message: /^Claude Desktop lost its entry in \S+claude_desktop_config\.json$/,
    fix: /^nucleus install claude-desktop$/,
    isMended: true,
  },
  {
    name: 'a passphrase in the environment',
    plant: () => {},
    check: 'vault',
    message: /^the passphrase of the vault stands in the environment/,
    fix: /NUCLEUS_VAULT_PASSPHRASE_FILE$/,
    env: () => ({
      NUCLEUS_VAULT_PASSPHRASE: 'correct horse battery staple',
      NUCLEUS_VAULT_PASSPHRASE_FILE: undefined,
    }),
  },
];

test('warnings are told beside each other, count when strict only, and --fix mends the safe ones alone', async (t) => {
  verifies('NUC-112', 'NUC-114');
  const patient = await createPatient(t, {
    async use(...args) {
      for (const { made } of warnings) if (typeof made === 'object') await made.use?.(...args);
    },
  });
  const { home } = patient;
  for (const fault of warnings) await fault.plant(patient, t);
  const env = Object.assign({}, ...warnings.map((fault) => fault.env?.(home) ?? {})) as Record<
    string,
    string
  >;
  const before = listing(home);
  const { code, findings } = await diagnose(patient, [], env);
  assert.deepEqual(listing(home), before);
  assert.deepEqual(
    findings.filter(({ level }) => level === 'fail'),
    [],
  );
  assert.equal(code, 0);
  assert.equal(findings.toSorted(byLevel).length, findings.length);
  assert.deepEqual(findings, findings.toSorted(byLevel), 'worst first');
  for (const fault of warnings) checkFinding(found(findings, fault), fault, 'warn');
  assert.doesNotMatch(JSON.stringify(findings), /SENTINEL|sesame|correct horse/);

  assert.equal((await diagnose(patient, ['--strict'], env)).code, 1);

  const mended = await diagnose(patient, ['--fix'], env);
  for (const fault of warnings)
    assert.equal(
      found(mended.findings, fault) === undefined,
      fault.isMended === true,
      `${fault.name}: ${JSON.stringify(mended.findings)}`,
    );
  assert.equal(
    mended.stderr.split('\n').filter((line) => line.startsWith('mended: ')).length,
    warnings.filter(({ isMended }) => isMended).length,
  );
  assert.ok(existsSync(home.path('state/oauth/atlas_work/tokens.json')));
  assert.equal(readFileSync(home.path('state/policy.toml'), 'utf8'), '# nothing is denied\n');
  assert.deepEqual(JSON.parse(readFileSync(claudeFile(home), 'utf8')), {
    theme: 'dark',
    mcpServers: {
      nucleus: { command: home.path('state/bin/nucleus'), args: ['serve', '--client', 'claude-desktop'] },
    },
  });
});

test('a client that still starts the original Nucleus is told, and left as it is', async (t) => {
  const patient = await createPatient(t, 'bare');
  const file = claudeFile(patient.home);
  const text = '{"mcpServers":{"nucleus":{"command":"/usr/local/bin/nucleus","args":["serve"]}}}';
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const { findings } = await diagnose(patient, ['--fix']);
  const finding = findings.find(({ check }) => check === 'client-entry');
  assert.match(
    finding?.message ?? '',
    /^Claude Desktop has an entry "nucleus" in \S+ that starts something else, such as the original Nucleus$/,
  );
  assert.deepEqual(
    [finding?.level, finding?.fix, finding?.isFixable],
    ['warn', 'nucleus install claude-desktop', false],
  );
  assert.equal(readFileSync(file, 'utf8'), text);
});

test('a client that starts Nucleus twice starts it once after --fix', async (t) => {
  const patient = await createPatient(t, connected);
  const file = claudeFile(patient.home);
  const entries = JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: Record<string, unknown> };
  const before = structuredClone(entries);
  entries.mcpServers['accounts'] = { command: '/usr/local/bin/nucleus', args: ['serve'] };
  writeFileSync(file, JSON.stringify(entries));
  const { findings } = await diagnose(patient);
  const finding = findings.find(({ check }) => check === 'client-duplicate');
  assert.match(
    finding?.message ?? '',
    /^Claude Desktop starts Nucleus more than once: \S+ has "?accounts"? as well$/,
  );
  assert.deepEqual(
    [finding?.level, finding?.fix, finding?.isFixable],
    ['warn', 'nucleus install claude-desktop', true],
  );
  const mended = await diagnose(patient, ['--fix']);
  assert.ok(!mended.findings.some(({ check, level }) => check === 'client-duplicate' && level === 'warn'));
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), before);
});

test('a process that holds the state folder and does not listen is named, and nothing of it is mended', async (t) => {
  const patient = await createPatient(t);
  patient.home.write('audit.db', 'nothing that SQLite wrote');
  const lock = acquireLock(createPaths(patient.home.env));
  t.after(() => lock?.release());
  const { findings, code, stderr } = await diagnose(patient, ['--fix']);
  assert.equal(code, 0);
  const [finding] = findings.filter(({ check }) => check === 'lock');
  assert.match(finding?.message ?? '', /^(process \d+|another nucleus process) holds the state folder/);
  if (process.platform === 'linux') assert.ok(finding?.message.includes(String(process.pid)));
  assert.match(finding?.fix ?? '', /^look again in half a minute; if it stays/);
  assert.match(stderr, /^not mended: .*audit\.db.*\n {7}why: another Nucleus process holds /m);
  assert.ok(findings.some(({ check, level }) => check === 'registry' && level === 'ok'));
});

test('a socket that a killed gateway left, without an address, is found and removed', async (t) => {
  const patient = await createPatient(t);
  const socket = socketOf(patient.home);
  mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
  t.after(() => rmSync(dirname(socket), { recursive: true, force: true }));
  const server = createServer().listen(`${socket}.first`);
  await until('it listens', () => server.listening);
  linkSync(`${socket}.first`, socket);
  await new Promise((resolve) => server.close(resolve));
  const { findings, code } = await diagnose(patient);
  const finding = findings.find(({ check }) => check === 'socket');
  assert.deepEqual(
    [code, finding?.level, finding?.message, finding?.fix],
    [0, 'warn', `${socket} was left by a gateway that is gone`, `rm ${socket}`],
  );
  await diagnose(patient, ['--fix']);
  assert.equal(existsSync(socket), false);
});

test('a port that another program took is told with who has it, with a gateway and without', async (t) => {
  verifies('NUC-114');
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await until('it listens', () => server.listening);
  const { port } = server.address() as { port: number };
  const patient = await createPatient(t);
  patient.home.write('config.toml', `[http]\nlisten = "127.0.0.1:${port}"\n`);
  const look = async (): Promise<Finding | undefined> =>
    (await diagnose(patient)).findings.find(({ check }) => check === 'http');
  const without = await look();
  assert.equal(without?.level, 'warn');
  assert.match(without.message, new RegExp(`listens on 127\\.0\\.0\\.1:${port}, so clients could not come`));
  assert.match(without.fix ?? '', /^end the other program or set http\.listen in config\.toml/);
  if (process.platform === 'linux') assert.ok(without.message.includes(`(pid ${process.pid})`));
  assert.equal((await nucleus(patient.home, ['start'], { env: patient.env })).code, 0);
  const running = await look();
  assert.match(running?.message ?? '', /^clients cannot come over HTTP: /);
  if (process.platform === 'linux') assert.ok(running?.message.includes(`pid ${process.pid})`));
});

function found(findings: readonly Finding[], { check, message }: Fault): Finding | undefined {
  return findings.find((finding) => finding.check === check && message.test(finding.message));
}

function byLevel(a: Finding, b: Finding): number {
  const levels = ['fail', 'warn', 'ok'];
  return levels.indexOf(a.level) - levels.indexOf(b.level);
}
