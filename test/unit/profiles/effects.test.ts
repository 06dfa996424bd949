import assert from 'node:assert/strict';
import test from 'node:test';
import { effectOf, operationOf, readerOf } from '../../../src-main/gateway/profiles/effects.ts';
import { noToolRules, ToolRules } from '../../../src-main/gateway/profiles/rule-schema.ts';

const rules = ToolRules.parse({
  read: ['list', 'run>look'],
  write: ['run'],
  destructive: ['drop', 'run>wipe'],
  inner: { run: '/call/name' },
  readers: { script: { at: '/source', holds: 'code' }, query: { at: '/sql', holds: 'sql' } },
});

test('a tool does what the manifest says, and nothing is said of others', () => {
  assert.deepEqual(
    ['list', 'drop', 'other', 'constructor'].map((tool) => effectOf(rules, tool, {})),
    ['reads', 'destroys', null, null],
  );
  assert.equal(effectOf(noToolRules, 'list', {}), null);
});

test('an operation behind a tool is judged by its own name, another one by the tool', () => {
  const call = (name: unknown) => ({ call: { name } });
  assert.equal(operationOf(rules, 'run', call('wipe')), 'run>wipe');
  assert.equal(effectOf(rules, 'run', call('wipe')), 'destroys');
  assert.equal(effectOf(rules, 'run', call('look')), 'reads');
  assert.equal(effectOf(rules, 'run', call('unheard')), 'writes');
  for (const args of [{}, call(7), call(''), { call: 'wipe' }])
    assert.equal(operationOf(rules, 'run', args), 'run');
});

test('code is a write, SQL is handed to whoever reads it', () => {
  assert.equal(effectOf(rules, 'script', { source: 'return 1' }), 'writes');
  assert.equal(effectOf(rules, 'query', { sql: 'SELECT 1' }), null);
  assert.deepEqual(readerOf(rules, 'query', { sql: 'SELECT 1' }), { holds: 'sql', text: 'SELECT 1' });
  assert.equal(readerOf(rules, 'query', {}), null);
  assert.equal(readerOf(rules, 'list', {}), null);
});
