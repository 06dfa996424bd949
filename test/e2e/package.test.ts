// The packed app, from its archive and with its fuses, as it will be on a person's machine.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Database from 'better-sqlite3';
import { appEnvironment, needsApp, runApp } from '../helpers/app.ts';
import { attach, controlGateway, jsonOf } from '../helpers/client.ts';
import { createHome } from '../helpers/home.ts';
import { nucleusOk } from '../helpers/nucleus.ts';
import { until, withDeadline } from '../helpers/until.ts';

const packed = join(import.meta.dirname, '..', '..', 'dist', 'linux-unpacked', 'nucleus');
// Cookies need no keyring here; without the switch Chromium starts one and asks for its password.
const flags = ['--password-store=basic', '--hidden'];

test('the packed app serves a database through its own server, and ends when told', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  const file = home.path('a.db');
  new Database(file).exec("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('Ada')").close();
  const child = spawn(packed, flags, { env: appEnvironment(home), stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  t.after(() => child.kill('SIGKILL'));

  await until('the gateway listens', () => home.endpoint() !== null, 20_000);
  const gateway = await controlGateway(t, home);
  const { probe } = await gateway.ask('profiles.add', {
    connector: 'sqlite',
    name: 'prod',
    metadata: { file },
    cwd: '/',
  });
  assert.equal(probe?.ok, true, JSON.stringify(probe));
  const client = await attach(t, home);
  await client.initialize();
  const answer = await client.call('sqlite_prod_query', { sql: 'SELECT name FROM users' });
  assert.deepEqual(jsonOf(answer)['rows'], [{ name: 'Ada' }]);

  await nucleusOk(home, ['stop']);
  assert.equal(await withDeadline('the end of the app', ended, 10_000), 0);
});

test('the fuses of the packed app are blown as electron-builder.yml says', (t) => {
  if (!needsApp(t)) return;
  const program = readFileSync(packed);
  // Behind this mark: a version, how many there are, and a digit for each. https://github.com/electron/fuses
  const mark = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
  const at = program.indexOf(mark) + mark.length + 2;
  assert.equal(program[at - 2], 1);
  // Node, cookies sealed, NODE_OPTIONS, --inspect, archive checked, only the archive, snapshot, rights of file:
  assert.equal(program.toString('latin1', at, at + 8), '01001100');
});

test('the packed app is neither a Node nor driven from outside', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  const env = { ...appEnvironment(home), NODE_OPTIONS: '--require=/nowhere/at-all.cjs' };
  let said = '';
  const code = await runApp(packed, ['--remote-debugging-port=0', ...flags], env, (text) => (said += text));
  assert.equal(code, 1);
  assert.match(said, /Nucleus does not start with remote debugging/);
  assert.doesNotMatch(said, /at-all/);

  let asNode = '';
  const { DISPLAY: _, ...headless } = appEnvironment(home);
  const asked = { ...headless, ELECTRON_RUN_AS_NODE: '1' };
  await runApp(packed, ['-e', 'console.error("ran as node")'], asked, (text) => (asNode += text));
  assert.doesNotMatch(asNode, /ran as node/);
  assert.match(asNode, /There is no display/);
});
