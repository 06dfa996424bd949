import assert from 'node:assert/strict';
import test from 'node:test';
import { startShim } from '../../helpers/client.ts';
import { createHome } from '../../helpers/home.ts';
import { nucleus } from '../../helpers/nucleus.ts';
import { shimKinds, shimOf } from '../../helpers/shims.ts';

for (const kind of shimKinds)
  test(`the ${kind} shim starts a gateway, copies bytes, and ends with its client`, async (t) => {
    const home = createHome(t);
    const how = shimOf(t, home, kind);
    if (!how) return;
    const shim = startShim(t, home, how);
    await shim.initialize();
    const pid = home.endpoint()?.pid;
    assert.ok(pid);
    assert.match(shim.stderr(), new RegExp(`attached to gateway pid=${pid} socket=`));
    assert.equal(await shim.close(), 0);
    // The gateway is nobody's child: the next client finds it.
    const next = startShim(t, home, how);
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
  const how = shimOf(t, home, 'native');
  if (!how) return;
  const shim = startShim(t, home, how);
  assert.equal(await shim.ended, 2);
  assert.match(shim.stderr(), /^Error: .*config\.toml:2:/);
});
