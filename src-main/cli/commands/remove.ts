import { NucleusError } from '../../../src-shared/errors.ts';
import { withApi } from '../api.ts';
import { note, printJson } from '../output.ts';
import type { CommandSpec } from '../program.ts';

export type RemoveOptions = { readonly force?: boolean };

/** `nucleus remove`: takes a profile away, once the person insists. */
export const remove: CommandSpec = {
  define(command) {
    command
      .argument('<id>', 'the profile, e.g. github:work')
      .option('--force', 'do it; without it only what would happen is said');
  },
  run: (context, [id = ''], options: RemoveOptions) =>
    withApi(context, async ({ api }) => {
      if (options.force !== true) {
        const [found] = await api.profiles.info({ id, probe: false });
        if (found === undefined) throw new NucleusError('PROFILE_UNKNOWN', `no profile with id "${id}"`);
        if (context.json) printJson(context, { removed: [], wouldRemove: [id] });
        note(context, `This would remove ${id}:`);
        note(context, `  its row in ${context.paths.registry} and its tools from every client`);
        if (found.credentials !== null) note(context, `  its secrets (${found.credentials})`);
        note(context, `Nothing was removed. To do it: nucleus remove ${id} --force`);
        return 1;
      }
      const answer = await api.profiles.remove({ id });
      if (context.json) printJson(context, answer);
      for (const thing of answer.removed) note(context, `removed ${thing}`);
      return 0;
    }),
};
