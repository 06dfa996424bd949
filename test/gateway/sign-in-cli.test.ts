// Signing in from a terminal: the browser, the pasted address, and what is left when it fails.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { startHttpUpstream } from '../fixtures/http-upstream.ts';
import { browse } from '../helpers/browse.ts';
import { attach, startGateway, textOf, type Attached } from '../helpers/client.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { definedOf, nucleus, nucleusBin, nucleusJson, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { startWorld } from '../helpers/sign-in-world.ts';
import { until, withDeadline } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope);
const bin = home.path('bin');
const env = { ...passphrase(home), PATH: `${bin}:${home.env['PATH']}` };
let client: Attached;

before(async () => {
  mkdirSync(bin);
  // What the system opens pages with; it also writes down that it was asked to.
  const script = join(bin, 'xdg-open');
  const browser = join(import.meta.dirname, '../fixtures/browser.ts');
  writeFileSync(
    script,
    `#!/bin/sh\necho "$1" >> ${home.path('opened')}\nexec ${process.execPath} ${browser} "$1"\n`,
  );
  chmodSync(script, 0o755);
  await startGateway(scope, home, env);
  client = await attach(scope, home);
  await client.initialize();
});

test('adding a server that wants a sign-in opens the browser, and says who signed in', async () => {
  const { server } = await startWorld(scope);
  const { stderr } = await nucleusOk(home, ['add', 'cli', 'work', server.url], { env });
  assert.match(stderr, /Sign in for cli:work in your browser: http:\/\/127\.0\.0\.1/);
  assert.match(stderr, /signed in for cli:work as alice@example\.com\n(.*\n)*added cli:work/);
  assert.equal(textOf(await client.call('cli_work_whoami', {})), 'alice');
  const list = await nucleusOk(home, ['list'], { env });
  assert.match(list.stdout, /cli:work .*account=alice@example\.com/);
  const info = await nucleusOk(home, ['info', 'cli:work', '--no-probe'], { env });
  assert.match(info.stdout, /signed in {3}: as alice@example\.com \(http:\/\/127\.0\.0\.1:\d+, \d+s ago\)/);
  const { tools } = (await nucleusJson(home, ['tools'], { env })) as { tools: { name: string }[] };
  const described = tools.find(({ name }) => name === 'cli_work_whoami');
  assert.match(JSON.stringify(described), /alice@example\.com/);
});

test('a sign-in that is declined leaves no profile, no connector and no token', async () => {
  verifies('NUC-024');
  const { server, authorization } = await startWorld(scope);
  const { code, stderr } = await nucleus(home, ['add', 'never', server.url], {
    env: { ...env, ANSWER: 'no' },
  });
  assert.equal(code, 5);
  assert.match(stderr, /the sign-in of never:default ended: it was declined at the service/);
  assert.equal(existsSync(join(home.state, 'connectors', 'never.toml')), false);
  const profiles = (await nucleusJson(home, ['list'], { env })) as { connector: string }[];
  assert.deepEqual(
    profiles.filter(({ connector }) => connector === 'never'),
    [],
  );
  assert.equal(authorization.tokenRequests.length, 0);
});

test('without a browser the address is printed, and the one it ended at is taken from stdin', async () => {
  const { server } = await startWorld(scope);
  await nucleus(home, ['add', 'paste', server.url, '--no-input'], { env });
  const child = spawn(nucleusBin, ['sign-in', 'paste:default', '--no-browser'], {
    cwd: home.user,
    env: definedOf({ ...home.env, ...env }),
  });
  scope.after(() => void child.kill());
  let stdout = '';
  let stderr = '';
  const page = Promise.withResolvers<string>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.includes('\n')) page.resolve(stdout.trim());
  });
  const redirect = await browse(await withDeadline('the address', page.promise), { person: 'bob' });
  child.stdin.write(`http://127.0.0.1/elsewhere\n${redirect.href}\n`);
  const code = await withDeadline('its end', new Promise((resolve) => child.once('close', resolve)), 10_000);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /That is not the address.*\n(.*\n)*.*signed in for paste:default as bob@example\.com/);
  assert.equal(textOf(await client.call('paste_default_whoami', {})), 'bob');
});

