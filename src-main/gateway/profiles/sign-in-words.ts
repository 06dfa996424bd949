import type { SignInGroup, SignInMethod } from '../../../src-shared/model.ts';
import type { Manifest } from './manifest.ts';
import { secretsOfMethod, type AuthMethod, type OauthSignIn } from './sign-in-schema.ts';

/** The ways to sign in to a connector as a person is told of them, that of `auth` first. */
export function describeMethods(manifest: Manifest): SignInMethod[] {
  return manifest.methods.map((method) => ({ ...describe(manifest, method), method }));
}

/** How the service treats a client it does not know. */
export function groupOf(oauth: OauthSignIn | null): SignInGroup {
  if (oauth?.known_clients_only) return 'known-clients';
  if (oauth?.client_id != null) return 'registers';
  if (oauth?.client === 'ask') return 'own-app';
  return oauth?.registration.some((way) => way !== 'preregistered') ? 'registers' : 'undocumented';
}

function describe(manifest: Manifest, method: AuthMethod): Omit<SignInMethod, 'method'> {
  const { signIn } = manifest;
  const common = {
    secrets: [...secretsOfMethod(signIn, method)],
    prefix: [] as string[],
    create: null,
    scopes: [] as string[],
    group: null,
    note: '',
  };
  switch (method) {
    case 'token': {
      const { label, prefix, create, scopes, note } = signIn.token ?? {};
      return {
        ...common,
        label: label ?? 'Token',
        prefix: [...(prefix ?? [])],
        create: create ?? null,
        scopes: [...(scopes ?? [])],
        note: note ?? '',
      };
    }
    case 'basic': {
      const { label, create, note } = signIn.basic ?? {};
      return { ...common, label: label ?? 'User name and token', create: create ?? null, note: note ?? '' };
    }
    case 'oauth':
      return {
        ...common,
        label: 'Sign in in a browser',
        scopes: [...(signIn.oauth?.scopes ?? [])],
        group: groupOf(signIn.oauth),
        note: oauthNote(manifest),
      };
    case 'machine':
      return { ...common, label: 'Client of your own, without a person', note: signIn.machine?.note ?? '' };
    case 'ambient':
      return {
        ...common,
        label: 'What this machine is signed in as',
        note: signIn.ambient?.note ?? '',
      };
    case 'none':
      return { ...common, label: 'No sign-in' };
  }
}

/** Said before anybody tries: a refusal that was to be expected must not look like a fault. */
function oauthNote({ title, signIn, methods, variants }: Manifest): string {
  const { oauth } = signIn;
  const others = methods.filter((method) => method !== 'oauth' && method !== 'none');
  const otherWays = Object.keys(variants);
  const instead = [
    ...others.map((method) => `--auth ${method}`),
    ...otherWays.map((variant) => `--variant ${variant}`),
  ];
  const way = instead.length === 0 ? '' : ` Other ways: ${instead.join(', ')}.`;
  const first = {
    registers: '',
    'own-app':
      `${title} registers no app by itself: it needs an app of your own there, with its client id` +
      `${oauth?.client_secret === 'required' ? ' and secret' : ''}.${way}`,
    'known-clients': `${title} lets in clients from its own list only, and Nucleus is not on it: expect to be refused.${way}`,
    undocumented: `Whether ${title} lets Nucleus register itself is not documented; it is tried.${way}`,
  }[groupOf(oauth)];
  const grant =
    oauth && oauth.grant !== 'account' ? `One sign-in covers one ${oauth.grant}, not the whole account.` : '';
  return [first, grant, oauth?.note ?? ''].filter((sentence) => sentence !== '').join(' ');
}
