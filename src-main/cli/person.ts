import { personContract, type ApiOf, type PersonContract } from '../../src-shared/contract.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import { escapeHidden } from '../gateway/config/plain-text.ts';
import type { OpenApi } from './api.ts';
import type { Context } from './context.ts';
import { createPrompter } from './prompt.ts';

/** Who mistypes once does not have to begin anew; three of the five tries are enough for a slip. */
const maxTries = 3;

/** How a command proves that a person is there. */
export type PersonOptions = { readonly system?: boolean };

/** The flag of every command that needs a person. */
export const systemFlag = [
  '--system',
  'prove that you are there to the system (its password dialog) instead of the PIN',
] as const;

/**
 * What only a person may ask, proven once per command. `asked` is what they say yes to: it is shown where the PIN is
 * typed, wherever the streams of the command lead.
 */
export function personApi(
  context: Context,
  { api }: Pick<OpenApi, 'api'>,
  asked: string,
  { system }: PersonOptions = {},
): ApiOf<PersonContract> {
  let proven: string | null = null;

  async function put(question: string, input: unknown): Promise<unknown> {
    if (system === true) return (await api.person.askWithSystem({ question, input })).answer;
    if (proven !== null) return (await api.person.askWithPin({ question, input, pin: proven })).answer;
    const { hasPin, pinLockedUntil } = await api.person.ways({});
    if (!hasPin)
      throw required(
        'this takes a person, and there is no approval PIN; open the app, or set one with nucleus pin set',
      );
    if (pinLockedUntil !== null)
      throw new NucleusError(
        'PIN_WRONG',
        `the approval PIN is locked until ${new Date(pinLockedUntil).toISOString()}, because it was given wrong too often; wait, or use the app`,
      );
    return withTerminal(context, async (terminal) => {
      terminal.say(asked);
      for (let tries = 1; ; tries += 1) {
        const pin = await terminal.askHidden('Approval PIN: ');
        if (pin === null || pin === '') throw required('no PIN was given; nothing was changed');
        try {
          const { answer } = await api.person.askWithPin({ question, input, pin });
          proven = pin;
          return answer;
        } catch (error) {
          if (!mayTryAgain(error) || tries >= maxTries) throw error;
          terminal.say((error as NucleusError).message);
        }
      }
    });
  }

  const groups = Object.entries(personContract).map(([group, questions]) => [
    group,
    Object.fromEntries(
      Object.keys(questions).map((key) => [key, (input: unknown) => put(`${group}.${key}`, input)]),
    ),
  ]);
  return Object.fromEntries(groups) as ApiOf<PersonContract>;
}

/** The terminal itself, not the streams of the command: those may come from a program. */
export interface PersonTerminal {
  /** Shown with what cannot be seen made visible. */
  say(text: string): void;
  askHidden(question: string): Promise<string | null>;
}

/** Asks on the controlling terminal; throws PERSON_REQUIRED where there is none. */
export async function withTerminal<T>(
  context: Context,
  work: (terminal: PersonTerminal) => Promise<T>,
): Promise<T> {
  if (!context.input) throw required('this takes a person, and --no-input lets nobody be asked');
  const { stdin, stderr, close } = await context.openTerminal();
  const prompter = createPrompter({ stdin, stderr, interrupt: context.interrupt });
  try {
    return await work({
      say: (text) => void stderr.write(`${text.split('\n').map(escapeHidden).join('\n')}\n`),
      askHidden: prompter.askHidden,
    });
  } finally {
    prompter.close();
    close();
  }
}

function mayTryAgain(error: unknown): boolean {
  if (!(error instanceof NucleusError) || error.code !== 'PIN_WRONG') return false;
  return Number(error.data['triesLeft'] ?? 0) > 0;
}

function required(sentence: string): NucleusError {
  return new NucleusError('PERSON_REQUIRED', sentence);
}
