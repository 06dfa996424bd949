import { existsSync } from 'node:fs';
import type { Api, GatewayStatus, Surface } from '../../../src-shared/contract.ts';
import { formatAge } from '../../../src-shared/duration.ts';
import { fixedModes } from '../../../src-shared/modes.ts';
import type { Context } from '../context.ts';
import { findGateway } from '../find-gateway.ts';
import { note, oneLine, print, printJson, table } from '../output.ts';
import type { CommandSpec } from '../program.ts';
import type { InfoOptions } from './info.ts';

/** `nucleus status`: the running gateway. With an id it is `info`, as it was in the original. */
export const status: CommandSpec = {
  define(command) {
    command
      .argument('[id]', 'a profile: the same as nucleus info <id>')
      .option('--no-probe', 'with an id: start no server')
      .option('--tokens', 'what the list of tools costs a model in each mode');
  },
  async run(context, args, options: InfoOptions & { readonly tokens?: boolean }) {
    if (args.length > 0) {
      const { info } = await import('./info.ts');
      return info.run(context, args, options);
    }
    // Looked for first: asking must not make this process a gateway that then reports itself.
    if ((await findGateway(context.paths)) === null) return describeAbsence(context);
    const { withApi } = await import('../api.ts');
    if (options.tokens === true) return withApi(context, ({ api }) => printTokens(context, api));
    return withApi(context, async ({ api, running }) => {
      if (!running) return describeAbsence(context);
      const answer = await api.gateway.status({});
      if (context.json) printJson(context, { running: true, ...answer });
      else print(context, describe(answer));
      for (const warning of answer.warnings) note(context, `warning: ${oneLine(warning)}`);
      return 0;
    });
  },
};

async function printTokens(context: Context, api: Api): Promise<number> {
  const surface = await api.surface.get({});
  if (context.json) printJson(context, surface);
  else print(context, describeTokens(surface));
  for (const warning of surface.warnings) note(context, `warning: ${oneLine(warning)}`);
  return 0;
}

/** Beside each mode what it saves against showing everything. */
function describeTokens({ mode, chosen, budget, costs }: Surface): string {
  const all = costs['expose-all'].tokens;
  const rows = fixedModes.map((one) => {
    const { tools, tokens } = costs[one];
    const saved = all === 0 ? 0 : Math.round((1 - tokens / all) * 100);
    return [one === chosen ? `${one} *` : one, String(tools), String(tokens), saved > 0 ? `${saved} %` : '-'];
  });
  const reason = mode === 'auto' ? `chosen by auto for a budget of ${budget} tokens` : 'as config.toml says';
  return [
    table(['MODE', 'TOOLS', 'TOKENS', 'SAVED'], rows),
    '',
    `* what clients are shown: ${chosen}, ${reason}. Tokens are estimates.`,
  ].join('\n');
}

function describeAbsence(context: Context): number {
  const isStopped = existsSync(context.paths.stopped);
  if (context.json) {
    printJson(context, { running: false, stopped: isStopped, home: context.paths.home });
    return 0;
  }
  print(context, `gateway: not running (home ${context.paths.home})`);
  note(
    context,
    isStopped
      ? 'It was stopped by you; clients wait until you run: nucleus start'
      : 'It starts with the first client, or with: nucleus start',
  );
  return 0;
}

function describe(answer: GatewayStatus): string {
  const now = Date.now();
  const facts = [
    `gateway: running  pid ${answer.pid}  version ${answer.version}  up ${formatAge(now - answer.startedAt)}`,
    ...(answer.lockedAt === null
      ? []
      : [`LOCKED:  since ${new Date(answer.lockedAt).toISOString()}, no call passes; nucleus unlock`]),
    `home:    ${answer.home}`,
    `socket:  ${answer.socket ?? '-'}`,
    `http:    ${answer.http ?? '-'}`,
    `vault:   ${describeVault(answer)}`,
    `tools:   ${describeSurface(answer)}`,
  ];
  const clients = table(
    ['CLIENT', 'VERSION', 'PRINCIPAL', 'SINCE'],
    answer.clients.map((client) => [
      client.name || '-',
      client.version || '-',
      client.principal,
      formatAge(now - client.connectedAt),
    ]),
  );
  const upstreams = table(
    ['PROFILE', 'STATE', 'TOOLS', 'PID', 'IN FLIGHT', 'PROBLEM'],
    answer.upstreams.map((upstream) => [
      upstream.profile,
      upstream.state,
      String(upstream.tools),
      upstream.pid === null ? '-' : String(upstream.pid),
      String(upstream.inFlight),
      upstream.problem ?? '-',
    ]),
  );
  return [
    ...facts,
    '',
    answer.clients.length === 0 ? 'No clients.' : clients,
    '',
    answer.upstreams.length === 0 ? 'No profiles.' : upstreams,
  ].join('\n');
}

function describeSurface({ surface: { mode, chosen, tools, tokens } }: GatewayStatus): string {
  const how = mode === chosen ? chosen : `${mode} (${chosen})`;
  return `${how}, ${tools} shown, about ${tokens} tokens`;
}

function describeVault({ vault }: GatewayStatus): string {
  const where = vault.backend === null ? '' : ` (${vault.backend}, ${vault.records} records)`;
  return `${vault.state}${where}${vault.reason === null ? '' : ` – ${oneLine(vault.reason)}`}`;
}
