// Exposed names and descriptions, seen by clients of one gateway.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test, { before } from 'node:test';
import {
  accountTools,
  attach,
  connectClient,
  controlGateway,
  jsonOf,
  startGateway,
  textOf,
  type Attached,
  type Gateway,
} from '../helpers/client.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, createScope, type Home } from '../helpers/home.ts';
import { nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { kill } from '../helpers/processes.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

interface Tool {
  readonly name: string;
  readonly description?: string;
}

const scope = createScope();
const home = createHome(scope);
let gateway: Gateway;

before(async () => {
  gateway = await startGateway(scope, home, passphrase(home));
});

test('a tool is named connector_alias_tool', async (t) => {
  verifies('NUC-049');
  await gateway.add(createFake(home, 'simple', '--tools', '2'), 'github:work');
  const client = await connectClient(t, home);
  const tools = accountTools(await client.listTools());
  assert.deepEqual(
    tools.map(({ name }) => name).filter((name) => name.startsWith('github')),
    ['github_work_echo', 'github_work_whoami'],
  );
  const result = await client.callTool({ name: 'github_work_echo', arguments: { text: 'hello' } });
  assert.equal(textOf(result), 'hello');
  await gateway.ask('profiles.remove', { id: 'github:work' });
});

test('five hundred odd tool names become valid, unique names that lead back, also after a restart', async (t) => {
  verifies('NUC-050', 'NEW-013');
  const odd = createHome(t, '[surface]\nmode = "expose-all"\n');
  const names = oddNames(500);
  let control = await startGateway(t, odd);
  await control.add(oddFake(odd, names), 'vendor:main');
  const client = await attach(t, odd);
  await client.initialize();
  const exposed = (await allTools(client)).map(({ name }) => name);

  assert.equal(exposed.length, 500);
  assert.deepEqual(
    exposed.filter((name) => !/^[a-zA-Z0-9_-]{1,48}$/.test(name)),
    [],
  );
  assert.equal(new Set(exposed).size, 500);
  const reached = await reachedBy(client, exposed);
  assert.deepEqual(reached.toSorted(), names.toSorted());

  await nucleusOk(odd, ['stop']);
  await nucleusOk(odd, ['start']);
  control = await controlGateway(t, odd);
  // Offered in another order, so that names which hung on the order would move.
  writeFileSync(odd.path('names.json'), toolFile(names.toReversed()));
  const again = await attach(t, odd);
  await again.initialize();
  assert.deepEqual(await reachedBy(again, exposed), reached);
  assert.deepEqual((await allTools(again)).map(({ name }) => name).toSorted(), exposed.toSorted());
});

test('names that do not fit are shortened in the middle with a hash', async () => {
  verifies('NUC-050');
  await gateway.add(
    oddFake(home, [`get_${'x'.repeat(60)}_end`, 'dotted.name/with slash']),
    'a-connector:an-account',
  );
  const { tools } = await gateway.ask('tools.list', {});
  const mine = tools.filter(({ profile }) => profile === 'a-connector:an-account').map(({ name }) => name);
  assert.equal(mine[0]?.length, 48);
  assert.match(mine[0] ?? '', /^a-connector_an-accoun[a-z_]*_[0-9a-f]{4}_x+_end$/);
  assert.equal(mine[1], 'a-connector_an-account_dotted_name_with_slash');
  await gateway.ask('profiles.remove', { id: 'a-connector:an-account' });
});

test('a description starts with the account, its metadata sorted, and the note of the view', async (t) => {
  verifies('NUC-051');
  const offer = [
    { name: 'said', description: '  Says it.  ', inputSchema: { type: 'object' } },
    { name: 'silent', inputSchema: { type: 'object' } },
  ];
  const fake = createFake(home, 'described', '--tool-file', home.path('described.json'));
  writeFileSync(home.path('described.json'), JSON.stringify(offer));
  await gateway.add(fake, 'github:plain');
  await gateway.add(fake, 'github:rich', { metadata: { zone: 'eu', account: 'me@example.com' } });
  const client = await attach(t, home, {
    profiles: [
      { id: 'github:plain', alias: 'plain' },
      { id: 'github:rich', alias: 'main', note: 'PRODUCTION' },
    ],
  });
  await client.initialize();
  const descriptions = Object.fromEntries(
    (await allTools(client)).map(({ name, description }) => [name, description]),
  );
  assert.deepEqual(descriptions, {
    github_plain_said: '[github/plain] Says it.',
    github_plain_silent: '[github/plain]',
    github_main_said: '[github/main account=me@example.com zone=eu] PRODUCTION — Says it.',
    github_main_silent: '[github/main account=me@example.com zone=eu] PRODUCTION —',
  });
});

test('one profile under two aliases is two tool sets and one upstream', async (t) => {
  verifies('NUC-052');
  const fake = createFake(home, 'twice', '--tools', '2');
  await gateway.add(fake, 'twice:one');
  const client = await connectClient(t, home, {
    args: ['--profile', 'twice:one=a', '--profile', 'twice:one=b'],
  });
  const tools = accountTools(await client.listTools());
  assert.deepEqual(tools.map(({ name }) => name).toSorted(), [
    'twice_a_echo',
    'twice_a_whoami',
    'twice_b_echo',
    'twice_b_whoami',
  ]);
  const answers = await Promise.all(
    ['a', 'b'].map(async (alias) => jsonOf(await client.callTool({ name: `twice_${alias}_whoami` }))['pid']),
  );
  assert.equal(answers[0], answers[1]);
  assert.equal(fake.starts().length, 1);
});

test('ids that look alike keep separate secrets and separate names', async (t) => {
  verifies('FIX-015');
  const fake = (name: string) => createFake(home, name, '--tools', '3');
  const secret = (value: string) => ({ secrets: { TOKEN: value } });
  const launch = (made: Fake) => ({ launch: { ...made.launch, secretEnv: ['TOKEN'] } });
  const [left, right] = [fake('left'), fake('right')];
  await gateway.add(left, 'a_b:c', { ...launch(left), ...secret('first') });
  await gateway.add(right, 'a:b_c', { ...launch(right), ...secret('second') });

  const client = await attach(t, home, {
    profiles: [
      { id: 'a_b:c', alias: 'c' },
      { id: 'a:b_c', alias: 'b_c' },
    ],
  });
  await client.initialize();
  const exposed = (await allTools(client)).map(({ name }) => name).filter((name) => name.includes('env'));
  assert.equal(exposed.length, 2);
  assert.equal(new Set(exposed).size, 2);
  const tokens = () =>
    Promise.all(
      exposed.map(async (name) => String(jsonOf(await client.call(name, { names: ['TOKEN'] }))['TOKEN'])),
    );
  assert.deepEqual((await tokens()).toSorted(), ['first', 'second']);

  await gateway.ask('profiles.remove', { id: 'a_b:c' });
  const { tools } = await gateway.ask('tools.list', {});
  const kept = tools.find(({ profile, tool }) => profile === 'a:b_c' && tool === 'env')?.name ?? '';
  // A process started anew has to find its secret again.
  const [running] = right.starts();
  assert.ok(running);
  kill(running.pid);
  await until('the gateway noticed', async () => {
    const { upstreams } = await gateway.status();
    return upstreams.find(({ profile }) => profile === 'a:b_c')?.pid === null;
  });
  const seen = await gateway.ask('tools.call', { name: kept, arguments: { names: ['TOKEN'] } });
  assert.equal(jsonOf(seen)['TOKEN'], 'second');
});

/** Names no client accepts as they are: dots, slashes, spaces, other scripts, long ones, near twins. */
function oddNames(count: number): string[] {
  const makers: ((n: number) => string)[] = [
    (n) => `plain_${n}`,
    (n) => `dotted.name.${n}`,
    (n) => `dotted/name/${n}`,
    (n) => `spaced name ${n}`,
    (n) => `größe-${n}-测试-🙂`,
    (n) => `${'long_'.repeat(19)}${String(n).padStart(5, '0')}`,
    (n) => `${String(n).padStart(5, '0')}${'_long'.repeat(19)}`,
    (n) => `Case${n}`,
    (n) => `case${n - 1}`,
    (n) => `${'é'.repeat(50)}${n}${'漢'.repeat(46)}`,
  ];
  return Array.from({ length: count }, (_, n) => (makers[n % makers.length] as (n: number) => string)(n));
}

function toolFile(names: readonly string[]): string {
  return JSON.stringify(names.map((name) => ({ name, description: 'odd', inputSchema: { type: 'object' } })));
}

function oddFake(at: Home, names: readonly string[]): Fake {
  writeFileSync(at.path('names.json'), toolFile(names));
  return createFake(at, 'odd', '--tool-file', at.path('names.json'), '--page-size', '100');
}

/** Every page of tools/list. */
async function allTools(client: Attached): Promise<Tool[]> {
  const tools: Tool[] = [];
  for (let cursor: unknown; ;) {
    const page = await client.ask('tools/list', cursor === undefined ? {} : { cursor });
    tools.push(...accountTools(page as { tools: Tool[] }));
    cursor = page['nextCursor'];
    if (cursor === undefined) return tools;
  }
}

/** What each exposed name called in truth. */
function reachedBy(client: Attached, names: readonly string[]): Promise<string[]> {
  return Promise.all(names.map(async (name) => String(jsonOf(await client.call(name))['called'])));
}
