import assert from 'node:assert/strict';
import test from 'node:test';
import { readEnvironment } from '../../../src-main/gateway/config/environment.ts';
import { configKeys } from '../../../src-shared/config-keys.ts';
import { Config } from '../../../src-shared/config.ts';

const inputOf = (env: Record<string, string>) => {
  const { input, problems } = readEnvironment(env);
  assert.deepEqual(problems, []);
  return input;
};
const refusalOf = (env: Record<string, string>) =>
  readEnvironment(env).problems.map(({ where, sentence }) => `${where}: ${sentence}`);

test('every key but lists and tables has a variable', () => {
  const without = configKeys().filter(({ variable }) => variable === null);
  assert.deepEqual(
    without.map(({ section, name }) => `${section}.${name}`),
    ['upstream.headers', 'surface.always_on', 'http.allowed_hosts', 'http.allowed_origins'],
  );
  for (const { section, name, schema, variable } of configKeys()) {
    if (variable === null) continue;
    const fallback = name.endsWith('_url') ? 'https://x.example/x' : 'x';
    const text = JSON.stringify(schema.default ?? fallback).replaceAll('"', '');
    const input = inputOf({ [variable]: text });
    assert.deepEqual(input, { [section]: { [name]: schema.default ?? fallback } }, variable);
    assert.ok(Config.safeParse(input).success, variable);
  }
});

test('a value is read as its key’s type', () => {
  assert.deepEqual(
    inputOf({
      NUCLEUS_UPSTREAM_CALL_TIMEOUT: '90s',
      NUCLEUS_UPSTREAM_MAX_TOOLS: ' 12 ',
      NUCLEUS_CLIENT_MAX_MESSAGE_MIB: '0.5',
      NUCLEUS_HTTP_ENABLED: 'false',
      NUCLEUS_HTTP_LISTEN: '127.0.0.1:9000',
      NUCLEUS_LOG_STYLE: 'JSON',
    }),
    {
      upstream: { call_timeout: '90s', max_tools: 12 },
      client: { max_message_mib: 0.5 },
      http: { enabled: false, listen: '127.0.0.1:9000' },
      log: { style: 'json' },
    },
  );
  // What is no such value is left for the schema to refuse.
  assert.deepEqual(inputOf({ NUCLEUS_UPSTREAM_MAX_TOOLS: '0x10', NUCLEUS_HTTP_ENABLED: '1' }), {
    upstream: { max_tools: '0x10' },
    http: { enabled: '1' },
  });
});

test('the short name of the log’s level yields to the long one', () => {
  assert.deepEqual(inputOf({ NUCLEUS_LOG: 'DEBUG' }), { log: { level: 'debug' } });
  for (const env of [
    { NUCLEUS_LOG: 'debug', NUCLEUS_LOG_LEVEL: 'warn' },
    { NUCLEUS_LOG_LEVEL: 'warn', NUCLEUS_LOG: 'debug' },
  ])
    assert.deepEqual(inputOf(env), { log: { level: 'warn' } });
});

test('an empty variable counts as not set, and others are left alone', () => {
  assert.deepEqual(
    inputOf({
      NUCLEUS_HTTP_LISTEN: '',
      NUCLEUS_HOME: '/x',
      NUCLEUS_VAULT_PASSPHRASE_FILE: '/y',
      NUCLEUS_LOG_LEVEL: '',
      NUCLEUS_LOG: 'debug',
      NUCLEUS_HTTP_SOMETHING_ELSE: '1',
      PATH: '/bin',
    }),
    { log: { level: 'debug' } },
  );
});

test('what looks like a setting and is none is refused', () => {
  assert.deepEqual(refusalOf({ NUCLEUS_UPSTREAM_CALL_TIMOUT: '5s' }), [
    'NUCLEUS_UPSTREAM_CALL_TIMOUT: no setting has this name; did you mean NUCLEUS_UPSTREAM_CALL_TIMEOUT?',
  ]);
  assert.deepEqual(refusalOf({ NUCLEUS_HTTP_ALLOWED_HOSTS: 'a,b' }), [
    'NUCLEUS_HTTP_ALLOWED_HOSTS: a list is not taken from the environment; write http.allowed_hosts in config.toml',
  ]);
});
