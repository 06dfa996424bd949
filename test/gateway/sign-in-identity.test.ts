// Whose account a profile is, where only the service's own server tells it, by the rules of its manifest.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { startFakeService, text } from '../fixtures/documented-services.ts';
import { attach, startGateway, textOf, type Attached, type Gateway } from '../helpers/client.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import type { ResourceServer } from '../helpers/sign-in-server.ts';
import { signedIn, signIn, startWorld, type SignInWorld } from '../helpers/sign-in-world.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope);
const env = passphrase(home);
let gateway: Gateway;
let client: Attached;

before(async () => {
  gateway = await startGateway(scope, home, env);
  client = await attach(scope, home);
  await client.initialize();
});

/** A world like Supabase's: no word about the person, one organization per consent, hidden from limited addresses. */
async function startOrganizations(
  name: string,
  organizations: Readonly<Record<string, readonly string[]>>,
): Promise<SignInWorld> {
  const world = await startWorld(scope);
  world.authorization.metadata = (document) => ({
    ...document,
    authorization_response_iss_parameter_supported: true,
    scopes_supported: ['mcp:tools'],
    userinfo_endpoint: undefined,
  });
  world.server.tools = (person, query) =>
    query.has('project_ref')
      ? { execute_sql: () => person }
      : {
          list_organizations: () => ({
            organizations: (organizations[person] ?? []).map((id) => ({ id, name: `The ${id}` })),
          }),
        };
  writeManifest(name, world.server);
  return world;
}

function writeManifest(name: string, { url }: Pick<ResourceServer, 'url'>): void {
  home.write(
    `connectors/${name}.toml`,
    `schema = 1\nname = "${name}"\ntransport = "http"\nurl = "${url}"\nauth = "oauth"\n` +
      `[query]\nproject_ref = "{{metadata.project_id}}"\n` +
      `[signin.oauth]\nregistration = ["dcr"]\n` +
      `[signin.token]\nlabel = "Token"\nheader = { name = "Authorization", value = "Bearer {{secret}}" }\n` +
      `[[metadata]]\nkey = "project_id"\nlabel = "Project"\nnarrows = true\n` +
      `[[identity]]\nvia = "tool"\ntool = "no_such_tool"\nsubject = "/id"\n` +
      `[[identity]]\nvia = "tool"\nscope = "base"\ntool = "list_organizations"\nlist = "/organizations"\n` +
      `tenant = "/id"\nlabel = "/name"\nwhat = "organization"\n`,
  );
}

async function add(connector: string, name: string, metadata: Record<string, string> = {}): Promise<void> {
  await gateway.ask('profiles.add', { connector, name, metadata, connect: false });
}

async function accountOf(id: string): Promise<string | undefined> {
  return (await gateway.ask('profiles.list', {})).find((profile) => profile.id === id)?.account;
}

test('supabase (documented shape of 2026-04-21): the organization is asked for, past the limit to a project', async () => {
  const { server } = await startOrganizations('orga', { alice: ['acme'] });
  await add('orga', 'work', { project_id: 'alpha' });
  const { account, notes } = await signedIn(gateway, 'orga:work');
  assert.deepEqual([account, notes], ['organization The acme', []]);
  assert.equal(await accountOf('orga:work'), 'organization The acme');
  assert.deepEqual(server.calls, ['list_organizations alice?']);
  assert.equal(textOf(await client.call('orga_work_execute_sql', {})), 'alice');
  assert.equal(server.calls.at(-1), 'execute_sql alice?project_ref=alpha');
  const { stdout } = await nucleusOk(home, ['info', 'orga:work'], { env });
  assert.match(stdout, /signed in +: as organization The acme \(http:\S+, \S+ ago\)/);
});

test('the same organization in a second profile is told', async () => {
  verifies('NUC-012');
  await startOrganizations('orgb', { alice: ['acme'], bob: ['umbrella'] });
  for (const name of ['one', 'two', 'other']) await add('orgb', name);
  await signedIn(gateway, 'orgb:one');
  assert.deepEqual((await signedIn(gateway, 'orgb:other', { person: 'bob' })).notes, []);
  assert.deepEqual((await signedIn(gateway, 'orgb:two')).notes, ['orgb:one is the same account']);
});

