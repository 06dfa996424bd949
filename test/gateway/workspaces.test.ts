// Workspaces: what a client that works in a folder sees, who decides that, and how it follows.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import test, { before } from 'node:test';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { WorkspaceInfo } from '../../src-shared/workspace.ts';
import {
  accountTools,
  clientEnvironment,
  connectClient,
  nucleusErrorOf,
  startGateway,
  startShim,
  type Gateway,
} from '../helpers/client.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { addClient, ask, openSession, rpc, stream, urlOf } from '../helpers/http.ts';
import { nucleus, nucleusBin, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { nucleusOnTerminal, pinAnswer, setPin, testPin, trustOnTerminal } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope);
home.write('policy.toml', '[[rule]]\nmatch = "fake:atlas"\ndeny = ["echo"]\n');
let gateway: Gateway;
let base: string;
let atlas: Fake;

before(async () => {
  home.write(
    'connectors/shop.toml',
    [
      'schema = 1',
      'name = "shop"',
      'transport = "stdio"',
      'auth = "none"',
      '[[metadata]]',
      'key = "project_id"',
      '[[autodetect]]',
      'files = ["shop/config.json"]',
      'format = "json"',
      'at = "project.ref"',
      'field = "project_id"',
      'reason = "shop/config.json names this project"',
    ].join('\n'),
  );
  gateway = await startGateway(scope, home);
  atlas = createFake(home, 'atlas', '--tools', '1');
  await gateway.add(atlas);
  await gateway.add(createFake(home, 'work', '--tools', '1'));
  await gateway.add(createFake(home, 'red', '--tools', '1'), 'shop:red', {
    metadata: { project_id: 'p-red' },
  });
  await gateway.add(createFake(home, 'blue', '--tools', '1'), 'shop:blue', {
    metadata: { project_id: 'p-blue' },
  });
  base = await urlOf(gateway);
});

