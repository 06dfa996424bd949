import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { actOf, actWord, keys, keysOf, type Press } from '../../../src-renderer/state/keys.ts';

const press = (key: string, held: string = '', code = ''): Press => ({
  key,
  code,
  metaKey: held.includes('⌘'),
  ctrlKey: held.includes('^'),
  shiftKey: held.includes('⇧'),
  altKey: held.includes('⌥'),
});

test('⌘ on macOS and Ctrl elsewhere are the same keys, and never each other’s', () => {
  assert.equal(actOf(press('k', '⌘'), true, 'anywhere'), 'palette');
  assert.equal(actOf(press('k', '^'), false, 'anywhere'), 'palette');
  assert.equal(actOf(press('k', '^'), true, 'anywhere'), null);
  assert.equal(actOf(press('k', '⌘'), false, 'anywhere'), null);
  assert.equal(actOf(press('k', '⌘^'), true, 'anywhere'), null);
});

test('the views have the numbers of their places, whatever is printed on the keys of digits', () => {
  const views = ['1', '2', '3', '4', '5', '6', '7', ','].map((key) =>
    actOf(press(key, '^'), false, 'anywhere'),
  );
  assert.deepEqual(views, [
    'view:profiles',
    'view:approvals',
    'view:activity',
    'view:policy',
    'view:tools',
    'view:clients',
    'view:doctor',
    'view:settings',
  ]);
  // A French keyboard writes & with the key of 1.
  assert.equal(actOf(press('&', '^', 'Digit1'), false, 'anywhere'), 'view:profiles');
  assert.equal(actOf(press('8', '^', 'Digit8'), false, 'anywhere'), null);
});

test('a letter of another script is told by its place, and one of ours by what is printed', () => {
  assert.equal(actOf(press('л', '⌘', 'KeyK'), true, 'anywhere'), 'palette');
  assert.equal(actOf(press('в', '', 'KeyD'), true, 'question'), 'deny');
  // Dvorak: the key in the place of D writes E.
  assert.equal(actOf(press('e', '', 'KeyD'), true, 'question'), null);
});

test('what needs Shift on some keyboards is the same with it; with ⌘ it is not', () => {
  assert.equal(actOf(press('/', '⇧', 'Digit7'), false, 'anywhere'), 'find');
  assert.equal(actOf(press('?', '⇧'), false, 'anywhere'), 'keys');
  assert.equal(actOf(press('D', '⇧'), false, 'question'), 'deny');
  assert.equal(actOf(press('L', '^⇧'), false, 'anywhere'), 'lock');
  assert.equal(actOf(press('l', '^'), false, 'anywhere'), null);
  assert.equal(actOf(press('F6', '⇧'), false, 'anywhere'), 'previous-pane');
});

test('a yes needs ⌘ or Ctrl: no plain key allows', () => {
  assert.equal(actOf(press('Enter', '^'), false, 'question'), 'allow');
  assert.equal(actOf(press('Enter', '⌘⌥'), true, 'question'), 'grant');
  for (const key of ['Enter', ' ', 'a', 'y', 'o']) {
    for (const held of ['', '⇧', '⌥']) {
      const act = actOf(press(key, held), false, 'question');
      assert.ok(act !== 'allow' && act !== 'grant', `${held}${key}`);
    }
  }
});

test('keys are written as the system’s keyboards show them', () => {
  assert.deepEqual(keysOf('lock', true), { aria: 'Meta+Shift+L', shown: '⇧⌘L' });
  assert.deepEqual(keysOf('lock', false), { aria: 'Control+Shift+L', shown: 'Ctrl ⇧L' });
  assert.deepEqual(keysOf('grant', true), { aria: 'Meta+Alt+Enter', shown: '⌥⌘⏎' });
  assert.deepEqual(keysOf('grant', false), { aria: 'Control+Alt+Enter', shown: 'Ctrl Alt ⏎' });
  assert.deepEqual(keysOf('deny', true), { aria: 'D', shown: 'D' });
});

test('no two acts of one place share a key, and each has a word', () => {
  for (const isMac of [true, false]) {
    const seen = new Map<string, string>();
    for (const { act, place } of keys) {
      for (const shown of keysOf(act, isMac).shown.split('  ')) {
        const other = seen.get(`${place} ${shown}`);
        assert.equal(other, undefined, `${act} and ${other}`);
        seen.set(`${place} ${shown}`, act);
      }
      assert.notEqual(actWord(act), '');
    }
  }
});

test('the page on the app names every key', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/app.md'), 'utf8');
  const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  for (const { act } of keys) {
    const row = rows.find(([, word]) => word === actWord(act));
    assert.deepEqual(
      row?.slice(2, 4),
      [false, true].map((isMac) => `\`${keysOf(act, isMac).shown}\``),
      act,
    );
  }
});
