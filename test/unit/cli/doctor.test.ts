import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';
import { createHome } from '../../helpers/home.ts';
import { nucleus, nucleusOk, passphrase } from '../../helpers/nucleus.ts';
import { verifies } from '../../helpers/requirements.ts';

test('a healthy installation passes, strictly too, and nothing goes to stdout', async (t) => {
  verifies('NUC-112');
  const home = createHome(t);
  const env = passphrase(home);
  const flags = ['--command', '/bin/true', '--secret-env', 'KEY', '--token-stdin', '--no-connect'];
  await nucleusOk(home, ['add', 'mine', ...flags], { env, stdin: 'sesame\n' });
  const { code, stdout, stderr } = await nucleus(home, ['doctor', '--strict'], { env });
  assert.equal(stdout, '');
  assert.deepEqual(
    stderr
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('[ ok ] ')),
    [],
  );
  assert.equal(code, 0);
});

test('warnings have a fix and count only when strict', async (t) => {
  verifies('NUC-112');
  const home = createHome(t);
  const { code, stderr } = await nucleus(home, ['doctor']);
  assert.equal(code, 0);
  assert.match(stderr, /^\[warn\] there are no profiles yet\n {7}fix: nucleus add <connector>$/m);
  assert.equal((await nucleus(home, ['doctor', '--strict'])).code, 1);
  assert.equal(existsSync(home.state), false, 'looking changes nothing');
});

test('every failure has a fix', async (t) => {
  verifies('NUC-018', 'NUC-112');
  const home = createHome(t);
  home.write('connectors/broken.toml', 'schema = 1\nname = [');
  await nucleusOk(home, ['add', 'mine', '--command', '/bin/true', '--no-connect']);
  const connector = await nucleus(home, ['doctor']);
  assert.equal(connector.code, 1);
  assert.match(connector.stderr, /^\[fail\] connector broken .*\n {7}fix: \S/m);

  home.write('config.toml', '[upstream]\ncall_timeout = "soon"\n');
  const config = await nucleus(home, ['doctor']);
  assert.equal(config.code, 1);
  assert.match(config.stderr, /^\[fail\] .*config\.toml.*call_timeout.*\n {7}fix: edit /m);
});
