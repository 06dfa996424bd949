import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { defaultConfig, type Config } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { createSupervisor } from '../../../src-main/gateway/upstream/supervisor.ts';
import type { Transport } from '../../../src-main/gateway/upstream/transport.ts';
import type { Peer } from '../../../src-main/gateway/wire/peer.ts';
import { readReply, type Reply } from '../../../src-main/gateway/wire/reply.ts';
import { createFakeEras } from '../../helpers/eras.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import { createFakeTransport, greeting, type FakeTransport } from '../../helpers/fake-transport.ts';
import { verifies } from '../../helpers/requirements.ts';

const id = 'db:prod';

/** A supervisor whose upstreams are made by `next`; without it they answer initialize and tools/call. */
function setUp(
  t: TestContext,
  options: { config?: Partial<Config['upstream']>; wanted?: () => boolean } = {},
) {
  // The middle of the jitter, so that rests are what the table says.
  t.mock.method(Math, 'random', () => 0.5);
  const fake = createFakeClock();
  let shifted = 0;
  const clock = {
    ...fake,
    now: () => fake.now() + shifted,
    get waiting() {
      return fake.waiting;
    },
  };
  const log = createFakeLog();
  const opened: FakeTransport[] = [];
  const openedAt: number[] = [];
  const ready: string[] = [];
  const notifications: unknown[] = [];
  const startedAt = clock.now();
  const supervisor = createSupervisor({
    clock,
    log,
    config: { ...defaultConfig.upstream, ...options.config },
    eras: createFakeEras(),
    version: '9.9.9',
    open: async () => {
      openedAt.push(clock.now() - startedAt);
      const transport = await setup.next();
      opened.push(transport as FakeTransport);
      return transport;
    },
    onReady: (profile) => ready.push(profile),
    onNotification: (...all) => notifications.push(all),
    onState: () => {},
    roots: () => [],
    wanted: options.wanted ?? (() => false),
  });
  const setup = {
    supervisor,
    clock,
    log,
    opened,
    ready,
    notifications,
    /** Sets the time of day; timers go on as they were. */
    shift: (milliseconds: number): void => void (shifted += milliseconds),
    /** Milliseconds since the beginning at which each start happened. */
    openedAt,
    next: polite as () => Transport | Promise<Transport>,
    last(): FakeTransport {
      const transport = opened.at(-1);
      assert.ok(transport, 'nothing was started');
      return transport;
    },
  };
  return setup;
}

const polite = (): FakeTransport => createFakeTransport({ answers: { initialize: greeting } });
const broken = (): never => {
  throw new NucleusError('UPSTREAM_SPAWN_FAILED', 'it could not be started');
};

const failureOf = (promise: Promise<unknown>): Promise<NucleusError> =>
  promise.then(
    () => assert.fail('it was answered'),
    (error: unknown) => {
      assert.ok(error instanceof NucleusError, String(error));
      return error;
    },
  );

/** A call that the upstream answers. */
async function callAnswered({ supervisor, last }: ReturnType<typeof setUp>): Promise<unknown> {
  const call = supervisor.request(id, 'tools/call', { name: 'x' });
  await settled();
  last().answer('tools/call', { fine: true });
  return readReply(await call).result;
}

test('an upstream starts with its first call, says who we are, and is told that we are ready', async (t) => {
  const setup = setUp(t);
  assert.equal(setup.opened.length, 0);
  assert.deepEqual(await callAnswered(setup), { fine: true });
  assert.deepEqual(setup.last().sent, [
    {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: { roots: {}, sampling: {}, elicitation: { form: {}, url: {} } },
        clientInfo: { name: 'nucleus', title: 'Nucleus', version: '9.9.9' },
      },
    },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'x' } },
  ]);
  assert.deepEqual(setup.ready, [id]);
});

test('calls that come together start one upstream and share it', async (t) => {
  verifies('FIX-012', 'NEW-010');
  const { supervisor, opened, last } = setUp(t);
  const calls = Array.from({ length: 5 }, () => supervisor.request(id, 'tools/call', { name: 'x' }));
  calls.push(supervisor.connect(id).then(() => supervisor.request(id, 'tools/call', { name: 'y' })));
  await settled();
  assert.equal(opened.length, 1);
  for (const { id: sentId } of last().received('tools/call'))
    last().say({ id: sentId, result: {}, jsonrpc: '2.0' });
  assert.equal((await Promise.all(calls)).length, 6);
  assert.equal(last().received('initialize').length, 1);
});

