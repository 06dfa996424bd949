import type { TestContext } from 'node:test';
import type { Database } from 'better-sqlite3';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { homeHash, type Paths } from '../../../src-main/gateway/storage/paths.ts';
import { createProfileStore, type ProfileStore } from '../../../src-main/gateway/storage/profile-store.ts';
import { createVault, type Vault } from '../../../src-main/gateway/storage/vault.ts';
import {
  fakeKeychain,
  fakePlatform,
  profile,
  temporaryPaths,
  type FakeKeychain,
  type FakePlatform,
} from './support.ts';

export interface VaultHome {
  readonly vault: Vault;
  readonly db: Database;
  readonly paths: Paths;
  readonly profiles: ProfileStore;
  readonly keychain: FakeKeychain;
  readonly platform: FakePlatform;
  /** Another vault over the same registry, as after a restart. */
  reopen(options?: { readonly platform?: FakePlatform; readonly backend?: Backend }): VaultHome;
}

type Backend = 'auto' | 'keychain' | 'passphrase';

/** A vault over a real registry file with the profiles the tests use. */
export function openVault(
  test: TestContext,
  options: {
    readonly platform?: FakePlatform;
    readonly keychain?: FakeKeychain;
    readonly backend?: Backend;
  } = {},
): VaultHome {
  const paths = temporaryPaths(test);
  const { db, close } = openRegistry({ paths });
  test.after(close);
  const profiles = createProfileStore(db);
  const ids = Array.from({ length: 20 }, (_, index) => `atlas:${index}`);
  for (const id of ['atlas:default', 'atlas:a', 'atlas:b', 'a_b:c', 'a:b_c', ...ids])
    profiles.insert(profile(id));
  const keychain = options.keychain ?? fakeKeychain();
  const platform = options.platform ?? fakePlatform(keychain);
  const home = (where: FakePlatform, backend: Backend): VaultHome => ({
    vault: createVault({ db, platform: where, paths, backend }),
    db,
    paths,
    profiles,
    keychain,
    platform: where,
    reopen: (other = {}) => home(other.platform ?? where, other.backend ?? backend),
  });
  return home(platform, options.backend ?? 'auto');
}

/** Stores secrets for a profile that exists. */
export async function store(
  vault: Vault,
  id: string,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  (await vault.put(id, secrets))();
}

/** Everything the vault keeps in the registry, to compare. */
export function dump(db: Database) {
  return {
    meta: db.prepare("SELECT * FROM meta WHERE key LIKE 'vault%' ORDER BY key").all(),
    records: db.prepare('SELECT * FROM vault_records ORDER BY profile_id, issuer, kind').all(),
  };
}

/** Account of the data key in the keychain. */
export function keyAccount(paths: Paths): string {
  return `vault-key:${homeHash(paths)}`;
}
