// What breaks: children, shims, gateways, files, arguments. One sentence each, and nothing else breaks with it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { before, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import {
  attach,
  controlGateway,
  jsonOf,
  nucleusErrorOf,
  startGateway,
  startShim,
  textOf,
  type Attached,
  type Gateway,
} from '../helpers/client.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, createScope, type Home } from '../helpers/home.ts';
import { nucleus, nucleusOk } from '../helpers/nucleus.ts';
import { gone, isAlive, kill } from '../helpers/processes.ts';
import { verifies } from '../helpers/requirements.ts';
import { until, withDeadline } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope, '[upstream]\ncall_timeout = "1500ms"\n[client]\nmax_message_mib = 48\n');
let gateway: Gateway;
let client: Attached;
let steady: Fake;

before(async () => {
  gateway = await startGateway(scope, home);
  steady = createFake(home, 'steady');
  await gateway.add(steady);
  await gateway.add(createFake(home, 'shaky'));
  client = await attach(scope, home);
  await client.initialize();
});

/** Whatever happened to another one, this one goes on as the same process. */
async function steadyGoesOn(): Promise<void> {
  assert.equal(textOf(await client.call('fake_steady_echo', { text: 'steady' })), 'steady');
  assert.equal(steady.starts().length, 1);
}

test('an upstream that dies in a call fails that call with its exit code', async () => {
  verifies('FIX-008', 'NEX-017');
  for (const [how, words] of [
    [{ code: 3 }, /exit code 3|code 3/],
    [{ signal: 'SIGSEGV' }, /SIGSEGV/],
  ] as const) {
    const failed = await client.call('fake_shaky_die', how);
    assert.equal(failed['isError'], true);
    assert.equal(nucleusErrorOf(failed)?.code, 'UPSTREAM_EXITED');
    assert.match(textOf(failed), /fake:shaky/);
    assert.match(textOf(failed), words);
    assert.equal(textOf(await client.call('fake_shaky_echo', { text: 'back' })), 'back');
  }
  await steadyGoesOn();
});

test('an upstream that babbles is understood, and its oddities counted', async () => {
  verifies('NEX-017');
  assert.equal(textOf(await client.call('fake_shaky_babble')), 'right');
  assert.equal(textOf(await client.call('fake_shaky_echo', { text: 'after' })), 'after');
  const { upstreams } = await gateway.status();
  const { oddities = 0, state } = upstreams.find(({ profile }) => profile === 'fake:shaky') ?? {};
  assert.ok(oddities >= 5, `${oddities} oddities`);
  assert.equal(state, 'ready');
  await steadyGoesOn();
});

test('an answer that is no UTF-8 fails its call and nothing else', async () => {
  verifies('NEX-017');
  const answer = await client.request('tools/call', { name: 'fake_shaky_mojibake', arguments: {} });
  assert.doesNotMatch(JSON.stringify(answer.result ?? ''), /\uFFFD/);
  assert.ok(answer.error || answer.result?.['isError'] === true, JSON.stringify(answer));
  await steadyGoesOn();
});

test('an answer that comes byte by byte arrives', async () => {
  verifies('NEX-017');
  const result = await client.call('fake_shaky_drip', { bytes: 20_000 });
  assert.equal(textOf(result).length, 20_000);
});

test('an answer of 32 MiB passes beside other calls', async () => {
  verifies('NEX-017');
  const bytes = 32 * 1024 * 1024;
  const [big, small] = await Promise.all([
    client.call('fake_shaky_big', { bytes }, 20_000),
    client.call('fake_steady_echo', { text: 'small' }),
  ]);
  assert.equal(textOf(big).length, bytes);
  assert.equal(textOf(small), 'small');
});

