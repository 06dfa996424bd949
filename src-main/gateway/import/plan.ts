import { createHash } from 'node:crypto';
import type { AddProfile } from '../../../src-shared/contract.ts';
import type { HostName } from '../../../src-shared/hosts.ts';
import type { ImportServer } from '../../../src-shared/import.ts';
import { profileId, type Profile } from '../../../src-shared/model.ts';
import { guessEnv } from '../../../src-shared/policy.ts';
import type { Manifest } from '../profiles/manifest.ts';
import { accountsOf, type Account, type Found } from './accounts.ts';
import type { EntryPlace } from './entry.ts';
import { namesFor } from './name-accounts.ts';
import { wordsOf } from './names.ts';
import { readServer } from './read-server.ts';
import { existingOf, type Holds } from './same-account.ts';

/** The servers of one file. Holds secrets. */
export interface Source {
  readonly file: string;
  readonly host: HostName | null;
  readonly entries: Readonly<Record<string, unknown>>;
}

/** One server and what `run` does with it; `add` is null where there is nothing to add. Holds secrets. */
export interface Planned {
  readonly shown: ImportServer;
  readonly host: HostName | null;
  readonly add: AddProfile | null;
}

/** No machine has more; a file that does is not what it seems. */
const maxServers = 500;

/** What the servers of these files become beside the profiles there are. */
export function makePlan(options: {
  readonly sources: readonly Source[];
  readonly manifests: readonly Manifest[];
  readonly profiles: readonly Profile[];
  /** Names no connector may take: those of files that cannot be read, too. */
  readonly takenConnectors: readonly string[];
  readonly placeOf: (host: HostName | null) => EntryPlace;
  readonly isOwn: (raw: unknown) => boolean;
  readonly holds: Holds;
}): Planned[] {
  const { manifests, profiles } = options;
  const rows = options.sources
    .flatMap(({ file, host, entries }) =>
      Object.entries(entries)
        .filter(([, raw]) => !options.isOwn(raw))
        .map(([name, raw]) => ({ id: idOf(file, name), file, host, name, raw })),
    )
    .map((row, index) => ({
      ...row,
      reading:
        index < maxServers
          ? readServer(row.raw, options.placeOf(row.host), manifests)
          : {
              left: `more than ${maxServers} servers are too many at once; import the others first`,
              how: '',
            },
    }));
  const found = rows.flatMap(({ id, name, host, reading }): Found[] =>
    reading.becomes ? [{ id, name, host, becomes: reading.becomes }] : [],
  );
  const accounts = namesFor(accountsOf(found), {
    manifests,
    profiles,
    takenConnectors: options.takenConnectors,
    existing: (account) => existingOf(account, profiles, options.holds),
  });
  const byServer = new Map(
    accounts.flatMap((account) => account.servers.map((id) => [id, account] as const)),
  );
  return rows.map(({ id, file, name, host, reading }) => {
    const base = { id, file, name };
    const account = byServer.get(id);
    if (account && reading.becomes) return { host, ...planned(base, account, reading.notes) };
    return {
      host,
      add: null,
      shown: { ...base, ...leftOut(name, reading.left ?? '', 'how' in reading ? reading.how : '') },
    };
  });
}

function planned(
  base: Pick<ImportServer, 'id' | 'file' | 'name'>,
  { connector, profile, isKnown, account }: Account,
  notes: readonly string[],
): Omit<Planned, 'host'> {
  const { title, isBuiltin, how, secrets, add } = account;
  return {
    add: isKnown ? null : { ...add, connector, name: profile },
    shown: {
      ...base,
      connector,
      title: title ?? connector,
      isBuiltin,
      profile,
      env: guessEnv(profile) ?? guessEnv(base.name),
      how,
      secrets: secrets.map(({ name, place }) => ({ name, place })),
      state: isKnown ? 'known' : 'new',
      reason: notes.length === 0 ? null : notes.join('; '),
    },
  };
}

function leftOut(name: string, reason: string, how: string): Omit<ImportServer, 'id' | 'file' | 'name'> {
  const connector = wordsOf(name).join('-') || 'server';
  return {
    connector,
    title: name,
    isBuiltin: false,
    profile: 'default',
    env: null,
    how,
    secrets: [],
    state: 'left',
    reason,
  };
}

/** By where it stands only: a hash of what it says would tell of its secrets. */
function idOf(file: string, name: string): string {
  return createHash('sha256').update(`${file}\0${name}`).digest('hex').slice(0, 16);
}

export function idOfProfile({ connector, name }: AddProfile): string {
  return profileId(connector, name);
}
