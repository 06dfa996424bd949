import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { AddState } from '../../../src-renderer/state/add-state.svelte.ts';
import type { AppState } from '../../../src-renderer/state/app-state.svelte.ts';
import type { SignInState } from '../../../src-shared/sign-in.ts';
import type { ConnectorSummary, MetadataField, Profile, SignInMethod } from '../../../src-shared/model.ts';
import {
  connector,
  openWindow,
  profile as sqlite,
  settled,
  status,
  type Answer,
} from '../../helpers/window.ts';

const method = (name: SignInMethod['method'], more: Partial<SignInMethod> = {}): SignInMethod => ({
  method: name,
  label: name,
  secrets: name === 'token' ? ['token'] : [],
  prefix: [],
  create: null,
  scopes: [],
  group: name === 'oauth' ? 'registers' : null,
  note: '',
  ...more,
});
const field = (key: string, more: Partial<MetadataField> = {}): MetadataField => ({
  key,
  label: key,
  description: '',
  required: false,
  kind: 'text',
  mustExist: false,
  default: null,
  choices: [],
  pattern: null,
  ...more,
});
const acme: ConnectorSummary = {
  ...connector,
  name: 'acme',
  title: 'Acme',
  auth: 'oauth',
  secrets: [],
  methods: [method('oauth'), method('token')],
  metadata: [field('features'), field('org'), field('project')],
  pickers: ['org', 'project'],
  readOnly: { default: false, covers: 'tools', note: null },
};
const work: Profile = { ...sqlite('work'), id: 'acme:work', connector: 'acme' };
const waiting: SignInState = {
  id: 's1',
  profile: 'acme:work',
  phase: 'waiting',
  how: 'window',
  url: 'https://login.acme.dev/authorize?x=1',
  endsAt: 300_000,
  account: null,
  notes: [],
  problem: null,
};
const done: SignInState = { ...waiting, phase: 'done', url: null, account: 'ada@acme.dev' };
const failed = (code: string, message: string, account: string | null = null): SignInState => ({
  ...waiting,
  phase: 'failed',
  url: null,
  account,
  problem: { code, message },
});
const needsSignIn = { ok: false, code: 'SIGN_IN_REQUIRED', message: 'acme:work needs a sign-in' };
const fine = { ok: true, tools: 2, prompts: 0, resources: 0, server: 'acme 1', milliseconds: 100 };
const listed = (key: string, ...ids: string[]): object => ({
  field: key,
  label: key,
  choices: ids.map((id) => ({ id, label: id.toUpperCase(), hint: '' })),
  current: null,
  maySkip: true,
});
const choices = (input: unknown): unknown => {
  const { field: key } = input as { field: string };
  return key === 'org' ? listed('org', 'o1', 'o2') : listed('project', 'p1');
};
const info = { profile: work, connector: acme, command: [], credentials: null, signIn: null, probe: fine };

async function open(
  t: TestContext,
  answers: Record<string, Answer> = {},
): Promise<{ app: AppState; add: AddState; asked: [string, unknown][]; names(): string[] }> {
  const { app, asked } = await openWindow(t, {
    'connectors.list': { connectors: [acme], problems: [] },
    'connectors.detect': [],
    'profiles.add': { profile: work, probe: needsSignIn, notes: [] },
    'profiles.info': [info],
    'profiles.choices': choices,
    'profiles.pick': { profile: work, probe: null },
    'signIn.begin': waiting,
    'signIn.wait': done,
    'signIn.cancel': { cancelled: true },
    ...answers,
  });
  app.profilesView.openForm(acme);
  const add = app.profilesView.adding;
  assert(add);
  add.name = 'work';
  add.envTyped = 'dev';
  await settled();
  asked.length = 0;
  return { app, add, asked, names: () => asked.map(([name]) => name) };
}

const inputOf = (asked: [string, unknown][], name: string): unknown =>
  asked.find(([one]) => one === name)?.[1];

