import { NucleusError } from '../../src-shared/errors.ts';
import type { SignInSettings } from '../../src-shared/sign-in.ts';
import type { Connectors } from './profiles/connectors.ts';
import { resolveLaunch } from './profiles/launch.ts';
import type { Places } from './profiles/places.ts';
import { oauthSettings } from './profiles/oauth-settings.ts';
import type { ProfileStore } from './storage/profile-store.ts';
import type { Vault } from './storage/vault.ts';

/** What somebody signs in to: the address of a profile's server, and what its connector says of it. */
export function createSignInTarget(deps: {
  readonly store: Pick<ProfileStore, 'get'>;
  readonly connectors: Pick<Connectors, 'of'>;
  readonly places: Pick<Places, 'problem'>;
  readonly vault: Pick<Vault, 'get'>;
  readonly canSignIn: boolean;
}): (profile: string) => Promise<{ readonly server: URL; readonly settings: SignInSettings }> {
  return async (id) => {
    const profile = deps.store.get(id);
    if (!profile) throw new NucleusError('PROFILE_UNKNOWN', `no profile with id "${id}"`, { profile: id });
    const manifest = deps.connectors.of(profile);
    const moved = deps.places.problem(profile, manifest);
    if (moved) throw moved;
    const launch = await resolveLaunch(profile, manifest, (name) => deps.vault.get(id, name));
    if (!deps.canSignIn || launch.kind !== 'http' || manifest?.auth === 'token')
      throw new NucleusError(
        'USAGE',
        `nobody signs in for ${id}: ${
          launch.kind === 'http'
            ? 'its connector takes a token, which nucleus secret changes'
            : 'its server is a program on this machine'
        }`,
        { profile: id },
      );
    return { server: launch.url, settings: manifest ? oauthSettings(profile, manifest) : {} };
  };
}
