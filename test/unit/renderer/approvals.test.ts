import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { answerWord } from '../../../src-renderer/state/answer-words.ts';
import type { ApprovalsState } from '../../../src-renderer/state/approvals-state.svelte.ts';
import { argumentLines, changedLines } from '../../../src-renderer/state/argument-lines.ts';
import { effectWords } from '../../../src-renderer/state/effect-words.ts';
import { grantLeft } from '../../../src-renderer/state/grant-words.ts';
import { effects, EffectBasis, type GrantInfo, type PendingApproval } from '../../../src-shared/policy.ts';
import { approval, openWindow, waiting } from '../../helpers/window.ts';

const counted = { 'approvals.allow': { counted: true }, 'approvals.deny': { counted: true } };

/** A window with one question, read to its end and for long enough. */
async function read(t: TestContext, change: Partial<PendingApproval>) {
  const opened = await openWindow(t, { 'approvals.list': waiting(approval('a', change)), ...counted });
  const view = opened.app.approvalsView;
  view.hasReachedEnd = true;
  settle(t, view);
  return { ...opened, view };
}

function settle(t: TestContext, view: ApprovalsState): void {
  view.painted();
  t.mock.timers.tick(400);
}

test('a yes is for this call alone unless more was chosen', async (t) => {
  const { view, asked } = await read(t, {});
  await view.answer('allow');
  assert.deepEqual(asked[0], ['approvals.allow', { id: 'a', grant: null, choice: null }]);
});

test('a yes for more begins with the least, is inert anew, and carries what was chosen', async (t) => {
  const { view, asked } = await read(t, {});
  view.grant();
  assert.deepEqual(view.granting, { scope: 'tool', minutes: 5, calls: 3 });
  await view.answer('allow');
  t.mock.timers.tick(399);
  await view.answer('allow');
  assert.deepEqual(asked, []);
  view.grant({ scope: 'writes', minutes: 15 });
  t.mock.timers.tick(399);
  await view.answer('allow');
  assert.deepEqual(asked, []);
  t.mock.timers.tick(1);
  await view.answer('allow');
  const grant = { scope: 'writes', minutes: 15, calls: 3 };
  assert.deepEqual(asked[0], ['approvals.allow', { id: 'a', grant, choice: null }]);
});

test('what was chosen for one question is not for the next, and back is for this call alone', async (t) => {
  const { view, asked, app } = await read(t, {});
  view.grant({ scope: 'writes' });
  view.leaveGrant();
  t.mock.timers.tick(400);
  await view.answer('allow');
  assert.deepEqual(asked[0], ['approvals.allow', { id: 'a', grant: null, choice: null }]);
  view.grant({ calls: null });
  view.choice = 'sqlite:prod';
  app.approvalsView.select('b');
  assert.deepEqual([view.granting, view.choice], [null, null]);
});

test('where its rule forbids grants, or wants the answer elsewhere, nothing more can be allowed', async (t) => {
  const { view } = await read(t, { mayGrant: false });
  view.grant();
  assert.equal(view.granting, null);
});

test('a question whose yes belongs elsewhere can be denied here and not allowed', async (t) => {
  const { view, asked } = await read(t, { via: ['terminal', 'client'] });
  view.grant();
  assert.equal(view.granting, null);
  await view.answer('allow');
  assert.deepEqual(asked, []);
  await view.answer('deny');
  assert.deepEqual(asked[0], ['approvals.deny', { id: 'a' }]);
});

test('which account is meant is never chosen beforehand, and choosing makes it inert anew', async (t) => {
  const choices = [
    { profile: 'sqlite:prod', env: 'prod' as const },
    { profile: 'sqlite:staging', env: 'staging' as const },
  ];
  const { view, asked } = await read(t, { kind: 'account', profile: 'sqlite', env: null, choices });
  assert.equal(view.env, null);
  await view.answer('allow');
  view.choose('sqlite:staging');
  await view.answer('allow');
  assert.deepEqual(asked, []);
  assert.equal(view.env, 'staging');
  t.mock.timers.tick(400);
  await view.answer('allow');
  assert.deepEqual(asked[0], ['approvals.allow', { id: 'a', grant: null, choice: 'sqlite:staging' }]);
});

