// A gateway's life as the command line tells it.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import test from 'node:test';
import { createHome } from '../../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk } from '../../helpers/nucleus.ts';

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

test('a gateway started with a relative NUCLEUS_HOME is found there', async (t) => {
  const home = createHome(t);
  const where = { cwd: home.root, env: { NUCLEUS_HOME: 'state' } };
  await nucleusOk(home, ['start'], where);
  assert.match((await nucleusOk(home, ['status'])).stdout, /^gateway: running/);
  await nucleusOk(home, ['stop'], where);
});