test('a new profile is signed in to, limited to what its server lists, and only then shown', async (t) => {
  const { app, add, asked } = await open(t);
  await add.submit();
  await settled();
  assert.deepEqual(inputOf(asked, 'signIn.begin'), {
    profile: 'acme:work',
    how: 'window',
    removeIfFailed: true,
  });
  assert.equal(add.signingIn, null);
  assert.deepEqual(
    add.picking?.shown.map(({ id }) => id),
    ['o1', 'o2'],
  );
  assert(add.picking);
  add.picking.chosen = 'o2';
  await add.picking.use();
  await settled();
  assert.deepEqual(inputOf(asked, 'profiles.pick'), {
    id: 'acme:work',
    field: 'org',
    value: 'o2',
    connect: false,
  });
  assert.equal(add.picking.found?.label, 'project');
  await add.picking.skip();
  await settled();
  assert.equal(app.profilesView.adding, null);
  assert.equal(app.profilesView.outcome?.sentence, 'acme 1 answered in 0.1 s with 2 tools.');
});

test('a sign-in that fails leads back to the form with the reason and all that was typed', async (t) => {
  const { add } = await open(t, {
    'signIn.wait': failed('SIGN_IN_FAILED', 'the sign-in of acme:work failed: it said no'),
  });
  add.metadata['features'] = 'docs';
  await add.submit();
  await settled();
  assert.deepEqual(add.problems, { form: 'The sign-in of acme:work failed: it said no.' });
  assert.equal(add.signingIn, null);
  assert.deepEqual([add.name, add.metadata['features']], ['work', 'docs']);
});

test('going back cancels the sign-in, and the next try waits until it is gone', async (t) => {
  const gone = Promise.withResolvers<SignInState>();
  const { add, names } = await open(t, { 'signIn.wait': gone.promise });
  await add.submit();
  await settled();
  assert.equal(add.signingIn?.state?.phase, 'waiting');
  assert.equal(add.back(), true);
  await settled();
  assert.ok(names().includes('signIn.cancel'));
  const again = add.submit();
  await settled();
  assert.equal(names().filter((name) => name === 'profiles.add').length, 1);
  gone.resolve(failed('SIGN_IN_CANCELLED', 'it was cancelled'));
  await again;
  assert.equal(names().filter((name) => name === 'profiles.add').length, 2);
  assert.deepEqual(add.problems, {});
});

test('the browser takes the place of the window, whose end then counts for nothing', async (t) => {
  const ends = [Promise.withResolvers<SignInState>(), Promise.withResolvers<SignInState>()];
  let begun = 0;
  const { add, asked } = await open(t, {
    'signIn.begin': (input: unknown) => {
      begun += 1;
      return { ...waiting, id: `s${begun}`, how: (input as { how: string }).how };
    },
    'signIn.wait': (input: unknown) => ends[(input as { id: string }).id === 's1' ? 0 : 1]?.promise,
  });
  await add.submit();
  await settled();
  add.signIn('browser');
  ends[0]?.resolve(failed('SIGN_IN_CANCELLED', 'another one took its place'));
  await settled();
  assert.equal(add.signingIn?.state?.how, 'browser');
  assert.equal(asked.filter(([name]) => name === 'signIn.begin').length, 2);
  ends[1]?.resolve(done);
  await settled();
  assert.ok(add.picking);
});

test('back from the list to the form: it is changed there, not added twice', async (t) => {
  const { add, asked } = await open(t, { 'profiles.rename': work });
  await add.submit();
  await settled();
  assert.equal(add.back(), true);
  assert.equal(add.picking, null);
  add.name = 'main';
  await add.submit();
  assert.deepEqual(inputOf(asked, 'profiles.rename'), { id: 'acme:work', name: 'main' });
  const second = asked.filter(([name]) => name === 'profiles.add')[1]?.[1] as Record<string, unknown>;
  assert.deepEqual([second['name'], second['replace']], ['main', true]);
});

