import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { AttachView } from '../../../src-shared/attach.ts';
import type { Profile } from '../../../src-shared/model.ts';
import type { ResolvedConnector } from '../../../src-shared/workspace.ts';
import type { Offer } from '../../../src-main/gateway/routing/catalog.ts';
import { instructions } from '../../../src-main/gateway/routing/instructions.ts';
import type { View } from '../../../src-main/gateway/routing/view.ts';
import { createViews } from '../../../src-main/gateway/routing/views.ts';
import { createCatalogStore } from '../../../src-main/gateway/storage/catalog-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { verifies } from '../../helpers/requirements.ts';

const profile = (id: string, more: Partial<Profile> = {}): Profile => {
  const [connector = '', name = ''] = id.split(':');
  return {
    id,
    connector,
    name,
    metadata: {},
    createdAt: 1,
    isDefault: false,
    launch: null,
    readOnly: null,
    stderr: 'null',
    ...more,
  };
};

/** The folders of the tests: accounts by connector, as they were resolved. */
type Folders = Readonly<Record<string, readonly ResolvedConnector[]>>;

const connector = (
  name: string,
  ...bindings: (readonly [id: string, alias: string])[]
): ResolvedConnector => ({
  connector: name,
  source: 'explicit',
  hint: '',
  bindings: bindings.map(([id, alias], index) => ({
    profile: id,
    alias,
    note: null,
    isDefault: index === 0,
  })),
});

function setUp(t: TestContext, ids: readonly string[], folders: Folders = {}) {
  const registry = openRegistry('memory');
  t.after(() => registry.close());
  const present = { profiles: ids.map((id) => profile(id)), folders };
  const offer: Offer = { greeting: {}, tool: [{ name: 'query' }], prompt: [], resource: [], template: [] };
  const views = createViews({
    profiles: () => present.profiles,
    catalog: { offer: () => offer },
    names: createCatalogStore(registry.db),
    surface: () => ({ mode: 'expose-all', budget: 10_000, always_on: [] }),
    ownTools: { beside: [], compat: [], askAccount: () => Promise.resolve(null) },
    places: {
      find: (name) => (present.folders[`/${name}`] ? { name, folder: `/${name}` } : null),
      connectors: ({ folder }) => present.folders[folder] ?? [],
    },
  });
  return { views, present };
}

const namesOf = (view: View): string[] => view.rows('tool').map(({ key }) => key);
const asked = (...profiles: NonNullable<AttachView['profiles']>): AttachView => ({ profiles });

test('the default view is every profile under its own name', (t) => {
  verifies('NUC-055');
  const { views } = setUp(t, ['db:prod', 'db:staging', 'mail:me']);
  assert.deepEqual(namesOf(views.select(undefined)()), [
    'db_prod_query',
    'db_staging_query',
    'mail_me_query',
  ]);
  assert.deepEqual(namesOf(views.select({})()), ['db_prod_query', 'db_staging_query', 'mail_me_query']);
});

test('a view asked for holds only what it names, in its order, under its aliases', (t) => {
  const { views } = setUp(t, ['db:prod', 'db:staging', 'mail:me']);
  const view = views.select(
    asked({ id: 'mail:me', alias: 'work' }, { id: 'db:prod', alias: 'main', note: 'careful' }),
  )();
  assert.deepEqual(namesOf(view), ['mail_work_query', 'db_main_query']);
  assert.equal(view.find('tool', 'db_staging_query'), null);
  assert.equal(view.find('tool', 'db_prod_query'), null);
  assert.deepEqual(view.bindings[1], {
    profile: 'db:prod',
    connector: 'db',
    alias: 'main',
    isDefault: false,
    metadata: {},
    note: 'careful',
  });
});

test('a view of no profiles is empty, not everything', (t) => {
  const { views } = setUp(t, ['db:prod']);
  assert.deepEqual(namesOf(views.select({ profiles: [] })()), []);
});

test('a profile that does not exist is refused', (t) => {
  const { views } = setUp(t, ['db:prod']);
  assert.throws(() => views.select(asked({ id: 'db:none', alias: 'x' })), {
    code: 'PROFILE_UNKNOWN',
    message: 'no profile with id "db:none"; nucleus list shows them',
  });
});

