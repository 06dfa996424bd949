import { NucleusError } from '../../../src-shared/errors.ts';
import type { Profile } from '../../../src-shared/model.ts';
import type { ProfileStore } from '../storage/profile-store.ts';
import type { Vault } from '../storage/vault.ts';
import type { Connectors } from './connectors.ts';
import { placeOf } from './launch.ts';
import { manifestOf, type Manifest } from './manifest.ts';

/*
 * A profile names its connector, and what that name leads to may change: a new version ships a connector of that name,
 * or somebody edits the file. What a person typed for one place must not go to another one by that.
 */

/** Connectors that have been shipped for as long as profiles have had secrets here. */
const alwaysShipped: ReadonlySet<string> = new Set(['sqlite']);

/** What is kept where nobody can tell any more. */
const unknownPlace = 'unknown';

/** Sees to it that a profile leads where it led when it was added. */
export interface Places {
  /** What is wrong, in an error to throw; null where nothing is. */
  problem(profile: Profile, manifest: Manifest | null): NucleusError | null;
  /** Whether what is stored for a profile may go where it would lead like this. */
  isSame(before: Profile, after: Profile, manifest: Manifest | null): boolean;
  /** From now on it belongs where it leads now. */
  settle(profile: Profile, manifest: Manifest | null): void;
}

export function createPlaces(deps: {
  readonly store: Pick<ProfileStore, 'list' | 'placeOf' | 'setPlace'>;
  readonly connectors: Pick<Connectors, 'of' | 'shadowed'>;
  readonly vault: Pick<Vault, 'names'>;
}): Places {
  const { store, connectors, vault } = deps;

  /** Profiles of earlier versions say nothing; what they were added with is still to be seen, at the first start. */
  function known(profile: Profile): string | null {
    const kept = store.placeOf(profile.id);
    if (kept !== null || profile.launch) return kept;
    const found = before(profile);
    if (found !== null) store.setPlace(profile.id, found);
    return found;
  }

  function before(profile: Profile): string | null {
    const manifest = connectors.of(profile);
    if (manifest?.kind !== 'builtin' || alwaysShipped.has(manifest.name)) return placeOf(profile, manifest);
    const own = connectors.shadowed(profile.connector);
    if (own) return placeOf(profile, manifestOf(own, profile)) ?? unknownPlace;
    return vault.names(profile.id).length > 0 ? unknownPlace : placeOf(profile, manifest);
  }

  for (const profile of store.list()) known(profile);

  return {
    problem(profile, manifest) {
      if (profile.launch || !manifest) return null;
      const now = placeOf(profile, manifest);
      const then = known(profile);
      if (now === null || then === null || then === now) return null;
      // Whoever edits a file of their own may, as long as nothing is kept that would go along.
      if (manifest.kind === 'custom' && vault.names(profile.id).length === 0) return null;
      return moved(profile, manifest, then === unknownPlace ? 'another server' : then, now);
    },
    isSame(earlier, after, manifest) {
      if (after.launch || !manifest) return true;
      const then = known(earlier);
      return then === null || then === placeOf(after, manifest);
    },
    settle(profile, manifest) {
      store.setPlace(profile.id, profile.launch ? null : placeOf(profile, manifest));
    },
  };
}

function moved(
  { id, connector, name }: Profile,
  { kind }: Manifest,
  then: string,
  now: string,
): NucleusError {
  const again = `nucleus add ${connector} ${name} --replace`;
  const fix =
    kind === 'builtin'
      ? `run ${again} to use that one, or keep your own connector under another name: rename its file and its name key, and add the profile there`
      : `run ${again} if that is right, which asks for its secrets again`;
  return new NucleusError(
    'CONNECTOR_MOVED',
    `${id} was added for ${then}, and connector ${connector} ${kind === 'builtin' ? 'is built in now and ' : ''}leads to ${now}; nothing was sent there; ${fix}`,
    { profile: id, outcome: 'not-run' },
  );
}
