import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { NucleusError } from '../../src-shared/errors.ts';
import { loadConfig } from '../../src-main/gateway/config-file.ts';
import { verifies } from '../helpers/requirements.ts';

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
  approval: { ask_for: [] },
  gateway: { idle_exit: 15 * minute },
};

function file(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'config.toml');
  writeFileSync(path, text);
  return path;
}

/** What is said about a file, with the folder left out. */
function refusalOf(t: TestContext, text: string): string {
  const path = file(t, text);
  try {
    loadConfig(path);
  } catch (error) {
    assert.ok(error instanceof NucleusError, String(error));
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.ok(error.message.startsWith(path), error.message);
    return error.message.replace(path, 'config.toml');
  }
  return assert.fail('it was accepted');
}

test('without a file, or with an empty one, every setting has its default', (t) => {
  verifies('NUC-005');
  assert.deepEqual(loadConfig(join(file(t, ''), '..', 'none.toml')), defaults);
  assert.deepEqual(loadConfig(file(t, '')), defaults);
  assert.deepEqual(loadConfig(file(t, '# nothing yet\r\n[upstream]\r\n')), defaults);
});

test('what a file sets is taken, the rest stays', (t) => {
  const path = file(
    t,
    '[upstream]\ncall_timeout = "1h30m"\nidle_timeout = "0"\nmax_in_flight = 8\nmax_frame_mib = 0.5\n[gateway]\nidle_exit = "250ms"\n',
  );
  assert.deepEqual(loadConfig(path), {
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
      loadConfig(file(t, `upstream.idle_timeout = "${text}"`)).upstream.idle_timeout,
      milliseconds,
      text,
    );
});

test('a duration that is none is refused with how to write one', (t) => {
  for (const text of ['', '5', '5 s', '-5s', '1.5h', 's', '5S', '1w', 'fast'])
    assert.equal(
      refusalOf(t, `upstream.call_timeout = "${text}"`),
      `config.toml at upstream.call_timeout: "${text}" is not a duration; write a number and a unit, such as 30s, 10m or 1h30m; correct the file`,
    );
  assert.match(
    refusalOf(t, 'upstream.call_timeout = 30'),
    /^config\.toml at upstream\.call_timeout: .*expected string/,
  );
});

test('a syntax error is refused with its line and column', (t) => {
  verifies('NUC-005');
  assert.match(refusalOf(t, 'x = ['), /^config\.toml:1:\d+: Invalid TOML document: .+; correct the file$/);
  assert.match(
    refusalOf(t, '[upstream]\n\n  call_timeout = 5 minutes\n'),
    /^config\.toml:3:\d+: .+; correct the file$/,
  );
  assert.match(
    refusalOf(t, '[upstream]\nmax_tools = 1\nmax_tools = 2\n'),
    /^config\.toml:3:1: .+; correct the file$/,
  );
  assert.doesNotMatch(refusalOf(t, 'x = ['), /\n/);
});

test('a key nobody knows is named, with where it stands', (t) => {
  assert.equal(
    refusalOf(t, '[upstream]\ncal_timeout = "5s"\n'),
    'config.toml at upstream: Unrecognized key: "cal_timeout"; correct the file',
  );
  assert.equal(refusalOf(t, '[upstreams]\n'), 'config.toml: Unrecognized key: "upstreams"; correct the file');
});

test('values out of range are refused with where they stand', (t) => {
  for (const [text, where] of [
    ['upstream.max_in_flight = 0', 'upstream.max_in_flight'],
    ['upstream.max_in_flight = 1.5', 'upstream.max_in_flight'],
    ['upstream.max_tools = -1', 'upstream.max_tools'],
    ['upstream.max_frame_mib = 0', 'upstream.max_frame_mib'],
    ['upstream.max_frame_mib = nan', 'upstream.max_frame_mib'],
    ['upstream.max_frame_mib = inf', 'upstream.max_frame_mib'],
    ['upstream.max_frame_mib = "64"', 'upstream.max_frame_mib'],
    ['client.max_message_mib = 2000', 'client.max_message_mib'],
    ['upstream = 5', 'upstream'],
  ] as const)
    assert.ok(refusalOf(t, text).startsWith(`config.toml at ${where}: `), refusalOf(t, text));
});

test('keys named __proto__ change nothing', (t) => {
  assert.match(refusalOf(t, '[__proto__]\nupstream = 5\n'), /__proto__/);
  assert.equal(({} as Record<string, unknown>)['upstream'], undefined);
});

test('a folder in the place of the file is refused, not read as nothing', (t) => {
  const folder = join(file(t, ''), '..', 'folder.toml');
  mkdirSync(folder);
  assert.throws(() => loadConfig(folder), { code: 'STATE_UNUSABLE' });
});

test('headers for every upstream are taken as they are written', (t) => {
  verifies('NEX-015');
  const path = file(t, '[upstream]\nheaders = { X-Org = "acme", "X-Team" = "blue" }\n');
  assert.deepEqual(loadConfig(path).upstream.headers, { 'X-Org': 'acme', 'X-Team': 'blue' });
});

test('a header that is not for everybody to set is refused by its name', (t) => {
  for (const name of [
    'Host',
    'content-length',
    'Transfer-Encoding',
    'Connection',
    'MCP-Session-Id',
    'accept',
  ])
    assert.equal(
      refusalOf(t, `[upstream.headers]\n${name} = "x"\n`),
      `config.toml at upstream.headers.${name}: is a header that Nucleus sets itself; leave it away; correct the file`,
    );
  assert.match(refusalOf(t, '[upstream.headers]\n"X Y" = "x"\n'), /must be the name of an HTTP header/);
  assert.match(refusalOf(t, '[upstream.headers]\nX = "a\\nb"\n'), /a character that no header can hold/);
  assert.match(
    refusalOf(t, '[upstream.headers]\nauthorization = "Bearer x"\n'),
    /would go to every server; give it to one connector with nucleus add --header/,
  );
});
