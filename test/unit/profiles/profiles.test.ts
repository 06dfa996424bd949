import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createConnectors, type Connectors } from '../../../src-main/gateway/profiles/connectors.ts';
import { createProfiles } from '../../../src-main/gateway/profiles/profiles.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createProfileStore, type ProfileStore } from '../../../src-main/gateway/storage/profile-store.ts';
import { createNoVault } from '../../../src-main/gateway/storage/vault.ts';
import { AddProfile, type Handlers } from '../../../src-shared/contract.ts';
import { createFakeClock, createFakeLog, type FakeClock } from '../../helpers/fake-clock.ts';

interface Setting {
  readonly profiles: Handlers['profiles'];
  readonly store: ProfileStore;
  readonly connectors: Connectors;
  readonly clock: FakeClock;
}

/** Profiles over a real registry and real connector files; the rest does what `parts` says. */
function setting(
  context: TestContext,
  parts: { stop?(id: string): Promise<void>; openVault?(id: string): Promise<void> } = {},
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
  const profiles = createProfiles({
    store,
    mayRename: () => true,
    clients: { renameProfile: () => {}, removeProfile: () => {} },
    connectors,
    transaction: (work) => registry.db.transaction(work)(),
    vault: {
      ...createNoVault(),
      async put(id) {
        await parts.openVault?.(id);
        return () => {};
      },
    },
    catalog: {
      offer: () => null,
      refresh: refuse,
      refreshSoon: refuse,
      forget: () => {},
      rename: () => {},
      onChange: () => {},
      close: () => {},
    },
    supervisor: {
      request: refuse,
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

test('a removal that can still be undone does not take along what was added since', async (t) => {
  const { profiles, store, clock } = setting(t);
  await profiles.add(web('a', { metadata: { age: 'old' } }), { signal });
  await profiles.removeLater({ id: 'web:a', undoMs: 10_000 }, { signal });
  assert.deepEqual(await profiles.info({ id: null, probe: false }, { signal }), []);
  await profiles.add(web('a', { metadata: { age: 'new' }, replace: true }), { signal });
  await clock.advance(10_000);
  assert.deepEqual(store.get('web:a')?.metadata, { age: 'new' });
});
