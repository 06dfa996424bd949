import { NucleusError } from '../../src-shared/errors.ts';
import type { Context } from './context.ts';
import { note } from './output.ts';
import { createPrompter } from './prompt.ts';

/** Whether somebody on a terminal says yes, which `--yes` says beforehand. */
export async function agreed(context: Context, isYes: boolean, question: string): Promise<boolean> {
  if (isYes) return true;
  if (!context.input || !context.stdin.isTTY)
    throw new NucleusError(
      'USAGE',
      'nothing was changed: there is no terminal to ask on; look at the above, then say --yes',
    );
  const prompter = createPrompter(context);
  try {
    const answer = (await prompter.ask(`${question} [y/N] `)) ?? '';
    if (/^y(es)?$/i.test(answer.trim())) return true;
  } finally {
    prompter.close();
  }
  note(context, 'Nothing was changed.');
  return false;
}
