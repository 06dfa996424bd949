import type { Profile } from '../../../src-shared/model.ts';
import type { Manifest } from '../profiles/manifest.ts';
import type { Account, Unnamed } from './accounts.ts';
import { commonName, freeName, profileName } from './names.ts';
import { serviceOfStart } from './service.ts';

/** Gives every account a connector and a profile of its own, or the one it has already. */
export function namesFor(
  accounts: readonly Unnamed[],
  known: {
    readonly manifests: readonly Manifest[];
    readonly profiles: readonly Profile[];
    readonly takenConnectors: readonly string[];
    readonly existing: (account: Unnamed) => Profile | null;
  },
): Account[] {
  const taken = new Set(known.profiles.map(({ id }) => id));
  const connectors = new Set([
    'nucleus',
    ...known.takenConnectors,
    ...known.manifests.map(({ name }) => name),
    ...known.profiles.map(({ connector }) => connector),
  ]);
  return Array.from(groupByService(accounts).values()).flatMap((group) => {
    const names = group.flatMap((account) => account.names);
    const [{ account: first } = { account: null }] = group;
    const stem = first?.match?.connector.name ?? commonName(names, first?.otherwise ?? '');
    let connector: string | null =
      first?.match?.connector.name ?? serving(first?.service ?? '', known.profiles);
    return group.map((account) => {
      const profile = known.existing(account);
      if (profile) return { ...account, connector: profile.connector, profile: profile.name, isKnown: true };
      if (connector === null) {
        connector = freeName([stem], (name) => connectors.has(name));
        connectors.add(connector);
      }
      const of = connector;
      const isTaken = (name: string): boolean => taken.has(`${of}:${name}`);
      const name = freeName(wanted(account, [of, stem, account.account.title ?? '']), isTaken);
      taken.add(`${of}:${name}`);
      return { ...account, connector: of, profile: name, isKnown: false };
    });
  });
}

/** What a profile would best be called: what its servers' names say, else `default`, else whose file it stood in. */
function wanted({ names, hosts }: Unnamed, connector: readonly string[]): string[] {
  const words = names.map((name) => profileName(name, connector));
  const telling = words.find((word) => word !== 'default');
  return telling === undefined ? ['default', ...hosts] : [telling];
}

/** The connector whose profiles start the same program, each by a command of its own. */
function serving(service: string, profiles: readonly Profile[]): string | null {
  const same = profiles.find(
    ({ launch }) => launch !== null && serviceOfStart(launch.command, launch.args) === service,
  );
  return same?.connector ?? null;
}

function groupByService(accounts: readonly Unnamed[]): Map<string, Unnamed[]> {
  const groups = new Map<string, Unnamed[]>();
  for (const account of accounts) {
    const group = groups.get(account.account.service) ?? [];
    groups.set(account.account.service, [...group, account]);
  }
  return groups;
}
