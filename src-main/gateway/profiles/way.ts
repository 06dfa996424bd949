import { NucleusError } from '../../../src-shared/errors.ts';
import type { Profile } from '../../../src-shared/model.ts';
import type { Connectors } from './connectors.ts';
import { manifestOf, type Manifest } from './manifest.ts';
import { holesOf } from './template.ts';

/** Which variant of its connector a profile uses and how it signs in: what the person says now, else what there was. */
export function wayOf(
  asked: { readonly variant: string | null; readonly auth: string | null },
  before: Profile | null,
): Pick<Profile, 'variant' | 'auth'> {
  const variant = asked.variant ?? before?.variant;
  // The way to sign in was chosen among those of the variant there was.
  const kept = asked.variant === null || asked.variant === before?.variant ? before?.auth : undefined;
  const auth = asked.auth ?? kept;
  return { ...(variant !== undefined && { variant }), ...(auth !== undefined && { auth }) };
}

/** The manifest of that way; throws with what there is instead. null: the connector has no manifest. */
export function chooseWay(
  connectors: Pick<Connectors, 'get' | 'of'>,
  connector: string,
  way: Pick<Profile, 'variant' | 'auth'>,
): Manifest | null {
  const manifest = connectors.get(connector);
  if (!manifest) return null;
  const chosen = connectors.of({ connector, ...way });
  if (chosen) return chosen;
  const inVariant = manifestOf(manifest, { variant: way.variant });
  if (!inVariant) {
    const variants = Object.keys(manifest.variants);
    throw new NucleusError(
      'ARGUMENTS_INVALID',
      `connector ${connector} has no variant "${way.variant}"` +
        (variants.length === 0 ? '' : `; it has ${variants.join(', ')}`),
    );
  }
  throw new NucleusError(
    'ARGUMENTS_INVALID',
    `connector ${connector} has no way to sign in called "${way.auth}"; it has ${inVariant.methods.join(', ')}`,
  );
}

/**
 * Whether secrets that were given for a profile still go where the person gave them for: whoever may add a profile must
 * not be able to send another's stored ones elsewhere. Fields that only narrow a profile change nothing about that.
 */
export function goesToSamePlace(
  before: Profile,
  after: Omit<Profile, 'id'>,
  manifest: Manifest | null,
): boolean {
  if (before.variant !== after.variant || before.auth !== after.auth) return false;
  // Another program is another place; one of a person's own says itself which secrets it wants.
  if (before.launch?.command !== after.launch?.command) return false;
  if (!manifest || after.launch) return true;
  return placeFields(manifest).every((key) => {
    const fallback = manifest.metadata.find((field) => field.key === key)?.default ?? '';
    return (before.metadata[key] || fallback) === (after.metadata[key] || fallback);
  });
}

/** Fields that decide where a server is: of an address the host, of a program everything, as it connects by itself. */
function placeFields({ url, stdio, metadata, narrowing }: Manifest): readonly string[] {
  if (stdio) return metadata.map(({ key }) => key).filter((key) => !narrowing.includes(key));
  const host = /^https?:\/\/([^/?#]*)/.exec(url ?? '')?.[1] ?? '';
  return holesOf(host).flatMap((hole) => (hole.kind === 'metadata' ? [hole.key] : []));
}
