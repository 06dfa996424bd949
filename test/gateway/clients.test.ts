// Clients that come over HTTP: their tokens are made, listed and taken away by the command line.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { ClientInfo } from '../../src-shared/contract.ts';
import { startGateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';

interface Added {
  readonly client: ClientInfo;
  readonly token: string;
  readonly url: string | null;
}

const clientsOf = async (home: Home) => (await nucleusJson(home, ['clients'])) as ClientInfo[];

/** Files of the state folder that hold the token or its random bytes, as they are, in base64 or in hexadecimal. */
function filesWith(home: Home, token: string): string[] {
  const bytes = Buffer.from(token.slice(4), 'base64url');
  const forms = [token.slice(4), bytes.toString('latin1')].flatMap((form) => [
    form,
    ...(['base64', 'hex'] as const).map((encoding) =>
      Buffer.from(form, 'latin1').toString(encoding).replace(/=+$/, ''),
    ),
  ]);
  return readdirSync(home.state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => forms.some((form) => readFileSync(path, 'latin1').includes(form)));
}

const warnings = {
  'while no gateway runs': /warning: no gateway is running, .*run nucleus start/,
  'in a gateway without HTTP': /warning: the running gateway does not listen for HTTP/,
  'in a running gateway': null,
} as const;

for (const [state, warning] of Object.entries(warnings))
  test(`a client is added, listed and removed ${state}`, async (t) => {
    const home = createHome(t);
    await nucleusOk(home, ['add', 'fake', 'a', ...createFake(home, 'a').flags]);
    if (state === 'in a gateway without HTTP')
      writeFileSync(join(home.state, 'config.toml'), '[http]\nenabled = false\n');
    if (state !== 'while no gateway runs') await startGateway(t, home, { NUCLEUS_LOG: 'debug' });
    const { http } = (await nucleusJson(home, ['status'])) as { http?: string | null };
    const url = http ? `${http}/mcp` : null;
    assert.equal(url === null, warning !== null);

    const added = await nucleusOk(home, [
      'clients',
      'add',
      'laptop',
      '--profile',
      'fake:a=main',
      '--expires=30d',
    ]);
    const [, token = ''] = /^Token: {2}(nuc_[\w-]{43})$/m.exec(added.stdout) ?? [];
    const snippet: unknown = JSON.parse(added.stdout.slice(added.stdout.indexOf('{')));
    assert.deepEqual(snippet, {
      mcpServers: { nucleus: { url: url ?? 'URL', headers: { Authorization: `Bearer ${token}` } } },
    });
    assert.equal(/^URL: {4}(.*)$/m.exec(added.stdout)?.[1], url ?? '-');
    assert.match(added.stderr, /The token of laptop is shown this once; Nucleus keeps no copy of it\./);
    if (warning) assert.match(added.stderr, warning);
    else assert.doesNotMatch(added.stderr, /warning/);
    assert.doesNotMatch(added.stderr, /nuc_/);

    const [client] = await clientsOf(home);
    assert.deepEqual(client?.profiles, [{ id: 'fake:a', alias: 'main' }]);
    assert.equal((client.expiresAt ?? 0) - client.createdAt - 30 * 86_400 <= 1, true);
    const { stdout } = await nucleusOk(home, ['clients']);
    assert.match(stdout, /^NAME +PROFILES +CREATED +EXPIRES\nlaptop +fake:a=main +\d+s ago +in (30|29)d\n$/);
    // While the gateway runs its write-ahead log is looked through as well.
    assert.deepEqual(filesWith(home, token), []);

    assert.deepEqual(await nucleusJson(home, ['clients', 'remove', 'laptop']), { removed: true });
    assert.deepEqual(await clientsOf(home), []);
    const again = await nucleus(home, ['clients', 'remove', 'laptop']);
    assert.equal(again.code, 4);
    assert.match(again.stderr, /there is no client "laptop"; nucleus clients lists them/);
  });

test('a client is refused for what it asks wrongly, and then there is none', async (t) => {
  const home = createHome(t);
  const refused: readonly (readonly [args: readonly string[], code: number, sentence: RegExp])[] = [
    [['add', 'x', '--profile', 'fake:none'], 4, /no profile with id "fake:none"/],
    [['add', 'x', '--profile', 'none'], 2, /--profile "none" is not of the form/],
    [['add', 'x', '--expires', 'soon'], 2, /"soon" is not a duration/],
    [['add', 'x', '--expires', '0'], 2, /more than 0 and at most 3650d/],
    [['add', 'X'], 2, /invalid client: name "X" has invalid char 'X'/],
    [['add', 'local'], 2, /invalid client: "local"/],
    [['add'], 2, /say which client: nucleus clients add <name>/],
    [['list', 'x'], 2, /list takes no name/],
    [['remove', 'x', '--expires', '1d'], 2, /go with nucleus clients add only/],
    [['lend', 'x'], 2, /lend/],
  ];
  for (const [args, code, sentence] of refused) {
    const outcome = await nucleus(home, ['clients', ...args]);
    assert.deepEqual([outcome.code, outcome.stdout], [code, ''], args.join(' '));
    assert.match(outcome.stderr, sentence);
  }
  assert.deepEqual(await clientsOf(home), []);
});

test('a client follows a renamed profile, and does not get another account of a removed one’s id', async (t) => {
  const home = createHome(t);
  const gateway = await startGateway(t, home);
  const launch = { command: '/bin/true' };
  for (const name of ['a', 'b'])
    await gateway.ask('profiles.add', { connector: 'fake', name, launch, connect: false });
  const add = (name: string, ...ids: string[]) =>
    nucleusJson(home, ['clients', 'add', name, ...ids.map((id) => `--profile=${id}`)]);
  const { client } = (await add('both', 'fake:a', 'fake:b')) as Added;
  assert.equal(client.expiresAt, null);
  await add('one', 'fake:a=work');
  await add('all');
  const seen = async () =>
    Object.fromEntries((await gateway.ask('clients.list', {})).map(({ name, profiles }) => [name, profiles]));

  await gateway.ask('profiles.rename', { id: 'fake:a', name: 'c' });
  assert.deepEqual(await seen(), {
    all: null,
    both: [
      { id: 'fake:c', alias: 'c' },
      { id: 'fake:b', alias: 'b' },
    ],
    one: [{ id: 'fake:c', alias: 'work' }],
  });

  // A removal that is taken back changes nothing; it is the same account.
  await gateway.ask('profiles.removeLater', { id: 'fake:b', undoMs: 60_000 });
  await gateway.ask('profiles.keep', { id: 'fake:b' });
  await gateway.ask('profiles.remove', { id: 'fake:c' });
  await gateway.ask('profiles.add', { connector: 'fake', name: 'c', launch, connect: false });
  const narrowed = { all: null, both: [{ id: 'fake:b', alias: 'b' }], one: [] };
  assert.deepEqual(await seen(), narrowed);
  await nucleusOk(home, ['stop']);
  const after = await clientsOf(home);
  assert.deepEqual(Object.fromEntries(after.map(({ name, profiles }) => [name, profiles])), narrowed);
  assert.match((await nucleusOk(home, ['clients'])).stdout, /^one +none /m);
});
