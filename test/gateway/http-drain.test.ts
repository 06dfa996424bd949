// A gateway that is told to end while calls run.
import assert from 'node:assert/strict';
import test from 'node:test';
import { controlGateway, startShim, textOf } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome } from '../helpers/home.ts';
import {
  addClient,
  ask,
  initialize,
  openSession,
  rpc,
  serveHttp,
  stream,
  toolCall,
} from '../helpers/http.ts';
import { verifies } from '../helpers/requirements.ts';
import { until, withDeadline } from '../helpers/until.ts';

test('what was asked before the end is answered, however it was asked; what is new is refused', async (t) => {
  verifies('NEX-059');
  const home = createHome(t);
  const { child, url: base, ended } = await serveHttp(t, home, '127.0.0.1:0');
  const gateway = await controlGateway(t, home);
  const fake = createFake(home, 'one');
  await gateway.add(fake);
  const token = await addClient(gateway, 'laptop');
  const session = await openSession(base, { token });
  const idle = await openSession(base, { token });
  const news = await stream(t, base, null, { token, session: idle });
  const shim = startShim(t, home);
  await shim.initialize();
  // Longer than what a connection takes at once: cut short is as good as not answered.
  const long = 'x'.repeat(8 * 1024 * 1024);
  const ms = 2_000;
  const running = [
    ask(base, toolCall('fake_one_sleep', { ms, text: long }), { token, session }).then(
      ({ message }) => message.result,
    ),
    ask(base, toolCall('fake_one_sleep', { ms, text: long }), { token }).then(
      ({ message }) => message.result,
    ),
    shim.call('fake_one_sleep', { ms, text: long }),
  ];
  await until('all three run', () => fake.received('tools/call').length === 3);

  child.kill('SIGTERM');
  await news.ended();
  for (const [body, asked] of [
    [rpc('tools/list'), {}],
    [rpc('tools/list'), { session }],
    [initialize(), {}],
    [null, { session }],
  ] as const) {
    const refused = await ask(base, body, { token, ...asked });
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.connection, 'close');
    assert.match(refused.message.error?.message ?? '', /Nucleus is closing/);
  }
  assert.equal((await ask(base, rpc('ping'))).status, 401);
  for (const result of await Promise.all(running)) assert.equal(textOf(result), long);
  assert.equal(await withDeadline('the end', ended, 10_000), 0);
});

test('told a second time it does not wait', async (t) => {
  const home = createHome(t);
  const { child, url: base, ended } = await serveHttp(t, home, '127.0.0.1:0');
  const gateway = await controlGateway(t, home);
  const fake = createFake(home, 'one');
  await gateway.add(fake);
  const token = await addClient(gateway, 'laptop');
  const running = ask(base, toolCall('fake_one_hang'), { token }).catch(() => 'hung up');
  await until('the call runs', () => fake.received('tools/call').length === 1);
  child.kill('SIGTERM');
  await until('it is closing', async () => (await ask(base, rpc('ping'), { token })).status === 503);
  child.kill('SIGTERM');
  assert.equal(await withDeadline('the end', ended, 10_000), 0);
  assert.equal(await running, 'hung up');
});

test('told by nucleus stop it lets calls end too', async (t) => {
  const home = createHome(t);
  const { url: base, ended } = await serveHttp(t, home, '127.0.0.1:0');
  const gateway = await controlGateway(t, home);
  const fake = createFake(home, 'one');
  await gateway.add(fake);
  const token = await addClient(gateway, 'laptop');
  const running = ask(base, toolCall('fake_one_sleep', { ms: 300 }), { token });
  await until('the call runs', () => fake.received('tools/call').length === 1);
  await gateway.ask('gateway.stop', { byPerson: false });
  assert.equal(textOf((await running).message.result), 'slept');
  assert.equal(await withDeadline('the end', ended, 10_000), 0);
});
