import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { NucleusError } from '../../../src-shared/errors.ts';
import { loadConfig } from '../../../src-main/gateway/config/load.ts';
import type { ConfigInput } from '../../../src-shared/config.ts';
import { verifies } from '../../helpers/requirements.ts';

const minute = 60_000;
const mebibyte = 1_048_576;
const defaults = {
  upstream: {
    connect_timeout: 15_000,
    list_timeout: 15_000,
    call_timeout: 5 * minute,
    idle_timeout: 15 * minute,
    max_frame_mib: 64 * mebibyte,
    max_in_flight: 512,
    max_tools: 20_000,
    max_pages: 1_000,
    headers: {},
  },
  client: { max_message_mib: 10 * mebibyte, max_backlog_mib: 128 * mebibyte },
  surface: {
    mode: 'auto',
    budget: 10_000,
    always_on: [],
    separator: '_',
    account_line: false,
    ranker: 'bm25f',
    structured_search: true,
  },
  approval: { park_after: 45_000 },
  audit: { when_full: 'refuse-guarded' },
  sign_in: { timeout: 5 * minute },
  gateway: { idle_exit: 15 * minute },
  http: {
    enabled: true,
    allowed_hosts: [],
    allowed_origins: [],
    max_sessions: 1_000,
    session_idle: 30 * minute,
  },
  log: { level: 'info', style: 'text' },
};

type Environment = Record<string, string>;

function file(t: TestContext, text: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'config.toml');
  writeFileSync(path, text);
  return path;
}

const load = (path: string, env: Environment = {}, flags: ConfigInput = {}) =>
  loadConfig(path, { env, flags });

/** What is said about a file, with the folder left out. */
function refusalOf(
  t: TestContext,
  text: string | Buffer,
  env: Environment = {},
  flags: ConfigInput = {},
): string {
  const path = file(t, text);
  try {
    load(path, env, flags);
  } catch (error) {
    assert.ok(error instanceof NucleusError, String(error));
    assert.equal(error.code, 'CONFIG_INVALID');
    return error.message.replaceAll(path, 'config.toml');
  }
  return assert.fail('it was accepted');
}

test('without a file, or with an empty one, every setting has its default', (t) => {
  verifies('NUC-005');
  assert.deepEqual(load(join(file(t, ''), '..', 'none.toml')), defaults);
  for (const text of ['', '# nothing yet\r\n[upstream]\r\n', '\ufeff', '\n\n'])
    assert.deepEqual(load(file(t, text)), defaults);
});

test('what a file sets is taken, the rest stays', (t) => {
  const path = file(
    t,
    '\ufeff[upstream]\r\ncall_timeout = "1h30m"\r\nidle_timeout = "0"\nmax_in_flight = 8\nmax_frame_mib = 0.5\n[gateway]\nidle_exit = "250ms"\n',
  );
  assert.deepEqual(load(path), {
    ...defaults,
    upstream: {
      ...defaults.upstream,
      call_timeout: 90 * minute,
      idle_timeout: 0,
      max_in_flight: 8,
      max_frame_mib: mebibyte / 2,
    },
    gateway: { idle_exit: 250 },
  });
});

test('durations are a number and a unit, one or several', (t) => {
  const table: [string, number][] = [
    ['250ms', 250],
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1h30m', 5_400_000],
    ['0s', 0],
    [' 5s ', 5_000],
  ];
  for (const [text, milliseconds] of table)
    assert.equal(
      load(file(t, `upstream.idle_timeout = "${text}"`)).upstream.idle_timeout,
      milliseconds,
      text,
    );
});

test('a duration that is none is refused with how to write one', (t) => {
  for (const text of ['', '5', '5 s', '-5s', '1.5h', 's', '5S', '1w', 'fast'])
    assert.equal(
      refusalOf(t, `upstream.call_timeout = "${text}"`),
      'config.toml:1:10: upstream.call_timeout must be a duration such as 30s, 10m or 1h30m; correct the file',
    );
  assert.equal(
    refusalOf(t, 'upstream.call_timeout = 30'),
    'config.toml:1:10: upstream.call_timeout must be a duration such as 30s, 10m or 1h30m, and is a number; correct the file',
  );
  assert.equal(
    refusalOf(t, '[upstream]\ncall_timeout = "25d"'),
    'config.toml:2:1: upstream.call_timeout must be from 1ms to 24d; correct the file',
  );
});

