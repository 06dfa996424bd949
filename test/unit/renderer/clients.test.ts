import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostName, HostStatus } from '../../../src-shared/hosts.ts';
import { openWindow as open, settled } from '../../helpers/window.ts';

const host = (name: HostName, more: Partial<HostStatus> = {}): HostStatus => ({
  host: name,
  title: name,
  state: 'missing',
  file: `/home/${name}.json`,
  consented: false,
  preview: '',
  backup: null,
  problem: null,
  others: [],
  duplicates: [],
  repairedAt: null,
  ...more,
});
const failed = (code: string, message: string): Error => Object.assign(new Error(message), { name: code });

test('each state of a client has a word, and one that dropped our entry has its own', async () => {
  const { hostWord } = await import('../../../src-renderer/state/host-words.ts');
  const word = (more: Partial<HostStatus>): string => hostWord(host('cursor', more)).word;
  assert.deepEqual(
    [
      word({ state: 'connected' }),
      word({ state: 'missing' }),
      word({ state: 'missing', consented: true }),
      word({ state: 'changed' }),
      word({ state: 'not-installed' }),
      word({ state: 'unreadable' }),
    ],
    ['Connected', 'Not connected', 'Entry missing', 'Changed outside', 'Not installed', 'Cannot be read'],
  );
});

test('a row says what stays, what is there twice and when it was put back', async () => {
  const { hostNotes } = await import('../../../src-renderer/state/host-words.ts');
  const notes = (more: Partial<HostStatus>): readonly string[] => hostNotes(host('cursor', more), 180_000);
  assert.deepEqual(notes({ others: ['a', 'b', 'c', 'd'] }), ['4 other servers stay.']);
  assert.deepEqual(notes({ state: 'connected', repairedAt: 60_000, others: ['a'] }), [
    'It had dropped our entry; put back 2 min ago.',
    '1 other server stays.',
  ]);
  assert.deepEqual(notes({ state: 'changed', duplicates: ['old', 'older'] }), [
    'old, older lead to Nucleus as well; connecting removes them.',
    'No other servers.',
  ]);
  assert.deepEqual(notes({ state: 'unreadable', others: ['a'] }), []);
});

test('clients that are not installed are apart, and those without our entry are chosen', async (t) => {
  const { app } = await open(t, {
    'hosts.list': [
      host('cursor'),
      host('zed', { state: 'not-installed' }),
      host('codex', { state: 'connected' }),
      host('vscode', { state: 'changed' }),
    ],
  });
  const view = app.clientsView;
  const names = (list: readonly HostStatus[]): string[] => list.map((one) => one.host);
  assert.deepEqual(names(view.found), ['cursor', 'codex', 'vscode']);
  assert.deepEqual(names(view.absent), ['zed']);
  assert.deepEqual(names(view.chosen), ['cursor']);
  view.choose('cursor', false);
  assert.deepEqual(names(view.chosen), []);
});

test('several are connected one after the other, and one that fails does not keep the others from it', async (t) => {
  const done = new Set<string>();
  const all: readonly HostName[] = ['cursor', 'zed', 'codex'];
  const { app, asked } = await open(t, {
    'hosts.list': () => all.map((name) => host(name, { state: done.has(name) ? 'connected' : 'missing' })),
    'hosts.connect': (input: unknown) => {
      const { host: name } = input as { host: HostName };
      if (name === 'zed') return failed('STATE_UNUSABLE', 'the file of Zed may not be written');
      done.add(name);
      return host(name, { state: 'connected' });
    },
  });
  const view = app.clientsView;
  view.togglePreviews();
  await view.connectChosen();
  assert.deepEqual(
    asked.filter(([name]) => name === 'hosts.connect').map(([, input]) => input),
    all.map((name) => ({ host: name })),
  );
  assert.deepEqual(
    view.found.map(({ state }) => state),
    ['connected', 'missing', 'connected'],
  );
  assert.equal(view.problem?.message, 'the file of Zed may not be written');
  assert.deepEqual([...view.fresh], ['cursor', 'codex']);
  assert.deepEqual([...view.opened], ['zed']);
  assert.deepEqual([view.busy, view.isConnectingAll, app.said], [null, false, '2 clients connected.']);
});

