import type { VaultStatus } from '../../../src-shared/contract.ts';
import type { Finding } from '../../../src-shared/doctor.ts';
import { toNucleusError } from '../../../src-shared/errors.ts';
import { secretsOf } from '../profiles/launch.ts';
import { createKeychainPlace } from '../storage/keychain.ts';
import { findPassphrase } from '../storage/passphrase.ts';
import { createProfileStore } from '../storage/profile-store.ts';
import type { Check } from './examine.ts';
import { fail, fixIn, ok, warn } from './finding.ts';
import type { Inside, Outside } from './scene.ts';

const unlockFix = 'unlock the keychain, or name a file with a passphrase in NUCLEUS_VAULT_PASSPHRASE_FILE';

/** Whether secrets can be kept and come back. */
export function secretChecks({ platform, paths }: Outside, inside: Inside): Check[] {
  const { handlers, registry, vault, guard, connectors } = inside;
  return [
    {
      // One after the other: the keychain is asked one thing at a time.
      ids: ['vault', 'keychain', 'secret'],
      // The keychain has 3 s, and what it says then is worth hearing.
      limitMs: 4_000,
      lateFix: unlockFix,
      async look(signal) {
        const status = await handlers.vault.status({}, { signal });
        const findings = [describeVault(status), ...describePassphrase(status, platform.env)];
        if (status.state === 'open' && status.backend === 'keychain')
          findings.push(await probeKeychain(createKeychainPlace({ platform, paths })));
        if (status.state === 'open') findings.push(...(await describeUnopenable(inside)));
        return findings;
      },
    },
    {
      ids: ['secret'],
      look: () =>
        createProfileStore(registry.db)
          .list()
          .flatMap((profile) => {
            const stored = new Set(vault.names(profile.id));
            const missing = secretsOf(profile, connectors.of(profile)).filter((name) => !stored.has(name));
            return missing.map((name) =>
              fail(
                'secret',
                `${profile.id} lacks its secret ${name}`,
                `nucleus secret ${profile.id} ${name}`,
                {
                  subject: profile.id,
                },
              ),
            );
          }),
    },
    {
      ids: ['guard'],
      look: () =>
        guard
          .warnings()
          .map((sentence) =>
            warn('guard', sentence, fixIn(sentence) ?? 'nucleus vault status says what is missing'),
          ),
    },
  ];
}

function describeVault({ state, backend, records, reason }: VaultStatus): Finding {
  if (state !== 'locked')
    return ok('vault', `vault ${state}${backend === null ? '' : ` (${backend})`}, ${records} records`);
  const sentence = `the vault is locked: ${reason ?? 'no key'}`;
  // Nobody misses what nobody stored.
  return records === 0 ? warn('vault', sentence, unlockFix) : fail('vault', sentence, unlockFix);
}

function describePassphrase({ backend, state }: VaultStatus, env: Outside['platform']['env']): Finding[] {
  if (backend !== 'passphrase' || state === 'locked') return [];
  const found = findPassphrase(env);
  if (found === null || 'problem' in found || found.from !== 'NUCLEUS_VAULT_PASSPHRASE') return [];
  return [
    warn(
      'vault',
      'the passphrase of the vault stands in the environment, where other programs of yours can read it',
      'put it in a file of mode 600 and name that in NUCLEUS_VAULT_PASSPHRASE_FILE',
    ),
  ];
}

async function probeKeychain({ probe }: ReturnType<typeof createKeychainPlace>): Promise<Finding> {
  try {
    await probe();
    return ok('keychain', 'the keychain gives back what is written to it');
  } catch (error) {
    return fail(
      'keychain',
      `the keychain cannot be written: ${toNucleusError(error).message}`,
      'unlock it, or keep the key elsewhere: nucleus vault move passphrase',
    );
  }
}

async function describeUnopenable({ vault }: Inside): Promise<Finding[]> {
  return (await vault.unopenable()).map(({ profile_id: profile, kind }) =>
    profile === ''
      ? fail(
          'secret',
          `the record "${kind}" of the vault does not open: it is damaged, or of another registry`,
          'put a backup of registry.db in its place, or give it up: nucleus vault recover',
          { subject: kind },
        )
      : fail(
          'secret',
          `${kind} of ${profile} does not open: its record is damaged, or of another registry`,
          `store it anew: nucleus secret ${profile}, or nucleus sign-in ${profile}`,
          { subject: profile },
        ),
  );
}
