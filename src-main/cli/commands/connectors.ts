import { NucleusError } from '../../../src-shared/errors.ts';
import type { ConnectorProblem, ConnectorSummary } from '../../../src-shared/model.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { note, oneLine, print, printJson, table } from '../output.ts';
import type { CommandSpec } from '../program.ts';
import { renderConnector } from '../render-connector.ts';

/** `nucleus connectors`: the kinds of services there are, and what is known of one. */
export const connectors: CommandSpec = {
  define(command) {
    command.argument('[name]', 'tell all about this one');
  },
  run: (context, [name]) =>
    withApi(context, async ({ api }) => {
      const answer = await api.connectors.list({});
      if (name !== undefined) return tellAbout(context, name, answer);
      if (context.json) {
        printJson(context, answer);
        return 0;
      }
      const rows = answer.connectors.map((connector) => [
        connector.name,
        connector.kind,
        connector.transport,
        connector.auth,
        connector.description,
      ]);
      print(context, table(['NAME', 'KIND', 'TRANSPORT', 'AUTH', 'DESCRIPTION'], rows));
      for (const problem of answer.problems) warnOf(context, problem);
      return 0;
    }),
};

function tellAbout(
  context: Context,
  name: string,
  answer: {
    readonly connectors: readonly ConnectorSummary[];
    readonly problems: readonly ConnectorProblem[];
  },
): number {
  const connector = answer.connectors.find((one) => one.name === name);
  const problem = answer.problems.find((one) => one.connector === name);
  if (!connector && problem)
    throw new NucleusError('CONNECTOR_INVALID', `connector ${name}: ${problem.message}; ${problem.fix}`);
  if (!connector)
    throw new NucleusError(
      'CONNECTOR_UNKNOWN',
      `unknown connector "${name}" (nucleus connectors lists the known ones)`,
    );
  if (context.json) printJson(context, connector);
  else for (const line of renderConnector(connector)) print(context, line);
  return 0;
}

function warnOf(context: Context, problem: ConnectorProblem): void {
  note(context, `${problem.severity}: ${oneLine(`${problem.file}: ${problem.message}`)}`);
  note(context, `  fix: ${oneLine(problem.fix)}`);
}
