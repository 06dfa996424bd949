import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openWindow as open, profile, settled, status } from '../../helpers/window.ts';

const named = (asked: readonly (readonly [string, unknown])[], group: string): unknown[] =>
  asked.filter(([name]) => name.startsWith(group));

test('all is locked at once, and unlocked by a click', async (t) => {
  let lockedAt: number | null = null;
  const { app, asked } = await open(t, {
    'gateway.status': () => ({ ...status, lockedAt }),
    'lock.engage': () => ({ lockedAt: (lockedAt = 60_000) }),
    'lock.release': () => ((lockedAt = null), {}),
  });
  await app.lock.engage();
  assert.equal(app.lock.since, 60_000);
  // The key of locking does not unlock.
  await app.lock.engage();
  await app.lock.release();
  const since = (): number | null => app.lock.since;
  assert.equal(since(), null);
  assert.deepEqual(named(asked, 'lock.'), [
    ['lock.engage', {}],
    ['lock.release', {}],
  ]);
});

test('an unlock that is refused says why, and all stays locked', async (t) => {
  const { app } = await open(t, {
    'gateway.status': { ...status, lockedAt: 1 },
    'lock.release': Object.assign(new Error('the seal is gone'), { name: 'LOCKED' }),
  });
  await app.lock.release();
  assert.deepEqual([app.lock.since, app.lock.problem?.message, app.lock.busy], [1, 'the seal is gone', null]);
});

test('while all is locked what needs a server is inert and says why, from one place', async (t) => {
  const { AddState } = await import('../../../src-renderer/state/add-state.svelte.ts');
  const { PickState } = await import('../../../src-renderer/state/pick-state.svelte.ts');
  const { paletteCommands } = await import('../../../src-renderer/state/palette-commands.ts');
  let lockedAt: number | null = 1;
  const out = {
    profile: 'sqlite:prod',
    state: 'signed-out',
    tools: 0,
    pid: null,
    inFlight: 0,
    problem: null,
  };
  const { app, asked } = await open(t, {
    'gateway.status': () => ({ ...status, upstreams: [{ ...out, oddities: 0 }], lockedAt }),
  });
  const add = new AddState(app, async () => {});
  const pick = new PickState(app, profile('prod'), ['project'], async () => {});
  const offersSignIn = (): boolean =>
    paletteCommands(app, () => {}).some(({ hit }) => hit.id.startsWith('sign in'));
  assert.equal(app.lock.reason, 'everything is locked: unlock it first');
  assert.deepEqual([add.whyNot, pick.whyNot], [app.lock.reason, app.lock.reason]);
  assert.equal(offersSignIn(), false);
  add.chooseOwn('command');
  add.commandLine = 'npx thing';
  add.connectorName = 'thing';
  add.name = 'dev';
  await add.submit();
  assert.deepEqual(named(asked, 'profiles.add'), []);
  lockedAt = null;
  await app.refresh('status');
  assert.deepEqual([add.whyNot, pick.whyNot, offersSignIn()], [null, null, true]);
  await add.submit();
  assert.equal(named(asked, 'profiles.add').length, 1);
});

test('a PIN is set when it was typed twice alike, and no field keeps it', async (t) => {
  const { app, asked } = await open(t, { 'pin.set': {} });
  app.pin.type();
  await app.pin.set();
  assert.deepEqual(app.pin.problem, { field: 'pin', sentence: 'A PIN is needed.' });
  app.pin.pin = '482913';
  app.pin.again = '482914';
  await app.pin.set();
  assert.equal(app.pin.problem?.field, 'again');
  assert.deepEqual(asked, []);
  app.pin.again = '482913';
  await app.pin.set();
  assert.deepEqual(asked[0], ['pin.set', { pin: '482913' }]);
  assert.deepEqual([app.pin.pin, app.pin.again, app.pin.isTyping], ['', '', false]);
});

test('a PIN that is refused says why at its field', async (t) => {
  const { app } = await open(t, {
    'pin.set': Object.assign(new Error('a PIN needs at least 6 characters'), { name: 'PIN_WRONG' }),
  });
  app.pin.type();
  app.pin.pin = '1';
  app.pin.again = '1';
  await app.pin.set();
  assert.deepEqual(app.pin.problem, { field: 'pin', sentence: 'A PIN needs at least 6 characters.' });
  assert.equal(app.pin.isTyping, true);
});

test('a class is changed at once, and for ten seconds it can be taken back', async (t) => {
  let env: string | undefined = 'prod';
  const { app, asked } = await open(t, {
    'profiles.list': () => [{ ...profile('prod'), env }],
    'profiles.changeEnv': (input: unknown) => {
      env = (input as { env: string | null }).env ?? undefined;
      return { ...profile('prod'), env };
    },
  });
  const view = app.profilesView;
  await view.changeEnv('dev');
  assert.deepEqual(asked[0], ['profiles.changeEnv', { id: 'sqlite:prod', env: 'dev' }]);
  assert.deepEqual(view.reclassed, { id: 'sqlite:prod', from: 'prod' });
  assert.equal(app.envOf('sqlite:prod'), 'dev');
  await view.undoChangeEnv();
  assert.equal(env, 'prod');
  assert.equal(view.reclassed, null);
  await view.changeEnv(null);
  assert.equal(env, undefined);
  t.mock.timers.tick(10_000);
  assert.equal(view.reclassed, null);
});

test('a class that cannot be changed is not shown as changed, and says why', async (t) => {
  const { app } = await open(t, {
    'profiles.list': [{ ...profile('prod'), env: 'prod' }],
    'profiles.changeEnv': Object.assign(new Error('everything is locked'), { name: 'LOCKED' }),
  });
  await app.profilesView.changeEnv('dev');
  assert.deepEqual(
    [app.envOf('sqlite:prod'), app.profilesView.reclassed, app.profilesView.problem?.message],
    ['prod', null, 'everything is locked'],
  );
});

test('the class of a new profile is guessed from its name, asked for where it tells nothing, and sent', async (t) => {
  const { app, asked } = await open(t, {
    'profiles.add': { profile: profile('x'), probe: null, notes: [] },
  });
  app.profilesView.openGallery();
  const add = app.profilesView.adding;
  assert(add);
  add.choose('address');
  add.address = 'https://crm.example/mcp';
  add.connectorName = 'crm';
  add.name = 'acme-staging';
  assert.equal(add.envClass, 'staging');
  add.name = 'acme';
  await settled();
  asked.length = 0;
  await add.submit();
  assert.deepEqual([Object.keys(add.problems), asked], [['class'], []]);
  add.envTyped = 'unset';
  await add.submit();
  const sent = asked.find(([name]) => name === 'profiles.add')?.[1] as { env: unknown };
  assert.equal(sent.env, null);
});