test('a syntax error is refused with its line and column', (t) => {
  verifies('NUC-005');
  assert.match(refusalOf(t, 'x = ['), /^config\.toml:1:\d+: this is not TOML: .+; correct the file$/);
  assert.match(
    refusalOf(t, '[upstream]\n\n  call_timeout = 5 minutes\n'),
    /^config\.toml:3:\d+: .+; correct the file$/,
  );
  assert.match(
    refusalOf(t, '[upstream]\nmax_tools = 1\nmax_tools = 2\n'),
    /^config\.toml:3:1: .+; correct the file$/,
  );
  assert.match(refusalOf(t, '[log]\n[upstream]\n[log]\n'), /^config\.toml:3:\d+: .+; correct the file$/);
  assert.doesNotMatch(refusalOf(t, 'x = ['), /\n/);
});

test('a key nobody knows is refused with its place and the nearest one there is', (t) => {
  verifies('NEX-003');
  assert.equal(
    refusalOf(t, '[upstream]\n\n  call_timout = "5s"\n'),
    'config.toml:3:3: unknown key upstream.call_timout; did you mean call_timeout?',
  );
  assert.equal(
    refusalOf(t, '[log]\n[upstreams]\n'),
    'config.toml:2:2: unknown key upstreams; did you mean upstream?',
  );
  assert.equal(
    refusalOf(t, '[log]\n\n[gateway]\ncall_timeout = "5s"\n'),
    'config.toml:4:1: unknown key gateway.call_timeout; did you mean upstream.call_timeout?',
  );
  assert.equal(
    refusalOf(t, '[log]\ncolour = "red"\n'),
    'config.toml:2:1: unknown key log.colour; the keys of [log] are level, style',
  );
  assert.equal(
    refusalOf(t, 'log = { level = "info", "my key" = 1 }\n'),
    'config.toml:1:25: unknown key log."my key"; the keys of [log] are level, style',
  );
});

test('values of another type or out of range are refused with what they have to be', (t) => {
  verifies('NEX-003');
  for (const [text, sentence] of [
    ['upstream.max_in_flight = 0', ':1:10: upstream.max_in_flight must be a whole number from 1 to 10000'],
    [
      'upstream.max_in_flight = 1.5',
      ':1:10: upstream.max_in_flight must be a whole number from 1 to 10000, and is a number with a fraction',
    ],
    ['upstream.max_frame_mib = 0', ':1:10: upstream.max_frame_mib must be a number above 0 and at most 1024'],
    [
      'upstream.max_frame_mib = "64"',
      ':1:10: upstream.max_frame_mib must be a number above 0 and at most 1024, and is a text',
    ],
    ['http.enabled = "yes"', ':1:6: http.enabled must be true or false, and is a text'],
    ['http.listen = 1979-05-27', ':1:6: http.listen must be a text in quotes, and is a date'],
    ['log.level = "loud"', ':1:5: log.level must be one of off, error, warn, info, debug, trace'],
    ['upstream = 5', ':1:1: upstream must be a section, written [upstream], and is a number'],
    ['[[log]]\nlevel = "info"', ':1:3: log must be a section, written [log], and is a list'],
    ['surface.always_on = "x"', ':1:9: surface.always_on must be a list of at most 100 texts, and is a text'],
    [
      '[surface]\nalways_on = [\n  "a:b", # b\n  5,\n]',
      ':4:3: surface.always_on[1] must be a text in quotes, and is a number',
    ],
  ] as const)
    assert.equal(refusalOf(t, text), `config.toml${sentence}; correct the file`);
  for (const text of ['nan', 'inf'])
    assert.match(refusalOf(t, `upstream.max_frame_mib = ${text}`), /above 0/);
});

