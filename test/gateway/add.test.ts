// `nucleus add` for the stdio half: argument forms, prompts, secrets, and what is left when it fails.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Database from 'better-sqlite3';
import type { ConnectorSummary, Profile } from '../../src-shared/model.ts';
import type { VaultStatus } from '../../src-shared/contract.ts';
import { startHttpUpstream } from '../fixtures/http-upstream.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, createScope, type Home } from '../helpers/home.ts';
import { nucleus, nucleusBin, nucleusJson, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { needs } from '../helpers/require.ts';
import { verifies } from '../helpers/requirements.ts';
import { withDeadline } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope);
const env = passphrase(home);

/** A connector whose profiles bring a token and two fields that are asked for. */
function writeTokenConnector(at: Home, fake: Fake, name = 'vendor'): void {
  at.write(
    `connectors/${name}.toml`,
    `schema = 1
name = "${name}"
title = "Vendor"
description = "A fake with a token."
transport = "stdio"
auth = "token"

[signin.token]
label = "Vendor token"

[stdio]
runtime = "binary"
command = ${JSON.stringify(fake.launch.command)}
args = ${JSON.stringify(fake.launch.args)}

[stdio.env]
VENDOR_TOKEN = "{{secret}}"
VENDOR_REGION = "{{metadata.region}}"

[[metadata]]
key = "region"
label = "Region"
required = true

[[metadata]]
key = "team"
label = "Team"
`,
  );
}

const vendor = createFake(home, 'vendor', '--tools', '2');
writeTokenConnector(home, vendor);

async function profileOf(at: Home, id: string): Promise<Profile | undefined> {
  return ((await nucleusJson(at, ['list'])) as Profile[]).find((profile) => profile.id === id);
}

test('a manifest in the four keys of the original appears as a custom connector', async () => {
  verifies('NUC-016');
  home.write(
    'connectors/acme.toml',
    'description = "Acme"\ntransport = "http"\nurl = "https://acme.example/mcp"\nauth = "oauth"\n',
  );
  const { connectors } = (await nucleusJson(home, ['connectors'])) as { connectors: ConnectorSummary[] };
  const acme = connectors.find(({ name }) => name === 'acme');
  assert.deepEqual(
    acme && {
      kind: acme.kind,
      transport: acme.transport,
      auth: acme.auth,
      url: acme.url,
      description: acme.description,
    },
    {
      kind: 'custom',
      transport: 'http',
      auth: 'oauth',
      url: 'https://acme.example/mcp',
      description: 'Acme',
    },
  );
});

test('add understands names and URLs in any place', async () => {
  verifies('NUC-020');
  const url = 'https://acme.example/mcp';
  const forms: readonly (readonly [
    readonly string[],
    { connector: string; name: string; url: string | null },
  ])[] = [
    [['fake'], { connector: 'fake', name: 'default', url: null }],
    [['fake', 'work'], { connector: 'fake', name: 'work', url: null }],
    [['fake', '--name', 'work'], { connector: 'fake', name: 'work', url: null }],
    [['fake', 'ignored', '--name', 'work'], { connector: 'fake', name: 'work', url: null }],
    [['other', url], { connector: 'other', name: 'default', url }],
    [['other', 'work', url], { connector: 'other', name: 'work', url }],
    [['other', url, 'work'], { connector: 'other', name: 'work', url }],
    [['other', 'work', '--url', url], { connector: 'other', name: 'work', url }],
  ];
  const command = ['--command', '/bin/true'];
  await Promise.all(
    forms.map(async ([args, wanted]) => {
      const more = wanted.url === null ? command : ['--transport', 'http'];
      const plan = (await nucleusJson(home, ['add', ...args, ...more, '--dry-run'])) as typeof wanted;
      assert.deepEqual({ connector: plan.connector, name: plan.name, url: plan.url }, wanted, args.join(' '));
    }),
  );
  assert.equal((await nucleusOk(home, ['list'])).stdout, '');
});

test('what is given twice to add is refused', async () => {
  verifies('NUC-020');
  const [names, urls] = await Promise.all([
    nucleus(home, ['add', 'fake', 'one', 'two', '--command', '/bin/true']),
    nucleus(home, ['add', 'other', 'https://a.example/mcp', 'https://b.example/mcp']),
  ]);
  assert.equal(names.code, 2);
  assert.match(names.stderr, /^Error: profile name given more than once/);
  assert.equal(urls.code, 2);
  assert.match(urls.stderr, /^Error: URL given more than once/);
});

