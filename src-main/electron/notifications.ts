import { Notification } from 'electron';
import type { Log } from '../gateway/platform.ts';
import { createLinuxNotifier } from './linux-notifications.ts';
import type { Notice, NotificationAnswer } from './notification-text.ts';

export interface NotifierDeps {
  readonly log: Log;
  onAnswer(id: string, answer: NotificationAnswer): void;
}

/** Tells a person in the system's own notifications, beside the window and the tray, which always tell too. */
export interface Notifier {
  /** `compose` is told whether the system shows the body. */
  show(id: string, compose: (isBodyShown: boolean) => Notice): void;
  /** Takes it away; it was answered elsewhere or is over. */
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
    show: (id, compose) => {
      if (open.has(id) || !Notification.isSupported()) return;
      const { title, body, buttons, isUrgent } = compose(true);
      const notification = new Notification({
        title,
        body,
        silent: true,
        timeoutType: isUrgent ? 'never' : 'default',
        urgency: isUrgent ? 'critical' : 'normal',
        actions: buttons.map(({ label }) => ({ type: 'button', text: label })),
      });
      notification.on('click', () => onAnswer(id, 'open'));
      notification.on('action', ({ actionIndex }) => {
        const button = buttons[actionIndex];
        if (button) onAnswer(id, button.answer);
      });
      notification.on('failed', (_event, reason) => log.debug('notification not shown', { reason }));
      // Kept until it is withdrawn: a collected Notification would lose its listeners.
      open.set(id, notification);
      notification.show();
    },
    withdraw,
    close: () => {
      for (const id of open.keys()) withdraw(id);
    },
  };
}
