import { Argument } from 'commander';
import type { Api, ClientInfo } from '../../../src-shared/contract.ts';
import { formatAge, parseDuration } from '../../../src-shared/duration.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { collect, readProfile } from '../flags.ts';
import { openHosts } from '../hosts.ts';
import { note, print, printJson, table } from '../output.ts';
import type { CommandSpec } from '../program.ts';
import { hostTable } from '../render-hosts.ts';

export type ClientsOptions = {
  readonly profile?: readonly string[];
  readonly workspace?: string;
  readonly expires?: string;
};

/** `nucleus clients`: those of this computer and whether they start us, and who may come over HTTP with a token. */
export const clients: CommandSpec = {
  define(command) {
    command
      .addArgument(
        new Argument(
          '[action]',
          'list, hosts (only those of this computer), add (makes a token), remove (takes it away)',
        )
          .choices(['list', 'hosts', 'add', 'remove'])
          .default('list'),
      )
      .argument('[name]', 'with add and remove: what the client is called')
      .option(
        '--profile <id[=alias]>',
        'with add: it sees this profile only, under an alias (repeatable)',
        collect,
      )
      .option('--workspace <name>', 'with add: it sees the accounts of this workspace only')
      .option('--expires <duration>', 'with add: how long the token works, e.g. 30d; without it, for ever');
  },
  async run(context, [action = 'list', name], options: ClientsOptions) {
    checkUsage(action, name, options);
    const profiles = options.profile?.map(readProfile) ?? null;
    // Their files need no gateway.
    if (action === 'hosts') return listHosts(context);
    // Before the gateway is asked: a typing mistake should not have to wait for it.
    if (options.expires !== undefined) parseDuration(options.expires);
    return withApi(context, async ({ api, running }) => {
      if (action === 'list' || name === undefined) return list(context, api);
      if (action === 'remove') return remove(context, api, name);
      const answer = await api.clients.add({
        name,
        profiles,
        workspace: options.workspace ?? null,
        expiresIn: options.expires ?? null,
      });
      if (context.json) printJson(context, answer);
      else print(context, describeAdded(answer));
      note(context, `The token of ${name} is shown this once; Nucleus keeps no copy of it.`);
      if (answer.url === null) note(context, missingUrl(running));
      if (options.workspace !== undefined) await warnIfOpen(context, api, options.workspace);
      return 0;
    });
  },
};

function checkUsage(action: string, name: string | undefined, options: ClientsOptions): void {
  const isList = action === 'list' || action === 'hosts';
  if (isList && name !== undefined)
    throw new NucleusError('USAGE', `nucleus clients ${action} takes no name`);
  if (!isList && name === undefined)
    throw new NucleusError('USAGE', `say which client: nucleus clients ${action} <name>`);
  if (action !== 'add' && (options.profile ?? options.workspace ?? options.expires) !== undefined)
    throw new NucleusError('USAGE', '--profile, --workspace and --expires go with nucleus clients add only');
}

/** A workspace without a trusted file is no limit yet, which somebody who sets one should hear. */
async function warnIfOpen(context: Context, api: Api, name: string): Promise<void> {
  const workspace = (await api.workspaces.list({})).find((known) => known.name === name);
  const isLimit = workspace?.files.some(({ state }) => state === 'trusted' || state === 'changed') ?? false;
  if (!isLimit)
    note(context, `warning: workspace ${name} has no trusted file yet, so the token sees every profile`);
}

function listHosts(context: Context): number {
  const hosts = openHosts(context).list();
  if (context.json) printJson(context, hosts);
  const { rows, notes } = hostTable(hosts, Date.now());
  if (rows !== null && !context.json) print(context, rows);
  for (const line of notes) note(context, line);
  return 0;
}

async function list(context: Context, api: Api): Promise<number> {
  const known = await api.clients.list({});
  if (context.json) printJson(context, known);
  else {
    const { rows, notes } = hostTable(openHosts(context).list(), Date.now());
    if (rows !== null) print(context, known.length === 0 ? rows : `${rows}\n`);
    for (const line of notes) note(context, line);
  }
  if (known.length === 0)
    note(context, 'No clients over HTTP yet. Let one in with: nucleus clients add <name>');
  else if (!context.json) print(context, table(['NAME', 'PROFILES', 'CREATED', 'EXPIRES'], known.map(rowOf)));
  return 0;
}

async function remove(context: Context, api: Api, name: string): Promise<number> {
  const answer = await api.clients.remove({ name });
  if (!answer.removed)
    throw new NucleusError('CLIENT_UNKNOWN', `there is no client "${name}"; nucleus clients lists them`);
  if (context.json) printJson(context, answer);
  note(context, `removed ${name}; its token opens nothing any more`);
  return 0;
}

/** What a person puts into the client, ready to be copied. */
function describeAdded({ url, token }: { url: string | null; token: string }): string {
  const entry = { url: url ?? 'URL', headers: { Authorization: `Bearer ${token}` } };
  return [
    `URL:    ${url ?? '-'}`,
    `Token:  ${token}`,
    '',
    'For a client that reads mcpServers:',
    JSON.stringify({ mcpServers: { nucleus: entry } }, null, 2),
  ].join('\n');
}

function missingUrl(running: boolean): string {
  return running
    ? 'warning: the running gateway does not listen for HTTP, so there is no URL yet; nucleus status says why'
    : 'warning: no gateway is running, so its URL is not known yet; run nucleus start, then nucleus status shows it';
}

function rowOf({ name, profiles, workspace, createdAt, expiresAt }: ClientInfo): string[] {
  const now = Date.now();
  return [
    name,
    workspace !== null
      ? `workspace ${workspace}`
      : profiles === null
        ? 'all'
        : profiles.map(describeProfile).join(' ') || 'none',
    `${formatAge(now - createdAt * 1_000)} ago`,
    expiresAt === null
      ? 'never'
      : expiresAt * 1_000 <= now
        ? 'expired'
        : `in ${formatAge(expiresAt * 1_000 - now)}`,
  ];
}

function describeProfile({ id, alias }: { id: string; alias: string }): string {
  return id.endsWith(`:${alias}`) ? id : `${id}=${alias}`;
}
