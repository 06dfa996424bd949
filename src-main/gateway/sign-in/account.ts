import type { StoredSignIn } from '../storage/sign-in-store.ts';

/** Whose account a profile turned out to be. */
export interface Account {
  /** null where the service names an organization and no person. */
  readonly subject: string | null;
  /** The organization it is used in. */
  readonly tenant: string | null;
  /** A name to show people. */
  readonly name: string;
  /** Who says so: the authorization server, or the server itself by a rule of the manifest. */
  readonly by: 'issuer' | 'server';
  /** All organizations that the sign-in covers, where the server lists them. */
  readonly tenants: readonly string[];
}

type Known = Pick<StoredSignIn, 'issuer' | 'subject' | 'tenant' | 'account'>;

/** Whether it is somebody else than before; what was never known is nobody else. */
export function isOtherAccount(known: Known, found: Account | null, issuer: string | null): boolean {
  if (found === null || (known.subject === null && known.tenant === null)) return false;
  if (known.subject !== found.subject) return true;
  // A subject is its issuer's; one that the server tells is the server's, however people sign in there.
  if (found.by === 'issuer' && known.issuer !== issuer) return true;
  return known.tenant !== found.tenant && !found.tenants.includes(known.tenant ?? '');
}

/** What is kept of it. One organization out of several stays the same one, in whatever order they are listed. */
export function keptAccount(
  known: Known,
  found: Account | null,
  isOther: boolean,
): Pick<StoredSignIn, 'subject' | 'tenant' | 'account'> {
  const isSame = !isOther && found !== null && known.tenant !== null && known.tenant !== found.tenant;
  if (found === null || isSame)
    return { subject: known.subject, tenant: known.tenant, account: known.account };
  return { subject: found.subject, tenant: found.tenant, account: found.name };
}
