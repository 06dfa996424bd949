// The promise of the whole slice: real servers, real accounts, real clients, all at once.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import Database from 'better-sqlite3';
import { connectClient, controlGateway, jsonOf, textOf } from '../helpers/client.ts';
import { createHome } from '../helpers/home.ts';
import { commandsWith } from '../helpers/processes.ts';
import { nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { shimOf } from '../helpers/shims.ts';

const require = createRequire(import.meta.url);

/** The file that starts a server from npm. */
function serverFile(name: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), 'dist', 'index.js');
}

test('five clients use two accounts of everything, a folder and a database at once', async (t) => {
  verifies('FIX-012', 'NEW-010', 'NUC-049');
  const home = createHome(t, '[surface]\nmode = "expose-all"\n');
  const native = shimOf(t, home, 'native');
  if (!native) return;
  const everything = serverFile('@modelcontextprotocol/server-everything');
  const filesystem = serverFile('@modelcontextprotocol/server-filesystem');
  const folder = home.path('shared-folder');
  mkdirSync(folder);
  writeFileSync(join(folder, 'hello.txt'), 'hello from the folder');
  const file = home.path('prod.db');
  const database = new Database(file);
  database.exec(`CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('Ada'), ('Grace')`);
  database.close();

  await nucleusOk(home, ['start']);
  const gateway = await controlGateway(t, home);
  const node = process.execPath;
  await Promise.all([
    ...['work', 'home'].map((name) =>
      gateway.ask('profiles.add', {
        connector: 'everything',
        name,
        launch: { command: node, args: [everything, 'stdio'], env: { ACCOUNT: `account ${name}` } },
      }),
    ),
    gateway.ask('profiles.add', {
      connector: 'files',
      name: 'shared',
      launch: { command: node, args: [filesystem, folder] },
    }),
    nucleusOk(home, ['add', 'sqlite', 'prod', '--metadata', `file=${file}`, '--no-input']),
  ]);

  // By both of the programs a client may start.
  const clients = await Promise.all(
    Array.from({ length: 5 }, (_, n) => connectClient(t, home, n % 2 === 0 ? native : {})),
  );
  const listed = await Promise.all(
    clients.map(async (client) => (await client.listTools()).tools.map(({ name }) => name)),
  );
  for (const names of listed) {
    for (const wanted of [
      'everything_work_echo',
      'everything_home_echo',
      'files_shared_read_text_file',
      'sqlite_prod_query',
    ])
      assert.ok(names.includes(wanted), `${wanted} is not in ${names.join(' ')}`);
    assert.deepEqual(names, listed[0]);
  }
  await Promise.all(
    clients.flatMap((client, n) => [
      ...['work', 'home'].flatMap((account) => [
        client
          .callTool({ name: `everything_${account}_echo`, arguments: { message: `client ${n}` } })
          .then((result) => assert.equal(textOf(result), `Echo: client ${n}`)),
        client
          .callTool({ name: `everything_${account}_get-env`, arguments: {} })
          .then((result) => assert.equal(jsonOf(result)['ACCOUNT'], `account ${account}`)),
      ]),
      client
        .callTool({ name: 'files_shared_read_text_file', arguments: { path: join(folder, 'hello.txt') } })
        .then((result) => assert.equal(textOf(result), 'hello from the folder')),
      client
        .callTool({ name: 'sqlite_prod_query', arguments: { sql: 'SELECT name FROM people ORDER BY name' } })
        .then((result) => assert.match(JSON.stringify(result), /Ada.*Grace/)),
    ]),
  );

  const { upstreams, clients: attached } = await gateway.status();
  assert.equal(attached.filter(({ name }) => name === 'test-client').length, 5);
  const pids = upstreams.map(({ profile, state, pid }) => ({ profile, state, hasPid: pid !== null }));
  assert.deepEqual(
    pids.toSorted((a, b) => a.profile.localeCompare(b.profile)),
    ['everything:home', 'everything:work', 'files:shared', 'sqlite:prod'].map((profile) => ({
      profile,
      state: 'ready',
      hasPid: true,
    })),
  );
  const ofHome = new Set(upstreams.map(({ pid }) => pid));
  assert.equal(ofHome.size, 4);
  assert.equal(commandsWith(everything).filter(({ pid }) => ofHome.has(pid)).length, 2);
  assert.equal(commandsWith(everything).filter(({ parent }) => parent === gateway.pid).length, 2);
  assert.equal(commandsWith(filesystem).filter(({ parent }) => parent === gateway.pid).length, 1);
});
