import assert from 'node:assert/strict';
import test from 'node:test';
import {
  approvalNotice,
  lostSignIns,
  notificationText,
  signInNotice,
} from '../../../src-main/electron/notification-text.ts';
import type { ProfileInfo } from '../../../src-shared/contract.ts';
import { envClasses, type EnvClass } from '../../../src-shared/policy.ts';
import { approval } from '../../fixtures/electron-parts/examples.ts';
import { profile } from '../../helpers/window.ts';

test('the question names profile, tool, client and the complete arguments', () => {
  assert.deepEqual(notificationText(approval('1')), {
    title: '■ PROD sqlite:prod: allow query?',
    body: 'Claude Code\n{ "sql": "delete from notes where id = 7" }',
    mayAllow: true,
  });
});

test('without its body in view a question can be denied or reviewed', () => {
  const labels = (isShown: boolean) =>
    approvalNotice(approval('1'), isShown).buttons.map(({ label }) => label);
  assert.deepEqual(
    [labels(true), labels(false)],
    [
      ['Deny', 'Allow once'],
      ['Deny', 'Review'],
    ],
  );
});

test('a question of another place, or of several accounts, cannot be allowed by a button', () => {
  const labels = (change: Parameters<typeof approval>[1]) =>
    approvalNotice(approval('1', change), true).buttons.map(({ label }) => label);
  assert.deepEqual(labels({ via: ['terminal', 'client'] }), ['Deny', 'Review']);
  assert.deepEqual(labels({ kind: 'account', profile: 'sqlite', env: null }), ['Deny', 'Review']);
  assert.equal(
    notificationText(approval('1', { kind: 'account', profile: 'sqlite', env: null })).title,
    'sqlite: which account for query?',
  );
});

test('the title says the class by a shape and a word', () => {
  const title = (env: EnvClass | null) => notificationText(approval('1', { env })).title.split(' sqlite')[0];
  assert.deepEqual([...envClasses, null].map(title), [
    '■ PROD',
    '◆ STAGING',
    '△ DEV',
    '◉ PERSONAL',
    '◌ NO CLASS',
  ]);
});

test('only a sign-in that was lost is told of, with who it was', () => {
  const signIn = {
    account: 'dana@acme.dev',
    issuer: 'https://login.acme.dev',
    signedInAt: 1,
    problem: 'its sign-in was ended',
    sameAs: [],
  };
  const info = (change: Partial<typeof signIn> | null, at: number | null = 1): ProfileInfo => ({
    profile: profile('work'),
    connector: null,
    command: [],
    credentials: null,
    signIn: change && { ...signIn, signedInAt: at, ...change },
    probe: null,
  });
  const fine = { ...info({}), signIn: { ...signIn, problem: null } };
  assert.equal(lostSignIns([info(null), info({}, null), fine]).length, 0);
  const [lost] = lostSignIns([info({})]);
  assert.deepEqual(lost && signInNotice(lost), {
    title: '◌ NO CLASS sqlite:work needs sign-in',
    body: 'dana@acme.dev: its sign-in was ended. Other profiles are fine.',
    buttons: [{ answer: 'sign-in', label: 'Sign in' }],
    isUrgent: false,
  });
});

test('it may be allowed at 160 visible characters and not at 161', () => {
  const fits = (length: number) =>
    notificationText(approval('1', { arguments: `"${'x'.repeat(length - 2)}"` })).mayAllow;
  assert.deepEqual([fits(160), fits(161)], [true, false]);
});

test('it may not be allowed when anything in it is hidden or cut', () => {
  for (const change of [
    { arguments: '"a\u200bb"' },
    { tool: 'que\u202ery' },
    { tool: 'x'.repeat(61) },
    { client: 'Claude\nCode' },
  ])
    assert.equal(notificationText(approval('1', change)).mayAllow, false, JSON.stringify(change));
});

test('arguments that are too long are cut in sight', () => {
  const { body } = notificationText(approval('1', { arguments: `"${'x'.repeat(1_000_000)}"` }));
  assert.equal(body, `Claude Code\n"${'x'.repeat(158)}…`);
});
