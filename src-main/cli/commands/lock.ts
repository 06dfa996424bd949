import { withApi } from '../api.ts';
import { note, printJson } from '../output.ts';
import type { CommandSpec } from '../program.ts';

/** `nucleus lock`: refuses every call until a person unlocks; nobody has to prove anything to be safer. */
export const lock: CommandSpec = {
  define: () => undefined,
  run: (context) =>
    withApi(context, async ({ api }) => {
      const answer = await api.lock.engage({});
      if (context.json) printJson(context, answer);
      note(context, `everything is locked since ${new Date(answer.lockedAt).toISOString()}; nucleus unlock`);
      return 0;
    }),
};
