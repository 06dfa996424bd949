import assert from 'node:assert/strict';
import { test } from 'node:test';
import { popoverHandlers } from '../../../src-main/electron/popover-handlers.ts';
import type { AskContext } from '../../../src-shared/contract.ts';

/* What the popover may ask of the app's own process. */

const context: AskContext = { signal: new AbortController().signal };
const nowhere = { view: null, profile: null, add: false };

function open() {
  const heard: string[] = [];
  const wishes = { add: false, profile: null as string | null };
  const { popover } = popoverHandlers({
    popover: { hide: () => void heard.push('hide') },
    shell: { open: (view) => void heard.push(`open ${view ?? 'as it was'}`) },
    wishes,
  });
  return { heard, wishes, popover };
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
