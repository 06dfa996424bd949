import type { ProfileInfo } from '../../src-shared/contract.ts';
import type { PendingApproval } from '../../src-shared/policy.ts';
import { nativeEnv } from './native-env.ts';
import { hasHidden, oneLine, visibleLength } from './visible-text.ts';

/** What a person did with a notification; closing it is no answer. */
export type NotificationAnswer = 'allow' | 'deny' | 'sign-in' | 'open';

/** One notification: what it says, and its buttons. A click on the body is `open`. */
export interface Notice {
  readonly title: string;
  readonly body: string;
  readonly buttons: readonly { readonly answer: NotificationAnswer; readonly label: string }[];
  /** Somebody waits for it. */
  readonly isUrgent: boolean;
}

/** The question of a waiting call; `isBodyShown`: the system shows more of it than its title. */
export function approvalNotice(approval: PendingApproval, isBodyShown: boolean): Notice {
  const { title, body, mayAllow } = notificationText(approval);
  const yes =
    mayAllow && isBodyShown
      ? ({ answer: 'allow', label: 'Allow once' } as const)
      : ({ answer: 'open', label: 'Review' } as const);
  return { title, body, buttons: [{ answer: 'deny', label: 'Deny' }, yes], isUrgent: true };
}

/** A profile that was signed in and is not any more. */
export function signInNotice({ profile, signIn }: ProfileInfo): Notice {
  const who = signIn?.account ? `${oneLine(signIn.account, nameLimit)}: ` : '';
  return {
    title: `${nativeEnv(profile.env)} ${oneLine(profile.id, nameLimit)} needs sign-in`,
    body: `${who}${oneLine(signIn?.problem ?? '', argumentLimit)}. Other profiles are fine.`,
    buttons: [{ answer: 'sign-in', label: 'Sign in' }],
    isUrgent: false,
  };
}

/** The profiles whose sign-in was lost; those nobody ever signed in for wait for who adds them. */
export function lostSignIns(infos: readonly ProfileInfo[]): readonly ProfileInfo[] {
  return infos.filter(
    ({ signIn }) => signIn !== null && signIn.signedInAt !== null && signIn.problem !== null,
  );
}

/** What a notification asks, in plain text. */
export interface NotificationText {
  readonly title: string;
  readonly body: string;
  /** Whether all of what would be allowed stands in the notification; only then it may offer to allow it. */
  readonly mayAllow: boolean;
}

/** More than this no notification of any system shows in full. */
const argumentLimit = 160;
const nameLimit = 60;

/** The question a waiting call puts to a person. Yes is on offer only where the complete arguments are in view. */
export function notificationText(approval: PendingApproval): NotificationText {
  const { profile, env, tool, client, via } = approval;
  const isAccount = approval.kind === 'account';
  // In JSON text a line break stands between values only; inside a string it is written \n.
  const args = approval.arguments.replace(/\r?\n\s*/g, ' ');
  const isWhole = visibleLength(args) <= argumentLimit && !hasHidden(args);
  const areNamesWhole = [tool, client].every((name) => name.length <= nameLimit && !hasHidden(name));
  return {
    title: isAccount
      ? `${oneLine(profile, nameLimit)}: which account for ${oneLine(tool, nameLimit)}?`
      : `${nativeEnv(env)} ${oneLine(profile, nameLimit)}: allow ${oneLine(tool, nameLimit)}?`,
    body: `${oneLine(client, nameLimit)}\n${oneLine(args, argumentLimit)}`,
    mayAllow: isWhole && areNamesWhole && !isAccount && via.includes('app'),
  };
}
