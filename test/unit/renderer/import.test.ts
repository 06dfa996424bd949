import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImportPlan, ImportServer } from '../../../src-shared/import.ts';
import type { Profile } from '../../../src-shared/model.ts';
import { openWindow as open, profile, settled } from '../../helpers/window.ts';

const cursor = '/home/dana/.cursor/mcp.json';
const desktop = '/home/dana/claude_desktop_config.json';
const nexus = '/home/dana/nexus.toml';

const server = (name: string, of: string, more: Partial<ImportServer> = {}): ImportServer => ({
  id: name,
  file: cursor,
  name,
  connector: 'github',
  title: 'GitHub',
  isBuiltin: true,
  profile: of,
  env: null,
  how: 'https://api.githubcopilot.com/mcp/',
  secrets: [{ name: 'token', place: 'headers.Authorization' }],
  state: 'new',
  reason: null,
  ...more,
});
const nothing: ImportPlan = { version: 'v0', sources: [], servers: [], last: null };
const plan: ImportPlan = {
  version: 'v1',
  sources: [
    { file: desktop, title: 'Claude Desktop', host: 'claude-desktop', problem: null },
    { file: cursor, title: 'Cursor', host: 'cursor', problem: null },
    { file: nexus, title: 'nexus.toml', host: null, problem: null },
  ],
  servers: [
    server('github', 'personal', { file: desktop, env: 'personal' }),
    server('github-work', 'work'),
    server('gh-work', 'work', { file: nexus }),
    server('pg', 'main', { connector: 'postgres', title: 'Postgres', secrets: [] }),
    server('figma', 'default', { connector: 'figma', state: 'left', reason: 'it needs the Figma app' }),
  ],
  last: null,
};
const github = (name: string, env?: Profile['env']): Profile => ({
  ...profile(name),
  id: `github:${name}`,
  connector: 'github',
  ...(env && { env }),
});
const failed = (code: string, message: string): Error => Object.assign(new Error(message), { name: code });

test('servers of one service are one connector, and the same one of two files is one profile', async () => {
  const { importGroups } = await import('../../../src-renderer/state/import-rows.ts');
  const groups = importGroups(plan);
  assert.deepEqual(
    groups.map(({ title, rows }) => [title, rows.map(({ id }) => id)]),
    [
      ['GitHub', ['github:personal', 'github:work']],
      ['Postgres', ['postgres:main']],
    ],
  );
  assert.deepEqual(groups[0]?.rows[1]?.from, ['github-work in Cursor', 'gh-work in nexus.toml']);
});

test('each row says what leaves the files, and only files of clients are rewritten', async () => {
  const { importGroups, movesOf, placesOf, rewrittenBy } =
    await import('../../../src-renderer/state/import-rows.ts');
  const [personal, work, main] = importGroups(plan).flatMap(({ rows }) => rows);
  assert(personal && work && main);
  const two = {
    ...personal,
    servers: [
      server('x', 'x', {
        secrets: [
          { name: 'token', place: '' },
          { name: 'dsn', place: '' },
        ],
      }),
    ],
  };
  assert.equal(movesOf(work, 'your keychain'), '1 token moves to your keychain');
  assert.equal(movesOf(two, 'your vault'), '2 secrets move to your vault');
  assert.equal(movesOf(main, 'your vault'), null);
  assert.deepEqual(rewrittenBy(plan, [work]), [cursor]);
  assert.deepEqual(rewrittenBy(plan, [personal, work]), [desktop, cursor]);
  assert.equal(placesOf(plan, plan.servers), 'Claude Desktop, Cursor and nexus.toml');
  assert.equal(placesOf(plan, personal.servers), 'Claude Desktop');
});

test('the welcome begins with what the clients have, else with the gallery', async (t) => {
  const { app } = await open(t, { 'profiles.list': [], 'import.look': plan });
  await app.firstRun.begin();
  assert.deepEqual([app.imports.hasOffer, app.firstRun.adding], [true, null]);
  t.mock.timers.reset();
  const empty = await open(t, { 'profiles.list': [], 'import.look': nothing });
  await empty.app.firstRun.begin();
  assert.equal(empty.app.imports.hasOffer, false);
  assert.notEqual(empty.app.firstRun.adding, null);
});

test('files that cannot be looked at lead to the gallery, and so does no answer within three seconds', async (t) => {
  const never = Promise.withResolvers<ImportPlan>();
  const { app } = await open(t, { 'profiles.list': [], 'import.look': () => never.promise });
  void app.firstRun.begin();
  await settled();
  assert.equal(app.imports.isSettled, false);
  t.mock.timers.tick(3_000);
  assert.equal(app.imports.isSettled, true);
  never.resolve(plan);
  await settled();
  assert.equal(app.imports.hasOffer, true);
});

