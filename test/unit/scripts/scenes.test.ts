import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenes, states } from '../../../scripts/scenes/all.ts';

const names = new Set(scenes.map(({ name }) => name));

test('each view has a picture empty, loading, broken, offline, locked and full', () => {
  const missing = Object.entries(states).flatMap(([view, pictures]) =>
    Object.entries(pictures)
      .filter(([, name]) => !names.has(name))
      .map(([state, name]) => `${view} ${state}: ${name}`),
  );
  assert.deepEqual(missing, []);
});

test('each view has a picture as narrow as a page may get', () => {
  const narrow = scenes.filter(({ size }) => size && size.width <= 380).map(({ name }) => name);
  const missing = Object.keys(states).filter((view) => !narrow.some((name) => name.startsWith(view)));
  assert.deepEqual(missing, []);
});

test('no two pictures have one name', () => {
  assert.equal(names.size, scenes.length);
});
