import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../../src-main/gateway/platform.ts';
import { type Connectors, createConnectors } from '../../../src-main/gateway/profiles/connectors.ts';
import { type Manifest, parseManifest } from '../../../src-main/gateway/profiles/manifest.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { asOrdinaryUser } from '../../helpers/ordinary-user.ts';
import { verifies } from '../../helpers/requirements.ts';

const resources = fileURLToPath(new URL('../../../resources/connectors', import.meta.url));
const ignore = (): void => {};
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const web = (transport: string): string =>
  `schema = 1\nname = "x"\ntransport = "${transport}"\nauth = "none"\n`;
const stdio = 'schema = 1\nname = "x"\ntransport = "stdio"\nauth = "none"\n';

function parse(text: string, name = 'x', kind: Manifest['kind'] = 'custom'): Manifest {
  return parseManifest(text, { file: `/c/${name}.toml`, name, kind });
}

function failure(text: string, name = 'x', kind: Manifest['kind'] = 'custom'): NucleusError {
  try {
    parse(text, name, kind);
  } catch (error) {
    if (error instanceof NucleusError) return error;
    throw error;
  }
  throw new Error('it parsed');
}

interface Setting {
  readonly builtin: string;
  readonly custom: string;
  readonly connectors: Connectors;
  readonly warnings: string[];
  write(name: string, text: string): string;
}

function setting(context: TestContext): Setting {
  const root = mkdtempSync(join(tmpdir(), 'nucleus-connectors-'));
  context.after(() => rmSync(root, { recursive: true }));
  const builtin = join(root, 'builtin');
  const custom = join(root, 'state', 'connectors');
  mkdirSync(builtin);
  writeFileSync(
    join(builtin, 'github.toml'),
    'schema = 1\nname = "github"\ntransport = "http"\nauth = "oauth"\nurl = "https://api.test/mcp"\n',
  );
  const warnings: string[] = [];
  const log: Log = {
    ...silent,
    warn: (message, fields) => warnings.push(`${message} ${String(fields?.['file'])}`),
  };
  return {
    builtin,
    custom,
    warnings,
    connectors: createConnectors({ builtinFolder: builtin, customFolder: custom, log }),
    write(name, text) {
      mkdirSync(custom, { recursive: true });
      const file = join(custom, name);
      writeFileSync(file, text);
      return file;
    },
  };
}

test('the shipped manifests parse and say when they were checked', () => {
  const connectors = createConnectors({ builtinFolder: resources, customFolder: null, log: silent });
  assert.deepEqual(connectors.problems(), []);
  const sqlite = connectors.get('sqlite');
  assert.ok(sqlite);
  assert.deepEqual(connectors.summary(sqlite), {
    name: 'sqlite',
    title: 'SQLite file',
    description: 'One SQLite database file on this machine: its tables, and queries in SQL.',
    kind: 'builtin',
    transport: 'stdio',
    auth: 'none',
    url: null,
    metadata: [
      {
        key: 'file',
        label: 'Database file',
        description: 'Path of the .db, .sqlite or .sqlite3 file.',
        required: true,
        kind: 'path',
        mustExist: true,
        default: null,
        choices: [],
        pattern: null,
      },
    ],
    secrets: [],
    methods: [
      {
        method: 'none',
        label: 'No sign-in',
        secrets: [],
        prefix: [],
        create: null,
        scopes: [],
        group: null,
        note: '',
      },
    ],
    readOnly: {
      default: true,
      covers: 'sql',
      note: 'The file is opened read-only and only statements that return rows are run.',
    },
    pickers: [],
    docs: 'https://www.sqlite.org/lang.html',
    note: sqlite.note,
    variants: {},
    checked: { on: '2026-11-20', method: 'live', by: 'nucleus', sources: ['resources/servers/sqlite'] },
  });
  assert.equal(sqlite.readOnly?.default, true);
});

test('a file of the original with its four keys loads as custom', (context) => {
  verifies('NUC-016');
  const { connectors, write } = setting(context);
  write(
    'acme.toml',
    'description = "Acme"\ntransport = "http"\nurl = "https://acme.test/mcp"\nauth = "oauth"\n',
  );
  write('bare.toml', 'url = "https://bare.test/mcp"\n');
  const [acme, bare] = connectors.list();
  assert.ok(acme && bare);
  assert.deepEqual(
    [acme, bare].map(({ name, kind, transport, auth, url, description }) => [
      name,
      kind,
      transport,
      auth,
      url,
      description,
    ]),
    [
      ['acme', 'custom', 'http', 'oauth', 'https://acme.test/mcp', 'Acme'],
      ['bare', 'custom', 'http', 'oauth', 'https://bare.test/mcp', 'Custom HTTP MCP — https://bare.test/mcp'],
    ],
  );
});

