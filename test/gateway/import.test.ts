// `nucleus import` and its undo: through the real command, the files of clients in a home of their own, and real servers.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { hostNames } from '../../src-shared/host-names.ts';
import type { HostName } from '../../src-shared/hosts.ts';
import type { ImportPlan, ImportResult } from '../../src-shared/import.ts';
import type { Profile } from '../../src-shared/model.ts';
import { startHttpUpstream } from '../fixtures/http-upstream.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, type Home, type Scope } from '../helpers/home.ts';
import { openDesk } from '../helpers/host.ts';
import { nucleus, nucleusJson, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { nucleusOnTerminal } from '../helpers/terminal.ts';

const places = {
  'claude-desktop': ['.config', 'Claude', 'claude_desktop_config.json'],
  'claude-code': ['.claude.json'],
  cursor: ['.cursor', 'mcp.json'],
  vscode: ['.config', 'Code', 'User', 'mcp.json'],
  windsurf: ['.codeium', 'windsurf', 'mcp_config.json'],
  codex: ['.codex', 'config.toml'],
  gemini: ['.gemini', 'settings.json'],
  zed: ['.config', 'zed', 'settings.json'],
} as const satisfies Record<HostName, readonly string[]>;
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'import');

const { signal } = new AbortController();
const within = 60_000;

/** A home with the files of clients that a test writes into it. */
function createDesk(scope: Scope): {
  readonly home: Home;
  readonly fake: Fake;
  readonly env: Record<string, string>;
  write(place: HostName, text: string): string;
  /** The fake as an entry of a client, with this token. */
  entry(token: string): object;
  import(...args: readonly string[]): ReturnType<typeof nucleus>;
} {
  const home = createHome(scope);
  const fake = createFake(home, 'acme');
  const env = passphrase(home);
  return {
    home,
    fake,
    env,
    write(place, text) {
      const file = join(home.user, ...places[place]);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    entry: (token) => ({ ...fake.launch, env: { ACME_TOKEN: token, ACME_MODE: 'fast' } }),
    import: (...args) => nucleus(home, ['import', ...args], { env, within }),
  };
}

/** The import as the app of a home offers it. */
async function openApp(scope: Scope, home: Home, env: Readonly<Record<string, string>> = {}) {
  const { host, log } = await openDesk(scope, home, { env });
  const { import: importing } = host.person;
  return {
    host,
    log,
    look: async () => importing.look({ files: [] }, { signal }),
    run: async (plan: ImportPlan, more: { clean?: boolean; servers?: string[] } = {}) =>
      importing.run(
        { version: plan.version, files: [], servers: plan.servers.map(({ id }) => id), clean: true, ...more },
        { signal },
      ),
    undo: async () => importing.undo({}, { signal }),
    ids: async () => (await host.handlers.profiles.list({}, { signal })).map(({ id }) => id).sort(),
  };
}

/** Files below a folder whose text holds the words. */
function holding(folder: string, words: RegExp): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => words.test(readFileSync(file, 'latin1')));
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function namesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

async function ids(home: Home, env: Record<string, string>): Promise<string[]> {
  const profiles = (await nucleusJson(home, ['list'], { env })) as Profile[];
  return profiles.map(({ id }) => id).sort();
}

const serversIn = (text: string): string[] =>
  Object.keys((JSON.parse(text) as { mcpServers: object }).mcpServers).sort();

