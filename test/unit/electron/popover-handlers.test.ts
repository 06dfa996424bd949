import assert from 'node:assert/strict';
import { test } from 'node:test';
import { popoverHandlers } from '../../../src-main/electron/popover-handlers.ts';
import {
  type AskContext,
  type HandlersOf,
  popoverContract,
  type WindowContract,
  windowContract,
} from '../../../src-shared/contract.ts';

/* What the popover may ask. */

/** A window's answers: each says its own name. */
const windowHandlers: unknown = Object.fromEntries(
  Object.entries(windowContract).map(([group, asks]) => [
    group,
    Object.fromEntries(Object.keys(asks).map((name) => [name, () => `${group}.${name}`])),
  ]),
);

const context: AskContext = { signal: new AbortController().signal };
const nowhere = { view: null, profile: null, add: false };

function open() {
  const heard: string[] = [];
  const wishes = { add: false, profile: null as string | null };
  const handlers = popoverHandlers({
    popover: { hide: () => void heard.push('hide') },
    shell: { open: (view) => void heard.push(`open ${view ?? 'as it was'}`) },
    wishes,
    handlers: windowHandlers as HandlersOf<WindowContract>,
  });
  return { heard, wishes, handlers, popover: handlers.popover };
}

test('the window opens on the view that was chosen, or as it was', async () => {
  const { heard, popover } = open();
  await popover.leaveFor({ ...nowhere, view: 'approvals' }, context);
  await popover.leaveFor(nowhere, context);
  assert.deepEqual(heard, ['open approvals', 'open as it was']);
});

test('a profile is shown among the profiles, and so is the gallery', async () => {
  const { heard, wishes, popover } = open();
  await popover.leaveFor({ ...nowhere, profile: 'sqlite:prod' }, context);
  assert.deepEqual(wishes, { add: false, profile: 'sqlite:prod' });
  await popover.leaveFor({ ...nowhere, add: true }, context);
  assert.equal(wishes.add, true);
  assert.deepEqual(heard, ['open profiles', 'open profiles']);
});

test('it can put itself away', async () => {
  const { heard, popover } = open();
  await popover.close({}, context);
  assert.deepEqual(heard, ['hide']);
});

test('of what a window may ask it may ask this and nothing more', async () => {
  const own = new Set(['popover', 'events']);
  const asked = Object.entries(popoverContract).flatMap(([group, asks]) =>
    own.has(group) ? [] : Object.keys(asks).map((name) => `${group}.${name}`),
  );
  assert.deepEqual(asked.toSorted(), [
    'app.copy',
    'approvals.deny',
    'approvals.list',
    'audit.timeline',
    'connectors.list',
    'gateway.status',
    'lock.engage',
    'lock.release',
    'profiles.list',
    'profiles.use',
    'settings.get',
    'signIn.begin',
  ]);
  const handlers: Record<string, Record<string, unknown>> = open().handlers;
  for (const name of asked) {
    const [group = '', key = ''] = name.split('.');
    const handler = handlers[group]?.[key] as () => string;
    assert.equal(handler(), name);
  }
});
