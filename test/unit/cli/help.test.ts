import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test, { after } from 'node:test';
import { createHome } from '../../helpers/home.ts';
import { nucleus } from '../../helpers/nucleus.ts';
import { verifies } from '../../helpers/requirements.ts';

const home = createHome({ after });

test('every command and alias prints its flags with --help', async () => {
  verifies('NUC-002');
  const flags: Readonly<Record<string, readonly string[]>> = {
    serve: ['--mode', '--profile', '--client', '--standalone', '--servers', '--call-timeout'],
    start: ['--foreground'],
    stop: [],
    status: ['--no-probe'],
    add: [
      '--name',
      '--url',
      '--metadata',
      '--command',
      '--arg',
      '--env',
      '--secret-env',
      '--cwd',
      '--stderr',
    ],
    list: [],
    ls: [],
    info: ['--no-probe'],
    inspect: ['--no-probe'],
    remove: ['--force'],
    rm: ['--force'],
    delete: ['--force'],
    use: ['--clear'],
    connectors: [],
    tools: [],
    call: ['--args'],
    compare: ['--profiles', '--args'],
    clients: ['--profile', '--expires'],
    vault: ['--force'],
    install: ['--print', '--scope', '--yes', '--claude-md', '--bundle'],
    uninstall: ['--scope', '--yes', '--claude-md'],
    logs: ['--path', '-n, --last', '--since', '--outcome', '--decision', '--show-hash', '--show-args'],
    doctor: ['--strict', '--probe', '--fix'],
  };
  await Promise.all(
    Object.entries(flags).map(async ([command, own]) => {
      const { code, stdout, stderr } = await nucleus(home, [command, '--help']);
      assert.equal(code, 0);
      assert.equal(stderr, '');
      for (const flag of [...own, '--config', '--json', '--no-input']) assert.ok(stdout.includes(flag), flag);
    }),
  );
  assert.equal(existsSync(home.state), false, 'help makes no state folder');
});

test('help is the same by word, by flag and without a command', async () => {
  const word = await nucleus(home, ['help', 'call']);
  assert.deepEqual(word, await nucleus(home, ['call', '--help']));
  const alone = await nucleus(home, []);
  assert.equal(alone.code, 0);
  assert.equal(alone.stdout, (await nucleus(home, ['help'])).stdout);
  assert.doesNotMatch(alone.stdout, /^ +gateway /m);
});