test('metadata values are kept as they were typed', async () => {
  verifies('NUC-021');
  const fake = createFake(home, 'meta', '--tools', '1');
  const pairs = ['k=a,b=c', 'empty=', 'spaces= x ', 'unicode=ü"✓'];
  await nucleusOk(home, [
    'add',
    'fake',
    'meta',
    ...fake.flags,
    '--no-connect',
    ...pairs.flatMap((p) => ['--metadata', p]),
  ]);
  assert.deepEqual((await profileOf(home, 'fake:meta'))?.metadata, {
    k: 'a,b=c',
    empty: '',
    spaces: ' x ',
    unicode: 'ü"✓',
  });
});

test('piped lines answer every prompt of add', async () => {
  verifies('NUC-026');
  const { stderr } = await nucleusOk(home, ['add', 'vendor', 'piped'], {
    env,
    stdin: 'eu-west\nblue\npiped-token\n',
  });
  assert.match(stderr, /vendor:piped/);
  assert.deepEqual((await profileOf(home, 'vendor:piped'))?.metadata, { region: 'eu-west', team: 'blue' });
  assert.equal(vendor.starts().at(-1)?.env?.['VENDOR_TOKEN'], 'piped-token');
  assert.equal(vendor.starts().at(-1)?.env?.['VENDOR_REGION'], 'eu-west');
});

test('--token-stdin takes the token from stdin and asks nothing', async () => {
  verifies('NUC-026');
  const { stderr } = await nucleusOk(
    home,
    ['add', 'vendor', 'scripted', '--token-stdin', '--metadata', 'region=us', '--no-input'],
    { env, stdin: 'scripted-token\n' },
  );
  assert.doesNotMatch(stderr, /Paste/);
  assert.equal(vendor.starts().at(-1)?.env?.['VENDOR_TOKEN'], 'scripted-token');
});

test('a missing required field ends add without input, naming the field', async () => {
  verifies('NUC-026');
  const { code, stderr } = await nucleus(home, ['add', 'vendor', 'nowhere', '--token-stdin', '--no-input'], {
    env,
    stdin: 'x\n',
  });
  assert.equal(code, 2);
  assert.match(stderr, /metadata field "region" is required/);
  assert.equal(await profileOf(home, 'vendor:nowhere'), undefined);
});

test('a token typed on a terminal is not shown', async (t) => {
  verifies('NUC-027');
  if (!needs(t, 'script')) return;
  const screen = await typeOn(
    home,
    ['add', 'vendor', 'typed', '--metadata', 'region=eu', '--metadata', 'team=x', '--env', 'none'],
    [{ after: /token: ?$/i, type: 'typed-SENTINEL\r' }],
  );
  assert.equal(screen.code, 0, screen.text);
  assert.doesNotMatch(screen.text, /SENTINEL/);
  assert.equal(vendor.starts().at(-1)?.env?.['VENDOR_TOKEN'], 'typed-SENTINEL');
});

test('an empty token is refused', async (t) => {
  verifies('NUC-027');
  if (!needs(t, 'script')) return;
  const screen = await typeOn(
    home,
    ['add', 'vendor', 'empty', '--metadata', 'region=eu', '--metadata', 'team=x'],
    [{ after: /token: ?$/i, type: '\r' }],
  );
  assert.equal(screen.code, 2, screen.text);
  assert.match(screen.text, /token is required/);
  assert.equal(await profileOf(home, 'vendor:empty'), undefined);
});

test('a registry that cannot be written leaves no secret behind', async (t) => {
  verifies('NUC-028');
  const full = createHome(t);
  const fullEnv = passphrase(full);
  const fake = createFake(full, 'vendor', '--tools', '1');
  writeTokenConnector(full, fake);
  const add = (name: string) =>
    nucleus(
      full,
      ['add', 'vendor', name, '--token-stdin', '--metadata', 'region=eu', '--no-input', '--no-connect'],
      {
        env: fullEnv,
        stdin: `token-${name}\n`,
      },
    );
  assert.equal((await add('first')).code, 0);
  const before = (await nucleusJson(full, ['vault', 'status'], { env: fullEnv })) as VaultStatus;
  assert.equal(before.records, 1);

  // A read-only file would not stop root; a refusing trigger stops everybody.
  const registry = new Database(join(full.state, 'registry.db'));
  registry.exec(`CREATE TRIGGER refuse BEFORE INSERT ON profiles BEGIN SELECT RAISE(ABORT, 'no room'); END`);
  registry.close();
  const failed = await add('second');
  assert.notEqual(failed.code, 0);
  assert.match(failed.stderr, /^Error: .*no room/m);
  const afterwards = (await nucleusJson(full, ['vault', 'status'], { env: fullEnv })) as VaultStatus;
  assert.equal(afterwards.records, 1);
});