test('another organization does not take a profile over unasked, and no call ever runs there', async () => {
  verifies('NUC-030');
  const { server, authorization } = await startOrganizations('orgc', { alice: ['acme'], mallory: ['evil'] });
  await add('orgc', 'work');
  await signedIn(gateway, 'orgc:work');
  const asked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const { tools } = server;
  server.tools = (person, query) => ({
    ...tools(person, query),
    ...(person === 'mallory' && {
      list_organizations: async () => {
        asked.resolve();
        await goOn.promise;
        return { organizations: [{ id: 'evil', name: 'Evil' }] };
      },
    }),
  });
  const signing = signIn(gateway, 'orgc:work', { person: 'mallory' });
  await asked.promise;
  assert.equal(textOf(await client.call('orgc_work_whoami', {})), 'alice', 'while it is being asked');
  goOn.resolve();
  const { problem } = await signing;
  assert.equal(problem?.code, 'OTHER_ACCOUNT');
  assert.match(
    problem.message,
    /orgc:work belongs to organization The acme, and organization Evil signed in; nothing was changed/,
  );
  assert.equal(authorization.revocations.length, 1);
  assert.equal(authorization.revocations[0]?.get('token'), authorization.issued.at(-1)?.['access_token']);
  assert.equal(textOf(await client.call('orgc_work_whoami', {})), 'alice');
  assert.equal(
    server.calls.some((call) => call.startsWith('whoami mallory')),
    false,
  );
  await signedIn(gateway, 'orgc:work', { person: 'mallory', otherAccount: true });
  assert.equal(await accountOf('orgc:work'), 'organization Evil');
  assert.equal(textOf(await client.call('orgc_work_whoami', {})), 'mallory');
});

test('one organization out of several stays the same, in whatever order they are listed', async () => {
  const lists = { alice: ['acme', 'umbrella'] };
  const { server } = await startOrganizations('orgd', lists);
  await add('orgd', 'work');
  await signedIn(gateway, 'orgd:work');
  lists.alice.reverse();
  const { tools } = server;
  server.tools = (person, query) => tools(person, query);
  await signedIn(gateway, 'orgd:work');
  assert.equal(await accountOf('orgd:work'), 'organization The acme');
});

test('a server that fails to say who it is breaks nothing', async () => {
  const { server } = await startOrganizations('orge', {});
  server.tools = () => ({
    list_organizations: () => {
      throw new Error('not today');
    },
  });
  await add('orge', 'work');
  const { account, notes } = await signedIn(gateway, 'orge:work');
  assert.deepEqual([account, notes], [null, []]);
  assert.equal(textOf(await client.call('orge_work_whoami', {})), 'alice');
});

test('a token says whose it is when it is added and when it is changed', async (t) => {
  verifies('NUC-012');
  const service = await startFakeService({
    always: ['execute_sql'],
    account: ['list_organizations'],
    isWhole: (url) => !url.searchParams.has('project_ref'),
  });
  t.after(() => service.close());
  let organization = 'acme';
  service.answer('list_organizations', () =>
    text({ organizations: [{ id: organization, name: organization }] }),
  );
  writeManifest('orgf', service);
  const addToken = (name: string) =>
    nucleusOk(home, ['add', 'orgf', name, '--auth', 'token', '--token-stdin', '--no-input'], {
      env,
      stdin: `token-of-${name}\n`,
    });
  await addToken('one');
  assert.equal(await accountOf('orgf:one'), 'organization acme');
  const { stderr } = await addToken('two');
  assert.match(stderr, /note: orgf:one is the same account/);
  organization = 'umbrella';
  await nucleusOk(home, ['secret', 'orgf:two'], { env, stdin: 'another-token\n' });
  await until('it is known', async () => (await accountOf('orgf:two')) === 'organization umbrella');
  assert.equal(service.seen.at(-1)?.authorization, 'Bearer another-token');
  const { stdout } = await nucleusOk(home, ['info', 'orgf:two'], { env });
  assert.match(stdout, /signed in +: as organization umbrella$/m);
});