test('headers for every upstream are taken as they are written, with their holes filled', (t) => {
  verifies('NEX-015');
  verifies('NEX-004');
  const path = file(t, '[upstream]\nheaders = { X-Org = "acme", "X-Team" = "{{ env.TEAM }}" }\n');
  assert.deepEqual(load(path, { TEAM: 'blue' }).upstream.headers, { 'X-Org': 'acme', 'X-Team': 'blue' });
});

test('a header that is not for everybody to set is refused by its name', (t) => {
  const refused = (line: string): string => refusalOf(t, `[upstream.headers]\n${line}\n`);
  for (const name of [
    'Host',
    'content-length',
    'Transfer-Encoding',
    'Connection',
    'MCP-Session-Id',
    'accept',
  ])
    assert.equal(
      refused(`${name} = "x"`),
      `config.toml:2:1: upstream.headers.${name} is a header that Nucleus sets itself; leave it away; correct the file`,
    );
  assert.match(refused('"X Y" = "x"'), /must be the name of an HTTP header/);
  assert.match(refused('X = "a\\nb"'), /a character that no header can hold/);
  assert.match(
    refused('authorization = "Bearer x"'),
    /would go to every server; give it to one connector with nucleus add --header/,
  );
});

test('every problem is told at once, in the order of the file, up to twenty', (t) => {
  assert.equal(
    refusalOf(t, '[upstream]\nmax_tools = 0\ncal_timeout = "5s"\nmax_pages = "x"\n', { NUCLEUS_LOG: 'loud' }),
    [
      'the configuration has 4 problems:',
      'config.toml:2:1: upstream.max_tools must be a whole number from 1 to 200000; correct the file',
      'config.toml:3:1: unknown key upstream.cal_timeout; did you mean call_timeout?',
      'config.toml:4:1: upstream.max_pages must be a whole number from 1 to 100000, and is a text; correct the file',
      'NUCLEUS_LOG: log.level must be one of off, error, warn, info, debug, trace; correct the variable, or take it away',
    ].join('\n  '),
  );
  const many = refusalOf(t, `[log]\n${Array.from({ length: 30 }, (_, n) => `key${n} = 1`).join('\n')}`).split(
    '\n',
  );
  assert.equal(many.length, 22);
  assert.match(many[20] ?? '', /config\.toml:21:1: unknown key log\.key19;/);
  assert.equal(many[21], '  and 10 more');
});

test('a file none of whose keys is ours may be the original’s, and the way out is said', (t) => {
  verifies('NUC-008');
  assert.match(
    refusalOf(t, '[[connector]]\nname = "github"\n'),
    /^config\.toml:1:3: unknown key connector; .*\n {2}no key of this file is one of Nucleus\. The original Nucleus ignored it; .*: mv config\.toml config\.toml\.original$/,
  );
  for (const text of ['[log]\nlevl = "info"\n', '[upstrem]\n', 'call_timeout = "5s"\n'])
    assert.doesNotMatch(refusalOf(t, text), /original/);
});

test('keys named __proto__ change nothing', (t) => {
  assert.match(refusalOf(t, '[__proto__]\nupstream = 5\n'), /^config\.toml:1:2: unknown key __proto__;/);
  assert.match(refusalOf(t, '[log]\n__proto__ = { level = 5 }\n'), /unknown key log\.__proto__;/);
  assert.equal(({} as Record<string, unknown>)['upstream'], undefined);
});

test('what is no file of text is refused, not read as nothing and not waited for', (t) => {
  const folder = join(file(t, ''), '..', 'folder.toml');
  mkdirSync(folder);
  assert.throws(() => load(folder), {
    code: 'STATE_UNUSABLE',
    message: `${folder} is not a regular file; move it away`,
  });
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  assert.throws(() => load(fifo), {
    code: 'STATE_UNUSABLE',
    message: `${fifo} is not a regular file; move it away`,
  });
  const large = file(t, `#${'x'.repeat(10 * mebibyte)}`);
  assert.throws(() => load(large), {
    code: 'STATE_UNUSABLE',
    message: `${large} is larger than 1 MiB; move it away`,
  });
  assert.deepEqual(load(file(t, `#${'x'.repeat(mebibyte - 1)}`)), defaults);
  assert.equal(
    refusalOf(t, Buffer.concat([Buffer.from('[log]\nlevel = "'), Buffer.from([0xff]), Buffer.from('"')])),
    'config.toml:2:10: the file is not UTF-8 text; save it as UTF-8',
  );
});

