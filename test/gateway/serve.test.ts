// `nucleus serve`: what a client meets when it connects, and how fast.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import test, { describe } from 'node:test';
import {
  accountTools,
  attach,
  connectClient,
  controlGateway,
  startGateway,
  startShim,
  unlabelled,
  type Attached,
} from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome } from '../helpers/home.ts';
import { nucleus, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { leastTime, until } from '../helpers/until.ts';

const namesOf = (result: unknown) =>
  accountTools(result as { tools: { name: string }[] }).map(({ name }) => name);

test('expose-all lists every tool of every profile', async (t) => {
  verifies('NUC-055');
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  for (const [name, count] of [
    ['one', '2'],
    ['two', '3'],
    ['three', '40'],
  ] as const)
    await gateway.add(createFake(home, name, '--tools', count));
  for (const args of [[], ['--mode', 'expose-all']]) {
    const client = await connectClient(t, home, { args });
    const { tools } = await client.listTools();
    const ours = tools.filter(({ name }) => name.startsWith('fake_'));
    assert.equal(ours.length, 45);
    assert.ok(ours.some(({ name }) => name === 'fake_three_extra_40'));
    assert.deepEqual(
      tools.filter(({ name }) => !/^(fake|nucleus)_/.test(name)),
      [],
    );
  }
});

test('a mode that does not exist is refused with the ones that do', async (t) => {
  verifies('NUC-059');
  const { code, stdout, stderr } = await nucleus(createHome(t), ['serve', '--mode', 'foo']);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^Error: unknown --mode "foo" \(want 'auto', 'expose-all'/);
});

test('a client that waits with its first list hears when tools appear', async (t) => {
  verifies('NUC-100');
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  const client = await attach(t, home);
  await client.initialize();
  assert.deepEqual(namesOf(await client.ask('tools/list')), []);
  await gateway.add(createFake(home, 'later', '--tools', '1'));
  await client.next('tools/list_changed', ({ method }) => method === 'notifications/tools/list_changed');
  assert.deepEqual(namesOf(await client.ask('tools/list')), ['fake_later_echo']);
});

test('a complete list comes from the cache before any upstream runs', async (t) => {
  verifies('NEW-009');
  const home = createHome(t);
  const names = Array.from({ length: 12 }, (_, n) => `p${n}`);
  const offer = home.path('offer.json');
  writeFileSync(offer, JSON.stringify([{ name: 'old', inputSchema: { type: 'object' } }]));
  const fakes = names.map((name) => createFake(home, name, '--tool-file', offer));
  const first = await startGateway(t, home);
  await Promise.all(fakes.map((fake) => first.add(fake)));
  const started = fakes.map((fake) => fake.starts().length);

  let client!: Attached;
  let listed: string[] = [];
  const took = await leastTime(
    250,
    async () => {
      client = await attach(t, home);
      await client.initialize();
      listed = namesOf(await client.ask('tools/list'));
    },
    async () => {
      await nucleusOk(home, ['stop']);
      await nucleusOk(home, ['start']);
    },
  );
  assert.deepEqual(listed.toSorted(), names.map((name) => `fake_${name}_old`).toSorted());
  assert.ok(took < 250, `a list from the cache took ${took} ms`);
  const { upstreams } = await (await controlGateway(t, home)).status();
  assert.deepEqual(
    upstreams.filter(({ state }) => state === 'ready').map(({ profile }) => profile),
    [],
  );
  assert.deepEqual(
    fakes.map((fake) => fake.starts().length),
    started,
  );

  writeFileSync(offer, JSON.stringify([{ name: 'new', inputSchema: { type: 'object' } }]));
  await client.call('fake_p3_old').catch(() => {});
  await client.next('tools/list_changed', ({ method }) => method === 'notifications/tools/list_changed');
  const changed = namesOf(await client.ask('tools/list'));
  assert.ok(changed.includes('fake_p3_new'), changed.join(' '));
  assert.equal(changed.length, 12);
});

test('definitions arrive as the upstream wrote them, but for name and prefix', async (t) => {
  verifies('FIX-009');
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  const fake = createFake(home, 'odd', '--odd-schemas');
  await gateway.add(fake);
  const client = await attach(t, home);
  await client.initialize();
  const list = (await client.ask('tools/list')) as { tools: { name: string }[] };
  assert.deepEqual(accountTools(list), [
    {
      name: 'fake_odd_odd_input',
      title: 'Odd input',
      description: '[fake/odd] spaces around, ümlauts, "quotes"\nand a second line',
      inputSchema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
        properties: {
          tree: { $ref: '#/$defs/node' },
          either: {
            oneOf: [
              { type: 'string', const: 'a' },
              { type: 'integer', exclusiveMinimum: 0 },
            ],
          },
          __proto: { type: 'null' },
          big: { type: 'number', maximum: 1e300, multipleOf: 0.01 },
        },
        patternProperties: { '^x-': { type: 'string' } },
        additionalProperties: false,
        required: ['tree'],
        'x-vendor': { anything: [1, { deep: null }] },
      },
      outputSchema: {
        type: 'object',
        properties: { answer: { type: 'integer' } },
        unevaluatedProperties: false,
      },
      icons: [{ src: 'data:image/png;base64,AAAA', mimeType: 'image/png', sizes: ['16x16'], theme: 'dark' }],
      annotations: { title: 'Annotated', readOnlyHint: true, destructiveHint: false, 'x-unknown': 7 },
      execution: { taskSupport: 'optional' },
      _meta: { 'example.com/meta': { list: [1, 2, 3] } },
      unknownField: { kept: true },
    },
    { name: 'fake_odd_odd_minimal', description: '[fake/odd]', inputSchema: { type: 'object' } },
  ]);
});