test('one service under two names becomes one connector with two profiles, its tokens move to the vault, and undo restores every byte', async (t) => {
  verifies('NEW-022', 'NEW-041');
  const desk = createDesk(t);
  const { home, env } = desk;
  const cursor = desk.write(
    'cursor',
    `{\n  "theme": "x",\n\t"mcpServers": { "acme": ${JSON.stringify(desk.entry('CANARY-one'))}, "other": {"command": "other", "disabled": true} },\n  "z": [1,  2]\n}`,
  );
  const claude = desk.write(
    'claude-desktop',
    JSON.stringify({ mcpServers: { 'acme-work': desk.entry('CANARY-two') }, scale: 2 }),
  );
  const before = [hashOf(cursor), hashOf(claude)];

  const dry = await desk.import('--dry-run');
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /^Cursor +acme +acme:default +new +ACME_TOKEN \(variable ACME_TOKEN\)$/m);
  assert.match(dry.stdout, /^Claude Desktop +acme-work +acme:work +new/m);
  assert.match(dry.stdout, /^Cursor +other +stays +left +it is switched off there/m);
  assert.deepEqual([hashOf(cursor), hashOf(claude)], before);
  assert.deepEqual(namesOf(join(home.state, 'connectors')), []);

  const done = await desk.import('--yes', '--json');
  assert.equal(done.code, 0, done.stderr);
  const result = JSON.parse(done.stdout) as ImportResult;
  assert.deepEqual(
    result.added.map(({ profile, problem }) => [profile, problem]),
    [
      ['acme:default', null],
      ['acme:work', null],
    ],
  );
  assert.deepEqual(result.changed.map(({ file }) => file).sort(), [claude, cursor].sort());
  assert.deepEqual(namesOf(join(home.state, 'connectors')), ['acme.toml']);
  assert.deepEqual(serversIn(readFileSync(cursor, 'utf8')), ['nucleus', 'other']);
  assert.deepEqual(serversIn(readFileSync(claude, 'utf8')), ['nucleus']);

  for (const [name, token] of [
    ['default', 'CANARY-one'],
    ['work', 'CANARY-two'],
  ]) {
    const call = [
      'call',
      `acme_${name}_env`,
      '--args',
      JSON.stringify({ names: ['ACME_TOKEN', 'ACME_MODE'] }),
    ];
    const { stdout } = await nucleusOk(home, call, { env, within });
    assert.ok(stdout.includes(token ?? '-') && stdout.includes('fast'), stdout);
  }

  assert.deepEqual(holding(home.user, /CANARY/), []);
  const copies = result.changed.map(({ backup }) => backup).sort();
  assert.deepEqual(holding(home.state, /CANARY/).sort(), copies);
  for (const { stdout, stderr } of [dry, done]) assert.doesNotMatch(stdout + stderr, /CANARY/);

  const undone = await desk.import('--undo', '--yes');
  assert.equal(undone.code, 0, undone.stderr);
  assert.match(undone.stderr, /removed acme:default\n/);
  assert.deepEqual([hashOf(cursor), hashOf(claude)], before);
  assert.deepEqual(await ids(home, env), []);
  assert.deepEqual(namesOf(join(home.state, 'connectors')), []);
  assert.match((await desk.import('--undo', '--yes')).stderr, /there is no import to undo/);
});

test('a nexus.toml is brought in and stays as it is', async (t) => {
  verifies('NEX-005');
  const desk = createDesk(t);
  const file = desk.home.path('nexus.toml');
  const cmd = JSON.stringify([desk.fake.launch.command, ...desk.fake.launch.args]);
  writeFileSync(
    file,
    `[mcp.servers.tools]\ncmd = ${cmd}\nenv = { TOOLS_TOKEN = "{{ env.T }}" }\nrate_limits = { limit = 5, interval = "60s" }\n`,
  );
  const before = hashOf(file);
  const env = { ...desk.env, T: 'CANARY-t' };
  const run = await nucleus(desk.home, ['import', '--file', file, '--yes'], { env, within });
  assert.equal(run.code, 0, run.stderr);
  assert.match(
    run.stdout,
    /^nexus\.toml +tools +tools:default +new +TOOLS_TOKEN .*not brought along: rate_limits$/m,
  );
  assert.match(run.stderr, /nexus\.toml is not changed and goes on holding its secrets/);
  assert.equal(hashOf(file), before);
  const asked = ['call', 'tools_default_env', '--args', '{"names":["TOOLS_TOKEN"]}'];
  assert.match((await nucleusOk(desk.home, asked, { env: desk.env, within })).stdout, /CANARY-t/);
});

test('of a file that cannot be read it is told, and the others are imported', async (t) => {
  const desk = createDesk(t);
  const broken = desk.write('codex', '[mcp_servers.acme\ncommand = "CANARY"');
  desk.write('cursor', JSON.stringify({ mcpServers: { acme: desk.entry('CANARY-one') } }));
  const { code, stderr, stdout } = await desk.import('--yes', '--file', '/nowhere/nexus.toml');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^warning: Codex: .*config\.toml .*mend it/m);
  assert.match(stderr, /^warning: .*nowhere\/nexus\.toml is not there/m);
  assert.doesNotMatch(stderr + stdout, /CANARY/);
  assert.equal(readFileSync(broken, 'utf8'), '[mcp_servers.acme\ncommand = "CANARY"');
  assert.deepEqual(await ids(desk.home, desk.env), ['acme:default']);
});

