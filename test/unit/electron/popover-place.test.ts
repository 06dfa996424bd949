import assert from 'node:assert/strict';
import { test } from 'node:test';
import { popoverPlace } from '../../../src-main/electron/popover-place.ts';

/* Where the popover opens, as screens of macOS, Windows and Linux tell about themselves. */

test('below the menu bar of macOS, centred on the icon', () => {
  const place = popoverPlace(
    { x: 900, y: 0, width: 24, height: 24 },
    { x: 0, y: 25, width: 1440, height: 875 },
  );
  assert.deepEqual(place, { x: 722, y: 31, width: 380, height: 560 });
});

test('above the task bar of Windows, no further than the edge of the screen', () => {
  const place = popoverPlace(
    { x: 1_890, y: 1_048, width: 24, height: 24 },
    { x: 0, y: 0, width: 1_920, height: 1_040 },
  );
  assert.deepEqual(place, { x: 1_534, y: 474, width: 380, height: 560 });
});

test('beside a panel at the left or the right of the screen', () => {
  const left = popoverPlace(
    { x: 10, y: 500, width: 24, height: 24 },
    { x: 48, y: 0, width: 1_872, height: 1_080 },
  );
  assert.deepEqual(left, { x: 54, y: 232, width: 380, height: 560 });
  const right = popoverPlace(
    { x: 1_880, y: 20, width: 24, height: 24 },
    { x: 0, y: 0, width: 1_872, height: 1_080 },
  );
  assert.deepEqual(right, { x: 1_486, y: 6, width: 380, height: 560 });
});

test('away from the nearer edge where the panel hides itself', () => {
  const work = { x: 0, y: 0, width: 1_920, height: 1_080 };
  assert.equal(popoverPlace({ x: 900, y: 0, width: 24, height: 24 }, work)?.y, 30);
  assert.equal(popoverPlace({ x: 900, y: 1_050, width: 24, height: 24 }, work)?.y, 484);
});

test('on the second screen, and no larger than a small one', () => {
  const second = popoverPlace(
    { x: -300, y: 0, width: 24, height: 24 },
    { x: -1_280, y: 25, width: 1_280, height: 700 },
  );
  assert.deepEqual(second, { x: -478, y: 31, width: 380, height: 560 });
  const small = popoverPlace(
    { x: 100, y: 0, width: 24, height: 24 },
    { x: 0, y: 25, width: 320, height: 400 },
  );
  assert.deepEqual(small, { x: 6, y: 31, width: 308, height: 388 });
});

test('nowhere, so that the window opens, where the system does not tell where the icon is', () => {
  const work = { x: 0, y: 0, width: 1_920, height: 1_080 };
  assert.equal(popoverPlace({ x: 0, y: 0, width: 0, height: 0 }, work), null);
});
