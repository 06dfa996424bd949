import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  checkMetadata,
  describeCommand,
  resolveLaunch,
  secretsOf,
} from '../../../src-main/gateway/profiles/launch.ts';
import { type Manifest, parseManifest } from '../../../src-main/gateway/profiles/manifest.ts';
import type { Profile } from '../../../src-shared/model.ts';
import { verifies } from '../../helpers/requirements.ts';

const folder = mkdtempSync(join(tmpdir(), 'nucleus-launch-'));
after(() => rmSync(folder, { recursive: true }));

const profile: Profile = {
  id: 'db:work',
  connector: 'db',
  name: 'work',
  metadata: { file: '/data/a.db' },
  createdAt: 0,
  isDefault: true,
  launch: null,
  readOnly: null,
  stderr: 'null',
};

const own = {
  command: 'npx',
  args: ['-y', 'some server'],
  env: { MODE: 'x' },
  secretEnv: ['API_KEY'],
  cwd: '/srv',
};

function manifest(text: string): Manifest {
  return parseManifest(`schema = 1\nname = "db"\n${text}`, {
    file: '/c/db.toml',
    name: 'db',
    kind: 'custom',
  });
}

const builtin = manifest(`
transport = "stdio"
auth = "token"
[signin.token]
secrets = ["token", "spare"]
[stdio]
runtime = "builtin"
server = "sqlite"
args = ["--file", "{{metadata.file}}", "--schema={{metadata.schema}}", "--read-only={{read_only}}"]
env = { TOKEN = "Bearer {{secret}}", SCHEMA = "{{metadata.schema}}" }
pass = ["LANG"]
[[metadata]]
key = "file"
label = "Database file"
required = true
[[metadata]]
key = "schema"
[read_only]
default = true
`);

const noSecret = (name: string): Promise<string> => Promise.reject(new Error(`asked for ${name}`));

test('a built-in server is started with every template filled and empty entries left away', async () => {
  const asked: string[] = [];
  const launch = await resolveLaunch(profile, builtin, async (name) => {
    asked.push(name);
    return `value of ${name}`;
  });
  assert.deepEqual(launch, {
    kind: 'builtin',
    server: 'sqlite',
    args: ['--file', '/data/a.db', '--read-only=true'],
    env: { TOKEN: 'Bearer value of token' },
    cwd: null,
    pass: ['LANG'],
    stderr: 'null',
    secrets: ['value of token'],
  });
  assert.deepEqual(asked, ['token'], 'only the secret that is used is fetched');
});

test("a profile's own word on read-only wins over the manifest's default", async () => {
  const launch = await resolveLaunch({ ...profile, readOnly: false }, builtin, async () => 'x');
  assert.ok(launch.kind === 'builtin');
  assert.equal(launch.args.at(-1), '--read-only=false');
});

test("a profile's own command wins over the manifest's", async () => {
  assert.deepEqual(
    await resolveLaunch({ ...profile, launch: own }, builtin, async (name) => `secret ${name}`),
    {
      kind: 'command',
      command: 'npx',
      args: ['-y', 'some server'],
      env: { MODE: 'x', API_KEY: 'secret API_KEY' },
      cwd: '/srv',
      pass: [],
      stderr: 'null',
      secrets: ['secret API_KEY'],
    },
  );
});

test('a binary of the manifest becomes a command', async () => {
  const binary = manifest(
    'transport = "stdio"\nauth = "none"\n[stdio]\nruntime = "binary"\ncommand = "/usr/bin/srv"\ncwd = "/srv"',
  );
  const launch = await resolveLaunch(profile, binary, noSecret);
  assert.ok(launch.kind === 'command');
  assert.deepEqual([launch.command, launch.cwd], ['/usr/bin/srv', '/srv']);
});

test('a missing required field is named with the profile and the command that sets it', async () => {
  await assert.rejects(resolveLaunch({ ...profile, metadata: {} }, builtin, noSecret), {
    code: 'METADATA_INVALID',
    message:
      'db:work lacks the metadata field "file" (Database file), which connector "db" needs; ' +
      'run: nucleus add db work --replace --metadata file=VALUE',
  });
});

for (const transport of ['http', 'sse'])
  test(`a server over ${transport} where people sign in is reached without a secret`, async () => {
    const remote = manifest(`transport = "${transport}"\nauth = "oauth"\nurl = "https://x.test/mcp"`);
    const launch = await resolveLaunch(profile, remote, noSecret);
    assert.deepEqual(launch.kind === 'http' && [launch.url.href, launch.headers, launch.secrets], [
      'https://x.test/mcp',
      {},
      [],
    ]);
  });

test('a profile without any command says so', async () => {
  const bare = manifest('transport = "stdio"\nauth = "none"');
  await assert.rejects(resolveLaunch(profile, bare, noSecret), {
    code: 'CONNECTOR_INVALID',
    message: /db:work/,
  });
  await assert.rejects(resolveLaunch(profile, null, noSecret), {
    code: 'CONNECTOR_UNKNOWN',
    message: /db:work/,
  });
});

test('a missing secret ends the start with its own error', async () => {
  await assert.rejects(resolveLaunch(profile, builtin, noSecret), { message: 'asked for token' });
});

