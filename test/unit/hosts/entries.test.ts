import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOurs, leadsToUs } from '../../../src-main/gateway/hosts/entries.ts';
import { ours, shim } from './support.ts';

test('an entry is ours with its command and arguments, whatever is noted beside it', () => {
  for (const more of [{}, { type: 'stdio' }, { env: {} }, { timeout: 5 }, { enabled: true }, { trust: true }])
    assert.equal(isOurs({ ...ours, ...more }, ours), true, JSON.stringify(more));
  const others: readonly unknown[] = [
    null,
    'x',
    [],
    { ...ours, args: ['serve'] },
    { ...ours, command: 'nucleus' },
    { ...ours, disabled: true },
    { ...ours, enabled: false },
    { ...ours, env: { A: '1' } },
    { ...ours, cwd: '/' },
    { ...ours, url: 'http://x' },
    { ...ours, type: 'http' },
  ];
  for (const other of others) assert.equal(isOurs(other, ours), false, JSON.stringify(other));
});

test('further entries that start all of Nucleus are told from narrower ones and from others', () => {
  for (const entry of [
    { command: shim, args: ['serve'] },
    { command: shim, args: ['serve', '--client', 'old'] },
    { command: 'nucleus', args: ['serve'] },
    { command: '/opt/homebrew/Cellar/nucleus/0.2.0/bin/nucleus', args: ['serve'] },
    { command: 'C:\\Program Files\\Nucleus\\nucleus.exe', args: ['serve'] },
    { command: 'npx', args: ['-y', '@nucleus/nucleus@0.3.1', 'serve'] },
    { type: 'local', command: ['nucleus', 'serve'] },
    { source: 'custom', command: { path: 'nucleus', args: ['serve'] } },
    { command: 'cmd', args: ['/c', 'npx', 'nucleus', 'serve'] },
  ])
    assert.equal(leadsToUs(entry, shim), true, JSON.stringify(entry));
  for (const entry of [
    { command: shim, args: ['serve', '--profile', 'github:work'] },
    { command: shim, args: ['serve'], env: { NUCLEUS_HOME: '/elsewhere' } },
    { command: shim, args: ['status'] },
    { command: 'npx', args: ['-y', 'nuclear', 'serve'] },
    { command: 'nucleus-scanner', args: ['serve'] },
    { url: 'http://127.0.0.1:8787/mcp' },
    null,
  ])
    assert.equal(leadsToUs(entry, shim), false, JSON.stringify(entry));
});