for (const [text, message] of [
  [
    'transport = "stdio"\nurl = "https://x"',
    'transport "stdio" is not supported for custom connectors (only http)',
  ],
  ['description = "x"', 'url is required'],
  ['url = "https://x"\nauth = "pat"', 'auth "pat" is not supported for custom connectors (only oauth)'],
] as const)
  test(`the original's form is refused in the original's words: ${message}`, () => {
    const error = failure(text);
    assert.equal(error.code, 'CONNECTOR_INVALID');
    assert.equal(error.message, message);
    assert.match(String(error.data['fix']), /\/c\/x\.toml/);
  });

test('a syntax error is told with its line', () => {
  const error = failure('schema = 1\nname = "x\n');
  assert.match(error.message, /^line 2, column \d+: /);
  assert.deepEqual([error.data['file'], error.data['line']], ['/c/x.toml', 2]);
});

for (const [what, text, key] of [
  ['an unknown key', `${stdio}colour = "red"`, 'colour'],
  [
    'an unknown key of a table',
    `${stdio}[stdio]\nruntime = "binary"\ncommand = "x"\nshell = true`,
    'stdio.shell',
  ],
  ['a later version of the format', 'schema = 2\nname = "x"', 'schema'],
  ['a wrong type', `${stdio}[stdio]\nruntime = "binary"\ncommand = "x"\nargs = [1]`, 'stdio.args[0]'],
  ['an unknown transport', 'schema = 1\nname = "x"\ntransport = "ws"\nauth = "none"', 'transport'],
  ['a name that differs from the file', stdio.replace('"x"', '"y"'), 'name'],
  [
    'an unknown hole',
    `${stdio}[stdio]\nruntime = "binary"\ncommand = "x"\nargs = ["{{env.HOME}}"]`,
    'stdio.args[0]',
  ],
  [
    'a field nobody asks for',
    `${stdio}[stdio]\nruntime = "binary"\ncommand = "x"\nargs = ["{{metadata.a}}"]`,
    'stdio.args[0]',
  ],
  [
    'an undeclared secret',
    `${stdio}[stdio]\nruntime = "binary"\ncommand = "x"\nenv = { A = "{{secret}}" }`,
    'stdio.env.A',
  ],
  [
    'a secret in an argument',
    `${stdio.replace('none', 'token')}[stdio]\nruntime = "binary"\ncommand = "x"\nargs = ["{{secret}}"]`,
    'stdio.args[0]',
  ],
  [
    'a secret in a url',
    'schema = 1\nname = "x"\ntransport = "http"\nauth = "token"\nurl = "https://x.test/{{secret}}"',
    'url',
  ],
  ['http without url', 'schema = 1\nname = "x"\ntransport = "http"\nauth = "none"', 'url'],
  [
    'an address that is none',
    'schema = 1\nname = "x"\ntransport = "http"\nauth = "none"\nurl = "ftp://x"',
    'url',
  ],
  ['stdio with url', `${stdio}url = "https://x.test"`, 'url'],
  ['a password in a url', `${web('http')}url = "https://me:secret@x.test"`, 'url'],
  [
    'a place for messages at another origin',
    `${web('sse')}url = "https://x.test/sse"\nmessage_url = "https://y.test/post"`,
    'message_url',
  ],
  [
    'a place for messages without SSE',
    `${web('streamable-http')}url = "https://x.test/mcp"\nmessage_url = "https://x.test/post"`,
    'message_url',
  ],
  [
    'a secret in the place for messages',
    `${web('sse')}url = "https://x.test/sse"\nmessage_url = "https://x.test/{{secret}}"`,
    'message_url',
  ],
  [
    'a header that frames a message',
    `${web('http')}url = "https://x.test"\nheaders = { Content-Length = "1" }`,
    'headers.Content-Length',
  ],
  [
    'http with a command',
    'schema = 1\nname = "x"\ntransport = "http"\nauth = "none"\nurl = "https://x.test"\n[stdio]\nruntime = "binary"\ncommand = "x"',
    'stdio',
  ],
  ['a built-in server without its name', `${stdio}[stdio]\nruntime = "builtin"`, 'stdio.server'],
  [
    'a binary with a server',
    `${stdio}[stdio]\nruntime = "binary"\ncommand = "x"\nserver = "sqlite"`,
    'stdio.server',
  ],
  ['a server outside its folder', `${stdio}[stdio]\nruntime = "builtin"\nserver = "../x"`, 'stdio.server'],
  ['a relative folder', `${stdio}[stdio]\nruntime = "binary"\ncommand = "x"\ncwd = "here"`, 'stdio.cwd'],
  ['a NUL', `${stdio}[stdio]\nruntime = "binary"\ncommand = "a\\u0000b"`, 'stdio.command'],
  [
    'a field that is there twice',
    `${stdio}[[metadata]]\nkey = "a"\n[[metadata]]\nkey = "a"`,
    'metadata[1].key',
  ],
  [
    'a default that is no choice',
    `${stdio}[[metadata]]\nkey = "a"\nchoices = ["b"]\ndefault = "c"`,
    'metadata[0].default',
  ],
  ['a pattern that is none', `${stdio}[[metadata]]\nkey = "a"\npattern = "("`, 'metadata[0].pattern'],
  ['a date in quotes', `${stdio}[checked]\non = "2026-11-20"\nmethod = "read"`, 'checked.on'],
] as const)
  test(`${what} is refused, and its key is named`, () => {
    const error = failure(text);
    assert.equal(error.code, 'CONNECTOR_INVALID');
    assert.equal(error.data['key'], key);
    assert.match(error.message, new RegExp(`^${key.replaceAll(/[[\].]/g, '\\$&')}`));
    assert.match(String(error.data['fix']), /\/c\/x\.toml/);
  });