test('a NUL in an own command is refused', async () => {
  const launch = { ...own, args: ['a\0b'] };
  await assert.rejects(
    resolveLaunch({ ...profile, launch }, null, async () => ''),
    { code: 'METADATA_INVALID' },
  );
});

test('the described command is whole and shows no secret', () => {
  const long = 'x'.repeat(5_000);
  assert.deepEqual(describeCommand({ ...profile, launch: { ...own, args: [long] } }, null), [
    'MODE=x',
    'API_KEY={{secret.API_KEY}}',
    'npx',
    long,
  ]);
  assert.deepEqual(describeCommand(profile, builtin), [
    'TOKEN=Bearer {{secret.token}}',
    'builtin:sqlite',
    '--file',
    '/data/a.db',
    '--read-only=true',
  ]);
  assert.deepEqual(describeCommand(profile, null), []);
});

test('the secrets a profile needs are those of its command, else of its manifest', () => {
  assert.deepEqual(secretsOf({ ...profile, launch: own }, builtin), ['API_KEY']);
  assert.deepEqual(secretsOf(own, null), ['API_KEY']);
  assert.deepEqual(secretsOf(profile, builtin), ['token', 'spare']);
  assert.deepEqual(secretsOf(null, null), []);
});

const fields = manifest(`
transport = "stdio"
auth = "none"
[[metadata]]
key = "file"
kind = "path"
must_exist = true
[[metadata]]
key = "region"
default = "eu"
choices = ["eu", "us"]
[[metadata]]
key = "ref"
pattern = "^[a-z]+$"
[[metadata]]
key = "site"
kind = "url"
`);

test('metadata the manifest does not know is kept verbatim', () => {
  verifies('NUC-021');
  assert.deepEqual(checkMetadata(null, { k: 'a,b=c', __proto__x: ' y ' }, folder), {
    k: 'a,b=c',
    __proto__x: ' y ',
  });
  assert.equal(checkMetadata(fields, { k: 'a,b=c' }, folder)['k'], 'a,b=c');
});

test('defaults are filled in and empty values count as not given', () => {
  assert.deepEqual(checkMetadata(fields, { ref: '', region: '' }, folder), { region: 'eu' });
});

test('a path is made absolute against the folder it was typed in and must exist', () => {
  writeFileSync(join(folder, 'a.db'), '');
  assert.equal(checkMetadata(fields, { file: './a.db' }, folder)['file'], join(folder, 'a.db'));
  assert.throws(() => checkMetadata(fields, { file: 'b.db' }, folder), {
    code: 'METADATA_INVALID',
    message: `metadata field "file" names ${join(folder, 'b.db')}, which does not exist`,
  });
});

test('without a folder to start from a relative path is refused', () => {
  assert.equal(checkMetadata(fields, { file: join(folder, 'a.db') }, null)['file'], join(folder, 'a.db'));
  assert.throws(() => checkMetadata(fields, { file: 'a.db' }, null), {
    code: 'METADATA_INVALID',
    message: 'metadata field "file" must be an absolute path',
  });
});

test('a header that could not be sent is refused without quoting its value', async () => {
  const http = manifest(`
transport = "http"
auth = "token"
url = "https://x.test/mcp"
headers = { X-Key = "{{secret}}" }
`);
  for (const secret of ['sesame\r\nX-Other: 1', 'sesame🗝'])
    await assert.rejects(
      resolveLaunch(profile, http, async () => secret),
      {
        code: 'METADATA_INVALID',
        message:
          'the header X-Key of db:work would contain a line break or another character no header can hold; ' +
          'give its secret or metadata again without one',
      },
    );
});

test('choices, patterns and addresses are checked', () => {
  for (const [metadata, message] of [
    [{ region: 'asia' }, 'metadata field "region" must be one of eu, us'],
    [{ ref: 'A1' }, 'metadata field "ref" must match ^[a-z]+$'],
    [{ site: 'example' }, 'metadata field "site" must be a whole address, such as https://example.com'],
    [{ ref: 'a\0' }, 'metadata field "ref" must not contain a NUL character'],
  ] as const)
    assert.throws(() => checkMetadata(fields, metadata, folder), { code: 'METADATA_INVALID', message });
});

test('a required field must be there', () => {
  const message = 'metadata field "file" is required';
  assert.throws(() => checkMetadata(builtin, {}, folder), { code: 'METADATA_INVALID', message });
  assert.throws(() => checkMetadata(builtin, { file: '' }, folder), { code: 'METADATA_INVALID', message });
});

test('a server behind a URL is resolved with its transport, its place for messages and what must not be repeated', async () => {
  const web = manifest(`
transport = "sse"
auth = "token"
url = "https://x.test/{{metadata.file}}/sse"
message_url = "https://x.test/{{metadata.file}}/post"
headers = { X-Key = "Bearer {{secret}}" }
[[metadata]]
key = "file"
`);
  const launch = await resolveLaunch({ ...profile, metadata: { file: 'a b' } }, web, async () => 'sesame');
  assert.deepEqual(launch, {
    kind: 'http',
    transport: 'sse',
    url: new URL('https://x.test/a%20b/sse'),
    messageUrl: new URL('https://x.test/a%20b/post'),
    headers: { 'x-key': 'Bearer sesame' },
    secrets: ['sesame'],
  });
});
