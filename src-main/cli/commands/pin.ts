import { Argument } from 'commander';
import { NucleusError } from '../../../src-shared/errors.ts';
import { withApi, type OpenApi } from '../api.ts';
import type { Context } from '../context.ts';
import { note, print, printJson } from '../output.ts';
import { personApi, systemFlag, withTerminal, type PersonOptions } from '../person.ts';
import type { CommandSpec } from '../program.ts';

/** `nucleus pin`: the approval PIN, with which a person says yes where there is no window. */
export const pin: CommandSpec = {
  define(command) {
    command
      .addArgument(
        new Argument('[action]', 'status, set (the first one), change, remove')
          .choices(['status', 'set', 'change', 'remove'])
          .default('status'),
      )
      .option(...systemFlag);
  },
  run: (context, [action = 'status'], options: PersonOptions) =>
    withApi(context, async (open) => {
      if (action === 'status') return status(context, open);
      if (action === 'set') return set(context, open);
      if (action === 'change') {
        const next = await askTwice(context);
        const asked = 'This changes the approval PIN. Type the one it has now.';
        await personApi(context, open, asked, options).pin.set({ pin: next });
        return done(context, 'the approval PIN is another one now');
      }
      const asked =
        'This removes the approval PIN. What takes a person then takes the app, or a new PIN to be set.';
      await personApi(context, open, asked, options).pin.remove({});
      return done(context, 'there is no approval PIN any more');
    }),
};

async function status(context: Context, { api }: OpenApi): Promise<number> {
  const ways = await api.person.ways({});
  if (context.json) printJson(context, ways);
  else {
    const { hasPin, hasApp, hasSystem, pinLockedUntil } = ways;
    const until = pinLockedUntil === null ? '' : `, locked until ${new Date(pinLockedUntil).toISOString()}`;
    print(context, `approval PIN: ${hasPin ? `set${until}` : 'not set (nucleus pin set)'}`);
    print(context, `app:          ${hasApp ? 'open' : 'not open'}`);
    print(context, `system:       ${hasSystem ? 'can prove a person (--system)' : 'offers no proof'}`);
  }
  return 0;
}

async function set(context: Context, { api }: OpenApi): Promise<number> {
  const { hasPin, hasApp } = await api.person.ways({});
  if (hasPin)
    throw new NucleusError(
      'PERSON_REQUIRED',
      'there is an approval PIN already; nucleus pin change changes it',
    );
  const typed = await askTwice(context);
  // Its question comes from the gateway, on this terminal or in the app.
  const terminal = context.terminalPath();
  if (hasApp) note(context, 'Say yes in the app …');
  const { isSet } = await api.person.setFirstPin({ pin: typed, terminal });
  if (isSet) return done(context, 'the approval PIN is set');
  note(context, 'no PIN was set');
  return 1;
}

function askTwice(context: Context): Promise<string> {
  return withTerminal(context, async (terminal) => {
    const first = await terminal.askHidden('New approval PIN (at least 6 characters): ');
    const again = first === null ? null : await terminal.askHidden('The same again: ');
    if (first !== null && first === again) return first;
    throw new NucleusError('ARGUMENTS_INVALID', 'the two are not the same; nothing was changed');
  });
}

function done(context: Context, sentence: string): number {
  if (context.json) printJson(context, {});
  note(context, sentence);
  return 0;
}