test('two profiles are two upstreams', async (t) => {
  const { supervisor, opened } = setUp(t);
  await Promise.all([supervisor.connect('db:prod'), supervisor.connect('db:staging')]);
  assert.equal(opened.length, 2);
});

test('what the upstream said about itself comes back from connect', async (t) => {
  const { supervisor } = setUp(t);
  const said = { result: greeting, era: 'legacy', isHttp: false };
  assert.deepEqual(await supervisor.connect(id), said);
  assert.deepEqual(await supervisor.connect(id), said);
});

test('status follows an upstream through its life', async (t) => {
  const setup = setUp(t);
  const { supervisor, clock } = setup;
  const state = () => supervisor.status(id).state;
  assert.deepEqual(supervisor.status(id), {
    profile: id,
    state: 'asleep',
    pid: null,
    inFlight: 0,
    problem: null,
    oddities: 0,
  });
  setup.next = () => createFakeTransport({ pid: 77 });
  const call = supervisor.request(id, 'tools/call', {});
  await settled();
  assert.equal(state(), 'starting');
  setup.last().answer('initialize', greeting);
  await settled();
  setup.last().say('noise');
  assert.deepEqual(supervisor.status(id), {
    profile: id,
    state: 'ready',
    pid: 77,
    inFlight: 1,
    problem: null,
    oddities: 1,
  });
  setup.last().answer('tools/call', {});
  await call;
  setup.last().die();
  await settled();
  setup.next = broken;
  await failureOf(supervisor.connect(id));
  assert.equal(state(), 'resting');
  assert.equal(supervisor.status(id).problem, 'it could not be started');
  await clock.advance(60_000);
  assert.equal(state(), 'asleep');
});

test('a profile whose secret is out of reach is locked, not failing', async (t) => {
  const setup = setUp(t);
  setup.next = () => {
    throw new NucleusError('VAULT_LOCKED', 'the vault is locked');
  };
  assert.equal((await failureOf(setup.supervisor.connect(id))).code, 'VAULT_LOCKED');
  assert.equal(setup.supervisor.status(id).state, 'locked');
});

test('failed starts are tried again after 0.5, 1, 2, 4, 8 and then every 25 seconds', async (t) => {
  verifies('NEX-018', 'NEX-019');
  const setup = setUp(t, { wanted: () => true });
  setup.next = broken;
  await failureOf(setup.supervisor.connect(id));
  await setup.clock.advance(70_000);
  assert.deepEqual(setup.openedAt, [0, 500, 1_500, 3_500, 7_500, 15_500, 40_500, 65_500]);
});

test('a wanted upstream is started by itself once it can be, and is not touched afterwards', async (t) => {
  verifies('NEX-018');
  const setup = setUp(t, { wanted: () => true });
  setup.next = broken;
  await failureOf(setup.supervisor.connect(id));
  await setup.clock.advance(20_000);
  assert.deepEqual(setup.ready, []);
  setup.next = polite;
  await setup.clock.advance(25_000);
  assert.deepEqual(setup.ready, [id]);
  assert.equal(setup.supervisor.status(id).state, 'ready');
  assert.equal(setup.supervisor.status(id).problem, null);
});

test('an upstream nobody wants is not started by itself', async (t) => {
  const setup = setUp(t);
  setup.next = broken;
  await failureOf(setup.supervisor.connect(id));
  await setup.clock.advance(600_000);
  assert.equal(setup.openedAt.length, 1);
});

test('a call waits out a short rest', async (t) => {
  const setup = setUp(t);
  setup.next = broken;
  await failureOf(setup.supervisor.connect(id));
  setup.next = polite;
  const call = setup.supervisor.request(id, 'tools/call', {});
  await setup.clock.advance(499);
  assert.equal(setup.openedAt.length, 1);
  await setup.clock.advance(1);
  setup.last().answer('tools/call', { fine: true });
  assert.deepEqual(readReply(await call).result, { fine: true });
});

