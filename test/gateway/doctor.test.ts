// nucleus doctor on machines where nothing is wrong, and on the parts of one that only a gateway or a network tells.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer as createSocketServer, type AddressInfo, type Server as SocketServer } from 'node:net';
import test, { type TestContext } from 'node:test';
import { localApi } from '../../src-main/gateway/downstream/control.ts';
import { account, createPatient, diagnose, listing } from '../helpers/doctor.ts';
import { createHome } from '../helpers/home.ts';
import { openDesk } from '../helpers/host.ts';
import { startKeyring } from '../helpers/keyring.ts';
import { longestTurn } from '../helpers/longest-turn.ts';
import { nucleus, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { needs } from '../helpers/require.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

test('looking makes no file: where nothing is, where a state is, and beside a running gateway', async (t) => {
  verifies('NUC-114');
  const empty = createHome(t);
  const bare = await nucleus(empty, ['doctor']);
  assert.equal(bare.code, 0);
  assert.match(bare.stderr, /^\[ ok \] state folder \S+ will be made with the first profile$/m);
  assert.deepEqual(listing(empty), ['user']);

  const patient = await createPatient(t);
  const { home, env } = patient;
  const before = listing(home);
  const registry = readFileSync(home.path('state/registry.db'));
  assert.deepEqual((await diagnose(patient, ['--strict'])).findings.filter(isBad), []);
  assert.deepEqual(listing(home), before);
  assert.ok(registry.equals(readFileSync(home.path('state/registry.db'))));

  await nucleusOk(home, ['start'], { env });
  const running = listing(home);
  const { code, findings } = await diagnose(patient);
  // The gateway gives each look 3 s, which a busy machine may not.
  const bad = findings.filter(isBad).filter(({ message }) => !message.includes('was not done after'));
  assert.deepEqual([code, bad], [0, []]);
  assert.match(
    findings.find(({ check }) => check === 'gateway')?.message ?? '',
    new RegExp(`^the gateway is running \\(pid ${home.endpoint()?.pid}, version `),
  );
  assert.deepEqual(listing(home), running);
});

test('programs are looked for where an account needs them, and no others are missed', async (t) => {
  verifies('NUC-114');
  const patient = await createPatient(t, {
    use: async (api) => {
      await api.profiles.add(account('npx', { launch: { command: 'npx', args: ['-y', 'some-server'] } }));
    },
  });
  // Neither docker nor uvx nor mcp-remote, whatever this machine has.
  const nowhere = { PATH: patient.home.path('no-bin'), SHELL: '/bin/false' };
  const { findings } = await diagnose(patient, [], nowhere);
  const programs = findings.filter(({ check }) => check === 'program');
  assert.deepEqual(programs.map(({ subject, level }) => `${level} ${subject}`).toSorted(), [
    'fail node',
    'fail npx',
    `ok ${process.execPath}`,
  ]);
  for (const { level, message, fix } of programs) {
    if (level === 'ok') continue;
    assert.match(message, /is not on the PATH of your login shell, so mine:npx cannot start$/);
    assert.match(fix ?? '', /^install Node\.js from https:\/\/nodejs\.org/);
  }
});

test('a gateway of another version is told, and how to have this one', async (t) => {
  const patient = await createPatient(t);
  const { home, env } = patient;
  await nucleusOk(home, ['start'], { env });
  home.write('run/endpoint.json', JSON.stringify({ ...home.endpoint(), version: '9.9.9' }));
  const { findings } = await diagnose(patient);
  const finding = findings.find(({ check }) => check === 'gateway');
  assert.match(finding?.message ?? '', /^the gateway is running \(pid \d+, version 9\.9\.9\), this is \d/);
  assert.deepEqual([finding?.level, finding?.fix], ['warn', 'nucleus stop, then nucleus start']);
});

test('a locked Nucleus is told, and how to unlock it', async (t) => {
  const patient = await createPatient(t);
  await nucleusOk(patient.home, ['lock'], { env: patient.env });
  const { findings } = await diagnose(patient);
  const finding = findings.find(({ check }) => check === 'locked');
  assert.match(finding?.message ?? '', /^Nucleus is locked since \d{4}-\S+: every call is refused$/);
  assert.deepEqual([finding?.level, finding?.fix], ['warn', 'nucleus unlock']);
});

test('--probe starts the server of each account, counts its tools and says whose does not answer', async (t) => {
  verifies('NUC-113', 'NUC-114');
  const patient = await createPatient(t, {
    use: async (api) => {
      await api.profiles.add(account('ill'));
    },
  });
  // A server gets 10 s to start, which is not enough on a machine that does much else.
  const reached = await until(
    'one server answers',
    async () => {
      const { code, findings } = await diagnose(patient, ['--probe']);
      assert.equal(code, 1);
      const all = findings.filter(({ check }) => check === 'reach');
      return all.some(({ level }) => level === 'ok') ? all : null;
    },
    60_000,
  );
  assert.deepEqual(
    reached.map(({ level, subject }) => [level, subject]),
    [
      ['fail', 'mine:ill'],
      ['ok', 'mine:main'],
    ],
  );
  const [ill, well] = reached;
  assert.match(ill?.message ?? '', /^mine:ill cannot be reached: /);
  assert.equal(ill?.fix, 'nucleus info mine:ill');
  assert.match(well?.message ?? '', /^mine:main answers \(\d+ tools\)$/);
});

test('--probe with an address: an answer and a refusal to let in pass, an error and silence fail', async (t) => {
  verifies('NUC-113');
  const home = createHome(t);
  const seen: unknown[] = [];
  const answering = (status: number): Promise<string> =>
    listen(
      t,
      createServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          seen.push(`${request.method} ${(JSON.parse(body) as { method: string }).method}`);
          response.writeHead(status).end('{}');
        });
      }),
    );
  const refused = await (async () => {
    const server = createSocketServer();
    const url = await listen(t, server);
    await new Promise((resolve) => server.close(resolve));
    return url;
  })();
  const silent = await listen(t, createSocketServer());
  const cases: readonly (readonly [string, number, RegExp])[] = [
    [await answering(200), 0, /^\[ ok \] \S+ answers \(200\)$/m],
    [await answering(401), 0, /^\[ ok \] \S+ answers and wants a sign-in \(401\)$/m],
    [await answering(404), 0, /^\[ ok \] \S+ answers \(404\)$/m],
    [await answering(500), 1, /^\[fail\] \S+ answers with 500\n {7}fix: look into the log of that server$/m],
    [refused, 1, /^\[fail\] \S+ cannot be reached: ECONNREFUSED\n {7}fix: check the address/m],
    [silent, 1, /^\[fail\] \S+ did not answer within 3 s\n {7}fix: check the address/m],
  ];
  for (const [url, code, line] of cases) {
    const outcome = await nucleus(home, ['doctor', '--probe', `${url}mcp?key=SENTINEL`], { within: 30_000 });
    assert.match(outcome.stderr, line);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.doesNotMatch(outcome.stderr, /SENTINEL/);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 4 }, () => 'POST initialize'),
  );
  const wrong = await nucleus(home, ['doctor', '--probe', 'mcp.example.com']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--probe takes an address that starts with http/);
});

