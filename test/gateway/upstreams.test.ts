// How upstreams are started, shared, rested and ended. One gateway with short limits for the whole file.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import {
  accountTools,
  attach,
  jsonOf,
  nucleusErrorOf,
  startGateway,
  textOf,
  type Attached,
  type Gateway,
} from '../helpers/client.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { commandsWith, gone, isAlive, kill } from '../helpers/processes.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const limits = `[upstream]
connect_timeout = "1500ms"
list_timeout = "1s"
call_timeout = "2s"
`;

// Most of these wait for a limit to pass, so they wait together.
describe('upstreams', { concurrency: true }, () => {
  describe('with the limits of config.toml', { concurrency: true }, () => {
    const scope = createScope();
    const home = createHome(scope, limits);
    let gateway: Gateway;
    let client: Attached;

    before(async () => {
      gateway = await startGateway(scope, home, {
        ...passphrase(home),
        AWS_SECRET_ACCESS_KEY: 'of the parent',
        GITHUB_TOKEN: 'of the parent',
      });
      client = await attach(scope, home);
      await client.initialize();
    });

    const added = async (name: string, ...args: string[]): Promise<Fake> => {
      const fake = createFake(home, name, ...args);
      await gateway.add(fake);
      return fake;
    };

    test('a child sees an allow-list of the environment and its own secret, nothing else', async () => {
      verifies('NUC-099');
      const [a, b] = [createFake(home, 'env-a'), createFake(home, 'env-b')];
      for (const [fake, name] of [
        [a, 'TOKEN_A'],
        [b, 'TOKEN_B'],
      ] as const) {
        const launch = { ...fake.launch, env: { PLAIN: fake.name }, secretEnv: [name] };
        await gateway.add(fake, undefined, { launch, secrets: { [name]: `secret of ${fake.name}` } });
      }
      const env = jsonOf(await client.call('fake_env-a_env'));
      assert.equal(env['TOKEN_A'], 'secret of env-a');
      assert.equal(env['PLAIN'], 'env-a');
      assert.equal(env['HOME'], home.user);
      assert.deepEqual(Object.keys(env).toSorted(), [
        'HOME',
        'LANG',
        'LOGNAME',
        'PATH',
        'PLAIN',
        'SHELL',
        'TOKEN_A',
        'USER',
      ]);
      assert.ok(!JSON.stringify(env).includes('secret of env-b'));
    });

    test('a child gets its arguments, folder and variables as they are, unicode included', async () => {
      verifies('NEX-008');
      const folder = home.path('größe 测试');
      mkdirSync(folder);
      const fake = createFake(home, 'exact', '--name', 'naïve "quoted" $HOME 🙂');
      const launch = { ...fake.launch, env: { UNICODE: 'ü 测 🙂' }, cwd: folder };
      await gateway.add(fake, 'fake:exact', { launch });
      const { name, cwd, argv } = jsonOf(await client.call('fake_exact_whoami'));
      assert.equal(name, 'naïve "quoted" $HOME 🙂');
      assert.equal(cwd, folder);
      assert.deepEqual((argv as string[]).slice(-2), ['--name', 'naïve "quoted" $HOME 🙂']);
      assert.deepEqual(jsonOf(await client.call('fake_exact_env', { names: ['UNICODE'] })), {
        UNICODE: 'ü 测 🙂',
      });
    });

    test("a child's stderr goes where the profile says and never into the protocol", async () => {
      verifies('NEX-009');
      const [quiet, loud, kept] = ['quiet', 'loud', 'kept'].map((name) => createFake(home, name)) as [
        Fake,
        Fake,
        Fake,
      ];
      const file = home.path('kept.log');
      await gateway.add(quiet, undefined, { stderr: 'null' });
      await gateway.add(loud, undefined, { stderr: 'inherit' });
      await gateway.add(kept, undefined, { stderr: { file } });
      for (const { name } of [quiet, loud, kept])
        await client.call(`fake_${name}_stderr`, { text: `words of ${name}` });
      await until(
        'the file has the words',
        () => existsSync(file) && readFileSync(file, 'utf8').includes('words of kept\n'),
      );
      const log = `${home.state}/logs/gateway.log`;
      await until('the log has the words', () => readFileSync(log, 'utf8').includes('words of loud'));
      assert.doesNotMatch(readFileSync(log, 'utf8'), /words of (quiet|kept)/);
      assert.deepEqual(
        client.seen.filter((line) => line.includes('words of')),
        [],
      );
    });

    test('calls on one upstream run at once and a ping is answered meanwhile', async () => {
      verifies('FIX-001');
      await added('parallel');
      const ended: string[] = [];
      const started = performance.now();
      const calls = Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          client
            .call('fake_parallel_sleep', { ms: 500, text: `call ${n}` })
            .finally(() => ended.push('call')),
        ),
      );
      await client.ask('ping').finally(() => ended.push('ping'));
      const answers = (await calls).map(textOf);
      const took = performance.now() - started;
      assert.deepEqual(
        answers,
        Array.from({ length: 10 }, (_, n) => `call ${n}`),
      );
      assert.ok(took < 4_000, `ten calls of 500 ms took ${took} ms`);
      assert.equal(ended[0], 'ping');
    });

    test('a cancelled call is cancelled upstream, under the id it has there', async () => {
      verifies('FIX-002');
      const fake = await added('cancelling');
      client.send({
        jsonrpc: '2.0',
        id: 'mine',
        method: 'tools/call',
        params: { name: 'fake_cancelling_hang' },
      });
      const [call] = await until('the call arrived', () => {
        const calls = fake.received('tools/call');
        return calls.length > 0 && calls;
      });
      client.notify('notifications/cancelled', { requestId: 'mine', reason: 'enough' });
      const [cancel] = await until('the cancel arrived', () => {
        const cancels = fake.received('notifications/cancelled');
        return cancels.length > 0 && cancels;
      });
      assert.equal(cancel?.message?.params?.['requestId'], call?.message?.id);
      assert.deepEqual(JSON.parse(textOf(await client.call('fake_cancelling_cancelled'))), [
        call?.message?.id,
      ]);
      assert.ok(!client.seen.some((line) => line.includes('"mine"')), 'a cancelled request gets no answer');
    });

    test('progress reaches the caller before the result', async () => {
      verifies('NEX-032');
      await added('progressing');
      const from = client.seen.length;
      const result = await client.ask('tools/call', {
        name: 'fake_progressing_progress',
        arguments: { n: 3 },
        _meta: { progressToken: 'tok-1' },
      });
      assert.equal(textOf(result), '3 steps');
      const progress = client.seen
        .slice(from)
        .map((line) => JSON.parse(line) as { method?: string; params: Record<string, unknown> })
        .filter(
          ({ method, params }) => method === 'notifications/progress' && params['progressToken'] === 'tok-1',
        );
      assert.deepEqual(
        progress.map(({ params }) => params['progress']),
        [1, 2, 3],
      );
    });

    test('ten MiB on stderr block nobody', async () => {
      verifies('FIX-007');
      await added('flooding', '--stderr-flood', String(10 * 1024 * 1024));
      assert.equal(textOf(await client.call('fake_flooding_echo', { text: 'through' })), 'through');
    });

    test('a killed child fails its calls at once and the next call starts another', async () => {
      verifies('NEX-019', 'FIX-008');
      const fake = await added('mortal');
      const pid = Number(jsonOf(await client.call('fake_mortal_whoami'))['pid']);
      const pending = client.call('fake_mortal_hang');
      await until('the call arrived', () => fake.received('tools/call').length === 2);
      const killed = performance.now();
      kill(pid, 'SIGKILL');
      const failed = await pending;
      const took = performance.now() - killed;
      assert.ok(took < 1_900, `it took ${took} ms to fail`);
      assert.equal(failed['isError'], true);
      assert.match(textOf(failed), /fake:mortal/);
      assert.deepEqual(nucleusErrorOf(failed), { code: 'UPSTREAM_EXITED', profile: 'fake:mortal' });
      assert.notEqual(jsonOf(await client.call('fake_mortal_whoami'))['pid'], pid);
    });

    test('a child that dies again and again is started less and less often', async () => {
      verifies('NEX-019');
      const fake = createFake(home, 'storming', '--die-after-start', '50');
      await gateway.add(fake, undefined, { connect: false });
      const deadline = performance.now() + 3_000;
      let last: unknown;
      // Where it never lived long enough to be listed, its tool is unknown.
      while (performance.now() < deadline)
        last = await client.request('tools/call', { name: 'fake_storming_hang' });
      assert.ok(fake.starts().length <= 8, `${fake.starts().length} starts in 3 s`);
      assert.match(JSON.stringify(last), /fake:storming|unknown tool/);
    });

    test('three upstreams that fail do not stop the fourth', async () => {
      verifies('NEX-017');
      await gateway.add(createFake(home, 'bad1', '--exit-before-init', '1'), undefined, { connect: false });
      await gateway.add(createFake(home, 'bad2', '--init-garbage'), undefined, { connect: false });
      const missing = { command: '/no/such/server', args: [] };
      await gateway.ask('profiles.add', { connector: 'fake', name: 'bad3', launch: missing, connect: false });
      await added('good', '--bom', '--stdout-noise', '--page-size', '4', '--id-style', 'tail');
      const other = await attach(scope, home);
      await other.initialize();
      const { tools } = (await other.ask('tools/list')) as { tools: { name: string }[] };
      assert.ok(tools.some(({ name }) => name === 'fake_good_echo'));
      assert.ok(!tools.some(({ name }) => name.startsWith('fake_bad')));
      assert.equal(textOf(await other.call('fake_good_echo', { text: 'fine' })), 'fine');
      const { upstreams } = await gateway.status();
      const problems = ['bad1', 'bad2', 'bad3'].map(
        (name) => upstreams.find(({ profile }) => profile === `fake:${name}`)?.problem,
      );
      for (const problem of problems) assert.match(problem ?? '', /fake:bad/);
    });

    test('an upstream that could not start returns by itself once it can', async () => {
      verifies('NEX-018');
      const needed = home.path('needed');
      const fake = createFake(home, 'returning', '--tools', '1', '--needs', needed);
      await gateway.add(fake, undefined, { connect: false });
      const own = await attach(scope, home, { profiles: [{ id: 'fake:returning', alias: 'returning' }] });
      await own.initialize();
      const namesNow = async () =>
        accountTools((await own.ask('tools/list')) as { tools: { name: string }[] }).map(({ name }) => name);
      assert.deepEqual(await namesNow(), []);
      assert.ok(fake.starts().length > 0);
      writeFileSync(needed, '');
      await until(
        'its tool is there',
        async () => (await namesNow()).includes('fake_returning_echo'),
        30_000,
      );
      await until('the client is told', () =>
        own.seen.some((line) => line.includes('notifications/tools/list_changed')),
      );
    });

    test('a hanging start ends at connect_timeout', async () => {
      verifies('NEX-033');
      const fake = createFake(home, 'hang-init', '--hang', 'initialize');
      const started = performance.now();
      const { probe } = await gateway.ask('profiles.add', {
        connector: 'fake',
        name: 'hang-init',
        launch: fake.launch,
      });
      const took = performance.now() - started;
      assert.ok(took >= 1_400 && took < 10_000, `${took} ms`);
      assert.ok(probe?.ok === false);
      assert.equal(probe.code, 'UPSTREAM_TIMEOUT');
      assert.match(probe.message, /fake:hang-init/);
      await gone(fake.starts().map(({ pid }) => pid));
    });

    test('a hanging list ends at list_timeout', async () => {
      verifies('NEX-033');
      const fake = createFake(home, 'hang-list', '--hang', 'tools/list');
      const started = performance.now();
      const { probe } = await gateway.ask('profiles.add', {
        connector: 'fake',
        name: 'hang-list',
        launch: fake.launch,
      });
      const took = performance.now() - started;
      assert.ok(took >= 900 && took < 10_000, `${took} ms`);
      assert.ok(probe?.ok === false);
      assert.equal(probe.code, 'UPSTREAM_TIMEOUT');
    });

    test('a hanging call ends at call_timeout, others unaffected, the upstream told', async () => {
      verifies('NEX-033');
      const fake = await added('hang-call');
      const started = performance.now();
      const hanging = client.call('fake_hang-call_hang');
      assert.equal(textOf(await client.call('fake_hang-call_echo', { text: 'still here' })), 'still here');
      const result = await hanging;
      const took = performance.now() - started;
      assert.ok(took >= 1_900 && took < 10_000, `${took} ms`);
      assert.equal(result['isError'], true);
      assert.deepEqual(nucleusErrorOf(result), { code: 'UPSTREAM_TIMEOUT', profile: 'fake:hang-call' });
      assert.match(textOf(result), /fake:hang-call/);
      await until('the upstream heard of it', () => fake.received('notifications/cancelled').length === 1);
      assert.equal(fake.starts().length, 1);
    });
  });

  describe('with idle_timeout = 1s', { concurrency: true }, () => {
    const scope = createScope();
    const home = createHome(scope, '[upstream]\nidle_timeout = "1s"\n');
    let gateway: Gateway;
    let client: Attached;

    before(async () => {
      gateway = await startGateway(scope, home);
      client = await attach(scope, home);
      await client.initialize();
    });

    test('an idle child is ended and the next call starts it with what is configured then', async () => {
      verifies('NUC-101');
      const fake = createFake(home, 'idle');
      const launch = (value: string) => ({ launch: { ...fake.launch, env: { SETTING: value } } });
      await gateway.add(fake, undefined, launch('old'));
      const setting = async () =>
        jsonOf(await client.call('fake_idle_env', { names: ['SETTING'] }))['SETTING'];
      assert.equal(await setting(), 'old');
      const [first] = fake.starts();
      assert.ok(first);
      await gone(first.pid, 4_000);
      await gateway.add(fake, undefined, { ...launch('new'), replace: true, connect: false });
      assert.equal(await setting(), 'new');
      assert.equal(fake.starts().length, 2);
    });

    test('a child that works is not idle', async () => {
      verifies('NUC-102');
      const fake = createFake(home, 'busy');
      await gateway.add(fake);
      const result = await client.call('fake_busy_sleep', { ms: 5_000, text: 'done after five seconds' });
      assert.equal(textOf(result), 'done after five seconds');
      assert.equal(fake.starts().length, 1);
    });
  });

  describe('at the end', { concurrency: true }, () => {
    test('no child survives a stopped gateway, however stubborn', async (t) => {
      verifies('NUC-103');
      const home = createHome(t);
      const gateway = await startGateway(t, home);
      await gateway.add(createFake(home, 'deaf', '--ignore-eof'));
      const stubborn = createFake(home, 'stubborn', '--ignore-eof', '--ignore-term', '--grandchild');
      await gateway.add(stubborn);
      const children = commandsWith(home.path('fake-upstream.mjs'));
      const grandchildren = stubborn.events().flatMap(({ child }) => child ?? []);
      assert.equal(children.length, 2);
      assert.equal(grandchildren.length, 1);
      kill(gateway.pid, 'SIGTERM');
      await gone([gateway.pid, ...children.map(({ pid }) => pid), ...grandchildren], 3_000);
      assert.equal(home.endpoint(), null);
    });

    test('a start that hangs holds up neither a removal nor the end', async (t) => {
      verifies('NUC-103', 'NUC-039');
      const home = createHome(t);
      const gateway = await startGateway(t, home);
      const [one, two] = [
        createFake(home, 'one', '--hang', 'initialize'),
        createFake(home, 'two', '--hang', 'initialize'),
      ];
      for (const fake of [one, two]) await gateway.add(fake, undefined, { connect: false });
      await until('both start', () => one.starts().length === 1 && two.starts().length === 1);
      const pids = [one, two].flatMap((fake) => fake.starts().map(({ pid }) => pid));
      await gateway.ask('profiles.remove', { id: 'fake:one' }, 3_000);
      await gone(pids.slice(0, 1), 3_000);
      kill(gateway.pid, 'SIGTERM');
      await gone([gateway.pid, ...pids], 3_000);
    });

    test('removing a profile ends its child', async (t) => {
      verifies('NUC-103', 'NUC-039');
      const home = createHome(t);
      const gateway = await startGateway(t, home);
      const fake = createFake(home, 'removed', '--grandchild');
      await gateway.add(fake);
      const [started] = fake.starts();
      assert.ok(started && isAlive(started.pid));
      await nucleusOk(home, ['remove', 'fake:removed', '--force']);
      await gone([started.pid, ...fake.events().flatMap(({ child }) => child ?? [])], 3_000);
      assert.deepEqual((await gateway.status()).upstreams, []);
    });
  });
});