test('nobody is asked without a terminal, and nothing is done', async (t) => {
  const desk = createDesk(t);
  const text = JSON.stringify({ mcpServers: { acme: desk.entry('one') } });
  const file = desk.write('cursor', text);
  const { code, stderr } = await desk.import();
  assert.equal(code, 2);
  assert.match(stderr, /no terminal to ask on/);
  assert.equal(readFileSync(file, 'utf8'), text);
  assert.deepEqual(await ids(desk.home, desk.env), []);
});

test('a person at a terminal is shown the plan and asked, and a no changes nothing', async (t) => {
  const desk = createDesk(t);
  const text = JSON.stringify({ mcpServers: { acme: desk.entry('one') } });
  const file = desk.write('cursor', text);
  const ask = (typed: string) =>
    nucleusOnTerminal(desk.home, ['import'], [{ shown: '[y/N]', typed }], { env: desk.env });
  const no = await ask('n\r');
  assert.match(no.screen, /acme:default[\s\S]*Nothing was changed/);
  assert.equal(readFileSync(file, 'utf8'), text);
  const yes = await ask('y\r');
  assert.match(yes.screen, /added acme:default/);
  assert.equal(yes.code, 0);
});

test('copies can be forgotten, and no token is left in the clear then', async (t) => {
  const desk = createDesk(t);
  desk.write('cursor', JSON.stringify({ mcpServers: { acme: desk.entry('CANARY-one') } }));
  assert.equal((await desk.import('--yes')).code, 0);
  assert.equal(holding(desk.home.state, /CANARY/).length, 1);
  const forgotten = await desk.import('--forget-backups', '--yes');
  assert.match(forgotten.stderr, /Deleted 1 of them/);
  assert.deepEqual(holding(desk.home.state, /CANARY/), []);
  assert.match((await desk.import('--undo', '--yes')).stderr, /there is no import to undo/);
  assert.deepEqual(await ids(desk.home, desk.env), ['acme:default']);
});

test('two accounts of one address keep their own tokens, which arrive as before', async (t) => {
  const upstream = await startHttpUpstream();
  t.after(() => upstream.close());
  const desk = createDesk(t);
  const at = (token: string): object => ({
    url: upstream.url,
    headers: { Authorization: `Bearer ${token}`, 'X-Api-Key': token, 'X-Team': `of ${token.slice(-1)}` },
  });
  desk.write('cursor', JSON.stringify({ mcpServers: { shop: at('CANARY-a'), 'shop-work': at('CANARY-b') } }));
  const app = await openApp(t, desk.home);
  const { added } = await app.run(await app.look());
  assert.deepEqual(
    added.map(({ profile, problem }) => [profile, problem]),
    [
      ['shop:default', null],
      ['shop:work', null],
    ],
  );
  for (const [name, token] of [
    ['default', 'CANARY-a'],
    ['work', 'CANARY-b'],
  ]) {
    await app.host.handlers.tools.call({ name: `shop_${name}_echo`, arguments: { text: 'hi' } }, { signal });
    const last = upstream.requests.findLast(({ message }) => message?.method === 'tools/call');
    const { authorization, 'x-api-key': key, 'x-team': team } = last?.headers ?? {};
    assert.deepEqual([authorization, key, team], [`Bearer ${token}`, token, `of ${token?.slice(-1)}`]);
  }
  assert.deepEqual(holding(desk.home.user, /CANARY/), []);
  assert.doesNotMatch(app.log(), /CANARY/);
});

test('a server that does not answer is added all the same, and told', async (t) => {
  const desk = createDesk(t);
  const env = { DEAD_TOKEN: 'CANARY' };
  const file = desk.write(
    'cursor',
    JSON.stringify({ mcpServers: { dead: { command: '/nowhere/dead', env } } }),
  );
  const app = await openApp(t, desk.home);
  const { added, failed } = await app.run(await app.look());
  assert.deepEqual(failed, []);
  assert.equal(added[0]?.profile, 'dead:default');
  assert.match(added[0]?.problem ?? '', /dead/);
  assert.doesNotMatch(JSON.stringify(added) + app.log(), /CANARY/);
  assert.deepEqual(serversIn(readFileSync(file, 'utf8')), ['nucleus']);
});