test('the keychain is written, read and left as it was', async (t) => {
  verifies('NUC-114');
  if (!needs(t, 'keyring')) return;
  const home = createHome(t);
  const keyring = await startKeyring(t, home);
  const flags = ['--command', '/bin/true', '--secret-env', 'KEY', '--token-stdin', '--no-connect'];
  await nucleusOk(home, ['add', 'mine', ...flags], { env: keyring.env, stdin: 'sesame\n' });
  const well = await diagnose({ home, env: keyring.env });
  const keychain = well.findings.find(({ check }) => check === 'keychain');
  assert.deepEqual(
    [well.code, keychain?.message],
    [0, 'the keychain gives back what is written to it'],
    well.stderr,
  );
  await keyring.stop();
  const ill = await diagnose({ home, env: keyring.env });
  assert.equal(ill.code, 1);
  assert.match(ill.findings[0]?.message ?? '', /^the vault is locked: /);
  assert.match(ill.findings[0]?.fix ?? '', /^unlock the keychain/);
});

test('when the gateway cannot be opened, the files are told of all the same, and why', async (t) => {
  verifies('NUC-112');
  const home = createHome(t);
  const env = passphrase(home);
  home.write('registry.db', 'no registry at all, and not by far');
  home.write('policy.toml', '[[rule]]\nmatch = "*:*"\ndenny = ["*"]\n');
  const { code, stderr } = await nucleus(home, ['doctor'], { env });
  assert.equal(code, 1);
  assert.match(stderr, /^\[fail\] \S+policy\.toml:3:1: .*denny.*\n {7}fix: edit /m);
  assert.match(stderr, /^\[fail\] .*registry\.db.*\n {7}fix: put a backup in its place/m);
  assert.match(stderr, /^\[ ok \] no gateway is running/m);
  assert.equal(existsSync(home.path('state/run')), false);
  rmSync(home.path('state/registry.db'));
  assert.match((await nucleus(home, ['doctor'], { env })).stderr, /^\[warn\] there are no profiles yet$/m);
});

test('the app’s view gets the same, mends by a person only, and holds nobody up', async (t) => {
  verifies('NUC-114');
  const home = createHome(t, '[http]\nenabled = false\n');
  const { host } = await openDesk(t, home);
  const api = localApi(host.handlers);
  await api.profiles.add(account('main'));
  chmodSync(home.path('state/registry.db'), 0o644);
  await api.doctor.run({ probe: false });
  const { value: findings, milliseconds } = await longestTurn(() => api.doctor.run({ probe: false }));
  assert.ok(milliseconds < 50, `${milliseconds} ms in one turn`);
  const warned = findings.filter(({ check }) => check === 'file-mode');
  assert.deepEqual(
    warned.map(({ level, subject, isFixable }) => [level, subject, isFixable]),
    [['warn', home.path('state/registry.db'), true]],
  );
  // It is the gateway itself: what only a visitor can tell is not asked.
  assert.deepEqual(
    findings.filter(({ check }) => ['gateway', 'endpoint', 'lock', 'socket'].includes(check)),
    [],
  );
  assert.equal('fix' in api.doctor, false);
  const { signal } = new AbortController();
  const mended = await host.person.doctor.fix(
    { check: 'file-mode', subject: home.path('state/registry.db') },
    { signal },
  );
  assert.equal(mended.finding, null);
  assert.equal(statSync(home.path('state/registry.db')).mode & 0o777, 0o600);
  // What no finding says is mended by nobody.
  assert.deepEqual(
    await host.person.doctor.fix({ check: 'leftover', subject: home.path('passphrase') }, { signal }),
    { finding: null },
  );
  assert.ok(existsSync(home.path('passphrase')));
});

function isBad({ level }: { readonly level: string }): boolean {
  return level !== 'ok';
}

async function listen(t: TestContext, server: Server | SocketServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  if ('closeAllConnections' in server) t.after(() => server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
