import { NucleusError } from '../../src-shared/errors.ts';
import { EnvClass, envClasses, guessEnv } from '../../src-shared/policy.ts';
import type { Context } from './context.ts';
import { note } from './output.ts';
import type { Prompter } from './prompt.ts';

/** Three words that are no class are no answer. */
const maxTries = 3;

/** A class as it is typed; null for `none`. */
export function readClass(word: string): EnvClass | null {
  if (word === 'none') return null;
  const read = EnvClass.safeParse(word);
  if (read.success) return read.data;
  throw new NucleusError('USAGE', `"${word}" is no class; it is ${envClasses.join(', ')} or none`);
}

/**
 * How much depends on a new profile, with a guess from its name. Only a person is asked: a script that pipes answers was
 * written for the questions there were.
 */
export async function askClass(context: Context, prompter: Prompter, id: string): Promise<EnvClass | null> {
  if (!context.input || !context.stdin.isTTY) return null;
  const guess = guessEnv(id.slice(id.indexOf(':') + 1)) ?? 'none';
  for (let tries = 0; tries < maxTries; tries += 1) {
    const answer = await prompter.ask(`Class of ${id} (${envClasses.join(', ')}, none) [${guess}]: `);
    const word = answer?.trim().toLowerCase() || guess;
    if (word === 'none') return null;
    const read = EnvClass.safeParse(word);
    if (read.success) return read.data;
    note(context, `Type ${envClasses.join(', ')} or none.`);
  }
  return null;
}