test('a call that waits out a rest and is cancelled meanwhile ends at once and starts nothing', async (t) => {
  const setup = setUp(t);
  setup.next = broken;
  await failureOf(setup.supervisor.connect(id));
  const controller = new AbortController();
  const failed = failureOf(setup.supervisor.request(id, 'tools/call', {}, { signal: controller.signal }));
  await settled();
  controller.abort();
  assert.equal((await failed).code, 'CALL_CANCELLED');
  await setup.clock.advance(10_000);
  assert.equal(setup.openedAt.length, 1);
});

test('a call cancelled before it came starts nothing', async (t) => {
  const setup = setUp(t);
  const error = await failureOf(
    setup.supervisor.request(id, 'tools/call', {}, { signal: AbortSignal.abort() }),
  );
  assert.equal(error.code, 'CALL_CANCELLED');
  await settled();
  assert.equal(setup.openedAt.length, 0);
});

test('a call cancelled during the start ends at once; the start goes on for the others', async (t) => {
  const setup = setUp(t);
  setup.next = () => createFakeTransport();
  const controller = new AbortController();
  const cancelled = failureOf(
    setup.supervisor.request(id, 'tools/call', { n: 1 }, { signal: controller.signal }),
  );
  const other = setup.supervisor.request(id, 'tools/call', { n: 2 });
  await settled();
  controller.abort();
  assert.equal((await cancelled).code, 'CALL_CANCELLED');
  setup.last().answer('initialize', greeting);
  await settled();
  assert.deepEqual(
    setup
      .last()
      .received('tools/call')
      .map(({ params }) => params),
    [{ n: 2 }],
  );
  setup.last().answer('tools/call', {});
  await other;
});

test('a call into a long rest is refused with the seconds left and the reason', async (t) => {
  const setup = setUp(t);
  setup.next = broken;
  for (let failure = 0; failure < 4; failure += 1) await failureOf(setup.supervisor.connect(id));
  await setup.clock.advance(300);
  const error = await failureOf(setup.supervisor.request(id, 'tools/call', {}));
  assert.equal(error.code, 'UPSTREAM_RESTING');
  assert.equal(
    error.message,
    'db:prod failed 4 times in a row and is tried again in 4 s. Last time: it could not be started',
  );
  assert.deepEqual(error.data, { profile: id, retryAfterMs: 3_700, cause: 'UPSTREAM_SPAWN_FAILED' });
  assert.equal(setup.openedAt.length, 4);
});

test('a clock that is set back keeps nobody out for longer than the rest, or than the wait asked for', async (t) => {
  const setup = setUp(t);
  const { clock, supervisor, last } = setup;
  setup.next = broken;
  await failureOf(supervisor.connect(id));
  setup.shift(-3_600_000);
  await clock.advance(500);
  setup.next = polite;
  assert.deepEqual(await callAnswered(setup), { fine: true });

  const refused = failureOf(supervisor.request(id, 'tools/call', { name: 'x' }));
  await settled();
  last().lose(last().idOf('tools/call'), patience(60_000));
  await refused;
  setup.shift(-3_600_000);
  await clock.advance(60_000);
  assert.deepEqual(await callAnswered(setup), { fine: true });
});

test('after five failures calls are refused even when the rest is nearly over', async (t) => {
  const setup = setUp(t);
  setup.next = broken;
  for (let failure = 0; failure < 5; failure += 1) await failureOf(setup.supervisor.connect(id));
  assert.equal(setup.supervisor.status(id).state, 'failing');
  await setup.clock.advance(7_900);
  const error = await failureOf(setup.supervisor.request(id, 'tools/call', {}));
  assert.equal(error.code, 'UPSTREAM_RESTING');
  assert.match(error.message, /^db:prod failed 5 times in a row and is tried again in 1 s\./);
  await setup.clock.advance(100);
  setup.next = polite;
  assert.deepEqual(await callAnswered(setup), { fine: true });
  assert.equal(setup.supervisor.status(id).state, 'ready');
});

test('a hundred calls into a rest are one start when it is over', async (t) => {
  const setup = setUp(t);
  setup.next = broken;
  await failureOf(setup.supervisor.connect(id));
  const failures = Array.from({ length: 100 }, () =>
    failureOf(setup.supervisor.request(id, 'tools/call', {})),
  );
  await setup.clock.advance(500);
  await Promise.all(failures);
  assert.equal(setup.openedAt.length, 2);
});

