import { join } from 'node:path';
import type { ProfileInfo, UpstreamState } from '../src-shared/contract.ts';
import type { Choice, Profile } from '../src-shared/model.ts';
import type { SignInState } from '../src-shared/sign-in.ts';
import { createConnectors } from '../src-main/gateway/profiles/connectors.ts';
import { answers, infos, now, profiles, status, type Answers } from './shots-data.ts';

/* Adding by sign-in, with the connectors there really are, and the accounts of one person. */

const found = createConnectors({
  builtinFolder: join(import.meta.dirname, '..', 'resources', 'connectors'),
  customFolder: null,
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
export const connectors = found.list().map((manifest) => found.summary(manifest));

/** As long as a name may be. */
const long = 'enterprise-data-warehouse-europe-west-1-read-replica';

const signedIn = (id: string, account: string, more: Partial<Profile> = {}): Profile => ({
  id,
  connector: id.split(':')[0] ?? '',
  name: id.split(':')[1] ?? '',
  metadata: {},
  createdAt: Math.floor(now / 1_000) - 86_400,
  isDefault: false,
  launch: null,
  readOnly: null,
  stderr: 'null',
  account,
  ...more,
});

const own: readonly Profile[] = [
  signedIn('supabase:prod', 'ops@acme.dev', {
    isDefault: true,
    env: 'prod',
    metadata: { project_id: 'kzqvmwlrpabxtuyd' },
  }),
  signedIn(`supabase:${long}`, 'dana.with-a-very-long-address-of-hers@subsidiary.acme-enterprises.example'),
  signedIn('notion:team', 'dana@acme.dev'),
  signedIn('github:personal', 'dana-acme', { env: 'personal' }),
];

const info = (profile: Profile, more: Partial<NonNullable<ProfileInfo['signIn']>>): ProfileInfo => ({
  profile,
  connector: connectors.find(({ name }) => name === profile.connector) ?? null,
  command: [],
  credentials: 'sign-in (in the vault)',
  signIn: {
    account: profile.account ?? null,
    issuer: 'https://api.supabase.com',
    signedInAt: now - 3 * 86_400_000,
    problem: null,
    sameAs: [],
    ...more,
  },
  probe: null,
});

const upstream = (profile: string, state: UpstreamState): (typeof status.upstreams)[number] => ({
  profile,
  state,
  tools: 29,
  pid: null,
  inFlight: 0,
  problem: null,
  oddities: 0,
});

export const waiting: SignInState = {
  id: 's1',
  profile: 'supabase:prod',
  phase: 'waiting',
  how: 'window',
  url: 'https://api.supabase.com/v1/oauth/authorize?client_id=x',
  endsAt: now + 300_000,
  account: null,
  notes: [],
  problem: null,
};
export const done: SignInState = { ...waiting, phase: 'done', url: null, account: 'ops@acme.dev' };
export const turnedAway: SignInState = {
  ...waiting,
  phase: 'failed',
  url: null,
  account: 'dana@home.net',
  problem: { code: 'OTHER_ACCOUNT', message: 'supabase:prod belongs to ops@acme.dev' },
};
export const refused: SignInState = {
  ...turnedAway,
  account: null,
  problem: {
    code: 'SIGN_IN_FAILED',
    message:
      'the sign-in of supabase:prod failed: api.supabase.com answered access_denied; nothing was changed',
  },
};
export const offline: SignInState = {
  ...refused,
  problem: {
    code: 'SIGN_IN_FAILED',
    message:
      'the sign-in of supabase:prod failed: api.supabase.com cannot be reached from here; see whether this computer is online and sign in again',
  },
};

const fine = { ok: true, tools: 29, prompts: 0, resources: 0, server: 'supabase 0.13', milliseconds: 812 };
const choice = (id: string, label: string, hint: string): Choice => ({ id, label, hint });
const regions = ['eu-central-1', 'us-east-1', 'ap-southeast-2'];
const projects = [
  choice('kzqvmwlrpabxtuyd', 'acme-web', 'kzqvmwlrpabxtuyd, eu-central-1'),
  ...Array.from({ length: 11 }, (_, index) =>
    choice(
      `bcd${index}fghjklmnpqrs`,
      `acme-service-${index + 1}`,
      `bcd${index}fghjklmnpqrs, ${regions[index % 3]}`,
    ),
  ),
  choice('oldoldoldoldoldo', `a project with a name that goes on and on, ${long}`, 'eu-west-1, INACTIVE'),
];

/** The one that is added. */
const billing = signedIn('supabase:billing', 'ops@acme.dev', { env: 'dev' });

/** One person's accounts, of which one is signed out and two are the same. */
export const accounts: Answers = {
  ...answers,
  'connectors.list': { connectors, problems: [] },
  'profiles.list': [...own, ...profiles.filter(({ connector }) => connector === 'sqlite')],
  'profiles.info': {
    ...infos,
    ...Object.fromEntries([...own, billing].map((one) => [one.id, { ...info(one, {}), probe: fine }])),
    'notion:team': info(own[2] as Profile, {
      issuer: 'https://mcp.notion.com',
      problem: 'its sign-in was ended, or its token was used somewhere else as well',
    }),
    'github:personal': info(own[3] as Profile, { issuer: 'https://github.com', sameAs: ['github:work'] }),
  },
  'gateway.status': {
    ...status,
    upstreams: [
      upstream('supabase:prod', 'ready'),
      upstream(`supabase:${long}`, 'asleep'),
      upstream('notion:team', 'signed-out'),
      upstream('github:personal', 'ready'),
      ...status.upstreams.filter(({ profile }) => profile.startsWith('sqlite')),
    ],
  },
  'connectors.detect': [],
  'profiles.add': {
    profile: billing,
    probe: { ok: false, code: 'SIGN_IN_REQUIRED', message: 'supabase:billing needs a sign-in' },
    notes: [],
  },
  'profiles.choices': {
    field: 'project_id',
    label: 'Project',
    choices: projects,
    current: null,
    maySkip: true,
  },
  'profiles.pick': { profile: billing, probe: null },
  'signIn.list': [],
  'signIn.begin': waiting,
  'signIn.wait': { $never: true },
  'signIn.cancel': { cancelled: true },
  'app.openPage': {},
};

/** The same with nobody signed in for it yet: the gallery's own profile list has no Supabase project in use. */
export const detected: Answers = {
  ...accounts,
  'connectors.detect': [
    {
      field: 'project_id',
      value: 'kzqvmwlrpabxtuyd',
      file: '/home/dana/code/acme/web/supabase/config.toml',
      reason: null,
    },
  ],
};
