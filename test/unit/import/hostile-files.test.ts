// What a file of a client may hold, by somebody who means harm: it must not keep the other files out, nor tell a secret.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createHosts } from '../../../src-main/gateway/hosts/hosts.ts';
import { createImport } from '../../../src-main/gateway/import/import.ts';
import { createPaths } from '../../../src-main/gateway/storage/paths.ts';
import { createFakeClock, createFakeLog } from '../../helpers/fake-clock.ts';

const context = { signal: new AbortController().signal };

/** An import over two clients, of which Gemini CLI names one honest server. */
function open(t: TestContext, cursor: string) {
  const root = mkdtempSync(join(tmpdir(), 'nucleus-import-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const user = join(root, 'user');
  const honest = '{"mcpServers":{"shop":{"command":"shop-mcp"}}}';
  for (const [file, text] of [
    ['.cursor/mcp.json', cursor],
    ['.gemini/settings.json', honest],
  ] as const) {
    mkdirSync(dirname(join(user, file)), { recursive: true });
    writeFileSync(join(user, file), text);
  }
  const paths = createPaths({ NUCLEUS_HOME: join(root, 'home') });
  const [clock, log] = [createFakeClock(), createFakeLog()];
  const env = { HOME: user, NUCLEUS_VAULT_PASSPHRASE: 'CANARY' };
  const hosts = createHosts({
    user,
    env,
    platform: 'linux',
    shim: paths.shim,
    folder: paths.hosts,
    clock,
    log,
  });
  const { handlers } = createImport({
    platform: { env, clock, log },
    paths,
    api: {
      profiles: {
        list: async () => [],
        add: () => assert.fail('only looked at'),
        remove: () => assert.fail('only looked at'),
      },
    },
    connectors: { list: () => [], problems: () => [] },
    hosts,
    http: () => null,
  });
  return handlers;
}

const nested = (open: string, close: string, levels: number): string =>
  `{"mcpServers":{"deep":{"command":"x","env":${open.repeat(levels)}1${close.repeat(levels)}}}}`;

for (const [what, text] of [
  ['lists below each other, in a short file', nested('[', ']', 2_000)],
  ['lists below each other, in a long one', nested('[', ']', 60_000)],
  ['tables below each other, in a long one', nested('{"a":', '}', 60_000)],
] as const)
  test(`${what}, do not keep other clients out`, async (t) => {
    const { sources, servers } = await open(t, text).look({ files: [] }, context);
    assert.deepEqual(
      servers.map(({ name, how }) => [name, how]),
      [['shop', 'shop-mcp']],
    );
    const problem = sources.find(({ host }) => host === 'cursor')?.problem ?? '';
    assert.match(problem, /nested too deep to be read; mend it/);
  });

test('no name of a server becomes a path', async (t) => {
  const names = ['../../etc/passwd', '__proto__', 'constructor', 'a\u0000b', 'CON', '..'];
  const entries = names.map((name, at) => `${JSON.stringify(name)}:{"command":"server-${at}"}`);
  const { servers } = await open(t, `{"mcpServers":{${entries.join(',')}}}`).look({ files: [] }, context);
  const ours = servers.filter(({ file }) => file.endsWith('mcp.json'));
  assert.deepEqual(
    ours.map(({ name, how }) => [name, how]),
    names.map((name, at) => [name, `server-${at}`]),
  );
  for (const { connector, profile } of ours) {
    assert.match(connector, /^[a-z0-9][a-z0-9-]*$/);
    assert.match(profile, /^[a-z0-9][a-z0-9-]*$/);
  }
});

test('no key of a server says what its client does not read there', async (t) => {
  const inherited = '{"__proto__":{"command":"evil"},"args":["a"]}';
  for (const comment of ['', '/* with comments */'])
    for (const entry of [inherited, `{"command":"x","env":${inherited}}`]) {
      const { servers } = await open(t, `${comment}{"mcpServers":{"odd":${entry}}}`).look(
        { files: [] },
        context,
      );
      const odd = servers.find(({ name }) => name === 'odd');
      assert.equal(odd?.state, 'left', `${comment}${entry}`);
      assert.doesNotMatch(odd.how, /evil/);
    }
});

test('what opens the vault fills no hole, whoever asks for it', async (t) => {
  const name = 'NUCLEUS_VAULT_PASSPHRASE';
  const plan = await open(
    t,
    `{"mcpServers":{"a":{"command":"echo","args":["\${env:${name}}"]},"b":{"command":"echo","env_vars":["${name}"]}}}`,
  ).look({ files: [] }, context);
  assert.doesNotMatch(JSON.stringify(plan), /CANARY/);
  assert.equal(plan.servers.find((server) => server.name === 'a')?.state, 'left');
  assert.deepEqual(plan.servers.find((server) => server.name === 'b')?.secrets, []);
});