test('the app refuses to import what changed since it was looked at, imports it when looked at again, and undoes it', async (t) => {
  const desk = createDesk(t);
  const file = desk.write('cursor', JSON.stringify({ mcpServers: { acme: desk.entry('one') } }));
  const app = await openApp(t, desk.home);
  const old = await app.look();
  assert.equal(old.last, null);
  desk.write('cursor', JSON.stringify({ mcpServers: { acme: desk.entry('two') } }));
  const before = hashOf(file);
  await assert.rejects(app.run(old), { code: 'IMPORT_CHANGED' });
  const plan = await app.look();
  assert.deepEqual(
    plan.servers.map(({ id }) => id),
    old.servers.map(({ id }) => id),
  );
  assert.deepEqual(
    (await app.run(plan)).added.map(({ profile }) => profile),
    ['acme:default'],
  );
  assert.deepEqual((await app.look()).last?.profiles, ['acme:default']);
  assert.deepEqual(await app.undo(), { removed: ['acme:default'], restored: [file], merged: [] });
  assert.equal(hashOf(file), before);
});

test('what was imported with its file kept is known the next time, and only its entry goes then', async (t) => {
  const desk = createDesk(t);
  const entries = { acme: desk.entry('one'), 'acme-work': desk.entry('two') };
  const file = desk.write('cursor', JSON.stringify({ mcpServers: entries }));
  const before = hashOf(file);
  const app = await openApp(t, desk.home);
  const only = (plan: ImportPlan): string[] =>
    plan.servers.flatMap(({ id, profile }) => (profile === 'default' ? [id] : []));
  const first = await app.look();
  await app.run(first, { clean: false, servers: only(first) });
  assert.equal(hashOf(file), before);

  const again = await app.look();
  assert.deepEqual(
    again.servers.map(({ state, profile }) => [state, profile]),
    [
      ['known', 'default'],
      ['new', 'work'],
    ],
  );
  assert.deepEqual((await app.run(again, { servers: only(again) })).added, []);
  assert.deepEqual(await app.ids(), ['acme:default']);
  assert.deepEqual(serversIn(readFileSync(file, 'utf8')), ['acme-work', 'nucleus']);
  // The profile is not the last import's, so only its own undo takes it away.
  assert.deepEqual(await app.undo(), { removed: [], restored: [file], merged: [] });
  assert.equal(hashOf(file), before);
  assert.deepEqual((await app.undo()).removed, ['acme:default']);
  assert.deepEqual(await app.ids(), []);
});

test('where a file cannot be written its entries stay, which is told, and undo still works', async (t) => {
  const desk = createDesk(t);
  const file = desk.write('cursor', JSON.stringify({ mcpServers: { acme: desk.entry('one') } }));
  const before = hashOf(file);
  chmodSync(file, 0o444);
  const app = await openApp(t, desk.home);
  const { added, failed, changed } = await app.run(await app.look());
  assert.deepEqual([added.length, changed.length], [1, 0]);
  assert.equal(failed[0]?.name, 'acme');
  assert.match(failed[0].problem, /read-only; make it writable/);
  assert.equal(hashOf(file), before);
  assert.deepEqual(await app.undo(), { removed: ['acme:default'], restored: [], merged: [] });
});

test('after another program wrote to a file its old entries come back, and what it wrote stays', async (t) => {
  const desk = createDesk(t);
  const file = desk.write('cursor', JSON.stringify({ mcpServers: { acme: desk.entry('one') } }));
  const app = await openApp(t, desk.home);
  await app.run(await app.look());
  const text = JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: Record<string, unknown> };
  writeFileSync(
    file,
    JSON.stringify({ ...text, mcpServers: { ...text.mcpServers, mine: { command: 'm' } } }),
  );
  assert.deepEqual((await app.undo()).merged, [file]);
  const after = JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: Record<string, unknown> };
  assert.deepEqual(after.mcpServers, { mine: { command: 'm' }, acme: desk.entry('one') });
});

