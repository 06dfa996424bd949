import assert from 'node:assert/strict';
import test from 'node:test';
import { parseManifest } from '../../../src-main/gateway/profiles/manifest.ts';
import { createAsking } from '../../../src-main/gateway/profiles/asking.ts';
import { createPickers } from '../../../src-main/gateway/profiles/pickers.ts';
import type { Call } from '../../../src-main/gateway/routing/dispatch.ts';
import type { Profile } from '../../../src-shared/model.ts';
import { text } from '../../fixtures/documented-services.ts';
import { verifies } from '../../helpers/requirements.ts';

const { signal } = new AbortController();

/** A profile of a manifest with these rules; `answer` stands for its server. */
function setUp(
  rules: string,
  metadata: Record<string, string>,
  answer: (call: Call) => object | Promise<object>,
) {
  const manifest = parseManifest(
    `schema = 1\nname = "shop"\ntransport = "http"\nauth = "none"\nurl = "https://x.test"\n${rules}`,
    { file: '/c/shop.toml', name: 'shop', kind: 'custom' },
  );
  const profile: Profile = {
    id: 'shop:work',
    connector: 'shop',
    name: 'work',
    metadata,
    createdAt: 0,
    isDefault: false,
    launch: null,
    readOnly: null,
    stderr: 'null',
  };
  const log: string[] = [];
  const road = (name: string) => async (call: Call) => {
    log.push(`${name} ${call.route.name} ${JSON.stringify(call.params['arguments'])}`);
    return { kind: 'made' as const, body: { result: (await answer(call)) as Record<string, unknown> } };
  };
  const pickers = createPickers({
    profile: () => profile,
    connectors: { of: () => manifest },
    asking: createAsking({
      isTrusted: () => true,
      dispatchOver: (connection) => road(connection === profile.id ? 'own' : 'base'),
      leave: async (connection) => void log.push(`left ${connection}`),
    }),
    async setMetadata(_id, fields) {
      log.push(`set ${JSON.stringify(fields)}`);
      return profile;
    },
    probe: async () => ({ ok: false, code: 'X', message: 'not here' }),
  });
  return { pickers, log };
}

const field = (key: string): string => `[[metadata]]\nkey = "${key}"\n`;

test('a list that is kept per organization is asked for each, and once for nobody’s', async () => {
  verifies('NUC-034');
  // neondatabase/mcp-server-neon@9492812 (2026-08-03): the personal account unless an organization is named.
  const rules = `${field('project')}[[discover]]\nfield = "project"\ntool = "list_projects"\nlist = "/projects"\narguments = { limit = 50 }\nper = { tool = "list_organizations", list = "/organizations", argument = "org_id" }\n`;
  const { pickers, log } = setUp(rules, {}, ({ route, params }) => {
    if (route.name === 'list_organizations') return text({ organizations: [{ id: 'o1' }, { id: 'o2' }] });
    const org = (params['arguments'] as { org_id?: string }).org_id ?? 'own';
    return text({
      projects: [
        { id: `${org}-1`, name: org },
        { id: 'shared', name: 'Shared' },
      ],
    });
  });
  const { choices, maySkip, current } = await pickers.choices(
    { id: 'shop:work', field: 'project' },
    { signal },
  );
  assert.deepEqual(
    choices.map(({ id }) => id),
    ['own-1', 'shared', 'o1-1', 'o2-1'],
  );
  assert.deepEqual([maySkip, current], [true, null]);
  assert.deepEqual(log, [
    'own list_projects {"limit":50}',
    'own list_organizations {}',
    'own list_projects {"limit":50,"org_id":"o1"}',
    'own list_projects {"limit":50,"org_id":"o2"}',
  ]);
});

const narrowed = `${field('project')}[[discover]]\nfield = "project"\ntool = "list_projects"\nscope = "base"\n`;

test('the connection without limits is let go when the last who asks on it is done, failed or not', async () => {
  verifies('NUC-034');
  const gates = [Promise.withResolvers<object>(), Promise.withResolvers<object>()];
  let asked = 0;
  const { pickers, log } = setUp(narrowed, { project: 'a' }, () => gates[asked++]?.promise ?? {});
  const [first, second] = [1, 2].map(() =>
    pickers.choices({ id: 'shop:work', field: 'project' }, { signal }),
  );
  gates[0]?.resolve(text([{ id: 'a' }]));
  await first;
  assert.equal(
    log.some((line) => line.startsWith('left')),
    false,
  );
  gates[1]?.reject(new Error('gone'));
  await assert.rejects(async () => second, /gone/);
  assert.deepEqual(log, ['base list_projects {}', 'base list_projects {}', 'left shop:work (as a whole)']);
});

test('a profile without limits is asked on the connection it has', async () => {
  const { pickers, log } = setUp(narrowed, {}, () => text([{ id: 'a' }]));
  await pickers.choices({ id: 'shop:work', field: 'project' }, { signal });
  assert.deepEqual(log, ['own list_projects {}']);
});

test('what a tool says instead of a list is told with the profile, and short', async () => {
  const { pickers } = setUp(narrowed, {}, () => ({
    isError: true,
    content: [{ type: 'text', text: `needs more rights ${'x'.repeat(5_000)}` }],
  }));
  await assert.rejects(
    async () => pickers.choices({ id: 'shop:work', field: 'project' }, { signal }),
    (error: Error) => {
      assert.match(error.message, /^shop:work could not list them: needs more rights x+$/);
      assert.ok(error.message.length < 400);
      return true;
    },
  );
});

test('a field without a rule is answered with how to set it by hand', async () => {
  const { pickers } = setUp(narrowed, {}, () => ({}));
  await assert.rejects(async () => pickers.choices({ id: 'shop:work', field: 'region' }, { signal }), {
    code: 'ARGUMENTS_INVALID',
    message:
      'the choices for "region" of shop:work cannot be listed; give it with nucleus add shop work --replace --metadata region=VALUE',
  });
});

test('picking what is there already changes nothing', async () => {
  const { pickers, log } = setUp(narrowed, { project: 'a' }, () => ({}));
  await pickers.pick({ id: 'shop:work', field: 'project', value: 'a', connect: false }, { signal });
  assert.deepEqual(log, []);
  await pickers.pick({ id: 'shop:work', field: 'project', value: null, connect: false }, { signal });
  assert.deepEqual(log, ['set {"project":""}']);
});
