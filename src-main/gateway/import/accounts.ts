import type { AddProfile } from '../../../src-shared/contract.ts';
import type { HostName } from '../../../src-shared/hosts.ts';
import type { Launch, Profile } from '../../../src-shared/model.ts';
import { describeCommand } from '../profiles/launch.ts';
import { manifestOf } from '../profiles/manifest.ts';
import type { HttpEntry } from './entry.ts';
import type { Match } from './match.ts';
import { wordsOf } from './names.ts';
import type { Becoming } from './read-server.ts';
import {
  isUnencrypted,
  sealAddress,
  type MovedSecret,
  type SealedAddress,
  type SealedLaunch,
} from './seal.ts';
import { nameOfAddress, nameOfStart, serviceOfStart } from './service.ts';

/** One server of a file that can be brought in. */
export interface Found {
  readonly id: string;
  readonly name: string;
  readonly host: HostName | null;
  readonly becomes: Becoming;
}

/** What the profile of an account would be, apart from its name. Holds secrets. */
export interface Drawn {
  /** The same for all accounts of one service. */
  readonly service: string;
  /** The connector it belongs to; null where one has to be made or found by its service. */
  readonly match: Match | null;
  readonly title: string | null;
  readonly isBuiltin: boolean;
  /** What the connector is called where the servers' names have nothing in common. */
  readonly otherwise: string;
  readonly how: string;
  readonly secrets: readonly MovedSecret[];
  readonly add: Omit<AddProfile, 'connector' | 'name'>;
}

/** Servers that are the same account of the same service, in however many files. */
export interface Unnamed {
  readonly servers: readonly string[];
  readonly names: readonly string[];
  readonly hosts: readonly HostName[];
  readonly account: Drawn;
  /** Whether it is told from others by its name alone, because it signs in by itself. */
  readonly isByName: boolean;
}

export interface Account extends Unnamed {
  readonly connector: string;
  readonly profile: string;
  /** Whether a profile does the same already. */
  readonly isKnown: boolean;
}

/** Which accounts these servers are: the same start, address and secrets are the same account. */
export function accountsOf(found: readonly Found[]): Unnamed[] {
  const accounts = new Map<string, Unnamed>();
  const alike = differingHeaders(found);
  for (const { id, name, host, becomes } of found) {
    const account = draw(becomes, alike);
    // Two of one client that sign in by themselves are two accounts, or nobody would have named both.
    const isByName = account.secrets.length === 0 && isAddress(becomes);
    const secrets = account.secrets.map(({ name: secret, value }) => [secret, value]);
    const key = JSON.stringify([account.service, account.add, secrets, isByName ? wordsOf(name) : null]);
    const before = accounts.get(key);
    accounts.set(key, {
      servers: [...(before?.servers ?? []), id],
      names: [...(before?.names ?? []), name],
      hosts: [...(before?.hosts ?? []), ...(host === null ? [] : [host])],
      account,
      isByName,
    });
  }
  return [...accounts.values()];
}

/** How a profile would be stored; what is not known yet is empty. */
export function profileOf(parts: { readonly launch?: Launch; readonly match?: Match }): Profile {
  const { launch = null, match } = parts;
  return {
    id: '',
    connector: match?.connector.name ?? '',
    name: '',
    createdAt: 0,
    isDefault: false,
    metadata: { ...match?.metadata },
    launch,
    readOnly: match?.readOnly ?? null,
    stderr: 'null',
    ...(match?.variant != null && { variant: match.variant }),
    ...(match?.auth != null && { auth: match.auth }),
  };
}

function draw(becomes: Becoming, alike: ReadonlyMap<string, ReadonlySet<string>>): Drawn {
  if (becomes.kind === 'known') return drawMatch(becomes.match, becomes.stderr);
  if (becomes.kind === 'launch') return drawLaunch(becomes.sealed, becomes.stderr);
  const service = serviceOfAddress(becomes.entry);
  const sealed = sealAddress(becomes.entry, alike.get(service));
  // It was sealed once before, and more headers that are hidden change nothing about that.
  if ('left' in sealed) throw new Error(sealed.left);
  return drawAddress(service, sealed);
}

function drawMatch(match: Match, stderr: AddProfile['stderr']): Drawn {
  const { connector, variant, auth, readOnly, metadata, secrets } = match;
  const way = manifestOf(connector, { variant: variant ?? undefined, auth: auth ?? undefined });
  return {
    service: `connector ${connector.name}`,
    match,
    title: connector.title,
    isBuiltin: connector.kind === 'builtin',
    otherwise: connector.name,
    how: describeCommand(profileOf({ match }), way).join(' '),
    secrets,
    add: {
      variant,
      auth,
      readOnly,
      metadata: { ...metadata },
      secrets: valuesOf(secrets),
      ...(stderr && { stderr }),
    },
  };
}

function drawLaunch({ launch, secrets }: SealedLaunch, stderr: AddProfile['stderr']): Drawn {
  return {
    service: serviceOfStart(launch.command, launch.args),
    match: null,
    title: null,
    isBuiltin: false,
    otherwise: nameOfStart(launch.command, launch.args),
    how: describeCommand(profileOf({ launch }), null).join(' '),
    secrets,
    add: { launch, secrets: valuesOf(secrets), ...(stderr && { stderr }) },
  };
}

function drawAddress(service: string, { url, transport, headers, secrets }: SealedAddress): Drawn {
  return {
    service,
    match: null,
    title: null,
    isBuiltin: false,
    otherwise: nameOfAddress(url),
    how: [url, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join(' '),
    secrets,
    add: { url, transport, headers: { ...headers }, secrets: valuesOf(secrets) },
  };
}

/** A connector has one address and the same headers for all its profiles. */
function serviceOfAddress({ url, transport, headers }: HttpEntry): string {
  const rows = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  // In clear text nothing can be made a secret, so accounts that differ there are connectors of their own.
  const told = rows.map(([name, value]) => (isUnencrypted(new URL(url)) ? `${name}=${value}` : name));
  return ['address', transport, url, ...told.toSorted()].join(' ');
}

/** By service, the headers in which its accounts differ. */
function differingHeaders(found: readonly Found[]): ReadonlyMap<string, ReadonlySet<string>> {
  const seen = new Map<string, Map<string, string>>();
  const differing = new Map<string, Set<string>>();
  for (const { becomes } of found) {
    if (becomes.kind !== 'address') continue;
    const service = serviceOfAddress(becomes.entry);
    const values = seen.get(service) ?? new Map<string, string>();
    seen.set(service, values);
    for (const [name, value] of Object.entries(becomes.entry.headers)) {
      const key = name.toLowerCase();
      const before = values.get(key);
      if (before !== undefined && before !== value)
        differing.set(service, (differing.get(service) ?? new Set()).add(key));
      values.set(key, value);
    }
  }
  return differing;
}

function isAddress(becomes: Becoming): boolean {
  if (becomes.kind !== 'known') return becomes.kind === 'address';
  const { connector, variant } = becomes.match;
  return manifestOf(connector, { variant: variant ?? undefined })?.url !== null;
}

function valuesOf(secrets: readonly MovedSecret[]): Record<string, string> {
  return Object.fromEntries(secrets.map(({ name, value }) => [name, value]));
}
