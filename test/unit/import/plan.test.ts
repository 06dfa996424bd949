import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Profile } from '../../../src-shared/model.ts';
import { verifies } from '../../helpers/requirements.ts';
import { nexusSource, plan, planOf, sources, summaries } from './support.ts';

const node = { command: 'node', args: ['/srv/acme/server.js'] };

function profile(parts: Partial<Profile> & Pick<Profile, 'connector' | 'name'>): Profile {
  const { connector, name } = parts;
  const rest = { metadata: {}, createdAt: 1, isDefault: false, launch: null, readOnly: null } as const;
  return { id: `${connector}:${name}`, ...rest, stderr: 'null', ...parts };
}

function one(entries: Readonly<Record<string, unknown>>): ReturnType<typeof planOf>[number] {
  const [first] = planOf(entries);
  assert.ok(first);
  return first;
}

test('the files of all eight clients become connectors with a profile for each account', () => {
  verifies('NEW-022');
  assert.deepEqual(summaries(plan(sources)), [
    'claude-desktop github: github:default token',
    'claude-desktop linear: linear:default',
    'claude-desktop files: files:default',
    'claude-desktop pg: stays',
    'claude-code github-work: github:work token',
    'claude-code sentry: sentry:default',
    'claude-code crm: crm:default x-api-key x-team',
    'cursor supabase: supabase:default token',
    'cursor supabase-staging: supabase:staging token',
    'cursor crm-sales: crm:sales x-api-key x-team',
    'cursor paused: stays',
    'vscode github: stays',
    'vscode weather: weather:default WEATHER_API_KEY',
    'vscode here: stays',
    'windsurf github-home: github:home token',
    'windsurf tracker: stays',
    'codex stripe: stripe:default token',
    'codex notes: notes:default NOTES_PASSWORD',
    'codex old: stays',
    'gemini notes-home: notes:home NOTES_PASSWORD',
    'gemini search: search:default token',
    'zed everything: everything:default',
    'zed relative: stays',
    'zed extension: stays',
  ]);
});

test('a plan shows no value of a secret', () => {
  const shown = plan([...sources, nexusSource()]).map((planned) => planned.shown);
  assert.doesNotMatch(JSON.stringify(shown), /CANARY/);
});

test('each server that stays says why', () => {
  const reasons = plan(sources).flatMap(({ shown }) =>
    shown.state === 'left' ? [[shown.name, shown.reason] as const] : [],
  );
  const expected: Record<string, RegExp> = {
    pg: /a secret stands among its arguments \(number 3\).*nucleus add postgres$/,
    paused: /switched off/,
    github: /asks for "token" when it starts/,
    here: /\$\{workspaceFolder\}/,
    tracker: /a secret stands in its address \(its parameter api_key\)/,
    old: /switched off/,
    relative: /names \.\/tools\/server/,
    extension: /part of an extension/,
  };
  assert.deepEqual(
    reasons.map(([name]) => name),
    Object.keys(expected),
  );
  for (const [name, reason] of reasons) assert.match(reason ?? '', expected[name] ?? /never/);
});

test('the servers of a nexus.toml keep their names, commands, addresses and headers, and what has no counterpart is named', () => {
  verifies('NEX-005');
  const planned = plan([nexusSource()]);
  assert.deepEqual(summaries(planned), [
    'null tools: tools:default TOOLS_TOKEN',
    'null tickets: tickets:default token',
    'null passing: stays',
    'null unset: stays',
  ]);
  const [tools, tickets, passing, unset] = planned;
  assert.deepEqual(tools?.add, {
    connector: 'tools',
    name: 'default',
    launch: {
      command: '/opt/tools/server',
      args: ['--verbose'],
      env: { LEVEL: 'info' },
      secretEnv: ['TOOLS_TOKEN'],
      cwd: '/opt/tools',
    },
    secrets: { TOOLS_TOKEN: 'CANARY-tools' },
    stderr: { file: '/var/log/tools.log' },
  });
  assert.deepEqual(tickets?.add, {
    connector: 'tickets',
    name: 'default',
    url: 'https://tickets.example.com/sse',
    transport: 'sse',
    headers: { 'X-Nexus': 'yes', 'X-Region': 'eu', Authorization: 'Bearer {{secret.token}}' },
    secrets: { token: 'CANARY-tickets' },
  });
  assert.equal(tickets?.shown.reason, 'not brought along: allow, rate_limits');
  assert.match(passing?.shown.reason ?? '', /passes on the token of whoever calls/);
  assert.match(unset?.shown.reason ?? '', /variable NOT_SET, which is not set/);
});