test('the first sudden death of a healthy upstream is forgiven: the next call starts it at once', async (t) => {
  verifies('NEX-019', 'FIX-008');
  const setup = setUp(t);
  await callAnswered(setup);
  const pending = failureOf(setup.supervisor.request(id, 'tools/call', {}));
  await settled();
  setup.last().stderr = 'out of memory\n';
  setup.last().die('was killed by SIGKILL');
  assert.match((await pending).message, /^the server of db:prod was killed by SIGKILL while the call ran/);
  assert.equal(
    setup.supervisor.status(id).problem,
    'the server of db:prod was killed by SIGKILL (it last said: out of memory); the next call starts it again',
  );
  assert.deepEqual(await callAnswered(setup), { fine: true });
  assert.equal(setup.opened.length, 2);
});

test('one that dies again and again while it is young is started less and less often', async (t) => {
  verifies('NEX-019');
  const setup = setUp(t, { wanted: () => true });
  await setup.supervisor.connect(id);
  for (let death = 0; death < 6; death += 1) {
    setup.last().die();
    await setup.clock.advance(0);
    while (setup.supervisor.status(id).state !== 'ready') await setup.clock.advance(500);
  }
  assert.deepEqual(setup.openedAt, [0, 0, 1_000, 3_000, 7_000, 15_000, 40_000]);
});

test('one that lived ten seconds starts its count of failures anew', async (t) => {
  const setup = setUp(t);
  setup.next = broken;
  for (let failure = 0; failure < 4; failure += 1) await failureOf(setup.supervisor.connect(id));
  setup.next = polite;
  await setup.supervisor.connect(id);
  await setup.clock.advance(10_000);
  setup.last().die();
  assert.deepEqual(await callAnswered(setup), { fine: true });
});

test('housekeeping that succeeds does not make an upstream healthy, a call does', async (t) => {
  const setup = setUp(t);
  const dieAndRestart = async (background: boolean): Promise<void> => {
    await setup.supervisor.connect(id);
    const asked = setup.supervisor.request(id, 'tools/list', {}, { background });
    await settled();
    setup.last().answer('tools/list', { tools: [] });
    await asked;
    setup.last().die();
    await settled();
  };
  for (let death = 0; death < 4; death += 1) await dieAndRestart(true);
  assert.equal((await failureOf(setup.supervisor.request(id, 'tools/call', {}))).code, 'UPSTREAM_RESTING');
  await dieAndRestart(false);
  assert.equal(setup.supervisor.status(id).state, 'asleep');
  assert.deepEqual(await callAnswered(setup), { fine: true });
});

test('a start that is not answered in time fails with what to check and ends the upstream', async (t) => {
  verifies('NEX-033');
  const setup = setUp(t, { config: { connect_timeout: 1_500 } });
  setup.next = () => createFakeTransport();
  const failed = failureOf(setup.supervisor.request(id, 'tools/call', {}));
  await setup.clock.advance(1_499);
  setup.last().stderr = 'waiting for the network\n';
  assert.equal(setup.supervisor.status(id).state, 'starting');
  await setup.clock.advance(1);
  const error = await failed;
  assert.equal(error.code, 'UPSTREAM_TIMEOUT');
  assert.equal(
    error.message,
    'the server of db:prod is there but did not answer initialize in time (it last said: waiting for the network); check it with nucleus info db:prod, or raise upstream.connect_timeout',
  );
  assert.equal(setup.last().closes, 1);
  assert.equal(setup.last().received('notifications/cancelled').length, 0);
});

test('an upstream that ends during the start is reported with its last words', async (t) => {
  const setup = setUp(t);
  setup.next = () => createFakeTransport();
  const failed = failureOf(setup.supervisor.connect(id));
  await settled();
  setup.last().stderr = 'Error: no such file\n';
  setup.last().die('exited with code 3');
  assert.equal(
    (await failed).message,
    'the server of db:prod exited with code 3 before it answered initialize (it last said: Error: no such file); check it with nucleus info db:prod',
  );
});

