import assert from 'node:assert/strict';
import test from 'node:test';
import { legacyParams, stampReply } from '../../../../src-main/gateway/wire/eras/stamp.ts';
import { encodeReply } from '../../../../src-main/gateway/wire/reply.ts';
import { rawReply } from '../../../helpers/raw-reply.ts';

function stamped(text: string, method = 'tools/call'): string {
  return encodeReply(stampReply(rawReply(text), method), 'x')
    .map((part) => Buffer.from(part as string).toString())
    .join('');
}

test('a result says that it is complete, and nothing else of the line changes', () => {
  const odd = '{"a":1.0, "b":"\\u00e4","isError":false}';
  assert.equal(
    stamped(`{"jsonrpc":"2.0","id":12,"result":${odd}}`),
    `{"jsonrpc":"2.0","id":"x","result":{"resultType":"complete",${odd.slice(1)}}`,
  );
  assert.equal(
    stamped(`{"result":${odd},"jsonrpc":"2.0","id":12}`),
    `{"result":{"resultType":"complete",${odd.slice(1)},"jsonrpc":"2.0","id":"x"}`,
  );
  assert.equal(
    stamped(`{"jsonrpc": "2.0", "id": 12, "result": {}}`),
    `{"jsonrpc": "2.0", "id": "x", "result": {"resultType":"complete"}}`,
  );
  assert.equal(
    stamped('{"jsonrpc":"2.0","result":{ "contents":[]},"id":12}', 'resources/read'),
    '{"jsonrpc":"2.0","result":{ "resultType":"complete","ttlMs":0,"cacheScope":"private","contents":[]},"id":"x"}',
  );
});

test('a legacy upstream cannot pass its result for a question', () => {
  const reply = stampReply(
    rawReply('{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{}}}'),
    'tools/call',
  );
  assert.deepEqual(reply.kind === 'made' && reply.body, {
    result: { resultType: 'complete', inputRequests: {} },
  });
});

test('an error stays as it is', () => {
  const text = '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}';
  assert.equal(stamped(text), text.replace('"id":1', '"id":"x"'));
});

test('a legacy upstream gets what is its own of the params', () => {
  assert.deepEqual(
    legacyParams({
      name: 'a',
      inputResponses: {},
      requestState: 's',
      task: { ttl: 1 },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': {},
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/logLevel': 'info',
        progressToken: 1,
        traceparent: '00-1',
      },
    }),
    { name: 'a', _meta: { progressToken: 1, traceparent: '00-1' } },
  );
  assert.deepEqual(legacyParams({ _meta: { 'io.modelcontextprotocol/clientInfo': {} } }), {});
});
