import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createConnectors, type Connectors } from '../../../src-main/gateway/profiles/connectors.ts';
import { createEnvClasses } from '../../../src-main/gateway/profiles/env-classes.ts';
import { createProfiles, type Profiles } from '../../../src-main/gateway/profiles/profiles.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createGuard } from '../../../src-main/gateway/storage/guard-store.ts';
import { createProfileStore, type ProfileStore } from '../../../src-main/gateway/storage/profile-store.ts';
import { createNoVault } from '../../../src-main/gateway/storage/vault.ts';
import { AddProfile } from '../../../src-shared/contract.ts';
import { createFakeClock, createFakeLog, type FakeClock } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';

interface Setting {
  readonly profiles: Profiles['handlers'];
  readonly store: ProfileStore;
  readonly connectors: Connectors;
  readonly clock: FakeClock;
}

/** Profiles over a real registry and real connector files; the rest does what `parts` says. */
function setting(
  context: TestContext,
  parts: {
    stop?(id: string): Promise<void>;
    openVault?(id: string): Promise<void>;
    secrets?: Readonly<Record<string, readonly string[]>>;
  } = {},
): Setting {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-profiles-'));
  const registry = openRegistry('memory');
  context.after(() => {
    registry.close();
    rmSync(folder, { recursive: true });
  });
  const store = createProfileStore(registry.db);
  const connectors = createConnectors({
    builtinFolder: join(folder, 'none'),
    customFolder: join(folder, 'connectors'),
    log: createFakeLog(),
  });
  const clock = createFakeClock();
  const refuse = (): never => assert.fail('nothing here connects');
  const log = createFakeLog();
  const guard = createGuard({ vault: createNoVault(), db: registry.db, clock, log });
  const profiles = createProfiles({
    store,
    mayRename: () => true,
    onMoved: () => {},
    envs: createEnvClasses({ guard }),
    clients: { renameProfile: () => {}, removeProfile: () => {} },
    connectors,
    accounts: { forget: () => {}, ofToken: async () => [] },
    places: { problem: () => null, isSame: () => true, settle: () => {} },
    signIns: { rename: () => {}, leave: async () => async () => {}, describe: () => null },
    transaction: (work) => registry.db.transaction(work)(),
    vault: {
      ...createNoVault(),
      names: (id) => [...(parts.secrets?.[id] ?? [])],
      async put(id) {
        await parts.openVault?.(id);
        return () => {};
      },
      async rename(_from, to) {
        await parts.openVault?.(to);
        return () => {};
      },
    },
    catalog: {
      offer: () => null,
      inputSchema: () => undefined,
      outputSchema: () => undefined,
      isRead: () => true,
      annotations: () => ({}),
      refresh: refuse,
      refreshSoon: refuse,
      forget: () => {},
      rename: () => {},
      onChange: () => {},
      close: () => {},
    },
    supervisor: {
      request: refuse,
      eraOf: refuse,
      notify: refuse,
      left: refuse,
      connect: refuse,
      status: refuse,
      stop: async (id) => parts.stop?.(id),
      close: async () => {},
    },
    clock,
    onChange: () => {},
    onFailure: refuse,
  });
  return { profiles: profiles.handlers, store, connectors, clock };
}

const signal = new AbortController().signal;
const web = (name: string, more: object = {}) =>
  AddProfile.parse({ connector: 'web', name, url: 'https://example.test/mcp', connect: false, ...more });

test('a profile is gone before its upstream is stopped, so that no call starts it again', async (t) => {
  const { profiles, store } = setting(t, {
    stop: async (id) => assert.equal(store.get(id), null),
  });
  await profiles.add(web('a'), { signal });
  await profiles.remove({ id: 'web:a' }, { signal });
  assert.deepEqual(store.list(), []);
});

test('an add that fails late leaves the connector to the one that came in meanwhile', async (t) => {
  const opening = Promise.withResolvers<void>();
  const { profiles, store, connectors } = setting(t, {
    openVault: (id) => (id === 'web:a' ? opening.promise : Promise.resolve()),
  });
  const first = profiles.add(web('a'), { signal });
  await profiles.add(web('b'), { signal });
  opening.reject(new Error('locked'));
  await assert.rejects(async () => first, /locked/);
  assert.ok(connectors.get('web'));
  assert.deepEqual(
    store.list().map(({ id }) => id),
    ['web:b'],
  );
});

test('an add finds its connector again when the one that made it failed', async (t) => {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { profiles, connectors } = setting(t, {
    openVault: (id) => (id === 'web:a' ? first : second).promise,
  });
  const failing = profiles.add(web('a'), { signal });
  const fine = profiles.add(web('b'), { signal });
  first.reject(new Error('locked'));
  await assert.rejects(async () => failing, /locked/);
  assert.equal(connectors.get('web'), null);
  second.resolve();
  await fine;
  assert.ok(connectors.get('web'));
});

test('a connector that could not be read back is refused with what to do', async (t) => {
  const { profiles } = setting(t);
  const input = web('a', { url: 'http://example.test/mcp', headers: { 'X-Key': '{{secret}}' } });
  await assert.rejects(async () => profiles.add(input, { signal }), {
    code: 'CONNECTOR_INVALID',
    message:
      'connector web: url: would carry a secret over an unencrypted connection; ' +
      'use https://, which is only not needed for this machine itself (127.0.0.1)',
  });
});