test('an alias outside the charset is refused', (t) => {
  const { views } = setUp(t, ['db:prod']);
  assert.throws(() => views.select(asked({ id: 'db:prod', alias: 'A b' })), {
    code: 'NAME_INVALID',
    message: `invalid alias: name "A b" has invalid char 'A' (allowed: a-z 0-9 - _)`,
  });
});

test('two accounts of one connector under one alias are refused: calls could reach the wrong one', (t) => {
  verifies('FIX-015');
  const { views } = setUp(t, ['db:prod', 'db:staging', 'mail:me']);
  assert.throws(() => views.select(asked({ id: 'db:prod', alias: 'x' }, { id: 'db:staging', alias: 'x' })), {
    code: 'USAGE',
    message: 'alias "x" is given twice for db; pick another',
  });
  assert.throws(() => views.select(asked({ id: 'db:prod', alias: 'x' }, { id: 'db:prod', alias: 'x' })), {
    code: 'USAGE',
  });
  assert.deepEqual(
    namesOf(views.select(asked({ id: 'db:prod', alias: 'x' }, { id: 'mail:me', alias: 'x' }))()),
    ['db_x_query', 'mail_x_query'],
  );
});

test('one profile may stand under two aliases', (t) => {
  verifies('NUC-052');
  const { views } = setUp(t, ['db:prod']);
  const view = views.select(asked({ id: 'db:prod', alias: 'a' }, { id: 'db:prod', alias: 'b' }))();
  assert.deepEqual(namesOf(view), ['db_a_query', 'db_b_query']);
});

test('profiles come and go under a selected view', (t) => {
  const { views, present } = setUp(t, ['db:prod', 'db:staging']);
  const everything = views.select(undefined);
  const narrow = views.select(asked({ id: 'db:staging', alias: 's' }));
  assert.deepEqual(
    [namesOf(everything()), namesOf(narrow())],
    [['db_prod_query', 'db_staging_query'], ['db_s_query']],
  );
  present.profiles = [profile('db:prod'), profile('mail:me')];
  views.invalidate();
  assert.deepEqual([namesOf(everything()), namesOf(narrow())], [['db_prod_query', 'mail_me_query'], []]);
  present.profiles = [profile('db:staging')];
  views.invalidate();
  assert.deepEqual([namesOf(everything()), namesOf(narrow())], [['db_staging_query'], ['db_s_query']]);
});

test('clients that ask for the same view share one', (t) => {
  const { views } = setUp(t, ['db:prod', 'db:staging']);
  const ask = () => asked({ id: 'db:prod', alias: 'a' });
  assert.equal(views.select(ask())(), views.select(ask())());
  assert.equal(views.select(undefined)(), views.select(undefined)());
  assert.notEqual(views.select(undefined)(), views.select(ask())());
});

test('the instructions name the connectors and profiles of the view, and nothing outside it', (t) => {
  const { views } = setUp(t, ['db:prod', 'db:staging', 'mail:me']);
  assert.match(
    instructions(views.select(undefined)()),
    /\nConnectors:\n {2}- db: 2 profile\(s\) — prod, staging\n {2}- mail: 1 profile\(s\) — me\n\n/,
  );
  const narrow = instructions(views.select(asked({ id: 'db:prod', alias: 'main' }))());
  assert.match(narrow, /\n {2}- db: 1 profile\(s\) — main\n/);
  assert.doesNotMatch(narrow, /mail|staging: /);
});

test('the instructions of an empty view say how to add a profile', (t) => {
  const { views } = setUp(t, []);
  assert.match(
    instructions(views.select(undefined)()),
    /No profile is configured yet\. .*`nucleus add <connector>`/,
  );
});

const shop = { '/shop': [connector('db', ['db:staging', 'main']), connector('mail', ['mail:me', 'me'])] };

