import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Profile } from '../../../src-shared/model.ts';
import type { PendingApproval } from '../../../src-shared/policy.ts';
import {
  approval,
  connector,
  openWindow as open,
  profile,
  settled,
  status,
  waiting,
} from '../../helpers/window.ts';

const names = (asked: readonly (readonly [string, unknown])[]): string[] => asked.map(([name]) => name);

test('a push makes the window ask again for what it names and for nothing else', async (t) => {
  const { asked, push } = await open(t, {});
  await push('status');
  assert.deepEqual(names(asked), ['gateway.status']);
  asked.length = 0;
  await push('hosts', 'settings');
  assert.deepEqual(names(asked), ['hosts.list', 'settings.get']);
});

test('a view that is chosen before the settings are known stays', async (t) => {
  const settings = Promise.withResolvers<object>();
  const { app } = await open(t, { 'settings.get': () => settings.promise });
  app.show('tools');
  settings.resolve({ theme: 'dark', autostart: false, view: 'approvals', wantsAdd: false });
  await settled();
  assert.deepEqual([app.settings.value?.theme, app.view], ['dark', 'tools']);
});

test('old facts stay when asking again fails', async (t) => {
  let isBroken = false;
  const { app, push } = await open(t, {
    'gateway.status': () =>
      isBroken ? Object.assign(new Error('gone'), { name: 'GATEWAY_UNREACHABLE' }) : status,
  });
  isBroken = true;
  await push('status');
  assert.equal(app.status.value?.version, '0.1.0');
  assert.equal(app.status.problem?.code, 'GATEWAY_UNREACHABLE');
});

test('the welcome shows without a profile, stays while its steps close, and ends when left', async (t) => {
  let profiles: Profile[] = [];
  const { app, push } = await open(t, { 'profiles.list': () => profiles });
  assert.equal(app.firstRun.isShown, true);
  void app.firstRun.begin();
  profiles = [profile('prod')];
  await push('profiles');
  assert.equal(app.firstRun.isShown, true);
  assert.equal(app.firstRun.done, 1);
  app.show('profiles');
  assert.equal(app.firstRun.isShown, false);
});

test('the welcome does not come back when the last profile goes', async (t) => {
  let profiles = [profile('prod')];
  const { app, push } = await open(t, { 'profiles.list': () => profiles });
  profiles = [];
  await push('profiles');
  assert.equal(app.firstRun.isShown, false);
});

test('a waiting question takes the place of the welcome', async (t) => {
  let approvals: PendingApproval[] = [];
  const { app, push } = await open(t, { 'profiles.list': [], 'approvals.list': () => waiting(...approvals) });
  approvals = [approval('a')];
  await push('approvals');
  assert.equal(app.firstRun.isShown, false);
  assert.equal(app.view, 'approvals');
  assert.equal(app.said, '1 approval waiting');
});

test('a removal asks nothing, selects the next one and can be undone for ten seconds', async (t) => {
  let profiles = [profile('prod'), profile('staging')];
  const { app, asked } = await open(t, { 'profiles.list': () => profiles });
  const view = app.profilesView;
  assert.equal(view.selected, 'sqlite:prod');
  profiles = [profile('staging')];
  await view.remove();
  assert.deepEqual(asked[0], ['profiles.removeLater', { id: 'sqlite:prod', undoMs: 10_000 }]);
  assert.equal(view.selected, 'sqlite:staging');
  assert.deepEqual(view.removed, { id: 'sqlite:prod', env: null });
  profiles = [profile('prod'), profile('staging')];
  await view.undoRemove();
  assert.equal(view.selected, 'sqlite:prod');
  assert.equal(view.removed, null);

  await view.remove();
  t.mock.timers.tick(10_000);
  assert.equal(view.removed, null);
});

test('a failed check of the form keeps every field, a good one forgets the secret', async (t) => {
  let isBroken = true;
  const probe = { ok: true, tools: 3, prompts: 0, resources: 0, server: 'crm 2', milliseconds: 420 };
  const { app } = await open(t, {
    'profiles.add': () =>
      isBroken
        ? Object.assign(new Error('profile crm:prod exists already'), { name: 'PROFILE_EXISTS' })
        : { profile: profile('prod'), probe, notes: [] },
  });
  app.profilesView.openForm(connector);
  const add = app.profilesView.adding;
  assert(add);
  add.name = 'prod';
  add.secrets['token'] = 's3cret';
  await add.submit();
  assert.deepEqual(add.problems, { name: 'crm:prod is there already. Pick another name.' });
  assert.equal(add.secrets['token'], 's3cret');

  isBroken = false;
  await add.submit();
  assert.deepEqual({ ...add.secrets }, {});
  assert.equal(app.profilesView.adding, null);
  assert.equal(app.profilesView.selected, 'sqlite:prod');
  assert.equal(app.profilesView.outcome?.sentence, 'crm 2 answered in 0.4 s with 3 tools.');
});

