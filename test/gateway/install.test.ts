// Nucleus is registered with clients by the command line: their files, their own commands, and what is printed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { unzipSync } from 'fflate';
import { parse as parseYaml } from 'yaml';
import { hostNames } from '../../src-shared/host-names.ts';
import type { HostStatus } from '../../src-shared/hosts.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { serveHttp } from '../helpers/http.ts';
import { nucleus, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { needs } from '../helpers/require.ts';
import { verifies } from '../helpers/requirements.ts';
import { nucleusOnTerminal } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

const cursor = '// mine\n{"mcpServers":{"gh":{"command":"gh-mcp","env":{"TOKEN":"hunter2"}}}}\n';
const shimOf = (home: Home): string => join(home.state, 'bin', 'nucleus');

/** Puts a file into the home folder of the person. */
function put(home: Home, name: string, content: string | null): string {
  const file = join(home.user, name);
  mkdirSync(dirname(file), { recursive: true });
  if (content !== null) writeFileSync(file, content);
  return file;
}

test('install shows what would change and wants a yes; with it one entry is added, and uninstall restores', async (t) => {
  verifies('NUC-110', 'NEX-060');
  const home = createHome(t);
  const file = put(home, '.cursor/mcp.json', cursor);
  const asked = await nucleus(home, ['install', 'cursor']);
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /nothing was changed: there is no terminal to ask on; .* say --yes/);
  assert.ok(asked.stderr.includes(`Cursor: ${file}`) && asked.stderr.includes(shimOf(home)));
  assert.ok(asked.stderr.includes(join(home.state, 'hosts')), 'where the copy will be');
  assert.ok(!asked.stderr.includes('hunter2'));
  assert.equal(readFileSync(file, 'utf8'), cursor);
  assert.equal(existsSync(home.state), false);

  const done = await nucleusOk(home, ['install', 'cursor', '--yes']);
  assert.match(done.stderr, /^Cursor is connected \(copy: .*\); restart it$/m);
  const entry = JSON.stringify({ command: shimOf(home), args: ['serve', '--client', 'cursor'] });
  assert.equal(readFileSync(file, 'utf8'), cursor.replace('"gh"', `"nucleus":${entry},"gh"`));
  const [copy = ''] = readdirSync(join(home.state, 'hosts/cursor')).filter((name) => name !== 'state.json');
  assert.equal(readFileSync(join(home.state, 'hosts/cursor', copy), 'utf8'), cursor);

  const again = await nucleusOk(home, ['install', 'cursor']);
  assert.match(again.stderr, /^Cursor is connected already/);
  assert.deepEqual(await nucleusJson(home, ['uninstall', 'cursor', '--yes']), [{ file, how: 'restored' }]);
  assert.equal(readFileSync(file, 'utf8'), cursor);
  assert.match((await nucleusOk(home, ['uninstall', 'cursor', '--yes'])).stderr, /Cursor is not connected/);
});

