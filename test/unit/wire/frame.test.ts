import assert from 'node:assert/strict';
import test from 'node:test';
import { NucleusError } from '../../../src-shared/errors.ts';
import {
  encode,
  errorObject,
  isObject,
  parseFrame,
  parseJson,
} from '../../../src-main/gateway/wire/frame.ts';

const frameOf = (text: string) => parseFrame(Buffer.from(text));

test('a request keeps its id as it came, 0, the empty string and fractions included', () => {
  for (const id of [0, -1, 1.5, 9_007_199_254_740_991, '', 'x', '0', '🙂'])
    assert.deepEqual(frameOf(JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })), {
      kind: 'request',
      id,
      method: 'ping',
      params: undefined,
    });
});

test('a message without an id is a notification', () => {
  assert.deepEqual(frameOf('{"jsonrpc":"2.0","method":"notifications/initialized","params":{"a":1}}'), {
    kind: 'notification',
    method: 'notifications/initialized',
    params: { a: 1 },
  });
});

test('a result or an error with an id is a response', () => {
  assert.deepEqual(frameOf('{"jsonrpc":"2.0","id":0,"result":null}'), {
    kind: 'response',
    id: 0,
    message: { jsonrpc: '2.0', id: 0, result: null },
  });
  assert.equal(frameOf('{"id":"a","error":{"code":1,"message":"no"}}').kind, 'response');
});

test('an id that is null, a boolean, an object, an array or infinite is no id', () => {
  for (const id of ['null', 'true', '{}', '[1]', '1e400', '-1e400'])
    assert.deepEqual(
      frameOf(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`),
      { kind: 'invalid', id: null, reason: 'envelope' },
      id,
    );
});

test('params that are no object make the message invalid under its own id', () => {
  for (const params of ['[]', '[1]', 'null', '"x"', '7', 'true'])
    assert.deepEqual(
      frameOf(`{"jsonrpc":"2.0","id":7,"method":"ping","params":${params}}`),
      { kind: 'invalid', id: 7, reason: 'envelope' },
      params,
    );
});

test('a batch is invalid, an empty one too', () => {
  const batch = { kind: 'invalid', id: null, reason: 'batch' };
  assert.deepEqual(frameOf('[]'), batch);
  assert.deepEqual(frameOf('[{"jsonrpc":"2.0","id":1,"method":"ping"}]'), batch);
});

test('JSON that is no object is an invalid envelope', () => {
  for (const text of ['null', '0', '"ping"', 'true'])
    assert.deepEqual(frameOf(text), { kind: 'invalid', id: null, reason: 'envelope' }, text);
});

test('an object that is no message is invalid under the id it has', () => {
  assert.deepEqual(frameOf('{}'), { kind: 'invalid', id: null, reason: 'envelope' });
  assert.deepEqual(frameOf('{"id":3}'), { kind: 'invalid', id: 3, reason: 'envelope' });
  assert.deepEqual(frameOf('{"id":3,"method":7}'), { kind: 'invalid', id: 3, reason: 'envelope' });
});

test('what is not JSON is invalid without an id', () => {
  for (const text of [
    '',
    ' ',
    '{',
    '{"id":1,"method":"ping"',
    "{'id':1}",
    'NaN',
    '{"a":1}{"b":2}',
    'undefined',
  ])
    assert.deepEqual(frameOf(text), { kind: 'invalid', id: null, reason: 'json' }, text);
});

test('bytes that are not UTF-8 are refused, never replaced', () => {
  const head = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"');
  for (const bytes of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]])
    assert.deepEqual(parseFrame(Buffer.concat([head, Buffer.from(bytes), Buffer.from('"}')])), {
      kind: 'invalid',
      id: null,
      reason: 'json',
    });
});

test('a byte order mark before the message is forgiven, a second one is not', () => {
  assert.equal(frameOf('\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}').kind, 'request');
  assert.equal(frameOf('\ufeff\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}').kind, 'invalid');
});

test('keys named __proto__ and constructor are data and change nothing', () => {
  const frame = frameOf(
    '{"__proto__":{"id":9,"method":"evil"},"id":1,"method":"ping","params":{"__proto__":{"a":1}}}',
  );
  assert.equal(frame.kind, 'request');
  assert.ok(frame.kind === 'request' && frame.params);
  assert.equal(frame.method, 'ping');
  assert.deepEqual(Object.keys(frame.params), ['__proto__']);
  assert.equal(JSON.stringify(frame.params), '{"__proto__":{"a":1}}');
  assert.equal(frameOf('{"__proto__":{"id":9,"method":"evil"}}').kind, 'invalid');
  assert.equal(({} as Record<string, unknown>)['a'], undefined);
});

test('a message nested a hundred thousand levels deep is read like any other', () => {
  const depth = 100_000;
  const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const frame = frameOf(
    `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"x","arguments":{"a":${deep}}}}`,
  );
  assert.ok(frame.kind === 'request');
  assert.equal(frame.id, 5);
  assert.deepEqual(frameOf('['.repeat(depth)), { kind: 'invalid', id: null, reason: 'json' });
});

test('numbers, null and arrays are no objects', () => {
  assert.deepEqual([{}, Object.create(null), [], null, 1, 'a'].map(isObject), [
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test('parseJson tells null from what is not JSON', () => {
  assert.equal(parseJson(Buffer.from('null')), null);
  assert.equal(parseJson(Buffer.from('nul')), undefined);
});

test('an encoded message is one line with the version first', () => {
  assert.equal(
    encode({ id: 1, result: { text: 'a\nb' } }),
    '{"jsonrpc":"2.0","id":1,"result":{"text":"a\\nb"}}',
  );
});

test('an error object carries the number of its kind, the sentence, and code and data for programs', () => {
  assert.deepEqual(errorObject(new NucleusError('TOOL_UNKNOWN', 'unknown tool "x"', { profile: 'a:b' })), {
    code: -32602,
    message: 'unknown tool "x"',
    data: { profile: 'a:b', code: 'TOOL_UNKNOWN' },
  });
  assert.deepEqual(errorObject(new TypeError('oh')), {
    code: -32603,
    message: 'oh',
    data: { code: 'INTERNAL' },
  });
  assert.deepEqual(errorObject('text'), { code: -32603, message: 'text', data: { code: 'INTERNAL' } });
});
