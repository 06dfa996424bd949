import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Preferences } from '../../../src-main/electron/preferences.ts';
import { releases, type LastLook, type LookAnswer } from '../../../src-main/electron/update-answer.ts';
import { createUpdates } from '../../../src-main/electron/updates.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** The watch of an app of version 1.0.0; every request waits for `answer`. */
function open(kept: {
  isOn?: boolean;
  lastLook?: LastLook | null;
  clock?: ReturnType<typeof createFakeClock>;
}) {
  const clock = kept.clock ?? createFakeClock();
  let preferences: Preferences = {
    theme: 'system',
    view: 'profiles',
    place: null,
    looksForUpdates: kept.isOn ?? false,
    lastLook: kept.lastLook ?? null,
  };
  const asked: { at: number; signal: AbortSignal; answer: (answer: LookAnswer) => void }[] = [];
  const changes: unknown[] = [];
  const updates = createUpdates({
    clock,
    log: createFakeLog(),
    version: '1.0.0',
    preferences: {
      get: () => preferences,
      set: (change) => void (preferences = { ...preferences, ...change }),
    },
    ask(signal) {
      const { promise, resolve } = Promise.withResolvers<LookAnswer>();
      asked.push({ at: clock.now(), signal, answer: resolve });
      return promise;
    },
    onChange: () => void changes.push(updates.get()),
  });
  const answer = async (said: LookAnswer): Promise<void> => {
    asked.at(-1)?.answer(said);
    await settled();
  };
  return { updates, clock, asked, answer, changes, preferences: () => preferences };
}

test('while it is off nothing is asked, not even by a question for it', async () => {
  const { updates, clock, asked } = open({});
  updates.look();
  updates.set(false);
  await clock.advance(10 * day);
  assert.deepEqual(asked, []);
  assert.equal(clock.waiting, 0);
  assert.deepEqual(updates.get(), { isOn: false, isLooking: false, newer: null, last: null });
});

test('switched on it looks at once, and tells what it found', async () => {
  const { updates, clock, asked, answer, changes, preferences } = open({});
  updates.set(true);
  updates.set(true);
  assert.equal(asked.length, 1);
  assert.deepEqual(updates.get(), { isOn: true, isLooking: true, newer: null, last: null });
  const at = clock.now();
  await answer({ version: '1.2.3' });
  const known = {
    isOn: true,
    isLooking: false,
    newer: { version: '1.2.3', page: releases.page },
    last: { at, problem: null, nextAt: at + day },
  };
  assert.deepEqual(updates.get(), known);
  assert.deepEqual(changes.at(-1), known);
  assert.equal(updates.newVersion(), '1.2.3');
  assert.deepEqual(preferences().lastLook, { at, version: '1.2.3', problem: null });
});

test('it looks once a day, over restarts, and not in the first minute', async () => {
  const first = open({ isOn: true });
  assert.equal(first.asked.length, 0);
  await first.clock.advance(minute);
  assert.equal(first.asked.length, 1);
  await first.answer({ version: null });
  await first.clock.advance(day - 1);
  assert.equal(first.asked.length, 1);
  first.updates.close();

  const second = open({ isOn: true, lastLook: first.preferences().lastLook, clock: first.clock });
  await second.clock.advance(minute - 1);
  assert.equal(second.asked.length, 0);
  await second.clock.advance(1);
  assert.equal(second.asked.length, 1);
  await second.answer({ version: null });
  await second.clock.advance(3 * day);
  // The one that is not answered holds up the next.
  assert.equal(second.asked.length, 2);
  assert.equal((second.asked[1]?.at ?? 0) - (second.asked[0]?.at ?? 0), day);
  assert.equal(first.asked.length, 1);
});

test('a look that failed is tried again a day later, or when a person says so', async () => {
  const { updates, clock, asked, answer } = open({ isOn: true });
  await clock.advance(minute);
  await answer({ problem: 'a.example was not found' });
  assert.equal(updates.get().last?.problem, 'a.example was not found');
  await clock.advance(day / 2);
  assert.equal(asked.length, 1);
  updates.look();
  updates.look();
  assert.equal(asked.length, 2);
  await answer({ version: '1.0.0' });
  assert.deepEqual([updates.get().last?.problem, updates.newVersion()], [null, null]);
  await clock.advance(day - 1);
  assert.equal(asked.length, 2);
  await clock.advance(1);
  assert.equal(asked.length, 3);
});

test('switched off, a look under way ends and says nothing any more', async () => {
  const { updates, clock, asked, answer, preferences } = open({ isOn: true });
  await clock.advance(minute);
  updates.set(false);
  assert.equal(asked[0]?.signal.aborted, true);
  await answer({ version: '1.2.3' });
  assert.equal(preferences().lastLook, null);
  assert.deepEqual(updates.get(), { isOn: false, isLooking: false, newer: null, last: null });
  await clock.advance(2 * day);
  assert.equal(asked.length, 1);
});

test('what was found is hidden while it is off, and told again after the next look', async () => {
  const lastLook = { at: 0, version: '1.2.3', problem: null };
  const { updates, asked, answer } = open({ lastLook });
  assert.equal(updates.newVersion(), null);
  updates.set(true);
  assert.equal(asked.length, 1);
  await answer({ version: '1.2.3' });
  assert.equal(updates.newVersion(), '1.2.3');
});

test('closed, it looks no more', async () => {
  const { updates, clock, asked } = open({ isOn: true });
  await clock.advance(minute);
  updates.close();
  assert.equal(asked[0]?.signal.aborted, true);
  updates.look();
  updates.set(false);
  await clock.advance(2 * day);
  assert.equal(asked.length, 1);
});
