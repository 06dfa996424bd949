// A gateway's life as the command line tells it: start, status, stop, and the shim in between.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import test from 'node:test';
import { startShim } from '../../helpers/client.ts';
import { createHome } from '../../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk } from '../../helpers/nucleus.ts';
import { gone, kill } from '../../helpers/processes.ts';

test('start, status and stop tell what is so, and a stopped gateway stays stopped', async (t) => {
  const home = createHome(t);
  assert.match((await nucleusOk(home, ['status'])).stdout, /^gateway: not running/);
  assert.equal(existsSync(home.state), false, 'looking changes nothing');

  const started = (await nucleusJson(home, ['start'])) as { pid: number; socket: string; started: boolean };
  assert.equal(started.started, true);
  assert.deepEqual([home.endpoint()?.pid, home.endpoint()?.socket], [started.pid, started.socket]);
  assert.equal(
    (await nucleusOk(home, ['start'])).stdout,
    `gateway already running: pid ${started.pid}, socket ${started.socket}\n`,
  );
  assert.equal(
    (await nucleusOk(home, ['status'])).stdout.split('  version')[0],
    `gateway: running  pid ${started.pid}`,
  );
  assert.equal(statSync(`${home.state}/logs/gateway.log`).mode & 0o777, 0o600);
  // A second gateway of the same home sees the first one and is content.
  assert.equal((await nucleusOk(home, ['gateway'])).stderr, `already running (pid ${started.pid})\n`);

  assert.equal((await nucleusOk(home, ['stop'])).stdout, `gateway stopped: pid ${started.pid}\n`);
  assert.equal((await nucleusOk(home, ['stop'])).stdout, 'no gateway is running\n');
  const refused = await nucleus(home, ['serve']);
  assert.deepEqual(refused, {
    code: 3,
    stdout: '',
    stderr: 'Error: Nucleus was stopped by you; run nucleus start\n',
  });
  assert.equal(home.endpoint(), null);
});

test('the shim starts a gateway, copies bytes, and ends with its client', async (t) => {
  const home = createHome(t);
  const shim = startShim(t, home);
  await shim.initialize();
  const pid = home.endpoint()?.pid;
  assert.ok(pid);
  assert.match(shim.stderr(), new RegExp(`attached to gateway pid=${pid} socket=`));
  assert.equal(await shim.close(), 0);
  // The gateway is nobody's child: the next client finds it.
  const next = startShim(t, home);
  await next.initialize();
  assert.equal(home.endpoint()?.pid, pid);

  kill(pid);
  await gone(pid);
  assert.equal(await next.ended, 3);
  assert.match(next.stderr(), /Error: the gateway went away/);
});

test('a gateway that cannot start says why, to start and to serve alike', async (t) => {
  const home = createHome(t, 'x = [\n');
  for (const command of ['start', 'serve']) {
    const { code, stdout, stderr } = await nucleus(home, [command]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^Error: .*config\.toml:2:/);
  }
});
