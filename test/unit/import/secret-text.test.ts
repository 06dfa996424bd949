import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hasSecretIn,
  isSecret,
  isSecretArgument,
  looksSecret,
  secretInAddress,
} from '../../../src-main/gateway/import/secret-text.ts';

test('texts that begin like tokens of known services are secrets wherever they stand', () => {
  for (const text of [
    'ghp_0123456789abcdefghij',
    'github_pat_11ABCDEFG0123456789',
    'glpat-0123456789abcdef',
    'sbp_0123456789abcdef',
    'sk-proj-0123456789',
    'xoxb-1234567890-abcdef',
    'AKIAIOSFODNN7EXAMPLE',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
    'postgresql://app:hunter2@db.example.com/app',
    '-----BEGIN PRIVATE KEY-----\nMIIE',
  ])
    assert.ok(looksSecret(text), text);
});

test('a long text without a plan is a secret; names, paths, versions and UUIDs are not', () => {
  assert.ok(looksSecret('9f8Xk2LqPz71mVbTs0aR4wYd'));
  for (const text of [
    '@modelcontextprotocol/server-everything',
    '/home/ada/projects/website-2026/data.db',
    'C:\\Users\\ada\\projects2026\\data1234.db',
    'https://mcp.example.com/v1/mcp',
    '550e8400-e29b-41d4-a716-446655440000',
    'my-own-project-for-testing-2',
    'postgresql://db.example.com/app',
    'ghcr.io/acme/server@sha256:0123456789abcdef0123456789abcdef',
    'a sentence with 1234567890abcdef in it',
  ])
    assert.ok(!looksSecret(text), text);
});

test('a variable is a secret by its name, unless its value is a setting', () => {
  for (const name of [
    'API_KEY',
    'apiKey',
    'GITHUB_TOKEN',
    'DB_PASSWORD',
    'SENTRY_DSN',
    'Authorization',
    'AUTH',
  ])
    assert.ok(isSecret(name, 'short'), name);
  assert.ok(isSecret('DB_PASSWORD', '1234'));
  assert.ok(!isSecret('MAX_TOKENS', '4096'));
  assert.ok(!isSecret('AUTH', 'none'));
  assert.ok(!isSecret('LOG_LEVEL', 'debug'));
  assert.ok(!isSecret('MONKEY', 'banana'));
  assert.ok(!isSecret('TOKEN', ''));
});

test('an argument is a secret by its flag, unless it is a file or a number', () => {
  assert.ok(isSecretArgument('--api-key', 'abc'));
  assert.ok(isSecretArgument('--token', 'abc'));
  assert.ok(!isSecretArgument('--token', './token.txt'));
  assert.ok(!isSecretArgument('--max-token', '512'));
  assert.ok(!isSecretArgument('--key', 'name'));
  assert.ok(!isSecretArgument('--keyboard', 'de'));
});

test('a secret inside a script is found', () => {
  assert.ok(hasSecretIn('GITHUB_TOKEN=abcdef exec server'));
  assert.ok(hasSecretIn("curl -H 'x: ghp_0123456789abcdefghij'"));
  assert.ok(!hasSecretIn('cd /srv/app && exec node server.js'));
});

test('a secret in an address is found by its parameter and by how a part of the path looks', () => {
  const found = (url: string) => secretInAddress(new URL(url));
  assert.equal(found('https://example.com/mcp?api_key=abcd'), 'its parameter api_key');
  assert.equal(found('https://example.com/mcp?key=0123456789'), 'its parameter key');
  assert.equal(found('https://example.com/u/9f8Xk2LqPz71mVbTs0aR4wYd/mcp'), 'its path');
  assert.equal(found('https://example.com/mcp?project_ref=abcdef&features=docs'), null);
});
