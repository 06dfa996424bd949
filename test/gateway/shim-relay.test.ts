// The shim outlives the gateway: a chat that is open goes on when the gateway crashes, is replaced or is stopped.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { connectClient, startGateway, startShim, textOf } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome } from '../helpers/home.ts';
import { nucleusOk } from '../helpers/nucleus.ts';
import { freeze, gone, kill } from '../helpers/processes.ts';
import { verifies } from '../helpers/requirements.ts';
import { until, withDeadline } from '../helpers/until.ts';

/** What became of a request: nothing may be left that never hears. */
function outcomeOf(what: string, asked: Promise<unknown>): Promise<'answered' | 'outcome unknown'> {
  const heard = asked.then(
    () => 'answered' as const,
    (error: unknown) => {
      assert(error instanceof McpError, `${what}: ${String(error)}`);
      assert.match(
        error.message,
        /the gateway restarted while (tools\/call|prompts\/get|the call) ran; whether it took effect is unknown/,
      );
      assert.deepEqual(error.data, { outcome: 'unknown', code: 'GATEWAY_RESTARTED' });
      return 'outcome unknown' as const;
    },
  );
  return withDeadline(`the end of ${what}`, heard);
}

test('a client notices twenty killed gateways only by what was open, and nothing runs twice', async (t) => {
  verifies('NEW-037');
  const home = createHome(t);
  const fake = createFake(home, 'main', '--prompts', '--hang', 'prompts/get');
  const gateway = await startGateway(t, home);
  await gateway.add(fake);
  const client = await connectClient(t, home);
  const transport = client.transport as StdioClientTransport;
  const shim = transport.pid;
  const large = 'x'.repeat(70_000);
  const call = (tool: string, mark: string, more = {}) =>
    client.callTool({ name: `fake_main_${tool}`, arguments: { text: mark, ...more } });
  const prompt = (mark: string) => client.getPrompt({ name: 'fake_main_greet', arguments: { who: mark } });
  /** How often the upstream was asked something, by what it was marked with. */
  const runs = () => {
    const count: Record<string, number> = {};
    for (const { message } of [...fake.received('tools/call'), ...fake.received('prompts/get')]) {
      const { text, who } = (message?.params?.['arguments'] ?? {}) as { text?: string; who?: string };
      const mark = text ?? who ?? '';
      count[mark] = (count[mark] ?? 0) + 1;
    }
    return count;
  };

  for (let round = 1; round <= 20; round += 1) {
    const pid = home.endpoint()?.pid ?? assert.fail('no gateway');
    const known = {
      [`call ${round}`]: 1,
      [`large ${round}`]: 1,
      [`prompt ${round}`]: 1,
      [`sleep ${round}`]: 1,
    };
    // Listened to from the beginning: they fail while the test still waits for the end of the gateway.
    const running = [
      outcomeOf('a call that runs', call('hang', `call ${round}`)),
      outcomeOf('a large call that runs', call('hang', `large ${round}`, { large })),
      outcomeOf('a slow call', call('sleep', `sleep ${round}`, { ms: 60_000 })),
      outcomeOf('a prompt', prompt(`prompt ${round}`)),
    ];
    await until('all of them reached the upstream', () =>
      Object.keys(known).every((mark) => runs()[mark] === 1),
    );
    // Every other time the gateway does not even read what comes last.
    const isDeaf = round % 2 === 0;
    if (isDeaf) await freeze(pid);
    const unread = new Map(
      ['echo', 'echo large', 'echo again'].map((what) => {
        const mark = `${what} ${round}`;
        return [mark, outcomeOf(what, call('echo', mark, what === 'echo large' ? { large } : {}))];
      }),
    );
    const harmless = [client.listTools(), client.listPrompts(), client.ping()].map((asked) =>
      outcomeOf('a list', asked),
    );
    kill(pid);
    await gone(pid);
    const later = [
      call('echo', `later ${round}`).then(textOf),
      client.listTools().then(({ tools }) => String(tools.some(({ name }) => name === 'fake_main_echo'))),
      call('echo', `later large ${round}`, { large }).then(textOf),
    ].map((asked) => withDeadline('a later request', asked));

    assert.deepEqual(await Promise.all(running), Array(4).fill('outcome unknown'));
    assert.deepEqual(await Promise.all(harmless), Array(3).fill('answered'));
    assert.deepEqual(await Promise.all(later), [`later ${round}`, 'true', `later large ${round}`]);
    const count = runs();
    for (const [mark, outcome] of unread)
      if ((await outcome) === 'answered') assert.equal(count[mark], 1, mark);
      else if (isDeaf) assert.equal(count[mark], undefined, mark);
    const twice = Object.entries(count).filter(([, times]) => times > 1);
    assert.deepEqual([twice, count[`later ${round}`], count[`call ${round}`]], [[], 1, 1]);
  }
  assert.equal(transport.pid, shim);
});

test('a call that comes when the gateway is gone already waits for the next one, noticed or not', async (t) => {
  const home = createHome(t);
  const fake = createFake(home, 'main');
  const gateway = await startGateway(t, home);
  await gateway.add(fake);
  const shim = startShim(t, home);
  await shim.initialize();
  const calls = [];
  for (let round = 1; round <= 6; round += 1) {
    const pid = home.endpoint()?.pid ?? assert.fail('no gateway');
    // It wakes up to both at once, and sees first what came first: its gateway is gone, or its client asks.
    await freeze(shim.child.pid ?? 0);
    const ask = () => shim.call('fake_main_echo', { text: `after ${round}` });
    const early = round % 2 === 0 ? ask() : null;
    kill(pid);
    await gone(pid);
    const asked = early ?? ask();
    kill(shim.child.pid ?? 0, 'SIGCONT');
    calls.push(textOf(await asked));
  }
  assert.deepEqual(calls, ['after 1', 'after 2', 'after 3', 'after 4', 'after 5', 'after 6']);
  assert.equal(fake.received('tools/call').length, 6);
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
  const fake = createFake(home, 'main');
  await gateway.add(fake);
  const shim = startShim(t, home);
  await shim.initialize();
  // It reads no more, so the pipe into it fills up and the shim stops reading its client.
  await freeze(gateway.pid);
  const text = 'x'.repeat(8 * 1024 * 1024);
  const large = shim.call('fake_main_echo', { text }).then(
    () => 'answered',
    (error: unknown) => String(error),
  );
  await until('the shim has read it all', () => shim.child.stdin?.writableLength === 0);
  kill(gateway.pid);
  const after = shim.call('fake_main_echo', { text: 'after' });
  const outcome = await large;
  assert.equal(textOf(await after), 'after');
  // The end of the line may still be on its way to the shim; then nothing of it went out, and it is not lost.
  if (outcome !== 'answered') assert.match(outcome, /the gateway restarted/);
  assert.equal(fake.received('tools/call').length, outcome === 'answered' ? 2 : 1);
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
