import { NucleusError } from '../../../src-shared/errors.ts';

/** Why a person has to sign in. What is stored are these words. */
export const reasons = {
  'signed-out': 'nobody is signed in yet',
  expired: 'its sign-in ran out and cannot be renewed',
  ended: 'its sign-in was ended, or its token was used somewhere else as well',
  client: 'the service no longer knows this Nucleus',
  lost: 'the vault cannot open its sign-in any more',
  interrupted: 'renewing its sign-in was cut off, and a second try could end all sign-ins of the account',
  refused: 'the server no longer takes its token',
  address: 'its sign-in belongs to another address',
  scope: 'this call needs more rights than the sign-in has',
} as const;
export type Reason = keyof typeof reasons;

/** A person has to sign in before this can work; other profiles go on. */
export function signInRequired(profile: string, reason: Reason, more = ''): NucleusError {
  return new NucleusError(
    'SIGN_IN_REQUIRED',
    `${profile} needs a sign-in: ${reasons[reason]}${more}; open Nucleus, or run nucleus sign-in ${profile}`,
    { profile, reason, outcome: 'not-run' },
  );
}

export function signInFailed(profile: string, why: string): NucleusError {
  return new NucleusError('SIGN_IN_FAILED', `the sign-in of ${profile} failed: ${why}; nothing was changed`, {
    profile,
  });
}

export function signInCancelled(profile: string, why = 'it was cancelled'): NucleusError {
  return new NucleusError(
    'SIGN_IN_CANCELLED',
    `the sign-in of ${profile} ended: ${why}; nothing was changed`,
    { profile },
  );
}

/** Nobody came back in time. */
export class TimedOut extends NucleusError {
  private readonly ended: { readonly profile: string; readonly milliseconds: number };

  constructor(profile: string, milliseconds: number, more = '') {
    const { code, message, data } = signInCancelled(
      profile,
      `nobody signed in within ${milliseconds / 1_000} s${more}`,
    );
    super(code, message, data);
    this.ended = { profile, milliseconds };
  }

  /** The same, with what may have been the reason. */
  with(more: string): TimedOut {
    return new TimedOut(this.ended.profile, this.ended.milliseconds, more);
  }
}

/** A code of an OAuth error as it may stand in a sentence: what servers say is theirs, and may be made for our reader. */
export function safeCode(code: unknown): string {
  return typeof code === 'string' && /^[a-z_]{1,50}$/.test(code) ? code : 'an error';
}
