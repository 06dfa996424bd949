import assert from 'node:assert/strict';
import test from 'node:test';
import {
  decodeHeader,
  encodeHeader,
  nameOf,
  paramHeaders,
  paramText,
} from '../../../src-main/gateway/wire/mcp-headers.ts';

test('any text stands in a header and comes back as it was', () => {
  for (const text of [
    'plain',
    'with space',
    ' edge ',
    '',
    'naïve',
    '日本',
    'a\r\nb',
    '=?base64?eA==?=',
    '\t',
  ])
    assert.equal(decodeHeader(encodeHeader(text)), text, JSON.stringify(text));
  assert.equal(encodeHeader('plain text'), 'plain text');
  assert.match(encodeHeader('naïve'), /^=\?base64\?[A-Za-z0-9+/=]+\?=$/);
});

test('what is no Base64, or no UTF-8 behind it, stands for nothing', () => {
  for (const text of ['=?base64?x?=', '=?base64?====?=', '=?base64?/w==?=', '=?base64?eA?='])
    assert.equal(decodeHeader(text), null, text);
  assert.equal(decodeHeader('  trimmed\t'), 'trimmed');
});

test('the name of a request is what its method names', () => {
  assert.equal(nameOf('tools/call', { name: 'x' }), 'x');
  assert.equal(nameOf('resources/read', { uri: 'file:///a', name: 'x' }), 'file:///a');
  assert.equal(nameOf('tools/call', { name: 5 }), null);
  assert.equal(nameOf('tools/list', { name: 'x' }), null);
  assert.equal(nameOf('constructor', { name: 'x' }), null);
});

const schema = (properties: object): object => ({ type: 'object', properties });
const region = { type: 'string', 'x-mcp-header': 'Region' };

test('declared header parameters are found at any depth of properties', () => {
  assert.deepEqual(
    paramHeaders(schema({ region, deep: schema({ dry: { type: 'boolean', 'x-mcp-header': 'Dry-Run' } }) })),
    [
      { path: ['region'], name: 'Region' },
      { path: ['deep', 'dry'], name: 'Dry-Run' },
    ],
  );
  assert.deepEqual(paramHeaders(schema({ plain: { type: 'string' } })), []);
});

test('a declaration that breaks a rule makes the tool invalid', () => {
  for (const broken of [
    schema({ a: { type: 'number', 'x-mcp-header': 'A' } }),
    schema({ a: { type: 'string', 'x-mcp-header': '' } }),
    schema({ a: { type: 'string', 'x-mcp-header': 'has space' } }),
    schema({ a: { 'x-mcp-header': 'A' } }),
    schema({ a: { type: 'string', 'x-mcp-header': 'Same' }, b: { type: 'string', 'x-mcp-header': 'same' } }),
    schema({ a: { type: 'array', items: region } }),
    { anyOf: [schema({ region })] },
    { $defs: { r: region } },
    { 'x-mcp-header': 'Root', type: 'string' },
  ])
    assert.equal(paramHeaders(broken), null, JSON.stringify(broken));
});

test('an argument has the text that JSON gives it, and only a plain one has', () => {
  const args = { s: 'x', n: 42, b: false, o: {}, z: null, deep: { s: 'y' } };
  assert.deepEqual(
    [['s'], ['n'], ['b'], ['o'], ['z'], ['deep', 's'], ['constructor'], ['s', 'length']].map((path) =>
      paramText(args, path),
    ),
    ['x', '42', 'false', null, null, 'y', null, null],
  );
});
