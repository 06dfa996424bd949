import type { Profile } from '../../../src-shared/model.ts';
import type { SignInSettings } from '../../../src-shared/sign-in.ts';
import type { Manifest } from './manifest.ts';
import { expand } from './template.ts';

/**
 * What a manifest says of the sign-in of one profile, with its templates filled; what it leaves open is not there. The
 * manifest is the one the profile uses (`connectors.of`).
 */
export function oauthSettings(profile: Pick<Profile, 'metadata'>, { signIn }: Manifest): SignInSettings {
  const { oauth } = signIn;
  if (!oauth) return {};
  const context = { metadata: profile.metadata, secrets: {}, readOnly: false };
  const params = Object.entries(oauth.params).flatMap(([name, template]) => {
    const value = expand(template, context);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    ...(oauth.scopes.length > 0 && { scopes: oauth.scopes }),
    ...(oauth.resource !== null && { resource: oauth.resource }),
    ...(params.length > 0 && { params: Object.fromEntries(params) }),
    ...(oauth.redirect.kind === 'fixed' && { port: oauth.redirect.port }),
    ...(oauth.client_id !== null && { clientId: oauth.client_id }),
    ...(oauth.issuer_hint !== null && { issuer: oauth.issuer_hint }),
    ...(oauth.browser !== 'either' && { door: oauth.browser }),
  };
}
