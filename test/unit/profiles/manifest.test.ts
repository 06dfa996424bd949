import assert from 'node:assert/strict';
import test from 'node:test';
import { manifestOf, parseManifest, type Manifest } from '../../../src-main/gateway/profiles/manifest.ts';
import { NucleusError } from '../../../src-shared/errors.ts';

const head = 'schema = 1\nname = "x"\ntransport = "http"\nauth = "none"\nurl = "https://x.test/mcp"\n';
const started = 'schema = 1\nname = "x"\ntransport = "stdio"\nauth = "none"\n[stdio]\n';

function parse(text: string): Manifest {
  return parseManifest(text, { file: '/c/x.toml', name: 'x', kind: 'custom' });
}

function failure(text: string): NucleusError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof NucleusError) return error;
    throw error;
  }
  return assert.fail('it was taken');
}

for (const [what, text, message, place] of [
  ['a slip in a key', `${head}dosc = "https://x.test"`, 'dosc: unknown key; did you mean docs?', '6:1'],
  [
    'a slip deep inside',
    `${head}[signin.oauth]\n[[discover]]\nfield = "a"\ntool = "t"\n  lable = "/name"`,
    'discover[0].lable: unknown key; did you mean label?',
    '10:3',
  ],
  [
    'a key nothing is near to',
    `${head}[read_only]\ndefault = true\nzzzzzz = 1`,
    'read_only.zzzzzz: unknown key; the keys here are default, set, covers, note',
    '8:1',
  ],
  [
    'a slip in a variant',
    `${head}[variants.eu]\nulr = "https://eu.test"`,
    'variants.eu.ulr: unknown key; did you mean url?',
    '7:1',
  ],
  [
    'a newest version',
    `${started}runtime = "npx"\npackage = "p"\nversion = "latest"`,
    'stdio.version: must be one exact version, such as 1.4.0',
    '8:1',
  ],
  [
    'a range of versions',
    `${started}runtime = "npx"\npackage = "p"\nversion = "^1.2.0"`,
    'stdio.version: must be one exact version, such as 1.4.0',
    '8:1',
  ],
  [
    'a version in the name of a package',
    `${started}runtime = "npx"\npackage = "p@latest"\nversion = "1.2.0"`,
    'stdio.package: must be the name of a package, without a version',
    '7:1',
  ],
  [
    'a package without a version',
    `${started}runtime = "uvx"\npackage = "p"`,
    'stdio.version: is required with runtime "uvx"',
    '5:2',
  ],
  [
    'a command beside a package',
    `${started}runtime = "npx"\npackage = "p"\nversion = "1.2.0"\ncommand = "sh"`,
    'stdio.command: has no meaning with runtime "npx"',
    '9:1',
  ],
  [
    'a secret in a parameter',
    `${head.replace('none', 'token')}query = { k = "{{secret}}" }`,
    'query.k: a secret may not be here, where other programs can read it',
    '6:11',
  ],
  [
    'a secret in the path',
    `${head.replace('none', 'token')}path = ["{{secret}}"]`,
    'path[0]: a secret may not be here, where other programs can read it',
    '6:9',
  ],
  [
    'a secret of another way to sign in',
    `${head}[headers]\nX = "{{secret}}"`,
    'headers.X: there is no secret "token"',
    '7:1',
  ],
  [
    'a rule that fills no field',
    `${head}[[discover]]\nfield = "p"\ntool = "t"`,
    'discover[0].field: there is no metadata field "p"',
    '7:1',
  ],
  [
    'a pointer that is none',
    `${head}[[metadata]]\nkey = "p"\n[[discover]]\nfield = "p"\ntool = "t"\nid = "id"`,
    'discover[0].id: must be a JSON pointer, such as /projects or /user/id',
    '11:1',
  ],
  [
    'a host that can be anything',
    `${head.replace('x.test', '{{metadata.h}}.test')}[[metadata]]\nkey = "h"`,
    'url: the host may only hold a metadata field that has choices or a pattern',
    '5:1',
  ],
  [
    'a host that the server itself chooses',
    `${head.replace('x.test', '{{metadata.h}}.test')}[[metadata]]\nkey = "h"\npattern = "^[a-z]+$"\n[[discover]]\nfield = "h"\ntool = "t"`,
    'url: the host may not hold "h", whose choices the server lists or which narrows it',
    '5:1',
  ],
  [
    'a host of a variant that can be anything',
    `${head}[variants.own]\nurl = "https://{{metadata.h}}/mcp"\n[[variants.own.metadata]]\nkey = "h"`,
    'variants.own.url: the host may only hold a metadata field that has choices or a pattern',
    '7:1',
  ],
  [
    'a token over an open connection',
    `${head.replace('https', 'http')}[signin.token]\nheader = { name = "A", value = "{{secret}}" }`,
    'url: would carry a secret over an unencrypted connection',
    '5:1',
  ],
  [
    'a way to sign in that is not described',
    head.replace('"none"', '"basic"'),
    'auth: "basic" needs [signin.basic]',
    '4:1',
  ],
  [
    'a read-only switch that changes nothing',
    `${head}[read_only]\ndefault = true`,
    'read_only: changes nothing',
    '6:2',
  ],
  [
    'an identity that asks no tool',
    `${head}[[identity]]\nvia = "tool"\nsubject = "/id"`,
    'identity[0].tool: goes with via = "tool" and with nothing else',
    '6:3',
  ],
] as const)
  test(`${what} is refused with its place`, () => {
    const error = failure(text);
    assert.equal(error.code, 'CONNECTOR_INVALID');
    assert.equal(error.message, message);
    assert.equal(/\/c\/x\.toml:(\d+:\d+)\)$/.exec(String(error.data['fix']))?.[1], place);
  });

