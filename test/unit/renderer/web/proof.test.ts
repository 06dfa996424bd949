import assert from 'node:assert/strict';
import test from 'node:test';
import type { PagePrompts } from '../../../../src-renderer/state/page-prompts.svelte.ts';
import type { Proof } from '../../../../src-renderer/state/proof.svelte.ts';
import { proofWords } from '../../../../src-renderer/state/proof-words.ts';
import { text } from '../../../../src-renderer/text.ts';
import type { Reply } from '../../../../src-shared/bridge.ts';
import { readRunes } from '../../../helpers/runes.ts';
import { settled } from '../../../helpers/window.ts';

readRunes();

const wrong = (triesLeft: number, lockedUntil?: number): Reply => ({
  ok: false,
  error: {
    code: 'PIN_WRONG',
    message: `that is not the approval PIN; ${triesLeft} tries are left before it is locked for 15 minutes`,
    data: { triesLeft, ...(lockedUntil !== undefined && { lockedUntil }) },
  },
});
const right: Reply = { ok: true, value: { counted: true } };

async function setUp(answers: readonly Reply[], ways: object = {}) {
  const { PagePrompts: Prompts } = await import('../../../../src-renderer/state/page-prompts.svelte.ts');
  const prompts: PagePrompts = new Prompts();
  const sent: string[] = [];
  const left = [...answers];
  const prove = (act = 'Allow it'): Promise<Reply> =>
    prompts.prove({
      act,
      ways: async () => ({ ok: true, value: { hasPin: true, pinLockedUntil: null, ...ways } }),
      send: async (pin) => (sent.push(pin), left.shift() ?? assert.fail('sent once too often')),
    });
  const shown = (): Proof =>
    prompts.shown?.kind === 'proof' ? prompts.shown : assert.fail('no PIN is asked for');
  return { prompts, prove, shown, sent };
}

test('a wrong PIN is told in place, forgotten, and asked for again', async () => {
  const { prompts, prove, shown, sent } = await setUp([wrong(4), right]);
  const outcome = prove();
  await settled();
  assert.equal(shown().act, 'Allow it');
  await shown().confirm();
  assert.equal(shown().problem, text.web.pinNeeded);
  shown().pin = '271828';
  await shown().confirm();
  assert.match(shown().problem ?? '', /^That is not the approval PIN. 4 tries are left/);
  assert.equal(shown().pin, '');
  shown().pin = '481516';
  await shown().confirm();
  assert.deepEqual(await outcome, right);
  assert.equal(prompts.shown, null);
  assert.deepEqual(sent, ['271828', '481516']);
});

test('whoever cancels sends nothing', async () => {
  const { prove, shown, sent } = await setUp([]);
  const outcome = prove();
  await settled();
  shown().pin = '481516';
  shown().cancel();
  const reply = await outcome;
  assert.deepEqual(!reply.ok && reply.error, { code: 'PERSON_REQUIRED', message: text.web.notConfirmed });
  assert.deepEqual(sent, []);
});

test('where no PIN is set, or it is locked, none can be typed', async () => {
  const none = await setUp([], { hasPin: false });
  void none.prove();
  await settled();
  assert.equal(none.shown().way, 'none');
  await none.shown().confirm();
  assert.deepEqual(none.sent, []);
  const locked = await setUp([], { pinLockedUntil: 1 });
  void locked.prove();
  await settled();
  assert.equal(locked.shown().way, 'locked');
  const tried = await setUp([wrong(0, 1)]);
  void tried.prove();
  await settled();
  tried.shown().pin = '271828';
  await tried.shown().confirm();
  assert.equal(tried.shown().way, 'locked');
  assert.match(tried.shown().problem ?? '', /locked until/);
});

test('two acts are asked for one after the other, and a closed dialog leaves what is under way', async () => {
  const { prompts, prove, shown } = await setUp([right, right]);
  const first = prove('one');
  const second = prove('two');
  await settled();
  assert.equal(shown().act, 'one');
  shown().pin = '481516';
  const confirming = shown().confirm();
  shown().cancel();
  assert.equal(shown().act, 'two');
  await confirming;
  assert.deepEqual(await first, right);
  assert.equal(shown().act, 'two');
  shown().cancel();
  assert.equal((await second).ok, false);
  assert.equal(prompts.shown, null);
});

test('a PIN is asked for with words that name the act and the account', () => {
  const waiting = [{ id: 'q1', tool: 'execute', profile: 'db:prod', client: 'claude-code' }];
  for (const [question, input, words] of [
    ['approvals.allow', { id: 'q1', grant: null, choice: null }, 'Allow execute on db:prod for claude-code'],
    [
      'approvals.allow',
      { id: 'q1', grant: { scope: 'tool', minutes: 5, calls: 3 }, choice: null },
      'Allow execute on db:prod for claude-code, and more calls like it for 5 minutes',
    ],
    ['approvals.allow', { id: 'q1', grant: null, choice: 'db:dev' }, 'Use db:dev for claude-code'],
    ['approvals.allow', { id: 'gone' }, 'Allow the call that waits'],
    ['profiles.changeEnv', { id: 'db:prod', env: null }, 'Change the class of db:prod to none'],
    ['hosts.connect', { host: 'cursor' }, 'Put Nucleus into the configuration of cursor'],
    ['lock.release', {}, 'Unlock everything'],
    ['some.thing', null, 'Answer some.thing'],
  ] as const)
    assert.equal(proofWords(question, input, waiting), words);
});