test('an answer to initialize that no MCP server gives fails the start', async (t) => {
  const setup = setUp(t);
  for (const result of [{}, null, 'hello', [], { protocolVersion: 7 }]) {
    setup.next = () => createFakeTransport({ answers: { initialize: result } });
    const error = await failureOf(setup.supervisor.connect(id));
    assert.equal(error.code, 'UPSTREAM_PROTOCOL', JSON.stringify(result));
    assert.equal(setup.last().closes, 1);
  }
  setup.next = () => createFakeTransport();
  const failed = failureOf(setup.supervisor.connect(id));
  await settled();
  setup.last().say({ jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'bad version' } });
  // It might have come to speak the newer era, and was asked.
  await setup.clock.advance(2_000);
  assert.equal(
    (await failed).message,
    'the server of db:prod did not answer initialize as an MCP server does: bad version; check its command with nucleus info db:prod',
  );
});

test('an upstream nobody calls is ended after idle_timeout and started by the next call', async (t) => {
  verifies('NUC-101');
  const setup = setUp(t, { config: { idle_timeout: 10_000 } });
  await callAnswered(setup);
  await setup.clock.advance(9_000);
  await callAnswered(setup);
  await setup.clock.advance(9_999);
  assert.equal(setup.last().closes, 0);
  await setup.clock.advance(1);
  assert.equal(setup.last().closes, 1);
  assert.equal(setup.supervisor.status(id).state, 'asleep');
  assert.equal(setup.supervisor.status(id).problem, null);
  assert.deepEqual(await callAnswered(setup), { fine: true });
  assert.equal(setup.opened.length, 2);
});

test('an upstream that works is never idle, however long it takes', async (t) => {
  verifies('NUC-102');
  const setup = setUp(t, { config: { idle_timeout: 1_000, call_timeout: 600_000 } });
  const call = setup.supervisor.request(id, 'tools/call', {});
  await setup.clock.advance(300_000);
  assert.equal(setup.last().closes, 0);
  setup.last().answer('tools/call', {});
  await call;
  await setup.clock.advance(999);
  assert.equal(setup.last().closes, 0);
  await setup.clock.advance(1);
  assert.equal(setup.last().closes, 1);
});

test('idle_timeout = 0 keeps an upstream for good', async (t) => {
  const setup = setUp(t, { config: { idle_timeout: 0 } });
  await callAnswered(setup);
  await setup.clock.advance(1_000_000_000);
  assert.equal(setup.last().closes, 0);
});

test('a call at the instant of the reaping waits for the old upstream to be gone and starts a fresh one', async (t) => {
  verifies('NUC-101', 'NEW-010');
  const setup = setUp(t, { config: { idle_timeout: 1_000 } });
  setup.next = () => createFakeTransport({ answers: { initialize: greeting }, holdClose: true });
  await setup.supervisor.connect(id);
  const old = setup.last();
  await setup.clock.advance(1_000);
  const call = setup.supervisor.request(id, 'tools/call', {});
  await settled();
  assert.equal(setup.opened.length, 1, 'the old one still runs');
  old.finishClose();
  await settled();
  assert.equal(setup.opened.length, 2);
  assert.equal(old.received('tools/call').length, 0);
  setup.last().answer('tools/call', { fine: true });
  assert.deepEqual(readReply(await call).result, { fine: true });
});

test('a start after a failed one waits until what failed is gone', async (t) => {
  verifies('NEW-010');
  const setup = setUp(t, { config: { connect_timeout: 1_000 } });
  setup.next = () => createFakeTransport({ holdClose: true });
  const failed = failureOf(setup.supervisor.connect(id));
  await setup.clock.advance(1_000);
  await failed;
  const stubborn = setup.last();
  setup.next = polite;
  const again = setup.supervisor.connect(id);
  await setup.clock.advance(1_000);
  assert.equal(setup.opened.length, 1, 'the one that failed still runs');
  stubborn.finishClose();
  await again;
  assert.equal(setup.opened.length, 2);
});

test('close waits for an upstream whose start just failed', async (t) => {
  verifies('NUC-103');
  const setup = setUp(t, { config: { connect_timeout: 1_000 } });
  setup.next = () => createFakeTransport({ holdClose: true });
  const failed = failureOf(setup.supervisor.connect(id));
  await setup.clock.advance(1_000);
  await failed;
  let isClosed = false;
  const closing = setup.supervisor.close().then(() => (isClosed = true));
  await settled();
  assert.equal(isClosed, false);
  setup.last().finishClose();
  await closing;
});

