import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasScopes, joinScopes, readChallenge } from '../../../src-main/gateway/sign-in/challenge.ts';

test('a challenge is read, whatever stands around it', () => {
  for (const header of [
    'Bearer resource_metadata="https://x.test/meta", scope="a b", error="invalid_token"',
    'Basic realm="x", Bearer realm="y", scope="a b", error=invalid_token, resource_metadata="https://x.test/meta"',
    'bearer   error="invalid_token",scope="a b",resource_metadata="https://x.test/meta"',
    'DPoP algs="ES256", scope="a b", error="invalid_token", resource_metadata="https://x.test/meta"',
  ]) {
    const { resourceMetadata, scope, error } = readChallenge(header) ?? assert.fail(header);
    assert.deepEqual([resourceMetadata?.href, scope, error], ['https://x.test/meta', 'a b', 'invalid_token']);
  }
});

test('what is none, or holds what no scope may, brings nothing', () => {
  for (const header of [
    undefined,
    '',
    'Basic realm="Bearer"',
    'Negotiate',
    `Bearer x="${'a'.repeat(9_000)}"`,
  ])
    assert.equal(readChallenge(header), null, header?.slice(0, 40));
  const bare = readChallenge('Bearer');
  assert.deepEqual(bare, { resourceMetadata: null, scope: null, error: null });
  assert.equal(readChallenge('Bearer scope="a\\"b"')?.scope, null);
  assert.equal(readChallenge('Bearer scope="a\u001b[31m"')?.scope, null);
  assert.equal(readChallenge('Bearer resource_metadata="nonsense"')?.resourceMetadata, null);
});

test('scopes are joined and compared one by one', () => {
  assert.equal(joinScopes('a b', null, 'b c', ''), 'a b c');
  assert.equal(joinScopes(null, ''), null);
  assert.equal(hasScopes('a b', 'b'), true);
  assert.equal(hasScopes('ab', 'a'), false);
  assert.equal(hasScopes(null, null), true);
});
