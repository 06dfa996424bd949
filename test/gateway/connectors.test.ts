// The built-in connectors as people use them: what they say, what they ask, what they start, and the pickers.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { before, type TestContext } from 'node:test';
import type { ConnectorSummary, Profile } from '../../src-shared/model.ts';
import {
  startFakeService,
  supabaseProjects,
  text,
  type FakeService,
} from '../fixtures/documented-services.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope, type Home } from '../helpers/home.ts';
import { nucleus, nucleusJson, nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';

const scope = createScope();
const home = createHome(scope);
const env = passphrase(home);
const resources = join(import.meta.dirname, '..', '..', 'resources', 'connectors');
const bin = join(home.user, 'bin');
mkdirSync(bin);
// The gateway asks the login shell for its PATH once.
writeFileSync(join(home.user, '.profile'), `PATH="$HOME/bin:$PATH"\n`);
before(() => nucleusOk(home, ['start'], { env }));
const [alpha, beta] = ['aaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbb'];

/** The built-in manifest under another name, at a server of ours. */
function writeCopy(at: Home, connector: string, name: string, url: string): void {
  const manifest = readFileSync(join(resources, `${connector}.toml`), 'utf8');
  const moved = manifest
    .replace(`name = "${connector}"`, `name = "${name}"`)
    .replace(/^url = ".*"$/m, `url = ${JSON.stringify(url)}`);
  at.write(`connectors/${name}.toml`, moved);
}

async function startSupabase(t: TestContext, name: string): Promise<FakeService> {
  const service = await startFakeService({
    always: ['execute_sql'],
    account: ['list_projects', 'list_organizations'],
    isWhole: (url) => !url.searchParams.has('project_ref'),
  });
  t.after(() => service.close());
  service.answer('list_projects', () => text({ projects: supabaseProjects }));
  service.answer('execute_sql', () => text([{ one: 1 }]));
  writeCopy(home, 'supabase', name, service.url);
  return service;
}

async function profileOf(id: string): Promise<Profile | undefined> {
  return ((await nucleusJson(home, ['list'])) as Profile[]).find((profile) => profile.id === id);
}

async function connectorOf(name: string): Promise<ConnectorSummary> {
  const { connectors } = (await nucleusJson(home, ['connectors'])) as { connectors: ConnectorSummary[] };
  return connectors.find((connector) => connector.name === name) ?? assert.fail(`no ${name}`);
}

test('supabase is built in: OAuth over HTTP, and a project to limit it to', async () => {
  verifies('NUC-013');
  const { auth, transport, url, metadata, kind, methods } = await connectorOf('supabase');
  assert.deepEqual(
    { auth, transport, url, kind, metadata: metadata.map(({ key, required }) => [key, required]) },
    {
      auth: 'oauth',
      transport: 'http',
      url: 'https://mcp.supabase.com/mcp',
      kind: 'builtin',
      metadata: [
        ['project_id', false],
        ['features', false],
      ],
    },
  );
  assert.deepEqual(
    methods.map(({ method, group, secrets }) => [method, group, secrets]),
    [
      ['oauth', 'registers', []],
      ['token', null, ['token']],
    ],
  );
});

test('github takes a token, and the server of the original gets it in its variable', async () => {
  verifies('NUC-014');
  const github = await connectorOf('github');
  assert.deepEqual([github.auth, github.secrets], ['token', ['token']]);
  const fake = createFake(home, 'npx', '--tools', '1');
  const words = [fake.launch.command, ...fake.launch.args].map((word) => `'${word}'`).join(' ');
  const asked = home.path('npx-arguments');
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\necho "$*" >> '${asked}'\nexec ${words}\n`);
  chmodSync(join(bin, 'npx'), 0o755);
  const { stderr } = await nucleusOk(
    home,
    ['add', 'github', 'work', '--variant', 'stdio', '--token-stdin', '--metadata', 'toolsets=repos'],
    { env, stdin: 'ghp_canary\n' },
  );
  assert.match(stderr, /added github:work \(1 tools\)/);
  assert.equal(fake.starts().at(-1)?.env?.['GITHUB_PERSONAL_ACCESS_TOKEN'], 'ghp_canary');
  verifies('FIX-016');
  assert.equal(readFileSync(asked, 'utf8'), '-y @modelcontextprotocol/server-github@2025.4.8\n');
  assert.deepEqual((await profileOf('github:work'))?.variant, 'stdio');
});

test('an unknown variant or way to sign in is answered with those there are', async () => {
  const variant = await nucleus(home, ['add', 'github', 'x', '--variant', 'stdo', '--no-input']);
  assert.deepEqual(
    [variant.code, variant.stderr],
    [2, 'Error: github has no variant "stdo"; it has ghe, stdio, docker\n'],
  );
  const auth = await nucleus(home, ['add', 'supabase', 'x', '--auth', 'basic', '--no-input']);
  assert.deepEqual(
    [auth.code, auth.stderr],
    [2, 'Error: supabase has no way to sign in "basic"; it has oauth, token\n'],
  );
});

test('a connector without a read-only switch does not pretend to have one', async () => {
  const { code, stderr } = await nucleus(
    home,
    ['add', 'linear', 'x', '--auth', 'token', '--read-only', '--token-stdin', '--no-input'],
    { env, stdin: 'key\n' },
  );
  assert.equal(code, 2);
  assert.match(stderr, /connector linear has no read-only switch/);
});

test('connectors NAME says what will not work before anybody tries', async () => {
  const { stdout } = await nucleusOk(home, ['connectors', 'clickup']);
  assert.match(stdout, /^sign-in: Sign in in a browser, for known clients only$/m);
  assert.match(stdout, /lets in clients from its own list only, and Nucleus is not on it/);
  assert.match(
    stdout,
    /^checked: read in documentation or source, never tried with an account, on 2026-11-20$/m,
  );
  const unknown = await nucleus(home, ['connectors', 'clickupp']);
  assert.equal(unknown.code, 4);
});

test('supabase (documented shape of 2026-04-21): add offers the projects, 0 leaves it open', async (t) => {
  verifies('NUC-033');
  const service = await startSupabase(t, 'supa');
  const add = (name: string, choice: string) =>
    nucleusOk(home, ['add', 'supa', name, '--auth', 'token', '--token-stdin'], {
      env,
      stdin: `sbp_canary\n\n${choice}\n`,
    });
  const { stderr } = await add('second', '2');
  assert.match(
    stderr,
    /1\. alpha {3}\(a{20} · eu-central-1\)\n {2}2\. beta {3}\(b{20} · us-east-1 · INACTIVE\)\n {2}0\. skip\n/,
  );
  assert.equal((await profileOf('supa:second'))?.metadata['project_id'], beta);
  await add('open', '0');
  assert.deepEqual((await profileOf('supa:open'))?.metadata, {});
  assert.ok(service.seen.every(({ authorization }) => authorization === 'Bearer sbp_canary'));
  assert.ok(
    service.seen.every(({ url }) => url.includes('read_only=true')),
    'also while it is asked as a whole',
  );
});

test('what is given by hand is not asked for, and a list that fails is asked for by hand', async (t) => {
  verifies('NUC-033');
  const service = await startSupabase(t, 'supb');
  const flags = ['--auth', 'token', '--token-stdin'];
  const given = await nucleusOk(
    home,
    ['add', 'supb', 'given', ...flags, '--metadata', `project_id=${alpha}`],
    {
      env,
      stdin: 'sbp_canary\n\n',
    },
  );
  assert.doesNotMatch(given.stderr, /Choice/);
  assert.equal(
    service.seen.some(({ tool }) => tool === 'list_projects'),
    false,
  );
  service.answer('list_projects', () => ({
    isError: true,
    content: [{ type: 'text', text: 'no such luck' }],
  }));
  const failed = await nucleusOk(home, ['add', 'supb', 'failed', ...flags], {
    env,
    stdin: `sbp_canary\n\n${beta}\n`,
  });
  assert.match(failed.stderr, /note: supb:failed could not list them: no such luck/);
  assert.equal((await profileOf('supb:failed'))?.metadata['project_id'], beta);
});

test('a limited profile is asked as a whole for its choices, and its calls stay limited', async (t) => {
  verifies('NUC-034');
  const service = await startSupabase(t, 'supc');
  await nucleusOk(
    home,
    [
      'add',
      'supc',
      'work',
      '--auth',
      'token',
      '--token-stdin',
      '--no-input',
      '--metadata',
      `project_id=${alpha}`,
    ],
    { env, stdin: 'sbp_canary\n' },
  );
  service.seen.length = 0;
  const found = (await nucleusJson(home, ['pick', 'supc:work'], { env })) as object;
  assert.deepEqual(found, {
    field: 'project_id',
    label: 'Project',
    choices: [
      { id: alpha, label: 'alpha', hint: `${alpha} · eu-central-1` },
      { id: beta, label: 'beta', hint: `${beta} · us-east-1 · INACTIVE` },
    ],
    current: alpha,
    maySkip: true,
  });
  const asked = service.seen.filter(({ tool }) => tool === 'list_projects');
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['/mcp?read_only=true'],
  );
  const records = readFileSync(home.path('state', 'audit.log'), 'utf8').trim().split('\n');
  const last = JSON.parse(records.at(-1) ?? '') as Record<string, unknown>;
  assert.deepEqual(
    [last['profile_id'], last['tool'], last['decision']],
    ['supc:work', 'list_projects', 'allowed'],
  );

  const { stderr } = await nucleusOk(home, ['pick', 'supc:work', beta], { env });
  assert.match(stderr, /supc:work is limited to project_id b{20}/);
  service.seen.length = 0;
  await nucleusOk(home, ['call', 'supc_work_execute_sql'], { env });
  assert.deepEqual(
    new Set(service.seen.map(({ url }) => url)),
    new Set([`/mcp?project_ref=${beta}&read_only=true`]),
  );
  const refused = await nucleus(home, ['pick', 'supc:work', 'a&project_ref=x'], { env });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /metadata field "project_id" must match/);
});

test('a rule that names a field waits for it, and forgets what hung on the old value', async (t) => {
  verifies('NUC-034');
  const service = await startFakeService({
    always: ['search_issues'],
    account: ['find_organizations', 'find_projects'],
    isWhole: (url) => url.pathname === '/mcp',
  });
  t.after(() => service.close());
  // getsentry/sentry-mcp@4a109327 (2026-08-18)
  service.answer('find_organizations', () => ({
    structuredContent: {
      organizations: [{ slug: 'acme', webUrl: 'https://acme.example', regionUrl: '' }, { slug: 'umbrella' }],
      hasMore: false,
    },
    content: [],
  }));
  service.answer('find_projects', ({ organizationSlug }) =>
    text([{ slug: `${String(organizationSlug)}-web` }]),
  );
  writeCopy(home, 'sentry', 'sent', service.url);
  await nucleusOk(home, ['add', 'sent', 'work', '--auth', 'token', '--token-stdin', '--no-input'], {
    env,
    stdin: 'canary\n',
  });
  const early = await nucleus(home, ['pick', 'sent:work', '--field', 'project'], { env });
  assert.match(early.stderr, /choose "organization" of sent:work first/);
  const which = await nucleus(home, ['pick', 'sent:work'], { env });
  assert.match(which.stderr, /say with --field what to choose: organization, project/);
  await nucleusOk(home, ['pick', 'sent:work', 'acme', '--field', 'organization'], { env });
  const projects = (await nucleusJson(home, ['pick', 'sent:work', '--field', 'project'], { env })) as {
    choices: { id: string }[];
  };
  assert.deepEqual(
    projects.choices.map(({ id }) => id),
    ['acme-web'],
  );
  await nucleusOk(home, ['pick', 'sent:work', 'acme-web', '--field', 'project'], { env });
  service.seen.length = 0;
  await nucleus(home, ['call', 'sent_work_search_issues'], { env });
  assert.ok(
    service.seen.every(({ url }) => url === '/mcp/acme/acme-web'),
    JSON.stringify(service.seen),
  );
  assert.ok(service.seen.every(({ authorization }) => authorization === 'Sentry-Bearer canary'));
  await nucleusOk(home, ['pick', 'sent:work', 'umbrella', '--field', 'organization'], { env });
  assert.deepEqual((await profileOf('sent:work'))?.metadata, { organization: 'umbrella' });
});

test('a file in the folder gives the prompt its default, and Enter takes it', async (t) => {
  verifies('NUC-031');
  const service = await startSupabase(t, 'supd');
  const folder = home.path('repo', 'inner');
  mkdirSync(join(folder, '..', 'supabase'), { recursive: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '..', 'supabase', 'config.toml'), `project_id = "${beta}"\n`);
  const { stderr } = await nucleusOk(home, ['add', 'supd', 'here', '--auth', 'token', '--token-stdin'], {
    env,
    cwd: folder,
    stdin: 'sbp_canary\n\n\n',
  });
  assert.match(stderr, /Project \[b{20}\]: /);
  assert.equal((await profileOf('supd:here'))?.metadata['project_id'], beta);
  assert.equal(
    service.seen.some(({ tool }) => tool === 'list_projects'),
    false,
    'nothing is left to choose',
  );
  await nucleusOk(home, ['add', 'supd', 'script', '--auth', 'token', '--token-stdin', '--no-input'], {
    env,
    cwd: folder,
    stdin: 'sbp_canary\n',
  });
  assert.deepEqual((await profileOf('supd:script'))?.metadata, {}, 'a script does not depend on its folder');
});

test('an empty answer to a required field ends add, naming the field', async () => {
  verifies('NUC-032');
  const { code, stderr } = await nucleus(home, ['add', 'google-workspace', 'mail'], { env, stdin: '\n' });
  assert.equal(code, 2);
  assert.match(stderr, /metadata field "product" is required/);
  assert.equal(await profileOf('google-workspace:mail'), undefined);
});

test('a stored secret is not sent to another place than it was given for', async (t) => {
  const service = await startSupabase(t, 'supf');
  const add = (flags: readonly string[], stdin: string) =>
    nucleus(home, ['add', 'supf', 'x', '--replace', '--no-input', '--no-connect', ...flags], { env, stdin });
  await nucleusOk(home, ['add', 'supf', 'x', '--auth', 'token', '--token-stdin', '--no-input'], {
    env,
    stdin: 'sbp_canary\n',
  });
  service.seen.length = 0;
  const narrower = await add(['--metadata', `project_id=${alpha}`], '');
  assert.equal(narrower.code, 0, narrower.stderr);
  for (const flags of [
    ['--variant', 'stdio'],
    ['--command', '/bin/true', '--secret-env', 'token'],
  ]) {
    const elsewhere = await add(flags, '');
    assert.equal(elsewhere.code, 2, flags.join(' '));
    assert.match(elsewhere.stderr, /token is required/);
  }
  assert.equal((await profileOf('supf:x'))?.variant, undefined);
});

test('a token that begins like none of its kind is warned about, and kept', async (t) => {
  await startSupabase(t, 'supe');
  const { stderr } = await nucleusOk(
    home,
    ['add', 'supe', 'odd', '--auth', 'token', '--token-stdin', '--no-input'],
    { env, stdin: 'ghp_canary\n' },
  );
  assert.match(stderr, /warning: a Personal access token usually begins with sbp_/);
  assert.doesNotMatch(stderr, /canary/);
});