test('without a name every installed client is connected, a broken one left out, and all are taken out', async (t) => {
  verifies('NUC-110');
  const home = createHome(t);
  const desktop = put(home, '.config/Claude/claude_desktop_config.json', null);
  const codex = put(home, '.codex/config.toml', '# mine\nmodel = "m"\n');
  const broken = put(home, '.gemini/settings.json', '{');
  const first = await nucleus(home, ['install', '--yes', '--json']);
  assert.equal(first.code, 1, 'one of them could not be');
  const known = JSON.parse(first.stdout) as HostStatus[];
  assert.deepEqual(
    known.map(({ host, state }) => [host, state]),
    [
      ['claude-desktop', 'connected'],
      ['codex', 'connected'],
      ['gemini', 'unreadable'],
    ],
  );
  assert.match(first.stderr, /Gemini CLI is left out: .*settings\.json is not valid JSON/);
  assert.match(readFileSync(codex, 'utf8'), /^# mine\nmodel = "m"\n\n\[mcp_servers\.nucleus\]\n/);
  assert.equal(statSync(desktop).mode & 0o777, 0o600);
  rmSync(broken);

  const { stdout } = await nucleusOk(home, ['clients']);
  assert.match(stdout, /^CLIENT +STATE +FILE\nclaude-desktop +connected +\S+\ncodex +connected /);
  assert.match(stdout, /^gemini +not connected /m);
  await nucleusOk(home, ['uninstall', '--yes']);
  assert.equal(existsSync(desktop), false);
  assert.equal(readFileSync(codex, 'utf8'), '# mine\nmodel = "m"\n');
});

test('on a terminal it is asked once, and anything but a yes changes nothing', async (t) => {
  if (!needs(t, 'script')) return;
  const home = createHome(t);
  const file = put(home, '.cursor/mcp.json', cursor);
  put(home, '.codeium/windsurf/mcp_config.json', null);
  const no = await nucleusOnTerminal(home, ['install'], [{ shown: 'Write this? [y/N]', typed: '\r' }]);
  assert.equal(no.code, 1);
  assert.match(no.screen, /Nothing was changed\./);
  assert.equal(readFileSync(file, 'utf8'), cursor);
  const yes = await nucleusOnTerminal(home, ['install'], [{ shown: 'Write this? [y/N]', typed: 'y\r' }]);
  assert.equal(yes.code, 0);
  assert.match(yes.screen, /Cursor is connected .*[\s\S]*Windsurf is connected/);
  const out = await nucleusOnTerminal(home, ['uninstall'], [{ shown: '[y/N]', typed: 'y\r' }]);
  assert.equal(out.code, 0);
  assert.equal(readFileSync(file, 'utf8'), cursor);
});

/** A `claude` that notes its arguments and writes what the real one writes. */
function stubClaude(home: Home): { readonly calls: () => string[][]; readonly env: Record<string, string> } {
  const log = home.path('claude.log');
  const script = `#!${process.execPath}
const fs = require('node:fs');
const path = require('node:path');
const args = process.argv.slice(2);
fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify(args) + '\\n');
console.log('stub says hello');
const scope = args[3];
const file = scope === 'project' ? '.mcp.json' : path.join(process.env.HOME, '.claude.json');
const root = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
const own = scope === 'local' ? ((root.projects ??= {})[process.cwd()] ??= {}) : root;
const [command, ...rest] = args.slice(args.indexOf('--') + 1);
(own.mcpServers ??= {}).nucleus = { type: 'stdio', command, args: rest, env: {} };
fs.writeFileSync(file, JSON.stringify(root, null, 2));
`;
  const folder = home.path('stub');
  mkdirSync(folder);
  writeFileSync(join(folder, 'claude'), script);
  chmodSync(join(folder, 'claude'), 0o755);
  return {
    calls: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as string[])
        : [],
    env: { PATH: `${folder}:${home.env['PATH']}` },
  };
}

test('Claude Code is asked by its own command, with exact arguments, once', async (t) => {
  verifies('NUC-108', 'NEX-060');
  const home = createHome(t);
  const { calls, env } = stubClaude(home);
  const add = (scope: string): string[] => [
    'mcp',
    'add',
    '--scope',
    scope,
    'nucleus',
    '--',
    shimOf(home),
    'serve',
    '--client',
    'claude-code',
  ];
  const first = await nucleusOk(home, ['install', 'claude'], { env });
  assert.equal(first.stdout, '', 'what claude says is for the person');
  assert.match(first.stderr, /stub says hello\nClaude Code is connected/);
  assert.deepEqual(calls(), [add('user')]);
  const again = await nucleusOk(home, ['install', 'claude-code'], { env });
  assert.match(again.stderr, /Claude Code is connected already/);
  assert.deepEqual(calls(), [add('user')]);

  for (const scope of ['project', 'local']) {
    await nucleusOk(home, ['install', 'claude', '--scope', scope], { env });
    assert.deepEqual(calls().at(-1), add(scope));
    const count = calls().length;
    await nucleusOk(home, ['install', 'claude', '--scope', scope], { env });
    assert.equal(calls().length, count, `${scope} twice`);
  }
  await nucleusOk(home, ['uninstall', 'claude', '--scope', 'project'], { env });
  assert.deepEqual(calls().at(-1), ['mcp', 'remove', '--scope', 'project', 'nucleus']);
  await nucleusOk(home, ['uninstall', 'claude', '--yes'], { env });
  const left = JSON.parse(readFileSync(join(home.user, '.claude.json'), 'utf8')) as { mcpServers: object };
  assert.deepEqual(left.mcpServers, {});

  const wrong = await nucleus(home, ['install', 'cursor', '--scope', 'user'], { env });
  assert.deepEqual([wrong.code, wrong.stderr], [2, 'Error: --scope goes with claude-code only\n']);
  assert.equal((await nucleus(home, ['install', 'claude', '--scope', 'local'])).code, 2);
});