/** Writes a file below the home folder and answers its path. */
function write(path: string, text: string): string {
  const whole = join(home.user, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

function folder(path: string): string {
  const whole = join(home.user, path);
  mkdirSync(whole, { recursive: true });
  return whole;
}

const prefixes = (names: readonly string[]): string[] => [
  ...new Set(names.map((name) => name.split('_').slice(0, 2).join('_'))),
];

async function accountsOf(client: Client): Promise<string[]> {
  return prefixes(accountTools(await client.listTools()).map(({ name }) => name));
}

const everything = ['fake_atlas', 'fake_work', 'shop_blue', 'shop_red'];

async function accountsAt(path: string, token: string, more: object = {}): Promise<string[]> {
  const { message, status } = await ask(base, rpc('tools/list'), { path, token, ...more });
  assert.equal(status, 200);
  const tools = accountTools(message.result as { tools: { name: string }[] });
  return prefixes(tools.map(({ name }) => name));
}

const resolved = (dir: string): Promise<WorkspaceInfo> => gateway.ask('workspaces.resolve', { folder: dir });

test('a workspace file does not apply until a person at a terminal trusted it', async () => {
  verifies('FIX-013');
  const dir = folder('repo');
  const file = write('repo/.mcp-profiles.toml', '[fake]\nprofile = "work"\nnote = "the only one here"\n');
  const shim = startShim(scope, home, { cwd: dir });
  await until('the shim says so', () => shim.stderr().includes('attached to gateway'));
  assert.match(shim.stderr(), /resolved profile connector=fake alias=atlas profile=fake:atlas source=all/);
  assert.match(shim.stderr(), /\.mcp-profiles\.toml is not trusted yet, so it does not apply/);
  assert.equal((await resolved(dir)).files[0]?.state, 'untrusted');
  assert.match((await gateway.status()).warnings.join('\n'), /is not trusted yet/);

  const client = await connectClient(scope, home, { cwd: dir });
  assert.deepEqual((await accountsOf(client)).toSorted(), everything);

  // No question of the socket, and no command without a PIN typed on a terminal, says yes.
  for (const name of ['workspaces.trust', 'workspaces.forget'])
    await assert.rejects(
      gateway.ask(name as 'workspaces.list', { file, hash: '' } as never),
      /does not know/,
    );
  const none = await nucleus(home, ['workspace', 'trust', dir]);
  assert.equal(none.code, 5);
  assert.match(none.stderr, /there is no approval PIN; open the app, or set one with nucleus pin set/);
  await setPin(home);
  const piped = await nucleus(home, ['workspace', 'trust', dir], { stdin: `${testPin}\n` });
  assert.equal(piped.code, 5);
  assert.match(piped.stderr, /this takes a person: run it in a terminal of your own/);
  const wrong = await nucleusOnTerminal(
    home,
    ['workspace', 'trust', dir],
    [pinAnswer('000001'), pinAnswer('')],
  );
  assert.equal(wrong.code, 5, wrong.screen);
  assert.equal((await resolved(dir)).files[0]?.state, 'untrusted');

  const screen = await trustOnTerminal(home, dir);
  assert.match(screen, /fake:work as work \(the only one here\)/);
  await until(
    'the client sees the account it names',
    async () => (await accountsOf(client)).join() === 'fake_work,shop_blue,shop_red',
  );
  const { tools } = await client.listTools();
  assert.match(tools[0]?.description ?? '', /^\[fake\/work\] the only one here —/);
  const info = await resolved(dir);
  assert.deepEqual(info.connectors[0], {
    connector: 'fake',
    source: 'explicit',
    hint: `bound in ${file}`,
    bindings: [{ profile: 'fake:work', alias: 'work', note: 'the only one here', isDefault: true }],
  });
});

test('a file counts in the folders below it, up to the home folder and not above', async () => {
  verifies('NUC-040');
  const file = write('tree/.mcp-profiles.toml', '[shop]\nprofile = "red"\n');
  await trustOnTerminal(home, folder('tree'));
  const deep = folder('tree/a/b/c');
  const client = await connectClient(scope, home, { cwd: deep });
  assert.deepEqual(await accountsOf(client), ['fake_atlas', 'fake_work', 'shop_red']);
  assert.deepEqual(
    (await resolved(deep)).files.map(({ path, state }) => ({ path, state })),
    [{ path: file, state: 'trusted' }],
  );
  writeFileSync(join(home.root, '.mcp-profiles.toml'), '[fake]\nprofile = "work"\n');
  assert.deepEqual((await resolved(folder('other'))).files, []);
  rmSync(join(home.root, '.mcp-profiles.toml'));
});

test('an untrusted file below a trusted one takes nothing of it away', async () => {
  verifies('FIX-013');
  const trusted = write('outer/.mcp-profiles.toml', '[fake]\nprofile = "work"\n');
  await trustOnTerminal(home, folder('outer'));
  const inner = write('outer/inner/.mcp-profiles.toml', '[fake]\nprofile = "atlas"\n');
  const { files, connectors } = await resolved(join(home.user, 'outer/inner'));
  assert.deepEqual(
    files.map(({ path, state }) => [path, state]),
    [
      [inner, 'untrusted'],
      [trusted, 'trusted'],
    ],
  );
  assert.deepEqual(
    connectors[0]?.bindings.map(({ profile }) => profile),
    ['fake:work'],
  );
});

test('nucleus resolve says which accounts a folder has, and why', async () => {
  verifies('NUC-044', 'NUC-045', 'NUC-047', 'NUC-048');
  await gateway.add(createFake(home, 'solo', '--tools', '1'), 'solo:me');
  const dir = folder('why');
  const sees = async (): Promise<string[]> =>
    ((await nucleusJson(home, ['resolve', dir])) as WorkspaceInfo).connectors.map(
      ({ connector, source, bindings }) =>
        `${connector} ${source}: ${bindings.map(({ alias, isDefault }) => `${alias}${isDefault ? '*' : ''}`).join(' ')}`,
    );
  assert.deepEqual(await sees(), ['fake all: atlas work', 'shop all: blue red', 'solo only_one: me']);
  await nucleusOk(home, ['use', 'fake:work']);
  await nucleusOk(home, ['use', 'shop:blue']);
  assert.deepEqual(await sees(), [
    'fake default: work* atlas',
    'shop default: blue* red',
    'solo only_one: me',
  ]);
  write('why/shop/config.json', '{"project":{"ref":"p-red"}}');
  assert.deepEqual((await sees())[1], 'shop autodetect: red* blue');
  write('why/shop/config.json', '{"project":{"ref":"p-none"}}');
  assert.deepEqual((await sees())[1], 'shop default: blue* red');
  write('why/.mcp-profiles.toml', '[shop]\npin = true\n[fake]\nprofile = "atlas"\nalias = "a"\n');
  await trustOnTerminal(home, dir);
  assert.deepEqual(await sees(), ['fake explicit: a*', 'shop default: blue*', 'solo only_one: me']);
  const { stdout } = await nucleusOk(home, ['resolve'], { cwd: dir });
  assert.match(stdout, /\.mcp-profiles\.toml \(trusted, applies\)/);
  assert.match(stdout, /fake +a \(default\) +fake:atlas +explicit +bound in /);
  for (const connector of ['fake', 'shop']) await nucleusOk(home, ['use', '--clear', connector]);
  await nucleusOk(home, ['remove', 'solo:me', '--force']);
});

test('what was trusted is taken back on a terminal too, and shows again what it hid', async () => {
  verifies('FIX-013');
  const dir = folder('back');
  write('back/.mcp-profiles.toml', '[fake]\nprofile = "work"\n');
  await trustOnTerminal(home, dir);
  const sees = async () => (await resolved(dir)).connectors[0]?.bindings.map(({ alias }) => alias);
  assert.deepEqual(await sees(), ['work']);
  const forgotten = await nucleusOnTerminal(home, ['workspace', 'forget'], [pinAnswer()], { cwd: dir });
  assert.equal(forgotten.code, 0, forgotten.screen);
  assert.match(forgotten.screen, /What it hides from clients is shown to them again/);
  assert.deepEqual(await sees(), ['atlas', 'work']);
  write('back/.mcp-profiles.toml', '[fake]\nprofile = \n');
  const broken = await nucleusOnTerminal(home, ['workspace', 'trust', dir]);
  assert.equal(broken.code, 1);
  assert.match(broken.screen, /line 2 is not valid TOML/);
});

test('an alias is no way around a rule on the account', async () => {
  verifies('FIX-013');
  const dir = folder('renamed');
  write('renamed/.mcp-profiles.toml', '[fake]\nprofile = "atlas"\nalias = "x"\n');
  await trustOnTerminal(home, dir);
  const client = await connectClient(scope, home, { cwd: dir });
  const calls = atlas.received('tools/call').length;
  const answer = await client.callTool({ name: 'fake_x_echo', arguments: { text: 'hello' } });
  assert.equal(nucleusErrorOf(answer)?.code, 'POLICY_DENIED');
  assert.equal(atlas.received('tools/call').length, calls);
});

test('a file that changes, a default and trust reach the clients they concern without a restart', async () => {
  verifies('NUC-118');
  const dir = folder('hot');
  const client = await connectClient(scope, home, { cwd: dir });
  const elsewhere = await connectClient(scope, home, { cwd: folder('elsewhere') });
  const heard = { here: 0, elsewhere: 0 };
  const { ToolListChangedNotificationSchema: changed } = await import('@modelcontextprotocol/sdk/types.js');
  client.setNotificationHandler(changed, () => void (heard.here += 1));
  elsewhere.setNotificationHandler(changed, () => void (heard.elsewhere += 1));
  const sees = (accounts: string) =>
    until(`the client sees ${accounts}`, async () => (await accountsOf(client)).join() === accounts);
  await sees(everything.join());

  write('hot/.mcp-profiles.toml', '[[fake]]\nprofile = "work"\nalias = "w"\n');
  await until('status knows', async () =>
    (await gateway.status()).warnings.some((warning) => warning.includes('/hot/')),
  );
  await sees(everything.join());
  assert.equal(heard.here, 0);
  await trustOnTerminal(home, dir);
  await sees('fake_w,shop_blue,shop_red');
  await until('it is told so', () => heard.here === 1);

  // What was trusted holds until the change is trusted too.
  write('hot/.mcp-profiles.toml', '[[fake]]\nprofile = "atlas"\nalias = "a"\n');
  await until('the change is seen', async () => (await resolved(dir)).files[0]?.state === 'changed');
  await sees('fake_w,shop_blue,shop_red');
  await trustOnTerminal(home, dir);
  await sees('fake_a,shop_blue,shop_red');
  await until('it is told so again', () => heard.here === 2);

  // A detected account comes first; the folder it lies in appears under the client.
  write('hot/shop/config.json', '{"project":{"ref":"p-red"}}');
  await sees('fake_a,shop_red,shop_blue');
  write('hot/shop/config.json', '{"project":');
  await sees('fake_a,shop_blue,shop_red');
  assert.match(
    (await resolved(dir)).problems.map(({ message }) => message).join(),
    /shop\/config\.json is not valid JSON; it is not used to find out which account of shop is meant/,
  );
  assert.equal(heard.elsewhere, 0);

  await nucleusOk(home, ['use', 'shop:red']);
  await sees('fake_a,shop_red,shop_blue');
  await nucleusOk(home, ['use', '--clear', 'shop']);
  await sees('fake_a,shop_blue,shop_red');

  rmSync(join(dir, '.mcp-profiles.toml'));
  await sees(everything.join());
});

test('a client that says it works in another folder sees what is seen there', async () => {
  verifies('NUC-118');
  const [first, second] = [folder('roots/one'), folder('roots/two')];
  write('roots/two/.mcp-profiles.toml', '[fake]\nprofile = "work"\n');
  await trustOnTerminal(home, second);
  const transport = new StdioClientTransport({
    command: nucleusBin,
    args: ['serve'],
    env: clientEnvironment(home),
    cwd: first,
    stderr: 'ignore',
  });
  const client = new Client(
    { name: 'roots-client', version: '1.0.0' },
    { capabilities: { roots: { listChanged: true } } },
  );
  let roots: { uri: string }[] = [];
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots }));
  scope.after(() => client.close());
  await client.connect(transport);
  assert.deepEqual((await accountsOf(client)).toSorted(), everything);
  const sees = (count: number) =>
    until(`${count} accounts`, async () => (await accountsOf(client)).length === count);
  roots = [{ uri: 'https://elsewhere.example/' }, { uri: `file://${second}` }, { uri: `file://${first}` }];
  await client.sendRootsListChanged();
  await sees(3);
  roots = [];
  await client.sendRootsListChanged();
  await sees(4);
});