test('an answer above the limit of the client becomes a sentence, and the connection stays', async (t) => {
  verifies('NEX-017');
  const strict = createHome(t);
  const own = await startGateway(t, strict);
  await own.add(createFake(strict, 'huge'));
  const reader = await attach(t, strict);
  await reader.initialize();
  const result = await reader.call('fake_huge_big', { bytes: 32 * 1024 * 1024 }, 20_000);
  assert.equal(result['isError'], true);
  assert.equal(nucleusErrorOf(result)?.code, 'RESULT_TOO_LARGE');
  assert.match(textOf(result), /fake:huge .*32\.0 MiB.*max_message_mib/);
  assert.equal(textOf(await reader.call('fake_huge_echo', { text: 'still here' })), 'still here');
});

test('every page of a list is read, and one that never ends as far as it goes', async () => {
  verifies('NEX-030');
  await gateway.add(createFake(home, 'paged', '--tools', '45', '--page-size', '15'));
  await gateway.add(createFake(home, 'endless', '--loop-cursor', '--page-size', '3'));
  const { tools } = await gateway.ask('tools.list', {});
  assert.equal(tools.filter(({ profile }) => profile === 'fake:paged').length, 45);
  assert.equal(tools.filter(({ profile }) => profile === 'fake:endless').length, 3);
  assert.match(
    readFileSync(join(home.state, 'logs', 'gateway.log'), 'utf8'),
    /list does not end.* profile=fake:endless/,
  );
  await steadyGoesOn();
});

test('requests of an upstream are answered, whoever calls', async () => {
  verifies('FIX-006');
  const ask = async (method: string) => jsonOf(await client.call('fake_shaky_ask', { method }));
  assert.deepEqual(await ask('ping'), { result: {} });
  const sampling = (await ask('sampling/createMessage')) as { error?: { code: number } };
  assert.equal(typeof sampling.error?.code, 'number');
});

test('a shim killed in a call frees its call and disturbs nobody', async (t) => {
  verifies('FIX-012', 'FIX-002');
  const shim = startShim(t, home);
  await shim.initialize();
  const before = steady.received('notifications/cancelled').length;
  shim.send({ jsonrpc: '2.0', id: 'open', method: 'tools/call', params: { name: 'fake_steady_hang' } });
  await until('the call arrived', () =>
    steady.received('tools/call').some(({ message }) => message?.params?.['name'] === 'hang'),
  );
  shim.child.kill('SIGKILL');
  await until('the upstream heard of it', () => steady.received('notifications/cancelled').length > before);
  await steadyGoesOn();
});

test('a killed gateway costs one sentence, no profile and no lock', async (t) => {
  verifies('FIX-011', 'FIX-012');
  const own = createHome(t);
  const first = await startGateway(t, own);
  const fake = createFake(own, 'survivor');
  await first.add(fake);
  const shim = startShim(t, own);
  await shim.initialize();
  await shim.call('fake_survivor_whoami');
  kill(first.pid, 'SIGKILL');
  await gone(fake.starts().map(({ pid }) => pid));

  // The stale socket and endpoint file are no obstacle, to the client that was there and to a new one.
  assert.equal(textOf(await shim.call('fake_survivor_echo', { text: 'nothing lost' })), 'nothing lost');
  assert.match(shim.stderr(), /the gateway went away; looking for another one/);
  const next = startShim(t, own);
  await next.initialize();
  assert.equal(textOf(await next.call('fake_survivor_echo', { text: 'for all' })), 'for all');
  assert.notEqual(own.endpoint()?.pid, first.pid);
  const profiles = await (await controlGateway(t, own)).ask('profiles.list', {});
  assert.deepEqual(
    profiles.map(({ id }) => id),
    ['fake:survivor'],
  );
});

test('a gateway that was stopped by a person is not started by a client', async (t) => {
  verifies('FIX-012');
  const own = createHome(t);
  await nucleusOk(own, ['stop']);
  const { code, stdout, stderr } = await nucleus(own, ['serve']);
  assert.equal(code, 3);
  assert.equal(stdout, '');
  assert.match(stderr, /^Error: Nucleus was stopped by you; .*nucleus start/);
  assert.equal(own.endpoint(), null);
});

