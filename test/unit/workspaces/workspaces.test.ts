import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createWorkspaceStore } from '../../../src-main/gateway/storage/workspace-store.ts';
import { hashOf } from '../../../src-main/gateway/workspaces/reading.ts';
import { createWorkspaces } from '../../../src-main/gateway/workspaces/workspaces.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import { profile } from '../storage/support.ts';

function setUp(t: TestContext) {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'nucleus-workspaces-')));
  const registry = openRegistry('memory');
  const store = createWorkspaceStore(registry.db);
  const clock = createFakeClock();
  const changes = { count: 0 };
  const present = { profiles: [profile('db:a'), profile('db:b')] };
  const workspaces = createWorkspaces({
    home,
    store,
    rules: () => [],
    profiles: () => present.profiles,
    http: () => null,
    clock,
    log: createFakeLog(),
    onChange: () => void (changes.count += 1),
  });
  t.after(() => {
    workspaces.close();
    registry.close();
    rmSync(home, { recursive: true });
  });
  const write = (text: string): void => {
    const path = join(home, '.mcp-profiles.toml');
    writeFileSync(path, text);
    store.trust(path, hashOf(text), text, 1);
  };
  const sees = (): string[] =>
    workspaces
      .connectors({ folder: home, isBound: false })
      .flatMap(({ bindings }) => bindings.map(({ alias }) => alias));
  return { home, workspaces, clock, changes, present, write, sees };
}

/** How many folders this process watches; one that is closed is gone a turn later. */
async function watching(): Promise<number> {
  await settled();
  return process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
}

test('a folder is watched from its first client to its last', async (t) => {
  const { home, workspaces } = setUp(t);
  assert.equal(await watching(), 0);
  const place = { folder: home, isBound: false };
  const first = workspaces.follow(place);
  const second = workspaces.follow(place);
  assert.equal(await watching(), 1);
  assert.equal(workspaces.info(place).clients, 2);
  first();
  first();
  assert.deepEqual([await watching(), workspaces.info(place).clients], [1, 1]);
  second();
  assert.deepEqual([await watching(), workspaces.info(place).clients], [0, 0]);
  workspaces.follow(place);
  workspaces.close();
  assert.equal(await watching(), 0);
});

test('without a client that stays, a folder is read anew once what is known is old', async (t) => {
  const { clock, write, sees } = setUp(t);
  assert.deepEqual(sees(), ['a', 'b']);
  write('[db]\nprofile = "a"\nalias = "x"\n');
  assert.deepEqual(sees(), ['a', 'b']);
  await clock.advance(1_000);
  assert.deepEqual(sees(), ['x']);
});

test('what is trusted, and a profile that comes, count at once', (t) => {
  const { workspaces, changes, present, write, sees } = setUp(t);
  assert.deepEqual(sees(), ['a', 'b']);
  write('[db]\nprofile = "c"\n');
  workspaces.refresh();
  assert.equal(changes.count, 1);
  assert.deepEqual(sees(), []);
  present.profiles = [...present.profiles, profile('db:c')];
  assert.deepEqual(sees(), ['c']);
});

test('the same is answered with the same object, so that nothing is built anew', (t) => {
  const { home, workspaces } = setUp(t);
  const place = { folder: home, isBound: false };
  const first = workspaces.connectors(place);
  assert.equal(workspaces.connectors(place), first);
  workspaces.refresh();
  assert.equal(workspaces.connectors(place), first);
});