test('a registered folder has an address; its token sees no more, whatever becomes of the file', async (t) => {
  verifies('NEW-014');
  const dir = folder('Web Shop');
  const file = write(
    'Web Shop/.mcp-profiles.toml',
    '[shop]\nprofile = "blue"\nalias = "main"\n[fake]\nprofile = "work"\n',
  );
  await trustOnTerminal(home, dir);
  const added = (await nucleusJson(home, ['workspace', 'add', dir])) as WorkspaceInfo;
  assert.equal(added.name, 'web-shop');
  assert.equal(added.url, `${base}/w/web-shop/mcp`);
  const everybody = await addClient(gateway, 'everybody');
  const narrow = await addClient(gateway, 'narrow', ['shop:red', 'fake:work']);
  const outside = await addClient(gateway, 'outside', ['shop:red']);
  const bound = (
    (await nucleusJson(home, ['clients', 'add', 'bound', '--workspace', 'web-shop'])) as { token: string }
  ).token;

  assert.deepEqual(await accountsAt('/w/web-shop/mcp', everybody), ['fake_work', 'shop_main']);
  assert.deepEqual(await accountsAt(`/w/${added.id}/mcp`, everybody), ['fake_work', 'shop_main']);
  assert.deepEqual(await accountsAt('/mcp', everybody), everything);
  // Address and token meet: what is in both.
  assert.deepEqual(await accountsAt('/w/web-shop/mcp', narrow), ['fake_work']);
  assert.equal((await ask(base, rpc('tools/list'), { path: '/w/web-shop/mcp', token: outside })).status, 403);
  assert.equal(
    (await ask(base, rpc('tools/list'), { path: '/w/nowhere/mcp', token: everybody })).status,
    404,
  );
  assert.equal((await ask(base, rpc('tools/list'), { path: '/w/web-shop/mcp' })).status, 401);

  await nucleusOk(home, ['workspace', 'add', folder('empty'), 'other']);
  for (const path of ['/mcp', '/w/web-shop/mcp'])
    assert.deepEqual(await accountsAt(path, bound), ['fake_work', 'shop_main'], path);
  for (const path of ['/w/other/mcp', '/w/nowhere/mcp', '/p/shop:red/mcp', '/p/fake:atlas/mcp']) {
    const answer = await ask(base, rpc('tools/list'), { path, token: bound });
    assert.equal(answer.status, 403, path);
    assert.match(answer.message.error?.message ?? '', /this client may not see/);
  }
  assert.equal((await ask(base, rpc('ping'), { path: '/p/shop:blue/mcp', token: bound })).status, 200);
  const health = await ask(base, null, { path: '/health', token: bound });
  assert.deepEqual(
    (JSON.parse(health.body) as { upstreams: { profile: string }[] }).upstreams.map(({ profile }) => profile),
    ['fake:work', 'shop:blue'],
  );

  // A session and its stream follow.
  const session = await openSession(base, { path: '/w/web-shop/mcp', token: everybody });
  const news = await stream(t, base, null, { path: '/w/web-shop/mcp', token: everybody, session });
  const listed = await accountsAt('/w/web-shop/mcp', everybody, { session });
  assert.deepEqual(listed, ['fake_work', 'shop_main']);
  write('Web Shop/.mcp-profiles.toml', '[shop]\nprofile = "blue"\nalias = "main"\n');
  await trustOnTerminal(home, dir);
  await news.next('the lists changed', ({ method }) => method === 'notifications/tools/list_changed');
  assert.deepEqual(await accountsAt('/w/web-shop/mcp', everybody, { session }), [
    'fake_atlas',
    'fake_work',
    'shop_main',
  ]);
  news.destroy();

  // Neither a change nobody trusted nor its removal shows the token more.
  write('Web Shop/.mcp-profiles.toml', '# nothing\n');
  assert.deepEqual(await accountsAt('/mcp', bound), ['fake_atlas', 'fake_work', 'shop_main']);
  rmSync(file);
  await until(
    'the folder is open to others',
    async () => (await accountsAt('/w/web-shop/mcp', everybody)).length === 4,
  );
  assert.deepEqual(await accountsAt('/mcp', bound), ['fake_atlas', 'fake_work', 'shop_main']);

  const inUse = await nucleus(home, ['workspace', 'remove', 'web-shop']);
  assert.equal(inUse.code, 1);
  assert.match(inUse.stderr, /the token of bound is bound to workspace web-shop/);
  await nucleusOk(home, ['clients', 'remove', 'bound']);
  await nucleusOk(home, ['workspace', 'remove', 'web-shop']);
  assert.equal(
    (await ask(base, rpc('tools/list'), { path: '/w/web-shop/mcp', token: everybody })).status,
    404,
  );
});

