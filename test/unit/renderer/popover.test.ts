import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createApi, type PopoverApi } from '../../../src-renderer/api.ts';
import { argumentWords } from '../../../src-renderer/state/argument-words.ts';
import type { Reply } from '../../../src-shared/bridge.ts';
import type { Topic } from '../../../src-shared/contract.ts';
import { approval, connector, profile, settled, status, waiting, type Answer } from '../../helpers/window.ts';

/** The popover's state on a gateway that answers what it is told to; time stands still. */
async function openPopover(t: TestContext, answers: Record<string, Answer>) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { PopoverState } = await import('../../../src-renderer/state/popover-state.svelte.ts');
  const asked: [string, unknown][] = [];
  const all: Record<string, Answer> = {
    'profiles.list': [profile('prod'), profile('staging')],
    'connectors.list': { connectors: [connector], problems: [] },
    'gateway.status': status,
    'approvals.list': waiting(),
    'settings.get': { theme: 'system', autostart: false, view: 'profiles', wantsAdd: false },
    'audit.timeline': { buckets: [], total: 243, failed: 0, blocked: 0, p95: null, isComplete: true },
    ...answers,
  };
  let listener = (_topics: readonly Topic[]): void => {};
  const popover = new PopoverState(
    createApi<PopoverApi>({
      async ask(name, input): Promise<Reply> {
        asked.push([name, input]);
        const answer = all[name];
        const value: unknown = await (typeof answer === 'function' ? answer(input) : answer);
        if (value instanceof Error) return { ok: false, error: { code: value.name, message: value.message } };
        return { ok: true, value };
      },
      on: (heard) => ((listener = heard), () => {}),
    }),
    () => false,
  );
  popover.start();
  await settled();
  asked.length = 0;
  return {
    popover,
    asked,
    change: (more: Record<string, Answer>) => Object.assign(all, more),
    push: (...topics: Topic[]) => (listener(topics), settled()),
  };
}

test('the question that waits longest is shown, and how many more wait', async (t) => {
  const { popover } = await openPopover(t, {
    'approvals.list': waiting(approval('b', { askedAt: 2 }), approval('a', { askedAt: 1 })),
  });
  assert.equal(popover.question?.id, 'a');
  assert.equal(popover.more, 1);
});

test('a no counts only after the question could be read, and the next one comes after a pause', async (t) => {
  const { popover, asked, change } = await openPopover(t, {
    'approvals.list': waiting(approval('a', { askedAt: 1 }), approval('b', { askedAt: 2 })),
    'approvals.deny': { counted: true },
  });
  popover.painted();
  t.mock.timers.tick(399);
  await popover.deny();
  assert.deepEqual(asked, []);
  t.mock.timers.tick(1);
  change({ 'approvals.list': waiting(approval('b', { askedAt: 2 })) });
  await popover.deny();
  assert.deepEqual(asked[0], ['approvals.deny', { id: 'a' }]);
  const shown = () => popover.question?.id ?? null;
  assert.equal(shown(), null);
  t.mock.timers.tick(299);
  assert.equal(shown(), null);
  t.mock.timers.tick(1);
  assert.equal(shown(), 'b');
});

test('a no that was too fast is said, and the question stays', async (t) => {
  const { popover } = await openPopover(t, {
    'approvals.list': waiting(approval('a')),
    'approvals.deny': { counted: false },
  });
  popover.painted();
  t.mock.timers.tick(400);
  await popover.deny();
  assert.match(popover.notice?.said ?? '', /not counted/);
  assert.equal(popover.question?.id, 'a');
});

test('there is no way to allow', async (t) => {
  const { popover } = await openPopover(t, { 'approvals.list': waiting(approval('a')) });
  const acts = Object.getOwnPropertyNames(Object.getPrototypeOf(popover));
  assert.ok(acts.includes('deny'));
  assert.deepEqual(
    acts.filter((name) => /allow|grant|yes/i.test(name)),
    [],
  );
});

test('a profile becomes the default, and while all is locked none does', async (t) => {
  const { popover, asked, push, change } = await openPopover(t, { 'profiles.use': profile('staging') });
  await popover.makeDefault('sqlite:staging');
  assert.deepEqual(asked[0], ['profiles.use', { id: 'sqlite:staging' }]);
  change({ 'gateway.status': { ...status, lockedAt: 1 } });
  await push('status');
  asked.length = 0;
  await popover.makeDefault('sqlite:prod');
  assert.deepEqual(asked, []);
});

test('what fails is told in a sentence, and old facts stay', async (t) => {
  const { popover, change, push } = await openPopover(t, {});
  const gone = Object.assign(new Error('the gateway does not answer'), { name: 'INTERNAL' });
  change({ 'profiles.list': gone, 'profiles.use': gone });
  await push('profiles');
  assert.equal(popover.groups[0]?.entries.length, 2);
  await popover.makeDefault('sqlite:prod');
  assert.equal(popover.notice?.said, 'The gateway does not answer.');
  change({ 'profiles.use': profile('prod') });
  await popover.notice.again?.();
  assert.equal(popover.notice, null);
});

test('clients and the calls of today are counted, and asked again only while it is seen', async (t) => {
  const { popover, asked, push } = await openPopover(t, {});
  assert.equal(popover.calls.value, 243);
  await push('activity');
  assert.deepEqual(
    asked.map(([name]) => name),
    ['audit.timeline'],
  );
});

test('arguments are said in one line, whatever they are', () => {
  assert.equal(
    argumentWords('{\n  "sql": "select 1\\nfrom a",\n  "limit": 5\n}'),
    'sql: select 1\\nfrom a, limit: 5',
  );
  assert.equal(argumentWords('{}'), '');
  assert.equal(argumentWords('[1, 2]'), '[1, 2]');
  assert.equal(argumentWords('not json'), 'not json');
  assert.equal(argumentWords(`{"a":"${'x'.repeat(5_000)}"}`).length, 400);
});
