// config.toml, variables and flags on real processes: which of them a gateway goes by, and what it logs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { attach, nucleusErrorOf, startGateway, startShim, type Shim, textOf } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, type Home, type Scope } from '../helpers/home.ts';
import { nucleus, nucleusBin, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until, withDeadline } from '../helpers/until.ts';

/** A gateway in the foreground, its log, and its end. */
async function foreground(
  scope: Scope,
  home: Home,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<{ log(): string; stop(): Promise<string> }> {
  const child = spawn(nucleusBin, ['gateway', ...args], {
    cwd: home.user,
    env: { ...home.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  scope.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await until('the gateway listens', () => home.endpoint()?.pid === child.pid);
  return {
    log: () => log,
    async stop() {
      child.kill('SIGTERM');
      await withDeadline('the end of the gateway', ended);
      return log;
    },
  };
}

const gatewayLog = (home: Home) => {
  const path = `${home.state}/logs/gateway.log`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

test('a flag goes before a variable, a variable before the file', async (t) => {
  const home = createHome(t, '[log]\nlevel = "off"\n');
  const env = { NUCLEUS_LOG: 'info', NUCLEUS_LOG_STYLE: 'json' };
  assert.equal(await (await foreground(t, home)).stop(), '');

  const byVariable = await (await foreground(t, home, [], env)).stop();
  const lines = byVariable
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: string; msg: string });
  assert.ok(lines.some(({ level, msg }) => level === 'info' && msg === 'gateway listening'));

  assert.equal(await (await foreground(t, home, ['--log', 'error'], env)).stop(), '');
  const byStyle = await (await foreground(t, home, ['--log-style', 'text'], env)).stop();
  assert.match(byStyle, /^\S+Z info gateway listening socket=/m);
});

test('how long a call may take is said by file, variable and flag, in that order', async (t) => {
  const home = createHome(t, '[upstream]\ncall_timeout = "50ms"\n');
  const fake = createFake(home, 'slow');
  const file = home.path('servers.json');
  writeFileSync(file, JSON.stringify({ mcpServers: { slow: fake.launch } }));
  const outcome = async (args: readonly string[], env: Record<string, string>): Promise<string> => {
    const shim = startShim(t, home, { args: ['--servers', file, ...args], env });
    await shim.initialize();
    const result = await shim.call('slow_default_sleep', { ms: 400, text: 'done' });
    await shim.close();
    return nucleusErrorOf(result)?.code ?? textOf(result);
  };
  const variable = (text: string) => ({ NUCLEUS_UPSTREAM_CALL_TIMEOUT: text });
  assert.equal(await outcome([], {}), 'UPSTREAM_TIMEOUT');
  assert.equal(await outcome([], variable('1m')), 'done');
  assert.equal(await outcome(['--call-timeout', '60ms'], variable('1m')), 'UPSTREAM_TIMEOUT');
  assert.equal(await outcome(['--call-timeout', '1m'], variable('60ms')), 'done');
});

test('NUCLEUS_CONFIG names the file, --config goes before it, and either has to be there', async (t) => {
  const home = createHome(t, '[log]\nlevel = "off"\n');
  const quiet = home.path('quiet.toml');
  const loud = home.path('loud.toml');
  writeFileSync(quiet, '[log]\nlevel = "error"\n');
  writeFileSync(loud, '[log]\nlevel = "info"\n');
  const said = async (args: string[], env: Record<string, string>) =>
    (await (await foreground(t, home, args, env)).stop()).includes('gateway listening');
  assert.equal(await said([], { NUCLEUS_CONFIG: loud }), true);
  assert.equal(await said(['--config', quiet], { NUCLEUS_CONFIG: loud }), false);
  const missing = await nucleus(home, ['gateway'], { env: { NUCLEUS_CONFIG: 'none.toml' } });
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /^Error: NUCLEUS_CONFIG names \S+\/user\/none\.toml, which does not exist$/m);
});

test('each level and style of the log holds in a real gateway', async (t) => {
  verifies('NEX-002');
  const home = createHome(t);
  home.write('connectors/broken.toml', 'schema = 1\nname = [');
  home.write('oauth/acme_default/tokens.json', '{"access_token":"SENTINEL"}');
  const levels = async (level: string): Promise<string[]> => {
    const log = await (await foreground(t, home, ['--log', level, '--log-style', 'json'])).stop();
    assert.doesNotMatch(log, /SENTINEL/);
    const lines = log.split('\n').filter((line) => line !== '');
    return [...new Set(lines.map((line) => (JSON.parse(line) as { level: string }).level))].sort();
  };
  assert.deepEqual(await levels('info'), ['info', 'warn']);
  assert.deepEqual(await levels('warn'), ['warn']);
  assert.deepEqual(await levels('error'), []);
  assert.deepEqual(await levels('off'), []);
  const wrong = await nucleus(home, ['gateway', '--log', 'loud']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /'loud' is invalid\. Allowed choices are off, error, warn, info, debug, trace/);
});

test('a key that is mistyped is refused by every command that needs a gateway', async (t) => {
  verifies('NEX-003');
  const home = createHome(t, '[upstream]\n\ncall_timout = "5s"\n');
  for (const args of [['list'], ['serve', '--standalone'], ['serve']]) {
    const { code, stdout, stderr } = await nucleus(home, args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.equal(
      stderr.split('\n').find((line) => line.startsWith('Error: ')),
      `Error: ${home.state}/config.toml:3:1: unknown key upstream.call_timout; did you mean call_timeout?`,
      args.join(' '),
    );
  }
});

test('a wrong variable is refused by its name', async (t) => {
  const { code, stderr } = await nucleus(createHome(t), ['list'], {
    env: { NUCLEUS_HTTP_MAX_SESSIONS: 'many' },
  });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^Error: NUCLEUS_HTTP_MAX_SESSIONS: http\.max_sessions must be a whole number from 1 to 10000, and is a text; /,
  );
});

test('a gateway a client starts gets none of the starter’s settings, one started by hand all of them', async (t) => {
  const home = createHome(t);
  const env = { NUCLEUS_LOG_STYLE: 'json', NUCLEUS_CONFIG: '/nowhere/config.toml' };
  const shim = startShim(t, home, { env });
  await shim.initialize();
  assert.match(gatewayLog(home), /^\S+Z info gateway listening socket=/m);
  await shim.close();
  await nucleusOk(home, ['stop']);

  const before = gatewayLog(home).length;
  await nucleusOk(home, ['start'], { env: { NUCLEUS_LOG_STYLE: 'json' } });
  assert.match(gatewayLog(home).slice(before), /"msg":"gateway listening"/);
  const refused = await nucleus(createHome(t), ['start'], { env });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /\/nowhere\/config\.toml, which does not exist/);
});

test('flags of a client’s entry reach the gateway it starts, and are said to be ignored by one that runs', async (t) => {
  const home = createHome(t);
  const args = ['--log-style', 'json'];
  const first: Shim = startShim(t, home, { args });
  await first.initialize();
  assert.match(gatewayLog(home), /"msg":"gateway listening"/);
  const second = startShim(t, home, { args });
  await second.initialize();
  assert.match(second.stderr(), /^note: --log-style is ignored; the running gateway logs as it was told$/m);
  assert.doesNotMatch(first.stderr(), /is ignored/);
});

test('nucleus start hands over the variables the file names, a client does not', async (t) => {
  verifies('NEX-004');
  const home = createHome(t, '[upstream]\ncall_timeout = "{{ env.WAIT }}"\n');
  const unset = await nucleus(home, ['start']);
  assert.equal(unset.code, 2);
  assert.match(
    unset.stderr,
    /config\.toml:2:1: upstream\.call_timeout needs the variable WAIT, which is not set/,
  );

  const shim = startShim(t, home, { env: { WAIT: '50ms' } });
  assert.equal(await withDeadline('the end of the shim', shim.ended), 2);
  assert.match(shim.stderr(), /needs the variable WAIT/);

  const gateway = await startGateway(t, home, { WAIT: '50ms' });
  await gateway.add(createFake(home, 'slow'));
  const client = await attach(t, home);
  await client.initialize();
  const result = await client.call('fake_slow_sleep', { ms: 2_000, text: 'done' });
  assert.equal(nucleusErrorOf(result)?.code, 'UPSTREAM_TIMEOUT');
});

test('a gateway without profiles says once how to add one, with samples that work', async (t) => {
  verifies('NEX-006');
  const home = createHome(t);
  const { log, stop } = await foreground(t, home);
  await until('it says so', () => log().includes('no profiles yet'));
  const hints = (await stop()).split('\n').filter((line) => line.includes('no profiles yet'));
  assert.equal(hints.length, 1);
  const samples = [...(hints[0] ?? '').matchAll(/="nucleus (add [^"]+)"/g)].map(([, sample = '']) => sample);
  assert.equal(samples.length, 2);
  for (const sample of samples) await nucleusOk(home, [...sample.split(' '), '--dry-run']);

  await nucleusOk(home, ['start']);
  assert.match(gatewayLog(home), /no profiles yet/);
  await nucleusOk(home, ['stop']);
  await nucleusOk(home, ['add', 'mine', '--command', '/bin/true', '--no-connect']);
  assert.doesNotMatch(await (await foreground(t, home)).stop(), /no profiles yet/);
});

test('a servers file without servers is refused with how it should look', async (t) => {
  verifies('NEX-006');
  const home = createHome(t);
  const file = home.path('servers.json');
  for (const [text, why] of [
    ['{}', 'names no servers under "mcpServers"'],
    ['{"mcpServers":{}}', 'names no servers under "mcpServers"'],
    ['{"mcpServers":{"a":{"env":{"KEY":"SENTINEL"', 'is not valid JSON'],
    [null, 'does not exist'],
  ] as const) {
    const named = text === null ? home.path('none.json') : file;
    if (text !== null) writeFileSync(file, text);
    const { code, stderr } = await nucleus(home, ['serve', '--servers', named]);
    assert.equal(code, 2);
    assert.ok(stderr.startsWith(`Error: ${named} ${why}`), stderr);
    assert.match(stderr, /it should look like \{"mcpServers":\{"files":\{"command":"npx",/);
    assert.doesNotMatch(stderr, /SENTINEL/);
  }
});
