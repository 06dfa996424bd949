import { randomInt } from 'node:crypto';
import type { Handlers } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log, Platform } from '../platform.ts';
import type { Guard } from '../storage/guard-store.ts';
import { checkPin, type Pin } from './pin.ts';
import type { Terminal } from './terminal.ts';

/** The system asks a person this long at most. */
const systemMs = 120_000;

/** The app's own window, where it is open. */
export interface AttendedApp {
  attends(): boolean;
  /** Whether the person there clicked yes. */
  confirm(question: string): Promise<boolean>;
}

/** Answers what takes a person, asked from where there is no window. */
export function createPerson(deps: {
  readonly guard: Guard;
  readonly pin: Pin;
  readonly app: AttendedApp;
  readonly terminal: Terminal;
  readonly platform: Pick<Platform, 'provePerson'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Puts a question of `personContract` to its handlers, input and output checked. */
  answer(way: 'terminal' | 'system', question: string, input: unknown, signal: AbortSignal): Promise<unknown>;
}): Handlers['person'] {
  const { guard, pin, app, clock, log } = deps;
  let isAskingSystem = false;
  let isAskingApp = false;

  async function prove(question: string, signal: AbortSignal): Promise<void> {
    const { provePerson } = deps.platform;
    if (!provePerson)
      throw required('this system offers no proof of a person to Nucleus; use the app, or the approval PIN');
    // Two dialogs look the same: the person could not tell which question a yes is for.
    if (isAskingSystem) throw required('the system asks a person already; answer that first');
    isAskingSystem = true;
    const late = new AbortController();
    const forget = clock.after(systemMs, () => late.abort());
    try {
      const isYes = await provePerson(describe(question), AbortSignal.any([signal, late.signal]));
      log.info('the system was asked for a person', { question, answer: isYes ? 'yes' : 'no' });
      if (!isYes) throw required('the system did not confirm a person; nothing was changed');
    } finally {
      forget();
      isAskingSystem = false;
    }
  }

  /** One at a time: with two that look the same, a click could set the PIN of whoever asked first. */
  async function confirmInApp(): Promise<boolean> {
    if (isAskingApp)
      throw required(
        'the app asks already whether a PIN may be set; if that was not you, deny it there and try again',
      );
    isAskingApp = true;
    return app
      .confirm('Set the approval PIN that was typed on a terminal')
      .finally(() => (isAskingApp = false));
  }

  /** A click in the app is the better proof; where the app is known, a program must wait for it to be opened. */
  async function confirmFirst(path: string, signal: AbortSignal): Promise<boolean> {
    if (app.attends()) return confirmInApp();
    const state = guard.state();
    if (state === 'unreadable' || state.hasApp)
      throw required('open the Nucleus app and set the approval PIN there, or try again while it is open');
    const word = String(randomInt(1_000, 10_000));
    const question = [
      '',
      'Set the approval PIN of Nucleus?',
      'Who has it can allow what your policy asks about. Say no if you did not ask for this.',
      `Type ${word} for yes, anything else for no: `,
    ];
    return deps.terminal.confirm(path, question.join('\n'), word, signal);
  }

  return {
    ways() {
      const state = guard.state();
      return {
        hasPin: state !== 'unreadable' && state.pin !== null,
        hasApp: app.attends(),
        hasSystem: deps.platform.provePerson !== undefined,
        pinLockedUntil: pin.lockedUntil(),
      };
    },
    async askWithPin({ question, input, pin: typed }, { signal }) {
      if (!pin.isSet())
        throw required(
          'this takes a person, and there is no approval PIN; open the app, or set one on a terminal with nucleus pin set',
        );
      await pin.verify(typed);
      return { answer: await deps.answer('terminal', question, input, signal) };
    },
    async askWithSystem({ question, input }, { signal }) {
      await prove(question, signal);
      return { answer: await deps.answer('system', question, input, signal) };
    },
    async setFirstPin({ pin: typed, terminal }, { signal }) {
      checkPin(typed);
      const taken = (): NucleusError =>
        required('there is an approval PIN already; change it with nucleus pin change, or in the app');
      if (pin.isSet()) throw taken();
      if (!(await confirmFirst(terminal, signal))) return { isSet: false };
      if (!(await pin.setFirst(typed))) throw taken();
      return { isSet: true };
    },
  };
}

/** What the system shows of a question; its input may be anything, so it is not shown. */
function describe(question: string): string {
  const words: Readonly<Record<string, string>> = {
    'approvals.allow': 'allow a call that waits for you',
    'policy.accept': 'accept the policy as it is now',
    'policy.save': 'change the policy',
    'lock.release': 'unlock everything',
    'pin.set': 'change the approval PIN',
    'pin.remove': 'remove the approval PIN',
    'profiles.changeEnv': 'change the class of a profile',
    'workspaces.trust': 'trust a workspace file',
    'workspaces.forget': 'trust a workspace file no more',
    'hosts.connect': 'put Nucleus into the configuration of a client',
    'hosts.undo': 'take Nucleus out of the configuration of a client',
    'import.run': 'take over the servers of your clients',
    'import.undo': 'take the last import back',
    'doctor.fix': 'mend what the doctor found',
  };
  return words[question] ?? `answer ${question}`;
}

function required(sentence: string): NucleusError {
  return new NucleusError('PERSON_REQUIRED', sentence);
}