test('one service under two names is one connector with two profiles', () => {
  verifies('NEW-041');
  const planned = planOf({
    acme: { ...node, env: { ACME_TOKEN: 'one' } },
    'acme-work': { ...node, env: { ACME_TOKEN: 'two' } },
  });
  assert.deepEqual(summaries(planned), [
    'cursor acme: acme:default ACME_TOKEN',
    'cursor acme-work: acme:work ACME_TOKEN',
  ]);
});

test('the same account in two files is one profile, under the name that says more', () => {
  const entry = { ...node, env: { ACME_TOKEN: 'one' } };
  const planned = plan([
    { file: '/a', host: 'cursor', entries: { acme: entry } },
    { file: '/b', host: 'codex', entries: { 'acme-work': entry } },
  ]);
  assert.deepEqual(summaries(planned), [
    'cursor acme: acme:work ACME_TOKEN',
    'codex acme-work: acme:work ACME_TOKEN',
  ]);
});

test('two accounts under one name are told apart by whose file they stand in', () => {
  const planned = plan([
    { file: '/a', host: 'cursor', entries: { acme: { ...node, env: { TOKEN: 'one' } } } },
    { file: '/b', host: 'codex', entries: { acme: { ...node, env: { TOKEN: 'two' } } } },
  ]);
  assert.deepEqual(
    planned.map(({ shown }) => shown.profile),
    ['default', 'codex'],
  );
});

test('different programs with similar names stay different connectors', () => {
  const planned = planOf({
    notes: { command: '/opt/a/notes' },
    'notes-two': { command: '/opt/b/notes' },
    nucleus: { command: '/opt/nucleons' },
  });
  assert.deepEqual(
    planned.map(({ shown }) => shown.connector),
    ['notes', 'notes-two', 'nucleus-2'],
  );
});

test('a package of a known connector with more than it can say stays a command of its own, beside the connector', () => {
  const entry = {
    command: 'npx',
    args: ['-y', '@modelcontextprotocol/server-github', '--verbose'],
    env: { GITHUB_PERSONAL_ACCESS_TOKEN: 'ghp_0123456789abcdef0123' },
  };
  const { add, shown } = one({ github: entry });
  assert.equal(shown.connector, 'github-2');
  assert.equal(shown.isBuiltin, false);
  assert.deepEqual(add?.launch?.args, entry.args);
});

test('a field of a connector never takes what is a secret by its looks', () => {
  const { add } = one({
    supabase: {
      command: 'npx',
      args: ['-y', '@supabase/mcp-server-supabase', '--project-ref=sbp_0123456789abcdef'],
      env: { SUPABASE_ACCESS_TOKEN: 'sbp_other' },
    },
  });
  assert.equal(add, null);
});

test('entries of Nucleus itself and of the original are not offered', () => {
  const planned = planOf({
    nucleus: { command: '/anywhere/nucleus', args: ['serve'] },
    view: { command: '/home/p/.nucleusmcp/bin/nucleus', args: ['serve', '--profile', 'github:work'] },
    npx: { command: 'npx', args: ['-y', 'nucleusmcp@1.2.3', 'serve'] },
    http: { url: 'http://127.0.0.1:8787/mcp' },
    other: { url: 'http://127.0.0.1:9999/mcp' },
  });
  assert.deepEqual(
    planned.map(({ shown }) => shown.name),
    ['other'],
  );
});

