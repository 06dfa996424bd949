import { NucleusError } from '../../../src-shared/errors.ts';

/** Where the data key is kept. */
export type Backend = 'keychain' | 'passphrase';

/** How each backend is called in sentences. */
export const backendName: Readonly<Record<Backend, string>> = {
  keychain: 'the OS keychain',
  passphrase: 'the registry, sealed by a passphrase',
};

/** The vault cannot be opened now; the sentence says why and what to do. */
export function vaultLocked(reason: string): NucleusError {
  return new NucleusError('VAULT_LOCKED', `the vault is locked: ${reason}`, { reason });
}

/** There is a record of what a person accepted, and it does not open. */
export function guardDamaged(): NucleusError {
  return vaultLocked(
    'the record of what a person accepted does not open, and no secret opens without it; restore a backup of registry.db, or give the secrets up: nucleus vault recover',
  );
}

/** The vault has no such secret, or only a record that does not open. */
export function secretMissing(profileId: string, name: string, why: string): NucleusError {
  return new NucleusError(
    'SECRET_MISSING',
    `profile ${profileId} has no usable secret "${name}" (${why}); add the profile again with its secret (nucleus add)`,
    { profile: profileId, secret: name },
  );
}
