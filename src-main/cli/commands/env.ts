import { NucleusError } from '../../../src-shared/errors.ts';
import { envClasses } from '../../../src-shared/policy.ts';
import { withApi } from '../api.ts';
import { readClass } from '../env-class.ts';
import { note, print, printJson } from '../output.ts';
import { personApi, systemFlag, type PersonOptions } from '../person.ts';
import type { CommandSpec } from '../program.ts';

/** `nucleus env`: the class of a profile. Anybody may give one that has none; another one is for a person to give. */
export const env: CommandSpec = {
  define(command) {
    command
      .argument('<id>', 'the profile, e.g. github:work')
      .argument('[class]', `${envClasses.join(', ')}, or none; without it the class it has is shown`)
      .option(...systemFlag);
  },
  async run(context, [id = '', word], options: PersonOptions) {
    const wanted = word === undefined ? undefined : readClass(word);
    return withApi(context, async (open) => {
      const profiles = await open.api.profiles.list({});
      const profile = profiles.find((one) => one.id === id);
      if (!profile)
        throw new NucleusError('PROFILE_UNKNOWN', `no profile with id "${id}"; nucleus list shows them`);
      const before = profile.env ?? null;
      if (wanted === undefined) {
        if (context.json) printJson(context, { id, env: before });
        else print(context, before ?? 'none');
        return 0;
      }
      if (before === null && wanted !== null) await open.api.profiles.setEnv({ id, env: wanted });
      else if (before !== wanted) {
        const asked = `Change the class of ${id} from ${before} to ${wanted ?? 'none'}?\nThe class decides what Nucleus asks you about.`;
        await personApi(context, open, asked, options).profiles.changeEnv({ id, env: wanted });
      }
      if (context.json) printJson(context, { id, env: wanted });
      note(context, `the class of ${id} is ${wanted ?? 'none'}`);
      return 0;
    });
  },
};