test('somebody else is refused, and let in when that is said', async () => {
  const { server } = await startWorld(scope);
  await nucleusOk(home, ['add', 'hands', server.url], { env });
  const refused = await nucleus(home, ['sign-in', 'hands:default'], { env: { ...env, PERSON: 'bob' } });
  assert.equal(refused.code, 5);
  assert.match(refused.stderr, /belongs to alice@example\.com, and bob@example\.com signed in/);
  await nucleusOk(home, ['sign-in', 'hands:default', '--other-account'], { env: { ...env, PERSON: 'bob' } });
  assert.equal(textOf(await client.call('hands_default_whoami', {})), 'bob');
});

test('where no browser can be opened, a script is told so at once', async () => {
  const { server } = await startWorld(scope);
  const { code, stderr } = await nucleus(home, ['add', 'nowhere', server.url], {
    env: { ...env, PATH: home.env['PATH'] },
  });
  assert.equal(code, 5);
  assert.match(stderr, /no browser could be opened for nowhere:default .*--no-browser/);
});

test('a sign-in works without a gateway, and without npx or mcp-remote', async () => {
  verifies('NUC-117');
  const alone = createHome(scope);
  const aloneEnv = { ...passphrase(alone), PATH: env.PATH };
  const { server } = await startWorld(scope);
  await nucleusOk(alone, ['add', 'alone', server.url], { env: aloneEnv });
  const { stdout } = await nucleusOk(alone, ['call', 'alone_default_whoami'], { env: aloneEnv });
  assert.match(stdout, /alice/);
  const removed = await nucleusOk(alone, ['remove', 'alone:default', '--force'], { env: aloneEnv });
  assert.match(removed.stderr, /removed alone:default/);
});

test('a token is changed from stdin, and the next call has it', async () => {
  const upstream = await startHttpUpstream();
  scope.after(() => upstream.close());
  const header = 'Authorization: Bearer {{secret}}';
  await nucleusOk(home, ['add', 'pat', upstream.url, '--header', header, '--token-stdin'], {
    env,
    stdin: 'first value\n',
  });
  await client.call('pat_default_echo', { text: 'x' });
  const { stderr } = await nucleusOk(home, ['secret', 'pat:default'], { env, stdin: 'second value\n' });
  assert.match(stderr, /changed token of pat:default/);
  await client.call('pat_default_echo', { text: 'x' });
  const sent = upstream.requests.map(({ headers }) => headers.authorization);
  assert.equal(sent[0], 'Bearer first value');
  assert.equal(sent.at(-1), 'Bearer second value');
  const empty = await nucleus(home, ['secret', 'pat:default'], { env, stdin: '\n' });
  assert.match(empty.stderr, /the new token is empty/);
  assert.equal(empty.code, 2);
  const none = await nucleus(home, ['sign-in', 'pat:default'], { env });
  assert.match(none.stderr, /nobody signs in for pat:default.*nucleus secret/);
});

test('Ctrl-C while somebody signs in leaves nothing behind', async () => {
  verifies('NUC-024', 'NUC-029');
  const { server } = await startWorld(scope);
  const alone = createHome(scope);
  for (const [where, whereEnv] of [
    [home, env],
    [alone, passphrase(alone)],
  ] as const) {
    const child = spawn(nucleusBin, ['add', 'broken', server.url, '--no-browser'], {
      cwd: where.user,
      env: definedOf({ ...where.env, ...whereEnv }),
    });
    await withDeadline('the address', once(child.stdout, 'data'));
    child.kill('SIGINT');
    await withDeadline('its end', once(child, 'close'), 5_000);
    await until('nothing is left of it', async () => {
      const profiles = (await nucleusJson(where, ['list'], { env: whereEnv })) as { id: string }[];
      return !profiles.some(({ id }) => id === 'broken:default');
    });
    assert.equal(existsSync(join(where.state, 'connectors', 'broken.toml')), false);
  }
});

test('nobody is waited for longer than config.toml says', async () => {
  verifies('NUC-029');
  const short = createHome(scope, '[sign_in]\ntimeout = "300ms"\n');
  const { server } = await startWorld(scope);
  const shortEnv = { ...passphrase(short), PATH: env.PATH };
  const { code, stderr } = await nucleus(short, ['add', 'late', server.url, '--no-browser'], {
    env: shortEnv,
  });
  assert.equal(code, 5);
  assert.match(stderr, /the sign-in of late:default ended: nobody signed in within 0\.3 s/);
  const tooLong = createHome(scope, '[sign_in]\ntimeout = "6m"\n');
  const refused = await nucleus(tooLong, ['list']);
  assert.match(refused.stderr, /sign_in\.timeout must be from 1ms to 5m/);
});
