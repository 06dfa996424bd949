import type { SignInGroup, SignInMethod } from '../../../src-shared/model.ts';
import type { Manifest } from './manifest.ts';
import { secretsOfMethod, type AuthMethod, type OauthSignIn } from './sign-in-schema.ts';

/** The ways to sign in to a connector as a person is told of them, that of `auth` first. */
export function describeMethods(manifest: Manifest): SignInMethod[] {
  return manifest.methods.map((method) => describe(manifest, method));
}

/** How the service treats a client it does not know. */
export function groupOf(oauth: OauthSignIn | null): SignInGroup {
  if (oauth?.known_clients_only) return 'known-clients';
  if (oauth?.client_id != null) return 'registers';
  if (oauth?.client === 'ask') return 'own-app';
  return oauth?.registration.some((way) => way !== 'preregistered') ? 'registers' : 'undocumented';
}

const labels: Readonly<Record<AuthMethod, string>> = {
  none: 'No sign-in',
  token: 'Token',
  basic: 'User name and token',
  oauth: 'Sign in in a browser',
  machine: 'Client of your own, without a person',
  ambient: 'What this machine is signed in as',
};

function describe(manifest: Manifest, method: AuthMethod): SignInMethod {
  const { signIn } = manifest;
  const { label, create, prefix, scopes, note }: Said = method === 'none' ? {} : (signIn[method] ?? {});
  return {
    method,
    label: label ?? labels[method],
    secrets: [...secretsOfMethod(signIn, method)],
    prefix: [...(prefix ?? [])],
    create: create ?? null,
    scopes: [...(scopes ?? [])],
    group: method === 'oauth' ? groupOf(signIn.oauth) : null,
    note: method === 'oauth' ? oauthNote(manifest) : (note ?? ''),
  };
}

/** What the tables of the ways to sign in have in common, each some of it. */
interface Said {
  readonly label?: string | null;
  readonly create?: string | null;
  readonly prefix?: readonly string[];
  readonly scopes?: readonly string[];
  readonly note?: string | null;
}

/** Said before anybody tries: a refusal that was to be expected must not look like a fault. */
function oauthNote({ title, signIn }: Manifest): string {
  const { oauth } = signIn;
  const first = {
    registers: '',
    'own-app':
      `${title} registers no app by itself: it needs an app of your own there, with its client id` +
      `${oauth?.client_secret === 'required' ? ' and secret' : ''}.`,
    'known-clients': `${title} lets in clients from its own list only, and Nucleus is not on it: expect to be refused.`,
    undocumented: `Whether ${title} lets Nucleus register itself is not documented; it is tried.`,
  }[groupOf(oauth)];
  const grant =
    oauth && oauth.grant !== 'account' ? `One sign-in covers one ${oauth.grant}, not the whole account.` : '';
  return [first, grant, oauth?.note ?? ''].filter((sentence) => sentence !== '').join(' ');
}