test('stop ends a running upstream and the next call starts it anew, after it is gone', async (t) => {
  verifies('NEW-010');
  const setup = setUp(t);
  setup.next = () => createFakeTransport({ answers: { initialize: greeting }, holdClose: true });
  await setup.supervisor.connect(id);
  const old = setup.last();
  const pending = failureOf(setup.supervisor.request(id, 'tools/call', {}));
  await settled();
  const stopped = setup.supervisor.stop(id);
  const call = setup.supervisor.request(id, 'tools/call', { fresh: true });
  await settled();
  assert.equal(old.closes, 1);
  assert.equal(setup.opened.length, 1, 'the old one still runs');
  old.finishClose();
  await stopped;
  assert.equal((await pending).code, 'UPSTREAM_EXITED');
  await settled();
  assert.equal(setup.opened.length, 2);
  setup.last().answer('tools/call', {});
  await call;
});

test('stop of a profile that never ran does nothing', async (t) => {
  const setup = setUp(t);
  await setup.supervisor.stop(id);
  assert.equal(setup.openedAt.length, 0);
});

test('a stop before the upstream is open ends it as soon as it is', async (t) => {
  const setup = setUp(t, { wanted: () => true });
  const opening = Promise.withResolvers<Transport>();
  setup.next = () => opening.promise;
  const failed = failureOf(setup.supervisor.request(id, 'tools/call', {}));
  await settled();
  const stopped = setup.supervisor.stop(id);
  const transport = polite();
  opening.resolve(transport);
  assert.equal((await failed).code, 'UPSTREAM_EXITED');
  await stopped;
  assert.equal(transport.isEnded, true);
  assert.deepEqual(transport.sent, []);
  await setup.clock.advance(600_000);
  assert.equal(setup.openedAt.length, 1, 'a stopped one is not tried again');
  assert.deepEqual(setup.ready, []);
});

test('a stop while the upstream answers initialize ends it at once', async (t) => {
  const setup = setUp(t, { wanted: () => true });
  setup.next = () => createFakeTransport();
  const failed = failureOf(setup.supervisor.request(id, 'tools/call', {}));
  await settled();
  await setup.supervisor.stop(id);
  assert.equal((await failed).code, 'UPSTREAM_EXITED');
  assert.equal(setup.last().isEnded, true);
  await setup.clock.advance(600_000);
  assert.equal(setup.openedAt.length, 1);
});

test('a call that waits out a rest while its profile is stopped starts nothing and fails', async (t) => {
  const setup = setUp(t);
  setup.next = broken;
  await failureOf(setup.supervisor.connect(id));
  setup.next = polite;
  const failed = failureOf(setup.supervisor.request(id, 'tools/call', {}));
  await settled();
  await setup.supervisor.stop(id);
  await setup.clock.advance(1_000);
  assert.equal((await failed).code, 'UPSTREAM_EXITED');
  assert.ok(setup.opened.every((transport) => transport.isEnded));
});

test('close ends everything: what runs, what starts, what rests', async (t) => {
  verifies('NUC-103');
  const setup = setUp(t, { wanted: () => true });
  await setup.supervisor.connect('db:running');
  setup.next = () => createFakeTransport();
  const starting = failureOf(setup.supervisor.connect('db:starting'));
  await settled();
  setup.next = broken;
  await failureOf(setup.supervisor.connect('db:resting'));
  await setup.supervisor.close();
  assert.equal((await starting).code, 'UPSTREAM_EXITED');
  assert.ok(setup.opened.every((transport) => transport.isEnded));
  const starts = setup.openedAt.length;
  await setup.clock.advance(600_000);
  assert.equal(setup.openedAt.length, starts);
  assert.equal(setup.clock.waiting, 0);
});

test('close waits for a stop under way', async (t) => {
  verifies('NUC-103');
  const setup = setUp(t);
  setup.next = () => createFakeTransport({ answers: { initialize: greeting }, holdClose: true });
  await setup.supervisor.connect(id);
  const stopping = setup.supervisor.stop(id);
  let isClosed = false;
  const closing = setup.supervisor.close().then(() => (isClosed = true));
  await settled();
  assert.equal(isClosed, false);
  setup.last().finishClose();
  await Promise.all([stopping, closing]);
});

