import { isDeepStrictEqual } from 'node:util';
import type { Profile } from '../../../src-shared/model.ts';
import { manifestOf } from '../profiles/manifest.ts';
import type { Unnamed } from './accounts.ts';
import type { Match } from './match.ts';
import { profileName } from './names.ts';

/** Whether a profile is known to have been made with exactly these secrets. */
export type Holds = (profile: Profile, secrets: Readonly<Record<string, string>>) => boolean;

/** The profile that does the same already; null where it cannot be told. */
export function existingOf(account: Unnamed, profiles: readonly Profile[], holds: Holds): Profile | null {
  const { match, add, secrets } = account.account;
  const same = profiles.filter((profile) =>
    match
      ? isSameWay(profile, match)
      : // An address of one's own that a connector has already would be a match.
        add.launch != null && isDeepStrictEqual(profile.launch, add.launch),
  );
  if (account.isByName) return same.find((profile) => isNamedSo(profile, account)) ?? null;
  return same.find((profile) => secrets.length === 0 || holds(profile, add.secrets ?? {})) ?? null;
}

function isSameWay(profile: Profile, { connector, variant, auth, readOnly, metadata }: Match): boolean {
  if (profile.connector !== connector.name || profile.launch) return false;
  if ((profile.variant ?? null) !== variant) return false;
  const way = manifestOf(connector, { variant: variant ?? undefined });
  const byDefault = way?.readOnly?.default ?? false;
  return (
    (profile.auth ?? way?.auth) === (auth ?? way?.auth) &&
    (profile.readOnly ?? byDefault) === (readOnly ?? byDefault) &&
    isDeepStrictEqual(profile.metadata, { ...metadata })
  );
}

function isNamedSo({ connector, name }: Profile, { names }: Unnamed): boolean {
  return names.some((server) => profileName(server, [connector]) === name);
}
