import assert from 'node:assert/strict';
import test from 'node:test';
import { fields, readTool } from '../../../../src-main/gateway/routing/ranking/tool-text.ts';

const read = (definition: Record<string, unknown>) => {
  const texts = readTool('github', 'listIssues', definition);
  return Object.fromEntries(fields.map((field, index) => [field, texts[index]?.join(' ')]));
};

test('every part of a definition that a person would read is read', () => {
  const definition = {
    title: 'Issues',
    description: 'Shows what is open',
    inputSchema: {
      type: 'object',
      properties: {
        repoName: { type: 'string', description: 'Which repository' },
        state: { type: 'string', enum: ['open', 'closed'] },
        sort: { type: 'object', properties: { direction: { type: 'string' } } },
        labels: { type: 'array', items: { type: 'string', enum: ['bug'] } },
      },
    },
  };
  assert.deepEqual(read(definition), {
    name: 'list issu',
    title: 'issu',
    connector: 'github',
    description: 'show open',
    parameter: 'repo nam stat sort direct label',
    argument: 'repositori open clos bug',
  });
});

test('a title may stand among the annotations', () => {
  assert.equal(read({ annotations: { title: 'Tickets' } })['title'], 'ticket');
});

test('a definition that is none of the specification is read as far as it goes', () => {
  const odd = { description: 7, title: null, inputSchema: { properties: { a: null, bcd: 'x', items: [] } } };
  assert.equal(read(odd)['description'], '');
  assert.equal(read(odd)['parameter'], 'bcd item');
});

test('a schema that holds itself many times is left at its third level', () => {
  const nest = (depth: number): object =>
    depth === 0 ? {} : { properties: { [`level${depth}`]: nest(depth - 1) } };
  assert.equal(
    read({ inputSchema: nest(9) })['parameter'],
    'level9 level8 level7 level6'.replace(/(\d)/g, ' $1'),
  );
});

test('a description longer than four thousand characters is cut', () => {
  const words = read({ description: 'alpha '.repeat(5_000) })['description']?.split(' ').length;
  assert.ok(words !== undefined && words > 600 && words < 700, String(words));
});

test('of names and titles without end only the beginning is read', () => {
  const long = 'alpha_'.repeat(500_000);
  const words = readTool('shop', long, { title: long, inputSchema: { properties: { [long]: {} } } });
  for (const field of ['name', 'title', 'parameter'] as const) {
    const { length } = words[fields.indexOf(field)] ?? [];
    assert.ok(length !== undefined && length > 20 && length < 40, `${field} ${length}`);
  }
});
