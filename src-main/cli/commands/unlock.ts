import { withApi } from '../api.ts';
import { note, printJson } from '../output.ts';
import { personApi, systemFlag, type PersonOptions } from '../person.ts';
import type { CommandSpec } from '../program.ts';

/** `nucleus unlock`: lets calls pass again, once a person proved to be one. */
export const unlock: CommandSpec = {
  define: (command) => void command.option(...systemFlag),
  run: (context, _args, options: PersonOptions) =>
    withApi(context, async (open) => {
      const { lockedAt } = await open.api.gateway.status({});
      if (lockedAt !== null) {
        const asked = `Unlock everything? It is locked since ${new Date(lockedAt).toISOString()}.`;
        await personApi(context, open, asked, options).lock.release({});
      }
      if (context.json) printJson(context, {});
      note(context, lockedAt === null ? 'nothing is locked' : 'unlocked');
      return 0;
    }),
};