test('who works in a folder sees its accounts under their aliases, the one that is meant first', (t) => {
  const { views } = setUp(t, ['db:prod', 'db:staging', 'mail:me'], shop);
  const view = views.select({ folder: '/shop' })();
  assert.deepEqual(namesOf(view), ['db_main_query', 'mail_me_query']);
  assert.deepEqual(
    view.bindings.map(({ alias, isDefault }) => [alias, isDefault]),
    [
      ['main', true],
      ['me', true],
    ],
  );
  // What flags of the shim say is more than where it was started.
  const flagged = views.select({ ...asked({ id: 'db:prod', alias: 'p' }), folder: '/shop' });
  assert.deepEqual(namesOf(flagged()), ['db_p_query']);
});

test('address and token meet, and what is in neither is refused', (t) => {
  verifies('NEW-014');
  const { views, present } = setUp(t, ['db:prod', 'db:staging', 'mail:me'], {
    ...shop,
    '/other': [connector('db', ['db:prod', 'p'])],
    '/nothing': [connector('db')],
  });
  const at = (workspace: string, granted?: Parameters<typeof views.select>[1]) => () =>
    namesOf(views.select({ workspace }, granted)());
  const refused = { code: 'VIEW_REFUSED' };
  assert.deepEqual(at('shop')(), ['db_main_query', 'mail_me_query']);
  assert.deepEqual(at('shop', asked({ id: 'mail:me', alias: 'x' }))(), ['mail_me_query']);
  assert.throws(at('shop', asked({ id: 'db:prod', alias: 'x' })), refused);
  assert.throws(at('gone'), { code: 'WORKSPACE_UNKNOWN' });
  assert.deepEqual(at('nothing', asked({ id: 'db:prod', alias: 'x' }))(), []);

  const bound = { workspace: 'shop' };
  assert.deepEqual(namesOf(views.select(undefined, bound)()), ['db_main_query', 'mail_me_query']);
  assert.deepEqual(at('shop', bound)(), ['db_main_query', 'mail_me_query']);
  for (const workspace of ['other', 'gone']) assert.throws(at(workspace, bound), refused);
  assert.throws(() => views.select(asked({ id: 'db:prod', alias: 'x' }), bound), refused);
  assert.deepEqual([views.mayShow(bound, 'db:staging'), views.mayShow(bound, 'db:prod')], [true, false]);
  // A folder cannot be named to see more.
  assert.deepEqual(namesOf(views.select({ folder: '/other' }, bound)()), ['db_main_query', 'mail_me_query']);

  // What is taken from the workspace is taken from an open session too, its own address included.
  const direct = views.select({ transparent: true, ...asked({ id: 'db:staging', alias: 'staging' }) }, bound);
  const session = views.select(undefined, bound);
  assert.equal(direct().bindings.length, 1);
  present.folders = { '/shop': [connector('mail', ['mail:me', 'me'])] };
  views.invalidate();
  assert.deepEqual([direct().bindings, namesOf(session())], [[], ['mail_me_query']]);
  // A workspace that is no more shows its token nothing, not everything.
  present.folders = {};
  views.invalidate();
  assert.deepEqual([namesOf(session()), namesOf(views.select(undefined, bound)())], [[], []]);
});

test('a change that leaves a view as it was leaves its rows', (t) => {
  const { views, present } = setUp(t, ['db:prod', 'db:staging', 'mail:me'], shop);
  const here = views.select({ folder: '/shop' });
  const everything = views.select(undefined);
  const before = [here(), everything()];
  assert.notEqual(before[0], before[1]);
  views.invalidate();
  assert.deepEqual([here() === before[0], everything() === before[1]], [true, true]);
  present.folders = {};
  views.invalidate();
  assert.deepEqual([here().bindings, everything() === before[1]], [[], true]);
});

test('the instructions tell the notes of the view, and what the default is', (t) => {
  const { views } = setUp(t, ['db:prod', 'db:staging'], {
    '/shop': [
      {
        ...connector('db'),
        bindings: [
          { profile: 'db:prod', alias: 'main', note: 'PRODUCTION', isDefault: true },
          { profile: 'db:staging', alias: 'test', note: null, isDefault: false },
        ],
      },
    ],
  });
  const text = instructions(views.select({ folder: '/shop' })());
  assert.match(
    text,
    /\n {2}- db: 2 profile\(s\) — main \(default\), test\n\nNotes of the user on them:\n {2}- db\/main: PRODUCTION\n\n/,
  );
  assert.match(text, /The default of a connector is the account that is meant where none is named\./);
});