test('what was answered since midnight is listed, newest first', async (t) => {
  const past = (id: string, at: number) => ({
    id,
    profile: 'sqlite:prod',
    env: 'prod',
    tool: 'query',
    client: 'c',
    answer: 'denied',
    via: 'app',
    at,
  });
  const midnight = new Date(2026, 10, 20).getTime();
  const list = [past('old', midnight - 1), past('first', midnight), past('last', midnight + 60_000)];
  const { app } = await openWindow(t, { 'approvals.list': { waiting: [], answered: list } });
  app.approvalsView.now = midnight + 3_600_000;
  assert.deepEqual(
    app.approvalsView.answered.map(({ id }) => id),
    ['last', 'first'],
  );
});

test('a grant is revoked without a proof, and the list is asked for again', async (t) => {
  const { app, asked } = await openWindow(t, { 'approvals.revoke': { revoked: true } });
  await app.approvalsView.revoke('g1');
  assert.deepEqual(asked, [
    ['approvals.revoke', { id: 'g1' }],
    ['approvals.grants', {}],
  ]);
});

test('how far a grant goes is said by its time, its calls, or that it has no end', () => {
  const grant = (more: Partial<GrantInfo>): GrantInfo => ({
    id: 'g',
    profile: 'sqlite:prod',
    env: 'prod',
    scope: 'tool',
    tool: 'query',
    client: 'c',
    principal: 'local',
    createdAt: 0,
    endsAt: null,
    callsLeft: null,
    isKept: false,
    ...more,
  });
  assert.equal(grantLeft(grant({ endsAt: 720_000, callsLeft: 1 }), 0), '12 min left, 1 call left');
  assert.equal(grantLeft(grant({ isKept: true }), 0), 'without an end, kept over restarts');
});

test('every effect on every ground has a sentence, and what nobody knows counts as a write', () => {
  const said = effects.flatMap((does) => EffectBasis.options.map((basis) => effectWords({ does, basis })));
  assert.ok(said.every((words) => words.endsWith('.')));
  assert.match(effectWords({ does: 'reads', basis: 'unknown' }), /^The server does not say/);
  assert.match(
    effectWords({ does: 'destroys', basis: 'server' }),
    /destructive; it cannot be undone from here/,
  );
});

test('an answer that was given elsewhere says where', () => {
  const said = { id: 'a', profile: 'p:a', env: null, tool: 't', client: 'c', at: 0 } as const;
  assert.equal(
    answerWord({ ...said, answer: 'allowed', via: 'terminal' }).word,
    'Allowed once in a terminal',
  );
  assert.equal(answerWord({ ...said, answer: 'granted', via: 'app' }).word, 'Allowed for a while');
  assert.equal(answerWord({ ...said, answer: 'unanswered', via: null }).word, 'Counted as no');
});

test('arguments are marked line by line where they differ from those before, commas aside', () => {
  const json = (value: unknown): string => JSON.stringify(value, null, 2);
  const before = json({ sql: 'update users\nset a = 1\nwhere id = 7' });
  const now = json({ sql: 'update users\nset a = 2\nwhere id = 7', limit: 5 });
  const { changed, gone } = changedLines(before, now);
  const lines = argumentLines(now).map(({ key, value }) =>
    [...key, ...value].map(({ text }) => text).join(''),
  );
  assert.deepEqual(
    [...changed].map((at) => lines[at]?.trim()),
    ['set a = 2\\n', '"limit": 5'],
  );
  assert.equal(gone, 0);
  assert.equal(changedLines(json({ a: 1, b: 2, c: 3 }), json({ a: 1 })).gone, 2);
  assert.deepEqual(changedLines(before, before), { changed: new Set(), gone: 0 });
});
