import assert from 'node:assert/strict';
import test from 'node:test';
import { approval, openWindow, profile, settled, waiting } from '../../../helpers/window.ts';

test('in a page the yes is the PIN’s: what only a click in the app may allow is elsewhere', async (t) => {
  const { app } = await openWindow(
    t,
    { 'approvals.list': waiting(approval('a', { via: ['app'] }), approval('b', { via: ['terminal'] })) },
    'page',
  );
  app.show('approvals');
  app.approvalsView.select('a');
  assert.equal(app.approvalsView.isElsewhere, true);
  app.approvalsView.select('b');
  const isElsewhere = (): boolean => app.approvalsView.isElsewhere;
  assert.equal(isElsewhere(), false);
});

test('in a page a sign-in shows its address, and takes the one it ended at', async (t) => {
  const begun = {
    id: 's1',
    profile: 'crm:a',
    phase: 'waiting',
    how: 'manual',
    url: 'https://crm.example/authorize',
    endsAt: 300_000,
    account: null,
    notes: [],
    problem: null,
  };
  let isTaken = false;
  const { app, asked } = await openWindow(
    t,
    {
      'profiles.list': [{ ...profile('a'), id: 'crm:a', connector: 'crm' }],
      'signIn.begin': begun,
      'signIn.wait': new Promise(() => {}),
      'signIn.finish': () => ({ isTaken }),
    },
    'page',
  );
  app.profilesView.select('crm:a');
  void app.profilesView.signIn('window');
  await settled();
  const how = asked.find(([name]) => name === 'signIn.begin')?.[1];
  assert.equal((how as { how: string }).how, 'manual');
  const { signingIn } = app.profilesView;
  assert.ok(signingIn);
  await signingIn.finish();
  assert.equal(
    asked.some(([name]) => name === 'signIn.finish'),
    false,
    'nothing was pasted',
  );
  signingIn.redirect = ' http://127.0.0.1:9/callback?code=x ';
  await signingIn.finish();
  assert.match(signingIn.redirectProblem ?? '', /not the address/);
  isTaken = true;
  await signingIn.finish();
  assert.equal(signingIn.redirectProblem, null);
  assert.deepEqual(asked.findLast(([name]) => name === 'signIn.finish')?.[1], {
    id: 's1',
    redirect: 'http://127.0.0.1:9/callback?code=x',
  });
});