test('Claude Code without its command on PATH gets the entry in its file; a failure of it is passed on', async (t) => {
  verifies('NUC-108');
  const home = createHome(t);
  const file = put(home, '.claude.json', '{\n  "numStartups": 3\n}\n');
  await nucleusOk(home, ['install', 'claude', '--yes']);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
    mcpServers: {
      nucleus: { type: 'stdio', command: shimOf(home), args: ['serve', '--client', 'claude-code'], env: {} },
    },
    numStartups: 3,
  });
  await nucleusOk(home, ['uninstall', 'claude', '--yes']);
  const { env } = stubClaude(home);
  writeFileSync(home.path('stub/claude'), '#!/bin/sh\nexit 7\n');
  assert.equal((await nucleus(home, ['install', 'claude'], { env })).code, 7);
  assert.equal(readFileSync(file, 'utf8'), '{\n  "numStartups": 3\n}\n');
});

test('--print gives every client its own shape and says where it goes', async (t) => {
  verifies('NUC-109', 'NEW-023');
  const home = createHome(t);
  const printed = async (client: string): Promise<string> => {
    const { stdout, stderr } = await nucleusOk(home, ['install', client, '--print']);
    assert.match(stderr, /^For .+, into \/.+\n$/);
    return stdout;
  };
  const ours = (key: string) => ({ command: shimOf(home), args: ['serve', '--client', key] });
  assert.deepEqual(JSON.parse(await printed('claude-desktop')), {
    mcpServers: { nucleus: ours('claude-desktop') },
  });
  assert.deepEqual(JSON.parse(await printed('vscode')), {
    servers: { nucleus: { type: 'stdio', ...ours('vscode') } },
  });
  assert.match(await printed('codex'), /^\[mcp_servers\.nucleus\]\ncommand = "/);
  const { command, args } = ours('opencode');
  assert.deepEqual(JSON.parse(await printed('opencode')), {
    mcp: { nucleus: { type: 'local', command: [command, ...args], enabled: true } },
  });
  assert.deepEqual(parseYaml(await printed('continue')), {
    mcpServers: [{ name: 'nucleus', type: 'stdio', ...ours('continue') }],
  });
  const goose = parseYaml(await printed('goose')) as { extensions: { nucleus: object } };
  assert.deepEqual(goose.extensions.nucleus, {
    type: 'stdio',
    name: 'nucleus',
    enabled: true,
    cmd: command,
    args: ['serve', '--client', 'goose'],
    timeout: 300,
  });
  const refused = await nucleus(home, ['install', 'kiro']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /does not write the file of Kiro itself; nucleus install kiro --print shows/);
  assert.deepEqual(readdirSync(home.user), []);
});

test('the entry outlives an update: it names a command of the state folder that follows the installation', async (t) => {
  verifies('NUC-111');
  const home = createHome(t);
  const file = put(home, '.cursor/mcp.json', null);
  await nucleusOk(home, ['install', 'cursor', '--yes']);
  const before = readFileSync(file, 'utf8');
  const { mcpServers } = JSON.parse(before) as { mcpServers: { nucleus: { command: string } } };
  assert.equal(mcpServers.nucleus.command, shimOf(home));
  // The version that wrote it is gone, as a package manager removes one.
  writeFileSync(shimOf(home), '#!/bin/sh\nexec /opt/nucleus-0.0.9/bin/nucleus "$@"\n');
  const run = (): string => spawnSync(shimOf(home), ['status'], { env: home.env, encoding: 'utf8' }).stdout;
  assert.equal(run(), '');
  const again = await nucleusOk(home, ['install', 'cursor']);
  assert.match(again.stderr, /connected already/);
  assert.match(run(), /^gateway: not running/);
  assert.equal(readFileSync(file, 'utf8'), before);
});

test('the hints for a model are printed, written once, and taken out with every other byte kept', async (t) => {
  verifies('NUC-116');
  const home = createHome(t);
  const { stdout } = await nucleusOk(home, ['install', '--claude-md', '--print']);
  assert.match(stdout, /^<!-- nucleus:begin -->\n[\s\S]*nucleus_find_tool[\s\S]*\n<!-- nucleus:end -->\n$/);
  const file = put(home, 'CLAUDE.md', '# Mine\r\n\r\nUse tabs.');
  await nucleusOk(home, ['install', '--claude-md']);
  const after = readFileSync(file, 'utf8');
  assert.ok(after.startsWith('# Mine\r\n\r\nUse tabs.\r\n\r\n<!-- nucleus:begin -->\r\n'));
  const again = await nucleusOk(home, ['install', '--claude-md']);
  assert.match(again.stderr, /has the hints already/);
  assert.equal(readFileSync(file, 'utf8'), after);
  await nucleusOk(home, ['uninstall', '--claude-md']);
  assert.equal(readFileSync(file, 'utf8'), '# Mine\r\n\r\nUse tabs.');
  await nucleusOk(home, ['install', '--claude-md', 'AGENTS.md']);
  assert.equal(readFileSync(join(home.user, 'AGENTS.md'), 'utf8'), stdout);
  await nucleusOk(home, ['uninstall', '--claude-md', 'AGENTS.md']);
  assert.equal(existsSync(join(home.user, 'AGENTS.md')), false);
});

test('the bundle holds a manifest whose server is our command', async (t) => {
  verifies('NEW-023');
  const home = createHome(t);
  await nucleusOk(home, ['install', '--bundle', 'nucleus.mcpb']);
  const files = unzipSync(readFileSync(join(home.user, 'nucleus.mcpb')));
  const manifest = JSON.parse(Buffer.from(files['manifest.json'] ?? []).toString()) as Record<
    string,
    unknown
  >;
  // Every member is one the schema of this version knows; others are refused by it.
  assert.deepEqual(
    [manifest['manifest_version'], manifest['name'], manifest['compatibility']],
    ['0.3', 'nucleus', { platforms: [process.platform] }],
  );
  const { entry_point: entryPoint, mcp_config: start } = manifest['server'] as {
    entry_point: string;
    mcp_config: object;
  };
  assert.deepEqual(start, {
    command: shimOf(home),
    args: ['serve', '--client', 'claude-desktop'],
    env: {},
  });
  assert.ok(files[entryPoint]);
  assert.equal((await nucleus(home, ['install', '--bundle', 'CLAUDE.md'])).code, 2);
});

test('clients of this computer are told apart from those over HTTP, in JSON too', async (t) => {
  const home = createHome(t);
  put(home, '.config/zed/settings.json', '{ // c\n}\n');
  const hosts = (await nucleusJson(home, ['clients', 'hosts'])) as HostStatus[];
  assert.deepEqual(
    hosts.map(({ host }) => host),
    [...hostNames],
  );
  assert.equal(existsSync(home.state), false, 'looking makes nothing');
  assert.deepEqual(await nucleusJson(home, ['clients']), []);
  const both = await nucleusOk(home, ['clients']);
  assert.match(both.stdout, /^CLIENT +STATE +FILE\nzed +not connected +\S+settings\.json\n$/);
  assert.match(both.stderr, /No clients over HTTP yet/);
});

test('a headless gateway puts our entry back when Claude Desktop wipes its file', async (t) => {
  verifies('NEW-023');
  const home = createHome(t);
  const file = put(
    home,
    '.config/Claude/claude_desktop_config.json',
    '{"mcpServers":{"fs":{"command":"x"}}}',
  );
  await nucleusOk(home, ['install', 'claude-desktop', '--yes']);
  const serving = await serveHttp(t, home, '127.0.0.1:0');
  const wiped = '{"preferences":{"menuBarEnabled":true}}';
  writeFileSync(file, wiped);
  // Said when all that belongs to it is done.
  const said = 'a host dropped its servers; our entry is back';
  await until('the entry is back', () => serving.stderr().includes(said), 30_000);
  assert.ok(readFileSync(file, 'utf8').includes(shimOf(home)));
  const [desktop] = (await nucleusJson(home, ['clients', 'hosts'])) as HostStatus[];
  assert.equal(desktop?.state, 'connected');
  assert.ok(desktop.repairedAt !== null);
  assert.equal(readFileSync(desktop.backup ?? '', 'utf8'), wiped);
  assert.match((await nucleusOk(home, ['clients'])).stdout, /connected, repaired \d+\w ago/);

  await nucleusOk(home, ['uninstall', 'claude-desktop', '--yes']);
  assert.equal(readFileSync(file, 'utf8'), wiped);
});
