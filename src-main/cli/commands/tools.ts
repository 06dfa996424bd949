import { withApi } from '../api.ts';
import { note, oneLine, print, printJson, table } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';

/** `nucleus tools`: the names clients see and where they lead. */
export const tools: CommandSpec = {
  define: () => undefined,
  run: (context) =>
    withApi(context, async ({ api }) => {
      const answer = await withProgress(context, 'Collecting the tools …', api.tools.list({}));
      if (context.json) printJson(context, answer);
      else if (answer.tools.length === 0)
        note(context, 'No tools. Add a profile with: nucleus add <connector>');
      else {
        const rows = answer.tools.map(({ name, profile, tool }) => [name, profile, tool]);
        print(context, table(['NAME', 'PROFILE', 'TOOL'], rows));
      }
      for (const profile of answer.missing) {
        note(
          context,
          `warning: the tools of ${oneLine(profile)} are not known yet; see nucleus info ${oneLine(profile)}`,
        );
      }
      return 0;
    }),
};
