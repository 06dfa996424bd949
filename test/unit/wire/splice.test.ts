import assert from 'node:assert/strict';
import test from 'node:test';
import { spliceResult } from '../../../src-main/gateway/wire/splice.ts';

const unwanted = ['resultType', 'ttlMs', 'cacheScope'];
const splice = (text: string) => spliceResult(Buffer.from(text), unwanted)?.line.toString();

for (const [before, after] of [
  ['{"id":1,"result":{"resultType":"complete","a":1}}', '{"id":1,"result":{"a":1}}'],
  ['{"id":1,"result":{"a":1,"resultType":"complete"}}', '{"id":1,"result":{"a":1}}'],
  [
    '{"result":{"ttlMs":5,"a":{"ttlMs":6},"cacheScope":"x","b":[{"ttlMs":7}]},"id":1}',
    '{"result":{"a":{"ttlMs":6},"b":[{"ttlMs":7}]},"id":1}',
  ],
  ['{"result":{"resultType":"complete"}}', '{"result":{}}'],
  [
    '{"result":{ "ttlMs" : 5 , "a" : "}\\"," , "n" : 12345678901234567890.50 }, "id" : 1}',
    '{"result":{"a" : "}\\",","n" : 12345678901234567890.50 }, "id" : 1}',
  ],
  ['{"result":{"a":"ä\\\\","ttlMs":5,"b":null,"c":true}}', '{"result":{"a":"ä\\\\","b":null,"c":true}}'],
  [
    '{"error":{"result":{"ttlMs":1}},"result":{"ttlMs":1,"a":[]}}',
    '{"error":{"result":{"ttlMs":1}},"result":{"a":[]}}',
  ],
] as const)
  test(`without what is unwanted: ${before}`, () => {
    assert.equal(splice(before), after);
    const {
      resultType: _,
      ttlMs: __,
      cacheScope: ___,
      ...wanted
    } = (JSON.parse(before) as { result: Record<string, unknown> }).result;
    assert.deepEqual((JSON.parse(splice(before) ?? '') as { result: object }).result, wanted);
  });

for (const text of ['{"id":1}', '{"result":5}', '{"result":{}}', '{"result":[{"ttlMs":1}]}'])
  test(`nothing to take out: ${text}`, () => {
    assert.equal(splice(text), undefined);
  });
