import assert from 'node:assert/strict';
import test from 'node:test';
import { isWrapped, translateTool } from '../../../../src-main/gateway/wire/eras/definitions.ts';
import { parseExactly } from '../../../../src-main/gateway/wire/exact.ts';

const schemaOf = (outputSchema: unknown): unknown =>
  translateTool({ name: 'a', outputSchema }, 'modern')?.['outputSchema'];
const wrapped = (result: unknown, more: object = {}): object => ({
  ...more,
  type: 'object',
  properties: { result },
  required: ['result'],
});

test('what both eras understand stays as it is', () => {
  assert.equal(translateTool({ name: 'a', outputSchema: { type: 'object' } }, 'modern'), null);
  assert.equal(translateTool({ name: 'a', outputSchema: { type: 'array' } }, 'legacy'), null);
  assert.equal(translateTool({ name: 'a' }, 'modern'), null);
  assert.equal(translateTool({ name: 'a', outputSchema: 'odd' }, 'modern'), null);
});

test('every root but an object is wrapped', () => {
  for (const root of [{}, { type: 'array' }, { type: ['object', 'null'] }, { oneOf: [] }, true, false]) {
    assert.equal(isWrapped(root), true, JSON.stringify(root));
    assert.deepEqual(schemaOf(root), wrapped(root));
  }
  for (const none of [undefined, null, 'object', [], { type: 'object' }])
    assert.equal(isWrapped(none), false);
});

test('references into the document lead where they led, and what only looks like one stays', () => {
  const root = (place: string) => ({
    anyOf: [{ $ref: `${place}/$defs/a` }, { $ref: place }, { $ref: '#anchor' }, { $ref: 'other.json#/x' }],
    $defs: {
      a: {
        $anchor: 'anchor',
        properties: { $ref: { type: 'string' }, default: { $ref: `${place}/$defs/a` } },
      },
      own: { $id: 'https://example.com/own', items: { $ref: '#/x' } },
    },
    const: { $ref: '#/x' },
    examples: [{ $ref: '#' }],
  });
  assert.deepEqual(schemaOf(root('#')), wrapped(root('#/properties/result')));
});

test('the dialect stays at the root, and a schema with an address of its own is left alone', () => {
  const $schema = 'https://json-schema.org/draft/2020-12/schema';
  assert.deepEqual(schemaOf({ $schema, type: 'array' }), wrapped({ type: 'array' }, { $schema }));
  const addressed = { $id: 'https://example.com/a', $ref: '#/$defs/a', $defs: { a: {} } };
  assert.deepEqual(schemaOf(addressed), wrapped(addressed));
});

test('a number in a schema that no double holds stays what it is', () => {
  const schema = '{"anyOf":[{"maximum":18446744073709551615}]}';
  assert.equal(
    JSON.stringify(schemaOf(parseExactly(schema))),
    `{"type":"object","properties":{"result":${schema}},"required":["result"]}`,
  );
});