test('a profile of any command gets its arguments, variables, secrets and folder', async () => {
  verifies('NUC-115', 'NEX-008');
  const fake = createFake(home, 'custom', '--tools', '3');
  const [command = '', path = '', ...flags] = fake.flags;
  await nucleusOk(
    home,
    // `--arg --name`: a value that looks like a flag.
    [
      'add',
      'anything',
      'mine',
      command,
      path,
      ...flags,
      '--env',
      'PLAIN=über=1',
      '--secret-env',
      'API_KEY',
      '--cwd',
      home.user,
      '--token-stdin',
    ],
    { env, stdin: 'sesame\n' },
  );
  const started = fake.starts().at(-1);
  assert.equal(started?.cwd, home.user);
  assert.equal(started?.env?.['PLAIN'], 'über=1');
  assert.equal(started?.env?.['API_KEY'], 'sesame');
  const { stdout } = await nucleusOk(home, ['info', 'anything:mine', '--no-probe']);
  assert.doesNotMatch(stdout, /sesame/);
});

test('a command that is not there is said at once, with how to look at it', async () => {
  verifies('NUC-115');
  const { stderr } = await nucleus(home, ['add', 'fake', 'missing', '--command', 'no-such-command-here']);
  assert.match(stderr, /warning: .*fake:missing.*no-such-command-here was not found/);
  assert.match(stderr, /fix: .*nucleus info fake:missing/);
});

interface Keystroke {
  /** Types once the screen so far ends like this. */
  readonly after: RegExp;
  readonly type: string;
}

/** Runs the command on a pseudo terminal; `text` is everything that was shown. */
async function typeOn(
  at: Home,
  args: readonly string[],
  keys: readonly Keystroke[],
): Promise<{ code: number | null; text: string }> {
  const quoted = [nucleusBin, ...args].map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = spawn('script', ['-qec', quoted, '/dev/null'], {
    cwd: at.user,
    env: { ...at.env, ...env, TERM: 'xterm' },
  });
  const left = [...keys];
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (shown: string) => {
    text += shown;
    if (left[0]?.after.test(text.trimEnd())) child.stdin.write(left.shift()?.type ?? '');
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    return { code: await withDeadline('the end of the command', ended), text };
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${(error as Error).message}; the screen: ${text}`, { cause: error });
  }
}

test('a command of one’s own under a known connector needs nothing of what that connector asks for', async () => {
  const fake = createFake(home, 'own', '--tools', '1');
  for (const connector of ['supabase', 'google-workspace', 'github']) {
    const { stderr } = await nucleusOk(home, ['add', connector, 'own', ...fake.flags, '--no-input'], { env });
    assert.match(stderr, new RegExp(`added ${connector}:own \\(1 tools\\)`));
  }
});

test('a server behind a URL gets the header a profile brings, and the secret stays in the vault', async (t) => {
  verifies('NUC-115');
  const upstream = await startHttpUpstream();
  t.after(() => upstream.close());
  for (const name of ['work', 'personal'])
    await nucleusOk(
      home,
      ['add', 'webby', name, upstream.url, '--header', 'X-Key: {{secret}}', '--token-stdin', '--no-connect'],
      { stdin: `key-of-${name}\n`, env },
    );
  const answers = await Promise.all(
    ['work', 'personal'].map((name) =>
      nucleusOk(home, ['call', `webby_${name}_echo`, '--args', JSON.stringify({ text: name })], { env }),
    ),
  );
  assert.deepEqual(
    answers.map(({ stdout }) => stdout),
    ['work\n', 'personal\n'],
  );
  const calls = upstream.requests.filter(({ message }) => message?.method === 'tools/call');
  const sent = calls.map(
    ({ headers, message }) => `${String(headers['x-key'])} ${JSON.stringify(message?.params?.['arguments'])}`,
  );
  assert.deepEqual(
    new Set(sent),
    new Set(['key-of-personal {"text":"personal"}', 'key-of-work {"text":"work"}']),
  );
  const kept = readFileSync(join(home.state, 'connectors', 'webby.toml'), 'utf8');
  assert.match(kept, /"?X-Key"? = "\{\{secret\}\}"/);
});
