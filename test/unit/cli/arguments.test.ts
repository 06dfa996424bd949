// What the words and flags of a command line mean, read by the real command in a home without any state.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test, { after } from 'node:test';
import type { AddOptions } from '../../../src-main/cli/add-request.ts';
import { readRequest } from '../../../src-main/cli/add-request.ts';
import { createHome } from '../../helpers/home.ts';
import { nucleus, nucleusJson } from '../../helpers/nucleus.ts';
import { verifies } from '../../helpers/requirements.ts';

const home = createHome({ after });
const url = 'https://acme.example/mcp';

test('add reads name and URL from words in any order, and flags win', async () => {
  verifies('NUC-020');
  const forms: readonly (readonly [readonly string[], string, string, string | null])[] = [
    [['acme'], 'acme', 'default', null],
    [['acme', 'work'], 'acme', 'work', null],
    [['acme', url], 'acme', 'default', url],
    [['acme', 'work', url], 'acme', 'work', url],
    [['acme', url, 'work'], 'acme', 'work', url],
    [['acme', '--name', 'home', 'work', url], 'acme', 'home', url],
    [['--transport=http', 'acme', 'work', '--url', url, 'https://other.example'], 'acme', 'work', url],
    [['acme', '--scope', 'user', '--name=work'], 'acme', 'work', null],
  ];
  await Promise.all(
    forms.map(async ([args, connector, name, address]) => {
      const plan = (await nucleusJson(home, ['add', ...args, '--dry-run'])) as Record<string, unknown>;
      assert.deepEqual(Object.entries(plan).slice(0, 3), [
        ['connector', connector],
        ['name', name],
        ['url', address],
      ]);
    }),
  );
  assert.equal(existsSync(home.state), false, 'a dry run makes no state folder');
});

test('what cannot be meant is refused before anything is touched', async () => {
  verifies('NUC-009', 'NUC-020');
  const forms: readonly (readonly [readonly string[], AddOptions, string])[] = [
    [['acme', 'one', 'two'], {}, 'profile name given more than once'],
    [['acme', url, url], {}, 'URL given more than once'],
    [['acme', 'ftp://x/y'], {}, 'the URL is not a whole http(s) address, such as https://example.com/mcp'],
    [['acme', 'A b'], {}, `invalid profile: name "A b" has invalid char 'A' (allowed: a-z 0-9 - _)`],
    [['Acme', url], {}, `invalid connector: name "Acme" has invalid char 'A' (allowed: a-z 0-9 - _)`],
    [['acme'], { transport: 'x' }, 'unknown --transport "x" (want stdio, http, streamable-http, sse)'],
    [['acme', url], { transport: 'stdio' }, 'a URL is not reached over stdio; give --transport http or sse'],
    [['acme'], { forceUrl: true }, '--force-url needs a URL'],
    [['acme'], { arg: ['x'] }, '--arg needs --command'],
    [['acme'], { cwd: '/' }, '--cwd needs --command'],
    [['acme', url], { command: 'x' }, 'give a URL or --command, not both'],
    [['acme'], { header: ['A: b'] }, '--header needs a URL'],
    [['acme'], { metadata: ['novalue'] }, '--metadata wants KEY=VALUE'],
    [
      ['acme'],
      { command: 'x', secretEnv: ['TOKEN=sesame'] },
      '--secret-env wants the name of a variable only; its value is asked for',
    ],
  ];
  for (const [words, options, message] of forms) {
    assert.throws(() => readRequest(words, options, '/'), { message });
  }
  const { code, stdout, stderr } = await nucleus(home, ['add', 'acme', 'A b']);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
  assert.equal(stderr, `Error: invalid profile: name "A b" has invalid char 'A' (allowed: a-z 0-9 - _)\n`);
  assert.equal((await nucleus(home, ['add', 'acme', '--read-only', '--read-write'])).code, 2);
  assert.equal((await nucleus(home, ['add'])).stderr, "Error: missing required argument 'connector'\n");
  assert.equal(existsSync(home.state), false);
});

test('an argument may look like a flag, even like one of ours', async () => {
  verifies('NUC-115');
  const args = ['--command', 'node', '--arg', '--json', '--arg=--no-input', '--arg', '-y', '--arg', 'a=b,c'];
  const plan = (await nucleusJson(home, ['add', 'mine', ...args, '--dry-run'])) as { launch: unknown };
  assert.deepEqual(plan.launch, {
    command: 'node',
    args: ['--json', '--no-input', '-y', 'a=b,c'],
    env: {},
    secretEnv: [],
    cwd: null,
  });
});

test('paths on the command line do not depend on where the gateway runs', () => {
  const read = (options: AddOptions) => readRequest(['mine'], options, '/where/i/am');
  assert.equal(read({ command: './server' }).launch?.command, '/where/i/am/server');
  assert.equal(read({ command: 'npx' }).launch?.command, 'npx');
  assert.equal(read({ command: 'npx', cwd: 'sub' }).launch?.cwd, '/where/i/am/sub');
  assert.deepEqual(read({ stderr: 'err.log' }).stderr, { file: '/where/i/am/err.log' });
  assert.equal(read({ stderr: 'inherit' }).stderr, 'inherit');
});

test('metadata is kept to the letter, commas and equal signs too', () => {
  verifies('NUC-021');
  const { metadata } = readRequest(['mine'], { metadata: ['k=a,b=c', 'empty=', ' x = y '] }, '/');
  assert.deepEqual(metadata, { k: 'a,b=c', empty: '', ' x ': ' y ' });
});

test('a header is a name and a template', () => {
  verifies('NUC-115');
  const { headers } = readRequest(['acme', url], { header: ['X-Key: {{secret}}', 'X-Time:12:30'] }, '/');
  assert.deepEqual(headers, { 'X-Key': '{{secret}}', 'X-Time': '12:30' });
  assert.throws(
    () => readRequest(['acme', url], { header: ['sesame'] }, '/'),
    (error: Error) => !error.message.includes('sesame'),
  );
});

test('global flags stand before or after the command', async () => {
  const before = await nucleus(home, ['--json', 'add', 'acme', '--dry-run']);
  const behind = await nucleus(home, ['add', 'acme', '--dry-run', '--json']);
  assert.equal(before.stdout, behind.stdout);
  assert.equal(JSON.parse(before.stdout).connector, 'acme');
});
