import assert from 'node:assert/strict';
import test from 'node:test';
import { parseManifest } from '../../../src-main/gateway/profiles/manifest.ts';
import { goesToSamePlace, wayOf } from '../../../src-main/gateway/profiles/way.ts';
import type { Profile } from '../../../src-shared/model.ts';

const source = { file: '/c/x.toml', name: 'x', kind: 'custom' } as const;
const web = parseManifest(
  `schema = 1
name = "x"
transport = "http"
auth = "token"
url = "https://{{metadata.host}}/mcp"
query = { p = "{{metadata.project}}" }
[[metadata]]
key = "host"
pattern = "."
default = "a.test"
[[metadata]]
key = "project"
`,
  source,
);
const program = parseManifest(
  `schema = 1
name = "x"
transport = "stdio"
auth = "token"
[stdio]
runtime = "npx"
package = "p"
version = "1.0.0"
env = { T = "{{secret}}", URL = "{{metadata.address}}", P = "{{metadata.project}}" }
[[metadata]]
key = "address"
[[metadata]]
key = "project"
narrows = true
`,
  source,
);

const profile = (metadata: Record<string, string>, more: Partial<Profile> = {}): Profile => ({
  id: 'x:a',
  connector: 'x',
  name: 'a',
  metadata,
  createdAt: 0,
  isDefault: false,
  launch: null,
  readOnly: null,
  stderr: 'null',
  ...more,
});

for (const [what, manifest, before, after, wanted] of [
  ['another host', web, profile({ host: 'a.test' }), profile({ host: 'b.test' }), false],
  ['the default host, named', web, profile({}), profile({ host: 'a.test' }), true],
  ['another part of the same host', web, profile({ project: 'a' }), profile({ project: 'b' }), true],
  ['a program told of another address', program, profile({}), profile({ address: 'b' }), false],
  ['a program told of less', program, profile({}), profile({ project: 'b' }), true],
  ['another variant', web, profile({}), profile({}, { variant: 'eu' }), false],
  ['another way to sign in', web, profile({}), profile({}, { auth: 'basic' }), false],
] as const)
  test(`a secret ${wanted ? 'stays for' : 'is not kept for'} ${what}`, () => {
    assert.equal(goesToSamePlace(before, after, manifest), wanted);
  });

test('a way that is not named stays, but a sign-in goes with its variant', () => {
  const before = profile({}, { variant: 'eu', auth: 'token' });
  assert.deepEqual(wayOf({ variant: null, auth: null }, before), { variant: 'eu', auth: 'token' });
  assert.deepEqual(wayOf({ variant: 'us', auth: null }, before), { variant: 'us' });
  assert.deepEqual(wayOf({ variant: null, auth: 'oauth' }, before), { variant: 'eu', auth: 'oauth' });
  assert.deepEqual(wayOf({ variant: null, auth: null }, null), {});
});