test('headers that a known connector does not have are not dropped silently', async (t) => {
  const { profiles } = setting(t);
  const headers = { 'X-Region': 'eu' };
  assert.deepEqual((await profiles.add(web('a', { headers }), { signal })).notes, []);
  assert.deepEqual((await profiles.add(web('b', { headers }), { signal })).notes, []);
  assert.deepEqual((await profiles.add(web('c', { headers: { 'X-Region': 'us' } }), { signal })).notes, [
    'web is a known connector; headers other than its own are ignored',
  ]);
});

test('a credential that would lie in clear is told', async (t) => {
  const { profiles } = setting(t);
  const headers = { Authorization: 'Bearer abc', 'X-Region': 'eu' };
  assert.deepEqual((await profiles.add(web('a', { headers }), { signal })).notes, [
    'the value of Authorization is kept in clear; {{secret}} in its place is asked for and sealed',
  ]);
});

test('a removal that can still be undone does not take along what was added since', async (t) => {
  const { profiles, store, clock } = setting(t);
  await profiles.add(web('a', { metadata: { age: 'old' } }), { signal });
  await profiles.removeLater({ id: 'web:a', undoMs: 10_000 }, { signal });
  assert.deepEqual(await profiles.info({ id: null, probe: false }, { signal }), []);
  await profiles.add(web('a', { metadata: { age: 'new' }, replace: true }), { signal });
  await clock.advance(10_000);
  assert.deepEqual(store.get('web:a')?.metadata, { age: 'new' });
});

const keyed = { headers: { 'X-Key': '{{secret}}' } };
const elsewhere = { url: 'https://elsewhere.test/mcp', forceUrl: true, replace: true };

test('another URL for a known connector is taken only when it is asked for', async (t) => {
  verifies('NUC-022');
  const { profiles, connectors } = setting(t);
  await profiles.add(web('a'), { signal });
  await profiles.add(web('b', { url: 'https://elsewhere.test/mcp' }), { signal });
  assert.equal(connectors.get('web')?.url, 'https://example.test/mcp');
  await profiles.add(web('a', elsewhere), { signal });
  assert.equal(connectors.get('web')?.url, 'https://elsewhere.test/mcp');
});

test('other profiles of a connector that moved are reached anew', async (t) => {
  const stopped: string[] = [];
  const { profiles } = setting(t, { stop: async (id) => void stopped.push(id) });
  await profiles.add(web('a'), { signal });
  await profiles.add(web('b'), { signal });
  await profiles.add(web('a', elsewhere), { signal });
  assert.deepEqual(stopped, ['web:a', 'web:b']);
});

test('what is kept for one origin is not sent to another by moving the connector', async (t) => {
  const { profiles, connectors } = setting(t, { secrets: { 'web:a': ['token'] } });
  await profiles.add(web('a', { ...keyed, secrets: { token: 'x' } }), { signal });
  const before = connectors.get('web')?.url;
  await assert.rejects(
    async () => profiles.add(web('b', { ...elsewhere, secrets: { token: 'y' } }), { signal }),
    {
      code: 'CONNECTOR_INVALID',
      message:
        'web:a keeps secrets for https://example.test/mcp, which would go to another origin; ' +
        'remove that profile first, or add a connector under another name',
    },
  );
  await assert.rejects(async () => profiles.add(web('a', elsewhere), { signal }), {
    code: 'SECRET_REQUIRED',
  });
  assert.equal(connectors.get('web')?.url, before);
  await profiles.add(web('a', { ...elsewhere, secrets: { token: 'new' } }), { signal });
  assert.equal(connectors.get('web')?.url, 'https://elsewhere.test/mcp');
});

test('within its origin a connector moves with what its profiles have', async (t) => {
  const { profiles, connectors } = setting(t, { secrets: { 'web:a': ['token'], 'web:b': ['token'] } });
  for (const name of ['a', 'b'])
    await profiles.add(web(name, { ...keyed, secrets: { token: 'x' } }), { signal });
  await profiles.add(web('a', { url: 'https://example.test/v2/mcp', forceUrl: true, replace: true }), {
    signal,
  });
  assert.equal(connectors.get('web')?.url, 'https://example.test/v2/mcp');
});

test('an add that fails leaves the connector where it was', async (t) => {
  const { profiles, connectors } = setting(t, {
    openVault: async (id) => {
      if (id === 'web:late') throw new Error('no vault');
    },
  });
  await profiles.add(web('a'), { signal });
  await assert.rejects(
    async () => profiles.add(web('late', { ...elsewhere, replace: false }), { signal }),
    /no vault/,
  );
  assert.equal(connectors.get('web')?.url, 'https://example.test/mcp');
});

test('a connector is moved in its file, and the rest of the file stays as people wrote it', async (t) => {
  const { profiles, connectors } = setting(t);
  await profiles.add(web('a'), { signal });
  const { file = '' } = connectors.get('web') ?? {};
  const text = readFileSync(file, 'utf8').replace('url =', '# where it is\nurl =') + '\n# the end\n';
  writeFileSync(file, text);
  await profiles.add(web('a', elsewhere), { signal });
  assert.equal(
    readFileSync(file, 'utf8'),
    text.replace('https://example.test/mcp', 'https://elsewhere.test/mcp'),
  );
});

test('a transport that is given makes the connector one of it', async (t) => {
  const { profiles, connectors } = setting(t);
  await profiles.add(web('a', { transport: 'sse' }), { signal });
  assert.equal(connectors.get('web')?.transport, 'sse');
});