test('of two gateways at the same instant exactly one is, a hundred times', async (t) => {
  verifies('FIX-011', 'FIX-012');
  const own = createHome(t);
  const [one, two] = [startContender(t, own), startContender(t, own)];
  for (let round = 0; round < 100; round++) {
    // Nine in ten race for a folder that was in use, one for a fresh one that has to be made first.
    const folder = own.path(`race-${Math.floor(round / 10)}`);
    one.say(folder);
    two.say(folder);
    const answers = [one, two].map((contender) => contender.answer().then((text) => ({ contender, text })));
    const first = await Promise.race(answers);
    const other = first.contender === one ? two : one;
    // The one still waiting gives up; then the winner lets go.
    other.say('');
    const outcomes = (await Promise.all(answers)).map(({ text }) => text).toSorted();
    assert.deepEqual(outcomes, ['GATEWAY_BUSY', 'won'], `round ${round}`);
    first.contender.say('');
    assert.deepEqual(await Promise.all([one.answer(), two.answer()]), ['free', 'free']);
  }
  await Promise.all([one.end(), two.end()]);
});

interface Contender {
  say(line: string): void;
  answer(): Promise<string>;
  end(): Promise<unknown>;
}

function startContender(t: TestContext, own: Home): Contender {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../fixtures/race-host.ts')], {
    // So that the sockets of all its folders are below the home.
    env: { ...own.env, XDG_RUNTIME_DIR: own.root },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  return {
    say: (line) => child.stdin.write(`${line}\n`),
    answer: () => withDeadline('an answer of a contender', next()),
    end: () => {
      child.stdin.end();
      return once(child, 'close');
    },
  };
}

test('broken TOML is said with file and line and stops nothing that runs', async () => {
  verifies('NUC-005', 'NUC-018');
  home.write('connectors/broken.toml', 'schema = 1\nname = ]\n');
  const listed = await nucleus(home, ['list', '--json']);
  assert.equal(listed.code, 0);
  assert.ok((JSON.parse(listed.stdout) as { id: string }[]).some(({ id }) => id === 'fake:steady'));
  const { code, stdout, stderr } = await nucleus(home, ['connectors']);
  assert.equal(code, 0);
  assert.doesNotMatch(stdout, /broken/);
  assert.match(stderr, /broken\.toml/);
  assert.match(stderr, /line 2/);
  assert.match(stderr, /^ *fix: /m);
  await steadyGoesOn();
});

test('a custom manifest named like a built-in is left out with a warning', async () => {
  verifies('NUC-017');
  home.write('connectors/sqlite.toml', 'url = "https://elsewhere.example/mcp"\n');
  const { stdout, stderr } = await nucleusOk(home, ['connectors']);
  assert.match(stdout, /^sqlite +builtin +stdio/m);
  assert.match(stderr, /sqlite\.toml/);
  assert.match(stderr, /built-in/);
});

test('a mistyped tool is answered with the nearest ones', async () => {
  verifies('NUC-003');
  const unknown = await client.request('tools/call', { name: 'fake_steady_ecko', arguments: {} });
  assert.equal(unknown.error?.code, -32602);
  assert.match(
    unknown.error?.message ?? '',
    /^unknown tool "fake_steady_ecko"; did you mean .*fake_steady_echo/,
  );
});

test('a wrong tool, profile or argument is one sentence with the right code', async () => {
  verifies('NUC-003');
  const notAnObject = await client.request('tools/call', { name: 'fake_steady_echo', arguments: 'text' });
  assert.equal(notAnObject.error?.code, -32602);
  assert.equal((await client.request('no/such/method')).error?.code, -32601);
  assert.equal((await client.request('tools/list', { cursor: 'nonsense' })).error?.code, -32602);

  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['call', 'fake_steady_ecko'], 4, /^Error: unknown tool "fake_steady_ecko"/],
    [['call', 'fake_steady_echo', '--args', '{"text":'], 2, /^Error: .*JSON/],
    [['call', 'fake_steady_echo', '--args', '[1]'], 2, /^Error: .*object/],
    [['call', 'fake_shaky_die', '--args', '{"code":7}'], 6, /^Error: .*fake:shaky/],
    [['info', 'fake:none'], 4, /^Error: no profile with id "fake:none"/],
    [['use', 'none'], 4, /^Error: .*none/],
    [['list', '--no-such-flag'], 2, /--no-such-flag/],
    [['no-such-command'], 2, /no-such-command/],
    [['serve', '--profile', 'nocolon'], 2, /^Error: --profile "nocolon"/],
  ];
  await Promise.all(
    cases.map(async ([args, code, words]) => {
      const outcome = await nucleus(home, args);
      assert.match(outcome.stderr, words, args.join(' '));
      assert.equal(outcome.code, code, args.join(' '));
      assert.equal(outcome.stdout, '', args.join(' '));
    }),
  );
});