test('results, errors, prompts and resources pass untouched', async (t) => {
  verifies('FIX-003', 'FIX-004', 'FIX-005');
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  await gateway.add(createFake(home, 'raw', '--prompts', '--resources', '--id-style', 'tail'));
  const client = await attach(t, home);
  await client.initialize();

  assert.deepEqual(unlabelled(await client.call('fake_raw_odd'), 'fake:raw'), {
    content: [
      { type: 'hologram', depth: 3, _meta: { 'example.com/x': 1 } },
      { type: 'resource_link', uri: 'nucleus://fake/raw/fake://link', name: 'link', title: 'A link' },
    ],
    structuredContent: { big: '12345678901234567890', nested: { list: [1, null, 'ü'] } },
    _meta: { 'example.com/kept': true },
    unknownField: ['kept', 'too'],
  });
  assert.deepEqual(unlabelled(await client.call('fake_raw_odd', { structuredOnly: true }), 'fake:raw'), {
    structuredContent: { answer: 42 },
  });
  assert.deepEqual(unlabelled(await client.call('fake_raw_fail', { text: 'no' }), 'fake:raw'), {
    content: [{ type: 'text', text: 'no' }],
    isError: true,
  });
  const failed = await client.request('tools/call', {
    name: 'fake_raw_error',
    arguments: { code: -31999, message: 'teapot', data: { short: ['and', 'stout'] } },
  });
  assert.deepEqual(failed.error, { code: -31999, message: 'teapot', data: { short: ['and', 'stout'] } });

  const { prompts } = (await client.ask('prompts/list')) as { prompts: { name: string }[] };
  assert.deepEqual(
    prompts.map(({ name }) => name),
    ['fake_raw_greet', 'fake_raw_plain'],
  );
  const greeted = await client.ask('prompts/get', { name: 'fake_raw_greet', arguments: { who: 'Ada' } });
  assert.deepEqual(unlabelled(greeted, 'fake:raw'), {
    description: 'from raw',
    messages: [{ role: 'user', content: { type: 'text', text: '["greet",{"who":"Ada"}]' } }],
  });

  const { resources } = (await client.ask('resources/list')) as {
    resources: { uri: string; name: string }[];
  };
  assert.equal(resources.length, 2);
  const { contents } = (await client.ask('resources/read', { uri: resources[1]?.uri })) as {
    contents: { text: string }[];
  };
  assert.equal(contents[0]?.text, 'raw reads fake://raw/data');
  const { resourceTemplates } = (await client.ask('resources/templates/list')) as {
    resourceTemplates: unknown[];
  };
  assert.equal(resourceTemplates.length, 1);
});

