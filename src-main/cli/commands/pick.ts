import { NucleusError } from '../../../src-shared/errors.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { note, oneLine, print, printJson, table } from '../output.ts';
import { askChoice } from '../pick-questions.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';
import { createPrompter } from '../prompt.ts';
import { chooseWay } from '../connector-way.ts';

type Options = { readonly field?: string; readonly none?: boolean };

/** `nucleus pick`: limits a profile to one project, organization or the like that its server lists. */
export const pick: CommandSpec = {
  define(command) {
    command
      .argument('<profile>', 'its id, such as supabase:work')
      .argument('[value]', 'what to limit it to; without it the choices are shown')
      .option('--field <key>', 'the metadata field, where the connector has several to choose for')
      .option('--none', 'take the limit away');
  },
  async run(context, [id = '', value], options: Options) {
    if (value !== undefined && options.none === true)
      throw new NucleusError('USAGE', 'give a value or --none, not both');
    const field = options.field ?? (await onlyField(context, id));
    if (value !== undefined || options.none === true) return store(context, id, field, value ?? null);
    const found = await withApi(context, ({ api }) =>
      withProgress(context, `Asking ${id} …`, api.profiles.choices({ id, field })),
    );
    if (context.json || !context.input || !context.stdin.isTTY) {
      if (context.json) printJson(context, found);
      else
        print(
          context,
          table(
            ['ID', 'NAME', 'HINT'],
            found.choices.map((one) => [one.id, one.label, one.hint]),
          ),
        );
      return 0;
    }
    const prompter = createPrompter(context);
    try {
      const chosen = await askChoice(context, prompter, found);
      if (chosen !== null) return await store(context, id, field, chosen);
      note(context, 'Nothing was changed.');
      return 0;
    } finally {
      prompter.close();
    }
  },
};

/** The field there are choices for, where the connector has only one. */
async function onlyField(context: Context, id: string): Promise<string> {
  const pickers = await withApi(context, async ({ api }) => {
    const [info] = await api.profiles.info({ id, probe: false });
    return info?.connector
      ? chooseWay(info.connector, { variant: null, auth: null }, info.profile).way.pickers
      : [];
  });
  const [only] = pickers;
  if (only === undefined)
    throw new NucleusError('USAGE', `the connector of ${id} lists nothing to choose from`);
  if (pickers.length > 1)
    throw new NucleusError('USAGE', `say with --field what to choose: ${pickers.join(', ')}`);
  return only;
}

async function store(context: Context, id: string, field: string, value: string | null): Promise<number> {
  const answer = await withApi(context, ({ api }) =>
    withProgress(context, `Restarting ${id} …`, api.profiles.pick({ id, field, value, connect: true })),
  );
  if (context.json) printJson(context, answer);
  note(
    context,
    value === null ? `${id} has no ${field} any more` : `${id} is limited to ${field} ${oneLine(value)}`,
  );
  if (answer.probe && !answer.probe.ok)
    note(context, `warning: it does not answer yet: ${oneLine(answer.probe.message)}`);
  return 0;
}