test('a server that lists nothing is told of, and the value can be typed', async (t) => {
  const { add, asked } = await open(t, {
    'profiles.choices': Object.assign(new Error('acme:work could not list them'), { name: 'UPSTREAM_ERROR' }),
  });
  await add.submit();
  await settled();
  assert(add.picking);
  assert.equal(add.picking.problem?.message, 'acme:work could not list them');
  add.picking.typed = ' o9 ';
  await add.picking.use();
  assert.equal((inputOf(asked, 'profiles.pick') as { value: string }).value, 'o9');
});

test('a long list is searched, and says which profile has a choice already', async (t) => {
  const ids = Array.from({ length: 12 }, (_, index) => `org-${index}`);
  const { app, add } = await open(t, {
    'profiles.choices': listed('org', ...ids),
    'profiles.list': [{ ...work, id: 'acme:home', name: 'home', metadata: { org: 'org-3' } }],
  });
  await add.submit();
  await settled();
  assert(add.picking);
  assert.equal(add.picking.hasFind, true);
  add.picking.find = 'ORG 11';
  assert.deepEqual(
    add.picking.shown.map(({ id }) => id),
    ['org-11'],
  );
  assert.deepEqual([add.picking.usedBy('org-3'), add.picking.usedBy('org-4')], ['acme:home', null]);
  assert.ok(app.profilesView.adding);
});

test('what folders agree on is filled in, and what they disagree on is not', async (t) => {
  const folder = (path: string): object => ({ folder: path });
  const found: Record<string, object[]> = {
    '/a': [
      { field: 'project', value: 'p1', file: '/a/acme.toml', reason: null },
      { field: 'org', value: 'o1', file: '/a/acme.toml', reason: null },
    ],
    '/b': [{ field: 'org', value: 'o2', file: '/b/acme.toml', reason: null }],
  };
  const { add, asked } = await open(t, {
    'workspaces.list': [folder('/a'), folder('/b')],
    'connectors.detect': (input: unknown) => found[(input as { folder: string }).folder],
  });
  assert.deepEqual([add.metadata['project'], add.metadata['org']], ['p1', '']);
  await add.submit();
  const { metadata, readOnly, auth } = inputOf(asked, 'profiles.add') as Record<string, unknown>;
  assert.deepEqual([metadata, readOnly, auth], [{ project: 'p1' }, false, null]);
});

test('what was typed for one service is not carried over to another', async (t) => {
  const { add } = await open(t);
  add.takeAuth('token');
  add.secrets['token'] = 's3cret';
  add.metadata['features'] = 'docs';
  add.client = { id: 'app-1', secret: 'hush' };
  add.choose(null);
  add.choose({ ...acme, name: 'other', auth: 'token', methods: [method('token')] });
  assert.deepEqual({ ...add.secrets }, { token: '' });
  assert.deepEqual([add.metadata['features'], add.client.id, add.client.secret], ['', '', '']);
});

test('a choice that the search hides is not the one that is used', async (t) => {
  const ids = Array.from({ length: 12 }, (_, index) => `org-${index}`);
  const { add, names } = await open(t, { 'profiles.choices': listed('org', ...ids) });
  await add.submit();
  await settled();
  assert(add.picking);
  add.picking.chosen = 'org-2';
  add.picking.find = 'org-7';
  await add.picking.use();
  assert.ok(!names().includes('profiles.pick'));
  add.picking.find = '';
  await add.picking.use();
  assert.ok(names().includes('profiles.pick'));
});

test('another way to sign in asks for its own secrets, and is named to the gateway', async (t) => {
  const { add, asked } = await open(t, { 'profiles.add': { profile: work, probe: fine, notes: [] } });
  assert.deepEqual(add.way?.secrets, []);
  add.takeAuth('token');
  await add.submit();
  assert.deepEqual(add.problems, { 'secret.token': 'Token is needed.' });
  add.secrets['token'] = 's3cret';
  await add.submit();
  const { auth, secrets } = inputOf(asked, 'profiles.add') as Record<string, unknown>;
  assert.deepEqual([auth, secrets], ['token', { token: 's3cret' }]);
});

