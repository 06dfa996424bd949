import type { ConnectorProblem } from '../../../src-shared/model.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { note, oneLine, print, printJson, table } from '../output.ts';
import type { CommandSpec } from '../program.ts';

/** `nucleus connectors`: the kinds of services there are. */
export const connectors: CommandSpec = {
  define: () => undefined,
  run: (context) =>
    withApi(context, async ({ api }) => {
      const answer = await api.connectors.list({});
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

function warnOf(context: Context, problem: ConnectorProblem): void {
  note(context, `${problem.severity}: ${oneLine(`${problem.file}: ${problem.message}`)}`);
  note(context, `  fix: ${oneLine(problem.fix)}`);
}