// The first of these mostly waits; the others go on meanwhile.
describe('serve', { concurrency: true }, () => {
  test('initialize is answered at once while twenty slow upstreams and a hanging one start', async (t) => {
    verifies('NUC-100');
    const home = createHome(t);
    const gateway = await startGateway(t, home);
    const slow = Array.from({ length: 20 }, (_, n) =>
      createFake(home, `slow${n}`, '--tools', '1', '--delay-init', '3000'),
    );
    const hanging = createFake(home, 'hanging', '--hang', 'initialize');
    await Promise.all([...slow, hanging].map((fake) => gateway.add(fake, undefined, { connect: false })));

    let client!: Attached;
    const took = await leastTime(1_000, async () => {
      client = await attach(t, home);
      await client.initialize();
    });
    assert.ok(took < 1_000, `initialize took ${took} ms`);

    await client.ask('ping');
    // The first list may wait a little for profiles never seen, but not for one that hangs.
    const first = namesOf(await client.ask('tools/list', {}, 8_000));
    if (first.length < 20)
      await client.next(
        'tools/list_changed',
        ({ method }) => method === 'notifications/tools/list_changed',
        10_000,
      );
    await until(
      'all twenty slow upstreams are listed',
      async () => namesOf(await client.ask('tools/list')).length === 20,
      10_000,
    );
    assert.ok(!namesOf(await client.ask('tools/list')).some((name) => name.includes('hanging')));
    assert.deepEqual(
      slow.map((fake) => fake.starts().length),
      slow.map(() => 1),
    );
  });

  test('stdout of serve carries JSON-RPC only, whatever the upstreams print', async (t) => {
    verifies('NUC-104');
    const home = createHome(t);
    const gateway = await startGateway(t, home);
    await gateway.add(createFake(home, 'noisy', '--stdout-noise', '--stderr-flood', '100000'));
    await gateway.add(createFake(home, 'crashing', '--exit-before-init', '3'), undefined, { connect: false });
    const shim = startShim(t, home);
    await shim.initialize();
    await shim.ask('tools/list');
    assert.equal((await shim.call('fake_noisy_babble'))['isError'], undefined);
    assert.equal((await shim.call('fake_noisy_die', { code: 9 }))['isError'], true);
    shim.send('this is not JSON');
    await shim.next('the answer to garbage', ({ error }) => error?.code === -32700);
    assert.equal(await shim.close(), 0);
    for (const line of shim.seen)
      assert.equal((JSON.parse(line) as { jsonrpc: string }).jsonrpc, '2.0', line);
    assert.match(shim.stderr(), /resolved profile .*fake:noisy/);
  });

  test('serve --standalone is a gateway of its own on the same terms', async (t) => {
    verifies('NUC-104');
    const home = createHome(t);
    await nucleusOk(home, ['add', 'fake', 'alone', ...createFake(home, 'alone', '--tools', '1').flags]);
    const shim = startShim(t, home, { args: ['--standalone'] });
    await shim.initialize();
    assert.deepEqual(namesOf(await shim.ask('tools/list')), ['fake_alone_echo']);
    assert.equal(await shim.close(), 0);
    for (const line of shim.seen)
      assert.equal((JSON.parse(line) as { jsonrpc: string }).jsonrpc, '2.0', line);
    assert.match(shim.stderr(), /resolved profile .*fake:alone/);
  });

  test('serve --servers serves a file without leaving any state', async (t) => {
    verifies('NUC-104');
    const home = createHome(t);
    const fake = createFake(home, 'filed', '--tools', '1');
    const file = home.path('servers.json');
    writeFileSync(file, JSON.stringify({ mcpServers: { first: fake.launch, second: fake.launch } }));
    const shim = startShim(t, home, { args: ['--servers', file] });
    await shim.initialize();
    assert.deepEqual(namesOf(await shim.ask('tools/list')), ['first_default_echo', 'second_default_echo']);
    assert.equal(await shim.close(), 0);
    assert.ok(!existsSync(home.state), 'it made a state folder');
    const { code } = await nucleus(home, ['serve', '--servers', home.path('no-such-file.json')]);
    assert.notEqual(code, 0);
  });
});
