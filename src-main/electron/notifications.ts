import { Notification } from 'electron';
import type { PendingApproval } from '../../src-shared/contract.ts';
import type { Log } from '../gateway/platform.ts';
import { createLinuxNotifier } from './linux-notifications.ts';
import { notificationText } from './notification-text.ts';

/** What a person did with a notification; closing it is no answer. */
export type NotificationAnswer = 'allow' | 'deny' | 'open';

export interface NotifierDeps {
  readonly log: Log;
  onAnswer(id: string, answer: NotificationAnswer): void;
}

/** Asks a person in the system's own notifications, beside the window and the tray, which always ask too. */
export interface Notifier {
  show(approval: PendingApproval): void;
  /** Takes the question away; it was answered elsewhere or is over. */
  withdraw(id: string): void;
  close(): void;
}

/** The notifier of this system. Electron has no action buttons on Linux before 45, so there it is D-Bus directly. */
export function createNotifier(deps: NotifierDeps): Notifier {
  return process.platform === 'linux' ? createLinuxNotifier(deps) : createNativeNotifier(deps);
}

/** macOS shows the buttons for signed apps whose notifications are alerts; a click on the body works everywhere. */
function createNativeNotifier({ log, onAnswer }: NotifierDeps): Notifier {
  const open = new Map<string, Notification>();
  const withdraw = (id: string): void => {
    open.get(id)?.close();
    open.delete(id);
  };
  return {
    show: (approval) => {
      if (open.has(approval.id) || !Notification.isSupported()) return;
      const { title, body, mayAllow } = notificationText(approval);
      const notification = new Notification({
        title,
        body,
        silent: true,
        timeoutType: 'never',
        urgency: 'critical',
        actions: [
          { type: 'button', text: 'Deny' },
          { type: 'button', text: mayAllow ? 'Allow once' : 'Review' },
        ],
      });
      notification.on('click', () => onAnswer(approval.id, 'open'));
      notification.on('action', ({ actionIndex }) => {
        if (actionIndex === 0) onAnswer(approval.id, 'deny');
        if (actionIndex === 1) onAnswer(approval.id, mayAllow ? 'allow' : 'open');
      });
      notification.on('failed', (_event, reason) => log.debug('notification not shown', { reason }));
      // Kept until it is withdrawn: a collected Notification would lose its listeners.
      open.set(approval.id, notification);
      notification.show();
    },
    withdraw,
    close: () => {
      for (const id of open.keys()) withdraw(id);
    },
  };
}
