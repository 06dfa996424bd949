// nucleus logs verify, over a log that a real gateway wrote.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { AuditVerification } from '../../src-shared/audit.ts';
import { attach, startGateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const opened = (async () => {
  const home = createHome(scope);
  const env = passphrase(home);
  const gateway = await startGateway(scope, home, env);
  const fake = createFake(home, 'alpha');
  // With a secret there is a vault, which seals.
  const launch = { ...fake.launch, secretEnv: ['TOKEN'] };
  await gateway.add(fake, 'fake:alpha', { launch, secrets: { TOKEN: 'x' } });
  const client = await attach(scope, home);
  await client.initialize();
  for (let index = 0; index < 5; index++) await client.call('fake_alpha_echo', { text: String(index) });
  const path = join(home.state, 'audit.log');
  await until('five records', () => readFileSync(path, 'utf8').split('\n').length > 6);
  return { home, env, path };
})();

test('an untouched log is intact, with a gateway that runs and without', async () => {
  verifies('NEW-027', 'FIX-017');
  const { home, env } = await opened;
  const running = await nucleusOk(home, ['logs', 'verify'], { env });
  assert.match(running.stdout, /^Intact: 6 lines, numbers 1 to 6, each as it was written\.\n/);
  await nucleusOk(home, ['stop'], { env });
  const found = (await nucleusJson(home, ['logs', 'verify'], { env })) as AuditVerification;
  assert.partialDeepStrictEqual(found, { state: 'intact', from: 1, unchained: 0, problem: null });
  assert.ok((found.sealedTo ?? 0) >= 6, 'sealed when it was closed');
});

test('an edited line is named, with its file, line and number, and the exit code is 1', async () => {
  verifies('NEW-027', 'FIX-017');
  const { home, env, path } = await opened;
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n');
  lines[3] = lines[3]?.replace('"outcome":"ok"', '"outcome":"no"') ?? '';
  const copy = home.path('user', 'copy.log');
  writeFileSync(copy, lines.join('\n'));
  const other = await nucleus(home, ['logs', 'verify', '--path', 'copy.log'], { env });
  assert.equal(other.code, 1);
  assert.match(other.stdout, /^Broken: copy\.log, line 4, number 4: its content was changed/);
  copyFileSync(path, copy);
  const whole = await nucleus(home, ['logs', 'verify', '--path', copy], { env });
  assert.equal(whole.code, 0);
  assert.match(whole.stdout, /^Intact: /);
  assert.match(whole.stdout, /Not sealed: /, 'the vault vouches for our own log only');

  writeFileSync(path, lines.join('\n'));
  try {
    const broken = await nucleus(home, ['logs', 'verify'], { env });
    assert.equal(broken.code, 1);
    assert.match(broken.stdout, /^Broken: audit\.log, line 4, number 4: its content was changed/);
    const json = await nucleus(home, ['logs', 'verify', '--json'], { env });
    assert.equal(json.code, 1);
    assert.partialDeepStrictEqual(JSON.parse(json.stdout), {
      state: 'broken',
      problem: { file: 'audit.log', line: 4, seq: 4 },
    });
  } finally {
    writeFileSync(path, text);
  }
});

test('where nothing was recorded there is nothing to find', async (context) => {
  const home = createHome(context);
  const { code, stdout } = await nucleus(home, ['logs', 'verify', '--path', 'none.log']);
  assert.deepEqual([code, stdout], [0, 'Nothing is recorded yet.\n']);
});
