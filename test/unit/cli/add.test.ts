// The questions of `nucleus add`, answered by pipes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test, { after, before } from 'node:test';
import type { Profile } from '../../../src-shared/model.ts';
import { createHome } from '../../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk, passphrase } from '../../helpers/nucleus.ts';
import { verifies } from '../../helpers/requirements.ts';
import { writeVendor } from './vendor.ts';

const home = createHome({ after });
const env = passphrase(home);

writeVendor(home);

// Every command below goes through a running gateway, which is how they are fast.
before(() => nucleusOk(home, ['start'], { env }));

const profiles = async (): Promise<Profile[]> => (await nucleusJson(home, ['list'])) as Profile[];
const add = (args: readonly string[], stdin: string) =>
  nucleus(home, ['add', 'vendor', ...args, '--no-connect'], { stdin, env });

test('the name is default, then chosen from a menu, and a taken one is asked about', async () => {
  verifies('NUC-025', 'NUC-026');
  writeFileSync(`${home.user}/data`, '');
  const first = await add([], 'data\nsesame\n');
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, '');
  assert.match(first.stderr, /File: .*Paste access_token: .*added vendor:default/s);
  assert.deepEqual((await profiles())[0]?.metadata, { file: `${home.user}/data` });

  const only = await add([], 'r\n\n');
  assert.match(only.stderr, /already: default.*replaced vendor:default/s);

  const cancelled = await add([], 'c\n');
  assert.equal(cancelled.code, 0);
  assert.match(cancelled.stderr, /already: default\n {2}n .*\n {2}r .*\n {2}c .*\nChoice \[n\]:/);
  const fresh = await add([], 'x\nn\nwork\n/data\nsesame\n');
  assert.match(fresh.stderr, /added vendor:work/);
  const empty = await add([], '\nhome\n/data\nsesame\n');
  assert.match(empty.stderr, /added vendor:home/, 'an empty choice is a new profile');
  assert.deepEqual(
    (await profiles()).map(({ name }) => name),
    ['default', 'home', 'work'],
  );

  const met = await add([], 'n\nwork\nc\n');
  assert.deepEqual([met.code, /vendor:work exists already.*Cancelled/s.test(met.stderr)], [0, true]);

  const again = await add([], 'r\nwork\nother\n');
  assert.match(again.stderr, /Which one .*replaced vendor:work/s);
  const taken = await add(['work'], '\n');
  assert.deepEqual([taken.code, /Cancelled/.test(taken.stderr)], [0, true], 'cancel is what Enter means');
  assert.match((await add(['work'], 'r\nthird\n')).stderr, /replaced vendor:work/);
  assert.equal((await profiles()).find(({ name }) => name === 'work')?.metadata['file'], '/data');
});

test('what a script did not foresee is an error that names the flag', async () => {
  verifies('NUC-026', 'NUC-032');
  const cases: readonly (readonly [readonly string[], string, number, RegExp])[] = [
    [['default'], '', 1, /^vendor:default exists already.*--replace/ms],
    [['default', '--no-input'], '', 1, /^Error: vendor:default exists already; give --replace/],
    [['--no-input'], '', 2, /^Error: vendor has profiles already \(.*\); say which with --name/],
    [
      ['a', '--no-input'],
      '',
      2,
      /^Error: metadata field "file" is required; give it with --metadata file=VALUE/,
    ],
    [['a'], '\n', 2, /metadata field "file" is required/],
    [
      ['a', '--metadata', 'file=/x', '--no-input'],
      '',
      2,
      /^Error: access_token is required; .*--token-stdin/,
    ],
    [['a', '--metadata', 'file=/x'], '\n', 2, /access_token is required\n$/],
  ];
  await Promise.all(
    cases.map(async ([args, stdin, code, message]) => {
      const outcome = await add(args, stdin);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.equal(outcome.stdout, '');
      assert.match(outcome.stderr, message);
    }),
  );
});
