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

test('a member is wrapped where it stands, and nothing else changes', () => {
  const wrap = (text: string) =>
    spliceResult(Buffer.from(text), unwanted, ['structuredContent'])?.line.toString();
  assert.equal(
    wrap('{"id":1,"result":{"resultType":"complete","structuredContent":[ 12345678901234567890 ],"a":1.0}}'),
    '{"id":1,"result":{"structuredContent":{"result":[ 12345678901234567890 ]},"a":1.0}}',
  );
  assert.equal(
    wrap('{"result":{"a":{"structuredContent":1},"structuredContent":null}}'),
    '{"result":{"a":{"structuredContent":1},"structuredContent":{"result":null}}}',
  );
});

test('strings end where they end, whatever is escaped in them', () => {
  for (const text of ['"', '\\', '\\"', 'a\\\\', '\\\\"', 'ü"', '\u0000"']) {
    const line = JSON.stringify({ result: { ttlMs: 1, text, b: text } });
    assert.deepEqual(JSON.parse(splice(line) ?? ''), { result: { text, b: text } });
  }
});