test('what is wrong with one connector is told, and the rest is served', async () => {
  verifies('NUC-042', 'NUC-046', 'NUC-043');
  const dir = folder('wrong');
  const file = write(
    'wrong/.mcp-profiles.toml',
    [
      '[gateway]',
      'mode = "search"',
      '[[fake]]',
      'profile = "gone"',
      '[[fake]]',
      'profile = "work"',
      'alias = "prod env!"',
      '[[fake]]',
      'profile = "work"',
      '[shop]',
      'profile = 3',
    ].join('\n'),
  );
  await trustOnTerminal(home, dir);
  const client = await connectClient(scope, home, { cwd: dir });
  assert.deepEqual(await accountsOf(client), ['fake_work']);
  const { problems } = await resolved(dir);
  assert.deepEqual(
    problems.map(({ line, connector, message }) => [line, connector, message]),
    [
      [2, 'gateway', 'unknown key "mode"'],
      [1, 'gateway', 'profile is required'],
      [7, 'fake', `invalid alias: name "prod env!" has invalid char ' ' (allowed: a-z 0-9 - _)`],
      [11, 'shop', 'profile must be a text in quotes'],
      [null, 'gateway', `${file} names connector "gateway", of which there is no profile`],
      [null, 'fake', `binding in ${file} names unknown profile "fake:gone"`],
    ],
  );
});

test('the sockets of clients that left leave nothing watched', async () => {
  const before = (await gateway.ask('workspaces.list', {})).length;
  const dir = folder('short');
  const endpoint = home.endpoint();
  const socket = connect(endpoint?.socket ?? '');
  socket.write(`${JSON.stringify({ nucleus: 1, version: '0.1.0', role: 'client', cwd: dir })}\n`);
  await until('it is in the folder', async () =>
    (await gateway.ask('workspaces.list', {})).some((known) => known.folder === dir),
  );
  socket.destroy();
  await until('it is out again', async () => (await gateway.ask('workspaces.list', {})).length === before);
});
