import { NucleusError } from '../../../src-shared/errors.ts';
import type { SignInStore, StoredSignIn } from '../storage/sign-in-store.ts';
import type { Vault } from '../storage/vault.ts';
import { Grant } from './grant.ts';

/** The grants of all profiles, sealed in the vault; those in use are in memory. */
export type Grants = ReturnType<typeof createGrants>;

/** The name of the record in the vault. */
const kind = 'grant';

export function createGrants(deps: {
  readonly vault: Pick<Vault, 'keep' | 'read' | 'drop'>;
  readonly store: SignInStore;
  readonly transaction: (work: () => void) => void;
}) {
  const { vault, store } = deps;
  const known = new Map<string, Grant>();

  async function load(profile: string): Promise<Grant | null> {
    const held = known.get(profile);
    if (held) return held;
    const { issuer } = store.get(profile);
    if (issuer === null) return null;
    const text = await vault.read({ profile_id: profile, issuer, kind }).catch((error: unknown) => {
      // A record that does not open is as good as none: what helps is a sign-in, not a secret to type.
      if (error instanceof NucleusError && error.code === 'SECRET_MISSING') return null;
      throw error;
    });
    // Another one may have come while the vault was opened.
    if (known.has(profile) || text === null) return known.get(profile) ?? null;
    const grant = read(text);
    if (grant) known.set(profile, grant);
    return grant;
  }

  /** The grant and what is known beside it, or neither; one of another authorization server goes. */
  async function save(
    profile: string,
    grant: Grant,
    facts: Partial<Omit<StoredSignIn, 'profile'>>,
    mayWrite: () => boolean = () => true,
  ): Promise<void> {
    const write = await vault.keep(
      { profile_id: profile, issuer: grant.issuer, kind },
      JSON.stringify(grant),
    );
    if (!mayWrite()) return;
    deps.transaction(() => {
      const { issuer } = store.get(profile);
      if (issuer !== null && issuer !== grant.issuer) vault.drop({ profile_id: profile, issuer, kind });
      write();
      store.change(profile, { ...facts, issuer: grant.issuer });
    });
    known.set(profile, grant);
  }

  return {
    load,
    save,
    /** The grant where it was loaded. */
    held: (profile: string): Grant | null => known.get(profile) ?? null,
    /** It is stored no more, or under another name. */
    forget: (profile: string): void => void known.delete(profile),
  };
}

/** null for what another version wrote. */
function read(text: string): Grant | null {
  const parsed = Grant.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}