test('what a profile does already is known: by its secrets, or by its name where it signs in by itself', () => {
  const launch = { command: 'node', args: node.args, env: {}, secretEnv: ['ACME_TOKEN'], cwd: null };
  const acme = profile({ connector: 'acme', name: 'home', launch });
  const linear = profile({ connector: 'linear', name: 'default' });
  const entries = {
    acme: { ...node, env: { ACME_TOKEN: 'one' } },
    'acme-two': { ...node, env: { ACME_TOKEN: 'two' } },
    linear: { url: 'https://mcp.linear.app/mcp' },
    'linear-work': { url: 'https://mcp.linear.app/mcp' },
  };
  const planned = plan([{ file: '/a', host: 'cursor', entries }], {
    profiles: [acme, linear],
    holds: ({ id }, secrets) => id === 'acme:home' && secrets['ACME_TOKEN'] === 'one',
  });
  assert.deepEqual(
    planned.map(({ shown }) => `${shown.state} ${shown.connector}:${shown.profile}`),
    ['known acme:home', 'new acme:two', 'known linear:default', 'new linear:work'],
  );
});

test('a name that another profile or connector has is not taken again', () => {
  const planned = plan(
    [
      {
        file: '/a',
        host: 'cursor',
        entries: {
          linear: { url: 'https://mcp.linear.app/mcp', headers: { Authorization: 'Bearer x1' } },
          broken: node,
        },
      },
    ],
    { profiles: [profile({ connector: 'linear', name: 'default' })], taken: ['broken'] },
  );
  assert.deepEqual(
    planned.map(({ shown }) => `${shown.connector}:${shown.profile}`),
    ['linear:cursor', 'broken-2:default'],
  );
});

test('how much depends on an account is guessed from its name', () => {
  const planned = planOf({ 'acme-prod': node, 'acme-other': { ...node, env: { A: 'b' } } });
  assert.deepEqual(
    planned.map(({ shown }) => shown.env),
    ['prod', null],
  );
});

test('a server is named by where it stands, whatever it says', () => {
  const [a, b] = [{ TOKEN: 'one' }, { TOKEN: 'two' }].map((env) => one({ acme: { ...node, env } }).shown.id);
  assert.equal(a, b);
});

test('accounts that differ in a header without encryption are connectors of their own, as nothing of them may be hidden', () => {
  const at = (team: string): object => ({ url: 'http://nas.local/mcp', headers: { 'X-Team': team } });
  assert.deepEqual(
    summaries(
      planOf({
        nas: at('a'),
        'nas-two': at('b'),
        secret: { url: 'http://nas.local/mcp', headers: { 'X-Key': 'k' } },
      }),
    ),
    ['cursor nas: nas:default', 'cursor nas-two: nas-two:default', 'cursor secret: stays'],
  );
});

test('headers whose secrets would have one name keep two', () => {
  const { add } = one({
    shop: { url: 'https://shop.example.com/mcp', headers: { Authorization: 'Bearer a', Token: 'b' } },
  });
  assert.deepEqual(add?.secrets, { token: 'a', 'token-2': 'b' });
  assert.deepEqual(add.headers, { Authorization: 'Bearer {{secret.token}}', Token: '{{secret.token-2}}' });
});

test('odd entries are read in no time, and stop no other', () => {
  const long = 'a'.repeat(60_000);
  const started = performance.now();
  const planned = planOf({
    long: { command: 'x', args: [long, `${long}=${long.slice(0, 20_000)}`], env: { A: long } },
    longer: { command: 'x', args: [long, long] },
    percent: { url: 'https://%41.example.com/%zz/mcp?a=%' },
    user: { url: 'https://a%zz:b@example.com/mcp' },
    list: [],
    fine: node,
  });
  assert.equal(planned.length, 6);
  assert.equal(planned.at(-1)?.shown.state, 'new');
  assert.equal(planned[1]?.shown.state, 'left');
  // Quadratic in its length it would take minutes.
  assert.ok(performance.now() - started < 20_000);
});
