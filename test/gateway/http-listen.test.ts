// Where HTTP is listened on, what happens when that cannot be, and what is told about it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { attach, connectClient, controlGateway, startGateway, textOf } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome } from '../helpers/home.ts';
import {
  addClient,
  ask,
  freePort,
  openSession,
  rpc,
  runInForeground,
  startImpostor,
  toolCall,
  urlOf,
} from '../helpers/http.ts';
import { nucleus, nucleusBin, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { needs } from '../helpers/require.ts';
import { verifies } from '../helpers/requirements.ts';
import { gone } from '../helpers/processes.ts';

test('a port that is taken ends what was started by hand, with a sentence', async (t) => {
  const home = createHome(t);
  const { port } = await startImpostor(t);
  const { code, stdout, stderr } = await nucleus(home, ['serve', '--http', `127.0.0.1:${port}`]);
  assert.deepEqual([code, stdout], [3, '']);
  assert.match(
    stderr,
    new RegExp(`another program listens on 127\\.0\\.0\\.1:${port}; end it, or set http\\.listen`),
  );
  const none = await nucleus(home, ['serve', '--http', '192.0.2.7:0', '--token=none']);
  assert.equal(none.code, 2);
  assert.equal(home.endpoint(), null);
});

test('an impostor on the port is never spoken to, and the socket serves as ever', async (t) => {
  const impostor = await startImpostor(t);
  const home = createHome(t, `[http]\nlisten = "127.0.0.1:${impostor.port}"\n`);
  // The first client starts the gateway, as no person asked for a port.
  const client = await connectClient(t, home);
  const gateway = await controlGateway(t, home);
  await gateway.add(createFake(home, 'one', '--tools', '1'));
  const result = await client.callTool({ name: 'fake_one_echo', arguments: { text: 'over the socket' } });
  assert.equal(textOf(result), 'over the socket');

  const why = new RegExp(`another program listens on 127\\.0\\.0\\.1:${impostor.port}; end it`);
  const [status, doctor, strict, added] = await Promise.all([
    nucleusOk(home, ['status']),
    nucleusOk(home, ['doctor']),
    nucleus(home, ['doctor', '--strict']),
    nucleusJson(home, ['clients', 'add', 'me']),
  ]);
  assert.match(status.stdout, /^http: {4}-$/m);
  assert.match(status.stderr, /warning: HTTP is off: /);
  assert.match(status.stderr, why);
  assert.match(doctor.stderr, /^\[warn\] clients cannot come over HTTP: /m);
  assert.match(doctor.stderr, why);
  assert.equal(strict.code, 1);
  assert.equal((added as { url: string | null }).url, null);
  const log = readFileSync(`${home.state}/logs/gateway.log`, 'utf8');
  assert.match(log, /warn HTTP is off reason="another program listens/);
  assert.equal(impostor.heard(), 0);
});

test('the address by hand goes before the environment, which goes before the file', async (t) => {
  verifies('NEX-001');
  const [hand, environment, file] = [await freePort(), await freePort(), await freePort()].map(
    (port) => `127.0.0.1:${port}`,
  ) as [string, string, string];
  const home = createHome(t, `[http]\nlisten = "${file}"\n`);
  const env = { NUCLEUS_HTTP_LISTEN: environment };
  for (const [args, given, expected] of [
    [['serve', '--http', hand], env, hand],
    [['start', '--foreground'], env, environment],
    [['start', '--foreground'], {}, file],
  ] as const) {
    const serving = await runInForeground(t, home, [nucleusBin, ...args], given);
    assert.equal(serving.url, `http://${expected}`);
    assert.equal((await ask(serving.url, null, { path: '/healthz' })).body, 'ok\n');
    serving.child.kill('SIGTERM');
    assert.equal(await serving.ended, 0);
  }
  const gateway = await startGateway(t, home, env);
  assert.equal(await urlOf(gateway), `http://${environment}`);
  const second = await nucleus(home, ['serve', '--http', '127.0.0.1:0']);
  assert.equal(second.code, 3);
  assert.match(second.stderr, /a gateway is running already \(pid \d+\); stop it with nucleus stop/);
});

test('HTTP that is switched off is no problem', async (t) => {
  const home = createHome(t, '[http]\nenabled = false\n');
  const gateway = await startGateway(t, home);
  const { http, httpProblem, warnings } = await gateway.status();
  assert.deepEqual([http, httpProblem, warnings], [null, null, []]);
  assert.doesNotMatch((await nucleusOk(home, ['doctor'])).stderr, /HTTP/);
});

test('a machine that has the loopback address of IPv6 only is served there', async (t) => {
  if (!needs(t, 'netns')) return;
  const home = createHome(t);
  const inside = 'ip link set lo up && ip addr del 127.0.0.1/8 dev lo && exec "$@"';
  const serving = await runInForeground(
    t,
    home,
    [
      'unshare',
      '--user',
      '--map-root-user',
      '--net',
      'sh',
      '-c',
      inside,
      'sh',
      nucleusBin,
      'start',
      '--foreground',
    ],
    // Its network is its own, so the usual port is free there whatever runs here.
    { NUCLEUS_HOME: undefined },
  );
  assert.equal(serving.url, 'http://[::1]:8787');
  const { pid } = (await nucleusJson(home, ['status'], { env: { NUCLEUS_HOME: undefined } })) as {
    pid: number;
  };
  const listening = readFileSync(`/proc/${pid}/net/tcp6`, 'utf8');
  assert.match(listening, /00000000000000000000000001000000:2253 \S+ 0A/);
  assert.doesNotMatch(readFileSync(`/proc/${pid}/net/tcp`, 'utf8'), / 0A /);
  process.kill(pid, 'SIGTERM');
  await gone(pid);
});

test('health is told to everybody, the state of upstreams to those with a token', async (t) => {
  verifies('NUC-107');
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'well', '--tools', '2'));
  const base = await urlOf(gateway);
  const token = await addClient(gateway, 'probe');
  const healthz = await ask(base, null, { path: '/healthz', accept: '*/*' });
  assert.deepEqual(
    [healthz.status, healthz.headers['content-type'], healthz.body],
    [200, 'text/plain', 'ok\n'],
  );

  const { version } = await gateway.status();
  for (const asked of [{}, { token: 'nuc_wrong' }]) {
    const { status, body } = await ask(base, null, { path: '/health', ...asked });
    const { uptime_s: uptime, ...rest } = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual([status, rest], [200, { status: 'healthy', version }]);
    assert.ok(typeof uptime === 'number' && uptime >= 0 && uptime < 60);
  }
  const known = await ask(base, null, { path: '/health', token });
  assert.deepEqual((JSON.parse(known.body) as { upstreams: unknown }).upstreams, [
    { profile: 'fake:well', state: 'ready', tools: 2, problem: null },
  ]);
  await gateway.add(createFake(home, 'other', '--tools', '1'));
  const narrow = await addClient(gateway, 'narrow', ['fake:other']);
  const seen = await ask(base, null, { path: '/health', token: narrow });
  assert.deepEqual(
    (JSON.parse(seen.body) as { upstreams: { profile: string }[] }).upstreams.map(({ profile }) => profile),
    ['fake:other'],
  );
  assert.equal((await ask(base, null, { path: '/healthz', headers: { host: 'evil.com' } })).status, 403);
});

test('a session over HTTP and one over the socket are both seen, and both keep the gateway', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'one', '--tools', '1'));
  const base = await urlOf(gateway);
  const token = await addClient(gateway, 'laptop');
  const local = await attach(t, home);
  await local.initialize();
  const session = await openSession(base, { token });
  const seen = (await gateway.status()).clients.map(({ name, principal }) => `${name} ${principal}`);
  assert.deepEqual(seen.toSorted(), ['http-test laptop', 'line-client local']);
  assert.equal(textOf(await local.call('fake_one_echo', { text: 'socket' })), 'socket');
  const { message } = await ask(base, toolCall('fake_one_echo', { text: 'http' }), { token, session });
  assert.equal(textOf(message.result), 'http');
  assert.equal((await ask(base, rpc('ping'), { token, session })).status, 200);
});