test('calls on a closed supervisor are refused', async (t) => {
  const setup = setUp(t);
  await setup.supervisor.close();
  const error = await failureOf(setup.supervisor.request(id, 'tools/call', {}));
  assert.equal(error.code, 'GATEWAY_STOPPED');
  assert.equal((await failureOf(setup.supervisor.connect(id))).code, 'GATEWAY_STOPPED');
  assert.equal(setup.openedAt.length, 0);
});

test('a call has call_timeout unless it brings its own', async (t) => {
  verifies('NEX-033');
  const setup = setUp(t, { config: { call_timeout: 3_000 } });
  const usual = failureOf(setup.supervisor.request(id, 'tools/call', {}));
  const own = failureOf(setup.supervisor.request(id, 'tools/list', {}, { timeoutMs: 1_000 }));
  await setup.clock.advance(1_000);
  assert.match((await own).message, /^db:prod did not answer tools\/list within 1 s;/);
  await setup.clock.advance(2_000);
  assert.match((await usual).message, /^db:prod did not answer tools\/call within 3 s;/);
});

test('notifications are passed on with the profile they come from', async (t) => {
  const setup = setUp(t);
  await setup.supervisor.connect(id);
  setup.last().say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
  assert.deepEqual(setup.notifications, [[id, 'notifications/tools/list_changed', undefined]]);
});

test('a failing profile does not disturb another', async (t) => {
  verifies('NEX-017');
  const setup = setUp(t);
  setup.next = broken;
  for (let failure = 0; failure < 6; failure += 1) await failureOf(setup.supervisor.connect('db:bad'));
  setup.next = polite;
  assert.deepEqual(await callAnswered(setup), { fine: true });
});

const notRun = new NucleusError('UPSTREAM_EXITED', 'it ended the session', { outcome: 'not-run' });

test('a call that did not run because its session was gone runs once, on a new connection', async (t) => {
  const { supervisor, opened, last } = setUp(t);
  await supervisor.connect(id);
  const call = supervisor.request(id, 'tools/call', { name: 'x' });
  await settled();
  last().wither();
  last().lose(last().idOf('tools/call'), notRun);
  await settled();
  assert.equal(opened.length, 2);
  last().answer('tools/call', { fine: true });
  assert.deepEqual(readReply(await call).result, { fine: true });
  assert.deepEqual(
    opened.map((transport) => transport.received('tools/call').length),
    [1, 1],
  );
  assert.ok(opened[0]?.isEnded, 'the old connection was closed');
});

test('a call whose session is gone again is not sent a third time', async (t) => {
  const { supervisor, opened, last } = setUp(t);
  await supervisor.connect(id);
  const failed = failureOf(supervisor.request(id, 'tools/call', { name: 'x' }));
  for (let turn = 0; turn < 2; turn += 1) {
    await settled();
    last().wither();
    last().lose(last().idOf('tools/call'), notRun);
  }
  assert.equal((await failed).data['outcome'], 'not-run');
  assert.equal(opened.length, 2);
});

test('a call whose outcome is unknown is not sent again, though its session is gone', async (t) => {
  const { supervisor, opened, last } = setUp(t);
  await supervisor.connect(id);
  const failed = failureOf(supervisor.request(id, 'tools/call', { name: 'x' }));
  await settled();
  last().wither();
  last().lose(
    last().idOf('tools/call'),
    new NucleusError('UPSTREAM_EXITED', 'it broke off', { outcome: 'unknown' }),
  );
  assert.equal((await failed).data['outcome'], 'unknown');
  assert.equal(opened.length, 1);
});

test('a call that did not run is not sent again over a connection that lives', async (t) => {
  const { supervisor, opened, last } = setUp(t);
  await supervisor.connect(id);
  const failed = failureOf(supervisor.request(id, 'tools/call', { name: 'x' }));
  await settled();
  last().lose(
    last().idOf('tools/call'),
    new NucleusError('UPSTREAM_UNREACHABLE', 'away', { outcome: 'not-run' }),
  );
  await failed;
  assert.deepEqual([opened.length, last().received('tools/call').length], [1, 1]);
});

