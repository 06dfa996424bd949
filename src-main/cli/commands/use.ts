import { NucleusError } from '../../../src-shared/errors.ts';
import { withApi } from '../api.ts';
import { note, printJson } from '../output.ts';
import type { CommandSpec } from '../program.ts';

export type UseOptions = { readonly clear?: string };

/** `nucleus use`: which profile of a connector is meant when none is named. */
export const use: CommandSpec = {
  define(command) {
    command
      .argument('[id]', 'the profile that becomes the default of its connector')
      .option('--clear <connector>', 'let the connector have no default');
  },
  async run(context, [id], { clear }: UseOptions) {
    if ((id === undefined) === (clear === undefined)) {
      throw new NucleusError('USAGE', 'give a profile id, or --clear <connector>');
    }
    return withApi(context, async ({ api }) => {
      if (clear !== undefined) {
        const answer = await api.profiles.clearDefault({ connector: clear });
        if (context.json) printJson(context, answer);
        note(context, answer.cleared ? `${clear} has no default now` : `${clear} had no default`);
        return 0;
      }
      const profile = await api.profiles.use({ id: id ?? '' });
      if (context.json) printJson(context, profile);
      note(context, `${profile.id} is the default of ${profile.connector} now`);
      return 0;
    });
  },
};
