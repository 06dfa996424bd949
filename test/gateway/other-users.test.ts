// Other users of the machine: what is ours is closed to them, and what is theirs is never taken for ours.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { connectClient, startGateway, startShim, textOf } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { createLines } from '../helpers/lines.ts';
import { nucleus, nucleusOk } from '../helpers/nucleus.ts';
import { gone, kill } from '../helpers/processes.ts';
import { needs } from '../helpers/require.ts';
import { withDeadline } from '../helpers/until.ts';

const nobody = 65_534;
/** Node starts first: it may lie where only root can reach it. */
const becomeNobody = `process.setgroups([]); process.setgid(${nobody}); process.setuid(${nobody});`;

/** The address of a gateway that is no more, as a restart of the machine leaves it. */
function writeStaleEndpoint(home: Home): string {
  const socket = join(`/tmp/nucleus-stale-${home.root.split('-').at(-1)}`, 's');
  const endpoint = { pid: 2 ** 22 + 1, version: '0.1.0', socket, startedAt: 1 };
  home.write('run/endpoint.json', JSON.stringify(endpoint));
  return socket;
}

/** Another user who listens where our gateway did, in a folder as open as `mode`, and answers like a gateway. */
async function startImpostor(t: TestContext, socket: string, mode: number) {
  const code = `
    ${becomeNobody}
    process.umask(0);
    const { mkdirSync } = require('node:fs');
    mkdirSync(${JSON.stringify(dirname(socket))}, { mode: ${mode} });
    let connections = 0, bytes = 0;
    const say = (method) => console.log(JSON.stringify({ method, params: { connections, bytes } }));
    require('node:net').createServer((client) => {
      connections += 1;
      client.on('data', (data) => { bytes += data.length; }).on('error', () => {});
      client.write('{"nucleus":1,"version":"0.1.0","pid":1,"notes":[]}\\n');
    }).listen(${JSON.stringify(socket)}, () => say('listening'));
    process.stdin.on('data', () => say('seen'));
  `;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(async () => {
    kill(child.pid ?? 0);
    await gone(child.pid ?? 0);
    rmSync(dirname(socket), { recursive: true, force: true });
  });
  const lines = createLines(child.stdout, child.stdin);
  await lines.next('the impostor listens', ({ method }) => method === 'listening');
  return async () => {
    lines.notify('seen');
    return (await lines.next('what the impostor saw', ({ method }) => method === 'seen')).params;
  };
}

for (const mode of [0o777, 0o700])
  test(`another user who listens in our place, in a folder of mode ${mode.toString(8)}, gets not one byte`, async (t) => {
    if (!needs(t, 'setpriv')) return;
    const home = createHome(t);
    const socket = writeStaleEndpoint(home);
    const seen = await startImpostor(t, socket, mode);
    const commands = ['status', 'list', 'start', 'stop', 'clients', 'tools'];
    const shim = startShim(t, home);
    shim.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} });
    assert.equal(await withDeadline('the end of the shim', shim.ended), 1);
    assert.deepEqual(shim.seen, []);
    const outcomes = await Promise.all(commands.map((command) => nucleus(home, [command])));
    for (const { code, stdout, stderr } of [{ code: 1, stdout: '', stderr: shim.stderr() }, ...outcomes]) {
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(
        stderr,
        /^Error: \/tmp\/nucleus-stale-\w+, where the gateway should listen, belongs to another user \(uid 65534\)/,
      );
    }
    const doctor = await nucleus(home, ['doctor']);
    assert.match(doctor.stderr, /belongs to another user \(uid 65534\)/);
    assert.deepEqual(await seen(), { connections: 0, bytes: 0 });
  });

