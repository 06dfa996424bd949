// What a profile has stored goes where it was given for, whatever its connector's name leads to since.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import { openRegistry } from '../../src-main/gateway/storage/database.ts';
import { createPaths } from '../../src-main/gateway/storage/paths.ts';
import { createProfileStore } from '../../src-main/gateway/storage/profile-store.ts';
import { createVault } from '../../src-main/gateway/storage/vault.ts';
import { startFakeService, text, type FakeService } from '../fixtures/documented-services.ts';
import { startGateway } from '../helpers/client.ts';
import { createHome, type Home, type Scope } from '../helpers/home.ts';
import { nucleus, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { fakePlatform, profile } from '../unit/storage/support.ts';

/** A state folder of schema 7, before thirty connectors were built in: `linear` is a person's own, with a token. */
async function oldHome(scope: Scope, url: string): Promise<{ home: Home; env: Record<string, string> }> {
  const home = createHome(scope);
  const env = passphrase(home);
  mkdirSync(home.state, { mode: 0o700 });
  const paths = createPaths(home.env);
  const { db, close } = openRegistry({ paths });
  const platform = fakePlatform(null);
  Object.assign(platform.env, env);
  const vault = createVault({ db, platform, paths });
  const store = createProfileStore(db);
  for (const id of ['linear:work', 'linear:open', 'sqlite:file']) {
    const write = await vault.put(id, id === 'linear:work' ? { token: 'lin_canary' } : {});
    store.insert(profile(id, id === 'sqlite:file' ? { metadata: { file: '/tmp/none.db' } } : {}));
    write();
  }
  vault.close();
  db.exec(`
    DROP TABLE sign_ins;
    DROP TABLE vault_own;
    ALTER TABLE profiles DROP COLUMN variant;
    ALTER TABLE profiles DROP COLUMN auth;
    ALTER TABLE profiles DROP COLUMN place;
    ALTER TABLE profiles DROP COLUMN env;
    UPDATE meta SET val = '7' WHERE key = 'schema_version';
  `);
  close();
  writeOwn(home, 'linear', url);
  return { home, env };
}

function writeOwn(home: Home, name: string, url: string): void {
  home.write(
    `connectors/${name}.toml`,
    `schema = 1\nname = "${name}"\ntransport = "http"\nurl = "${url}"\nauth = "token"\n` +
      `[signin.token]\nlabel = "Token"\nheader = { name = "Authorization", value = "Bearer {{secret}}" }\n`,
  );
}

async function startService(t: TestContext): Promise<FakeService> {
  const service = await startFakeService({ always: ['echo'], account: [], isWhole: () => true });
  t.after(() => service.close());
  service.answer('echo', () => text('hello'));
  return service;
}

test('a connector that is built in since gets nothing of a profile that was added for one’s own', async (t) => {
  verifies('NUC-017');
  const service = await startService(t);
  const { home, env } = await oldHome(t, service.url);
  const gateway = await startGateway(t, home, env);
  const origin = new URL(service.url).origin;
  for (const id of ['linear:work', 'linear:open']) {
    const [info] = await gateway.ask('profiles.info', { id, probe: true });
    const { code, message } = info?.probe?.ok === false ? info.probe : assert.fail('it answered');
    assert.equal(code, 'CONNECTOR_MOVED');
    assert.ok(
      message.startsWith(
        `${id} was added for ${origin}, and connector linear is built in now and leads to https://mcp.linear.app; ` +
          `nothing was sent there; run nucleus add linear ${id.split(':')[1] ?? ''} --replace`,
      ),
      message,
    );
    assert.match(message, /or keep your own connector under another name/);
    await assert.rejects(gateway.ask('signIn.begin', { profile: id }), /nothing was sent there/);
  }
  assert.equal((await gateway.status()).vault.state, 'unopened', 'the token was not even looked at');
  const { stderr } = await nucleus(home, ['doctor'], { env });
  assert.match(stderr, /\[warn\] linear:work: linear:work was added for http.*--replace/);
  assert.match(stderr, /"linear" is a built-in connector; this file is ignored/);
  assert.doesNotMatch(stderr, /sqlite:file was added/, 'one that was built in all along goes on');
});

test('what was added for one’s own stays guarded when its file is moved, at every start', async (t) => {
  const service = await startService(t);
  const { home, env } = await oldHome(t, service.url);
  renameSync(home.write('connectors/linear.toml', ''), home.path('elsewhere.toml'));
  const { stderr } = await nucleus(home, ['doctor'], { env });
  assert.match(stderr, /linear:work was added for another server, and connector linear is built in now/);
  // One that stored nothing has nothing to lose, and nothing says that it was not this one.
  assert.doesNotMatch(stderr, /linear:open was added/);
});

test('--replace takes the built-in one, with its own secrets, and leaves a person’s file alone', async (t) => {
  const service = await startService(t);
  const { home, env } = await oldHome(t, service.url);
  const flags = ['--auth', 'token', '--replace', '--no-connect', '--no-input'];
  await nucleusOk(home, ['add', 'linear', 'work', ...flags, '--token-stdin'], { env, stdin: 'lin_new\n' });
  const { stderr } = await nucleus(home, ['doctor'], { env });
  assert.doesNotMatch(stderr, /linear:work was added/);
  for (const name of ['work', 'open'])
    await nucleusOk(home, ['remove', `linear:${name}`, '--force'], { env });
  assert.ok(existsSync(home.path('state', 'connectors', 'linear.toml')));
});

test('a file that is edited takes no stored secret to another origin', async (t) => {
  const [first, second] = [await startService(t), await startService(t)];
  const home = createHome(t);
  const env = passphrase(home);
  const gateway = await startGateway(t, home, env);
  writeOwn(home, 'mine', first.url);
  await nucleusOk(home, ['add', 'mine', 'first', '--token-stdin', '--no-input'], { env, stdin: 'canary\n' });
  writeOwn(home, 'mine', second.url);
  await gateway.ask('profiles.rename', { id: 'mine:first', name: 'work' });
  await nucleusOk(home, ['stop'], { env });
  const call = await nucleus(home, ['call', 'mine_work_echo'], { env });
  assert.equal(call.code, 5);
  assert.match(
    call.stderr,
    /connector mine leads to http:\S+; nothing was sent there; run nucleus add mine work --replace if that is right/,
  );
  const kept = await nucleus(home, ['add', 'mine', 'work', '--replace', '--no-input'], { env });
  assert.equal(kept.code, 2);
  assert.match(kept.stderr, /token is required for mine:work, which goes elsewhere now/);
  assert.deepEqual(second.seen, []);
  await nucleusOk(home, ['add', 'mine', 'work', '--replace', '--token-stdin', '--no-input'], {
    env,
    stdin: 'fresh\n',
  });
  assert.deepEqual([...new Set(second.seen.map(({ authorization }) => authorization))], ['Bearer fresh']);
});
