import assert from 'node:assert/strict';
import test from 'node:test';
import { declaredHeaders } from '../../../src-main/gateway/downstream/declared-headers.ts';
import type { Row } from '../../../src-main/gateway/routing/rows.ts';
import type { View } from '../../../src-main/gateway/routing/view.ts';

function row(key: string, header?: string): Row {
  const region = { type: 'string', ...(header && { 'x-mcp-header': header }) };
  const inputSchema = { type: 'object', properties: { region } };
  return { key, json: JSON.stringify({ name: key, inputSchema }), route: {} } as unknown as Row;
}

function viewOf(direct: readonly Row[], tools: readonly Row[] | null): View {
  return { rows: () => direct, surface: () => tools && { tools } } as unknown as View;
}

test('what a tool declares is known whether it is listed, merged, or neither', () => {
  const direct = [row('a_one_query', 'Region'), row('a_one_tables')];
  const view = viewOf(direct, [row('a_query', 'Region')]);
  const declared = [{ path: ['region'], name: 'Region' }];
  assert.deepEqual(declaredHeaders(view, 'a_query'), declared);
  assert.deepEqual(declaredHeaders(view, 'a_one_query'), declared);
  assert.deepEqual(declaredHeaders(view, 'a_one_tables'), []);
  assert.deepEqual(declaredHeaders(view, 'unknown'), []);
  assert.deepEqual(declaredHeaders(viewOf(direct, null), 'a_one_query'), declared);
});
