// What ships with Nucleus: every manifest says where it was read, and renders what it says and no more.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createConnectors } from '../../../src-main/gateway/profiles/connectors.ts';
import {
  describeCommand,
  resolveLaunch,
  type ResolvedLaunch,
} from '../../../src-main/gateway/profiles/launch.ts';
import { manifestOf, type Manifest } from '../../../src-main/gateway/profiles/manifest.ts';
import { oauthSettings } from '../../../src-main/gateway/profiles/oauth-settings.ts';
import { groupOf } from '../../../src-main/gateway/profiles/sign-in-words.ts';
import type { MetadataField, Profile } from '../../../src-shared/model.ts';
import { createFakeLog } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const connectors = createConnectors({
  builtinFolder: join(root, 'resources', 'connectors'),
  customFolder: null,
  log: createFakeLog(),
});
const shipped = connectors.list();
const sources = new Map(
  readFileSync(join(root, 'docs', 'connectors-sources.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
);
const canary = 'CANARY-7f3a';

interface Way {
  readonly title: string;
  readonly manifest: Manifest;
}

/** Every variant of every connector, with every way to sign in that this part of Nucleus carries out itself. */
const ways = shipped.flatMap((manifest) =>
  [undefined, ...Object.keys(manifest.variants)].flatMap((variant): Way[] => {
    const own = manifestOf(manifest, { variant }) ?? assert.fail(variant);
    return own.methods
      .filter((method) => method !== 'oauth' && method !== 'machine')
      .map((method) => ({
        title: `${manifest.name}${variant === undefined ? '' : ` ${variant}`} by ${method}`,
        manifest: manifestOf(own, { auth: method }) ?? assert.fail(method),
      }));
  }),
);

/** A value a person could type: it meets the pattern the manifest has. */
function plausible(field: MetadataField): string {
  if (field.choices[0] !== undefined) return field.choices[0];
  if (field.default !== null) return field.default;
  if (field.kind === 'url') return 'https://grafana.example';
  if (field.kind === 'path') return '/data/app.db';
  const words = [
    'acme',
    'acme.example',
    'ABC123',
    '7',
    'https://git.example',
    '0'.repeat(32),
    '0'.repeat(36),
  ];
  const fits = words.find((word) => field.pattern === null || new RegExp(field.pattern, 'u').test(word));
  return fits ?? assert.fail(`no plausible value for ${field.key}`);
}

function profileWith(manifest: Manifest, more: Partial<Profile> = {}): Profile {
  return {
    id: `${manifest.name}:work`,
    connector: manifest.name,
    name: 'work',
    metadata: Object.fromEntries(manifest.metadata.map((field) => [field.key, plausible(field)])),
    createdAt: 0,
    isDefault: false,
    launch: null,
    readOnly: null,
    stderr: 'null',
    ...more,
  };
}

const secret = (name: string): Promise<string> => Promise.resolve(`${canary}-${name}`);

test('all of them parse, under the name of their file', () => {
  assert.deepEqual(connectors.problems(), []);
  assert.equal(shipped.length, 32);
});

for (const manifest of shipped) {
  const { name } = manifest;
  const all = [manifest, ...Object.values(manifest.variants)];

  test(`${name} says when it was checked and by what, each source with a date`, () => {
    const { checked } = manifest;
    assert.ok(checked && checked.sources.length > 0);
    assert.equal(checked.method, name === 'sqlite' ? 'live' : 'read', 'live wants a dated recording');
    if (name !== 'sqlite')
      for (const source of checked.sources) assert.match(source, /\(.*\d{4}-\d{2}(-\d{2})?\)$/, source);
  });

  test(`every address and package of ${name} stands where docs/connectors-sources.md says it was read`, () => {
    const section = sources.get(name) ?? assert.fail(`no section ${name}`);
    for (const { url, stdio, metadata } of all) {
      // A host that is filled in stands there once for each choice, or with a word in its place.
      const hosts = url === null ? [] : hostsOf(url, metadata);
      for (const host of hosts) assert.ok(section.includes(host), `${host} is not in its section`);
      if (stdio?.package) assert.ok(section.includes(`\`${stdio.package}\` ${stdio.version}`), stdio.package);
    }
  });

  test(`${name} is encrypted or on this machine, in every variant`, () => {
    for (const { url } of all)
      assert.match(url ?? 'https://', /^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1):/);
  });
}

function hostsOf(url: string, fields: readonly MetadataField[]): readonly string[] {
  const host = /^https?:\/\/([^/?]+)/.exec(url)?.[1] ?? '';
  const key = /\{\{metadata\.(\w+)\}\}/.exec(host)?.[1];
  if (key === undefined) return [host];
  const choices = fields.find((field) => field.key === key)?.choices ?? [];
  if (key === 'site') return choices.map((choice) => host.replace(/\{\{.*\}\}/, choice));
  return [host.replace(/^.*\}\}/, '')];
}

