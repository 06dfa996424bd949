import { existsSync } from 'node:fs';
import type { GatewayStatus } from '../../../src-shared/contract.ts';
import { formatAge } from '../../../src-shared/duration.ts';
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
      .option('--no-probe', 'with an id: start no server');
  },
  async run(context, args, options: InfoOptions) {
    if (args.length > 0) {
      const { info } = await import('./info.ts');
      return info.run(context, args, options);
    }
    // Looked for first: asking must not make this process a gateway that then reports itself.
    if ((await findGateway(context.paths)) === null) return describeAbsence(context);
    const { withApi } = await import('../api.ts');
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
    `home:    ${answer.home}`,
    `socket:  ${answer.socket ?? '-'}`,
    `http:    ${answer.http ?? '-'}`,
    `vault:   ${describeVault(answer)}`,
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

function describeVault({ vault }: GatewayStatus): string {
  const where = vault.backend === null ? '' : ` (${vault.backend}, ${vault.records} records)`;
  return `${vault.state}${where}${vault.reason === null ? '' : ` – ${oneLine(vault.reason)}`}`;
}
