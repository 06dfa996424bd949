import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aliasOf,
  canForget,
  canTrust,
  fileState,
  namedBindings,
  problemWords,
  workspaceTitle,
} from '../../../src-renderer/state/workspace-words.ts';
import {
  WorkspaceFileState,
  type ResolvedConnector,
  type WorkspaceFile,
  type WorkspaceInfo,
} from '../../../src-shared/workspace.ts';
import { openWindow } from '../../helpers/window.ts';

const file = (state: WorkspaceFile['state'], hash: string | null = 'a1'): WorkspaceFile => ({
  path: '/code/web/.mcp-profiles.toml',
  state,
  hash,
  connectors: [],
  problems: [],
});
const workspace = (more: Partial<WorkspaceInfo>): WorkspaceInfo => ({
  folder: '/code/web',
  name: null,
  id: '0123456789abcdef',
  url: null,
  clients: 0,
  files: [],
  connectors: [],
  problems: [],
  ...more,
});
const binding = (profile: string, alias: string, isDefault: boolean) => ({
  profile,
  alias,
  isDefault,
  note: null,
});

test('a folder is called by its name, else by the last part of its path', () => {
  assert.deepEqual(
    [
      { name: 'shop', folder: '/code/web' },
      { folder: '/code/web/' },
      { folder: 'C:\\code\\web' },
      { folder: '/' },
    ].map((one) => workspaceTitle(workspace(one))),
    ['shop', 'web', 'web', '/'],
  );
});

test('every state of a file has a word of its own, and what a person can do about it', () => {
  const rows = WorkspaceFileState.options.map((state) => [
    fileState(file(state)).word,
    canTrust(file(state)),
    canForget(file(state)),
  ]);
  assert.deepEqual(rows, [
    ['Trusted', false, true],
    ['Changed', true, true],
    ['Waiting', true, false],
    ['Cannot be read', false, false],
    ['Removed', false, true],
  ]);
  assert.equal(canTrust(file('untrusted', null)), false);
});

test('accounts that are only there besides are counted, those a file binds are all named', () => {
  const bindings = [binding('a:x', 'x', true), binding('a:y', 'y', false)];
  const of = (source: ResolvedConnector['source'], all = bindings) =>
    namedBindings({ connector: 'a', source, hint: '', bindings: all });
  assert.deepEqual(of('default'), { named: [bindings[0]], others: 1 });
  assert.deepEqual(of('explicit'), { named: bindings, others: 0 });
  const unmarked = bindings.map((one) => ({ ...one, isDefault: false }));
  assert.deepEqual(of('all', unmarked), { named: unmarked, others: 0 });
});

test('an alias is told where it is not the name, a problem with its line', () => {
  assert.deepEqual(
    [aliasOf({ profile: 'a:x', alias: 'x' }), aliasOf({ profile: 'a:x', alias: 'live' })],
    [null, 'live'],
  );
  const problem = { file: '/f', connector: null, message: 'no key', fix: 'remove it' };
  assert.equal(problemWords({ ...problem, line: 4 }), 'line 4: no key; remove it');
  assert.equal(problemWords({ ...problem, line: null }), 'no key; remove it');
});

test('a yes is to the content that was shown, also when the file changed meanwhile', async (t) => {
  let hash = 'a1';
  const { app, asked, push } = await openWindow(t, {
    'workspaces.list': () => [workspace({ files: [file('untrusted', hash)] })],
    'workspaces.trust': Object.assign(new Error('it changed since it was shown'), { name: 'WORKSPACE_FILE' }),
  });
  app.show('settings');
  await push('workspaces');
  const view = app.workspacesView;
  const shown = view.list.value?.[0]?.files[0];
  assert(shown);
  view.ask('trust', shown, '/code/web');
  hash = 'b2';
  await push('workspaces');
  asked.length = 0;
  await view.agree();
  assert.deepEqual(asked[0], ['workspaces.trust', { file: shown.path, hash: 'a1' }]);
  assert.deepEqual([view.question, view.problem?.code, view.busy], [null, 'WORKSPACE_FILE', null]);
  assert.equal(view.list.value?.[0]?.files[0]?.hash, 'b2');
});

test('forgetting is asked first, and what is left is not done', async (t) => {
  const { app, asked } = await openWindow(t, {
    'workspaces.list': [],
    'workspaces.forget': { forgotten: true },
  });
  const view = app.workspacesView;
  view.ask('forget', file('trusted'), '/code/web');
  view.leave();
  await view.agree();
  assert.deepEqual(asked, []);
  view.ask('forget', file('trusted'), '/code/web');
  await view.agree();
  assert.deepEqual(asked[0], ['workspaces.forget', { file: '/code/web/.mcp-profiles.toml' }]);
  assert.equal(app.said, '/code/web/.mcp-profiles.toml is trusted no more.');
});

test('workspaces are asked for only while Settings shows them', async (t) => {
  const { asked, push } = await openWindow(t, { 'workspaces.list': [] });
  await push('workspaces');
  assert.deepEqual(asked, []);
});
