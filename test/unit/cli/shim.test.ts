import assert from 'node:assert/strict';
import test from 'node:test';
import { startShim } from '../../helpers/client.ts';
import { createHome } from '../../helpers/home.ts';
import { nucleus } from '../../helpers/nucleus.ts';

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

  assert.equal(await next.close(), 0);
});

test('a gateway that cannot start says why, to start and to serve alike', async (t) => {
  const home = createHome(t, 'x = [\n');
  for (const command of ['start', 'serve']) {
    const { code, stdout, stderr } = await nucleus(home, [command]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^Error: .*config\.toml:2:/);
  }
});