test('a file that is named has to be there', () => {
  assert.throws(() => loadConfig('/nowhere/config.toml', { env: {}, namedBy: 'NUCLEUS_CONFIG' }), {
    code: 'CONFIG_INVALID',
    message: 'NUCLEUS_CONFIG names /nowhere/config.toml, which does not exist',
  });
});

test('holes are filled from the environment, in lists and several in one text', (t) => {
  verifies('NEX-004');
  const path = file(
    t,
    '[http]\nlisten = "{{ env.HOST }}:{{env.PORT}}"\nallowed_hosts = ["a", "{{ env.HOST }}.example"]\n[upstream]\ncall_timeout = "{{ env.SECONDS }}s"\n',
  );
  const { http, upstream } = load(path, { HOST: '127.0.0.1', PORT: '9000', SECONDS: '90' });
  assert.equal(http.listen, '127.0.0.1:9000');
  assert.deepEqual(http.allowed_hosts, ['a', '127.0.0.1.example']);
  assert.equal(upstream.call_timeout, 90_000);
});

test('a hole that cannot be filled is refused with key and variable, and the value is not judged besides', (t) => {
  verifies('NEX-004');
  assert.equal(
    refusalOf(t, '[upstream]\n# {{ env.NOT_THIS }}\ncall_timeout = "{{ env.WAIT }}"\n'),
    'config.toml:3:1: upstream.call_timeout needs the variable WAIT, which is not set for the gateway; set it where the gateway is started by hand, or write the value here',
  );
});

test('what a variable held is never part of an error', (t) => {
  assert.equal(
    refusalOf(t, '[upstream]\ncall_timeout = "{{ env.WAIT }}"\n', { WAIT: 'SENTINEL' }),
    'config.toml:2:1: upstream.call_timeout must be a duration such as 30s, 10m or 1h30m; its value comes from WAIT, correct that',
  );
  assert.doesNotMatch(refusalOf(t, '', { NUCLEUS_UPSTREAM_CALL_TIMEOUT: 'SENTINEL' }), /SENTINEL/);
});

test('a flag goes before a variable, a variable before the file, the file before the default', (t) => {
  const path = file(t, '[upstream]\ncall_timeout = "1s"\n[http]\nlisten = "127.0.0.1:1"\nmax_sessions = 7\n');
  const env = { NUCLEUS_UPSTREAM_CALL_TIMEOUT: '2s', NUCLEUS_HTTP_LISTEN: '127.0.0.1:2' };
  const flags = { upstream: { call_timeout: '3s' }, http: { listen: '127.0.0.1:3' } };
  const seen = (config: ReturnType<typeof load>) => [config.upstream.call_timeout, config.http.listen];
  assert.deepEqual(seen(load(path, env, flags)), [3_000, '127.0.0.1:3']);
  assert.deepEqual(seen(load(path, env)), [2_000, '127.0.0.1:2']);
  assert.deepEqual(seen(load(path)), [1_000, '127.0.0.1:1']);
  assert.deepEqual(seen(load(file(t, ''))), [5 * minute, undefined]);
  assert.equal(load(path, env, flags).http.max_sessions, 7, 'the rest of a section stays');
});

test('an error in the file is one even where a variable goes before it', (t) => {
  assert.match(
    refusalOf(t, 'upstream.call_timeout = "soon"', { NUCLEUS_UPSTREAM_CALL_TIMEOUT: '2s' }),
    /^config\.toml:1:10: /,
  );
});

test('a flag that is wrong is refused as one', (t) => {
  assert.equal(
    refusalOf(t, '', {}, { upstream: { call_timeout: '0' } }),
    'command line: upstream.call_timeout must be from 1ms to 24d; correct the flag',
  );
});
