import { NucleusError } from '../../../src-shared/errors.ts';
import { withApi } from '../api.ts';
import { note, printJson } from '../output.ts';
import { chooseWay } from '../connector-way.ts';
import type { CommandSpec } from '../program.ts';
import { createPrompter } from '../prompt.ts';

/** `nucleus secret`: another value for a token or password in the vault; typed or piped, never an argument. */
export const secret: CommandSpec = {
  define(command) {
    command
      .argument('<id>', 'the profile, e.g. github:work')
      .argument('[name]', 'which of its secrets, where it has several');
  },
  async run(context, [id = '', asked]) {
    const name = asked ?? (await nameOf(id));
    const prompter = createPrompter(context);
    try {
      const value = await prompter.askHidden(context.stdin.isTTY ? `New ${name} of ${id}: ` : '');
      if (value === null || value === '')
        throw new NucleusError(
          'SECRET_REQUIRED',
          `the new ${name} is empty; type it, or pipe it as one line`,
        );
      const answer = await withApi(context, ({ api }) =>
        api.profiles.setSecrets({ id, secrets: { [name]: value } }),
      );
      if (context.json) printJson(context, answer);
      note(context, `changed ${name} of ${id}`);
      return 0;
    } finally {
      prompter.close();
    }

    async function nameOf(profile: string): Promise<string> {
      const names = await withApi(context, async ({ api }) => {
        const [found] = await api.profiles.info({ id: profile, probe: false });
        if (!found?.connector || found.profile.launch) return found?.profile.launch?.secretEnv ?? [];
        // Those of the way this profile takes, which may be another than the connector's first.
        const { way, method } = chooseWay(found.connector, { variant: null, auth: null }, found.profile);
        return method?.secrets ?? way.secrets;
      });
      const [only] = names;
      if (names.length === 1 && only !== undefined) return only;
      throw new NucleusError(
        'USAGE',
        names.length === 0
          ? `${profile} has no secret; where people sign in, run nucleus sign-in ${profile}`
          : `${profile} has several secrets, say which: ${names.join(', ')}`,
      );
    }
  },
};
