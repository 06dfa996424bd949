import assert from 'node:assert/strict';
import test from 'node:test';
import { classify, paramFault, type Headers } from '../../../src-main/gateway/wire/classify.ts';
import { errorTable, httpStatus } from '../../../src-shared/errors.ts';
import { errorObject } from '../../../src-main/gateway/wire/frame.ts';

const version = 'io.modelcontextprotocol/protocolVersion';
const capabilities = 'io.modelcontextprotocol/clientCapabilities';
const envelope = { [version]: '2026-07-28', [capabilities]: {} };
const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };

function verdictOf(method: string, params: object | undefined, given: Headers | null): unknown {
  const frame = { kind: 'request', id: 1, method, params: params as Record<string, unknown> } as const;
  const verdict = classify(frame, given);
  if (verdict.kind !== 'refused') return verdict.kind;
  const { data } = errorObject(verdict.error);
  return data;
}

test('what has no envelope and no modern header is of the legacy era', () => {
  assert.equal(verdictOf('initialize', { protocolVersion: '2025-11-25' }, null), 'legacy');
  assert.equal(verdictOf('initialize', undefined, { 'mcp-protocol-version': '2026-07-28' }), 'legacy');
  assert.equal(verdictOf('tools/list', undefined, {}), 'legacy');
  assert.equal(
    verdictOf('tools/list', { _meta: { progressToken: 1 } }, { 'mcp-protocol-version': '2025-11-25' }),
    'legacy',
  );
  // Clients send odd headers on live sessions; only an envelope makes them count.
  assert.equal(verdictOf('tools/list', {}, { 'mcp-protocol-version': 'v999' }), 'legacy');
});

test('an envelope makes a request modern, initialize too', () => {
  const params = { _meta: envelope };
  assert.equal(verdictOf('tools/list', params, null), 'modern');
  assert.equal(verdictOf('tools/list', params, headers), 'modern');
  assert.equal(verdictOf('initialize', params, null), 'modern');
});

test('keys that are missing are named', () => {
  const wanted = [
    ['tools/list', undefined, headers, [version, capabilities]],
    ['server/discover', {}, null, [version, capabilities]],
    ['tools/list', { _meta: { [version]: '2026-07-28' } }, headers, [capabilities]],
    ['tools/list', { _meta: { [capabilities]: {} } }, null, [version]],
    ['tools/list', { _meta: { ...envelope, [capabilities]: [] } }, null, [capabilities]],
  ] as const;
  for (const [method, params, given, missing] of wanted)
    assert.deepEqual(verdictOf(method, params, given), { code: 'ENVELOPE_INVALID', missing });
});

test('each refusal has the code of the specification, and 400', () => {
  const codes = ['ENVELOPE_INVALID', 'HEADER_MISMATCH', 'CAPABILITY_MISSING', 'VERSION_UNSUPPORTED'] as const;
  assert.deepEqual(
    codes.map((code) => [errorTable[code].rpc, httpStatus(code)]),
    [
      [-32602, 400],
      [-32020, 400],
      [-32021, 400],
      [-32022, 400],
    ],
  );
});

test('a version that is not spoken is answered with those that are', () => {
  const params = { _meta: { ...envelope, [version]: 'v999.0.0' } };
  const refusal = { code: 'VERSION_UNSUPPORTED', requested: 'v999.0.0', supported: ['2026-07-28'] };
  for (const given of [null, { ...headers, 'mcp-protocol-version': 'v999.0.0' }])
    assert.deepEqual(verdictOf('tools/list', params, given), refusal);
});

test('headers that are missing or say something else are refused by name', () => {
  const params = { _meta: envelope, name: 'ä', arguments: {} };
  const call = { ...headers, 'mcp-method': 'tools/call', 'mcp-name': '=?base64?w6Q=?=' };
  const refusal = (header: string) => ({ code: 'HEADER_MISMATCH', header });
  const { 'mcp-name': _name, ...nameless } = call;
  const { 'mcp-method': _method, ...methodless } = call;
  const { 'mcp-protocol-version': _version, ...versionless } = call;
  assert.equal(verdictOf('tools/call', params, call), 'modern');
  assert.equal(verdictOf('tools/call', { ...params, name: 'a' }, { ...call, 'mcp-name': ' a\t' }), 'modern');
  assert.deepEqual(verdictOf('tools/call', params, versionless), refusal('MCP-Protocol-Version'));
  assert.deepEqual(
    verdictOf('tools/call', params, { ...call, 'mcp-protocol-version': '2025-11-25' }),
    refusal('MCP-Protocol-Version'),
  );
  assert.deepEqual(verdictOf('tools/call', params, methodless), refusal('Mcp-Method'));
  assert.deepEqual(
    verdictOf('tools/call', params, { ...call, 'mcp-method': 'TOOLS/CALL' }),
    refusal('Mcp-Method'),
  );
  assert.deepEqual(verdictOf('tools/call', params, nameless), refusal('Mcp-Name'));
  for (const name of ['a', '=?base64?w6Q?='])
    assert.deepEqual(verdictOf('tools/call', params, { ...call, 'mcp-name': name }), refusal('Mcp-Name'));
});

test('headers that repeat arguments must say the same, numbers in any way', () => {
  const declared = [
    { path: ['region'], name: 'Region' },
    { path: ['page', 'size'], name: 'Size' },
  ];
  const args = { region: 'eu', page: { size: 10 } };
  const check = (given: Headers, about: object = args): unknown =>
    paramFault(given, declared, about)?.data['header'] ?? null;
  assert.equal(check({ 'mcp-param-region': 'eu', 'mcp-param-size': '10' }), null);
  assert.equal(check({ 'mcp-param-region': '=?base64?ZXU=?=', 'mcp-param-size': '10.0' }), null);
  assert.equal(check({}, {}), null);
  assert.equal(check({ 'mcp-param-size': '10' }), 'Mcp-Param-Region');
  assert.equal(check({ 'mcp-param-region': 'EU', 'mcp-param-size': '10' }), 'Mcp-Param-Region');
  assert.equal(check({ 'mcp-param-region': '=?base64?!?=' }, {}), 'Mcp-Param-Region');
  assert.equal(check({ 'mcp-param-region': 'eu', 'mcp-param-size': '1e1' }), 'Mcp-Param-Size');
});
