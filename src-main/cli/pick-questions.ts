import type { Api } from '../../src-shared/contract.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import type { Profile } from '../../src-shared/model.ts';
import { withApi } from './api.ts';
import type { Context } from './context.ts';
import { note, oneLine } from './output.ts';
import { withProgress } from './progress.ts';
import type { Prompter } from './prompt.ts';

type Choices = Awaited<ReturnType<Api['profiles']['choices']>>;

/** Three wrong numbers are no person who reads the list. */
const maxTries = 3;

/**
 * Offers what a new profile can be limited to. A list that cannot be had is no failure of `add`: the value is asked for
 * instead. Each look at the gateway is its own, so that a person who thinks holds no lock.
 */
export async function offerChoices(
  context: Context,
  prompter: Prompter,
  profile: Profile,
  fields: readonly string[],
): Promise<void> {
  const { id } = profile;
  for (const field of fields) {
    if (profile.metadata[field]) continue;
    const found = await listChoices(context, id, field);
    if ('problem' in found) {
      // It depends on a field that was left open just now.
      if (found.code === 'METADATA_INVALID') continue;
      note(context, `note: ${oneLine(found.problem)}`);
      const value = (await prompter.ask(`${field} [none]: `))?.trim() ?? '';
      if (value !== '') await store(context, id, field, value);
      continue;
    }
    if (found.choices.length === 0) {
      note(context, `note: ${id} has nothing to choose for ${oneLine(found.label)}`);
      continue;
    }
    const chosen = await askChoice(context, prompter, found);
    if (chosen !== null) await store(context, id, field, chosen);
  }
}

/** Asks for one of the choices by its number; null is to leave it open. */
export async function askChoice(
  context: Context,
  prompter: Prompter,
  found: Choices,
): Promise<string | null> {
  const { choices, label, current } = found;
  note(context, `${oneLine(label)}:`);
  for (const [index, choice] of choices.entries()) {
    const hint = choice.hint === '' ? '' : `   (${oneLine(choice.hint)})`;
    const mark = choice.id === current ? '  now' : '';
    note(context, `  ${index + 1}. ${oneLine(choice.label)}${hint}${mark}`);
  }
  note(context, '  0. skip');
  for (let tries = 0; tries < maxTries; tries += 1) {
    const answer = (await prompter.ask('Choice [0]: '))?.trim() ?? '';
    if (answer === '' || answer === '0') return null;
    const chosen = /^\d+$/.test(answer)
      ? choices[Number(answer) - 1]
      : choices.find(({ id }) => id === answer);
    if (chosen) return chosen.id;
    note(context, `Type a number from 0 to ${choices.length}.`);
  }
  return null;
}

async function listChoices(
  context: Context,
  id: string,
  field: string,
): Promise<Choices | { readonly problem: string; readonly code: string }> {
  try {
    return await withApi(context, ({ api }) =>
      withProgress(context, `Asking ${id} …`, api.profiles.choices({ id, field })),
    );
  } catch (thrown) {
    const { message, code } = toNucleusError(thrown);
    return { problem: message, code };
  }
}

/** A value that is refused leaves the profile as it was added. */
async function store(context: Context, id: string, field: string, value: string): Promise<void> {
  try {
    await withApi(context, ({ api }) => api.profiles.pick({ id, field, value, connect: false }));
    note(context, `${id} is limited to ${field} ${oneLine(value)}`);
  } catch (thrown) {
    note(context, `note: ${oneLine(toNucleusError(thrown).message)}`);
  }
}