test('no answer leaves the window before the question was in sight for 400 ms', async (t) => {
  const { app, asked } = await open(t, {
    'approvals.list': waiting(approval('a')),
    'approvals.allow': { counted: true },
    'approvals.deny': { counted: true },
  });
  const view = app.approvalsView;
  view.hasReachedEnd = true;
  await view.answer('allow');
  view.painted();
  t.mock.timers.tick(399);
  await view.answer('deny');
  assert.deepEqual(asked, []);
  t.mock.timers.tick(1);
  await view.answer('deny');
  assert.deepEqual(asked[0], ['approvals.deny', { id: 'a' }]);
});

test('arguments not read to their end cannot be allowed, but denied', async (t) => {
  const { app, asked } = await open(t, {
    'approvals.list': waiting(approval('a')),
    'approvals.allow': { counted: true },
    'approvals.deny': { counted: true },
  });
  app.approvalsView.painted();
  t.mock.timers.tick(400);
  await app.approvalsView.answer('allow');
  assert.deepEqual(asked, []);
  await app.approvalsView.answer('deny');
  assert.equal(asked[0]?.[0], 'approvals.deny');
});

test('after an answer nothing shows for 300 ms, then the next question, inert again', async (t) => {
  let list = [approval('a'), approval('b')];
  const { app } = await open(t, {
    'approvals.list': () => waiting(...list),
    'approvals.allow': () => ((list = [approval('b')]), { counted: true }),
  });
  const view = app.approvalsView;
  view.hasReachedEnd = true;
  view.painted();
  t.mock.timers.tick(400);
  await view.answer('allow');
  const shown = (): string | undefined => view.current?.id;
  assert.equal(shown(), undefined);
  t.mock.timers.tick(300);
  assert.equal(shown(), 'b');
  assert.equal(view.isReady, false);
  assert.equal(view.hasReachedEnd, false);
});

test('the moment after an answer stays empty, whatever is told meanwhile', async (t) => {
  let list = [approval('a'), approval('b'), approval('c')];
  const { app, push } = await open(t, {
    'approvals.list': () => waiting(...list),
    'approvals.deny': () => ((list = [approval('b'), approval('c')]), { counted: true }),
  });
  const view = app.approvalsView;
  view.painted();
  t.mock.timers.tick(400);
  await view.answer('deny');
  await push('approvals');
  const shown = (): string | undefined => view.current?.id;
  assert.equal(shown(), undefined);
  // What would have been next is withdrawn.
  list = [approval('c')];
  await push('approvals');
  assert.equal(shown(), undefined);
  t.mock.timers.tick(300);
  assert.equal(shown(), 'c');
});

test('an answer that did not count says so, and the question is inert again', async (t) => {
  const { app } = await open(t, {
    'approvals.list': waiting(approval('a')),
    'approvals.deny': { counted: false },
  });
  const view = app.approvalsView;
  view.painted();
  t.mock.timers.tick(400);
  await view.answer('deny');
  assert.match(view.notice, /^Answered within half a second/);
  assert.equal(view.isReady, false);
});

test('a question that ran out of time says that it counted as no', async (t) => {
  let list = [approval('a')];
  const { app, push } = await open(t, { 'approvals.list': () => waiting(...list) });
  app.show('approvals');
  t.mock.timers.tick(300_000);
  list = [];
  await push('approvals');
  assert.equal(app.approvalsView.notice, 'Counted as no after 5 min. claude-code was told.');
});

test('what became of a question is not said to who looks elsewhere, nor beside the next question', async (t) => {
  let list = [approval('a')];
  const { app, push } = await open(t, { 'approvals.list': () => waiting(...list) });
  list = [];
  await push('approvals');
  assert.equal(app.approvalsView.notice, '');
  app.show('approvals');
  list = [approval('b')];
  await push('approvals');
  t.mock.timers.tick(300);
  list = [];
  await push('approvals');
  assert.equal(app.approvalsView.notice, 'That question is over. It was answered elsewhere or withdrawn.');
  list = [approval('c')];
  await push('approvals');
  assert.equal(app.approvalsView.notice, '');
});