test('how a server behind a URL is reached has one word each, and a place for messages goes with SSE', () => {
  for (const transport of ['http', 'streamable-http', 'sse'])
    assert.equal(parse(`${web(transport)}url = "https://x.test"`).transport, transport);
  const manifest = parse(
    `${web('http')}url = "https://{{metadata.site}}.x.test/sse"\nmessage_url = "https://{{metadata.site}}.x.test/post"\n[[metadata]]\nkey = "site"\nchoices = ["eu", "us"]`,
  );
  assert.equal(manifest.messageUrl, 'https://{{metadata.site}}.x.test/post');
});

test('the name "nucleus" is reserved', () => {
  assert.match(failure(stdio.replace('"x"', '"nucleus"'), 'nucleus').message, /taken by Nucleus itself/);
});

test('a key that would reach Object.prototype is refused', () => {
  assert.equal(failure(`${stdio}[__proto__]\na = 1`).code, 'CONNECTOR_INVALID');
});

test('a file name outside the charset is refused', () => {
  assert.match(failure('url = "https://x.test"', 'My Conn').message, /invalid connector: name "My Conn"/);
});

test('pat means token, whose secret is called token', () => {
  const manifest = parse(stdio.replace('none', 'pat'));
  assert.deepEqual([manifest.auth, manifest.secrets], ['token', ['token']]);
});

test('a custom stdio connector may leave the command to its profiles, a built-in one may not', () => {
  assert.equal(parse(stdio).stdio, null);
  assert.equal(failure(stdio, 'x', 'builtin').data['key'], 'stdio');
});

test('a custom file named like a built-in connector is ignored with a warning', (context) => {
  verifies('NUC-017');
  const { connectors, write, warnings } = setting(context);
  const file = write('github.toml', 'url = "https://evil.test/mcp"\n');
  assert.equal(connectors.get('github')?.url, 'https://api.test/mcp');
  assert.deepEqual(
    connectors.list().map(({ name, kind }) => [name, kind]),
    [['github', 'builtin']],
  );
  const [problem] = connectors.problems();
  assert.deepEqual([problem?.severity, problem?.file, problem?.connector], ['warning', file, 'github']);
  assert.equal(warnings.length, 1, 'warned once, not at every look');
});

test('a broken built-in file still keeps its name', (context) => {
  const { builtin, connectors, write } = setting(context);
  writeFileSync(join(builtin, 'github.toml'), 'broken');
  write('github.toml', 'url = "https://evil.test/mcp"\n');
  assert.equal(connectors.get('github'), null);
});

test('a broken file is reported with a fix and leaves the others working', (context) => {
  verifies('NUC-018');
  const { connectors, write } = setting(context);
  const file = write('x.toml', 'url = [\n');
  write('y.toml', 'url = "https://y.test/mcp"\n');
  assert.deepEqual(
    connectors.list().map(({ name }) => name),
    ['github', 'y'],
  );
  assert.equal(connectors.get('y')?.url, 'https://y.test/mcp');
  assert.equal(connectors.get('x'), null);
  const problems = connectors.problems();
  assert.equal(problems.length, 1);
  assert.deepEqual([problems[0]?.severity, problems[0]?.file], ['error', file]);
  assert.ok(problems[0]?.fix.includes(file));
});

