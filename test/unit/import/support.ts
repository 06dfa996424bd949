import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parse as parseJson } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { hostNames } from '../../../src-shared/host-names.ts';
import type { HostName } from '../../../src-shared/hosts.ts';
import type { Profile } from '../../../src-shared/model.ts';
import type { EntryPlace } from '../../../src-main/gateway/import/entry.ts';
import { readGiven } from '../../../src-main/gateway/import/given-file.ts';
import { isOwnEntry } from '../../../src-main/gateway/import/own-entries.ts';
import { makePlan, type Planned, type Source } from '../../../src-main/gateway/import/plan.ts';
import type { Holds } from '../../../src-main/gateway/import/same-account.ts';
import { createConnectors } from '../../../src-main/gateway/profiles/connectors.ts';
import type { Manifest } from '../../../src-main/gateway/profiles/manifest.ts';

const root = join(import.meta.dirname, '..', '..', '..');
export const fixtures = join(root, 'test', 'fixtures', 'import');

/** The connectors that come with Nucleus. */
export const manifests: readonly Manifest[] = createConnectors({
  builtinFolder: join(root, 'resources', 'connectors'),
  customFolder: null,
  log: { debug() {}, info() {}, warn() {}, error() {} },
}).list();

/** What the environment of the person of the fixtures says. */
export const variables = {
  WEATHER_KEY: 'CANARY-weather',
  STRIPE_TOKEN: 'sk_live_CANARYstripe0001',
  NOTES_HOME_PASSWORD: 'CANARY home',
  TOOLS_TOKEN: 'CANARY-tools',
  TICKETS_TOKEN: 'CANARY-tickets',
};

export function placeOf(host: HostName | null, env: EntryPlace['env'] = variables): EntryPlace {
  return { host, env, user: '/home/p', readText: () => null };
}

/** The servers of the fixture of a host, by name. */
export function entriesOf(host: HostName): Readonly<Record<string, unknown>> {
  const name = host === 'codex' ? 'codex.toml' : `${host}.json`;
  const text = readFileSync(join(fixtures, name), 'utf8');
  const document = (extname(name) === '.toml' ? parseToml(text) : parseJson(text)) as Record<string, unknown>;
  const section = { vscode: 'servers', zed: 'context_servers', codex: 'mcp_servers' }[host as 'zed'];
  return document[section ?? 'mcpServers'] as Record<string, unknown>;
}

export const sources: readonly Source[] = hostNames.map((host) => ({
  file: `/files/${host}`,
  host,
  entries: entriesOf(host),
}));

export function nexusSource(): Source {
  const { entries } = readGiven('/files/nexus.toml', readFileSync(join(fixtures, 'nexus.toml'), 'utf8'));
  return { file: '/files/nexus.toml', host: null, entries };
}

export function plan(
  of: readonly Source[],
  known: {
    readonly profiles?: readonly Profile[];
    readonly holds?: Holds;
    readonly taken?: readonly string[];
  } = {},
): Planned[] {
  return makePlan({
    sources: of,
    manifests,
    profiles: known.profiles ?? [],
    takenConnectors: known.taken ?? [],
    placeOf,
    isOwn: (raw) => isOwnEntry(raw, { shim: '/home/p/.nucleusmcp/bin/nucleus', http: null }),
    holds: known.holds ?? (() => false),
  });
}

/** A plan of the servers of one file of a client. */
export function planOf(entries: Readonly<Record<string, unknown>>, host: HostName = 'cursor'): Planned[] {
  return plan([{ file: '/files/one', host, entries }]);
}

/** Name, profile and secrets of each server; of one that stays, that it does. */
export function summaries(planned: readonly Planned[]): string[] {
  return planned.map(({ host, shown }) =>
    shown.state === 'left'
      ? `${host} ${shown.name}: stays`
      : `${host} ${shown.name}: ${shown.connector}:${shown.profile}${shown.secrets.map(({ name }) => ` ${name}`).join('')}`,
  );
}