test('an undo asks the gateway, and the client need not be started again for it', async (t) => {
  let state: HostStatus['state'] = 'missing';
  const { app, asked } = await open(t, {
    'hosts.list': () => [host('cursor', { state, backup: state === 'connected' ? '/copy' : null })],
    'hosts.connect': () => ((state = 'connected'), host('cursor')),
    'hosts.undo': () => ((state = 'missing'), host('cursor')),
  });
  const view = app.clientsView;
  await view.act('connect', 'cursor');
  assert.deepEqual([...view.fresh], ['cursor']);
  await view.act('undo', 'cursor');
  assert.deepEqual([...view.fresh], []);
  assert.deepEqual(
    asked.map(([name]) => name).filter((name) => /connect|undo/.test(name)),
    ['hosts.connect', 'hosts.undo'],
  );
});

test('the bundle is made once at a time, and where it lies is shown', async (t) => {
  const { app, asked } = await open(t, { 'hosts.bundle': { path: '/home/nucleus.mcpb' } });
  await Promise.all([app.clientsView.saveBundle(), app.clientsView.saveBundle()]);
  assert.equal(app.clientsView.bundle, '/home/nucleus.mcpb');
  assert.deepEqual(
    asked.map(([name]) => name),
    ['hosts.bundle'],
  );
});

test('a new token is shown until it is put away, and kept nowhere else', async (t) => {
  const client = { name: 'n8n', profiles: null, workspace: null, createdAt: 0, expiresAt: null };
  const { app, asked } = await open(t, {
    'clients.list': [client],
    'clients.add': { client, token: 'only once', url: 'http://127.0.0.1:1/mcp' },
  });
  const { tokens } = app;
  tokens.name = '  n8n ';
  await tokens.add();
  assert.deepEqual(asked[0], ['clients.add', { name: 'n8n' }]);
  assert.deepEqual(tokens.added, { name: 'n8n', token: 'only once', url: 'http://127.0.0.1:1/mcp' });
  assert.equal(tokens.name, '');
  tokens.putAway();
  assert.doesNotMatch(JSON.stringify([tokens.added, tokens.list.value, app.said]), /only once/);
});

test('a token goes only after it was asked in its row', async (t) => {
  let list = [{ name: 'n8n', profiles: null, workspace: null, createdAt: 0, expiresAt: null }];
  const { app, asked } = await open(t, {
    'clients.list': () => list,
    'clients.remove': () => ((list = []), { removed: true }),
  });
  const { tokens } = app;
  await tokens.list.refresh();
  asked.length = 0;
  await tokens.remove();
  assert.deepEqual(asked, []);
  tokens.ask('n8n');
  await tokens.remove();
  await settled();
  assert.deepEqual(asked[0], ['clients.remove', { name: 'n8n' }]);
  assert.deepEqual([tokens.list.value, tokens.asked, app.said], [[], null, 'The token of n8n is removed.']);
});

test('a token says what it opens and until when', async () => {
  const { tokenFacts } = await import('../../../src-renderer/state/token-words.ts');
  const client = { name: 'n8n', profiles: null, workspace: null, createdAt: 0, expiresAt: null };
  assert.equal(tokenFacts(client, 120_000), 'every profile, made 2 min ago');
  assert.match(
    tokenFacts({ ...client, workspace: 'web', expiresAt: 60 }, 120_000),
    /^the profiles of workspace web, made 2 min ago, ended /,
  );
  assert.match(
    tokenFacts({ ...client, profiles: [{ id: 'a:b', alias: 'b' }], expiresAt: 240 }, 120_000),
    /^a:b, made 2 min ago, ends /,
  );
});