test('what is no regular or far too large a file is a problem, not a wait', (context) => {
  const { connectors, custom, write } = setting(context);
  write('big.toml', `# ${'x'.repeat(256 * 1024)}`);
  mkdirSync(join(custom, 'folder.toml'));
  execFileSync('mkfifo', [join(custom, 'pipe.toml')]);
  assert.deepEqual(
    connectors.problems().map(({ connector, message }) => [connector, message]),
    [
      ['big', 'is larger than 256 KiB'],
      ['folder', 'is not a regular file'],
      ['pipe', 'is not a regular file'],
    ],
  );
});

test('a changed file is read again and a removed one is gone', (context) => {
  const { connectors, write } = setting(context);
  const file = write('y.toml', 'url = "https://one.test/mcp"\n');
  const first = connectors.get('y');
  assert.equal(connectors.get('y'), first, 'an unchanged file is not parsed again');
  writeFileSync(file, 'url = "https://two.test/mcp"\n');
  assert.equal(connectors.get('y')?.url, 'https://two.test/mcp');
  rmSync(file);
  assert.equal(connectors.get('y'), null);
  assert.equal(connectors.list().length, 1);
});

test('other files of the folder are left alone', (context) => {
  const { connectors, write } = setting(context);
  write('.y.toml.swp', 'x');
  write('.hidden.toml', 'x');
  write('notes.txt', 'x');
  assert.deepEqual(connectors.problems(), []);
});

test('a name can never lead out of the folder', (context) => {
  const { connectors, write } = setting(context);
  write('../outside.toml', 'url = "https://y.test/mcp"\n');
  assert.equal(connectors.get('../outside'), null);
  assert.equal(connectors.removeCustom('../outside'), false);
  assert.throws(() => connectors.saveCustom({ name: '../a', description: '', transport: 'stdio' }), {
    code: 'CONNECTOR_INVALID',
  });
});

test('a saved connector is private, reads back, and can be undone', (context) => {
  const { connectors, custom } = setting(context);
  const undo = connectors.saveCustom({
    name: 'acme',
    description: 'Say "hi"\n',
    transport: 'http',
    url: 'https://acme.test/mcp',
    secrets: ['key', 'app'],
  });
  const file = join(custom, 'acme.toml');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(custom).mode & 0o777, 0o700);
  const manifest = connectors.get('acme');
  assert.deepEqual(
    [manifest?.description, manifest?.auth, manifest?.secrets, manifest?.url],
    ['Say "hi"\n', 'token', ['key', 'app'], 'https://acme.test/mcp'],
  );
  undo();
  assert.equal(existsSync(file), false);
  assert.equal(connectors.get('acme'), null);
});

test('undoing an overwritten connector brings the old file back byte for byte', (context) => {
  const { connectors, write } = setting(context);
  const text = '# mine\nurl = "https://one.test/mcp"\n';
  const file = write('acme.toml', text);
  const undo = connectors.saveCustom({ name: 'acme', description: '', transport: 'stdio' });
  assert.equal(connectors.get('acme')?.transport, 'stdio');
  undo();
  assert.equal(readFileSync(file, 'utf8'), text);
});

test('a saved connector must be one that can be read back', (context) => {
  const { connectors, custom } = setting(context);
  for (const [name, transport] of [
    ['github', 'stdio'],
    ['nucleus', 'stdio'],
    ['Bad Name', 'stdio'],
    ['nourl', 'http'],
  ] as const)
    assert.throws(() => connectors.saveCustom({ name, description: '', transport }), {
      code: 'CONNECTOR_INVALID',
    });
  assert.equal(existsSync(custom), false);
});

test('removing a custom connector tells whether there was one', (context) => {
  const { connectors } = setting(context);
  connectors.saveCustom({ name: 'acme', description: '', transport: 'stdio' });
  assert.equal(connectors.removeCustom('acme'), true);
  assert.equal(connectors.removeCustom('acme'), false);
  assert.equal(connectors.removeCustom('github'), false, 'a built-in one stays');
  assert.ok(connectors.get('github'));
});

test('a file that may not be read is a problem with a fix', (context) => {
  const { connectors, write } = setting(context);
  const file = write('y.toml', 'url = "https://y.test"\n');
  chmodSync(file, 0);
  const problems = asOrdinaryUser(dirname(file), () => connectors.problems());
  assert.ok(problems[0]?.fix.includes(file));
});
