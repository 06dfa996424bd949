import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openWindow, profile, settled } from '../../helpers/window.ts';

/* What became of an act: the way out of a failure, the time to take it back, and the end of a wait. */

const refused = Object.assign(new Error('the gateway does not answer'), { name: 'INTERNAL' });

test('an act that failed is tried again by its button, as it was', async (t) => {
  const answers: Record<string, unknown> = { 'profiles.use': refused };
  const { app, asked } = await openWindow(t, { 'profiles.use': () => answers['profiles.use'] });
  const view = app.profilesView;
  view.select('sqlite:staging');
  await view.makeDefault();
  assert.equal(view.problem?.message, 'the gateway does not answer');
  answers['profiles.use'] = profile('staging');
  // Another one is chosen by now.
  view.select('sqlite:prod');
  asked.length = 0;
  await view.again?.();
  assert.equal(view.problem, null);
  assert.deepEqual(asked[0], ['profiles.use', { id: 'sqlite:staging' }]);
});

test('whatever ran into a problem has a button that does it once more', async (t) => {
  const finding = { check: 'home-mode', level: 'fail', subject: null, message: 'm', fix: 'f', canFix: true };
  const { app, asked } = await openWindow(t, {
    'app.copy': refused,
    'hosts.connect': refused,
    'hosts.bundle': refused,
    'doctor.run': ({ probe }: { probe: boolean }) => (probe ? refused : []),
    'doctor.fix': refused,
    'import.undo': refused,
  });
  const { desktop, clientsView, doctorView, imports } = app;
  const trials = [
    [desktop, () => desktop.copy('text'), () => desktop.again, 'app.copy'],
    [clientsView, () => clientsView.act('connect', 'cursor'), () => clientsView.again, 'hosts.connect'],
    [clientsView, () => clientsView.saveBundle(), () => clientsView.again, 'hosts.bundle'],
    [doctorView, () => doctorView.reach(), () => doctorView.retry, 'doctor.run'],
    [doctorView, () => doctorView.fix(finding as never), () => doctorView.retry, 'doctor.fix'],
    [imports, () => imports.undo(), () => imports.again, 'import.undo'],
  ] as const;
  for (const [view, act, again, name] of trials) {
    await act();
    assert.equal(view.problem?.message, 'the gateway does not answer', name);
    const first = asked.find(([one]) => one === name);
    asked.length = 0;
    await again()?.();
    assert.deepEqual(
      asked.find(([one]) => one === name),
      first,
    );
    asked.length = 0;
  }
});

test('a change can be taken back for ten seconds, and for as long as somebody is at the offer', async (t) => {
  const { app } = await openWindow(t, { 'profiles.changeEnv': profile('prod') });
  const view = app.profilesView;
  view.select('sqlite:prod');
  await view.changeEnv('prod');
  t.mock.timers.tick(9_999);
  assert.notEqual(view.reclassed, null);
  view.offer.hold(true);
  t.mock.timers.tick(60_000);
  assert.notEqual(view.reclassed, null);
  view.offer.hold(false);
  t.mock.timers.tick(9_999);
  assert.notEqual(view.reclassed, null);
  t.mock.timers.tick(1);
  assert.equal(view.reclassed, null);
  // Nobody brings it back by coming near once more.
  view.offer.hold(true);
  view.offer.hold(false);
  assert.equal(view.reclassed, null);
});

test('who does not want to wait for a check goes on, and what it finds later changes nothing', async (t) => {
  const answer = Promise.withResolvers<unknown>();
  const { app } = await openWindow(t, {
    'profiles.info': (input: unknown) => ((input as { probe: boolean }).probe ? answer.promise : []),
  });
  const view = app.profilesView;
  view.select('sqlite:prod');
  const checking = view.check();
  await settled();
  assert.equal(view.busy, 'check');
  view.stopChecking();
  await checking;
  assert.equal(view.busy, null);
  answer.resolve([{ probe: { ok: false, code: 'X', message: 'late' } }]);
  await settled();
  assert.deepEqual([view.outcome, view.problem], [null, null]);
});

test('who does not want to wait for servers that never listed their tools goes on', async (t) => {
  const listing = Promise.withResolvers<unknown>();
  const { app } = await openWindow(t, {
    'tools.list': (input: unknown) =>
      (input as { wait?: boolean }).wait === false ? { tools: [], missing: ['a'] } : listing.promise,
  });
  const done = app.toolsView.listMissing();
  await settled();
  assert.equal(app.toolsView.isListing, true);
  app.toolsView.stopListing();
  await done;
  assert.equal(app.toolsView.isListing, false);
});