test('what is chosen comes in, with our entry in its place, and gets the classes that were chosen', async (t) => {
  let profiles: Profile[] = [];
  let now = plan;
  const result = {
    added: [
      { profile: 'github:personal', tools: 29, problem: null },
      { profile: 'github:work', tools: null, problem: 'it does not answer' },
    ],
    failed: [],
    changed: [],
  };
  const { app, asked } = await open(t, {
    'profiles.list': () => profiles,
    'profiles.setEnv': {},
    'profiles.changeEnv': {},
    'import.look': () => now,
    'import.run': () => {
      profiles = [github('personal', 'dev'), github('work')];
      now = {
        ...plan,
        servers: [],
        last: { at: 0, profiles: ['github:personal', 'github:work'], files: [] },
      };
      return result;
    },
  });
  const { imports } = app;
  await imports.look();
  const [personal, work, main] = imports.rows;
  assert(personal && work && main);
  assert.deepEqual([imports.envOf(personal), imports.isGuessed(personal)], ['personal', true]);
  imports.choose(main, false);
  imports.setEnv(work, 'staging');
  assert.equal(imports.isGuessed(work), false);
  asked.length = 0;
  await imports.run();
  assert.deepEqual(
    asked.filter(([name]) => /^(import\.run|profiles\.(set|change)Env)$/.test(name)),
    [
      ['import.run', { version: 'v1', servers: ['github', 'github-work', 'gh-work'], clean: true }],
      ['profiles.changeEnv', { id: 'github:personal', env: 'personal' }],
      ['profiles.setEnv', { id: 'github:work', env: 'staging' }],
    ],
  );
  assert.deepEqual([imports.result, imports.busy, imports.hasOffer], [result, null, false]);
  assert.equal(app.said, '2 profiles brought in');
  assert.equal(app.firstRun.hasProfile, true);
});

test('a class that cannot be given is said, and the profile is there all the same', async (t) => {
  const { app } = await open(t, {
    'profiles.list': [github('personal')],
    'profiles.setEnv': failed('POLICY_PENDING', 'a person has to accept it'),
    'import.look': { ...plan, servers: plan.servers.slice(0, 1) },
    'import.run': {
      added: [{ profile: 'github:personal', tools: 3, problem: null }],
      failed: [],
      changed: [],
    },
  });
  await app.imports.look();
  await app.imports.run();
  assert.equal(app.imports.problem, null);
  assert.equal(app.imports.result?.added.length, 1);
  assert.deepEqual(app.imports.classProblems, [
    'github:personal is there, but has no class yet: a person has to accept it',
  ]);
});

test('files that say something else by now are read again, and what was chosen stays chosen', async (t) => {
  let version = 'v1';
  const { app } = await open(t, {
    'profiles.list': [],
    'import.look': () => ({ ...plan, version }),
    'import.run': () => ((version = 'v2'), failed('STATE_UNUSABLE', 'the file of Cursor changed')),
  });
  const { imports } = app;
  await imports.look();
  const [, work] = imports.rows;
  assert(work);
  imports.choose(work, false);
  await imports.run();
  assert.deepEqual(
    [imports.problem?.message, imports.plan.value?.version, imports.result],
    ['the file of Cursor changed', 'v2', null],
  );
  assert.deepEqual(
    imports.chosen.map(({ id }) => id),
    ['github:personal', 'postgres:main'],
  );
});

test('nothing is asked twice while it is under way, and nothing with nothing chosen', async (t) => {
  const running = Promise.withResolvers<object>();
  const { app, asked } = await open(t, {
    'profiles.list': [],
    'import.look': plan,
    'import.run': () => running.promise,
  });
  const { imports } = app;
  await imports.look();
  for (const row of imports.rows) imports.choose(row, false);
  await imports.run();
  for (const row of imports.rows) imports.choose(row, true);
  const first = imports.run();
  await imports.run();
  await imports.undo();
  running.resolve({ added: [], failed: [], changed: [] });
  await first;
  assert.deepEqual(
    asked.map(([name]) => name).filter((name) => name === 'import.run' || name === 'import.undo'),
    ['import.run'],
  );
});

test('an undo says what is gone and what was kept, and the offer is back', async (t) => {
  let now: ImportPlan = { ...nothing, last: { at: 0, profiles: ['github:work'], files: [cursor] } };
  const undone = { removed: ['github:work'], restored: [cursor], merged: [] };
  const { app } = await open(t, {
    'import.look': () => now,
    'import.undo': () => ((now = plan), undone),
  });
  await app.imports.look();
  await app.imports.undo();
  assert.deepEqual([app.imports.undone, app.imports.hasOffer], [undone, true]);
  assert.equal(app.said, 'Undone: 1 profile gone, 1 file as before.');
});