test('nothing is sourced that does not ship', () => {
  assert.deepEqual([...sources.keys()].sort(), shipped.map(({ name }) => name).sort());
});

test('no package is started in any other version than the one named', () => {
  verifies('FIX-016');
  for (const { manifest, title } of ways) {
    const command = describeCommand(profileWith(manifest), manifest).join(' ');
    assert.doesNotMatch(command, /@latest|:latest/, title);
    if (!manifest.stdio || manifest.stdio.runtime === 'builtin') continue;
    assert.match(manifest.stdio.version ?? '', /^v?\d+\.\d+/, title);
    assert.match(
      command,
      new RegExp(`[@:]${(manifest.stdio.version ?? '').replaceAll('.', '\\.')}( |$)`),
      title,
    );
  }
});

for (const { title, manifest } of ways)
  test(`${title} renders for plausible metadata, read-only or not, and shows no secret`, async () => {
    const seen: string[] = [];
    for (const readOnly of [true, false]) {
      const profile = profileWith(manifest, { readOnly });
      const launch = await resolveLaunch(profile, manifest, secret);
      const open = openParts(launch);
      assert.doesNotMatch(open, new RegExp(canary), 'a secret where others can read it');
      assert.doesNotMatch(describeCommand(profile, manifest).join(' '), new RegExp(canary));
      assert.doesNotMatch(open, /\{\{/);
      seen.push(open + JSON.stringify('env' in launch ? launch.env : launch.headers));
    }
    if (manifest.readOnly) assert.notEqual(seen[0], seen[1], 'read-only changes nothing');
    for (const name of manifest.secrets)
      assert.ok(
        seen[1]?.includes(`${canary}-${name}`) || seen[1]?.includes('Basic '),
        `${name} goes nowhere`,
      );
  });

function openParts(launch: ResolvedLaunch): string {
  if (launch.kind === 'http') return launch.url.href;
  return [launch.kind === 'builtin' ? launch.server : launch.command, ...launch.args].join(' ');
}

/** Enough to leave a part of an address, a parameter or a header, wherever it is put. */
const hostile = [
  '../..',
  '..',
  '%2e%2e',
  'a/b',
  'a?b=c',
  'a#b',
  'a&read_only=false',
  '@evil.test',
  'x\r\nX: y',
  'ü\u202e',
  ' ',
];

test('nothing a person can type leads to another host, another parameter or another header', async () => {
  for (const { title, manifest } of ways.filter((way) => way.manifest.url !== null)) {
    const fields = manifest.metadata.filter((field) => field.choices.length === 0);
    for (const value of hostile)
      for (const field of fields) {
        const honest = profileWith(manifest);
        const typed = { ...honest, metadata: { ...honest.metadata, [field.key]: value } };
        const wanted = (await resolveLaunch(honest, manifest, secret)) as Extract<
          ResolvedLaunch,
          { kind: 'http' }
        >;
        // The patterns refuse most before; here only the template stands in the way.
        const got = await resolveLaunch(typed, manifest, secret).catch((error: unknown) => error as Error);
        if (got instanceof Error) continue;
        assert.ok(got.kind === 'http');
        const isHost = new RegExp(`^https?://[^/]*metadata\\.${field.key}`).test(manifest.url ?? '');
        if (!isHost) assert.equal(got.url.host, wanted.url.host, `${title} ${field.key} ${value}`);
        assert.deepEqual([...got.url.searchParams.keys()], [...wanted.url.searchParams.keys()], title);
        assert.equal(got.url.pathname.split('/').length, wanted.url.pathname.split('/').length, title);
        assert.equal(got.url.hash, '');
        assert.deepEqual(Object.keys(got.headers), Object.keys(wanted.headers), title);
        for (const header of Object.values(got.headers)) assert.doesNotMatch(header, /[\r\n]/);
      }
  }
});

/** What a person meets who signs in: pinned, so that a change of it is a decision. */
const groups: Readonly<Record<string, readonly string[]>> = {
  registers: [
    'airtable',
    'atlassian',
    'cloudflare',
    'gitlab',
    'linear',
    'neon',
    'netlify',
    'notion',
    'sentry',
    'supabase',
    'vercel',
  ],
  'own-app': ['asana', 'github', 'google-workspace', 'hubspot', 'slack'],
  'known-clients': ['clickup', 'figma remote'],
  undocumented: ['datadog', 'grafana', 'huggingface', 'intercom', 'monday', 'posthog', 'stripe', 'webflow'],
};

test('every service that signs in with OAuth is in the group it belongs to', () => {
  const found: Record<string, string[]> = {};
  for (const manifest of shipped)
    for (const [variant, own] of [['', manifest] as const, ...Object.entries(manifest.variants)])
      if (own.methods.includes('oauth') && (variant === '' || !manifest.methods.includes('oauth')))
        (found[groupOf(own.signIn.oauth)] ??= []).push(`${manifest.name} ${variant}`.trim());
  assert.deepEqual(found, groups);
});

test('nothing is asked for that goes nowhere', () => {
  for (const manifest of shipped)
    for (const [variant, own] of [['', manifest] as const, ...Object.entries(manifest.variants)]) {
      const { metadata, variants: _variants, ...rest } = own;
      const text = JSON.stringify(rest);
      for (const { key } of metadata)
        assert.ok(
          text.includes(`{{metadata.${key}}}`) || own.signIn.basic?.user === key,
          `${manifest.name} ${variant} asks for ${key}`,
        );
    }
});

test('no built-in brings the client id of an app, which would be somebody else’s', () => {
  for (const manifest of shipped)
    for (const { signIn } of [manifest, ...Object.values(manifest.variants)])
      assert.equal(signIn.oauth?.client_id ?? null, null, manifest.name);
});

/** The address each profile is reached at, with what read-only adds to it: literals, because servers are told so. */
const addresses: readonly (readonly [string, Partial<Profile>, string])[] = [
  ['supabase', { readOnly: true, metadata: {} }, 'https://mcp.supabase.com/mcp?read_only=true'],
  [
    'supabase',
    { readOnly: false, metadata: { project_id: 'abc', features: 'database,docs' } },
    'https://mcp.supabase.com/mcp?project_ref=abc&features=database%2Cdocs',
  ],
  [
    'neon',
    { readOnly: true, metadata: { project_id: 'p' } },
    'https://mcp.neon.tech/mcp?projectId=p&readonly=true',
  ],
  ['sentry', { metadata: { organization: 'acme' } }, 'https://mcp.sentry.dev/mcp/acme'],
  ['sentry', { metadata: { project: 'web' } }, 'https://mcp.sentry.dev/mcp'],
  ['datadog', { metadata: { site: 'us3.datadoghq.com' } }, 'https://mcp.us3.datadoghq.com/v1/mcp'],
];

for (const [name, more, address] of addresses)
  test(`${name} with ${JSON.stringify(more)} is reached at ${address}`, () => {
    const manifest = connectors.get(name) ?? assert.fail(name);
    assert.equal(describeCommand(profileWith(manifest, more), manifest)[0], address);
  });

test('a user name and a token go together as Basic, and one without the other is refused', async () => {
  const manifest = connectors.of({ connector: 'atlassian', variant: 'token' }) ?? assert.fail();
  const launch = await resolveLaunch(
    profileWith(manifest, { metadata: { email: 'ada@acme.example' } }),
    manifest,
    secret,
  );
  assert.ok(launch.kind === 'http');
  assert.equal(launch.headers['authorization'], `Basic ${btoa(`ada@acme.example:${canary}-token`)}`);
  await assert.rejects(resolveLaunch(profileWith(manifest, { metadata: {} }), manifest, secret), {
    code: 'METADATA_INVALID',
    message: /^atlassian:work lacks the metadata field "email"/,
  });
});

test('a sign-in gets what its manifest says, filled in for the profile', () => {
  const settings = (name: string, metadata: Record<string, string>) =>
    oauthSettings({ metadata }, connectors.get(name) ?? assert.fail(name));
  assert.deepEqual(settings('slack', { team: 'T1' }), {
    params: { team: 'T1' },
    port: 3118,
    issuer: 'https://mcp.slack.com',
  });
  assert.deepEqual(settings('slack', {}), { port: 3118, issuer: 'https://mcp.slack.com' });
  assert.deepEqual(settings('netlify', {}), { scopes: ['offline_access', 'read', 'write'] });
  assert.deepEqual(settings('google-workspace', {}), { door: 'system' });
  assert.deepEqual(settings('linear', {}), {});
  assert.deepEqual(settings('sqlite', {}), {});
});