test('a view that names an unknown profile is refused with the ones there are', async (t) => {
  verifies('NUC-003');
  const { code, stderr, stdout } = await nucleus(home, ['serve', '--profile', 'fake:none']);
  assert.equal(stdout, '');
  assert.equal(code, 4);
  assert.match(stderr, /^Error: no profile with id "fake:none"/);
  await assert.rejects(
    attach(t, home, { profiles: [{ id: 'fake:none', alias: 'x' }] }),
    /no profile with id "fake:none"/,
  );
});

test('a registry that is emptied or damaged is noticed and left alone', async (t) => {
  verifies('NUC-007', 'FIX-011');
  const own = createHome(t);
  await nucleusOk(own, ['add', 'fake', 'kept', '--command', '/bin/true', '--no-connect']);
  const registry = join(own.state, 'registry.db');
  const copy = new Database(registry);
  copy.pragma('wal_checkpoint(TRUNCATE)');
  copy.close();
  writeFileSync(registry, '');
  const { code, stderr } = await nucleus(own, ['list']);
  assert.equal(code, 1);
  assert.match(stderr, /^Error: .*registry\.db/);
  writeFileSync(registry, 'this is no database, whatever its name says'.repeat(100));
  assert.equal((await nucleus(own, ['list'])).code, 1);
});

test('a state folder that cannot be made is one sentence', async (t) => {
  verifies('NUC-003');
  const own = createHome(t);
  writeFileSync(own.path('file'), '');
  const { code, stderr } = await nucleus(own, ['list'], { env: { NUCLEUS_HOME: own.path('file', 'below') } });
  assert.equal(code, 1);
  assert.match(stderr, /^Error: .*file/);
  assert.equal(stderr.trimEnd().split('\n').length, 1);
});

test('a stopped upstream process is a time-out of its own calls only', async () => {
  verifies('NEX-033');
  const fake = createFake(home, 'frozen');
  await gateway.add(fake);
  const pid = Number(jsonOf(await client.call('fake_frozen_whoami'))['pid']);
  process.kill(pid, 'SIGSTOP');
  try {
    const result = await client.call('fake_frozen_echo');
    assert.equal(nucleusErrorOf(result)?.code, 'UPSTREAM_TIMEOUT');
    await steadyGoesOn();
  } finally {
    if (isAlive(pid)) process.kill(pid, 'SIGCONT');
  }
});

test('hostile frames of a client get an error each and the connection stays', async (t) => {
  verifies('NUC-104');
  const own = await attach(t, home);
  await own.initialize();
  own.send('[]');
  await own.next('the answer to a batch', ({ error }) => error?.code === -32600);
  own.send(
    `{"jsonrpc":"2.0","id":"deep","method":"ping","params":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  );
  await own.next(
    'an answer to deep nesting',
    ({ error, result }) => error !== undefined || result !== undefined,
  );
  own.send(
    '{"jsonrpc":"2.0","id":"proto","method":"tools/call","params":{"name":"__proto__","arguments":{"__proto__":{"x":1}}}}',
  );
  assert.equal((await own.next('the answer', ({ id }) => id === 'proto')).error?.code, -32602);
  assert.deepEqual(await own.ask('ping'), {});
  await steadyGoesOn();
});
