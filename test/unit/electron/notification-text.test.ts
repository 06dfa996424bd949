import assert from 'node:assert/strict';
import test from 'node:test';
import { notificationText } from '../../../src-main/electron/notification-text.ts';
import { approval } from '../../fixtures/electron-parts/examples.ts';

test('the question names profile, tool, client and the complete arguments', () => {
  assert.deepEqual(notificationText(approval('1')), {
    title: 'sqlite:prod: allow query?',
    body: 'Claude Code\n{ "sql": "delete from notes where id = 7" }',
    mayAllow: true,
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
