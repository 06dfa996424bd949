import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementLetters } from '../../../src-renderer/state/element.ts';
import { groupProfiles, profileCount, rowName } from '../../../src-renderer/state/profile-groups.ts';
import { renamedTools } from '../../../src-renderer/state/renamed-tools.ts';
import { keepSelected, nextIndex } from '../../../src-renderer/state/roving.ts';
import type { ExposedTool } from '../../../src-shared/contract.ts';
import type { Profile } from '../../../src-shared/model.ts';

const profile = (id: string, isDefault = false, metadata: Record<string, string> = {}): Profile => {
  const [connector = '', name = ''] = id.split(':');
  return {
    id,
    connector,
    name,
    metadata,
    createdAt: 0,
    isDefault,
    launch: null,
    readOnly: null,
    stderr: 'null',
  };
};
const profiles = [
  profile('sqlite:b', false, { file: '/data/b.db' }),
  profile('sqlite:a'),
  profile('sqlite:z', true),
  profile('github:work'),
];
const shown = (find: string): string[] =>
  groupProfiles(profiles, [], [], find).flatMap(({ entries }) => entries.map((entry) => entry.profile.id));

test('profiles stand by connector, defaults first, then by name', () => {
  assert.deepEqual(shown(''), ['github:work', 'sqlite:z', 'sqlite:a', 'sqlite:b']);
  assert.equal(profileCount(profiles), '4 profiles, 2 connectors');
});

test('behind the default the riskiest class comes first, and those without one last', () => {
  const list = [
    profile('sqlite:a'),
    { ...profile('sqlite:b'), env: 'personal' as const },
    { ...profile('sqlite:c'), env: 'dev' as const },
    { ...profile('sqlite:d'), env: 'prod' as const },
    { ...profile('sqlite:e'), env: 'staging' as const },
    { ...profile('sqlite:f', true), env: 'dev' as const },
  ];
  const [group] = groupProfiles(list, [], [], '');
  assert.deepEqual(
    group?.entries.map((entry) => entry.profile.name),
    ['f', 'd', 'e', 'c', 'b', 'a'],
  );
});

test('the search takes words of ids and facts, and the count of a connector stays', () => {
  assert.deepEqual(shown('sql /data'), ['sqlite:b']);
  assert.deepEqual(shown('oracle'), []);
  assert.equal(groupProfiles(profiles, [], [], 'sqlite:a')[0]?.size, 3);
});

test('a row is read as name, class, connector, default, state, tools', () => {
  const upstream = {
    profile: 'sqlite:z',
    state: 'ready' as const,
    tools: 5,
    pid: null,
    inFlight: 0,
    problem: null,
    oddities: 0,
  };
  const entry = { profile: profile('sqlite:z', true), who: '', upstream };
  assert.equal(
    rowName(entry, 'SQLite file', 'Ready'),
    'z, No class, choose a class, SQLite file, default, ready, 5 tools',
  );
  const prod = { ...entry, profile: { ...entry.profile, env: 'prod' as const } };
  assert.equal(rowName(prod, 'SQLite file', 'Ready'), 'z, Prod, SQLite file, default, ready, 5 tools');
});

test('elements differ: the first two letters, else the first and a later consonant', () => {
  const titles = ['GitHub', 'GitLab', 'Gitea', 'SQLite file', 'x'];
  assert.deepEqual(
    [...elementLetters(new Map(titles.map((title) => [title, title]))).values()],
    ['Gi', 'Gt', 'Ge', 'Sq', 'X'],
  );
});

test('a list is walked by arrows, Home and End, and ends at its ends', () => {
  assert.deepEqual(
    [
      nextIndex('ArrowDown', 0, 3),
      nextIndex('ArrowDown', 2, 3),
      nextIndex('ArrowUp', 0, 3),
      nextIndex('Home', 2, 3),
      nextIndex('End', 0, 3),
      nextIndex('a', 0, 3),
      nextIndex('End', 0, 0),
    ],
    [1, 2, 0, 0, 2, null, null],
  );
});

test('a removed row hands the selection to the one that takes its place', () => {
  assert.equal(keepSelected('b', ['a', 'b', 'c'], ['a', 'c']), 'c');
  assert.equal(keepSelected('c', ['a', 'b', 'c'], ['a', 'b']), 'b');
  assert.equal(keepSelected('a', ['a'], []), null);
  assert.equal(keepSelected(null, [], ['a']), 'a');
  assert.equal(keepSelected('a', ['a'], ['b', 'a']), 'a');
});

test('a rename shows the tool names of that profile as they will be', () => {
  const tool = (id: string, name: string): ExposedTool => ({
    name: `${id.replace(':', '_')}_${name}`,
    profile: id,
    tool: name,
    description: '',
    tokens: 10,
  });
  const tools = [tool('sqlite:b', 'query'), tool('sqlite:b', 'x'.repeat(40)), tool('sqlite:a', 'query')];
  assert.deepEqual(renamedTools(tools, profile('sqlite:b'), 'main'), [
    { from: 'sqlite_b_query', to: 'sqlite_main_query' },
    { from: `sqlite_b_${'x'.repeat(40)}`, to: null },
  ]);
});