test('without the copy of a file nothing is undone, so that no token is lost', async (t) => {
  const desk = createDesk(t);
  desk.write('cursor', JSON.stringify({ mcpServers: { acme: desk.entry('one') } }));
  const app = await openApp(t, desk.home);
  const { changed } = await app.run(await app.look());
  rmSync(changed[0]?.backup ?? '');
  await assert.rejects(app.undo(), /the copy of .*mcp\.json from before the import is gone/);
  assert.deepEqual(await app.ids(), ['acme:default']);
});

test('where a host forgot what was written, profiles stay until their entries are back', async (t) => {
  const desk = createDesk(t);
  desk.write('cursor', JSON.stringify({ mcpServers: { acme: desk.entry('one') } }));
  const app = await openApp(t, desk.home);
  await app.run(await app.look());
  rmSync(join(desk.home.state, 'hosts', 'cursor', 'state.json'));
  await assert.rejects(app.undo(), /the entry acme did not come back to .*mcp\.json/);
  assert.deepEqual(await app.ids(), ['acme:default']);
  desk.write('cursor', JSON.stringify({ mcpServers: { acme: desk.entry('one') } }));
  assert.deepEqual((await app.undo()).removed, ['acme:default']);
});

test('an undo leaves alone what became of a profile since, and a connector that was there before', async (t) => {
  const desk = createDesk(t);
  desk.write(
    'cursor',
    JSON.stringify({
      mcpServers: {
        acme: desk.entry('one'),
        'acme-work': desk.entry('two'),
        shop: { url: 'https://127.0.0.1:9/mcp' },
      },
    }),
  );
  const shop = desk.home.write(
    'connectors/shop.toml',
    '# mine\nschema = 1\nname = "shop"\ntransport = "http"\nurl = "https://127.0.0.1:9/mcp"\nauth = "none"\n',
  );
  const app = await openApp(t, desk.home);
  await app.run(await app.look());
  assert.deepEqual(await app.ids(), ['acme:default', 'acme:work', 'shop:default']);
  await app.host.handlers.profiles.rename({ id: 'acme:work', name: 'mine' }, { signal });
  assert.deepEqual((await app.undo()).removed.toSorted(), ['acme:default', 'shop:default']);
  assert.deepEqual(await app.ids(), ['acme:mine']);
  assert.match(readFileSync(shop, 'utf8'), /^# mine/);
  assert.ok(existsSync(join(desk.home.state, 'connectors', 'acme.toml')));
});

test('what the files of all eight clients start is stored, what does not start here as well, and undo restores all of them', async (t) => {
  const desk = createDesk(t);
  const files = hostNames.map((host) =>
    desk.write(host, readFileSync(join(fixtures, `${host}.${host === 'codex' ? 'toml' : 'json'}`), 'utf8')),
  );
  const before = files.map(hashOf);
  // In the place of npx and uvx, which would download what they are told.
  const stubs = desk.home.path('stubs');
  mkdirSync(stubs);
  const { command, args } = desk.fake.launch;
  for (const name of ['npx', 'uvx'])
    writeFileSync(join(stubs, name), `#!/bin/sh\nexec ${[command, ...args].join(' ')}\n`, { mode: 0o755 });
  writeFileSync(join(desk.home.user, '.profile'), `PATH=${stubs}:$PATH\n`);
  const app = await openApp(t, desk.home, {
    WEATHER_KEY: 'CANARY-weather',
    NOTES_HOME_PASSWORD: 'CANARY home',
  });
  const plan = await app.look();
  assert.deepEqual(
    plan.sources.map(({ problem }) => problem),
    files.map(() => null),
  );
  const started = plan.servers.filter(({ state, how }) => state === 'new' && !how.startsWith('http'));
  const { added, failed, changed } = await app.run(plan, { servers: started.map(({ id }) => id) });
  assert.deepEqual(failed, []);
  assert.deepEqual(
    added.map(({ profile, problem }) => `${profile}${problem === null ? '' : ' does not answer'}`),
    [
      'everything:default',
      'files:default',
      'github:default',
      'github:work',
      'notes:default does not answer',
      'notes:home does not answer',
      'supabase:default',
      'supabase:staging',
      'weather:default',
    ],
  );
  assert.equal(changed.length, 7);
  assert.doesNotMatch(JSON.stringify([plan, added]) + app.log(), /CANARY/);
  const { restored, removed } = await app.undo();
  assert.equal(removed.length, added.length);
  assert.equal(restored.length, changed.length);
  assert.deepEqual(files.map(hashOf), before);
});