const two = parse(`${head.replace('"none"', '"oauth"')}
[query]
a = "{{metadata.a}}"
[signin.oauth]
registration = ["dcr"]
[signin.token]
header = { name = "Authorization", value = "Bearer {{secret}}" }
[[metadata]]
key = "a"
[read_only]
default = true
set = { query = { ro = "1" } }
[variants.eu]
url = "https://eu.x.test/mcp"
query = { b = "2" }
[variants.own]
transport = "stdio"
auth = "token"
[variants.own.stdio]
runtime = "npx"
package = "@x/mcp"
version = "1.0.0"
env = { T = "{{secret}}" }
[[variants.own.metadata]]
key = "b"
[variants.open]
auth = "none"
`);

test('a variant is the manifest with its own tables laid over it', () => {
  const eu = manifestOf(two, { variant: 'eu' });
  assert.deepEqual(
    [eu?.url, eu?.query, eu?.methods, eu?.metadata.map(({ key }) => key)],
    ['https://eu.x.test/mcp', { a: '{{metadata.a}}', b: '2' }, ['oauth', 'token'], ['a']],
  );
  const own = manifestOf(two, { variant: 'own' });
  assert.deepEqual(
    [own?.url, own?.query, own?.stdio?.package, own?.methods, own?.metadata.map(({ key }) => key)],
    [null, {}, '@x/mcp', ['token'], ['b']],
  );
  assert.equal(own?.readOnly, null, 'a parameter of the address is no switch of a program');
  assert.deepEqual(manifestOf(two, { variant: 'open' })?.methods, ['none']);
  assert.equal(manifestOf(two, { variant: 'none' }), null);
  assert.equal(manifestOf(two, { variant: 'constructor' }), null);
});

test('a profile signs in by a way its variant has, and brings that way’s secrets', () => {
  assert.deepEqual([two.auth, two.secrets], ['oauth', []]);
  const token = manifestOf(two, { auth: 'token' });
  assert.deepEqual([token?.auth, token?.secrets], ['token', ['token']]);
  assert.equal(manifestOf(two, { auth: 'basic' }), null);
  assert.equal(manifestOf(two, { variant: 'own', auth: 'oauth' }), null);
});
