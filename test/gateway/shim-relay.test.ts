// The shim outlives the gateway: a chat that is open goes on when the gateway crashes, is replaced or is stopped.
import assert from 'node:assert/strict';
import test from 'node:test';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { connectClient, startGateway, startShim, textOf } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome } from '../helpers/home.ts';
import { nucleusOk } from '../helpers/nucleus.ts';
import { gone, kill } from '../helpers/processes.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

test('a client notices twenty killed gateways only by what was open, and nothing runs twice', async (t) => {
  verifies('NEW-037');
  const home = createHome(t);
  const fake = createFake(home, 'main');
  const gateway = await startGateway(t, home);
  await gateway.add(fake);
  const client = await connectClient(t, home);
  const called = (tool: string) =>
    fake.received('tools/call').filter(({ message }) => message?.params?.['name'] === tool).length;
  for (let round = 1; round <= 20; round += 1) {
    // Listened to from the beginning: it fails while the test still waits for the end of the gateway.
    const failed = assert.rejects(client.callTool({ name: 'fake_main_hang' }), (error) => {
      assert(error instanceof McpError);
      assert.match(
        error.message,
        /the gateway restarted while tools\/call ran; whether it took effect is unknown/,
      );
      assert.deepEqual(error.data, { outcome: 'unknown', code: 'GATEWAY_RESTARTED' });
      return true;
    });
    await until('the call is open', () => called('hang') === round);
    const pid = home.endpoint()?.pid ?? assert.fail('no gateway');
    kill(pid);
    await gone(pid);
    await failed;
    const text = `round ${round}`;
    assert.equal(textOf(await client.callTool({ name: 'fake_main_echo', arguments: { text } })), text);
  }
  assert.deepEqual([called('hang'), called('echo')], [20, 20]);
});

test('what is only read is asked again, and what comes meanwhile waits for the next gateway', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'main'));
  const shim = startShim(t, home);
  await shim.initialize();
  kill(gateway.pid);
  // Before and after the shim notices.
  const early = shim.ask('tools/list');
  await gone(gateway.pid);
  const late = shim.ask('tools/list');
  for (const list of [await early, await late])
    assert.ok((list as { tools: { name: string }[] }).tools.some(({ name }) => name === 'fake_main_echo'));
  // Told once, and never the answer to an initialize that the client did not send.
  const told = shim.seen.filter((line) => line.includes('list_changed'));
  assert.equal(told.length, 1);
  assert.equal(shim.seen.filter((line) => line.includes('protocolVersion')).length, 1);
});

test('a gateway that dies while a large message goes into it holds nobody up', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'main'));
  const shim = startShim(t, home);
  await shim.initialize();
  // It reads no more, so the pipe into it fills up and the shim stops reading its client.
  process.kill(gateway.pid, 'SIGSTOP');
  const text = 'x'.repeat(8 * 1024 * 1024);
  const failed = assert.rejects(shim.call('fake_main_echo', { text }), /the gateway restarted/);
  await until('the shim has read it all', () => shim.child.stdin?.writableLength === 0);
  kill(gateway.pid);
  const after = shim.call('fake_main_echo', { text: 'after' });
  await failed;
  assert.equal(textOf(await after), 'after');
});

test('a client of a stopped Nucleus hears so at once, and goes on when it is started again', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'main'));
  const client = await connectClient(t, home);
  await client.listTools();
  await nucleusOk(home, ['stop']);
  const echo = () => client.callTool({ name: 'fake_main_echo', arguments: { text: 'hi' } });
  await assert.rejects(echo, /Nucleus was stopped by you; open Nucleus or run nucleus start/);
  assert.equal(home.endpoint(), null);
  await nucleusOk(home, ['start']);
  const answer = await until('the client is served again', () => echo().catch(() => null));
  assert.equal(textOf(answer), 'hi');
});