test('what is open on a session that takes nothing new is still answered, and then it is closed', async (t) => {
  const { supervisor, opened } = setUp(t);
  await supervisor.connect(id);
  const open = supervisor.request(id, 'tools/call', { name: 'slow' });
  await settled();
  opened[0]?.wither();
  const next = supervisor.request(id, 'tools/call', { name: 'x' });
  await settled();
  opened[1]?.answer('tools/call', { second: true });
  assert.deepEqual(readReply(await next).result, { second: true });
  assert.equal(opened[0]?.isEnded, false);
  opened[0]?.answer('tools/call', { first: true });
  assert.deepEqual(readReply(await open).result, { first: true });
  assert.equal(opened[0]?.isEnded, true);
});

test('closing ends also what takes nothing new and has calls open', async (t) => {
  const { supervisor, opened } = setUp(t);
  await supervisor.connect(id);
  const failed = failureOf(supervisor.request(id, 'tools/call', { name: 'slow' }));
  await settled();
  opened[0]?.wither();
  await supervisor.close();
  assert.ok(opened[0]?.isEnded);
  await failed;
});

const patience = (retryAfterMs: number): NucleusError =>
  new NucleusError('UPSTREAM_BUSY', 'it asks for patience', { retryAfterMs, outcome: 'not-run' });

test('an upstream that asks to be left alone is, and callers hear for how long', async (t) => {
  const setup = setUp(t);
  const { supervisor, last, clock } = setup;
  await supervisor.connect(id);
  const refused = failureOf(supervisor.request(id, 'tools/call', { name: 'x' }));
  await settled();
  last().lose(last().idOf('tools/call'), patience(60_000));
  await refused;
  await clock.advance(10_000);
  const held = await failureOf(supervisor.request(id, 'tools/call', { name: 'x' }));
  assert.equal(held.message, 'it asks for patience (it has 50 s left)');
  assert.equal(held.data['retryAfterMs'], 50_000);
  assert.equal(last().received('tools/call').length, 1);
  await clock.advance(50_000);
  assert.deepEqual(await callAnswered(setup), { fine: true });
});

test('a call rather waits a moment than fails for an upstream that asks for one', async (t) => {
  const { supervisor, last, clock } = setUp(t);
  await supervisor.connect(id);
  const refused = failureOf(supervisor.request(id, 'tools/call', { name: 'x' }));
  await settled();
  last().lose(last().idOf('tools/call'), patience(2_000));
  await refused;
  const call = supervisor.request(id, 'tools/call', { name: 'x' });
  await clock.advance(1_999);
  assert.equal(last().received('tools/call').length, 1);
  await clock.advance(1);
  last().answer('tools/call', {});
  await call;
});

test('a start is not tried again before the upstream wants it', async (t) => {
  const setup = setUp(t, { wanted: () => true });
  setup.next = () => {
    throw patience(120_000);
  };
  await failureOf(setup.supervisor.connect(id));
  setup.next = polite;
  await setup.clock.advance(119_999);
  assert.equal(setup.opened.length, 0);
  await setup.clock.advance(1);
  assert.equal(setup.opened.length, 1);
});

test('an upstream that asks while several clients wait gets a connection for each call from then on', async (t) => {
  const setup = setUp(t);
  const { supervisor, opened } = setup;
  const asked: string[] = [];
  const peer = (name: string): Peer => ({
    client: { name },
    era: 'legacy',
    capabilities: {},
    async ask({ method }) {
      asked.push(`${name}: ${method}`);
      return { result: { roots: [] } };
    },
    tell: () => {},
  });
  const call = (name: string): Promise<Reply> =>
    supervisor.request(id, 'tools/call', { name }, { peer: peer(name) });
  const question = { jsonrpc: '2.0', id: 'q', method: 'sampling/createMessage', params: {} };

  const first = [call('a'), call('b')];
  await settled();
  opened[0]?.say(question);
  await settled();
  assert.deepEqual([asked, opened.length], [[], 1]);
  for (const id of opened[0]?.received('tools/call').map((request) => request.id) ?? [])
    opened[0]?.say({ jsonrpc: '2.0', id, result: {} });
  await Promise.all(first);

  const second = [call('c'), call('d')];
  await settled();
  assert.equal(opened.length, 2);
  opened[1]?.say(question);
  await settled();
  assert.deepEqual(asked, ['d: sampling/createMessage']);
  for (const transport of opened) transport.answer('tools/call', {});
  await Promise.all(second);
  await supervisor.stop(id);
  assert.ok(opened.every((transport) => transport.isEnded));
});