test('an app of one’s own is asked for where the service wants one, and goes with the sign-in', async (t) => {
  const { add, asked } = await open(t);
  add.choose({ ...acme, methods: [method('oauth', { group: 'own-app' })] });
  await add.submit();
  assert.deepEqual(add.problems, { 'client.id': 'The client id is needed.' });
  add.client = { id: ' app-1 ', secret: 'hush' };
  await add.submit();
  await settled();
  const { client } = inputOf(asked, 'signIn.begin') as Record<string, unknown>;
  assert.deepEqual(client, { id: 'app-1', secret: 'hush' });
});

test('an address is pasted into the search and names its connector', async (t) => {
  const { app, asked } = await open(t);
  app.profilesView.openGallery();
  const { adding } = app.profilesView;
  assert(adding);
  adding.search = 'https://mcp.notes.example/v1';
  adding.chooseOwn('address');
  assert.deepEqual([adding.address, adding.connectorName], ['https://mcp.notes.example/v1', 'notes']);
  adding.name = 'mine';
  await adding.submit();
  const { connector: name, url } = inputOf(asked, 'profiles.add') as Record<string, unknown>;
  assert.deepEqual([name, url], ['notes', 'https://mcp.notes.example/v1']);
});

const signedOut: Record<string, Answer> = {
  'profiles.list': [work],
  'gateway.status': {
    ...status,
    upstreams: [
      {
        profile: 'acme:work',
        state: 'signed-out',
        tools: 0,
        pid: null,
        inFlight: 0,
        problem: null,
        oddities: 0,
      },
    ],
  },
};

test('somebody else is turned away by name; agreeing keeps who it is, trying again starts as a stranger', async (t) => {
  let end: SignInState = failed('OTHER_ACCOUNT', 'acme:work belongs to ada', 'bob@acme.dev');
  const { app, asked } = await open(t, { ...signedOut, 'signIn.wait': () => end });
  const view = app.profilesView;
  view.closeAdding();
  view.select('acme:work');
  await view.signIn('window');
  assert.equal(view.signingIn?.other, 'bob@acme.dev');
  const begun = (): unknown => asked.filter(([name]) => name === 'signIn.begin').at(-1)?.[1];

  view.leaveSignIn();
  await view.signIn('window');
  assert.deepEqual(begun(), { profile: 'acme:work', how: 'window', otherAccount: false, fresh: true });

  end = done;
  await view.signIn('window', 'new');
  assert.deepEqual(begun(), { profile: 'acme:work', how: 'window', otherAccount: true, fresh: false });
  assert.equal(view.signingIn, null);
  assert.equal(view.outcome?.sentence, 'Signed in as ada@acme.dev.');
  await view.signIn('window', 'other');
  assert.deepEqual(begun(), { profile: 'acme:work', how: 'window', otherAccount: true, fresh: true });
});

test('a sign-in that the tray began is followed to its end, and not waited for', async (t) => {
  let list: SignInState[] = [];
  const { app, push, asked } = await openWindow(t, { ...signedOut, 'signIn.list': () => list });
  const view = app.profilesView;
  list = [waiting];
  await push('sign-in');
  assert.equal(view.signingIn?.profile, 'acme:work');
  assert.equal(view.signingIn.isOpen, true);
  list = [failed('OTHER_ACCOUNT', 'no', 'bob@acme.dev')];
  await push('sign-in');
  assert.equal(view.signingIn.other, 'bob@acme.dev');
  list = [{ ...waiting, id: 's2' }];
  await push('sign-in');
  assert.equal(view.signingIn.isOpen, true);
  list = [{ ...done, id: 's2' }];
  await push('sign-in');
  assert.equal(view.signingIn, null);
  assert.ok(!asked.some(([name]) => name === 'signIn.wait'));
});