test('an address that nobody answers at is followed by a new gateway, its folder there or not', async (t) => {
  for (const isThere of [false, true]) {
    const home = createHome(t);
    const stale = dirname(writeStaleEndpoint(home));
    t.after(() => rmSync(stale, { recursive: true, force: true }));
    if (isThere) mkdirSync(stale, { mode: 0o700 });
    await startShim(t, home).initialize();
    assert.notEqual(dirname(home.endpoint()?.socket ?? stale), stale);
  }
  // As a killed gateway leaves it: folder and socket stay, nobody listens.
  const home = createHome(t);
  const { pid } = await startGateway(t, home);
  const before = home.endpoint();
  kill(pid);
  await gone(pid);
  assert.ok(before && existsSync(before.socket));
  await startShim(t, home).initialize();
  assert.deepEqual(home.endpoint()?.socket, before.socket);
  assert.notEqual(home.endpoint()?.pid, pid);
});

test('another user can open no file of the state folder, and cannot connect to the socket', async (t) => {
  if (!needs(t, 'setpriv')) return;
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'main'));
  await nucleusOk(home, ['clients', 'add', 'laptop']);
  // Only what Nucleus itself set is to protect it.
  chmodSync(home.root, 0o777);
  const entries = readdirSync(home.state, { recursive: true, withFileTypes: true });
  const paths = [home.state, ...entries.map((entry) => join(entry.parentPath, entry.name))];
  for (const name of [
    'registry.db',
    'registry.db-wal',
    'run/lock.db',
    'run/endpoint.json',
    'logs/gateway.log',
  ])
    assert.ok(paths.includes(join(home.state, name)), name);
  // Modes first: inside a closed folder an open file would not show.
  const open = paths.filter((path) => (statSync(path).mode & 0o077) !== 0);
  assert.deepEqual(
    open.map((path) => path.slice(home.state.length + 1)),
    [],
  );
  const socket = home.endpoint()?.socket ?? '';
  const code = `
    ${becomeNobody}
    const { accessSync, constants, openSync, readdirSync, writeFileSync } = require('node:fs');
    const did = [];
    const attempt = (what, act) => { try { act(); did.push(what); } catch (error) { if (!/^E(ACCES|ISDIR)$/.test(error.code)) did.push(what + ' ' + error.code); } };
    for (const path of ${JSON.stringify(paths)}) {
      attempt('read ' + path, () => openSync(path, 'r'));
      attempt('write ' + path, () => openSync(path, 'r+'));
      attempt('list ' + path, () => readdirSync(path));
      attempt('enter ' + path, () => accessSync(path, constants.X_OK));
    }
    attempt('make', () => writeFileSync(${JSON.stringify(join(home.state, 'made'))}, ''));
    require('node:net').connect(${JSON.stringify(socket)})
      .on('connect', () => { did.push('connected'); console.log(JSON.stringify(did)); process.exit(); })
      .on('error', (error) => { console.log(JSON.stringify([...did, error.code])); });
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 10_000 });
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), ['EACCES']);
});

test('two homes serve side by side, and one whose path is long, foreign and full of spaces', async (t) => {
  const names = ['one', 'two', `Zustände von Łódź 状態 ${'sehr lang '.repeat(16)}`.trim()];
  const homes = names.map((name) => createHome(t, '', name));
  assert.ok((homes.at(-1)?.state.length ?? 0) >= 200);
  const answers = homes.map(async (home, n) => {
    const fake = createFake(home, `f${n}`);
    await nucleusOk(home, ['add', 'fake', fake.name, ...fake.flags]);
    const client = await connectClient(t, home);
    return textOf(await client.callTool({ name: `fake_f${n}_echo`, arguments: { text: `from ${n}` } }));
  });
  assert.deepEqual(await Promise.all(answers), ['from 0', 'from 1', 'from 2']);
  const endpoints = homes.map((home) => home.endpoint());
  assert.equal(new Set(endpoints.map((endpoint) => endpoint?.pid)).size, 3);
  assert.equal(new Set(endpoints.map((endpoint) => endpoint?.socket)).size, 3);
  for (const endpoint of endpoints)
    assert.match(endpoint?.socket ?? '', /^\/tmp\/nucleus-\d+-[0-9a-f]{12}\/s$/);
});
