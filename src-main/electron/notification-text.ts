import type { PendingApproval } from '../../src-shared/contract.ts';
import { hasHidden, oneLine, visibleLength } from './visible-text.ts';

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
  const { profile, tool, client } = approval;
  // In JSON text a line break stands between values only; inside a string it is written \n.
  const args = approval.arguments.replace(/\r?\n\s*/g, ' ');
  const isWhole = visibleLength(args) <= argumentLimit && !hasHidden(args);
  const areNamesWhole = [tool, client].every((name) => name.length <= nameLimit && !hasHidden(name));
  return {
    title: `${profile}: allow ${oneLine(tool, nameLimit)}?`,
    body: `${oneLine(client, nameLimit)}\n${oneLine(args, argumentLimit)}`,
    mayAllow: isWhole && areNamesWhole,
  };
}
