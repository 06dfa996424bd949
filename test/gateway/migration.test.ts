// A state folder of the original Nucleus, as it would be found: taken over in place, at the first start.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createPaths } from '../../src-main/gateway/storage/paths.ts';
import { startGateway } from '../helpers/client.ts';
import { createHome, type Home, type Scope } from '../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { versionOf, writeOriginal } from '../unit/storage/registry-support.ts';

const tokens = 'oauth/atlas_work/mcp-remote-0.1.18/3f2a_tokens.json';
const record =
  '{"ts":"2026-01-02T03:04:05.678901234Z","connector":"atlas","alias":"work","profile_id":"atlas:work","tool":"list_projects","via":"direct","decision":"allowed","outcome":"ok","duration_ms":12}';

/** Everything the original kept, with the modes it gave. */
function originalHome(scope: Scope, version: 1 | 2): Home {
  const home = createHome(scope);
  mkdirSync(home.state, { mode: 0o700 });
  writeOriginal(createPaths(home.env), version);
  home.write(
    'connectors/atlas.toml',
    'description = "Atlas"\ntransport = "http"\nurl = "http://127.0.0.1:9/mcp"\nauth = "oauth"\n',
  );
  home.write('policy.toml', '[[rule]]\nmatch = "atlas:work"\ndeny = ["drop_*"]\nreason = "no"\n');
  home.write('audit.log', `${record}\n`);
  home.write(tokens, '{"access_token":"SENTINEL","refresh_token":"SENTINEL"}');
  for (const folder of ['oauth', 'oauth/atlas_work']) chmodSync(join(home.state, folder), 0o700);
  return home;
}

const untouched = (home: Home) =>
  ['policy.toml', 'audit.log', tokens, 'oauth', 'oauth/atlas_work', 'connectors/atlas.toml'].map((name) => {
    const path = join(home.state, name);
    const stat = statSync(path);
    return [name, stat.mode, stat.mtimeMs, stat.ino, stat.isFile() ? readFileSync(path, 'utf8') : null];
  });

for (const version of [1, 2] as const) {
  test(`a state folder of the original with schema ${version} is taken over with all its profiles`, async (t) => {
    verifies('NUC-008');
    const home = originalHome(t, version);
    const before = untouched(home);
    const gateway = await startGateway(t, home);
    const profiles = await gateway.ask('profiles.list', {});
    assert.deepEqual(
      profiles.map(({ id, metadata, createdAt, isDefault }) => ({ id, metadata, createdAt, isDefault })),
      [
        {
          id: 'atlas:default',
          metadata: { project_id: 'a=b,c' },
          createdAt: 1_690_000_000,
          isDefault: false,
        },
        { id: 'atlas:work', metadata: {}, createdAt: 1_690_000_001, isDefault: version === 2 },
      ],
    );
    const log = readFileSync(join(home.state, 'logs', 'gateway.log'), 'utf8');
    assert.match(
      log,
      /warn the original Nucleus left the tokens of its sign-ins here in clear text folder=\S+\/oauth profiles=atlas_work fix=/,
    );
    assert.doesNotMatch(log, /SENTINEL/);
    await nucleusOk(home, ['stop']);
    assert.deepEqual(untouched(home), before);

    const backup = join(home.state, `registry.db.v${version}.bak`);
    assert.equal(statSync(backup).mode & 0o777, 0o600);
    assert.equal(versionOf(backup), String(version));
  });
}

test('the original’s connectors and records are read, its clear tokens named by doctor', async (t) => {
  verifies('NUC-008', 'NUC-016');
  const home = originalHome(t, 2);
  const connectors = (await nucleusJson(home, ['connectors'])) as { connectors?: unknown };
  assert.match(JSON.stringify(connectors), /"name":"atlas"[^}]*"kind":"custom"/);
  const { stdout } = await nucleusOk(home, ['logs']);
  assert.match(stdout, /atlas:work\s+list_projects/);
  const { stderr } = await nucleus(home, ['doctor']);
  const folder = join(home.state, 'oauth');
  assert.ok(
    stderr.includes(
      `[warn] the original Nucleus left the tokens of its sign-ins in clear text in ${folder} (atlas_work)\n` +
        `       fix: sign in again with nucleus add, then remove the folder: rm -r ${folder}\n`,
    ),
    stderr,
  );
  assert.doesNotMatch(stderr, /SENTINEL/);
});

test('a config.toml the original ignored is refused with the way out, which works', async (t) => {
  verifies('NUC-008');
  const home = originalHome(t, 2);
  const config = home.write('config.toml', '# early format\n[[connector]]\nname = "github"\n');
  const { code, stderr } = await nucleus(home, ['list']);
  assert.equal(code, 2);
  assert.match(stderr, /config\.toml:2:3: unknown key connector; /);
  const [, from = '', to = ''] = /: mv (\S+) (\S+)$/m.exec(stderr) ?? [];
  assert.equal(from, config);
  assert.equal(versionOf(join(home.state, 'registry.db')), '2', 'nothing was migrated yet');
  assert.match((await nucleus(home, ['doctor'])).stderr, /^\[fail\] .*unknown key connector/m);

  renameSync(from, to);
  assert.match((await nucleusOk(home, ['list'])).stdout, /atlas:work/);
});
